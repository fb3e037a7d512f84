# Every target does its own set-up, from a bare clone. What it needs of the machine: Rust (rustup.rs), Python 3.10 or
# later, a C compiler, make. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
CARGO := cargo
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := .cache/cargo-deny/bin/cargo-deny

# The page that the exporter carries in itself: what it is made of, without the types that are only checked, and what its build
# writes last.
PAGE_SOURCES := $(shell find exporter/page -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name schema.ts)
PAGE := exporter/page/dist/licenses.txt
# Node.js comes from Python's registry, as the other tools do, and so nobody needs one of their own.
NPM = PATH="$(abspath $(BIN)):$$PATH" npm --prefix exporter/page

# What the wheel is made of.
SOURCES := Cargo.toml Cargo.lock README.md $(shell find filter exporter host-python -type f \
	\( -name '*.rs' -o -name '*.py' -o -name '*.pyi' -o -name '*.toml' -o -name '*.wit' -o -name '*.proto' -o -name '*.sql' \) \
	-not -path '*/tests/*' -not -path '*/fuzz/*' -not -path '*/examples/*' -not -path '*/wheel-data/*' -not -path 'exporter/page/*')
# What the tests send to, and the clients and frameworks whose traffic they are about, each in an environment of its own.
PEERS := $(addprefix .cache/peers/,$(addsuffix /.installed,phoenix mlflow llm-clients frameworks \
	langfuse-3 langfuse-3-otel-1.33 langfuse-4 langfuse-5 instrumentations ecosystem))
REQUIREMENTS := tools/requirements.txt tests/requirements.txt host-python/tests/requirements.txt

export CARGO_TERM_COLOR ?= auto
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

# --- what users get -------------------------------------------------------------------------------------------------

.PHONY: wasm
wasm: ## build the WebAssembly component into dist/, and its compiled form for this machine's kind of CPU
	$(CARGO) run --quiet --locked -p offpath-build
	$(CARGO) run --quiet --locked --release -p offpath-python --bin offpath-precompile

.PHONY: page
page: $(PAGE) ## build the page that `offpath run` serves into exporter/page/dist/

$(PAGE): $(PAGE_SOURCES) exporter/page/node_modules/.package-lock.json
	$(NPM) run --silent build

# It is npm that writes it, when all is installed.
exporter/page/node_modules/.package-lock.json: exporter/page/package.json exporter/page/package-lock.json | $(VENV)/.requirements
	$(NPM) ci --loglevel=error
	@touch $@

