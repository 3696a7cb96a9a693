"""The leaderboard's site: static pages made from published records and outcomes."""

from robustbert.leaderboard.site.site_build import BuiltSite, build_site, check_site_folder

__all__ = ["BuiltSite", "build_site", "check_site_folder"]
