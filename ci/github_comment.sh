#!/usr/bin/env bash
# Post a report as a comment on a pull request, or update the comment of an earlier run.
#
#   github_comment.sh REPORT
#
# Environment variables: NUMBER (of the pull request; empty if there is none), GH_TOKEN, PYTHON, and
# those of the runner. A comment that cannot be written is a notice, never a failure: pull requests
# from forks get a token that may only read.
set -euo pipefail

report=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

none() {
  echo "::notice::no comment: $1"
  exit 0
}

if [[ -z "${NUMBER:-}" ]]; then none "this is not a pull request"; fi
if [[ -z "${GH_TOKEN:-}" ]]; then none "there is no token"; fi
if ! command -v gh >/dev/null; then none "the GitHub CLI (gh) is not installed on this runner"; fi
if (($(wc -c <"$report") > 65000)); then none "the report is too long; it is in the step summary"; fi

# The variables in these two are those of GraphQL.
# shellcheck disable=SC2016
mutation='mutation($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { clientMutationId }
}'
# shellcheck disable=SC2016
query='query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $endCursor) {
        nodes { id viewerDidAuthor body }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}'
comments=$(gh api graphql --paginate --slurp -f query="$query" -F number="$NUMBER" \
  -f owner="${GITHUB_REPOSITORY%/*}" -f name="${GITHUB_REPOSITORY#*/}") ||
  none "the token cannot read the comments"
marker=$(head -n 1 "$report")
id=$("${PYTHON:-python3}" "$here/own_comment.py" github "$marker" <<<"$comments") ||
  none "the list of comments cannot be understood"
if [[ -n "$id" ]]; then
  request=(graphql -f query="$mutation" -f id="$id")
else
  request=("repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments")
fi
gh api "${request[@]}" -F body=@"$report" >/dev/null ||
  none "the token cannot write comments: the pull request comes from a fork, or the workflow lacks \
'permissions: pull-requests: write'"
