#!/bin/sh
# Makes sure that a command is there: `need.sh COMMAND [PACKAGE]` installs Debian's package of that name if it is not,
# as root or with sudo.
set -eu
command=$1
package=${2:-$1}

if command -v "$command" >/dev/null; then
    exit 0
fi
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then as_root=; else as_root="sudo -n"; fi
    echo "installing $package, for the command $command"
    export DEBIAN_FRONTEND=noninteractive
    if $as_root apt-get install --yes --quiet "$package" >/dev/null 2>&1; then exit 0; fi
    if $as_root apt-get update --quiet >/dev/null 2>&1 &&
        $as_root apt-get install --yes --quiet "$package" >/dev/null 2>&1; then exit 0; fi
fi
echo "the command $command is needed; please install it (Debian, Ubuntu: sudo apt-get install $package)" >&2
exit 1
