# Lets a few of the calls fail that can fail; tests/survival/faults.sh tries all of them, in more commands.
command -v sqlite3 >/dev/null || skip "no sqlite3"
[ -e "$BUILD/tests/survival/faults.so" ] || skip "no tests/survival/faults.so: make test builds it"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
COMMANDS="run dataset explain" KINDS="memory write sync rename open read" bash "$ROOT/tests/survival/faults.sh" "$BUILD/tests/survival/faults.so" 2 2>/dev/null
