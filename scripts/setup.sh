#!/usr/bin/env bash
# Makes .venv whole: first the tools that pyproject.toml pins, then quitclaim itself, built from this checkout.
#
# Each stage leaves a stamp in .venv that says what it was made from, written last: no stamp, not whole. A second call
# compares the stamps and does nothing. Run the tools as `.venv/bin/python -m TOOL`: that works wherever .venv lies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pip_version=26.3 # at least 25.1, the first that installs a dependency group
export PIP_DISABLE_PIP_VERSION_CHECK=1
pythons=(python3 python3.14 python3.13 python3.12 python3.11)

main() {
    local sources
    sources=$(extension_sources)
    if environment_is_current && extension_is_current "$sources"; then
        say "nothing to do"
        return
    fi
    require_rust
    require_system_packages
    if ! environment_is_current; then build_environment; fi
    build_extension "$sources"
    say "done: .venv/bin/python imports quitclaim"
}

# --- the environment: follows the dev group, pip's version, the interpreter and the place of the checkout

environment_is_current() {
    [[ -f .venv/.environment && $(environment_recipe .venv/bin/python) == "$(<.venv/.environment)" ]]
}

# The place is in it because the editable install and the tools' own scripts carry the absolute path.
environment_recipe() {
    printf '%s\n' "$PWD" "pip $pip_version"
    "$1" -I -S -c 'import sys; print(sys.version)' 2>/dev/null || printf 'no interpreter\n'
    sed -n '/^\[dependency-groups\]$/,/^\[tool/p' pyproject.toml
}

# Built under another name: `python3 -m venv`, pip and this script can each be stopped halfway and leave a folder that
# looks like an environment. A rename cannot.
build_environment() {
    local python
    python=$(require_python)
    say "environment: $("$python" --version), pip $pip_version and the dev group of pyproject.toml"
    rm -rf .venv.partial .venv.old
    trap 'rm -rf .venv.partial .venv.old' EXIT
    "$python" -m venv --prompt quitclaim .venv.partial
    .venv.partial/bin/python -m pip install --quiet "pip==$pip_version"
    .venv.partial/bin/python -m pip install --quiet --group dev
    # venv and pip wrote the folder's name into bin/activate and the scripts' first lines: make it the final one.
    grep -rlIF '/.venv.partial' .venv.partial/bin .venv.partial/pyvenv.cfg | xargs sed -i 's|/\.venv\.partial|/.venv|g'
    environment_recipe .venv.partial/bin/python >.venv.partial/.environment
    if [[ -e .venv ]]; then mv -T .venv .venv.old; fi
    mv -T .venv.partial .venv
    rm -rf .venv.old
}

# --- the extension: follows the Rust sources, the manifests and the lockfile

extension_is_current() {
    [[ -f .venv/.extension && $1 == "$(<.venv/.extension)" ]] && compgen -G 'python/quitclaim/_quitclaim*.so' >/dev/null
}

# Contents, not times: a `git switch` there and back builds nothing.
extension_sources() {
    find Cargo.toml Cargo.lock pyproject.toml rust -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

# The release profile: as fast as what users get but for lto, which the wheel alone waits for. --locked: a setup never
# changes a file that git tracks. CONDA_PREFIX beside VIRTUAL_ENV makes maturin refuse; PIP_QUIET spares us
# its list of what is already there.
build_extension() {
    say "extension: a release build of rust/quitclaim-python"
    rm -f .venv/.extension python/quitclaim/_quitclaim*.so
    env -u CONDA_PREFIX VIRTUAL_ENV="$PWD/.venv" PIP_QUIET=1 \
        .venv/bin/python -m maturin develop --locked --profile release
    .venv/bin/python -I -c 'import quitclaim'
    printf '%s\n' "$1" >.venv/.extension
}

# --- what must be there before

require_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! found=$(cargo --version 2>/dev/null && rustc --version 2>/dev/null); then
        fail "no Rust toolchain: install Rust $wanted or newer (rustup or your distribution) and put cargo and rustc on PATH"
    fi
    found=$(awk '/^rustc/ { print $2 }' <<<"$found")
    printf '%s\n' "$wanted" "$found" | sort --version-sort --check=quiet ||
        fail "Rust $found is too old: quitclaim needs $wanted or newer"
}

# Prints the first interpreter that is new enough.
require_python() {
    local wanted python
    wanted=$(sed -n 's/^requires-python = ">=\(.*\)"$/\1/p' pyproject.toml)
    for python in "${pythons[@]}"; do
        if "$python" -I -S -c "import sys; sys.exit(sys.version_info < (${wanted/./, }))" 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    fail "no Python $wanted or newer: none of ${pythons[*]} on PATH is one"
}

# A C compiler that links (Rust's linker is cc), and a Python that can make an environment with pip in it.
require_system_packages() {
    local python lacking=() packages=() install
    python=$(require_python)
    if ! cc_links; then
        lacking+=("a C compiler that links (cc)")
        packages+=(gcc libc6-dev)
    fi
    # Debian's python3 has `venv` without the `ensurepip` it needs; the package that brings it carries python's name.
    if ! "$python" -I -m ensurepip --version >/dev/null 2>&1; then
        lacking+=("venv and pip for $python")
        packages+=("$python-venv")
    fi
    if ((${#lacking[@]} == 0)); then return; fi

    install="apt-get install -y --no-install-recommends ${packages[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "this machine lacks $(and "${lacking[@]}"): install that with its package manager, then run make setup again"
    fi
    if ((EUID != 0)); then
        fail "this machine lacks $(and "${lacking[@]}"): run \`sudo $install\`, then make setup again"
    fi
    say "this machine lacks $(and "${lacking[@]}"): $install"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    cc_links || fail "cc still does not link after $install"
    "$python" -I -m ensurepip --version >/dev/null || fail "$python still lacks ensurepip after $install"
}

# Linking is the test: Debian's gcc alone comes without the C library's headers and start files.
cc_links() {
    local program works=0
    program=$(mktemp)
    cc -x c -o "$program" - <<<'int main(void) { return 0; }' 2>/dev/null || works=1
    rm -f "$program"
    return "$works"
}

and() {
    local text=$1
    shift
    printf '%s' "$text" "${@/#/ and }"
}

say() { printf 'setup: %s\n' "$*"; }

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

main
