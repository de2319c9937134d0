# Needs Python 3.11 or later and make. Every target sets itself up in .venv first; `make` alone lists them.

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
HALF := $(VENV)/.half-installed
TEST_PROCESSES ?= 2
LAB_OPTIONS ?=

# Each page of a report, and each test process, is a process of its own: without kept bytecode it compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help report test test-slow coverage test-oldest hooks lab bench bench-accuracy bench-models bench-scale bench-segments check wheel-check lock spark architecture api data-contract reference environment glossary crm-demo clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -e 's/:.*## /:/' | awk -F: '{printf "  make %-12s %s\n", $$1, $$2}'

report: $(STAMP) ## make the example reports from real purchases (CDNOW)
	@$(VENV)/bin/custlib run data/cdnow.toml
	@echo "Open in a browser: $(CURDIR)/reports/index.html"

test: $(STAMP) ## run all tests but the slow ones
	@$(PY) -m pytest -q -n $(TEST_PROCESSES) --dist worksteal $(TEST_OPTIONS)

coverage: TEST_OPTIONS := --cov --cov-report=term
coverage: test ## run them with coverage

test-slow: $(STAMP) ## run the slow tests
	@$(PY) -m pytest -q -n $(TEST_PROCESSES) --dist loadfile -m slow || [ $$? -eq 5 ]

# What every result stands on, at the lower bounds of pyproject.toml, in an environment of its own.
OLDEST := .venv-oldest
OLDEST_TESTS ?= tests/models tests/value tests/engine tests/identify --ignore tests/identify/guess

test-oldest: $(OLDEST)/.installed ## run the core tests on the oldest dependencies allowed
	@$(OLDEST)/bin/python -m pytest -q -n $(TEST_PROCESSES) --dist worksteal $(OLDEST_TESTS)

$(OLDEST)/.installed: pyproject.toml $(STAMP)
	@$(PY) -m venv --clear $(OLDEST)
	@$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(OLDEST)/bin/python -m uv pip install --quiet --python $(OLDEST)/bin/python --resolution lowest-direct --editable '.[dev]'
	@touch $@

hooks: $(STAMP) ## check format, style, types and notebooks before each commit
	@$(PY) -m pip install --quiet --disable-pip-version-check pre-commit
	@$(PY) -m pre_commit install

lab: $(STAMP) ## open the notebooks in JupyterLab
	@$(PY) -m jupyterlab --notebook-dir notebooks $(LAB_OPTIONS)

bench: $(STAMP) ## time the steps on simulated customers
	@$(PY) -m benchmarks

bench-accuracy: $(STAMP) ## hold forecasts against what came, beside models and rules (benchmarks/results/accuracy.md)
	@$(PY) -m benchmarks.accuracy

# The peers of the extra `bench` go into an environment of their own; without it they are reported as missing.
SIZES ?= 10000,100000,1000000
BENCH_PY ?= $(if $(wildcard .venv-bench/bin/python),.venv-bench/bin/python,$(PY))

bench-models: $(STAMP) ## time the models against their peers (SIZES=10000,100000)
	@$(BENCH_PY) -m benchmarks.models $(SIZES)

SIZE ?= 10m
IDS ?= text
ROUNDS ?= 1

bench-scale: $(STAMP) ## time the way of the data by lines of purchases (SIZE=1m,10m,100m IDS=text,number ROUNDS=3)
	@$(PY) -m benchmarks.scale $(SIZE) --ids $(IDS) --rounds $(ROUNDS)

CUSTOMERS ?= 1000000

bench-segments: $(STAMP) ## time every segmentation on simulated customers (CUSTOMERS=10000000)
	@$(PY) -m benchmarks.segmenting $(CUSTOMERS)

check: $(STAMP) ## check format, style and types
	@failed=0; \
	$(PY) -m ruff format --check . || failed=1; \
	$(PY) -m ruff check . || failed=1; \
	$(PY) -m mypy || failed=1; \
	exit $$failed

wheel-check: $(STAMP) ## install the wheel outside the checkout and run a report from it
	@$(PY) scripts/wheel_check.py

lock: $(STAMP) ## write requirements.lock anew, at the newest versions that pyproject.toml allows
	@$(PY) -m pip install --quiet uv
	@$(PY) -m uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --no-annotate --no-header \
		--extra dev pyproject.toml --output-file requirements.lock
	@echo 'pyspark>=4.3' | $(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header - --output-file requirements-spark.lock

# PySpark is large and comes as source only, so it is installed when it is asked for.
spark: $(STAMP) ## install PySpark, for --engine spark and its tests (needs Java 17)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
		--require-hashes --requirement requirements-spark.lock

architecture: $(STAMP) ## write docs/architecture.md from the graph of nodes
	@$(PY) scripts/architecture.py

api: $(STAMP) ## write docs/api.md from the docstrings of what is public
	@$(PY) -m scripts.api

data-contract: $(STAMP) ## write docs/data-contract.md from the rules that files are held against
	@$(PY) -m scripts.data_contract

reference: $(STAMP) ## write docs/reference.md from the schemas of everything that can be set
	@$(PY) -m scripts.reference

environment: $(STAMP) ## write environment.yml, for conda, from pyproject.toml
	@$(PY) scripts/environment.py

glossary: $(STAMP) ## write docs/glossary.md from custlib/rules/glossary.toml
	@$(PY) -m scripts.glossary

crm-demo: $(STAMP) ## write data/crm_demo, the simulated shop, from its truth
	@$(PY) scripts/crm_demo.py

clean: ## remove caches and made tables; reports, frozen definitions, raw data and .venv stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* dist data/work/tables data/work/runs
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# --- set-up ----------------------------------------------------------------------------------------------------------
# The stamp is written last. A mark left by an interrupted install, or a Python that does not run, starts .venv afresh;
# any other .venv is kept and brought up to the lock. A candidate is tried by running it: a pyenv shim may exist and fail.

USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

$(STAMP): requirements.lock pyproject.toml
	@if [ -e $(HALF) ] || ! $(PY) -c 'import pip; $(USABLE)' 2>/dev/null; then \
		for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
			if "$$candidate" -c '$(USABLE)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
		done; \
		if [ -z "$$python" ]; then \
			echo "No usable Python 3.11 or later was found (with its venv module: on Debian and Ubuntu, python3-venv)." >&2; \
			echo "Install one, or name it: make PYTHON=/path/to/python3.13" >&2; \
			exit 1; \
		fi; \
		echo "Set-up, once: making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv --clear $(VENV) || exit 1; \
	fi
	@touch $(HALF)
	@echo "Set-up: installing $$(grep -c == requirements.lock) packages (a minute or two) ..."
	@$(PY) -m pip install --disable-pip-version-check --no-input --no-deps --only-binary :all: \
		--require-hashes --requirement requirements.lock >$(VENV)/install.log 2>&1 & installer=$$!; \
	trap 'kill $$installer 2>/dev/null; exit 130' INT TERM; \
	while kill -0 $$installer 2>/dev/null; do \
		sleep 1; \
		[ -t 1 ] && printf '\r  %s packages at hand ' "$$(grep -cE '^(Collecting|Requirement already)' $(VENV)/install.log)"; \
	done; \
	[ -t 1 ] && echo; \
	wait $$installer || { tail -n 15 $(VENV)/install.log >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-index --no-deps --no-build-isolation --editable .
	@rm -f $(HALF) && touch $@
	@echo "Set-up done."
