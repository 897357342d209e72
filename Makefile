# `make demo` and `make test` do everything from a fresh clone; the other targets are their parts.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_DIR ?= .demo

.DEFAULT_GOAL := help
.PHONY: help install demo up test lint format lineage-report bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(READY)  ## make .venv with everything for development

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]' --constraints constraints.txt
	touch $(READY)

demo: $(READY)  ## warehouse, Airflow and Monte Carlo on this machine: collect, push, show what arrived
	$(BIN)/python -m airflow_provider_montecarlo_push.sandbox.demo --directory $(DEMO_DIR)

up: $(READY)  ## the same, left running, with the Airflow UI
	$(BIN)/python -m airflow_provider_montecarlo_push.sandbox.demo --directory $(DEMO_DIR) --keep-running

test: $(READY)  ## all tests; PYTEST_ARGS=... for some
	$(BIN)/python -m tests.prerequisites
	$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

lint: $(READY)  ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lineage-report: $(READY)  ## how much of the corpus of SQL statements the lineage engine gets right
	$(BIN)/python -m tests.lineage.report

bench: $(READY)  ## measure; about ten minutes
	$(BIN)/python -m benchmarks.push
	$(BIN)/python -m benchmarks.collect
	$(BIN)/python -m benchmarks.difference
	$(BIN)/python -m benchmarks.lineage
	$(BIN)/python -m benchmarks.listener
	$(BIN)/python -m benchmarks.imports

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(DEMO_DIR) .servers
