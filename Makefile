# Every target sets up what it needs. Two suffice: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUST := pallet_bridge/pallet-bcfl
PACKAGES := strategies bcfl_plugins pallet_bridge
CODE := $(PACKAGES) tests benchmarks examples scripts wheels
# Processes that run tests side by side: one more than two cores, since some tests wait for blocks.
PYTEST_N ?= 3
PAGES := $(wildcard *.md) docs examples wheels
# Rust build products live outside the checkout, so that a fresh clone starts warm.
export BCFL_CACHE ?= $(HOME)/.cache/bcfl-plugins
export CARGO_TARGET_DIR ?= $(BCFL_CACHE)/target-native
export BCFL_TARGET_DIR ?= $(BCFL_CACHE)/target-wasm
export BCFL_NODE_TARGET_DIR ?= $(BCFL_CACHE)/target-node
# Flower: no telemetry, no update check, no state outside the checkout.
# Half of what a test process does before its first test is compiling, unless that was kept.
export PYTHONDONTWRITEBYTECODE :=
export FLWR_TELEMETRY_ENABLED := 0
export FLWR_DISABLE_UPDATE_CHECK := 1
export FLWR_HOME := $(CURDIR)/.flwr

.PHONY: demo test lint docs bench wasm weights fuzz fuzz-readers setup format test-python test-rust lint-python lint-rust lock npm

demo: $(READY)
	$(BIN)/python -m examples.byzantine $(ARGS)

test: test-rust test-python

lint: lint-python lint-rust

# The site, into build/site. Fetches nothing; a dead link or anchor ends it.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

setup: $(READY)

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

test-python: $(READY) npm
	$(BIN)/python -m scripts.runtime.build_wasm check
	$(BIN)/python -m pytest -n $(PYTEST_N) --dist loadfile --no-loadscope-reorder -m "not network" $(ARGS)

.PHONY: unit build check-build sbom clean

# The quick answer while one works: no slow test, no Rust, no npm.
unit: $(READY)
	$(BIN)/python -m pytest tests/unit -m "not slow" -n $(PYTEST_N) --dist loadfile $(ARGS)

# Wheel and sdist, in dist/.
build: $(READY)
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# The same, installed in clean environments and used as a newcomer uses them.
check-build: $(READY)
	$(BIN)/python -m scripts.release.check_artifacts $(ARGS)

# What a release is made of, as CycloneDX bills of materials, in dist/.
sbom: $(READY)
	$(BIN)/python -m scripts.release.sbom $(ARGS)

# What can be made again. Runs, the environment and the Rust build products stay.
clean:
	rm -rf dist build site .flwr .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# polkadot.js is the second real client of the embedded chain; its test says so when npm is absent.
npm:
	@if command -v npm >/dev/null; then npm ci --silent --prefix tests/polkadotjs; \
	else echo "skipped: the polkadot.js client test needs npm"; fi

test-rust: $(READY)
	@if command -v cargo >/dev/null; then cd $(RUST) && cargo test --locked --quiet \
	  && cargo test --locked --quiet -p pallet-bcfl -p pallet-validator-set --features runtime-benchmarks bench; \
	else echo "skipped: the pallet's own tests need cargo (rustup.rs)"; fi
	$(BIN)/python -m scripts.runtime.build_wasm verify || test $$? -eq 3

lint-python: $(READY)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lint-imports --config importlinter-types.ini
	$(BIN)/codespell $(PACKAGES) benchmarks examples scripts docs *.md
	$(BIN)/mdformat --check $(PAGES)

lint-rust:
	@if command -v cargo >/dev/null; then cd $(RUST) && cargo fmt --all --check \
	  && cargo fmt --check --manifest-path node/Cargo.toml \
	  && cargo clippy --locked --quiet --all-targets -- -D warnings; \
	else echo "skipped: cargo fmt and clippy need cargo (rustup.rs)"; fi

format: $(READY)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)
	$(BIN)/python -m scripts.docs.pages
	$(BIN)/mdformat $(PAGES)

bench: $(READY)
	$(BIN)/python -m benchmarks.chain.core --quick
	$(BIN)/python -m benchmarks.chain.rpc --quick
	$(BIN)/python -m benchmarks.rejections --quick
	$(BIN)/python -m benchmarks.speed --quick
	$(BIN)/python -m benchmarks.fairness --quick
	$(BIN)/python -m benchmarks.accuracy --quick
	$(BIN)/python -m benchmarks.breadth --quick
	$(BIN)/python -m benchmarks.economics --quick
	$(BIN)/python -m benchmarks.demo_seeds --seeds 2 --dry

wasm: $(READY)
	$(BIN)/python -m scripts.runtime.build_wasm build
	$(BIN)/python -m scripts.runtime.interface

.PHONY: node node-wheel lint-node

# The first time takes about half an hour on two cores. Needs protoc (protobuf-compiler). Tests use it.
node:
	cd $(RUST)/node && CARGO_TARGET_DIR=$(BCFL_NODE_TARGET_DIR) cargo build --release --locked

# The program as a wheel, in dist/. One built elsewhere: BCFL_NODE=FILE make node-wheel
node-wheel: $(READY) $(if $(BCFL_NODE),,node)
	BCFL_NODE=$(abspath $(or $(BCFL_NODE),$(BCFL_NODE_TARGET_DIR)/release/bcfl-node)) \
	  $(BIN)/python -m build --wheel --no-isolation --outdir dist wheels/bcfl-node

# The node's own tests, and both wheels together in a clean environment. Accidents of a network want root.
# One network at a time: four validators and their pages have work for two cores.
.PHONY: check-node
check-node: $(READY) npm node-wheel
	$(BIN)/python -m pytest tests/nodes tests/conformance -m network
	$(BIN)/python -m pytest tests/nodes tests/conformance tests/repo/docs/test_node_pages.py -m "not network" \
	  -n $(PYTEST_N) --dist loadfile
	$(BIN)/python -m scripts.release.check_network dist/bcfl_node-*.whl

# Clippy on the node's own sources, over what `make node` compiled: `cargo clippy` would check all crates anew.
lint-node: export RUSTC_WORKSPACE_WRAPPER := clippy-driver
lint-node: export CLIPPY_ARGS := -Dwarnings
lint-node: node

# Needs the published crate frame-omni-bencher (the variable leaves out its own test runtime):
# SKIP_WASM_BUILD=1 cargo install frame-omni-bencher --version 0.28.0 --locked
weights: $(READY)
	$(BIN)/python -m scripts.runtime.weights $(ARGS)

# A million random calls on the pallet natively, and a hundred thousand on the real runtime.
fuzz: $(READY)
	cd $(RUST) && BCFL_FUZZ_CALLS=1000000 cargo test --locked --profile fuzz -p pallet-bcfl fuzz::long -- --nocapture
	$(BIN)/python -m scripts.runtime.fuzz --steps 100000

fuzz-readers: $(READY)
	$(BIN)/python -m scripts.fuzz.run --hours 8 --keep --page

# Versions and hashes, no addresses.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --output-file requirements/dev.txt pyproject.toml requirements/build.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --constraint requirements/dev.txt --output-file requirements/uv.txt requirements/uv.in
