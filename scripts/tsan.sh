#!/usr/bin/env bash
# Runs the stress test under ThreadSanitizer; with --short fewer rounds, and a machine without nightly skips it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1-}
if [[ $mode == --short ]]; then export QUITCLAIM_STRESS_ROUNDS=${QUITCLAIM_STRESS_ROUNDS-200}; fi

# The sanitizer is nightly's alone. rustup is told not to fetch one: a test run installs nothing.
export RUSTUP_AUTO_INSTALL=0
if ! host=$(rustc +nightly -vV 2>/dev/null | sed -n 's/^host: //p'); then
    if [[ $mode == --short ]]; then
        echo "tsan: SKIPPED: no nightly toolchain here (rustc +nightly does not run)"
        exit 0
    fi
    echo "tsan: no nightly toolchain here (rustc +nightly does not run): install one with rustup" >&2
    exit 1
fi

# --target keeps the flags off build scripts and proc macros. The second flag: the standard library comes as it is,
# without the sanitizer, since -Zbuild-std needs its source; the table's own accesses are all instrumented.
export RUSTFLAGS="${RUSTFLAGS-} -Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"

# libtest's own channel is such uninstrumented code: its hand-over of a test's result would be reported as a race.
mkdir -p target/tsan
echo 'race:test::event::CompletedTest' >target/tsan/suppressions
export TSAN_OPTIONS="${TSAN_OPTIONS-} suppressions='$PWD/target/tsan/suppressions'"
cargo +nightly test --package quitclaim --test stress --target "$host" --target-dir target/tsan
