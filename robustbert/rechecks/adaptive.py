"""The check ``adaptive``: attack a model through its defense.

Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of Security", and Tramèr et al. 2020,
"On Adaptive Attacks to Adversarial Example Defenses": an attack that does not know the defense
wastes its queries, and the defense looks robust. The attack here knows it:

- The answers of a randomised model are noisy. The search follows their expectation, the average
  over more votes.
- A model that transforms texts undoes some edits, for example corrects typos. The search spends the
  candidates of each word on edits that the model sees
  (:meth:`robustbert.models.Classifier.seen_as`).

The model as it is, with its own votes, decides whether a text fools it, during the search as well.
"""

from __future__ import annotations

from robustbert.models.searched_through import attack_through, is_randomised
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records.row_recheck import AdaptiveAttack

NAME = "adaptive"


def check_adaptive(attacker: RowAttacker, votes: int) -> AdaptiveAttack | None:
    """Attack the model of a row through its defense; None if there is nothing to adapt to.

    Args:
        attacker: attacks the row.
        votes: the number of votes that searches of randomised models average over, at least 1; not
            fewer than those of the model are used.
    """
    classifier = attacker.classifier
    through = attack_through(classifier, votes)
    if through is None:
        return None
    outcomes = attacker.attack(through, "adaptive")
    return AdaptiveAttack(
        votes=(through.num_votes or votes) if is_randomised(classifier) else None,
        leaves_out_undone_edits=classifier.transforms_texts,
        attack=attacker.row.test(outcomes),
    )
