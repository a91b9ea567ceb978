# The two commands are `make book` and `make test`; `make help` lists the others.
SHELL := /bin/bash
SCALE ?= quick
ONLY ?=
# on a GPU, four runs share it
JOBS ?= $(shell nvidia-smi -L > /dev/null 2>&1 && echo 4 || nproc 2>/dev/null || sysctl -n hw.ncpu)
PYTHON ?= python3
BUILD ?= _build
SEED ?= 0
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
PROFILE ?= local
SHARE ?= $(if $(filter local,$(PROFILE)),0,1)
SNAKEMAKE = snakemake -s workflow/Snakefile --profile workflow/$(PROFILE) $(if $(filter local,$(PROFILE)),--cores $(JOBS))

.DEFAULT_GOAL := help
.PHONY: help book pdf student launch test test-browser test-slurm runs claims lab lint unit smoke notebooks bench faults audit clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed; set PYTHON=... to one.'; exit 1; }
	@echo 'Installing into $(VENV) (a few minutes the first time) ...'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(VENV)/.installed ## train what is missing of the quick grid and build the book (SCALE=..., JOBS=...)
	@$(if $(filter-out quick smoke,$(SCALE)),$(MAKE) --no-print-directory runs SCALE=quick) # the start page shows it
	@python -m memutils.grid --scale $(SCALE) --jobs $(JOBS)
	@$(SNAKEMAKE) --config scale=$(SCALE) build=$(BUILD) book=1 -- book
	@echo "The book: $(BUILD)/html/index.html"

runs: $(VENV)/.installed ## train a grid: SCALE=quick|cpu|paper, ONLY=resnet18 (part of a run's name), PROFILE=slurm
	@python -m memutils.grid --scale $(SCALE) --only '$(ONLY)' --jobs $(if $(filter local,$(PROFILE)),$(JOBS),0)
	@$(SNAKEMAKE) --config scale=$(SCALE) build=$(BUILD) only='$(ONLY)' share=$(SHARE) -- runs

pdf: $(VENV)/.installed ## the whole book as one PDF, from the book that was built last; needs a Chromium (BUILD=...)
	@python workflow/make_pdf.py $(BUILD)

student: $(VENV)/.installed ## the students' copies of the notebooks with exercises, in _build/student
	@python workflow/student.py $(BUILD)/student

launch: $(VENV)/.installed ## after the repository's URL in _config.yml changed: notebooks get or lose their cell for Colab
	@python workflow/launch.py

claims: $(VENV)/.installed ## judge the paper's claims from the largest scale's records; writes results/claims.json
	@python -m memutils.claims

lab: $(VENV)/.installed ## open the notebooks in JupyterLab, on localhost
	@jupyter lab --ip=127.0.0.1 --notebook-dir=.

test: $(VENV)/.installed lint unit smoke notebooks ## everything that CI runs

lint: $(VENV)/.installed
	@ruff check .

unit: $(VENV)/.installed
	@pytest tests -n $(JOBS) --dist loadfile --cov=memutils --cov-branch --cov-report= --cov-fail-under=95

smoke: export MEMUTILS_RESULTS := $(CURDIR)/_build/test/results
smoke: $(VENV)/.installed # the whole chain, from runs to the book, on the smoke grid
	@rm -rf _build/test
	@$(SNAKEMAKE) --config scale=smoke build=_build/test book=1 -- book
	@! grep -rlF 'IPython.core.display' --include='*.html' _build/test/html || { echo 'These pages show an object instead of what it holds.'; exit 1; }
	@$(SNAKEMAKE) -n --config scale=smoke build=_build/test -- book 2>&1 | grep -q 'Nothing to be done' || { echo 'A second make book would not be idle.'; exit 1; }

notebooks: export MEMUTILS_RESULTS := $(CURDIR)/_build/test/results
notebooks: export MEMUTILS_SCALE := smoke
notebooks: smoke
	@pytest --nbval-lax --nbval-current-env --nbval-kernel-startup-timeout=300 -p no:cacheprovider -n $(JOBS) --dist loadfile notebooks

$(VENV)/.extras: requirements-extras.lock $(VENV)/.installed
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-extras.lock
	@touch $@

bench: $(VENV)/.extras ## compare speed with a plain loop and with Lightning (long; let nothing else run); BENCH=--quick tries it
	@python benchmarks/bench.py $(BENCH)

test-slurm: $(VENV)/.installed ## a grid on a Slurm of one node, a job of it canceled (needs Debian's slurm-wlm; minutes)
	@pytest -rs -s tests/slurm/check_grid.py

faults: $(VENV)/.installed ## kill, damage and starve runs on purpose; long (SEED=0)
	@python tests/faults --seed $(SEED)

audit: $(VENV)/.installed ## licenses and known vulnerabilities of what the lock file pins
	@test -x _build/audit/bin/pip-audit || { $(PYTHON) -m venv _build/audit && _build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; } || true
	@python tests/audit.py _build/audit/bin/pip-audit

test-browser: $(VENV)/.installed smoke ## the smoke book in a headless Chromium, over file://, on a desktop and a phone
	@pytest tests/browser

clean: ## delete what was built; records stay
	rm -rf _build .snakemake .pytest_cache .hypothesis .ruff_cache
