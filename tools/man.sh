#!/bin/bash
# Writes the manual pages from the program's own --help and that of its commands, so that they cannot go stale:
# cambench.1, and cambench-COMMAND.1 for each command.
# usage: man.sh PROGRAM DIR
set -eu
program=$1 dir=$2
date=$(git log -1 --format=%cs -- bench 2>/dev/null) || date=
date=${date:-$(date +%F)}
version=$("$program" --version | head -n 1)

# Prints the help with each paragraph on one line.
help_of()
{
    ARGP_HELP_FMT=rmargin=4000,no-dup-args-note "$program" "$@" --help
}

commands()
{
    "$program" --help | awk '/^Options:/ { exit } /^  [a-z]/ { name = $1; $1 = ""; print name $0 }'
}

# Prints the body of a page; a second usage line begins the part of a command within the command.
page_of()
{
    awk '
    function roff(text)
    {
        gsub(/\\/, "\\e", text)
        gsub(/-/, "\\-", text)
        gsub(/~/, "\\(ti", text)
        gsub(/\^/, "\\(ha", text)
        return text ~ /^[.\047]/ ? "\\\&" text : text
    }
    function verbatim(on)
    {
        if (on != is_verbatim)
            print on ? ".nf" : ".fi"
        is_verbatim = on
    }
    # If a page has parts, the sections of a part are subsections.
    function section(title)
    {
        verbatim(0)
        print (parts > 1 ? ".SS " : ".SH ") "\"" roff(title) "\""
        gap = 0
    }
    function item(head, text)
    {
        verbatim(0)
        print ".TP\n.B " roff(head)
        if (text)
            print roff(text)
        gap = 0
    }
    function usage(text)
    {
        sub(/^ *(Usage|or): +/, "", text)
        print roff(text)
    }
    /^Usage: / {
        title = $0
        sub(/^Usage: /, "", title)
        sub(/ [[A-Z].*/, "", title)
        if (parts++) {
            verbatim(0)
            print ".SH \"" roff(toupper(title)) "\""
        } else
            print ".SH SYNOPSIS"
        verbatim(1)
        usage($0)
        in_usage = 1
        has_options = 0
        next
    }
    in_usage && /^ +or: / { usage($0); next }
    in_usage {
        in_usage = gap = 0
        verbatim(0)
        if (parts > 1)
            print ".PP"
        else
            section("DESCRIPTION")
    }
    /^$/ { gap = 1; next }
    /^Examples?[:,]/ {
        section("EXAMPLES")
        if (match($0, /, .*:/))
            print roff(toupper(substr($0, RSTART + 2, 1)) substr($0, RSTART + 3))
        next
    }
    /^Options:/ { section("OPTIONS"); has_options = 1; next }
    /^[A-Z][A-Za-z ]*:$/ { title = substr($0, 1, length - 1); section(toupper(title)); next }
    /^ +-/ {
        if (!has_options++)
            section("OPTIONS")
        match($0, /^ +(-[A-Za-z0-9](, )?)?(--[a-z0-9-]+(=[^ ]+|\[=[^ ]+\])?)? */)
        head = substr($0, 1, RLENGTH)
        gsub(/^ +| +$/, "", head)
        item(head, substr($0, RLENGTH + 1))
        next
    }
    /^  [a-z0-9]+  +[^ ]/ && !is_verbatim {
        text = $0
        sub(/^  [a-z0-9]+ +/, "", text)
        item($1, text)
        next
    }
    /^                    / { sub(/^ +/, ""); print roff($0); next }
    /^ / { verbatim(1); print roff($0); next }
    {
        verbatim(0)
        if (gap)
            print ".PP"
        gap = 0
        print roff($0)
    }
    END { verbatim(0) }'
}

# begin_page NAME SUMMARY
begin_page()
{
    echo ".\\\" written from --help by tools/man.sh"
    echo ".TH ${1^^} 1 \"$date\" \"$version\" \"User Commands\""
    printf '.SH NAME\n%s \\- %s\n' "${1//-/\\-}" "${2//-/\\-}"
}

# see_also PAGE...
see_also()
{
    echo '.SH "SEE ALSO"'
    printf '.BR %s (1),\n' "${@//-/\\-}" | sed '$s/,$//'
}

mkdir -p "$dir"
names=()
while read -r command summary; do
    names+=("cambench-$command")
    { begin_page "cambench-$command" "$summary"; help_of "$command" | page_of; see_also cambench; } > "$dir/cambench-$command.1"
done < <(commands)
{
    begin_page cambench 'benchmark class-activation-map explanations of image classifiers'
    help_of | page_of
    cat docs/cambench.1.in
    see_also "${names[@]}"
} > "$dir/cambench.1"
