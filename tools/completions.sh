#!/bin/bash
# Writes the completions for bash, zsh and fish from the program's own --help and lists: commands, their options and
# words, names of methods, metrics, backbones, protocols and config keys, files and folders.
# usage: completions.sh PROGRAM DIR      DIR/cambench (bash), DIR/_cambench (zsh), DIR/cambench.fish
set -eu
export LC_ALL=C
program=$1 dir=$2

names_of()
{
    "$program" list "$1" --json | sed -n 's/^    "name": "\(.*\)",*$/\1/p' | tr '\n' ' '
}
methods=$(names_of methods) metrics=$(names_of metrics) backbones=$(names_of backbones) protocols=$(names_of protocols)
keys=$(names_of config)
commands=$("$program" --help | sed -n '/^Options:/q; s/^  \([a-z]*\)  .*/\1/p' | tr '\n' ' ')

# -- the content of --help, as rows of a scope ("run", "import dataset") and fields, separated by tabs -----------------

rows()
{
    "$program" --help | awk '/^Options:/ { exit } /^  [a-z]/ { name = $1; $1 = ""; print "command\t" name "\t" substr($0, 2) }'
    for command in $commands; do
        ARGP_HELP_FMT=rmargin=4000,no-dup-args-note "$program" "$command" --help
    done | awk '
        function form(line)
        {
            sub(/^.*\[OPTION\.\.\.\] ?/, "", line)
            print "form\t" scope "\t" line
        }
        /^Usage: cambench / {
            scope = $0
            sub(/^Usage: cambench /, "", scope)
            sub(/ \[OPTION.*/, "", scope)
            form($0)
            next
        }
        /^  or:  / { form($0); next }
        /^ +-/ {
            match($0, /^ +(-[A-Za-z0-9](, )?)?(--[a-z0-9-]+(=[^ ]+)?)? */)
            head = substr($0, 1, RLENGTH)
            short = long = value = "."
            if (match(head, /-[A-Za-z0-9](,| )/) && substr(head, RSTART - 1, 1) == " ")
                short = substr(head, RSTART, 2)
            if (match(head, /--[a-z0-9-]+/))
                long = substr(head, RSTART, RLENGTH)
            if (match(head, /=[^ ]+/))
                value = substr(head, RSTART + 1, RLENGTH - 1)
            match($0, /^ +(-[A-Za-z0-9](, )?)?(--[a-z0-9-]+(=[^ ]+)?)? */)
            print "option\t" scope "\t" short "\t" long "\t" value "\t" substr($0, RLENGTH + 1)
        }'
}

# kind VALUE HELP: sets how and words, the possible values; how: f files, d folders, c a list with commas, - only words.
kind()
{
    local part value=${1%...} known=1
    how=- words=''
    value=${value//[\[\]]/}
    case $1 in
    A,B,C) how=c words=$methods ;;
    '[METRIC=]X') words=${metrics// /= } ;;
    WHEN) words=${2//,/} words=${words/ or / } ;;
    esac
    for part in ${value//|/ }; do
        case $part in
        FILE | CONFIG | IMAGE | TAR | CSV) how=f ;;
        DIR | RUN | BASE | NEW) [ "$how" = f ] || how=d ;;
        ARCH) words+="$backbones" ;;
        METHOD) words+="$methods" ;;
        METRIC) words+="$metrics" ;;
        PROTOCOL) words+="$protocols" ;;
        KEY) words+="$keys" ;;
        COMMAND) words+="$commands" ;;
        *) known= ;;
        esac
    done
    case $value in
    *\|*) [ -n "$known" ] || words+="${value//|/ }" ;; # words to choose from: V1|V2
    [a-z]*) words=$value ;;                             # a word of the command itself
    esac
    words=${words% }
}

