# Scripts and their program are killed, and a script sends random messages; tests/survival/scripts.sh 200 100000 is the long form.
command -v perl >/dev/null || skip "no perl"
command -v sqlite3 >/dev/null || skip "no sqlite3"
bash "$ROOT/tests/survival/scripts.sh" 4 500 2>/dev/null
