# portalkey: `make demo` to look, `make test` to be sure.
# Everything is installed into .venv, from lock files; nothing else on the machine is touched, but
# for Debian's browsers, Node and PgBouncer, which `make test` installs where they are missing and
# it may.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
JOBS ?= 3
# Lines are counted where that is quick; browsers and herds have enough to do.
COUNTED := simulator/tests tests/architecture tests/contract tests/journeys tests/security tests/unit
WHOLE := */hubspot/*.py,*/vault/keyring.py,*/model/leases.py,*/model/throttle.py,*/model/breaker.py,*/model/evidence.py,*/broker/admission.py,*/broker/app_breaker.py,*/broker/breaker.py,*/broker/turns.py,*/broker/broker.py,*/broker/parts.py,*/broker/web_methods.py,*/broker/connect.py,*/broker/attempt_ends.py,*/broker/attempt_starts.py,*/broker/async_methods.py,*/broker/exchange.py,*/broker/refresh.py,*/broker/renewal.py,*/broker/token_request.py,*/broker/refresh_outcome.py,*/broker/token_cache.py,*/broker/outbox.py,*/broker/reachability.py,*/broker/waiting.py,*/broker/housekeeping.py,*/broker/counters.py,*/model/expiry.py,*/broker/caller_gate.py
OTHERS := tests/model tests/processes tests/simulation tests/browser tests/node

.DEFAULT_GOAL := help
.PHONY: help demo test lowest pythons everything coverage others check format lock sbom dist version update install-check browsers need-programs screenshots bench figures fidelity interop docs docs-serve troubleshooting clean

help:
	@echo "make demo         run an app whose page leads through a minute, and a simulated HubSpot"
	@echo "make test         run every test, those in real browsers included"
	@echo "make lowest       run the tests of stores, settings, client and Django on the oldest versions that will do"
	@echo "make coverage     count the lines that the tests of the Python code run"
	@echo "make check        the quick part: linters, types, architecture, unit tests"
	@echo "make format       format the code"
	@echo "make lock         pin the newest versions that fit"
	@echo "make dist         build what a release consists of into dist/, the same byte for byte each time"
	@echo "make install-check  install what make dist built, each extra alone, under the oldest and newest Python"
	@echo "make update       pin the newest versions that fit, and run every test with them"
	@echo "make sbom         write what runs, from the lock file, into sbom.cdx.json"
	@echo "make pythons      run the tests of the Python code under every Python that is here (3.11 to 3.14)"
	@echo "make browsers     run the tests in real browsers, and write docs/browsers.md from them"
	@echo "make bench        measure speed beside other libraries, into bench/results.md"
	@echo "make figures      prove it again at length (N=... for how often), into bench/figures.md"
	@echo "make interop      run clients that others wrote against the simulator"
	@echo "make docs         build the site into site/, and fail on a warning or a broken link"
	@echo "make docs-serve   build it, and serve it on http://127.0.0.1:6003"
	@echo "make troubleshooting  write docs/troubleshooting.md from the sentences and errors"
	@echo "make fidelity     write docs/fidelity.md from the simulator's own tables"
	@echo "make screenshots  take pictures of every page into screenshots/, and those of the docs"

demo: .venv/demo
	@exec $(BIN)/python -m portalkey demo $(ARGS)

# CI runs this part by itself, when all else has passed.
ANOTHER_PYTHON := scripts/pythons --one

test: .venv/test node_modules/.package-lock.json
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory $(if $(CI),coverage others,everything) interop docs
	@$(ANOTHER_PYTHON)

# A test that hangs is to fail by name, with what each thread was at, long before CI gives up.
PYTEST := pytest --timeout 900

everything:
	$(BIN)/$(PYTEST) -n $(JOBS) --dist worksteal $(COUNTED) $(OTHERS) $(ARGS)

# In CI the lines are counted too, which takes some minutes more.
coverage: .venv/test | need-programs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m $(PYTEST) -n $(JOBS) $(COUNTED) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='$(WHOLE)'

others:
	$(BIN)/$(PYTEST) -n $(JOBS) --dist worksteal $(OTHERS) $(ARGS)

# The oldest versions that pyproject.toml allows live in an environment of their own.
OLDEST := tests/contract tests/unit/django tests/unit/fastapi tests/unit/hubspot tests/unit/settings tests/unit/vault \
	tests/unit/cli/test_commands.py tests/unit/cli/test_server.py
lowest: .venv-lowest/ready | need-programs
	.venv-lowest/bin/python -m pytest -q -n $(JOBS) -p no:cacheprovider $(OLDEST) \
		--ignore tests/contract/skins/test_in_a_browser.py $(ARGS)

check: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n $(JOBS) tests/unit tests/architecture simulator/tests $(ARGS)

format: .venv/test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

pythons: .venv/test | need-programs
	@scripts/pythons $(ARGS)

browsers: .venv/test node_modules/.package-lock.json
	BROWSERS_TABLE=docs/browsers.md $(BIN)/pytest -n $(JOBS) --dist worksteal tests/browser $(ARGS)

need-programs:
	@scripts/need-programs