declare -A place # "SCOPE/NUMBER/FIRST": "HOW:WORDS"; FIRST: the first word, or *
read_form()
{
    local scope=$1 first='*' i=0 word key there how words
    set -f
    for word in $2; do
        kind "$word" ""
        key="$scope/$i/$first"
        there=${place[$key]:--:} # from another form of the command
        [ "$how" != - ] || how=${there%%:*}
        there="${there#*:} $words"
        place[$key]=$how:${there# }
        case $word in
        *...) place["$scope/+/*"]=$how:$words ;; # and all after it
        [a-z]*) [ "$i" -gt 0 ] || first=$word ;;
        esac
        i=$((i + 1))
    done
    set +f
}

table=$(rows)
while IFS=$'\t' read -r row scope form; do
    [ "$row" != form ] || read_form "$scope" "$form"
done <<<"$table"
mapfile -t places < <(printf '%s\n' "${!place[@]}" | sort -r) # a row with a first word comes before *
scopes=$(cut -f 2 <<<"$table" | grep ' ' | sort -u)

# -- bash and zsh: one function lists the candidates, each shell shows them --------------------------------------------

quote()
{
    printf "'%s'" "${1//\'/\'\\\'\'}"
}

# Sets how and choices, for an option's value or a word, and options, the words that begin with "-".
data_functions()
{
    local row scope short long value help key number first how words
    echo "# cambench_scope WORD...: the command, with its kind if it has some"
    echo "_cambench_scope()"
    echo "{"
    echo "    case \"\$1 \$2\" in"
    while read -r scope; do [ -z "$scope" ] || echo "    $(quote "$scope")) scope=$(quote "$scope") ;;"; done <<<"$scopes"
    echo "    *) scope=\$1 ;;"
    echo "    esac"
    echo "}"
    echo "_cambench_options()"
    echo "{"
    echo "    case \$1 in"
    while read -r scope; do
        printf "    %s) options=%s ;;\n" "$(quote "$scope")" "$(awk -F '\t' -v scope="$scope" '
            $1 == "option" && $2 == scope { for (i = 3; i < 5; i++) if ($i != ".") printf "%s ", $i }' <<<"$table" |
            sed "s/ \$//; s/^/'/; s/\$/'/")"
    done < <(awk -F '\t' '$1 == "option" { print $2 }' <<<"$table" | sort -u)
    echo "    *) options='-h --help -V --version' ;;"
    echo "    esac"
    echo "}"
    echo "# the candidates for an option's value"
    echo "_cambench_value()"
    echo "{"
    echo "    how='' choices=''"
    echo "    case \"\$1 \$2\" in"
    while IFS=$'\t' read -r row scope short long value help; do
        [ "$row" = option ] && [ "$value" != . ] || continue
        kind "$value" "$help"
        printf '    %s' "$(quote "$scope $long")"
        [ "$short" = . ] || printf ' | %s' "$(quote "$scope $short")"
        echo ") how=$how choices=$(quote "$words") ;;"
    done <<<"$table"
    echo "    *) return 1 ;;"
    echo "    esac"
    echo "}"
    echo "# candidates for a word, by the number of words before it and the first of them"
    echo "_cambench_word()"
    echo "{"
    echo "    how=- choices=''"
    echo "    case \"\$1/\$2/\$3\" in"
    for key in "${places[@]}"; do
        scope=${key%%/*} number=${key#*/}
        first=${number#*/} number=${number%%/*}
        [ "$number" != + ] || number='*'
        echo "    $(quote "$scope/")$number/$first) how=${place[$key]%%:*} choices=$(quote "${place[$key]#*:}") ;;"
    done | sort -t : -s -k 1,1 | awk '{ if (/\/\*\/\*\)/) last = last $0 "\n"; else print } END { printf "%s", last }'
    echo "    esac"
    echo "}"
    cat <<'END'
# _cambench_find WORD...: reads the words before the one that is typed. Sets scope, count and first of the words after
# the command, and option if a value comes next.
_cambench_find()
{
    local word has_scope=
    scope='' count=0 first='' option=''
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
        -*=*) continue ;;
        -*)
            option=$word
            if _cambench_value "$scope" "$word"; then
                [ $# -gt 0 ] || return
                shift
            fi
            option=''
            continue
            ;;
        esac
        if [ -z "$scope" ]; then
            scope=$word
            continue
        fi
        if [ -z "$has_scope" ]; then
            has_scope=1
            _cambench_scope "$scope" "$word"
            case $scope in *' '*) continue ;; esac
        fi
        [ "$count" -gt 0 ] || first=$word
        count=$((count + 1))
    done
}
END
}

