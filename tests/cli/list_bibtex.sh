# every source that is named has an entry
for kind in methods metrics backbones protocols; do
    cambench list $kind --json | sed -n 's/^    "source": "\(.*\)",$/\1/p' | sort -u >named
    cambench list $kind --bibtex | sed -n 's/^@[a-z]*{\(.*\),$/\1/p' | sort >printed
    cmp named printed && echo "$kind agree"
done
