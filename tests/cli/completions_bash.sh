complete_with bash

# calls the function that was given to `complete`, as readline does
cat >ask_bash.sh <<'END'
. scripts/cambench
function=$(complete -p cambench | sed 's/.* -F \([^ ]*\) .*/\1/')
while IFS= read -r line; do
    mapfile -t COMP_WORDS < <(sed 's/=/ = /g' <<<"$line" | tr -s ' ' '\n')
    case $line in *[\ =]) COMP_WORDS+=("") ;; esac
    COMP_LINE=$line COMP_POINT=${#line} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    "$function" cambench "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "$line: $(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')"
done
END
bash --norc ask_bash.sh <lines.txt
echo 'cambench run --output=files/fo' | bash --norc ask_bash.sh
