"""A stand-in for gh, as ci/github_comment.sh and docs/ci.md call it.

Comments are in ``$FAKE_COMMENTS``; the newest artifact is the folder ``$FAKE_ARTIFACT``. The token
"read-only" may not write, as in pull requests from forks.
"""

import json
import os
import shutil
import sys
from pathlib import Path


def fields(arguments):
    """The values of -f and -F by name; those that -F reads from files are replaced."""
    found = {}
    while arguments:
        option, pair, *arguments = arguments
        name, _, value = pair.partition("=")
        if option == "-F" and value.startswith("@"):
            value = Path(value[1:]).read_text(encoding="utf-8")
        elif option == "-F" and value.isdigit():
            value = int(value)
        assert option in ("-f", "-F"), option
        found[name] = value
    return found


def pages(comments):
    """What --paginate --slurp prints, with two comments per page."""
    cut = [comments[start : start + 2] for start in range(0, max(len(comments), 1), 2)]
    nodes = [{"comments": {"nodes": page}} for page in cut]
    return [{"data": {"repository": {"pullRequest": page}}} for page in nodes]


def main():
    command, *arguments = sys.argv[1:]
    if command == "run":
        assert arguments == ["download", "--name", "robustbert", "--dir", "gate"]
        shutil.copytree(os.environ["FAKE_ARTIFACT"], "gate")
        return
    assert command == "api"
    store = Path(os.environ["FAKE_COMMENTS"])
    comments = json.loads(store.read_text(encoding="utf-8"))
    if arguments[:3] == ["graphql", "--paginate", "--slurp"]:
        given = fields(arguments[3:])
        query = given.pop("query")
        assert given == {"owner": "team", "name": "classifier", "number": 7}
        for name in ("$endCursor: String", "hasNextPage", "id viewerDidAuthor body"):
            assert name in query
        assert query.count("{") == query.count("}")
        print(json.dumps(pages(comments)))
        return
    path, *rest = arguments
    if os.environ["GH_TOKEN"] == "read-only":
        sys.exit("HTTP 403: Resource not accessible by integration")
    given = fields(rest)
    body = given.pop("body")  # without --method, gh posts if there are fields
    if path == "graphql":
        assert "updateIssueComment(input: {id: $id, body: $body})" in given.pop("query")
        (found,) = [one for one in comments if {"id": one["id"]} == given]
        found["body"] = body
    else:
        assert (path, given) == ("repos/team/classifier/issues/7/comments", {})
        comments.append({"id": f"IC_{len(comments)}", "viewerDidAuthor": True, "body": body})
    store.write_text(json.dumps(comments), encoding="utf-8")
    print("{}")


if __name__ == "__main__":
    main()
