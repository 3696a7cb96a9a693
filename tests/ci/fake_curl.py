"""A stand-in for curl and GitLab's notes API, as ci/gitlab_note.sh uses them.

Notes are in ``$FAKE_COMMENTS``. The account of the token has the id 5.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

BASE = "/api/v4/projects/3/merge_requests/7/notes"


def main():
    arguments = sys.argv[1:]
    flags = ["--silent", "--show-error", "--fail", "--header", "PRIVATE-TOKEN: secret"]
    assert arguments[: len(flags)] == flags
    rest = arguments[len(flags) :]
    method = "GET"
    if rest[0] == "--request":
        method, rest = rest[1], rest[2:]
    url = urlsplit(rest.pop(0))
    assert url.netloc == "gitlab.example"
    store = Path(os.environ["FAKE_COMMENTS"])
    notes = json.loads(store.read_text(encoding="utf-8"))
    if url.path == "/api/v4/user":
        print(json.dumps({"id": 5, "username": "project_3_bot"}))
    elif method == "GET":
        assert url.path == BASE
        page = int(parse_qs(url.query)["page"][0])
        print(json.dumps(notes[2 * page - 2 : 2 * page]))  # two notes per page
    else:
        option, field = rest
        assert option == "--data-urlencode"
        name, _, path = field.partition("@")
        assert name == "body"
        body = Path(path).read_text(encoding="utf-8")
        if method == "POST":
            assert url.path == BASE
            notes.append({"id": 100 + len(notes), "author": {"id": 5}, "body": body})
        else:
            assert method == "PUT"
            (found,) = [one for one in notes if url.path == f"{BASE}/{one['id']}"]
            found["body"] = body
        store.write_text(json.dumps(notes), encoding="utf-8")
        print("{}")


if __name__ == "__main__":
    main()
