# portalkey: `make demo` to look, `make test` to be sure.
# Everything is installed into .venv, from lock files; nothing else on the machine is touched, but
# for Debian's browsers, which `make test` installs where they are missing and it may.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check format lock browsers screenshots clean

help:
	@echo "make demo         run the app on http://localhost:6001, with a simulated HubSpot beside it"
	@echo "make test         run every test, those in real browsers included"
	@echo "make check        the quick part: linters, types, architecture, unit tests"
	@echo "make format       format the code"
	@echo "make lock         pin the newest versions that fit"
	@echo "make browsers     run the tests in real browsers, and write docs/browsers.md from them"
	@echo "make screenshots  take pictures of every page into screenshots/"

demo: .venv/demo
	@exec $(BIN)/python -m portalkey demo $(ARGS)

test: .venv/test
	@scripts/need-browsers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(JOBS) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='*/hubspot/*,*/vault/keyring.py,*/broker.py,*/attempts.py,*/exchange.py,*/refresh.py,*/revoke.py'

check: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n $(JOBS) tests/unit tests/architecture $(ARGS)

format: .venv/test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

browsers: .venv/test
	@scripts/need-browsers
	BROWSERS_TABLE=docs/browsers.md $(BIN)/pytest -n $(JOBS) tests/browser $(ARGS)

screenshots: .venv/test
	@scripts/need-browsers
	$(BIN)/python scripts/screenshots.py screenshots

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	--python-version 3.11 --upgrade pyproject.toml --extra server --group build

lock: .venv/test
	$(COMPILE) --output-file requirements/run.txt
	$(COMPILE) --group test --constraint requirements/run.txt --output-file requirements/test.txt

clean:
	rm -rf .venv .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis screenshots

# A virtual environment per lock file: its stamp says what is in it.
.venv/demo: requirements/run.txt pyproject.toml
	$(call install,requirements/run.txt)

.venv/test: requirements/test.txt pyproject.toml
	$(call install,requirements/test.txt)
	@touch .venv/demo

define install
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
endef
