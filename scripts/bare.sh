#!/usr/bin/env bash
# Proves `make setup` and `make demo` on a bare Debian 12: a clone of HEAD in a chroot with Python, make, git, this machine's Rust
# toolchain and nothing else. .bare/base keeps the bare system; .bare/run is a copy of it that lives for one run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=bookworm
packages=python3,make,git,ca-certificates
base=$PWD/.bare/base
root=$PWD/.bare/run # the chroot
clone=/home/quitclaim # in the chroot

main() {
    require_root_and_debootstrap
    # In mount and process namespaces of its own: at the end, however it comes, no mount and no process is left.
    if [[ ${1-} != --isolated ]]; then
        unshare --mount --propagation private --pid --fork --kill-child "$PWD/scripts/bare.sh" --isolated ||
            fail "FAILED: what went wrong is above, and the chroot lies in .bare/run for a look"
        rm -rf --one-file-system "$root"
        say "OK: on a bare Debian 12 make setup works, a second one does nothing, the demo runs, the tests pass"
        return
    fi
    if [[ $(cat "$base/.made-of" 2>/dev/null) != "$suite $packages" ]]; then make_base; fi
    make_run
    mount_run
    say "make setup, the first"
    in_run make setup
    say "make setup, the second: must write nothing"
    in_run touch /mark
    in_run make setup
    written=$(in_run find . -newer /mark)
    [[ -z $written ]] || fail "the second make setup wrote: $written"
    say "make demo"
    in_run make demo
    say "tests, with the mail clients that they install"
    in_run env INTEROP=1 scripts/interop.sh
    in_run env INTEROP=1 .venv/bin/python -m pytest -q
}

require_root_and_debootstrap() {
    if ((EUID != 0)); then fail "a chroot needs root: run it as root"; fi
    if command -v debootstrap >/dev/null; then return; fi
    command -v apt-get >/dev/null || fail "this machine lacks debootstrap: install it with its package manager"
    say "this machine lacks debootstrap: apt-get install -y --no-install-recommends debootstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
}

# Made under another name, so that a base that is there is whole.
make_base() {
    local mirror
    # The mirror that this machine itself uses, as apt understands its own sources.
    # shellcheck disable=SC2016 # apt expands these, not the shell
    mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$suite" '$1 == suite && $2 == "main" && !found { print $3; found = 1 }')
    [[ -n $mirror ]] || fail "no apt source of this machine serves $suite main, so there is no mirror to build it from"
    say "base: debootstrap of $suite with $packages"
    rm -rf --one-file-system "$base" "$base.partial"
    mkdir -p "$base.partial"
    debootstrap --variant=minbase --include="$packages" "$suite" "$base.partial" "$mirror" >.bare/debootstrap.log ||
        fail "debootstrap failed: see .bare/debootstrap.log"
    chroot "$base.partial" apt-get clean
    echo "$suite $packages" >"$base.partial/.made-of"
    mv -T "$base.partial" "$base"
}

make_run() {
    say "run: a copy of the base and a clone of HEAD"
    if [[ -n $(git status --porcelain) ]]; then say "note: uncommitted changes are not in the clone"; fi
    rm -rf --one-file-system "$root"
    cp -a --reflink=auto "$base" "$root"
    git clone --quiet --no-hardlinks "$PWD" "$root$clone"
    copy_network_settings
}

# How this machine reaches its registries is not part of what is proved: the chroot gets the same names, certificates,
# proxies and indexes.
copy_network_settings() {
    local file name
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?)(::| )' \
        >"$root/etc/apt/apt.conf.d/90host" || true
    for file in /etc/ssl/certs/ca-certificates.crt /etc/pip.conf; do
        if [[ -f $file ]]; then cp -L --parents "$file" "$root"; fi
    done
    for name in config.toml config; do
        file=${CARGO_HOME:-${HOME-}/.cargo}/$name
        if [[ -f $file ]]; then install -D "$file" "$root/root/.cargo/$name"; fi
    done
    # A variable may name a file, a bundle of certificates say: it goes along, to the same place.
    while read -r name; do
        file=${!name}
        if [[ $file == /* && -f $file ]]; then cp -L --parents "$file" "$root"; fi
    done < <(network_variables)
}

network_variables() {
    local pip='PIP_(INDEX_URL|EXTRA_INDEX_URL|CERT|TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT|RETRIES)'
    local cargo='CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z0-9_]*'
    local all='SSL_CERT_FILE|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY'
    compgen -e | grep -xE "$pip|$cargo|$all" || true
}

# The toolchain itself, not rustup's shims: its bin works without rustup, and read-only nothing can be added to it.
mount_run() {
    local toolchain
    toolchain=$(rustc --print sysroot)
    [[ $toolchain != /usr && -x $toolchain/bin/cargo ]] ||
        fail "$toolchain is not a toolchain in a folder of its own (rustup's are): it cannot be bound into a chroot"
    mkdir "$root/opt/rust"
    mount --bind "$toolchain" "$root/opt/rust"
    mount -o remount,bind,ro "$root/opt/rust"
    # /dev itself is the base's own: with this machine's bound in, a careless root could break it.
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount -t proc proc "$root/proc"
}

# Runs a command in the clone, with an environment that carries nothing of this machine but the network's settings.
in_run() {
    local name settings=()
    while read -r name; do settings+=("$name=${!name}"); done < <(network_variables)
    # shellcheck disable=SC2016 # the inner shell expands these
    env -i "${settings[@]}" HOME=/root LANG=C.UTF-8 \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$clone" "$@"
}

say() { printf 'bare: %s\n' "$*"; }

fail() {
    printf 'bare: %s\n' "$*" >&2
    exit 1
}

main "$@"
