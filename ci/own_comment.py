"""Print the id of the comment that an earlier run wrote, or nothing if there is none.

python own_comment.py github|gitlab MARKER [USER]

Reads the comments as JSON from standard input: pages of GitHub's GraphQL API, or an array of notes
of GitLab's REST API. A comment is ours if MARKER is its first line and the account of the token
wrote it (on GitLab, USER is the id of that account): anybody can copy the marker.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any


def github_comments(pages: list[Any]) -> Iterator[tuple[str, str, bool]]:
    """The id and the text of each comment, and whether the token's account wrote it."""
    for page in pages:
        for comment in page["data"]["repository"]["pullRequest"]["comments"]["nodes"]:
            yield comment["id"], comment["body"], comment["viewerDidAuthor"]


def gitlab_notes(notes: list[Any], user: str) -> Iterator[tuple[str, str, bool]]:
    """The id and the text of each note, and whether the token's account wrote it."""
    for note in notes:
        yield str(note["id"]), note["body"], str(note["author"]["id"]) == user


def main() -> None:
    """Print the id of the first comment that is ours."""
    service, marker, *user = sys.argv[1:]
    read = json.load(sys.stdin)
    comments = github_comments(read) if service == "github" else gitlab_notes(read, user[0])
    for name, body, ours in comments:
        if ours and body.splitlines()[:1] == [marker]:
            print(name)
            return


if __name__ == "__main__":
    main()
