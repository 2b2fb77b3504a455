# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything here needs a Python 3.10 or newer with venv and pip, and nothing else: the first command puts nox into
# .nox/tools, and nox makes the environments that a command needs beside it and keeps them for the next time.

PYTHON ?= python3
TOOLS = .nox/tools
NOX = $(TOOLS)/bin/nox
RUN = @$(NOX) -s
# The arguments of a script come after "--".
GIVEN = $(if $(ARGS),-- $(ARGS))

.DEFAULT_GOAL := help
.PHONY: help test lint format sanity unit playbooks build demo simulator bench chaos races docs pictures \
	release-check clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { sub(/ .*/, "", $$1); printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make test ONLY=unit,style runs these sessions or groups of sessions alone; .nox/tools/bin/nox -l names them."
	@echo "  make demo ARGS=... hands arguments to the script behind it; so do the others."

$(NOX): requirements/nox.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "This needs Python 3.10 or newer: make PYTHON=...")'
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/nox.txt
	@touch $(NOX)

test: $(NOX) ## all that CI checks, in four lanes, with a summary of what took how long
	$(RUN) test -- $(ONLY)

lint: $(NOX) ## ruff, mypy, yamllint, licences, changelog, docs, ansible-lint
	$(RUN) test -- lint

format: $(NOX) ## let ruff put the Python code into shape
	$(RUN) format $(GIVEN)

sanity: $(NOX) ## ansible-test sanity with each supported ansible-core
	$(RUN) test -- sanity

unit: $(NOX) ## the unit tests with each supported ansible-core
	$(RUN) test -- unit

playbooks: $(NOX) ## playbooks against the simulator, each also in check mode
	$(RUN) test -- playbooks

build: $(NOX) ## build the tarball into dist/
	$(RUN) build

demo: $(NOX) ## back up a sample inventory on the simulator, from an installed collection: start, wait, report
	$(RUN) demo $(GIVEN)

simulator: $(NOX) ## the rehearsal server alone, until Ctrl-C
	$(RUN) simulator $(GIVEN)

bench: $(NOX) ## the collection beside what people use today, as a table
	$(RUN) bench $(GIVEN)

chaos: $(NOX) ## the simulation: thousands of submissions under faults, held against what really happened
	$(RUN) chaos $(GIVEN)

races: $(NOX) ## a thousand races of 8 processes for one pair of tokens, some of them killed at random moments
	$(RUN) races $(GIVEN)

release-check: $(NOX) ## whether this version can be published: tarball, changelog, docs, installation, the demo from it
	$(RUN) test -- style,docs,importer,partner,installed,release

docs: $(NOX) ## the documentation as a site, in dist/site/
	$(RUN) site

pictures: $(NOX) ## take the pictures of README and guides anew: the report (needs Chromium) and the console
	$(RUN) pictures

clean: ## remove environments, logs and everything else that make made
	@rm -rf .nox dist collections/ansible_collections .pytest_cache .mypy_cache .ruff_cache .ansible
	@find docs plugins tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "removed what make, Python and the tools made here"
