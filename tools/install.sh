#!/bin/bash
# Installs the program and its files, or removes them. A list of the files, and of the folders that were made for them,
# is installed too: uninstall removes exactly these, and a folder only if it is empty by then.
# usage: install.sh install BUILD HEADER...     BUILD: build/, with the program and the manual pages
#        install.sh uninstall
#     COMPLETIONS  files of BUILD/completions, as the folders below share/ that they belong in
#     PREFIX  where it will run (/usr/local); DESTDIR  put before PREFIX when making a package
set -euo pipefail
action=$1
shift
prefix=${PREFIX:-/usr/local}
place=$(realpath -ms "${DESTDIR:-}$prefix")
list=$place/share/cambench/installed.txt
modes=() sources=() targets=() made=()

fail()
{
    echo "$*" >&2
    exit 1
}

# plan MODE FILE TARGET: TARGET below the prefix
plan()
{
    modes+=("$1") sources+=("$2") targets+=("$3")
}

plan_all()
{
    local build=$1 file
    shift
    plan 755 "$build/cambench" bin/cambench
    for file in "$build"/man/*.1; do
        plan 644 "$file" "share/man/man1/${file##*/}"
    done
    for file in ${COMPLETIONS:-}; do
        plan 644 "$build/completions/${file##*/}" "share/$file"
    done
    for file in "$@"; do
        plan 644 "$file" "include/cambench/$file"
    done
    plan 644 "$build/cambench.pc" share/pkgconfig/cambench.pc
    for file in mycam.c Makefile; do
        plan 644 "$build/example/$file" "share/cambench/example/$file"
    done
    while read -r file; do
        plan 644 "$file" "share/cambench/$file"
    done < <(printf "%s\n" python/cambench.py python/cambench_network.py; find backbones/demo datasets/demo -name '*.h5'; find configs results/reference -name '*.yaml' -o -name '*.csv')
}

# make_folder FOLDER: makes it and those above it, and records which are new
make_folder()
{
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname "$1")"
    mkdir "$1" 2>/dev/null || fail "could not make the folder \"$1\": PREFIX must name a place that you may write to"
    made+=("$1")
}

# Writes lines "file PATH" and "folder PATH", below the prefix, which is the folder "."; "above N": N folders above it
# are new. The lines of an earlier installation are kept.
write_list()
{
    local folder above=0 old=
    [ ! -e "$list" ] || old=$(cat "$list")
    {
        printf 'file %s\n' "${targets[@]}" share/cambench/installed.txt
        for folder in ${made[@]+"${made[@]}"}; do
            case $folder in
            "$place"/*) echo "folder ${folder#"$place"/}" ;;
            "$place") echo "folder ." ;;
            *) above=$((above + 1)) ;;
            esac
        done
        [ "$above" -eq 0 ] || echo "above $above"
        [ -z "$old" ] || echo "$old"
    } | LC_ALL=C sort -u | { cat >"$list"; } 2>/dev/null ||
        fail "could not write \"$list\": PREFIX must name a place that you may write to"
}

# The list is written first, so that an interrupted installation can be removed too.
install_all()
{
    local target i
    plan_all "$@"
    for target in "${targets[@]}"; do
        make_folder "$(dirname "$place/$target")"
    done
    write_list
    for i in "${!targets[@]}"; do
        install -m "${modes[i]}" "${sources[i]}" "$place/${targets[i]}"
    done
    echo "installed ${#targets[@]} files in $place; \"${prefix%/}/bin/cambench run demo\" writes results to the folder it is run in"
}

remove_above()
{
    local folder=$place i
    for ((i = 0; i < ${1:-0}; i++)); do
        folder=$(dirname "$folder")
        rmdir "$folder" 2>/dev/null || return 0
    done
}

# In reverse order a folder comes after its content, and the prefix last.
uninstall_all()
{
    local lines kind name
    [ -e "$list" ] || fail "nothing to remove: there is no \"$list\", which make install writes"
    lines=$(LC_ALL=C sort -r "$list")
    while read -r kind name; do
        [ "$kind" != file ] || rm -f "$place/$name"
    done <<<"$lines"
    while read -r kind name; do
        [ "$kind" != folder ] || rmdir "$place/${name#.}" 2>/dev/null || true
    done <<<"$lines"
    remove_above "$(sed -n 's/^above //p' <<<"$lines" | sort -n | tail -n 1)"
}

case $action in
install) install_all "$@" ;;
uninstall) uninstall_all ;;
*) fail "install.sh: cannot \"$action\"; allowed: install, uninstall" ;;
esac
