# tests/survival/bytes.sh has all threads and batches.
bash "$ROOT/tests/survival/bytes.sh" short 2>/dev/null
