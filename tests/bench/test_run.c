/* tests/bench/test_run.c - runs as a whole: resumed, with overlays and maps, on pictures that cannot be read. */
#include "tests/bench/small_run.h"

#include "base/h5.h"

#include <sqlite3.h>

/* A file's bytes, NUL-terminated; the caller frees. */
static char *contents(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file %s", path);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static bool exists(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    return access(path, F_OK) == 0;
}

static void forget_file(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    assert_int_equal(remove(path), 0);
}

/* Changes the store by SQL, as if less had been measured. */
static void forget(const struct small_run *s, const char *sql)
{
    char path[PATH_MAX];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/run.db", s->output);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char two_methods[] = "methods: [gradcam, {name: scorecam, params: {max_channels: 4}}]\n"
                                  "metrics: [average_drop, adcc]\n"
                                  "runtime: {threads: 2}\n"
                                  "report: {plots: false, overlays: 2, bootstrap: 20}\n";

/* An image that leaves an overlay is measured as a whole again: what the store has of it stays. */
TEST(a_run_stopped_between_the_methods_of_an_overlay_goes_on)
{
    struct small_run s;
    small_begin(&s);
    assert_int_equal(small_execute(&s, two_methods, (struct run_flags){0}), EXIT_DONE);
    char *before = contents(&s, "per_image.csv");
    forget(&s, "DELETE FROM item WHERE method = 1; DELETE FROM value WHERE method = 1");
    forget_file(&s, "overlays/resnet18-0001-colour_444.jpg.png");
    const int code = small_execute(&s, two_methods, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    char *after = contents(&s, "per_image.csv");
    assert_string_equal(before, after);
    assert_true(exists(&s, "overlays/resnet18-0001-colour_444.jpg.png"));
    free(before);
    free(after);
    small_end(&s);
}
