"""The shell of all HTML pages: templates, styles and scripts that make no outside request."""

from robustbert.reports.pages.page_assets import ASSET_FOLDER, asset_files
from robustbert.reports.pages.page_rendering import render_page

__all__ = ["ASSET_FOLDER", "asset_files", "render_page"]
