"""Attributions for people: in the terminal, as a page, as a picture, and as JSON lines."""

from robustbert.reports.attributions.attribution_page import attributions_page
from robustbert.reports.attributions.attribution_plot import attributions_plot, check_num_texts
from robustbert.reports.attributions.attribution_text import attributions_text
from robustbert.reports.attributions.run_attributions import explain_run
from robustbert.reports.attributions.shown_attribution import ShownAttribution, attributions_jsonl

__all__ = [
    "ShownAttribution",
    "attributions_jsonl",
    "attributions_page",
    "attributions_plot",
    "attributions_text",
    "check_num_texts",
    "explain_run",
]
