# Every command a developer needs. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo test faults soak fuzz hostile alerts check train bench bench-quick bench-page bench-check sbom \
	audit lock schemas dashboards chart

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the locked packages and the commands stream-app and stream-train

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## 2,000 real reviews through a real Kafka, with a live view (KEEP=1 leaves it running)
	@$(BIN)/stream-app demo $(if $(KEEP),--keep)

test: $(READY) ## all tests, on a real broker that they start themselves
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not alerts and not faults"

faults: $(READY) ## each fault of docs/faults.md that takes seconds, with fixed seeds
	$(BIN)/python -m pytest --numprocesses 2 -m faults

soak: $(READY) ## random faults for MINUTES=30 (SEED=…, GUARANTEE=exactly_once): the verdict as JSON
	$(BIN)/python -m tests.faults.soak --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED)) \
		--guarantee $(or $(GUARANTEE),at_least_once)

alerts: $(READY) ## cause the fault of each alert and see it fire, on a real Prometheus
	$(BIN)/python -m pytest -m alerts

check: $(READY) ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

train: $(READY) ## train a model into models/candidates (DATA=folder of reviews)
	$(BIN)/stream-train train $(if $(DATA),--data $(DATA))

bench: $(READY) ## this product beside its peers, in one run (PARTS="latency scale" for some of it)
	$(BIN)/python -m bench $(PARTS)

bench-quick: $(READY) ## a look at the same, in two minutes
	$(BIN)/python -m bench --quick

bench-page: $(READY) ## write the tables of docs/performance.md and the plot anew from docs/benchmark.json
	$(BIN)/python -m bench.page

bench-check: $(READY) ## fail when the worker has become a third more expensive than in docs/benchmark.json
	$(BIN)/python -m bench.check

fuzz: $(READY) ## look for input that breaks a promise (SECONDS=60 for each TARGET, all without one)
	$(BIN)/python -m fuzz --seconds $(or $(SECONDS),60) $(TARGET)

hostile: $(READY) ## hostile records through the real stream, and an account of each (RECORDS=1000000)
	$(BIN)/python -m bench.hostile $(RECORDS)

sbom: $(READY) ## write dist/sbom.cdx.json, what the product is made of (CycloneDX)
	$(BIN)/python -m supply_chain.sbom

audit: $(READY) ## ask the index of advisories about every locked package, development's too
	$(BIN)/python -m supply_chain.audit requirements-dev.lock

schemas: $(READY) ## write schemas/ and data/data_specs.md anew from the code
	$(BIN)/stream-app schemas --write schemas
	$(BIN)/stream-train specs --write data/data_specs.md

dashboards: $(READY) ## write the dashboards and the rules in deploy/ anew from the code
	$(BIN)/python -m observability

CHART_FILES := deploy/helm/review-sentiment-stream/files
chart: ## copy dashboards and rules into the Helm chart, which reads nothing outside its folder
	rm -rf $(CHART_FILES)
	mkdir -p $(CHART_FILES)/dashboards $(CHART_FILES)/rules
	cp deploy/grafana/dashboards/*.json $(CHART_FILES)/dashboards
	for rules in $$(grep -rl '^groups:' --include='*.yml' deploy/prometheus); do cp $$rules $(CHART_FILES)/rules; done

lock: ## resolve the dependencies anew, with hashes and without addresses (after a first setup)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--all-extras pyproject.toml --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--constraint requirements-dev.lock pyproject.toml --output-file requirements.lock
