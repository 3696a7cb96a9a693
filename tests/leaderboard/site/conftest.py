"""Sites that several tests read."""

from tests.leaderboard.site_fixtures import hostile_site, results, site

__all__ = ["hostile_site", "results", "site"]
