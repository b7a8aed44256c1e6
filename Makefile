# Two commands to know: make demo, make test. The rest serves those who develop.
PYTHON ?= python3
BIN := .venv/bin

DAYS ?= 1000
SEED ?= 1
SECONDS ?= 3600

.PHONY: demo test test-postgresql lint types lock bench clean simulate simulate-long stateful crash sigkill matrix teeth mutate soak audit sbom

demo: .venv/installed
	$(BIN)/consent-mirror demo

test: .venv/installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The tests of the product once more, each world on a PostgreSQL database (on loopback). CI runs some of them.
ON_POSTGRESQL ?= tests/scenarios tests/acts tests/jobs tests/proof tests/web tests/recipients tests/report

test-postgresql: .venv/installed
	CONSENT_MIRROR_TEST_ON=postgresql $(BIN)/python -m pytest -n 2 --dist loadfile $(ON_POSTGRESQL)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

bench: .venv/installed
	$(BIN)/python -m bench all

# What is installed is what the lock names, hash by hash.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

# Under fire (docs/reliability.md). ONLY=1 plays the one seed and shrinks it where it fails.
simulate: .venv/installed
	$(BIN)/python -m tests.simulation.run --days $(DAYS) --seed $(SEED) $(if $(ONLY),--only $(SEED) --shrink)

simulate-long: .venv/installed
	$(BIN)/python -m tests.simulation.run --days 100000 --seed $(SEED)

# Any order of acts: the store by two processes, and the commands. Longer, and a new search each time.
stateful: .venv/installed
	STATEFUL=long $(BIN)/python -m pytest tests/store/test_machine.py tests/stateful --timeout 0

# The process dies at every commit and every call, one after another.
crash: .venv/installed
	CRASH_STEP=1 $(BIN)/python -m pytest tests/crash --timeout 0

sigkill: .venv/installed
	SIGKILLS=$(or $(SIGKILLS),100) $(BIN)/python -m pytest tests/crash/test_sigkill.py --timeout 0

matrix: .venv/installed
	$(BIN)/python -m tests.simulation.matrix --write
	$(BIN)/python -m tests.tcp_proxy --write

# Bugs on purpose: each patch in tests/teeth has to be found.
teeth: .venv/installed
	$(BIN)/python -m tests.teeth.run --write

soak: .venv/installed
	$(BIN)/python -m tests.soak.run --seconds $(SECONDS)

# Known weaknesses of what is installed; asks the package index.
audit: .venv/installed
	$(BIN)/python -m pip_audit --require-hashes --disable-pip -r requirements.lock

# The parts list of a release (CycloneDX).
sbom: .venv/installed
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --output-reproducible --output-file dist/sbom.json

mutate: .venv/installed
	$(BIN)/python -m mutmut run --max-children 2
	$(BIN)/python -m tests.mutation.told --write

lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lock/bin/uv pip compile --quiet --all-extras --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --output-file requirements.lock pyproject.toml
	rm -r .venv-lock

clean:
	rm -rf .venv demo dist build .mypy_cache .ruff_cache .hypothesis