.PHONY: wheel
wheel: dist/.wheel ## build the Python wheels into dist/
	@ls dist/*.whl

dist/.wheel: $(SOURCES) $(PAGE) tools/pure_wheel.py | $(VENV)/.requirements
	$(MAKE) wasm
	$(CARGO) build --locked --release -p offpath-exporter
	mkdir -p host-python/wheel-data/scripts
	strip -o host-python/wheel-data/scripts/offpath $(TARGET)/release/offpath
	rm -f dist/*.whl
	$(BIN)/maturin build --quiet --locked --release -m host-python/Cargo.toml -o dist
	$(BIN)/python tools/pure_wheel.py dist/offpath-*-abi3-*.whl dist
	touch $@

.PHONY: demo
demo: $(VENV)/.wheel ## record real traffic through a FastAPI app, and show what was recorded
	@$(BIN)/python -m examples.demo

.PHONY: screenshots
screenshots: $(VENV)/.wheel ## take the pictures of the page in docs/images/ anew
	@tools/need.sh chromium
	@$(BIN)/python -m tests.viewer.screenshots

# --- what is promised, held -----------------------------------------------------------------------------------------

# Tests wait more than they work, so several run at a time: a file of them each, for what the tests of a file share.
AT_A_TIME := --dist loadfile --numprocesses

# An outage of a backend lasts ten minutes, and the rest of the tests goes on beside it.
.PHONY: test
test: $(VENV)/.wheel ## run every test
	@mkdir -p .cache
	@$(BIN)/python -m tests.chaos.outage >.cache/outage.log 2>&1 & outage=$$!; \
		trap 'kill $$outage 2>/dev/null || true' EXIT; \
		$(MAKE) --no-print-directory test-page test-rust test-python; \
		echo 'waiting for the outage of ten minutes that goes on beside'; \
		wait $$outage || { cat .cache/outage.log; exit 1; }; \
		cat .cache/outage.log

.PHONY: test-page
test-page: $(PAGE)
	$(NPM) test --silent

.PHONY: test-rust
test-rust: $(PAGE)
	$(CARGO) test --locked -p offpath-wire -p offpath-core -p offpath-enrich -p offpath-ring -p offpath-component -p offpath-proxy-wasm -p offpath-build
	RUSTFLAGS="--cfg loom" $(CARGO) test --locked --release -p offpath-ring --test loom --target-dir $(TARGET)/loom
	@tools/need.sh redis-server
	@# What the Python tests ask for real is large, and comes from the network meanwhile. The exporter's tests too wait more
	@# than they work.
	@$(MAKE) --no-print-directory $(PEERS) & peers=$$!; \
		RUST_TEST_THREADS=4 $(CARGO) test --locked --release -p offpath-exporter --lib --bins --tests; \
		wait $$peers

.PHONY: test-python
test-python: $(VENV)/.wheel $(PEERS) $(addprefix .cache/peers/,$(addsuffix /.wheel,llm-clients frameworks ecosystem))
	@tools/need.sh chromium
	@tools/need.sh curl
	@tools/need.sh openssl
	@tools/need.sh prometheus
	@tools/need.sh systemd-analyze systemd
	@tools/need.sh valgrind || true
	$(CARGO) run --quiet --locked -p offpath-build -- --test-filters
	$(CARGO) build --quiet --locked --release -p offpath-exporter --example parity --example write_events
	$(CARGO) build --quiet --locked --release -p offpath-python --example component
	@# The browser's event loop would be in the way of other tests in its process.
	@$(BIN)/python -m pytest tests/viewer >.cache/viewer.log 2>&1 & viewer=$$!; \
		trap 'kill $$viewer 2>/dev/null || true' EXIT; \
		(cd host-python && ../$(BIN)/python -m pytest $(AT_A_TIME) 3) || exit 1; \
		wait $$viewer || { cat .cache/viewer.log; exit 1; }; \
		tail -n 1 .cache/viewer.log
	CARGO_TARGET_DIR=$(TARGET) $(BIN)/python -m pytest $(AT_A_TIME) 2 --ignore tests/viewer

.PHONY: corpus
corpus: .cache/peers/llm-clients/.installed ## record anew what the official clients of models say and hear
	.cache/peers/llm-clients/bin/python -m tests.llm.record

.PHONY: bench
bench: $(VENV)/.wheel $(VENV)/.perf ## measure offpath beside what users have today; QUICK=1 for a short run
	@tools/need.sh wrk
	@tools/need.sh h2load nghttp2-client
	@tools/need.sh redis-server
	@tools/need.sh valgrind || true
	@$(CARGO) run --quiet --locked -p offpath-build -- --test-filters
	@$(CARGO) build --quiet --locked --release -p offpath-core -p offpath-exporter -p offpath-ring --examples
	@CARGO_TARGET_DIR=$(TARGET) $(BIN)/python -m tests.perf $(if $(QUICK),--quick)

.PHONY: lint
lint: dist/.wheel $(VENV)/.wheel .cache/peers/frameworks/.wheel $(CARGO_DENY) ## check style, types, licences and what is depended on
	$(CARGO) fmt --all --check
	@# As what is released, whose build scripts have run already, with the C that they compile.
	$(CARGO) clippy --quiet --locked --release --workspace --all-targets -- -D warnings
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/mypy
	$(BIN)/mypy examples/fastapi-chat/main.py
	$(BIN)/mypy examples/model-server/model_server.py
	$(BIN)/mypy examples/envoy-llm-gateway/client.py examples/envoy-llm-gateway/generations.py
	@# Each is a main.py.
	for example in langchain langgraph llamaindex; do \
		$(BIN)/mypy --python-executable .cache/peers/frameworks/bin/python examples/$$example/main.py; \
	done
	cd host-python && ../$(BIN)/mypy
	$(NPM) run --silent check
	$(CARGO_DENY) --locked check bans licenses sources

.PHONY: fuzz
fuzz: $(PAGE) ## compile the fuzz targets, which is two minutes and no part of lint; each says how it is run
	$(CARGO) check --quiet --locked --manifest-path exporter/fuzz/Cargo.toml --target-dir $(TARGET)/fuzz
	$(CARGO) check --quiet --locked --manifest-path exporter/ring/fuzz/Cargo.toml --target-dir $(TARGET)/fuzz

.PHONY: clean
clean: ## remove all that was built
	rm -rf target dist .cache $(VENV) host-python/wheel-data exporter/page/node_modules exporter/page/dist

# --- set-up ---------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "make: Python 3.10 or later is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "make: $(PYTHON) cannot make a virtual environment (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/.requirements: $(REQUIREMENTS) | $(BIN)/python
	$(BIN)/pip install --quiet $(addprefix -r ,$(REQUIREMENTS))
	@touch $@

$(VENV)/.perf: tests/perf/requirements.txt $(VENV)/.requirements
	$(BIN)/pip install --quiet -r $<
	@touch $@

define install-peer
	rm -rf $(@D)
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/pip install --quiet -r $<
	@touch $@
endef

.cache/peers/%/.installed: tests/peers/%.txt | $(BIN)/python
	$(install-peer)

.cache/peers/llm-clients/.installed: tests/llm/requirements.txt | $(BIN)/python
	$(install-peer)

.cache/peers/frameworks/.installed: examples/requirements-frameworks.txt | $(BIN)/python
	$(install-peer)

.cache/peers/ecosystem/.installed: tests/ecosystem/requirements.txt | $(BIN)/python
	$(install-peer)

# What calls models is watched too.
.cache/peers/llm-clients/.wheel .cache/peers/frameworks/.wheel .cache/peers/ecosystem/.wheel: %/.wheel: dist/.wheel %/.installed
	$(@D)/bin/pip install --quiet --force-reinstall --no-deps dist/offpath-*-abi3-*.whl
	@touch $@

$(VENV)/.wheel: dist/.wheel $(VENV)/.requirements
	$(BIN)/pip install --quiet --force-reinstall --no-deps dist/offpath-*-abi3-*.whl
	@touch $@

# No registry of Python's has a version that reads this lock file, so it is compiled, once, in the way that is quick to
# compile.
$(CARGO_DENY):
	$(CARGO) install --quiet --locked --debug --config 'profile.dev.debug = 0' --root .cache/cargo-deny \
		--target-dir $(TARGET)/cargo-deny cargo-deny@$(CARGO_DENY_VERSION)
	rm -rf $(TARGET)/cargo-deny
