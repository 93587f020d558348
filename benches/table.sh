#!/usr/bin/env bash
# Measures the table in Rust and in Python and prints one table: each figure beside its goal. `make bench-table`.
# --quick takes seconds, and its figures mean nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
out=target/bench-table
mkdir -p "$out"

echo "Rust, about five minutes: $out/rust.txt" >&2
cargo bench --quiet --package quitclaim-benches --bench table -- "$@" --json "$PWD/$out/rust.json" >"$out/rust.txt"
echo "Python, a minute and a half: $out/python.txt" >&2
PIP_QUIET=1 "$python" -m maturin develop --locked --profile wheel --quiet # as users get it
"$python" -m pytest benches/test_table_bench.py --benchmark-enable --benchmark-only --benchmark-group-by=group \
	--benchmark-columns=median,iqr,min,ops --benchmark-json="$out/python.json" >"$out/python.txt"
"$python" -m benches.table_goals "$out/rust.json" "$out/python.json" --json "$out.json"
echo "All figures: $out.json" >&2
