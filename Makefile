# make run    opens the program on the bundled digits      make bench      measures it against plain PyTorch
# make test   runs the tests                               make clean      removes what the checks left behind
# make lint   style, types and import directions           make distclean  removes the environment as well
# make pictures  draws the documents' pictures anew, from the real program
#
# Needs Python 3.11 or newer and nothing else: the environment in .venv is made, and made again when the metadata or
# the pins change. Once it stands, nothing here needs a network.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV   ?= .venv
# Test processes at a time; each loads torch.
JOBS   ?= 2
# More for pytest, as in: make test ARGS="-k preset -x"
ARGS   ?=
PRESET ?= digits-mlp

BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
METADATA := pyproject.toml constraints.txt

.PHONY: help run test lint format bench pictures clean distclean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

run: $(VENV)/.installed
	$(BIN)/tui-dl run $(PRESET)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks

pictures: $(VENV)/.installed-dev
	$(BIN)/python -m tests.pictures

clean:
	rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find tui_dl tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

# The first interpreter that starts, is new enough and can make environments (Debian ships that part separately).
$(VENV)/.created:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	    $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "Making $(VENV) with $$($$python --version)"; \
	    $$python -m venv --clear $(VENV) && touch $@ && exit 0; \
	done; \
	echo "tui-dl needs Python 3.11 or newer with its venv module, and found none." >&2; \
	echo "On Debian or Ubuntu: apt install python3-venv. Elsewhere name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.installed: $(VENV)/.created $(METADATA)
	@echo "Installing tui-dl into $(VENV); torch is large, the first time takes minutes"
	@$(INSTALL) --editable .
	@# Where Python is told to write no bytecode, each start would compile all modules anew: a third of a second.
	@$(BIN)/python -m compileall -q tui_dl
	@touch $@

# Builds on the installation above, so that two goals at once never install at the same time.
$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the tools for tests and checks into $(VENV)"
	@$(INSTALL) --editable '.[dev]'
	@touch $@
