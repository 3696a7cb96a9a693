"""A Hugging Face model card of one row of a run."""

from robustbert.reports.card.card_document import check_replaceable, model_card
from robustbert.reports.card.card_selection import CardRow, card_row

__all__ = ["CardRow", "card_row", "check_replaceable", "model_card"]
