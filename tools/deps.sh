#!/bin/sh
# Installs the missing packages through apt-get, without questions; quick if all are installed.
# usage: deps.sh GROUP...            groups: build, test, lint, golden, aarch64
#        deps.sh --list GROUP...     all packages of the groups, one a line, installed or not
#        deps.sh --missing GROUP...  those that are missing
set -eu

# group, Debian package, test for its presence: cmd: a program, pkg: a pkg-config module, header: an #include,
# python: modules of Debian's Python
table='
build  gcc                   cmd:cc
build  pkg-config            cmd:pkg-config
build  libc6-dev             header:stdio.h
build  libopenblas-openmp-dev pkg:openblas
build  libhdf5-dev           pkg:hdf5-serial
build  libjpeg-dev           pkg:libjpeg
build  libpng-dev            pkg:libpng
build  libyaml-dev           pkg:yaml-0.1
build  libsqlite3-dev        pkg:sqlite3
build  libjansson-dev        pkg:jansson
build  nettle-dev            pkg:nettle
build  libarchive-dev        pkg:libarchive
build  libcurl4-openssl-dev  pkg:libcurl
build  libexpat1-dev         pkg:expat
build  zlib1g-dev            pkg:zlib
build  libnanopb-dev         header:pb_decode.h
build  nanopb                cmd:protoc-gen-nanopb
build  protobuf-compiler     cmd:protoc
build  librandom123-dev      header:Random123/philox.h
build  gnuplot-nox           cmd:gnuplot
test   libcmocka-dev         pkg:cmocka
test   sqlite3               cmd:sqlite3
test   python3               cmd:python3
test   zsh                   cmd:zsh
test   fish                  cmd:fish
test   chromium              cmd:chromium
test   chromium-driver       cmd:chromedriver
lint   git                   cmd:git
lint   clang                 cmd:clang
lint   libomp-dev            clang:omp.h
lint   clang-format          cmd:clang-format
lint   clang-tidy            cmd:clang-tidy
lint   cppcheck              cmd:cppcheck
lint   shellcheck            cmd:shellcheck
lint   mandoc                cmd:mandoc
aarch64 gcc-aarch64-linux-gnu cmd:aarch64-linux-gnu-gcc
aarch64 debootstrap          cmd:debootstrap
aarch64 qemu-user-static     cmd:qemu-aarch64-static
golden python3-torch         python:torch
golden python3-torchvision   python:torchvision
golden python3-numpy         python:numpy
golden python3-scipy         python:scipy
golden python3-pil           python:PIL
golden python3-h5py          python:h5py
golden python3-sklearn       python:sklearn
golden python3-onnx          python:onnx
'

# has_header HEADER COMPILER...
has_header()
{
    header=$1
    shift
    printf '#include <%s>\n' "$header" | "$@" -fopenmp -E -x c - >/dev/null 2>&1
}

# shellcheck disable=SC2086 # CC may be several words
is_there()
{
    case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
    pkg:*) pkg-config --exists "${1#pkg:}" 2>/dev/null ;;
    header:*) has_header "${1#header:}" ${CC:-cc} ;;
    clang:*) has_header "${1#clang:}" clang ;;
    python:*) /usr/bin/python3 -c "import importlib.util as u, sys; sys.exit(not u.find_spec('${1#python:}'))" 2>/dev/null ;;
    esac
}

# packages_if CONDITION GROUP...: prints the packages of the groups whose check meets the condition
packages_if()
{
    condition=$1
    shift
    for wanted in "$@"; do
        printf '%s' "$table" | while read -r group package check; do
            if [ "$group" = "$wanted" ] && "$condition" "$check"; then echo "$package"; fi
        done
    done
}

is_missing()
{
    ! is_there "$1"
}

case $1 in
--list) condition=true ;;
--missing) condition=is_missing ;;
*) condition= ;;
esac
if [ -n "$condition" ]; then
    shift
    packages_if "$condition" "$@"
    exit 0
fi
list=$(packages_if is_missing "$@" | tr '\n' ' ')
[ -n "$list" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing: $list" >&2
    echo "this system has no apt-get; install these (Debian's names) with its own package manager, then run make again" >&2
    exit 1
fi
by_hand="as root, run: apt-get install $list"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "missing, and neither root nor sudo without a password; $by_hand" >&2
        exit 1
    fi
    as_root='sudo -n'
fi
echo "installing: $list"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt()
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends "$@" >"$log" 2>&1
}
# the lists of packages may be absent or old: they are fetched only when the first try fails
# shellcheck disable=SC2086 # a list of words
if apt install $list || { apt update && apt install $list; }; then
    exit 0
fi
cat "$log" >&2
echo "apt-get could not install them; $by_hand" >&2
exit 1
