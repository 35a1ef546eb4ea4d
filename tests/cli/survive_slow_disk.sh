# A slow disk, kills and power failures cost no more than is promised; long forms: tests/survival/slow.sh LIBRARY,
# loss.sh 500, power.py LIBRARY 50.
command -v sqlite3 >/dev/null || skip "no sqlite3"
[ -e "$BUILD/tests/survival/disk.so" ] || skip "no tests/survival/disk.so: make test builds it"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
python3 -c "import sqlite3" 2>/dev/null || skip "no Python with sqlite3"
bash "$ROOT/tests/survival/slow.sh" "$BUILD/tests/survival/disk.so" 1 2>/dev/null
python3 "$ROOT/tests/survival/power.py" "$BUILD/tests/survival/disk.so" 4 2>/dev/null
