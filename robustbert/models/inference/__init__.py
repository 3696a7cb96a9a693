"""Fast, batch-invariant inference: a text's result does not depend on its batch."""
