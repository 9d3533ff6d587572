# The commands of this project; `make` lists them. Each sets up .venv first.
PYTHON ?= python3
BACKEND ?= numpy
ARGS ?=
LOCALE := trainer/common/locale
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
# Of another Python than the one that made .venv: it is made again.
STAMP := .venv/python-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help train test test-all check board bench format web translations

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20
	@echo '  make train BACKEND=torch ARGS="--iterations 1000"'

train: .venv/ready ## train the net; BACKEND is numpy or torch, ARGS are options
	$(BIN)/python scripts/train.py --backend $(BACKEND) $(ARGS)

test: .venv/ready ## run the tests, in a quarter of an hour on two cores
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

test-all: .venv/ready-dev ## run the slow tests too: kills, attacks, many seeds, other machines
	$(BIN)/pytest -n auto --dist worksteal -m "slow or not slow" $(ARGS)
	$(BIN)/python tests/thresholds.py
	$(BIN)/python tests/sameness.py --nets 6

check: .venv/ready-dev ## lint, format, types and the order of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready-dev ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

translations: .venv/ready-dev ## collect the texts for translators, and compile them
	$(BIN)/pybabel -q extract -w 100 --add-location=file --sort-by-file -k translate_plural:1,2 \
	  --project=two-layer-net --version= --copyright-holder="the authors" -o $(LOCALE)/two-layer-net.pot trainer
	$(BIN)/pybabel -q update -w 100 -N --ignore-obsolete -D two-layer-net --ignore-pot-creation-date \
	  -i $(LOCALE)/two-layer-net.pot -d $(LOCALE)
	$(BIN)/pybabel -q compile -D two-layer-net -d $(LOCALE)

web: .venv/ready-dev ## format and check the page of scripts/page.py; needs npm
	npx --yes @biomejs/biome@2 check --write --config-path=.ci trainer/predict/page/template.html
	npm install --silent --no-save --prefix .venv/web axe-core@4
	AXE_CORE=.venv/web/node_modules/axe-core/axe.min.js $(BIN)/pytest -n 0 tests/predict/test_page.py -k axe

# Without the options TensorBoard shows a sample: 1,000 points and 10 pictures of a tag.
board: .venv/ready ## open TensorBoard on logs/; prints its address
	$(BIN)/tensorboard --logdir logs --samples_per_plugin scalars=1000000,images=1000000,histograms=1000000,pr_curves=1000000

bench: .venv/ready-dev ## measure both nets beside other implementations
	$(BIN)/python scripts/bench.py $(ARGS)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	@# An environment that this Python made, by hand for instance, is kept.
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != tuple(map(int, "$(@:.venv/python-%=%)".split("."))))' 2>/dev/null || \
	  { [ ! -e .venv ] || echo "making .venv again: it is of another Python"; rm -rf .venv && $(PYTHON) -m venv .venv; }
	@rm -f .venv/python-* .venv/ready .venv/ready-dev
	touch $@

.venv/ready: requirements.txt pyproject.toml $(STAMP)
	@echo "installing torch and the other packages: 200 MB to download with a CPU build of torch, up to 3 GB with CUDA"
	$(BIN)/python -m pip install --progress-bar=on --disable-pip-version-check -r requirements.txt
	touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	$(BIN)/python -m pip install --progress-bar=on --disable-pip-version-check -r requirements-dev.txt
	touch $@
