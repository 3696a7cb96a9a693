"""The protocol revision: a number that increases when the same inputs may give other outcomes."""

from __future__ import annotations

# Increase this when the same victim, recipe, limits and examples may give other outcomes. History:
# 1: records of schema version 1. ``queries`` is TextAttack's own count: repeated queries of one
#    text are counted each time, in ``queries`` and in the query budget.
# 2: a query is a distinct text of the example that the victim scored, in ``queries`` and in the
#    query budget; ``textattack_queries`` keeps TextAttack's count. Crossover offspring in a genetic
#    search is checked against the constraints on every track. Word limits are rounded up, and
#    whether texts are long or short is set per dataset. Examples are selected by TextAttack's
#    definition of a word.
PROTOCOL_REVISION = 2
