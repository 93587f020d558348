#!/usr/bin/env bash
# Runs the demo; its curve goes to target/, as a PNG too: the extra `plot` is installed if it is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=.venv/bin/python
if ! "$python" -c 'import matplotlib' 2>/dev/null; then
    # What the extra needs, and not `quitclaim[plot]`: pip must never look for a quitclaim elsewhere.
    "$python" - <<'PYTHON' | xargs -d '\n' "$python" -m pip install --quiet --disable-pip-version-check ||
import tomllib

with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["optional-dependencies"]["plot"], sep="\n")
PYTHON
        printf 'demo: matplotlib cannot be installed now, so there is no PNG\n' >&2
fi
exec "$python" -P -m quitclaim demo --output target "$@"
