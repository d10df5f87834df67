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
WHOLE := */hubspot/*.py,*/vault/keyring.py,*/model/leases.py,*/model/throttle.py,*/model/breaker.py,*/model/evidence.py,*/broker/admission.py,*/broker/app_breaker.py,*/broker/breaker.py,*/broker/turns.py,*/broker/broker.py,*/broker/parts.py,*/broker/web_methods.py,*/broker/connect.py,*/broker/attempt_ends.py,*/broker/async_methods.py,*/broker/exchange.py,*/broker/refresh.py,*/broker/renewal.py,*/broker/token_request.py,*/broker/waiting.py,*/broker/refresh_outcome.py,*/broker/token_cache.py,*/broker/outbox.py,*/broker/reachability.py,*/broker/caller_gate.py,*/broker/refresh_job.py,*/broker/housekeeping.py,*/broker/counters.py
OTHERS := tests/model tests/processes tests/simulation tests/browser tests/node

.DEFAULT_GOAL := help
.PHONY: help demo test lowest pythons everything coverage others check format lock sbom browsers need-programs screenshots bench figures fidelity interop clean

help:
	@echo "make demo         run the app on http://localhost:6001, with a simulated HubSpot beside it"
	@echo "make test         run every test, those in real browsers included"
	@echo "make lowest       run the tests of stores, settings and client on the oldest versions that will do"
	@echo "make coverage     count the lines that the tests of the Python code run"
	@echo "make check        the quick part: linters, types, architecture, unit tests"
	@echo "make format       format the code"
	@echo "make lock         pin the newest versions that fit"
	@echo "make sbom         write what runs, from the lock file, into sbom.cdx.json"
	@echo "make pythons      run the tests of the Python code under every Python that is here (3.11 to 3.14)"
	@echo "make browsers     run the tests in real browsers, and write docs/browsers.md from them"
	@echo "make bench        measure speed beside other libraries, into bench/results.md"
	@echo "make figures      prove it again at length (N=... for how often), into bench/figures.md"
	@echo "make interop      run clients that others wrote against the simulator"
	@echo "make fidelity     write docs/fidelity.md from the simulator's own tables"
	@echo "make screenshots  take pictures of every page into screenshots/, and those of the docs"

demo: .venv/demo
	@exec $(BIN)/python -m portalkey demo $(ARGS)

test: .venv/test node_modules/.package-lock.json
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory $(if $(CI),coverage others,everything) interop
	@scripts/pythons --one

everything:
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(COUNTED) $(OTHERS) $(ARGS)

# In CI the lines are counted too, which takes some minutes more.
coverage: .venv/test | need-programs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(JOBS) $(COUNTED) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='$(WHOLE)'

others:
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(OTHERS) $(ARGS)

# The oldest versions that pyproject.toml allows live in an environment of their own.
OLDEST := tests/contract tests/unit/hubspot tests/unit/settings tests/unit/vault \
	tests/unit/cli/test_commands.py tests/unit/cli/test_server.py
lowest: .venv-lowest/ready | need-programs
	.venv-lowest/bin/python -m pytest -q -n $(JOBS) -p no:cacheprovider $(OLDEST) $(ARGS)

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
	$(BIN)/pytest -q tests/browser/test_pictures.py --pictures screenshots
	cp screenshots/journey.png screenshots/pages.png docs/

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

fidelity: .venv/test
	$(BIN)/python -m portalkey_simulator.fidelity > docs/fidelity.md

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	--python-version 3.11 --upgrade pyproject.toml simulator/pyproject.toml --extra cli --extra origins --extra server
EVERY_EXTRA := --extra metrics --extra postgres

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

sbom:
	@scripts/sbom > sbom.cdx.json
	@echo "Written to sbom.cdx.json."

clean:
	rm -rf .venv .venv-bench .venv-interop .venv-lowest .venv-pythons node_modules $(INTEROP)/node_modules .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis screenshots

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

.venv-bench/ready .venv-interop/ready .venv-lowest/ready: .venv-%/ready: requirements/%.txt pyproject.toml simulator/pyproject.toml
	@test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@

define install
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@
endef
