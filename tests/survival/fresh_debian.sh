#!/bin/bash
# Tries the README's first step on a machine with only make: for each release a minimal Debian (debootstrap: base
# system, make, ca-certificates) gets the sources. Without a compiler each target prints one clear line. Then `make run`
# installs what it needs, builds and runs the demo, and `make install` and `make uninstall` leave no files.
# usage: fresh_debian.sh [SUITE...]     as root, with network; bookworm and trixie
#     MIRROR   where packages come from (deb.debian.org); http_proxy is passed on
#     FOLDER   where the systems are made (a temporary folder, removed at the end)
set -u
project=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}
folder=${FOLDER:-$(mktemp -d)}
failures=0

leave()
{
    local system
    for system in "$folder"/*/; do
        mountpoint -q "$system/proc" && umount "$system/proc"
    done
    [ -n "${FOLDER:-}" ] || rm -rf "$folder"
}
trap leave EXIT

fail()
{
    echo "FAILED $suite: $*"
    failures=$((failures + 1))
}

# inside USER COMMAND...: runs it in the sources' folder, with only the shell's usual environment
inside()
{
    local user=$1
    shift
    # shellcheck disable=SC2016 # expanded inside
    chroot "$system" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp ${http_proxy:+http_proxy="$http_proxy"} \
        setpriv --reuid "$user" --clear-groups sh -c 'cd /cambench && exec "$@"' sh "$@"
}

make_system()
{
    mkdir -p "$system"
    debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$system" "$mirror" >"$system.log" 2>&1 ||
        { tail "$system.log"; fail "debootstrap"; return 1; }
    cp /etc/resolv.conf "$system/etc/"
    mount -t proc proc "$system/proc"
    mkdir "$system/cambench"
    (cd "$project" && git ls-files | tar -c -T -) | tar -x -C "$system/cambench"
}

# says_one_line USER TARGET: checks that it fails with one line and make's own
says_one_line()
{
    local code=0
    inside "$1" make "$2" >"$folder/said" 2>&1 || code=$?
    [ "$code" -ne 0 ] || fail "make $2 without a compiler: exit 0"
    # shellcheck disable=SC2015 # both print what is wrong
    [ "$(grep -vc '^make: \*\*\* ' "$folder/said")" -le 1 ] && [ "$(wc -l <"$folder/said")" -le 2 ] &&
        grep -q 'gcc\|make deps' "$folder/said" || { cat "$folder/said"; fail "make $2 without a compiler: see above"; }
}

check_without_compiler()
{
    inside 0 make help >"$folder/said" 2>&1 && [ "$(head -c 4 "$folder/said")" = "all " ] ||
        { cat "$folder/said"; fail "make help"; }
    for target in all install man lint-quick; do
        says_one_line 0 "$target"
    done
    for target in run test lint bench nightly fuzz; do
        says_one_line 65534 "$target"
    done
}

check_run()
{
    local start=$SECONDS
    inside 0 make -j2 run >"$folder/said" 2>&1 || { tail -n 20 "$folder/said"; fail "make run"; return; }
    head -n 1 "$folder/said" | grep -q '^installing: ' || { head -n 3 "$folder/said"; fail "make run: its first line"; }
    ! grep -i 'warning' "$folder/said" || fail "make run: warnings"
    [ -s "$system/cambench/results/demo/summary.csv" ] || fail "make run: no summary.csv"
    grep -A 3 '^ResNet-18' "$folder/said"
    echo "$suite: make run, $((SECONDS - start)) s, $(inside 0 cc --version | head -n 1)"
}

# Runs the installed program in an empty folder, as a user who may not write to PREFIX.
check_install()
{
    inside 0 find /usr/local ! -type d | sort >"$folder/before"
    inside 0 make install >"$folder/said" 2>&1 || { cat "$folder/said"; fail "make install"; }
    inside 65534 sh -c 'mkdir /tmp/empty && cd /tmp/empty && cambench run demo --quiet --set dataset.images=2 &&
        [ -s results/demo/summary.csv ]' >"$folder/said" 2>&1 || { cat "$folder/said"; fail "the installed program"; }
    inside 0 make uninstall >"$folder/said" 2>&1 || { cat "$folder/said"; fail "make uninstall"; }
    inside 0 find /usr/local ! -type d | sort | cmp -s - "$folder/before" || fail "make uninstall leaves files"
}

[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
    system=$folder/$suite
    make_system || continue
    check_without_compiler
    check_run
    check_install
done
echo "fresh_debian: $failures failures"
[ "$failures" -eq 0 ]
