# columns, at least two blanks apart, whatever their width; the indentation stays
narrow()
{
    sed 's/\([^ ]\)   */\1  /g'
}

cambench list config | narrow
cambench list config backbones.0.input | narrow
try cambench list config report.meta
try cambench list config report.metta
try cambench list config dataset.path.x
try cambench list config Run-Time.kernels
try cambench list config --bibtex
cambench list config runtime --json | sed -n '1,15p; s/^    "name"/&/p'

# keys, defaults and, where they are words or a range, allowed values: the page has those of the program, and no others
cambench list config | awk -v OFS='\t' '
    function column(from, to, text)
    {
        text = substr($0, from, to - from)
        sub(/ *$/, "", text)
        return text
    }
    NR == 1 {
        value = index($0, "DEFAULT")
        allowed = index($0, "ALLOWED")
        help = index($0, "MEANING")
        next
    }
    {
        depth = (match($0, /[^ ]/) - 1) / 2
        path[depth] = (depth ? path[depth - 1] "." : "") $1
        may = column(allowed, help)
        sub(/\.\.2147483647/, " or more", may)
        print path[depth], column(value, allowed), may ~ /\||^[0-9]/ ? may : ""
    }' | sort >listed
awk -F ' *[|] *' -v OFS='\t' '
    /^##/ { section = $0 ~ /^### / ? substr($0, 5) "." : "" }
    /^[|] key / { has_allowed = $5 == "allowed" }
    /^[|] `/ {
        gsub(/`/, "")
        may = has_allowed ? $5 : ""
        if (may ~ /^[0-9]/)
            sub(/, /, " or ", may)
        else
            gsub(/, /, "|", may)
        print section $2, $4, may
    }' "$ROOT/docs/config.md" | sort >described
# the columns "allowed" that hold neither words nor a range, or are not there, are not compared
awk -F '\t' -v OFS='\t' 'NR == FNR { may[$1] = $3; next } !($1 in may) || may[$1] == "" { $3 = "" } { print }' \
    listed described >compared
awk -F '\t' -v OFS='\t' 'NR == FNR { has[$1] = $3 != ""; next } !has[$1] { $3 = "" } { print }' described listed |
    diff --label docs/config.md --label 'cambench list config' -U 0 compared - && echo "docs/config.md agrees"
