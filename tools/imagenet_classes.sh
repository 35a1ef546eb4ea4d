#!/bin/sh
# Writes datasets/imagenet_classes.txt again: the ids that it lists, with the words of WordNet 3.0, in the form of
# LOC_synset_mapping.txt.
# usage: imagenet_classes.sh [DATA.NOUN]   default: /usr/share/wordnet/data.noun, of Debian's package wordnet-base
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C

nouns=${1:-/usr/share/wordnet/data.noun}
table=datasets/imagenet_classes.txt
[ -r "$nouns" ] || { echo "imagenet_classes.sh: \"$nouns\" is missing; apt-get install wordnet-base" >&2; exit 1; }

# data.noun: offset, file number, "n", how many words (hexadecimal), then each word and its sense number
cut -c 1-9 "$table" | sort -u | awk '
    function hex(text) { return 16 * index("123456789abcdef", substr(text, 1, 1)) + index("123456789abcdef", substr(text, 2, 1)) }
    NR == FNR { wanted[++count] = $1; is_wanted[$1] = 1; next }
    $3 == "n" && ("n" $1) in is_wanted {
        names = ""
        for (i = 0; i < hex($4); i++) names = names (i ? ", " : "") $(5 + 2 * i)
        gsub("_", " ", names)
        name["n" $1] = names
    }
    END {
        for (i = 1; i <= count; i++) {
            if (!(wanted[i] in name)) { print "imagenet_classes.sh: WordNet has no " wanted[i] > "/dev/stderr"; exit 1 }
            print wanted[i] " " name[wanted[i]]
        }
    }' - "$nouns" >"$table.new"
mv "$table.new" "$table"
