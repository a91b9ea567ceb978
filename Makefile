# The two commands are `make book` and `make test`; `make help` lists the others.
PYTHON ?= python3
SCALE ?= quick
ONLY ?=
KEY ?=
JUDGE ?= --check
BUILD ?= _build
PROFILE ?= local
SHARE ?=
SEED ?= 0
BENCH ?=
ifeq ($(value JOBS),)
# on a GPU, four runs share it
override JOBS := $(shell nvidia-smi -L > /dev/null 2>&1 && echo 4 || env -u OMP_NUM_THREADS nproc 2> /dev/null || sysctl -n hw.ncpu 2> /dev/null || echo 1)
endif

# What was typed, letter by letter: recipes read it from the environment, where neither make nor a shell reads it again.
override SCALE := $(value SCALE)
override ONLY := $(value ONLY)
override KEY := $(value KEY)
override JUDGE := $(value JUDGE)
override BUILD := $(value BUILD)
override PROFILE := $(value PROFILE)
override SHARE := $(value SHARE)
override SEED := $(value SEED)
override JOBS := $(value JOBS)
export SCALE ONLY KEY JUDGE BUILD PROFILE SHARE SEED JOBS

# Only .venv counts: no other environment, folder of modules or kernel gets in, whatever is active or set.
VENV := $(CURDIR)/.venv
OUTSIDE := $(subst $(VENV)/bin:,,$(PATH))
export PATH := $(VENV)/bin:$(OUTSIDE)
export VIRTUAL_ENV := $(VENV)
export JUPYTER_PREFER_ENV_PATH := 1
unexport PYTHONPATH PYTHONHOME PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONSTARTUP PYTHONINSPECT
unexport JUPYTER_PATH PYTEST_ADDOPTS PYTEST_PLUGINS __PYVENV_LAUNCHER__ PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT
ifneq ($(filter C POSIX,$(LC_ALL)),)
unexport LC_ALL # Python 3.11 takes ASCII at its word, and cannot find a package in a folder with an accent
export LANG := C
endif
# Where the home folder cannot be written, what tools keep there goes beside what is built.
ifneq ($(shell test -w "$$HOME" || mkdir -p _build/home || true; test -w "$$HOME" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/_build/home
export IPYTHONDIR := $(CURDIR)/_build/home/ipython
export MPLCONFIGDIR := $(CURDIR)/_build/home/matplotlib
export JUPYTER_RUNTIME_DIR := $(CURDIR)/_build/home/jupyter
endif
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE # a hook sets them, and a commit of another repository would be named

INSTALL = PATH="$$OUTSIDE" $(PYTHON) workflow/install.py $(if $(filter command,$(firstword $(origin PYTHON))),--given)
export OUTSIDE
START = python workflow/start.py --scale="$$SCALE" --jobs="$$JOBS" --build="$$BUILD"
SMOKE = snakemake -s workflow/Snakefile --profile workflow/local --cores "$$JOBS" --config scale=smoke build=_build/test

.DEFAULT_GOAL := help
.PHONY: help install extras book pdf student launch test test-browser test-slurm test-machines test-pins runs claims judge replay lab lint unit \
	smoke notebooks bench faults audit clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s%s\n", $$1, $$2 }' Makefile

install: ## make .venv with every pin, or mend it; silent where it is whole
	@PATH="$$OUTSIDE"; command -v $(PYTHON) > /dev/null || { echo 'Error: there is no $(PYTHON) here; install Python 3.11 to 3.13, or set PYTHON=... to one.' >&2; exit 1; }
	@$(INSTALL)

extras: install ## what Kubernetes and the benchmark need besides
	@$(INSTALL) --extras

book: install ## train what is missing of a grid and build the book: SCALE=quick, JOBS=2 (runs at once), BUILD=_build
	@$(if $(filter-out quick smoke,$(SCALE)),python workflow/start.py runs --scale=quick --jobs="$$JOBS" --build="$$BUILD") # a chapter shows it
	@$(START) book
	@echo "The book: $$BUILD/html/index.html"

runs: install ## train a grid: SCALE=quick|cpu|paper, ONLY=resnet18 (part of a run's name), JOBS=2, PROFILE=slurm SHARE=4
	@$(START) --only="$$ONLY" --profile="$$PROFILE" --share="$$SHARE" runs

pdf: install ## the whole book as one PDF, from the book that was built last; needs a Chromium (BUILD=_build)
	@python workflow/make_pdf.py "$$BUILD"

student: install ## students' copies of the notebooks with exercises, in _build/student; changed ones stay (BUILD=_build)
	@python workflow/student.py "$$BUILD/student"

launch: install ## after the repository's URL in _config.yml changed: notebooks get or lose their cell for Colab
	@python workflow/launch.py

claims: install ## judge the claims by the records of all scales; writes results/claims.json, the README's figure and the judge's numbers
	@python -m memutils.claims
	@python -m memutils.report.start.drawings book/_static/answer.svg
	@python tests/judge/shuffled.py

judge: install ## judge the judge: second reader, planted truth, shuffled names, three replays; minutes (JUDGE= writes its numbers anew)
	@pytest -p no:cacheprovider tests/judge
	@python tests/judge/planted.py $$JUDGE > /dev/null
	@python tests/judge/shuffled.py $$JUDGE
	@python workflow/replay.py --some

replay: install ## train a recorded run again from its record alone: SCALE=cpu KEY=mnist-resnet18-rll-eta0.4-seed0
	@python workflow/replay.py "$$SCALE" "$$KEY"

lab: install ## open the notebooks in JupyterLab, on localhost
	@jupyter lab --ip=127.0.0.1 --notebook-dir=.

test: install lint unit smoke notebooks ## everything that CI runs (JOBS=2)

lint: install ## ruff, 100 columns
	@ruff check .

unit: install ## the unit tests alone
	@pytest tests -n "$$JOBS" --dist loadfile --cov=memutils --cov-branch --cov-report= --cov-fail-under=95

smoke: export MEMUTILS_RESULTS := $(CURDIR)/_build/test/results
smoke: export MEMUTILS_CONFIGS := $(CURDIR)/configs
smoke: install # the whole chain, from runs to the book, on the smoke grid
	@rm -rf _build/test
	@$(SMOKE) book=1 -- book
	@! grep -rlF 'IPython.core.display' --include='*.html' _build/test/html || { echo 'These pages show an object instead of what it holds.'; exit 1; }
	@$(SMOKE) -n -- book 2>&1 | grep -q 'Nothing to be done' || { echo 'A second make book would not be idle.'; exit 1; }

notebooks: export MEMUTILS_RESULTS := $(CURDIR)/_build/test/results
notebooks: export MEMUTILS_CONFIGS := $(CURDIR)/configs
notebooks: export MEMUTILS_SCALE := smoke
notebooks: smoke
	@pytest --nbval-lax --nbval-current-env --nbval-kernel-startup-timeout=300 -p no:cacheprovider -n "$$JOBS" --dist loadfile notebooks

test-machines: install ## the unit tests as on other machines: fewer instructions, one thread, another locale, no HOME; 25 minutes
	@python tests/machines.py

test-pins: install ## ask pip whether each pin has a wheel for each supported Python; needs a package index; 5 minutes
	@pytest -rs tests/check_pins.py

bench: extras ## compare speed with a plain loop and with Lightning (long; let nothing else run); BENCH=--quick tries it
	@python benchmarks/bench.py $(BENCH)

test-slurm: install ## a grid on a Slurm of one node, a job of it canceled (needs Debian's slurm-wlm; minutes)
	@pytest -rs -s tests/slurm/check_grid.py

faults: install ## kill, damage and starve runs on purpose; long (SEED=0)
	@python tests/faults --seed "$$SEED"

audit: install ## licenses and known vulnerabilities of what the lock file pins
	@_build/audit/bin/pip-audit --version > /dev/null 2>&1 || { python -m venv _build/audit && _build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; } || true
	@python tests/audit.py _build/audit/bin/pip-audit

test-browser: install smoke ## the smoke book in a headless Chromium, over file://, on a desktop and a phone
	@pytest tests/browser

clean: ## delete what was built; records and students' copies stay
	@test ! -d _build || find _build -mindepth 1 -maxdepth 1 ! -name student -exec rm -rf {} +
	rm -rf .snakemake .pytest_cache .hypothesis .ruff_cache
