/* tests/bench/test_history.c - nights go in and come back as trends, in the order of time, with their changes */
#include "bench/compare/history.h"

#include "tests/test.h"

#include <sqlite3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METHODS = 2, IMAGES = 3 };

static const struct report_backbone backbone = {.name = "ResNet-18", .title = "ResNet-18"};
static const struct report_method methods[METHODS] = {{.name = "gradcam"}, {.name = "`id`\n\033[31m'"}};
static const struct report_protocol protocol = {"cambench", "cambench", NULL};
static const struct report_metric metric = {
    .name = "complexity", .title = "Complexity", .unit = "%", .is_percent = true, .max = 1, .parts = {-1}};

struct fixture {
    char path[64];
    struct arena arena;
    struct error err;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->path, "/tmp/test_history_XXXXXX");
    close(mkstemp(f->path));
    arena_init(&f->arena, 0);
}

static void end(struct fixture *f)
{
    arena_release(&f->arena);
    unlink(f->path);
}

/* A night whose second method has the value `value`; `result` of its times. */
static void note(struct fixture *f, const char *started, double value, enum compare_result result)
{
    double values[METHODS * IMAGES];
    uint8_t states[METHODS * IMAGES];
    const char *notes[METHODS * IMAGES] = {NULL};
    struct cost costs[METHODS * IMAGES];
    for (int i = 0; i < METHODS * IMAGES; i++) {
        values[i] = i < IMAGES ? 0.25 : value;
        states[i] = REPORT_DEFINED;
        costs[i] = (struct cost){.seconds = 0.5, .full = 1};
    }
    const struct compared run = {.started = started,
                                 .report = {.name = "nightly",
                                            .backbone_count = 1,
                                            .method_count = METHODS,
                                            .protocol_count = 1,
                                            .metric_count = 1,
                                            .image_count = IMAGES,
                                            .backbones = &backbone,
                                            .methods = methods,
                                            .protocols = &protocol,
                                            .metrics = &metric,
                                            .values = values,
                                            .states = states,
                                            .notes = notes,
                                            .costs = costs}};
    struct compare_cell cell = {.result = result, .backbone = backbone.name, .method = methods[1].name, .protocol = ""};
    const struct comparison comparison = {.count = 1, .cells = &cell};
    if (history_note(f->path, &run, &comparison, &f->err))
        fail_msg("%s", f->err.text);
}

static struct trends read_back(struct fixture *f)
{
    struct trends trends;
    if (history_read(f->path, &f->arena, &trends, &f->err))
        fail_msg("%s", f->err.text);
    return trends;
}

static const struct trend *trend_of(const struct trends *trends, int method, const char *name)
{
    for (int i = 0; i < trends->count; i++)
        if (strcmp(trends->list[i].method, methods[method].name) == 0 && strcmp(trends->list[i].metric, name) == 0)
            return &trends->list[i];
    fail_msg("no trend of %s", name);
    return NULL;
}

TEST(nights_come_back_in_the_order_of_time_with_their_changes)
{
    struct fixture f;
    begin(&f);
    note(&f, "2026-11-23T02:30:00Z", 0.75, COMPARE_SAME);
    note(&f, "2026-11-21T02:30:00Z", 0.5, COMPARE_SAME);
    note(&f, "2026-11-22T02:30:00Z", 0.5, COMPARE_SAME);
    note(&f, "2026-11-22T02:30:00Z", 0.5, COMPARE_SAME); /* again: replaced */
    const struct trends trends = read_back(&f);
    assert_int_equal(trends.night_count, 3);
    assert_int_equal(trends.count, 4); /* two methods, complexity and seconds */
    assert_string_equal(trends.nights[0], "2026-11-21T02:30:00Z");
    const struct trend *trend = trend_of(&trends, 1, "complexity");
    assert_int_equal(trend->count, 3);
    assert_string_equal(trend->unit, "%");
    for (int i = 0; i < 3; i++) {
        assert_true(trend->points[i].value == (i == 2 ? 75 : 50));
        assert_int_equal(trend->points[i].is_changed, i == 2);
        assert_int_equal(trend->points[i].night, i);
    }
    assert_true(trend_of(&trends, 0, "complexity")->points[2].value == 25);
    assert_true(trend_of(&trends, 0, "seconds")->points[2].value == 0.5);
    end(&f);
}

TEST(a_time_changes_when_it_begins_or_ceases_to_count)
{
    static const enum compare_result results[] = {COMPARE_SAME, COMPARE_SLOWER, COMPARE_SLOWER, COMPARE_SAME};
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 4; i++) {
        char started[32];
        snprintf(started, sizeof started, "2026-11-%02dT02:30:00Z", i + 1);
        note(&f, started, 0.5, results[i]);
    }
    const struct trends trends = read_back(&f);
    const struct trend *trend = trend_of(&trends, 1, "seconds");
    for (int i = 0; i < 4; i++)
        assert_int_equal(trend->points[i].is_changed, i % 2 == 1);
    end(&f);
}

TEST(changes_are_printed_and_drawn_whatever_the_names)
{
    struct fixture f;
    char folder[] = "/tmp/test_history_plots_XXXXXX", command[128], *text = NULL;
    size_t size = 0;
    struct error warning = {0};
    begin(&f);
    note(&f, "2026-11-21T02:30:00Z", 0.5, COMPARE_SAME);
    note(&f, "2026-11-22T02:30:00Z", 0.625, COMPARE_SAME);
    const struct trends trends = read_back(&f);
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(trends_print(&trends, 10, stream), 1);
    fclose(stream);
    assert_string_equal(text, "2026-11-22T02:30:00Z\n  ResNet-18  `id` ?[31m'  complexity  50, then 62.5 %\n"
                              "2 nights, 4 cells, 1 changes\n");
    free(text);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(trends_plot(&trends, folder, &warning, &f.err), 0);
    if (warning.text[0] && !strstr(warning.text, "could not start gnuplot"))
        fail_msg("%s", warning.text);
    snprintf(command, sizeof command, "test -s %s/ResNet-18-complexity-2.gp && rm -r %s", folder, folder);
    assert_int_equal(system(command), 0);
    end(&f);
}

TEST(a_small_change_is_printed_with_the_digits_that_show_it)
{
    struct fixture f;
    char *text = NULL;
    size_t size = 0;
    begin(&f);
    note(&f, "2026-11-21T02:30:00Z", 0.5, COMPARE_SAME);
    note(&f, "2026-11-22T02:30:00Z", 0.5 + 0x1p-30, COMPARE_SAME);
    const struct trends trends = read_back(&f);
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(trends_print(&trends, 10, stream), 1);
    fclose(stream);
    assert_non_null(strstr(text, "  50, then 50.0000001 %\n"));
    free(text);
    end(&f);
}

TEST(another_database_is_left_alone)
{
    struct fixture f;
    struct trends trends;
    sqlite3 *db;
    begin(&f);
    assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE night (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(history_read(f.path, &f.arena, &trends, &f.err), -1);
    assert_non_null(strstr(f.err.text, "is not a history of nights"));
    const struct compared run = {.started = "x"};
    assert_int_equal(history_note(f.path, &run, NULL, &f.err), -1);
    assert_non_null(strstr(f.err.text, "is not a history of nights"));
    assert_int_equal(history_read("/tmp/no/such/history", &f.arena, &trends, &f.err), -1);
    end(&f);
}
