#!/usr/bin/env bash
# Post a report as a note on a merge request, or update the note of an earlier run.
#
#   gitlab_note.sh REPORT
#
# Environment variables: ROBUSTBERT_TOKEN (a project access token with the scope api and at least
# the role Reporter), PYTHON, and those of the runner. A note that cannot be written is a line in
# the log, never a failure.
set -euo pipefail

report=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

none() {
  echo "no note on the merge request: $1"
  exit 0
}

if [[ -z "${CI_MERGE_REQUEST_IID:-}" ]]; then none "this is not a merge request"; fi
if [[ -z "${ROBUSTBERT_TOKEN:-}" ]]; then none "the variable ROBUSTBERT_TOKEN is not set"; fi

api() {
  curl --silent --show-error --fail --header "PRIVATE-TOKEN: $ROBUSTBERT_TOKEN" "$@"
}

notes="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
user=$(api "$CI_API_V4_URL/user") || none "the token is not valid"
user=$("${PYTHON:-python3}" -c 'import json, sys; print(json.load(sys.stdin)["id"])' <<<"$user") ||
  none "the account of the token is not known"
marker=$(head -n 1 "$report")
id=""
for ((page = 1; ; page++)); do
  found=$(api "$notes?sort=asc&order_by=created_at&per_page=100&page=$page") ||
    none "the token cannot read the notes"
  if [[ "$found" == "[]" ]]; then break; fi
  id=$("${PYTHON:-python3}" "$here/own_comment.py" gitlab "$marker" "$user" <<<"$found") ||
    none "the list of notes cannot be understood"
  if [[ -n "$id" ]]; then break; fi
done
if [[ -n "$id" ]]; then
  request=(--request PUT "$notes/$id")
else
  request=(--request POST "$notes")
fi
api "${request[@]}" --data-urlencode "body@$report" >/dev/null || none "the token cannot write notes"
