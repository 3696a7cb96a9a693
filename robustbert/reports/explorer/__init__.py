"""One self-contained HTML page to read and filter the outcomes of a run."""

from robustbert.reports.explorer.explorer_page import explore_page

__all__ = ["explore_page"]
