# `make demo` and `make test` need git, make and Python >= 3.11 with venv; what is missing is named.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ROUNDS ?= 30
SEED ?= 0
TICKS ?= 2000
PAIRS ?= 500
# Tests wait for processes and disks: one more at a time for every two cores keeps the cores busy.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
NEWEST = .newest

.PHONY: demo compiled test quick newest nightly zoo chaos crash sim conformance lint fmt types docs bench lock clean

demo: ; @PYTHON="$(PYTHON)" sh examples/word-counter/demo.sh

$(VENV)/.ready: requirements/ci.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/need.sh
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/ci.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# As an installed program is. Where PYTHONDONTWRITEBYTECODE is set each of thousands of processes would compile anew.
compiled: $(VENV)/.ready ; @$(BIN)/python -m compileall -q src

# The real agents. Not `npm ci`: it insists on the packages of every other platform, which a mirror may not have.
$(VENV)/.agents: tests/agents/package-lock.json $(VENV)/.ready
	@cd tests/agents && PATH="$(abspath $(BIN)):$$PATH" npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# Agents that only nightly runs and `make conformance` start.
$(VENV)/.newer: tests/newer_agents/package-lock.json $(VENV)/.ready
	@cd tests/newer_agents && PATH="$(abspath $(BIN)):$$PATH" npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# What the forges promise, and Prism, which checks requests against it.
$(VENV)/.forges: tests/forges/package-lock.json $(VENV)/.ready
	@cd tests/forges && PATH="$(abspath $(BIN)):$$PATH" npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# A client of the tools for agents that others wrote.
$(VENV)/.inspector: tests/inspector/package-lock.json $(VENV)/.ready
	@cd tests/inspector && PATH="$(abspath $(BIN)):$$PATH" npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# What sends random requests to the HTTP API, apart from the packages of the tests.
$(VENV)/.fuzz/.ready: requirements/fuzz.txt $(VENV)/.ready
	@$(PYTHON) -m venv $(VENV)/.fuzz
	@$(VENV)/.fuzz/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/fuzz.txt
	@touch $@

# A real cluster for the tests of hosts, apart from the packages of the tests.
$(VENV)/.ray/.ready: requirements/ray.txt $(VENV)/.ready
	@$(PYTHON) -m venv $(VENV)/.ray
	@$(VENV)/.ray/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/ray.txt
	@touch $@

test: compiled $(VENV)/.agents $(VENV)/.forges
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# The fast door: no npm, no agents; under a minute on two cores.
quick: compiled
	$(BIN)/python -m pytest -q -n auto --dist worksteal tests/unit tests/contract tests/sim/test_sim.py

# The unit tests with the newest versions that pyproject.toml allows: what `pip install` gives a person today.
newest: compiled
	@rm -rf $(NEWEST) && $(BIN)/python requirements/ranges.py > .newest.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(NEWEST) -r .newest.txt
	PYTHONPATH=$(NEWEST) $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests/unit

nightly: compiled $(VENV)/.agents $(VENV)/.newer $(VENV)/.forges $(VENV)/.inspector $(VENV)/.fuzz/.ready $(VENV)/.ray/.ready
	MISSION_NIGHTLY=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Cheating and honest workers, each with the sandbox on and off.
zoo: compiled
	MISSION_NIGHTLY=1 $(BIN)/python -m pytest -q -n auto tests/zoo

# Random `kill -9` of pulses, supervisors and workers; `ROUNDS=1000 SEED=7`.
chaos: compiled
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seed $(SEED)

# Deaths at every step of a mission in memory; `PAIRS=20000 SEED=7`.
crash: compiled
	$(BIN)/python -m tests.crash --pairs $(PAIRS) --seed $(SEED)

# Worlds of many seeds; `TICKS=100000 SEED=7`.
sim: compiled
	$(BIN)/python -m tests.sim --ticks $(TICKS) --seed $(SEED)

# `AGENT=opencode` runs one of them, `WRITE=1` puts the table into docs/coding-agents.md.
conformance: $(VENV)/.ready $(VENV)/.agents $(VENV)/.newer
	$(BIN)/python -m tests.conformance $(AGENT) $(if $(WRITE),--write)

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fmt: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.ready
	$(BIN)/python docs/cli_reference.py
	$(BIN)/python docs/completion.py
	$(BIN)/python docs/openapi.py
	$(BIN)/python docs/picture.py
	$(BIN)/python docs/schemas.py
	$(BIN)/python docs/settings.py

bench: compiled
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

# Needs uv; the result is the same on every platform.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra dev --custom-compile-command "make lock" pyproject.toml -o requirements/ci.txt

clean:
	rm -rf $(VENV) $(NEWEST) .newest.txt tests/agents/node_modules tests/newer_agents/node_modules tests/forges/node_modules tests/inspector/node_modules .demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
