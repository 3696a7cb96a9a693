"""RanMASK: vote over random masks of the words, with a certificate.

Zeng et al. 2023, "Certified Robustness to Text Adversarial Attacks by Randomized [MASK]" (a
preprint of 2021). A random share of the words of a text is replaced by the mask token, and the
label of most masked texts is predicted. The certificate is in
:mod:`robustbert.metrics.certificates`, and ``robustbert certify`` computes it.

The default share is that of the authors' code (zjiehang/RanMASK, ``args.py``), where it is one for
all datasets; the votes are 100 there (``predict_ensemble``), and 5,000 for certificates.

Differences:

- ``votes`` is the default there: a label's probability is the share of votes, as here with
  ``hard_votes``. ``mean`` averages logits of length 1. By default probabilities are averaged here:
  shares of few votes hide from an attack which change comes closer.
- The random masks are new in every call there; here they are derived from the text.
- ``trainer/mask.py`` replaces each text of a batch by a masked one. Here each text is trained on as
  it is and beside ``copies`` masked copies, new ones in every epoch.
- Options that are off by default there are left out: to mask with a language model (``with_lm``),
  to keep sentiment words, and to raise the share as training goes on (``incremental_trick``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from robustbert.defenses.voting_defense import VotingDefense
from robustbert.defenses.word_noise import MaskNoise
from robustbert.errors import InputError, ModelError
from robustbert.validation import is_proportion

if TYPE_CHECKING:
    from robustbert.defenses.text_noise import TextNoise
    from robustbert.models import Classifier


@dataclass(frozen=True)
class RanMask(VotingDefense):
    """Votes over random masks.

    Args:
        votes: see :class:`VotingDefense`, as for the two following arguments.
        copies: see there.
        hard_votes: see there; the authors' code has hard votes by default.
        mask_share: the share of a text's words that are masked, 0 to 1; two words are always kept.
        mask: what masked words are replaced by, without white space; empty for the mask token of
            the network's tokenizer.

    Raises:
        InputError: a number is out of range, or the mask has white space.
    """

    paper: ClassVar[str] = "Zeng et al. 2023"

    mask_share: float = 0.7
    mask: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_proportion(self.mask_share):
            raise InputError(f"mask_share is {self.mask_share!r}; give a number from 0 to 1")
        if self.mask and self.mask.split() != [self.mask]:
            raise InputError(f"mask is {self.mask!r}; give one word")

    def noise(self, classifier: Callable[[], Classifier]) -> TextNoise:
        """Random masks.

        Raises:
            ModelError: no mask is given, and the classifier has none.
        """
        return MaskNoise(self.mask or mask_token(classifier()), self.mask_share)


def mask_token(classifier: Classifier) -> str:
    """The mask token of a classifier's tokenizer.

    Raises:
        ModelError: it has none.
    """
    advice = (
        f"ranmask: model {classifier.info.name!r} has no mask token; give what to put in the place "
        "of words as mask, or use a network such as BERT, and put ranmask last in a list of "
        "defenses"
    )
    try:
        network = classifier.embedded_network()
    except ModelError as error:
        raise ModelError(advice) from error
    token: str | None = network.tokenizer.mask_token
    if not token:
        raise ModelError(advice)
    return token