screenshots: .venv/test | need-programs
	$(BIN)/pytest -q tests/browser/test_pictures.py tests/browser/test_console.py tests/browser/test_demo_picture.py -k picture --pictures screenshots
	cp screenshots/demo.png screenshots/journey.png screenshots/pages.png docs/
	cp screenshots/console-one-that-was-ended-light-1280.png docs/console.png

# The others live in an environment of their own, with portalkey beside them.
bench: .venv-bench/ready
	.venv-bench/bin/python -m bench $(ARGS)

figures: .venv/test
	$(BIN)/python -m bench.figures $(if $(N),--n $(N)) $(ARGS)

# Others' clients live in an environment of their own, and need OAUTHLIB_INSECURE_TRANSPORT, which
# oauthlib asks for where a server on this machine has no https.
INTEROP := tests/interop
interop: .venv-interop/ready $(INTEROP)/node_modules/.package-lock.json
	OAUTHLIB_INSECURE_TRANSPORT=1 .venv-interop/bin/python -m pytest -q \
		-c $(INTEROP)/pytest.ini --rootdir $(INTEROP) --confcutdir $(INTEROP) $(INTEROP) $(ARGS)

# Sphinx lives in an environment of its own. What it reads is staged first: the pages of docs/, those
# of the root, and the reference that is made from the code.
docs: .venv-docs/ready
	@PYTHONPATH=scripts .venv-docs/bin/python -m docs_site $(ARGS)

docs-serve: docs
	@echo "Serving site/ on http://127.0.0.1:6003"
	@exec .venv-docs/bin/python -m http.server --bind 127.0.0.1 --directory site 6003

troubleshooting: .venv/test
	@PYTHONPATH=scripts $(BIN)/python -m docs_site.troubleshooting > docs/troubleshooting.md

fidelity: .venv/test
	$(BIN)/python -m portalkey_simulator.fidelity > docs/fidelity.md

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	--python-version 3.11 --upgrade pyproject.toml simulator/pyproject.toml --extra cli --extra origins --extra server
EVERY_EXTRA := --extra django --extra fastapi --extra metrics --extra postgres

lock: .venv/test
	$(COMPILE) --group build --output-file requirements/run.txt
	$(COMPILE) --group build --group test --constraint requirements/run.txt \
		--output-file requirements/test.txt
	$(COMPILE) $(EVERY_EXTRA) --resolution lowest-direct --output-file .venv/oldest.txt
	$(COMPILE) $(EVERY_EXTRA) requirements/lowest.in --constraint .venv/oldest.txt \
		--output-file requirements/lowest.txt
	$(COMPILE) --group build --extra postgres requirements/bench.in --constraint requirements/test.txt \
		--output-file requirements/bench.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.11 --upgrade requirements/interop.in \
		--constraint requirements/test.txt --output-file requirements/interop.txt
	$(COMPILE) --group build --extra django --extra fastapi --extra metrics requirements/docs.in \
		--constraint requirements/test.txt --output-file requirements/docs.txt

dist: .venv/demo
	@PYTHONPATH=scripts $(BIN)/python -m release.dist

version:
	@PYTHONPATH=scripts $(PYTHON) -m release.version $(TO)

install-check: .venv/test dist
	@PYTHONPATH=scripts $(BIN)/python -m release.install $(ARGS)

# In Node's words: each package at its newest, but a name of its own for an older one stays.
NEWEST := Object.entries(require("./package.json").devDependencies).map(([name, at]) => name + "@" + at.replace(/@?[0-9.]+$$/, at.startsWith("npm:") ? "$$&" : "latest")).join(" ")
# The one command of a dependency update: newest versions, then every test with them.
update: lock
	npm install --save-dev --save-exact --loglevel=error $$(node -p '$(NEWEST)')
	$(MAKE) test lowest

sbom:
	@scripts/sbom > sbom.cdx.json
	@echo "Written to sbom.cdx.json."

clean:
	rm -rf .venv .venv-bench .venv-docs .venv-interop .venv-lowest .venv-pythons node_modules $(INTEROP)/node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis screenshots site

# What the browser tests run on besides: TypeScript, axe, esbuild, and the frameworks.
node_modules/.package-lock.json: package.json package-lock.json examples/react/package.json tests/browser/react-18/package.json | need-programs
	npm ci --loglevel=error
	@touch $@

$(INTEROP)/node_modules/.package-lock.json: $(INTEROP)/package.json $(INTEROP)/package-lock.json | need-programs
	npm ci --prefix $(INTEROP) --loglevel=error
	@touch $@

# A virtual environment per lock file: its stamp says what is in it.
.venv/demo: requirements/run.txt pyproject.toml simulator/pyproject.toml
	$(call install,requirements/run.txt)

.venv/test: requirements/test.txt pyproject.toml simulator/pyproject.toml
	$(call install,requirements/test.txt)
	@touch .venv/demo

.venv-bench/ready .venv-docs/ready .venv-interop/ready .venv-lowest/ready: .venv-%/ready: requirements/%.txt pyproject.toml simulator/pyproject.toml
	@test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@

define install
	@echo "Installing into .venv; a minute or two."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@
endef
