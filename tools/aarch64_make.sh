#!/bin/sh
# Runs make for aarch64: with Debian's cross compiler and the libraries of tools/aarch64_root.sh; output goes to FOLDER.
# usage: aarch64_make.sh FOLDER TARGET...      ROOT is FOLDER/root
set -eu
folder=$1 root=$PWD/$1/root
library=usr/lib/aarch64-linux-gnu
shift
export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$root/$library/pkgconfig:$root/usr/share/pkgconfig"
exec "${MAKE:-make}" --no-print-directory B="$folder" CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar EXTRA="--sysroot=$root" \
    PROGRAM_RUNS= "$@"
