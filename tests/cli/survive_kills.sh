# Killed again and again, the commands end with the bytes of undisturbed ones; tests/survival/kill.sh 500 50 is the long form.
command -v sqlite3 >/dev/null || skip "no sqlite3"
bash "$ROOT/tests/survival/kill.sh" 4 1 2>/dev/null
