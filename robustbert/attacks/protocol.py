"""The revision of the protocol: what a number means beyond its record's fields."""

from __future__ import annotations

# Raise this when the same victim, recipe, limits and examples may give other outcomes, and say why:
# 1: records of schema version 1. ``queries`` is TextAttack's own count, in which a text that a
#    search asks about again counts again, and so does the query budget.
# 2: a query is a distinct text of the example that the victim scored, in ``queries`` and in the
#    query budget; ``textattack_queries`` keeps TextAttack's count. Children of two parents in a
#    genetic search are checked on every track. Word limits are rounded up, and whether texts are
#    long is a property of the dataset. Words are TextAttack's when examples are chosen.
PROTOCOL_REVISION = 2
