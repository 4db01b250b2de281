# Two commands are all a fresh machine needs: `make review` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
OUT ?= out/clinic

.PHONY: review test lint bench conformance research clean

review: $(READY)
	@$(BIN)/openntz review examples/clinic --as-of 2024-06-30 --out $(OUT)

test: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

bench: $(READY_DEV)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/table.py

# Our numbers beside NONMEM's, Monolix's and PsN's, into docs/reference/conformance.md.
conformance: $(READY_DEV)
	$(BIN)/python -m tests.reference.conformance --write

# What `openntz reanalyse` and the readers of trial data need besides.
research: $(READY)
	@$(SYNC) --no-dev --extra trial

clean:
	rm -rf $(VENV) out .pytest_cache .ruff_cache .hypothesis

# The environment comes from uv.lock and nothing else; uv itself comes from pip. Bytecode is
# compiled once here: some machines forbid writing it at import, and every start would pay again.
SYNC = $(BIN)/uv sync --locked --quiet --inexact --compile-bytecode

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit("OpenNTZ needs Python 3.11 or newer; set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@touch $@

$(READY): $(VENV)/.uv pyproject.toml uv.lock
	@echo "making the environment in $(VENV) from uv.lock"
	@$(SYNC) --no-dev
	@$(BIN)/python -m compileall -q src
	@touch $@

$(READY_DEV): $(READY)
	@$(SYNC) --extra trial --extra cluster
	@touch $@
