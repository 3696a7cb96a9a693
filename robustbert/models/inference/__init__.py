"""Fast inference whose answers do not depend on the batch."""
