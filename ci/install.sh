#!/usr/bin/env bash
# Install this checkout of robustbert, with the pinned versions, into a virtual environment.
#
#   PYTHON=python3 TORCH_INDEX=URL install.sh VENV
#
# TORCH_INDEX: package index that is searched besides the default one; empty for none. The wheels of
# PyTorch's CPU index have a local version (2.13.0+cpu), which pip prefers to the same version from
# PyPI, whose Linux wheels depend on gigabytes of CUDA packages.
set -euo pipefail

venv=$1
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
index=()
if [[ -n "${TORCH_INDEX:-}" ]]; then index=(--extra-index-url "$TORCH_INDEX"); fi

"${PYTHON:-python3}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install --quiet --constraint "$checkout/constraints.txt" "${index[@]}" "$checkout"
pip install --quiet --no-deps --requirement "$checkout/requirements-data.txt"
"$venv/bin/robustbert" --version
