#!/bin/sh
# Install a program of Debian's where it is missing: debian.sh WHAT_FOR PACKAGE PATH...
# It counts as there when one of the paths, or names on PATH, is there. Exit 0 when it is there in the end.
set -u
what_for=$1
package=$2
shift 2

there() {
    for place in "$@"; do
        # A pattern such as /usr/lib/postgresql/*/bin/initdb stays unquoted, so that the shell looks for it.
        for found in $place; do
            { [ -x "$found" ] || command -v "$found" >/dev/null 2>&1; } && return 0
        done
    done
    return 1
}

what_to_do() {
    echo "$package is missing ($what_for): $1" >&2
    echo "Install it ('apt-get install --no-install-recommends $package' as root, or your system's own way) and try again." >&2
    exit 1
}

there "$@" && exit 0
command -v apt-get >/dev/null 2>&1 || what_to_do "there is no apt-get here."
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    what_to_do "installing it needs root, and neither root nor passwordless sudo is at hand."
fi

install_it() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$package"
}

# Of PostgreSQL only the programs are wanted: Debian would also set up and start a server.
clusters=/etc/postgresql-common/createcluster.conf
if [ "$package" = postgresql ] && [ ! -e $clusters ]; then
    $as_root mkdir -p "${clusters%/*}" \
        && echo "create_main_cluster = false" | $as_root tee $clusters >/dev/null \
        || what_to_do "${clusters%/*} can't be written."
fi

echo "Installing $package through apt ($what_for) ..."
# The package lists may be missing or old: they are fetched only when the first try fails.
install_it >/dev/null 2>&1 || { $as_root apt-get update -q >/dev/null && install_it >/dev/null; } \
    || what_to_do "apt-get could not install it (see above)."
there "$@" || what_to_do "apt-get says it is installed, yet none of $* is there."
