# The writer's queue under ThreadSanitizer.
# shellcheck disable=SC2086 # CC may be several words
command -v ${CC:-cc} >/dev/null || skip "no compiler"
# shellcheck disable=SC2086 # CC may be several words
echo 'int main(void) { return 0; }' >main.c && ${CC:-cc} -fsanitize=thread main.c -o main 2>/dev/null || skip "no ThreadSanitizer"
setarch -R ./main 2>/dev/null || skip "ThreadSanitizer does not start here"
"$ROOT/tools/test_main.sh" "$ROOT/tests/bench/test_writer.c" >test_main.c
# shellcheck disable=SC2086
${CC:-cc} -std=gnu17 -O1 -g -fsanitize=thread "-I$ROOT" "$ROOT/tests/bench/test_writer.c" test_main.c "$ROOT/bench/run/writer.c" \
    "$ROOT/base/arena.c" "$ROOT/base/error.c" "$ROOT/base/text.c" -lcmocka -lm -o races || exit
setarch -R ./races >out.txt 2>&1 || cat out.txt
grep 'WARNING: ThreadSanitizer' out.txt || echo "no races"
