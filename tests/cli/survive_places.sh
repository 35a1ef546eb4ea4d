# Full and read-only disks, no stdout, few descriptors, a second process; tests/survival/places.sh 20 is the long form.
command -v sqlite3 >/dev/null || skip "no sqlite3"
bash "$ROOT/tests/survival/places.sh" 3 2>/dev/null
