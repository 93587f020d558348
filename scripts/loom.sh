#!/usr/bin/env bash
# Runs the loom models of the table: every interleaving with at most five preemptions; with --short, at most three.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preemptions=5
if [[ ${1-} == --short ]]; then preemptions=3; fi

# Its own target folder: with the flag in it every crate is another build, and sharing would rebuild both ways.
export RUSTFLAGS="${RUSTFLAGS-} --cfg loom"
test=(cargo test --package quitclaim --release --lib --target-dir target/loom loom)

# A filter that matches nothing is a success to cargo; a proof of nothing must not be one to us.
models=$("${test[@]}" -- --list --format terse | grep -c ': test$') || models=0
printf 'loom: %d models, at most %d preemptions\n' "$models" "$preemptions"
((models > 0))
LOOM_MAX_PREEMPTIONS=$preemptions "${test[@]}"
