# What a kill costs; tests/survival/loss.sh 500 is the long form. The limit of 250 ms is for a machine with nothing else to do.
command -v sqlite3 >/dev/null || skip "no sqlite3"
# shellcheck disable=SC2086 # CC may be several words
command -v ${CC:-cc} >/dev/null || skip "no compiler"
ALLOWED=2000 bash "$ROOT/tests/survival/loss.sh" 3 2>/dev/null
