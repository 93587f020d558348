#!/usr/bin/env bash
# Builds the sdist, and the wheel from that sdist, into dist/; then installs each into an empty environment and
# imports it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# maturin and, in the second proof, pip unpack the sdist elsewhere; one target folder spares the crates a second build.
export CARGO_TARGET_DIR=$PWD/target
rm -rf dist
.venv/bin/python -m maturin build --sdist --out dist

# The wheel is what most users install; `pip install SDIST` is what the others do, with a build environment of pip's.
# -I: neither the checkout nor the caller's PYTHONPATH may stand in for what was installed.
for artefact in "$PWD"/dist/*.whl "$PWD"/dist/*.tar.gz; do
    environment=$work/${artefact##*.}
    .venv/bin/python -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$artefact"
    "$environment/bin/python" -I - "$environment" <<'PYTHON'
import importlib.metadata, pathlib, sys
import quitclaim

package = pathlib.Path(quitclaim.__file__).parent
assert package.is_relative_to(sys.argv[1]), f"{package} is not the one just installed"
assert (package / "py.typed").is_file(), "the type checkers' marker is missing"
assert (package / "_quitclaim.pyi").is_file(), "the extension's stub is missing"
assert (package / "contrib/fail2ban/filter.d/quitclaim.conf").is_file(), "fail2ban's filter is missing"
assert importlib.metadata.entry_points(group="pytest11", name="quitclaim"), "pytest does not find the fixtures"
print(f"wheel: quitclaim {importlib.metadata.version('quitclaim')} imports from {package}")
PYTHON
done
printf 'wheel: OK: %s\n' dist/*