bash_completion()
{
    echo "# completion for bash, written from cambench --help by tools/completions.sh"
    data_functions
    cat <<END
_cambench()
{
    local cur=\${COMP_WORDS[COMP_CWORD]} before=() i=1 scope count first option options how choices last
    # bash splits --name=value at "="
    while [ "\$i" -lt "\$COMP_CWORD" ]; do
        if [ "\${COMP_WORDS[i]}" != = ]; then
            before+=("\${COMP_WORDS[i]}")
        fi
        i=\$((i + 1))
    done
    [ "\$cur" != = ] || cur=
    _cambench_find "\${before[@]}"
    if [ -z "\$option" ]; then
        case \$cur in
        -*)
            _cambench_options "\$scope"
            how=- choices=\$options
            ;;
        *)
            if [ -z "\$scope" ]; then
                how=- choices=$(quote "${commands% }")
            else
                _cambench_word "\$scope" "\$count" "\$first"
            fi
            ;;
        esac
    fi
END
    cat <<'END'
    COMPREPLY=()
    case $how in
    c) # the last of a list
        last=${cur##*,}
        mapfile -t COMPREPLY < <(compgen -P "${cur%"$last"}" -W "$choices" -- "$last")
        compopt -o nospace 2>/dev/null
        return
        ;;
    f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    d) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    esac
    [ ${#COMPREPLY[@]} -eq 0 ] || compopt -o filenames 2>/dev/null
    [ -z "$choices" ] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$choices" -- "$cur")
    case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _cambench cambench
END
}

zsh_completion()
{
    echo "#compdef cambench"
    echo "# completion for zsh, written from cambench --help by tools/completions.sh"
    data_functions
    echo "_cambench_described()"
    echo "{"
    echo "    case \$1 in"
    while read -r scope; do
        echo "    $(quote "$scope")) shown=("
        while IFS=$'\t' read -r row of short long value help; do
            [ "$row" = option ] && [ "$of" = "$scope" ] || continue
            [ "$short" = . ] || quote "$short:$help"
            echo "$(quote "$long:$help")" | sed 's/^/ /'
        done <<<"$table"
        echo ") ;;"
    done < <(awk -F '\t' '$1 == "option" { print $2 }' <<<"$table" | sort -u)
    echo "    *) shown=(-h:'show help' --help:'show help' -V:'show versions' --version:'show versions') ;;"
    echo "    esac"
    echo "}"
    echo "_cambench_commands()"
    echo "{"
    echo "    shown=("
    while IFS=$'\t' read -r row scope help; do
        [ "$row" != command ] || echo "        $(quote "$scope:$help")"
    done <<<"$table"
    echo "    )"
    echo "}"
    cat <<'END'
_cambench()
{
    local scope count first option how cur=$words[CURRENT]
    local -a shown before=(${words[2,CURRENT-1]})
    local choices
    if [[ $cur == --*=* ]]; then
        before+=(${cur%%=*})
        compset -P '*='
        cur=${cur#*=}
    fi
    _cambench_find $before
    if [[ -z $option && $cur == -* ]]; then
        _cambench_described "$scope"
        _describe -o option shown
        return
    fi
    if [[ -z $option && -z $scope ]]; then
        _cambench_commands
        _describe command shown
        return
    fi
    [[ -n $option ]] || _cambench_word "$scope" "$count" "$first"
    local -a names=(${=choices})
    case $how in
    c) compset -P '*,'; compadd -q -S ',' -a names; return ;;
    f) _files ;;
    d) _files -/ ;;
    esac
    if [[ ${names[1]-} == *= ]]; then
        compadd -S '' -a names
    elif (( $#names )); then
        compadd -a names
    fi
}
if [ "$funcstack[1]" = _cambench ]; then
    _cambench "$@"
else
    compdef _cambench cambench
fi
END
}

# -- fish ------------------------------------------------------------------------------------------------------------------

fish_quote()
{
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\\\'}"
}

# fish_kind HOW WORDS: the arguments of complete
fish_kind()
{
    case $1 in
    f) printf ' -F' ;;
    d) printf " -f -a '(__fish_complete_directories)'" ;;
    c) printf " -f -a '(__cambench_list %s)'" "$2" ; return ;;
    *) printf ' -f' ;;
    esac
    [ -z "$2" ] || printf ' -a %s' "$(fish_quote "$2")"
}

