#!/usr/bin/env bash
# Installs the mail clients from Debian that tests/interop logs in with; those from PyPI are in the dev group. Where
# all are there it only says so. Nothing is configured, and no service is started.
set -euo pipefail

programs=(curl fetchmail mpop) # each is the only thing wanted of the package of its name
policy=/usr/sbin/policy-rc.d   # what apt asks before it starts a service: 101 is no
policy_aside=$policy.before-interop

main() {
    local missing=() install program
    for program in "${programs[@]}"; do
        if ! command -v "$program" >/dev/null; then missing+=("$program"); fi
    done
    if ((${#missing[@]} == 0)); then
        say "${programs[*]} are there"
        return
    fi
    install="apt-get install --yes --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null || fail "${missing[*]}: not here, nor apt-get; install them with the package manager"
    ((EUID == 0)) || fail "${missing[*]}: not here, and only root installs packages; run: sudo $install"
    say "apt-get update"
    apt-get update -qq
    say "installs: $(apt-get install --simulate --no-install-recommends "${missing[@]}" |
        awk '/^Inst/ { printf "%s%s", space, $2; space = " " }')"
    forbid_services
    DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends "${missing[@]}" >/dev/null
    for program in "${missing[@]}"; do
        command -v "$program" >/dev/null || fail "the package $program was installed, and brought no such program"
    done
}

# fetchmail comes with a service. Whatever policy this machine has is put aside, and is back when the script ends,
# however it ends; after a SIGKILL, when the next one does.
forbid_services() {
    trap restore_policy EXIT
    if [[ (-e $policy || -L $policy) && ! -e $policy_aside && ! -L $policy_aside ]]; then mv -T "$policy" "$policy_aside"; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

restore_policy() {
    rm -f "$policy"
    if [[ -e $policy_aside || -L $policy_aside ]]; then mv -T "$policy_aside" "$policy"; fi
}

say() { printf 'interop: %s\n' "$*"; }

fail() {
    printf 'interop: %s\n' "$*" >&2
    exit 1
}

main
