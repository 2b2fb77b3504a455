# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything here needs a Python 3.10 or newer with venv, and nothing else: each command makes the virtual
# environments that it needs in .venvs/, with the pins of requirements/, and keeps them for the next time.

PYTHON ?= python3
GATES = PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m tests.gates

.DEFAULT_GOAL := help
.PHONY: help test gates lint format sanity unit playbooks build demo simulator bench chaos races docs pictures \
	release-check clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make test ONLY=unit,ruff runs these gates or groups of gates alone; make gates names them."
	@echo "  make demo ARGS=... hands arguments to the script behind it; so do the others."

test: ## all that CI checks, in two lanes, with a summary of what took how long
	@$(GATES) test --only "$(ONLY)"

gates: ## name the gates that make test runs
	@$(GATES) list

lint: ## the quick gates: ruff, mypy, yamllint, licences, changelog, docs, ansible-lint
	@$(GATES) test --only lint

format: ## let ruff put the Python code into shape
	@$(GATES) format $(ARGS)

sanity: ## ansible-test sanity with each supported ansible-core
	@$(GATES) test --only sanity

unit: ## the unit tests with each supported ansible-core
	@$(GATES) test --only unit

playbooks: ## playbooks against the simulator, each also in check mode
	@$(GATES) test --only playbooks

build: ## build the tarball into dist/ and try it: galaxy-importer, installation in an empty place
	@$(GATES) test --only build,installed --keep-tarball

demo: ## back up a sample inventory on the simulator, from an installed collection: start, wait, report
	@$(GATES) demo $(ARGS)

simulator: ## the rehearsal server alone, until Ctrl-C
	@$(GATES) simulator $(ARGS)

bench: ## the collection beside what people use today, as a table
	@$(GATES) bench $(ARGS)

chaos: ## the fault campaign: thousands of submissions under faults, held against what really happened
	@$(GATES) chaos $(ARGS)

races: ## a thousand races of 8 processes for one pair of tokens, some of them killed at random moments
	@$(GATES) races $(ARGS)

release-check: ## whether this version can be published: tarball, changelog, docs, installation, the demo from it
	@$(GATES) test --only changelog,docs,site,build,installed,release

docs: ## the documentation as a site, in dist/site/
	@$(GATES) docs

pictures: ## take the pictures of README and guides anew: the report (needs Chromium) and the console
	@$(GATES) pictures

clean: ## remove environments, logs and everything else that make made
	@rm -rf .venvs .gates dist collections/ansible_collections .pytest_cache .mypy_cache .ruff_cache .ansible
	@find docs plugins tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "removed what make, Python and the tools made here"
