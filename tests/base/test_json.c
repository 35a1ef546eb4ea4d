/* tests/base/test_json.c - JSON is read whole or not at all, even where jansson itself loses a character; and written so. */
#include "base/json.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- the n-th allocation fails; the sanitizers have allocators of their own ----------------------------------------- */

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)
#define CAN_FAIL 1
static int countdown; /* 0: none fails */

extern void *__libc_malloc(size_t size);

void *malloc(size_t size)
{
    return countdown > 0 && --countdown == 0 ? NULL : __libc_malloc(size);
}
#endif

static const char text[] = "{\"a name of some length\": [\"0123456789abcdef0123456789abcdef\", 1234567890, true]}";

TEST(a_text_is_read_whole_or_there_is_no_memory)
{
#ifdef CAN_FAIL
    struct error err = {0};
    json_t *whole = json_read_text(text, strlen(text), 0, &err);
    assert_non_null(whole);
    int failed = 0;
    for (int n = 1;; n++) {
        countdown = n;
        json_t *json = json_read_text(text, strlen(text), 0, &err);
        const bool was_reached = countdown == 0;
        countdown = 0;
        assert_true(json ? json_equal(json, whole) : err.is_system);
        failed += !json;
        json_decref(json);
        if (!was_reached)
            break;
    }
    json_decref(whole);
    assert_true(failed > 10);
#else
    skip();
#endif
}

static void make_path(char path[64])
{
    strcpy(path, "/tmp/cambench-test-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

TEST(a_file_is_written_whole_or_not_at_all)
{
    char path[64];
    struct error err = {0};
    json_t *whole = json_read_text(text, strlen(text), 0, &err), *back;
    assert_non_null(whole);
    make_path(path);
    assert_int_equal(json_write_file(path, whole, JSON_SORT_KEYS | JSON_INDENT(1), &err), 0);
    assert_int_equal(json_read_file(path, &back, &err), 0);
    assert_true(json_equal(back, whole));
    json_decref(back);
#ifdef CAN_FAIL
    for (int n = 1; n < 100; n++) {
        unlink(path);
        countdown = n;
        const int status = json_write_file(path, whole, JSON_SORT_KEYS | JSON_INDENT(1), &err);
        countdown = 0;
        assert_true(status == 0 || err.is_system);
        assert_int_equal(json_read_file(path, &back, &err), 0);
        assert_true(status == 0 ? json_equal(back, whole) : !back);
        json_decref(back);
    }
#endif
    json_decref(whole);
    unlink(path);
}

TEST(what_is_wrong_is_said_with_file_and_line)
{
    char path[64], want[128];
    struct error err = {0};
    json_t *json;
    make_path(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"a\": 1,\n\"b\"}\n", file);
    fclose(file);
    assert_int_equal(json_read_file(path, &json, &err), -1);
    snprintf(want, sizeof want, "\"%s\", line 2: ", path);
    assert_non_null(strstr(err.text, want));
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("[1]", file);
    fclose(file);
    assert_int_equal(json_read_file(path, &json, &err), -1);
    assert_non_null(strstr(err.text, "is not a JSON object"));
    assert_null(json);
    unlink(path);
    assert_int_equal(json_read_file(path, &json, &err), 0);
    assert_null(json);
}
