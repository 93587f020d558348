#!/usr/bin/env bash
# The whole suite, cheapest first; stops at the first step that fails. pytest is last, so its count closes the output.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n=== %s (%d s so far)\n' "$1" "$SECONDS"
    "${@:2}"
}

python=.venv/bin/python
step "check" scripts/check.sh
step "the table: unit, property, stress and doc tests" cargo test --package quitclaim
step "the NTLM acceptor: vectors, exchanges, hostile input" cargo test --package quitclaim-ntlm
step "the storm: dialogues, outcomes, hostile servers" cargo test --package quitclaim-storm
step "the benches run, and their statistics are right" cargo test --package quitclaim-benches
step "loom, short" scripts/loom.sh --short
step "ThreadSanitizer, short" scripts/tsan.sh --short
step "mutants, short" "$python" scripts/mutants.py --short
step "rustdoc" make --no-print-directory docs
if [[ -n ${CI-}${INTEROP-} ]]; then step "mail clients from Debian" scripts/interop.sh; fi
step "pytest" "$python" -m pytest
