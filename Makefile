# What can be done with a checkout. Everything runs in .venv/, which follows the locked requirements.

HOST ?= 127.0.0.1
PORT ?= 8000
# The system's own comes first: distributions compile it with profiles, which is worth a sixth.
PYTHON ?= $(shell for name in /usr/bin/python3 python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$name -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	{ echo $$name; break; }; done)

VENV := .venv
RUN := $(VENV)/bin/python
PYTEST := $(RUN) -m pytest --dist worksteal
WORKERS ?= 2
LOCK := $(VENV)/bin/uv pip compile pyproject.toml --extra api --extra postgres --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --annotation-style line \
	--custom-compile-command "make lock" --quiet $(if $(UPGRADE),--upgrade)

# What is compiled once serves every process that the tests start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo test test-sqlite test-server test-postgres test-browser check check-lint check-types \
	check-imports check-templates check-django pictures matrix soak bench size coverage browser node lock docs messages clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The environment. The demo needs less than the tests do; a stamp remembers which lock was installed.

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with venv is needed (Debian: apt-get" \
		"install python3-venv); name another one with PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/%.stamp: requirements/%.txt | $(VENV)/bin/python
	@echo "Installing $< into $(VENV)/"
	@$(RUN) -m pip install --disable-pip-version-check -qq --require-hashes -r $<
	@touch $@

install: $(VENV)/dev.stamp ## the environment, in .venv/

demo: $(VENV)/runtime.stamp ## serve the site with demo content (PORT=8000 HOST=127.0.0.1)
	@$(RUN) -m tools.demo --host $(HOST) --port $(PORT)

# Tests

test: test-sqlite test-server ## all tests: SQLite, then PostgreSQL and the browser

test-sqlite: $(VENV)/dev.stamp
	@echo "== SQLite"
	IDP_TEST_DATABASE_URL= $(PYTEST) -n $(WORKERS) -m "not postgres and not second" \
		--ignore tests/browser --no-migrations

test-server: browser node
	@echo "== PostgreSQL and the browser"
	$(RUN) -m tests.postgres $(PYTEST) -n $(WORKERS) -m "not first" --ignore tests/domain \
		--no-migrations

test-postgres: node
	@echo "== PostgreSQL"
	$(RUN) -m tests.postgres $(PYTEST) -n $(WORKERS) -m "not browser and not first" \
		--ignore tests/domain --ignore tests/browser --no-migrations

test-browser: browser node
	@echo "== Browser"
	$(RUN) -m tests.postgres $(PYTEST) -n $(WORKERS) --no-migrations tests/browser

pictures: export IDP_TEST_PICTURES := 1
pictures: export IDP_TEST_THOROUGH := 1
pictures: test-browser ## every page in every look, and pictures of it in var/screenshots/

browser: $(VENV)/dev.stamp
	@$(RUN) -m tools.browser

node: $(VENV)/dev.stamp
	@$(RUN) -m tools.node

coverage: $(VENV)/dev.stamp ## which branches the tests do not reach
	IDP_TEST_DATABASE_URL= $(PYTEST) -n $(WORKERS) -m "not postgres and not browser" \
		--cov --cov-report=term

soak: $(VENV)/dev.stamp ## a thousand rounds of revocation against refresh, on PostgreSQL
	IDP_TEST_ROUNDS=334 $(RUN) -m tests.postgres $(PYTEST) tests/concurrency/test_revocation.py \
		-o timeout=3000

matrix: $(VENV)/dev.stamp ## the tests without a browser on the oldest and newest Python and Django found
	$(RUN) -m tools.matrix

bench: $(VENV)/dev.stamp ## side by side with the plain toolkit
	$(RUN) -m benchmarks

size: $(VENV)/dev.stamp ## each page of the desk at a million live tokens, on PostgreSQL (SCALE=0.1, WORK=1, KEEP=1)
	$(RUN) -m benchmarks.size --scale $(or $(SCALE),1) $(if $(WORK),--work) $(if $(KEEP),--keep)

# Checks

check: $(VENV)/dev.stamp ## linters, types, import contracts, migrations, templates, deployment
	@$(MAKE) --no-print-directory -j 2 -O -k check-types check-lint check-imports check-templates check-django

check-lint:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

check-types:
	$(VENV)/bin/mypy

check-imports:
	$(VENV)/bin/lint-imports

check-templates:
	$(VENV)/bin/djlint --quiet --lint idp/templates $(wildcard templates project)

check-django:
	$(RUN) -m tools.check_django

# Upkeep

lock: $(VENV)/dev.stamp ## lock requirements/ anew (UPGRADE=1: to the newest versions)
	$(LOCK) --group runtime --output-file requirements/runtime.txt
	$(LOCK) --group test --constraint requirements/runtime.txt --output-file requirements/test.txt
	$(LOCK) --group dev --constraint requirements/test.txt --output-file requirements/dev.txt

docs: $(VENV)/dev.stamp ## write the tables that come from the tests
	@$(RUN) -m tools.conformance

messages: $(VENV)/dev.stamp ## regenerate and compile the translations (needs GNU gettext)
	@$(RUN) -m tools.messages

clean: ## remove the environment and everything in var/
	rm -rf $(VENV) var build dist
