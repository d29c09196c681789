# Parley: needs Python 3.11 or newer and make; everything else is set up in .venv by the targets themselves.

.DEFAULT_GOAL := help
.PHONY: help demo env test test-all lint bench clean
.DELETE_ON_ERROR:

BIN := .venv/bin
, := ,
PACKAGES := parley agents sim scenarios
PYTEST_ARGS ?=
BENCH_ARGS ?=
JOBS ?= 2
export MPLBACKEND := agg

# The first Python that is new enough and can make a virtual environment; `make PYTHON=/usr/bin/python3.12 demo` overrides.
PYTHON_IS_FIT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
FIND_PYTHON = for python in $(if $(PYTHON),'$(PYTHON)',python3.11 python3.12 python3.13 python3 python); do \
	"$$python" -c '$(PYTHON_IS_FIT)' >/dev/null 2>&1 && { echo "$$python"; break; }; done

# pip is quiet; what it says is kept, shown whole if it fails, and without its harmless remarks if it does not.
PIP_INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
define install
	@$(PIP_INSTALL) -e '$(1)' >.venv/pip.log 2>&1 || { cat .venv/pip.log >&2; echo "parley: the installation failed" >&2; exit 1; }
	@grep -v "Location '.*' is ignored" .venv/pip.log >&2 || true
endef

help:  ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | awk -F '	' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: .venv/.installed-core  ## run the flash crowd and show what happened
	@echo "parley: running the scenario flash_crowd"
	@$(BIN)/parley run flash_crowd

env: .venv/.installed-dev  ## set up .venv for development, nothing more
	@echo "parley: .venv is ready"

test: .venv/.installed-dev  ## run the tests, without the slow ones
	@echo "parley: running the tests"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope -m "not slow" $(PYTEST_ARGS)

test-all: .venv/.installed-dev  ## run all tests, whole horizons included
	@echo "parley: running all tests"
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadscope $(PYTEST_ARGS)

lint: .venv/.installed-dev  ## check style, types and who imports whom
	@echo "parley: style"
	@$(BIN)/ruff check .
	@echo "parley: types"
	@$(BIN)/mypy --strict $(addprefix -p ,$(PACKAGES))
	@echo "parley: imports"
	@$(BIN)/lint-imports

bench: .venv/.installed-bench  ## measure speed, beside SimPy, Ciw and salabim, and how it scales
	@$(BIN)/python -m tests.benchmarks.bench $(BENCH_ARGS)

clean:  ## remove .venv and every cache; run folders stay
	rm -rf .venv build dist .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.created:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
		echo "parley: no Python 3.11 or newer that can make a virtual environment was found." >&2; \
		echo "        Install one (with its venv module), or name it: make PYTHON=/path/to/python3.12 demo" >&2; \
		exit 1; \
	fi; \
	echo "parley: making .venv with $$("$$python" --version 2>&1)"; \
	"$$python" -m venv .venv
	@touch $@

.venv/.installed-core: pyproject.toml constraints.txt | .venv/.created
	@echo "parley: installing what a run needs into .venv (once, about half a minute)"
	$(call install,.)
	@touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | .venv/.created
	@echo "parley: installing what development needs into .venv (once, about a minute)"
	$(call install,.[dev])
	@touch .venv/.installed-core $@

.venv/.installed-bench: pyproject.toml constraints.txt | .venv/.created
	@echo "parley: installing what the benchmark needs into .venv (once, about a minute)"
	$(call install,.[dev$(,)bench])
	@touch .venv/.installed-core .venv/.installed-dev $@
