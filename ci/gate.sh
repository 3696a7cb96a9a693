#!/usr/bin/env bash
# Attack a model, compare it with the baseline, and write the results to a folder.
#
#   gate.sh VENV GATE
#
# VENV: the virtual environment in which robustbert is installed. GATE: the output folder. It gets
# run (the run folder), comparison.md, comparison.xml and comparison.json (if there is a baseline),
# baseline.json (if there is none), report.md (for people) and exit-code (0: passed; 1: failed;
# 2: invalid input, or not comparable).
#
# The settings are environment variables: NAME, MODEL, and the optional SUITE, DATASET, TEST_FILE,
# TEXT_COLUMN, LABEL_COLUMN, LABELS, RECIPES, NUM_EXAMPLES, BASELINE, MAX_DROP, ALPHA, FAIL_UNDER,
# CONFIG, ARGUMENTS (more options of `robustbert bench`) and URL (of the job).
#
# Exits with 0 whatever the result is, so that the steps that report it still run.
set -euo pipefail

PATH="$1/bin:$PATH"
gate=$2
mkdir -p "$gate"

# Adds an option to the array `options`, unless its value is empty.
option() {
  if [[ -n "$2" ]]; then options+=("$1" "$2"); fi
}

# Attacks the model; the run folder is $gate/run.
bench() {
  local options=() extra=() words
  if [[ -z "${SUITE:-}${DATASET:-}${TEST_FILE:-}" ]]; then
    echo "no dataset is given; give a dataset, a test file or a suite" >&2
    return 2
  fi
  option --suite "${SUITE:-}"
  option --datasets "${DATASET:-}"
  option --test-file "${TEST_FILE:-}"
  option --text-column "${TEXT_COLUMN:-}"
  option --label-column "${LABEL_COLUMN:-}"
  option --labels "${LABELS:-}"
  option --recipes "${RECIPES:-}"
  option --num-examples "${NUM_EXAMPLES:-}"
  option --fail-under "${FAIL_UNDER:-}"
  if [[ -n "${ARGUMENTS:-}" ]]; then
    # xargs splits at spaces and understands quotes, and expands and executes nothing.
    words=$(xargs printf '%s\n' <<<"$ARGUMENTS") || return 2
    mapfile -t extra <<<"$words"
  fi
  # Hosted runners differ in their CPUs; float32 is available on all of them.
  robustbert bench --models "$MODEL" --dtype float32 --out "$gate/run" \
    "${options[@]}" "${extra[@]}"
}

# Compares the run with the baseline.
compare() {
  local options=()
  option --max-drop "${MAX_DROP:-}"
  option --alpha "${ALPHA:-}"
  option --config "${CONFIG:-}"
  robustbert compare "$BASELINE" "$gate/run" --markdown "$gate/comparison.md" \
    --junit "$gate/comparison.xml" --json "$gate/comparison.json" "${options[@]}"
}

# Prints the report for people. Its first line marks the comment that later runs update.
report() {
  echo "<!-- $NAME -->"
  if [[ -f "$gate/comparison.md" ]]; then
    cat "$gate/comparison.md"
  elif [[ -f "$gate/run/table.md" ]]; then
    cat "$gate/run/table.md"
  fi
  echo
  echo "$outcome"
  if [[ -n "${URL:-}" ]]; then
    echo
    echo "[The log, and the run with its adversarial texts]($URL)"
  fi
}

if [[ ! "$NAME" =~ ^[A-Za-z0-9_.-]+$ ]]; then
  echo "the name of a gate consists of letters, digits and _.-" >&2
  exit 2
fi

code=0
outcome=""
bench || code=$?
if [[ ! -f "$gate/run/table.md" ]]; then
  outcome="**Failed:** the attack did not run (exit code $code); the log says why."
  if [[ "$code" == 0 ]]; then code=2; fi
else
  if [[ "$code" != 0 ]]; then
    outcome="**Failed:** an accuracy is below its limit, or an attack failed; the log says which. "
  fi
  if [[ -n "${BASELINE:-}" && -f "$BASELINE" ]]; then
    compared=0
    compare || compared=$?
    if [[ ! -f "$gate/comparison.md" ]]; then
      outcome+="**Not compared with the baseline** (exit code $compared): the log says why."
      if ((compared < 2)); then compared=2; fi
    fi
    if ((compared > code)); then code=$compared; fi
  else
    outcome+="No baseline: nothing was compared."
    if robustbert baseline save "$gate/run" --out "$gate/baseline.json"; then
      outcome+=" To compare later runs with this one, commit \`baseline.json\` from the artifacts"
      outcome+=" as \`${BASELINE:-robustbert-baseline.json}\`."
    fi
  fi
fi
report >"$gate/report.md"
echo "$code" >"$gate/exit-code"
