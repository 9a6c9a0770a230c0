# Every task of the project, defined once. `make demo` and `make test` do all their set-up.

VENV := .venv
BIN := $(VENV)/bin
JOBS := 3

.PHONY: help demo test test-all check format lint types layers docs bench minternet mutants crash lock wheel clean

help:
	@echo 'make demo     the main job, on the shipped list, with a throw-away key'
	@echo 'make test     the whole suite, with the coverage gate'
	@echo 'make check    format, lint, types, layers'
	@echo 'make docs     write the help and the rule table into README.md anew'
	@echo 'make bench    measurements, as ratios of things measured in one run'
	@echo 'make minternet  a network of mail servers of every character, to look at by hand (root)'
	@echo 'make mutants  how many broken copies of the code the tests notice'
	@echo 'make crash    update, ended or failing at every system call that touches what it keeps'
	@echo 'make test-all the suite on every Python from 3.11 on that is here'
	@echo 'make wheel    the package, into dist/'
	@echo 'make clean    take out everything that these made'
	@echo 'make lock     resolve the dependencies anew (needs uv)'

demo: $(VENV)/ready
	@sh scripts/demo.sh $(BIN)

test: $(VENV)/ready
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term

check: format lint types layers

format: $(VENV)/ready
	@$(BIN)/ruff format --check .

lint: $(VENV)/ready
	@$(BIN)/ruff check .

types: $(VENV)/ready
	@$(BIN)/mypy

layers: $(VENV)/ready
	@$(BIN)/lint-imports

docs: $(VENV)/ready
	@$(BIN)/python scripts/update_docs.py

bench: $(VENV)/ready
	@$(BIN)/python bench/lists.py
	@$(BIN)/python bench/following.py
	@$(BIN)/python bench/looks.py
	@$(BIN)/python bench/web.py

minternet: $(VENV)/ready
	@$(BIN)/python -m tests.minternet $(MINTERNET)

mutants:
	@sh scripts/setup.sh .venv-mutants bench/mutants.lock
	@.venv-mutants/bin/python bench/mutants.py

crash: $(VENV)/ready
	@$(BIN)/python -m tests.crash.whole --jobs $(JOBS) $(CRASH)

test-all:
	@for version in 3.11 3.12 3.13; do \
		if command -v python$$version >/dev/null 2>&1 && python$$version -c '' 2>/dev/null; then \
			echo "== Python $$version"; \
			PYTHON=python$$version $(MAKE) --no-print-directory test VENV=.venv-$$version || exit 1; \
		fi; \
	done

LOCK := uv pip compile pyproject.toml --extra web --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --quiet

lock:
	@$(LOCK) --upgrade --group dev --output-file requirements.lock
	@$(LOCK) --constraint requirements.lock --group mutants --output-file bench/mutants.lock

wheel: $(VENV)/ready
	@$(BIN)/python -m hatchling build -t wheel

$(VENV)/ready: requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh $(VENV)

clean:
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* mutants dist build
