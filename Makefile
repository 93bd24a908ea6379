# Every command of the project. What takes more than a line stands in tools/.

PYTHON ?= python3
VENV := .venv/bin/python

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-python test-frontend test-faults lint format docs audit bench frontend clean \
	check-assistant check-delivery check-python check-start system-packages

help: ## Show the commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: check-start .venv/ready frontend ## Set everything up and serve on http://127.0.0.1:5000 (PORT=… for another)
	@exec $(VENV) -m tools.serve

test: test-frontend test-python ## Install what the tests need, then run all of them

PYTEST := $(VENV) -m pytest -m "not faults and not stress" --runtime eventlet --runtime threading

# What failed is tried once more, alone: a test that a busy machine upset does not hide the other results, and is named.
test-python: system-packages .venv/ready-dev frontend
	@$(PYTEST) --numprocesses 2 --dist loadfile $(ARGS) || { \
		code=$$?; [ $$code -eq 1 ] || exit $$code; \
		echo "chatapp: once more, alone, what failed: what passes now is unsteady, and that is to be mended" >&2; \
		$(PYTEST) --numprocesses 0 --last-failed --last-failed-no-failures none $(ARGS); }

test-frontend: system-packages .venv/ready-dev
	@$(VENV) -m tools.frontend test

test-faults: system-packages .venv/ready-dev frontend ## Kill, stop and flood real processes (takes long)
	@$(VENV) -m pytest -o faulthandler_timeout=0 -m "faults or stress" $(ARGS)

lint: .venv/ready-dev ## Check style, types, layers between modules, and that generated files are current
	@$(VENV) -m tools.lint

format: .venv/ready-dev ## Bring the code into the project's form
	@$(VENV) -m ruff check --fix-only --quiet .
	@$(VENV) -m ruff format .

docs: .venv/ready-dev ## Write the protocol's documents and TypeScript types from the code's own types
	@$(VENV) -m tools.docs

audit: .venv/ready-dev ## Look for known weaknesses in what is installed
	@$(VENV) -m tools.audit

bench: .venv/ready-dev frontend ## Measure this and its peers: a look; ARGS="--accept" or "--full" for more
	@$(VENV) -m bench $(ARGS)

check-delivery: .venv/ready ## Check a running installation: URL=http://… (ARGS="--clients 50 --seconds 60")
	@[ -n "$(URL)" ] || { echo "chatapp: say which installation: make check-delivery URL=http://127.0.0.1:5000" >&2; exit 2; }
	@$(VENV) -m tools.delivery "$(URL)" $(ARGS)

check-assistant: .venv/ready ## Try the configured AI providers and say what is wrong with them
	@$(VENV) -m tools.check_assistant $(ARGS)

clean: ## Remove what make has made; keeps data/ and .env
	@rm -rf .venv chatapp/static frontend/node_modules bench/peers/node_modules bench-work test-results \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

frontend: .venv/ready
	@$(VENV) -m tools.frontend build

system-packages: check-python
	@$(PYTHON) -m tools.system_packages

check-start: check-python
	@$(PYTHON) -m tools.serve --check

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "chatapp: $(PYTHON) is missing; install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "chatapp: Python 3.11 or newer is needed, $$($(PYTHON) -V) is too old; name a newer one with make PYTHON=python3.11." >&2; exit 1; }

# The stamps are judged by the tool, by content: also a Python that was replaced under .venv is noticed.
.venv/ready: check-python
	@$(PYTHON) -m tools.environment runtime

.venv/ready-dev: check-python
	@$(PYTHON) -m tools.environment dev
