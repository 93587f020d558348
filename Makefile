# A list of names: whatever is longer than a command or two is a script in scripts/.
.DEFAULT_GOAL := help
.PHONY: help setup demo check test loom tsan mutants bench bench-table bench-rust bench-python bench-ntlm bench-server fuzz fuzz-session docs wheel bare clean

# clippy, rustdoc and maturin must agree on one interpreter, or each rebuilds PyO3 after the other.
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python

help: ## Prints this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Makes .venv: pinned tools and the extension, release build. A second call does nothing.
	@scripts/setup.sh

demo: setup ## Shows the defect of 1997 beside the server: failed logins, and the Handle Count of each.
	@scripts/demo.sh

check: setup ## Runs formatters, linters, mypy and stubtest: about a minute, before each commit.
	@scripts/check.sh

test: setup ## Runs everything CI runs: check, Rust tests, short loom, tsan and mutants, rustdoc, pytest.
	@scripts/test.sh

loom: ## Runs the loom models with five preemptions (scripts/loom.sh --short: three).
	@scripts/loom.sh

tsan: ## Runs the stress test under ThreadSanitizer; needs a nightly toolchain (scripts/tsan.sh --short: fewer rounds).
	@scripts/tsan.sh

mutants: setup ## Seeds each mutant and names the test that kills it.
	@.venv/bin/python scripts/mutants.py

fuzz: ## Fuzzes each target of fuzz/ for ten minutes; needs a nightly toolchain and cargo-fuzz (scripts/fuzz.sh SECONDS: other).
	@scripts/fuzz.sh

fuzz-session: setup ## Fuzzes a POP3 session for ten minutes; needs atheris (scripts/fuzz_session.py SECONDS: other).
	@.venv/bin/python scripts/fuzz_session.py

bench: bench-rust bench-python bench-ntlm bench-server ## Prints all tables of benches: the table, NTLM, the server.

bench-table: setup ## Prints each of the table's figures beside its goal, Rust and Python; writes target/bench-table.json.
	@benches/table.sh

bench-rust: setup ## Prints the Rust table: churn and storm beside the peers.
	@cargo bench --package quitclaim-benches --bench table

bench-python: setup ## Prints the Python tables, one a group, with the extension as users get it (lto).
	@PIP_QUIET=1 .venv/bin/python -m maturin develop --locked --profile wheel --quiet
	@.venv/bin/python -m pytest benches/test_table_bench.py --benchmark-enable --benchmark-only --benchmark-group-by=group \
		--benchmark-columns=median,iqr,min,ops

bench-ntlm: setup ## Prints what an NTLM login costs, in Rust and in Python, beside NTOWFv2 and pyspnego's acceptor.
	@cargo bench --package quitclaim-benches --bench ntlm
	@cargo bench --package quitclaim-benches --bench timing
	@.venv/bin/python -m pytest benches/test_ntlm_bench.py --benchmark-enable --benchmark-only \
		--benchmark-group-by=group --benchmark-columns=median,iqr,min
	@.venv/bin/python benches/ntlm_timing.py

bench-server: setup ## Prints what a login attempt costs the server, beside canned replies. Loopback only, a minute.
	@.venv/bin/python benches/server/compare.py

docs: setup ## Builds the Rust documentation into target/doc; a warning is an error.
	@RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

wheel: setup ## Builds sdist and wheel into dist/ and proves them in empty environments.
	@scripts/wheel.sh

bare: ## Proves `make setup`, `make demo` and the tests on a bare Debian 12, in a chroot under .bare/; needs root.
	@scripts/bare.sh

clean: ## Removes everything that the targets above have made.
	@rm -rf --one-file-system target dist .bare .venv .venv.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	@rm -f python/quitclaim/*.so
