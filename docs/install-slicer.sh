#!/bin/sh
# Install PrusaSlicer where it is missing. Exit 0 when it is there in the end.
set -u

if command -v prusa-slicer >/dev/null 2>&1; then
    exit 0
fi

what_to_do() {
    echo "PrusaSlicer is missing: $1" >&2
    echo "Install it (Debian, Ubuntu: 'apt-get install --no-install-recommends prusa-slicer' as root;" >&2
    echo "elsewhere see https://www.prusa3d.com/prusaslicer) so that 'prusa-slicer' is on PATH, and try again." >&2
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

install_it() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends prusa-slicer
}

echo "Installing PrusaSlicer through apt (some 55 MB to download) ..."
# The package lists may be missing or old: refresh them only when the first try fails.
install_it >/dev/null 2>&1 || { $as_root apt-get update -q >/dev/null && install_it >/dev/null; } \
    || what_to_do "apt-get could not install it (see above)."
command -v prusa-slicer >/dev/null 2>&1 || what_to_do "apt-get says it is installed, yet it is not on PATH."
