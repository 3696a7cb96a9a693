"""The warning that belongs to every number that was measured with the offline assets."""

from __future__ import annotations

#: The name of the assets profile.
OFFLINE = "offline"
#: What the offline assets replace, and what that means for the numbers.
OFFLINE_WARNING = (
    "The assets are robustbert's offline replacements: MiniLM instead of the Universal Sentence "
    "Encoder, and word vectors built from it instead of counter-fitted PARAGRAM. The numbers are "
    "not comparable with results, such as those of papers, that use the originals."
)
