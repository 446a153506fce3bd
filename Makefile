# Everything there is to do with this project; `make` alone tells what.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
READY := $(VENV)/.ready
BUILT := dist/manifest.json
PAGE_SOURCES := package.json package-lock.json $(shell find web api/embed api/pages campaigns -type f \
	\( -name '*.js' -o -name '*.mjs' -o -name '*.css' -o -name '*.svg' -o -path '*/texts/*.json' \) 2>/dev/null)
SEEDS ?= 2000
KILLS ?= 50
DRAWS ?= 20000000
COUNT ?= 10000
ARGS ?=

export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help setup run test test-long check sim chaos draws purchases bench screenshots lock clean

help: ## this help
	@echo "Windfall: prize campaigns for points malls."; echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo; echo "WINDFALL_PORT, WINDFALL_VAR, WINDFALL_DATABASE_URL and WINDFALL_REDIS_URL choose where it runs."

setup: $(READY) $(BUILT) ## the environment and the pages, as the other targets need them

run: setup ## everything on this machine, with a demo mall; Ctrl-C stops it
	@exec $(BIN)/windfall run

test: setup ## the tests (ARGS="-k wheel" for some); test-long, sim and chaos go on for longer
	@$(BIN)/pytest -n auto --dist worksteal -m "not ablation and not long" $(ARGS)

test-long: setup ## what waits for hours to turn, counts thousands, tries every route, or shows the pages on a second device
	@$(BIN)/pytest -n auto --dist worksteal -m long $(ARGS)

check: $(READY) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@echo "Format, lint, types and import contracts hold."

sim: setup ## the seeded simulation of plays under faults (SEEDS=2000), then without each guard
	@$(BIN)/python -m tests.sim --seeds $(SEEDS)
	@$(BIN)/pytest -n auto --dist worksteal -m ablation tests/sim

chaos: setup ## kill real processes under load, then audit (KILLS=50)
	@$(BIN)/python -m tests.chaos --kills $(KILLS)

draws: setup ## millions of draws against their odds (DRAWS=20000000)
	@$(BIN)/python -m tests.draws --draws $(DRAWS)

purchases: setup ## chances bought while answers are lost and processes die (COUNT=10000)
	@$(BIN)/python -m tests.purchases --count $(COUNT)

bench: setup ## ratios of speed, into var/bench/latest.json
	@$(BIN)/python -m tests.bench

screenshots: setup ## pictures of every page, into var/screenshots
	@$(BIN)/python -m tests.browser.screenshots

lock: ## write the locks anew (needs uv and npm)
	@command -v uv >/dev/null || { echo "make lock needs uv (https://docs.astral.sh/uv)." >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade --extra dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--upgrade requirements-node.in --output-file requirements-node.lock
	npm install --package-lock-only

clean: ## remove what was built; data under var/ stays
	rm -rf $(VENV) dist node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(READY): requirements-dev.lock pyproject.toml
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Setting up the Python environment in $(VENV) (once) ..."; \
			"$$python" -m venv $(VENV) \
			&& $(PIP) install --require-hashes --requirement requirements-dev.lock \
			&& $(PIP) install --no-deps --no-build-isolation --editable . \
			&& touch $@; exit $$?; \
		fi; \
	done; \
	echo "Windfall needs Python 3.11 or newer with its venv module, and found none on PATH." >&2; exit 1

$(BUILT): $(PAGE_SOURCES) | $(READY)
	@if ! command -v npm >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; then \
		echo "No Node.js 20 or newer on PATH: installing one into $(VENV) ..."; \
		$(PIP) install --require-hashes --requirement requirements-node.lock || exit 1; \
	fi
	@echo "Building the pages ..."
	@npm ci --silent && npm run --silent build >/dev/null
	@touch $@
