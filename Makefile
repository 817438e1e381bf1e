# Each target sets up what it needs by itself; only python3 (3.11 or newer), make and git are assumed.
PYTHON ?= python3
BIN := .venv/bin
DEMO := .venv/.set-up-for-demo
DEVELOPMENT := .venv/.set-up-for-development
# As locked, whatever is newer on PyPI: each version has its hash, so there is nothing to choose, and no build asks for its
# tools. pip has to see the dependencies all the same, because it installs in their order: two wheels hold
# aws_cdk/cloud_assembly_schema, and that of aws-cdk-lib has to be the last (the other does not know aws-cdk-lib's types).
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# Where the packages go, and which, is not for a developer's own settings of pip to say.
export PIP_USER := 0
unexport PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_REQUIREMENT PIP_TARGET PIP_PREFIX PIP_ROOT PIP_DRY_RUN PIP_EDITABLE PYTHONHOME PYTHONPATH
# Some containers forbid Python to keep what it compiled: then each of the many processes here that load the CDK compiles it anew,
# for up to two seconds.
unexport PYTHONDONTWRITEBYTECODE
LOCKED := --only-binary :all: --require-hashes --requirement
# .venv serves when its Python starts, is 3.11 or newer and has pip, and holds this checkout: moving the folder leaves the
# old paths in it, and a new minor version behind it does not see its packages.
SERVES := $(shell $(BIN)/python -I -c 'import json, os, pip, sys; from importlib.metadata import distributions; from urllib.parse import unquote; \
  urls = [json.loads(found.read_text("direct_url.json") or "{}").get("url", "") for found in distributions(name="fuota-constructs")]; \
  sys.exit(sys.version_info < (3, 11) or any(unquote(url) != f"file://{os.getcwd()}" for url in urls))' 2>/dev/null && echo yes)
VENV := $(if $(SERVES),,venv)

.PHONY: setup demo test bytecode lint types build docs pictures soak bench lock clean venv

setup: $(DEVELOPMENT)

venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"python 3.11 or newer is needed and {sys.executable} is {sys.version.split()[0]}: run make PYTHON=/path/to/python3.11 again")'
	@echo "making .venv"
	@rm -rf .venv
	@$(PYTHON) -m venv .venv

$(DEMO): requirements-demo.lock pyproject.toml package.json package-lock.json $(VENV)
	@echo "installing what the demo needs (about a minute, once)"
	@$(INSTALL) $(LOCKED) requirements-demo.lock
	@$(INSTALL) --no-build-isolation --editable .
	@$(BIN)/python -m fuota_constructs.local.cdk_cli
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(DEMO)
	@echo "installing what development needs (about a minute, once)"
	@$(INSTALL) $(LOCKED) requirements-dev.lock
	@touch $@

demo: $(DEMO)
	@$(BIN)/python -m fuota_constructs.cli rehearse --loss 12% --require 99% --html rehearsal.html

test: setup
	# A file a worker: what its tests share, such as a running cloud, is made once. Deployments wait more than they work: two workers
	# for each processor. The examples of properties are those of every run: others are tried by whoever runs a test by itself.
	$(BIN)/python -m pytest --hypothesis-profile=ci -n $$($(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))') --dist loadfile --no-loadscope-reorder

bytecode: setup  ## compiles what the tests load, once: on a fresh checkout each worker would, all at the same time
	$(BIN)/python -m pytest --collect-only -qq -p no:syrupy >/dev/null

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

build: setup
	$(BIN)/python -m build --no-isolation --outdir dist

docs: setup  ## the documents as a site in docs/_build; a link that leads nowhere or a page in no table of contents is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html docs docs/_build/html
	@echo "docs/_build/html/index.html"

pictures: setup  ## those of the gate, and that of the README, from a rehearsal; needs Chromium
	$(BIN)/python docs/gate_pictures.py
	$(BIN)/python docs/pictures.py

soak: setup  ## 10,000 seeded sequences of CloudFormation, Lambda and IoT Wireless with faults, and 1,000 rollouts that are killed anywhere, in virtual time
	$(BIN)/python tests/provider/simulation/soak.py --sequences 10000 --processes 2
	$(BIN)/python tests/rollout/rollout_simulation/soak.py --lives 1000 --processes 2

bench: setup
	$(BIN)/python benchmarks/synth.py
	$(BIN)/python benchmarks/synth.py --cold
	$(BIN)/python benchmarks/codec.py
	$(BIN)/python benchmarks/fleet.py
	$(BIN)/python benchmarks/image.py
	$(BIN)/python benchmarks/delta.py
	$(BIN)/python benchmarks/rollout.py

COMPILE := $(BIN)/uv --system-certs pip compile pyproject.toml --all-extras --no-strip-extras --generate-hashes --python-version 3.11 --universal --no-header --quiet

lock: setup  ## after a change of pyproject.toml: writes both locks anew; the demo's has the versions of the other
	$(COMPILE) --group dev --output-file requirements-dev.lock
	$(COMPILE) --group install --constraints requirements-dev.lock --output-file requirements-demo.lock

clean:
	rm -rf .venv cdk.out dist docs/_build .mypy_cache .pytest_cache .ruff_cache
