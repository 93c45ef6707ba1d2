# A fresh machine needs git, make and python3 with venv; everything else is fetched into .venv.
# `make` or `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-header --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
PACKAGE := pyproject.toml hatch_build.py

DEMO_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?=
PYTEST_JOBS ?= 2

# `make test SHARED=none` hides the shared corpora, if they lie beside the checkout.
SHARED ?=
export SHARED

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: demo
demo: $(VENV)/.runtime  ## Start an archive with sample mail on this machine; Ctrl-C ends it
	@$(BIN)/amberpost demo $(DEMO_ARGS)

.PHONY: check
check: static  ## Style, types, layers, house rules and quick tests, in under a minute
	$(BIN)/pytest tests/house tests/unit -m "not long and not slow and not server and not browser" $(PYTEST_ARGS)

.PHONY: static
static: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: test
test: packages static compiled  ## Everything but the long tests, with real servers and a real browser; under 20 minutes
	$(BIN)/pytest --numprocesses=$(PYTEST_JOBS) --dist=loadfile --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: test-shared
test-shared: packages compiled  ## Only the tests that read the shared corpora beside the checkout
	$(BIN)/pytest --numprocesses=$(PYTEST_JOBS) --dist=loadfile --no-loadscope-reorder -m "shared and not long" $(PYTEST_ARGS)

.PHONY: test-long
test-long: packages compiled  ## The full counts of the fault, fuzz and scale tests; the report goes to docs/dev
	@{ echo "make test-long, $$(date -u +%Y-%m-%d), $$(nproc) cores, $$($(BIN)/python --version)"; \
	   $(BIN)/pytest -m long --durations=0 --durations-min=1 -rA --color=no --no-header --show-capture=no $(PYTEST_ARGS); \
	 } 2>&1 | sed "s|$(CURDIR)/||g" | tee docs/dev/test-long.txt

.PHONY: packages
packages:
	@tests/install-debian-packages

# Tests start the command hundreds of times; where Python keeps no bytecode, each would compile all of it.
.PHONY: compiled
compiled: $(VENV)/.test
	@$(BIN)/python -m compileall -q src tests

.PHONY: bench
bench: $(VENV)/.test  ## Speed and size against figures of other programs
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

.PHONY: figures
figures: $(VENV)/.test  ## The house in figures: sizes, names, imports, and how far three roads lead through it
	@$(BIN)/python -m tests.house.figures

.PHONY: docs
docs: $(VENV)/.test  ## Write the reference pages that are made from the code
	$(BIN)/python -m amberpost.cli.reference docs/reference

.PHONY: messages
messages: $(VENV)/.test  ## Collect the texts to translate into locale/*/LC_MESSAGES/django.po
	$(BIN)/python -m tests.house.messages
	$(BIN)/python hatch_build.py

.PHONY: lock
lock: $(VENV)/.test  ## Choose the versions in requirements/ anew
	$(LOCK) --upgrade --output-file requirements/runtime.txt pyproject.toml
	$(LOCK) --upgrade --only-build-deps --build-deps-for editable --constraint requirements/runtime.txt \
		--output-file requirements/build.txt pyproject.toml
	$(LOCK) --upgrade --extra test --extra postgres --constraint requirements/runtime.txt \
		--constraint requirements/build.txt --output-file requirements/test.txt pyproject.toml

.PHONY: release
release: $(VENV)/.test  ## Build the wheel and the source archive into dist/
	$(BIN)/python -m build --no-isolation --outdir dist .

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Amberpost needs Python 3.11 or newer ($(PYTHON) not found)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Amberpost needs Python 3.11 or newer; say which with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt-get install python3-venv" >&2; exit 1; }

# The stamps tell that .venv has what the files beside them ask for; repeat calls do nothing.
$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt $(PACKAGE) | $(BIN)/python
	@echo "Installing what Amberpost needs into $(VENV)" >&2
	@$(INSTALL) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV)" >&2
	@$(INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

# Compiled translations follow their sources, whichever target is made.
CATALOGUES := $(wildcard src/amberpost/locale/*/LC_MESSAGES/*.po)
ifneq ($(CATALOGUES),)
$(VENV)/.runtime: $(CATALOGUES)
endif
