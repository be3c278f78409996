# Two commands matter: `make demo` and `make test`. Both do all their set-up.

CARGO_FLAGS ?=
DEMO_DATA ?= data/demo
DEMO_LISTEN ?= 127.0.0.1:8080

# What is built stands in target/, wherever else the shell may want it.
unexport CARGO_TARGET_DIR

.PHONY: build dist demo test check check-crash check-conformance web packages compiler fmt browser senders clean-demo

## build: the release binary in target/release/tisheng
build: compiler web
	cargo build --release --locked -p tisheng-server $(CARGO_FLAGS)

## dist: the binary for a server in target/dist/tisheng: two thirds of the size, twice as fast, half an hour to build
dist: compiler web
	cargo build --profile dist --locked -p tisheng-server $(CARGO_FLAGS)

## demo: fill a demonstration and serve it on 127.0.0.1:8080; a second start finds its data again
demo: build
	./target/release/tisheng demo --data $(DEMO_DATA) --listen $(DEMO_LISTEN)

## test: everything that a change must pass. Clippy stands in for the compiler of our own crates, so that lints, tests
## and the binary for the browser come of one build; a warning is an error.
test: export RUSTC_WORKSPACE_WRAPPER = clippy-driver
test: export CLIPPY_ARGS = -D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
# Tests wait for disks and databases more than they compute.
test: export RUST_TEST_THREADS = 3
test: packages web
	cargo fmt --all --check
	cargo test --workspace --locked --no-run $(CARGO_FLAGS)
	cargo run -q --locked -p tisheng-tidy
	scripts/with-postgres cargo test --workspace --locked $(CARGO_FLAGS)
	cargo build --locked -p tisheng-server
	cd web && TISHENG_BINARY=../target/debug/tisheng npm test

## check: the quick part of test, on SQLite alone
check: web
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo run -q --locked -p tisheng-tidy
	cargo test --workspace --locked -- --skip postgres

## browser: the browser tests alone
browser: packages web
	cargo build --locked -p tisheng-server
	cd web && TISHENG_BINARY=../target/debug/tisheng npm test

## check-crash: kills the server in the middle of imports, uploads, ledger writes, statements and batches, 50 times each
check-crash: web
	cargo build --locked -p tisheng-server
	cd web && node checks/crash.mjs $(ROUNDS)

## check-conformance: the public conformance suite of xAPI on both engines; SUITE is a working copy of it elsewhere
check-conformance: packages build
	scripts/conformance $(SUITE)
	scripts/with-postgres scripts/conformance $(SUITE)

web: web/dist/app.css

web/dist/app.css: web/package-lock.json $(shell find web/css web/js -type f 2>/dev/null)
	cd web && npm ci --no-audit --no-fund && npm run build

## packages: Debian packages that the tests need
packages:
	scripts/packages

## compiler: what building needs
compiler:
	scripts/packages build

fmt:
	cargo fmt --all

## senders: lets the three learning platforms of a running demonstration send: to the record store, as a tool, by a file
senders:
	node web/tests/senders/run.mjs $(DEMO_DATA)

clean-demo:
	rm -rf $(DEMO_DATA)