fish_completion()
{
    local row scope short long value help key number first how words
    echo "# completion for fish, written from cambench --help by tools/completions.sh"
    printf 'set -g __cambench_valued'
    awk -F '\t' '$1 == "option" && $5 != "." { print $4; if ($3 != ".") print $3 }' <<<"$table" | sort -u | sed 's/^/ /' | tr -d '\n'
    printf '\nset -g __cambench_scopes'
    while read -r scope; do [ -z "$scope" ] || printf ' %s' "$(fish_quote "$scope")"; done <<<"$scopes"
    echo
    cat <<'END'
# the words before the cursor, without options and their values
function __cambench_words
    set -l skip 0
    for token in (commandline -opc)[2..]
        if test $skip -eq 1
            set skip 0
        else if string match -q -- '-*' $token
            contains -- $token $__cambench_valued; and set skip 1
        else
            echo $token
        end
    end
end
# whether the words begin with this command, with its kind if it has some
function __cambench_in
    set -l words (__cambench_words)
    set -l scope $words[1]
    test (count $words) -gt 1; and contains -- "$words[1] $words[2]" $__cambench_scopes; and set scope "$words[1] $words[2]"
    test "$scope" = "$argv[1]"
end
# whether this command is followed by that many words (+: any number), with this one first
function __cambench_at
    __cambench_in $argv[1]; or return 1
    set -l words (__cambench_words)
    set -l rest $words[(math (count (string split ' ' -- $argv[1])) + 1)..]
    test "$argv[2]" = +; or test (count $rest) -eq $argv[2]; or return 1
    test -z "$argv[3]"; or test "$rest[1]" = "$argv[3]"
end
function __cambench_none
    test (count (__cambench_words)) -eq 0
end
# names after the last comma
function __cambench_list
    set -l typed (string replace -r '^--?[a-z-]+=' '' -- (commandline -ct))
    set -l before (string replace -r '[^,]*$' '' -- $typed)
    for name in $argv
        echo $before$name
    end
end
END
    echo "complete -c cambench -f"
    echo "complete -c cambench -n __cambench_none -s h -l help -d 'show help'"
    echo "complete -c cambench -n __cambench_none -s V -l version -d 'show versions'"
    while IFS=$'\t' read -r row scope short long value help; do
        case $row in
        command) echo "complete -c cambench -n __cambench_none -a $scope -d $(fish_quote "$short${long:+ $long}")" ;;
        option)
            printf 'complete -c cambench -n "__cambench_in %s" -l %s' "$(fish_quote "$scope")" "${long#--}"
            [ "$short" = . ] || printf ' -s %s' "${short#-}"
            if [ "$value" != . ]; then
                kind "$value" "$help"
                printf ' -r%s' "$(fish_kind "$how" "$words")"
            fi
            echo " -d $(fish_quote "$help")"
            ;;
        esac
    done <<<"$table"
    for key in "${places[@]}"; do
        scope=${key%%/*} number=${key#*/}
        first=${number#*/} number=${number%%/*} how=${place[$key]%%:*}
        [ "$first" != '*' ] || first=
        [ "$how:${place[$key]#*:}" != -: ] || continue
        echo "complete -c cambench -n \"__cambench_at $(fish_quote "$scope") $number $(fish_quote "$first")\"$(
            fish_kind "$how" "${place[$key]#*:}")"
    done
}

mkdir -p "$dir"
zsh_completion > "$dir/_cambench"
fish_completion > "$dir/cambench.fish"
bash_completion > "$dir/cambench.new"
mv "$dir/cambench.new" "$dir/cambench"
