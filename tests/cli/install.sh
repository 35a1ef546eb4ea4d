# `make install` puts everything in its place, where the program finds its files; `make uninstall` removes it
build=$(realpath --relative-to="$ROOT" "$BUILD")
here=$PWD/there
in_project()
{
    make -C "$ROOT" --no-print-directory "$@" B="$build" DESTDIR="$here" PREFIX=/opt/cambench >make.txt 2>&1 || cat make.txt
}
in_project install
root=$here/opt/cambench
(cd "$root" && find . -type f | sed 's/cambench-[a-z-]*\.1$/cambench-COMMAND.1/; s/[^/]*\.\(h5\|yaml\|csv\|h\)$/FILE.\1/' | sort -u)

# each command has a page, and man reports no error in it
for command in $("$root/bin/cambench" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
    page=$root/share/man/man1/cambench-$command.1
    grep -q "^\.TH CAMBENCH-${command^^} 1" "$page" || echo "$page: not that of $command"
    for option in $("$root/bin/cambench" "$command" --help | grep -o -- '^ .*--[a-z-]*' | grep -o -- '--[a-z-]*'); do
        grep -qF -- "${option//-/\\-}" "$page" || echo "$page: $option is missing"
    done
done
if command -v mandoc >/dev/null; then mandoc -T lint -W warning "$root"/share/man/man1/*.1; fi

in_project uninstall
[ ! -e "$here" ] || find "$here"
