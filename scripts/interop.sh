#!/usr/bin/env bash
# Installs the mail clients from Debian that tests/interop logs in with, a balancer and fail2ban; those from PyPI are in
# the dev group. Where all are there it only says so. Nothing is configured, and no service is started.
set -euo pipefail

# Each package, and what is wanted of it, unless that is the program of its name.
wanted=(curl fail2ban=fail2ban-regex fetchmail haproxy hydra medusa mpop mutt nmap
    default-jre-headless=java libbsh-java=/usr/share/java/bsh.jar libmail-java=/usr/share/java/javax.mail.jar)
PATH=$PATH:/usr/sbin         # where Debian has haproxy
policy=/usr/sbin/policy-rc.d # what apt asks before it starts a service: 101 is no
policy_aside=$policy.before-interop

main() {
    local missing=() install one
    for one in "${wanted[@]}"; do
        if ! is_there "${one#*=}"; then missing+=("${one%%=*}"); fi
    done
    if ((${#missing[@]} == 0)); then
        say "${wanted[*]%%=*} are there"
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
    for one in "${wanted[@]}"; do
        is_there "${one#*=}" || fail "the package ${one%%=*} was installed, and brought no ${one#*=}"
    done
    # fail2ban and haproxy come with services, which Debian would have begin with the machine's next start.
    if command -v systemctl >/dev/null; then
        for one in "${missing[@]}"; do systemctl --quiet disable "$one" 2>/dev/null || true; done
    fi
}

# A program on PATH, or a file.
is_there() { [[ $1 == /* && -f $1 ]] || command -v "$1" >/dev/null; }

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
