# Every command a developer needs. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo test alerts check train bench lock schemas dashboards

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the locked packages and the commands stream-app and stream-train

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## 2,000 real reviews through a real Kafka, with a live view (KEEP=1 leaves it running)
	@$(BIN)/stream-app demo $(if $(KEEP),--keep)

test: $(READY) ## all tests, on a real broker that they start themselves
	$(BIN)/python -m pytest -m "not alerts"

alerts: $(READY) ## cause the fault of each alert and see it fire, on a real Prometheus
	$(BIN)/python -m pytest -m alerts

check: $(READY) ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

train: $(READY) ## train a model into models/candidates (DATA=folder of reviews)
	$(BIN)/stream-train train $(if $(DATA),--data $(DATA))

bench: $(READY) ## this product beside its peers, in one run
	$(BIN)/python -m bench

schemas: $(READY) ## write schemas/ anew from the code
	$(BIN)/stream-app schemas --write schemas

dashboards: $(READY) ## write the dashboards and the rules in deploy/ anew from the code
	$(BIN)/python -m observability

lock: ## resolve the dependencies anew, with hashes and without addresses (after a first setup)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--all-extras pyproject.toml --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--constraint requirements-dev.lock pyproject.toml --output-file requirements.lock
