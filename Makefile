# Llagar: set-up and checks. `make demo` and `make test` install what they need.
PYTHON ?= python3
VENV := .venv
AGENT_VENV := .venv-agent
PEERS_VENVS := .venv-peers
BIN := $(VENV)/bin
PROOF_MINUTES ?= 88
LOCK = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links
DEMO_ARGS := $(if $(HEADLESS),--headless) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

.PHONY: help setup demo test lint types imports unit proof lock clean

help: ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed $(AGENT_VENV)/.installed slicer strace loops ## install everything that is missing

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What a workshop's small computer holds: the agent's extra alone. A test prints with it.
$(AGENT_VENV)/.installed: requirements/agent.txt pyproject.toml $(VENV)/.installed
	$(PYTHON) -m venv $(AGENT_VENV)
	$(AGENT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/agent.txt
	@touch $@

.PHONY: slicer strace postgresql browser peers loops
# numba compiles them once: whoever planned, measured or checked first would have to wait.
loops: $(VENV)/.installed
	@printf '%s\n' 'broker.scheduling.heating plans' slicer_bridge.programs.heating slicer_bridge.intake.heating \
		'broker.scheduling.heating plates' 'broker.scheduling.heating sequences' | xargs -P 2 -L 1 $(BIN)/python -m

slicer:
	@./requirements/debian.sh "parts are sliced with it" prusa-slicer prusa-slicer
	@./requirements/debian.sh "the second slicer" cura-engine CuraEngine

strace:
	@./requirements/debian.sh "a test sees with it that commits are synced" strace strace

postgresql:
	@./requirements/debian.sh "tests start a server of their own" postgresql '/usr/lib/postgresql/*/bin/initdb' initdb

browser:
	@./requirements/debian.sh "tests look at the pages with it" chromium chromium

# Some of what OctoPrint needs comes as source.
peers: $(VENV)/.installed
	@./requirements/debian.sh "a peer's library is compiled with it" build-essential cc gcc
	$(BIN)/python -m tests.peers.environments

demo: $(VENV)/.installed slicer loops ## one batch through three simulated workshops
	$(BIN)/llagar-rig demo $(DEMO_ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

imports: $(VENV)/.installed
	$(BIN)/lint-imports

unit: setup tests

.PHONY: tests
tests:
	$(BIN)/pytest -m "not proof" -n 3 --ignore tests/conformance --ignore tests/drivers --ignore tests/hardware_sim
	$(BIN)/pytest -m "not proof" -n 8 tests/conformance tests/drivers tests/hardware_sim  # they wait for machines more than they compute

test: ## ruff, mypy, import-linter and pytest
	@$(MAKE) --no-print-directory -j 2 setup lint types imports
	@$(MAKE) --no-print-directory tests

proof: setup postgresql browser peers ## the long checks, within PROOF_MINUTES
	PROOF_MINUTES=$(PROOF_MINUTES) $(BIN)/pytest -m proof -n 2 tests/broker/runs  # nothing here is judged by how long it takes
	PROOF_MINUTES=$(PROOF_MINUTES) $(BIN)/pytest -m proof --ignore tests/broker/runs

lock: ## write requirements/*.txt anew from pyproject.toml
	$(LOCK) --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) --extra agent -c requirements/dev.txt pyproject.toml -o requirements/agent.txt
	for peer in octoprint moonraker grbl-streamer gcode-lib planning; do $(LOCK) requirements/peers/$$peer.in -o requirements/peers/$$peer.txt || exit; done
	$(LOCK) --no-deps requirements/peers/printrun.in -o requirements/peers/printrun.txt

clean: ## remove environments and caches
	rm -rf $(VENV) $(AGENT_VENV) $(PEERS_VENVS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
