# Two commands to know: make demo, make test. The rest serves those who develop.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint types lock bench clean

demo: .venv/installed
	$(BIN)/consent-mirror demo

test: .venv/installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

bench: .venv/installed
	$(BIN)/python -m bench

# What is installed is what the lock names, hash by hash.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lock/bin/uv pip compile --quiet --all-extras --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --output-file requirements.lock pyproject.toml
	rm -r .venv-lock

clean:
	rm -rf .venv demo dist build .mypy_cache .ruff_cache .hypothesis
