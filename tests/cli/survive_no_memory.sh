# The first allocations of an import of weights fail, one in each run: those that set libraries up.
command -v sqlite3 >/dev/null || skip "no sqlite3"
[ -e "$BUILD/tests/survival/faults.so" ] || skip "no tests/survival/faults.so: make test builds it"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
LEAST=1 RECOVER=1000 UNTIL=150 COMMANDS=weights KINDS=memory bash "$ROOT/tests/survival/faults.sh" "$BUILD/tests/survival/faults.so" 2>/dev/null
