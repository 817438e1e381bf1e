# Each target sets up what it needs by itself; only python3 (3.11 or newer), make and git are assumed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.fuota-setup

.PHONY: setup demo test lint types build bench lock clean

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"python 3.11 or newer is needed and {sys.executable} is {sys.version.split()[0]}: run make PYTHON=/path/to/python3.11 again")'
	@echo "setting up .venv (a minute or two, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m fuota_constructs.local.cdk_cli
	@touch $@

demo: setup
	@$(BIN)/python -m fuota_constructs.cli rehearse --devices 200 --loss 12% --require 99% --html rehearsal.html

test: setup
	$(BIN)/python -m pytest -n auto

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

build: setup
	$(BIN)/python -m build --no-isolation --outdir dist

bench: setup
	$(BIN)/python benchmarks/synth.py
	$(BIN)/python benchmarks/synth.py --cold
	$(BIN)/python benchmarks/codec.py
	$(BIN)/python benchmarks/fleet.py

lock: setup  ## after a change of pyproject.toml: writes requirements-dev.lock anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --no-strip-extras --generate-hashes --python-version 3.11 --universal --no-header --quiet -o requirements-dev.lock

clean:
	rm -rf .venv cdk.out dist .mypy_cache .pytest_cache .ruff_cache
