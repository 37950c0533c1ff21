# Kaibiao. `make` lists what there is; every target installs what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
CLIENT := portal/client
SLICES := portal accounts tendering escrow bidding evaluation livestream oversight
PACKAGES := kernel sealing supervision accounts tendering escrow bidding evaluation livestream oversight verifier portal

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: install client words ## start the whole platform on this machine (http://127.0.0.1:8000)
	@.venv/bin/kaibiao run

.PHONY: demo
demo: system-demo install client words ## play one whole practice tender, then leave the portal running
	@.venv/bin/kaibiao demo

.PHONY: check
check: install client words ## format, lint, types, import contracts, unit, property and house tests: under a minute
	@deploy/check

.PHONY: test
test: system install client words ## install everything the tests need, then run all of them on both databases
	@deploy/test

.PHONY: bench
bench: system install client ## measure against named peers in the same run
	@for file in benchmarks/*.py; do $(PY) $$file || exit 1; done

.PHONY: lock
lock: install ## pin every dependency with its hash
	.venv/bin/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements/product.txt
	.venv/bin/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links --extra dev -c requirements/product.txt pyproject.toml -o requirements/dev.txt
	cd $(CLIENT) && npm install --package-lock-only

.PHONY: install
install: .venv/.done

.venv/.done: requirements/dev.txt pyproject.toml
	@deploy/system python
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: client
client: portal/static/dist/manifest.json

portal/static/dist/manifest.json: $(CLIENT)/package-lock.json $(CLIENT)/build.mjs $(shell find $(CLIENT)/src portal/static/css portal/static/kaibiao.css -type f)
	@cd $(CLIENT) && npm ci --silent --ignore-scripts && npm run --silent build
	@touch $@

.PHONY: words
words: install
	@for slice in $(SLICES); do test ! -d $$slice/translations || .venv/bin/pybabel -q compile -d $$slice/translations 2>/dev/null || .venv/bin/pybabel compile -d $$slice/translations; done

.PHONY: system system-demo
system:
	@deploy/system all

system-demo:
	@deploy/system demo
