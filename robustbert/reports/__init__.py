"""Tables, plots and model cards of records, and views of outcomes."""

from robustbert.reports.attributions import (
    ShownAttribution,
    attributions_page,
    attributions_plot,
    attributions_text,
)
from robustbert.reports.card import CardRow, card_row, model_card
from robustbert.reports.explorer import explore_page
from robustbert.reports.latex_table import render_latex
from robustbert.reports.markdown_table import render_markdown
from robustbert.reports.outcome_html import outcomes_html
from robustbert.reports.outcome_text import outcomes_text
from robustbert.reports.plots import PlotData, plot_files, read_plot_data
from robustbert.reports.render import render_text
from robustbert.reports.results_table import Table, leaderboard_table
from robustbert.reports.spreadsheet import TABLE_COLUMNS, to_csv
from robustbert.reports.table_groups import Group
from robustbert.reports.table_html import table_html
from robustbert.reports.table_rows import Replicate, Row

__all__ = [
    "TABLE_COLUMNS",
    "CardRow",
    "Group",
    "PlotData",
    "Replicate",
    "Row",
    "ShownAttribution",
    "Table",
    "attributions_page",
    "attributions_plot",
    "attributions_text",
    "card_row",
    "explore_page",
    "leaderboard_table",
    "model_card",
    "outcomes_html",
    "outcomes_text",
    "plot_files",
    "read_plot_data",
    "render_latex",
    "render_markdown",
    "render_text",
    "table_html",
    "to_csv",
]
