complete_with fish

# `complete -C` prints what would be offered
while IFS= read -r line; do
    # shellcheck disable=SC2016 # expanded by fish
    echo "$line: $(HOME=$PWD fish --no-config -c 'source scripts/cambench.fish; complete -C $argv' -- "$line" |
        cut -f 1 | sort | tr '\n' ' ')"
done <lines.txt 2>&1
