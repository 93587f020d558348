#!/usr/bin/env bash
# Formatters, linters and types: what must hold before each commit. Stops at the first step that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '== %s\n' "$1"
    "${@:2}"
}

python=.venv/bin/python
step "rustfmt" cargo fmt --all --check
step "clippy" cargo clippy --workspace --all-targets -- -D warnings
step "ruff format" "$python" -m ruff format --check
step "ruff check" "$python" -m ruff check
step "mypy" "$python" -m mypy
step "stubtest" "$python" -m mypy.stubtest quitclaim._quitclaim
