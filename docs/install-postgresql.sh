#!/bin/sh
# Install PostgreSQL's server where it is missing: the tests start one of their own. Exit 0 when it is there in the end.
set -u

is_there() {
    command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1 && return 0
    # Debian keeps the server's programs off PATH.
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && [ -x "${initdb%/*}/postgres" ] && return 0
    done
    return 1
}

is_there && exit 0

what_to_do() {
    echo "PostgreSQL's server is missing: $1" >&2
    echo "Install it (Debian, Ubuntu: 'apt-get install --no-install-recommends postgresql' as root;" >&2
    echo "elsewhere see https://www.postgresql.org/download) so that 'initdb' is on PATH, and try again." >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || what_to_do "there is no apt-get here."

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    what_to_do "installing it needs root, and neither root nor passwordless sudo is at hand."
fi

# Only the programs are wanted: Debian would also set up and start a cluster.
no_cluster() {
    [ -e /etc/postgresql-common/createcluster.conf ] && return 0
    $as_root mkdir -p /etc/postgresql-common \
        && echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
}

install_it() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Options::=--force-confold postgresql
}

echo "Installing PostgreSQL's server through apt (some 20 MB to download) ..."
no_cluster || what_to_do "/etc/postgresql-common can't be written."
# The package lists may be missing or old: refresh them only when the first try fails.
install_it >/dev/null 2>&1 || { $as_root apt-get update -q >/dev/null && install_it >/dev/null; } \
    || what_to_do "apt-get could not install it (see above)."
is_there || what_to_do "apt-get says it is installed, yet its initdb is nowhere."
