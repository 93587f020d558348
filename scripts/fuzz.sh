#!/usr/bin/env bash
# Fuzzes the NTLM acceptor, ten minutes a target: scripts/fuzz.sh [--short | SECONDS] [TARGET...]; --short is 10 s each.
# Without nightly and cargo-fuzz --short skips, and nothing is ever installed here. What CI runs instead, on any
# toolchain: `cargo test -p quitclaim-ntlm --test corpus`, the corpus and random changes of it under the same oracles.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1-600}
if (($# > 0)); then shift; fi
case $mode in
    --short) seconds=10 ;;
    *[!0-9]* | '') echo "usage: scripts/fuzz.sh [--short | SECONDS] [TARGET...]" >&2; exit 2 ;;
    *) seconds=$mode ;;
esac
targets=("$@")
if ((${#targets[@]} == 0)); then targets=(negotiate challenge authenticate av_pairs exchange); fi

# rustup is told not to fetch a toolchain.
export RUSTUP_AUTO_INSTALL=0
missing=
if ! host=$(rustc +nightly -vV 2>/dev/null | sed -n 's/^host: //p'); then missing="a nightly toolchain"; fi
if ! cargo fuzz --version >/dev/null 2>&1; then missing=${missing:+$missing and }"cargo-fuzz"; fi
if [[ -n $missing ]]; then
    if [[ $mode == --short ]]; then
        echo "fuzz: SKIPPED: $missing missing here"
        exit 0
    fi
    echo "fuzz: $missing missing here: rustup toolchain install nightly; cargo install cargo-fuzz --version 0.13.1 --locked" >&2
    exit 1
fi

# No sanitizer: the crate forbids unsafe code, so what is looked for are panics, overflows and wrong answers, twice as fast.
cargo +nightly fuzz build --sanitizer none --target-dir target/fuzz

run() {
    local target=$1 found=target/fuzz/artifacts/$1 corpus=target/fuzz/corpus/$1 log=target/fuzz/$1.log runs
    mkdir -p "$found" "$corpus"
    # What is new goes to the first folder: the repository's corpus is changed by hand alone.
    if ! "target/fuzz/$host/release/$target" "$corpus" "fuzz/corpus/$target" -artifact_prefix="$found/" \
        -max_total_time="$seconds" -max_len=17000 -timeout=2 -rss_limit_mb=512 -print_final_stats=1 &>"$log"; then
        printf 'fuzz: %s: FOUND something: %s\n' "$target" "$log" >&2
        tail -n 25 "$log" >&2
        return 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf 'fuzz: %s: %s runs in %s s, nothing found\n' "$target" "$runs" "$seconds"
}
export -f run
export host seconds
# shellcheck disable=SC2016 # the argument is the inner shell's
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -euo pipefail -c 'run "$0"'
