"""The protocol revision, which is raised when the same inputs may give different outcomes."""

from __future__ import annotations

# Raise this when the same victim, recipe, limits and examples may give other outcomes, and say why:
# 1: records of schema version 1. ``queries`` is TextAttack's own count: repeated queries of one
#    text count again, also towards the query budget.
# 2: a query is a distinct text of the example that the victim scored, in ``queries`` and in the
#    query budget; ``textattack_queries`` keeps TextAttack's count. Crossover offspring in a genetic
#    search is checked against the constraints on every track. Word limits are rounded up, and
#    whether texts are long or short is set per dataset. Examples are selected by TextAttack's
#    definition of a word.
PROTOCOL_REVISION = 2
