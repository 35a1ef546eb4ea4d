#!/bin/bash
# Makes, once, a folder with the headers and libraries of an arm64 Debian, for a cross compiler and for qemu-user. None
# of its programs is run: debootstrap unpacks the base and this script the other packages, so that binfmt is not needed.
# Release, mirror and proxy are those of this machine's apt.
# usage: aarch64_root.sh FOLDER
#     AARCH64_SUITE, AARCH64_MIRROR  another release or mirror
set -euo pipefail
root=$1 part=$1.part
library=usr/lib/aarch64-linux-gnu
tools=$(cd "$(dirname "$0")" && pwd)
packages=$("$tools/deps.sh" --list build test | grep -e '-dev$' | paste -s -d ,)

fail()
{
    echo "$*" >&2
    exit 1
}

# Prints "MIRROR RELEASE" of this machine's apt.
apt_source()
{
    apt-get indextargets --format '$(ORIGIN) $(SITE) $(CODENAME)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $3 !~ /-/ { print $2, $3; exit }'
}

use_proxy_of_apt()
{
    local proxy=
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    case $proxy in "" | DIRECT) ;; *) export http_proxy=$proxy ;; esac
}

unpack_packages()
{
    local package
    for package in "$part"/var/cache/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$part" --keep-directory-symlink
    done
    rm -rf "${part:?}"/{dev,proc,sys,debootstrap,var/cache/apt/archives}
}

# Makes the links that OpenBLAS's package leaves to update-alternatives.
link_openblas()
{
    local name
    for name in libopenblas.so libopenblas.so.0 libblas.so.3 liblapack.so.3 pkgconfig/openblas.pc; do
        ln -sf "/$library/openblas-openmp/$name" "$part/$library/$name"
    done
}

# Makes absolute links relative: they would lead to this machine's files.
make_links_relative()
{
    local link depth
    (cd "$part" && find . -type l -lname '/*') | while read -r link; do
        depth=$(dirname "$link" | sed 's|^\.$||; s|^\./||; s|[^/][^/]*|..|g')
        ln -snf "${depth:-.}$(readlink "$part/$link")" "$part/$link"
    done
}

[ "$(cat "$root/packages.txt" 2>/dev/null)" != "$packages" ] || exit 0
as_root=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || fail "debootstrap makes \"$root\" as root only: run make test-aarch64 as root, or with a sudo without a password"
    as_root='sudo -n'
fi

read -r mirror suite < <(apt_source) || true
mirror=${AARCH64_MIRROR:-${mirror:-}} suite=${AARCH64_SUITE:-${suite:-}}
[ -n "$mirror" ] && [ -n "$suite" ] || fail "apt has no Debian here: set AARCH64_MIRROR and AARCH64_SUITE"
echo "making $root: arm64, $suite, from $mirror"
use_proxy_of_apt
$as_root rm -rf "$root" "$part"
mkdir -p "$part"
# shellcheck disable=SC2086 # none, or several words
$as_root ${http_proxy:+env http_proxy="$http_proxy"} debootstrap --foreign --arch=arm64 --variant=minbase --include="$packages" \
    "$suite" "$part" "$mirror" >"$part.log" 2>&1 || { tail -n 20 "$part.log" >&2; fail "debootstrap failed: $part.log"; }
[ -z "$as_root" ] || $as_root chown -R "$(id -u):$(id -g)" "$part"
unpack_packages
link_openblas
make_links_relative
echo "$packages" >"$part/packages.txt"
mv "$part" "$root"
