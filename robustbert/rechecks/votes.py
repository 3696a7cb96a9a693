"""The check ``more-votes``: attack a randomised model through the average over more votes.

Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of Security": the answers of a
randomised defense are noisy, and an attack that follows their expectation breaks more. Whether a
text fools the model is still decided by the model as it is, with its own votes.
"""

from __future__ import annotations

from robustbert.models.searched_through import SearchedThrough
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records.row_recheck import MoreVotes

NAME = "more-votes"
#: The default number of votes that searches average over.
DEFAULT_VOTES = 32


def reason_not_to_check(attacker: RowAttacker) -> str | None:
    """Why a row cannot be checked; None if it can."""
    classifier = attacker.classifier
    return "the model is not randomised" if classifier.redrawn(1) is classifier else None


def check_votes(attacker: RowAttacker, votes: int) -> MoreVotes:
    """Attack the randomised model of a row through the average over more votes.

    Args:
        attacker: attacks the row.
        votes: the number of votes, at least 1.
    """
    search = attacker.classifier.redrawn(0, votes)
    through = SearchedThrough(attacker.classifier, search)
    outcomes = attacker.attack(through, f"through {votes} votes")
    return MoreVotes(votes=votes, attack=attacker.row.test(outcomes))
