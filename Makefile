# Everything a newcomer needs. Each target sets up what it needs by itself; only python3 (3.11+), make and git are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.fuota-setup

.PHONY: setup demo test lint types build bench clean

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}: set PYTHON=/path/to/python3.11 and run make again")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m fuota_constructs.local.cdk_cli
	@touch $@
