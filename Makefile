# make train | test | check | board | bench | format; each sets up .venv first.
PYTHON ?= python3
BACKEND ?= numpy
ARGS ?=
BIN := .venv/bin

.PHONY: train test check board bench format

train: .venv/ready
	$(BIN)/python scripts/train.py --backend $(BACKEND) $(ARGS)

test: .venv/ready
	$(BIN)/pytest $(ARGS)

check: .venv/ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/ready-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Prints the address. Without the options it shows a sample: 1,000 points, 10 pictures of a tag.
board: .venv/ready
	$(BIN)/tensorboard --logdir logs --samples_per_plugin scalars=1000000,images=1000000,histograms=1000000,pr_curves=1000000

bench: .venv/ready-dev
	$(BIN)/python scripts/bench.py $(ARGS)

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r requirements.txt
	touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	$(BIN)/pip install -q -r requirements-dev.txt
	touch $@
