# What CI runs, and what a contributor runs: every recipe is a script of ci/, or a program of the environment that
# `make dev` makes. CONTRIBUTING.md explains them.

.PHONY: help dev lint types unit browser integration docs fast test scenarios fix pages dist

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

dev: ## make .venv from requirements.lock, with chaos-harness in it
	ci/dev

lint: ## ruff, formatting, YAML files, workflows
	ci/test ruff format yamllint workflows

types: ## mypy
	ci/test mypy

unit: ## unit tests
	ci/test unit

browser: ## tests of the HTML report, in a browser
	ci/test browser

integration: ## tests with a real Prometheus, without a cluster
	ci/test integration

docs: ## build the documentation into site/, with a sample report
	ci/test docs

fast: ## all of the above: what CI runs for a pull request
	ci/test --fast

test: ## all of the above, then all scenarios on a real cluster: what must hold before a change lands
	ci/test

scenarios: ## all scenarios on a real cluster
	ci/verify

fix: dev ## format the code, and fix what ruff can fix
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

pages: dev ## write the generated pages and the JSON Schema of scenario files
	.venv/bin/chaos-harness docs

dist: dev ## build the wheel of a release into dist/
	.venv/bin/python -m hatchling build --target wheel
