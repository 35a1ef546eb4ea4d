/* tests/bench/test_spent.c - the times of a run: of workers, of the store, of several calls. */
#include "bench/run/manifest_times.h"
#include "bench/run/results_spent.h"
#include "bench/run/spent.h"
#include "tests/bench/store_fixture.h"

#include <math.h>

static void pause_for(double seconds)
{
    const double end = seconds_now() + seconds;
    while (seconds_now() < end)
        ;
}

/* A run of two backbones with two workers; worker 0 explains method 1 within an activity of its own. */
static struct spent_times *spend(struct error *err)
{
    struct spent_times *times = spent_create(2, 2, seconds_now(), err);
    assert_non_null(times);
    pause_for(0.002);
    spent_enter(times, 1, SPENT_LOADING);
    spent_begin_workers(times, 1, 2, 1);
    struct spent one = spent_begin_worker(times), other = spent_begin_worker(times);
    spent_switch(&other, SPENT_IDLE);
    const int before = spent_switch(&one, spent_of_method(1));
    assert_int_equal(before, SPENT_OTHER);
    assert_int_equal(spent_switch(&one, SPENT_BASE), spent_of_method(1));
    pause_for(0.002);
    spent_switch(&one, spent_of_method(1));
    pause_for(0.001);
    assert_int_equal(spent_switch(&one, before), spent_of_method(1));
    spent_switch(&other, SPENT_IDLE);
    spent_move(&other, SPENT_IDLE, SPENT_HELPING, 0.0005);
    spent_end_worker(times, &one);
    spent_end_worker(times, &other);
    spent_end_workers(times);
    spent_add_beside(times, 1, SPENT_STORING, 0.5);
    spent_enter(times, -1, SPENT_REPORTING);
    pause_for(0.001);
    spent_enter(times, -1, SPENT_REPORTING);
    return times;
}

TEST(workers_share_the_wall_time_and_the_run_has_the_rest)
{
    struct error err;
    struct spent_sum sums[SPENT_ACTIVITIES];
    const double begun = seconds_now();
    struct spent_times *times = spend(&err);
    const double passed = seconds_now() - begun;
    double wall = 0;
    spent_of_call(times, sums);
    spent_free(times);
    for (int i = 0; i < SPENT_ACTIVITIES; i++)
        wall += sums[i].wall;
    assert_true(wall > 0.8 * passed && wall < 1.01 * passed);
    assert_true(sums[SPENT_OPENING].wall >= 0.002 && sums[SPENT_OPENING].seconds == sums[SPENT_OPENING].wall);
    assert_true(sums[SPENT_BASE].seconds >= 0.002 && sums[SPENT_METHOD].seconds >= 0.001);
    assert_true(sums[SPENT_METHOD].seconds == 2 * sums[SPENT_METHOD].wall);
    assert_true(sums[SPENT_IDLE].seconds >= 0.0025 && sums[SPENT_HELPING].seconds == 0.0005);
    assert_true(fabs(sums[SPENT_STORING].seconds - sums[SPENT_STORING].wall - 0.5) < 1e-9);
    assert_true(sums[SPENT_EVIDENCE].seconds == 0);
}

TEST(nothing_is_counted_without_a_run)
{
    struct spent none = spent_begin_worker(NULL);
    assert_int_equal(spent_switch(NULL, SPENT_BASE), SPENT_OTHER);
    assert_int_equal(spent_switch(&none, SPENT_BASE), SPENT_OTHER);
    spent_move(&none, SPENT_IDLE, SPENT_HELPING, 1);
    spent_give(NULL, &none);
    spent_end_worker(NULL, &none);
}

static void read_spent(struct fixture *f, struct arena *arena, struct store_spent **list, int *count)
{
    if (store_read_spent(f->store, arena, list, count, &f->err))
        fail_msg("%s", f->err.text);
}

TEST(stored_times_replace_those_of_the_same_call)
{
    struct fixture f;
    struct arena arena;
    struct store_spent *list;
    int count, method = -2;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    struct spent_times *times = spend(&f.err);
    assert_int_equal(spent_store(times, f.store, &f.err), 0);
    spent_enter(times, -1, SPENT_REPORTING);
    assert_int_equal(spent_store(times, f.store, &f.err), 0);
    spent_free(times);
    close_store(&f);
    open_store(&f, false);
    read_spent(&f, &arena, &list, &count);
    assert_int_equal(count, 9); /* also loading, other, helping, idle, storing, reporting */
    for (int i = 0; i < count; i++) {
        assert_true(list[i].call == list[0].call && list[i].seconds > 0);
        if (spent_find(list[i].activity) == SPENT_METHOD)
            method = list[i].method;
        assert_int_equal(list[i].backbone, spent_find(list[i].activity) < SPENT_LOADING ? -1 : 1);
    }
    assert_int_equal(method, 1);
    arena_release(&arena);
    end(&f);
}

/* Of 6 seconds of lists with 10 of CPU time, one of 2 cannot be shared. */
TEST(lists_of_the_report_are_shared)
{
    struct spent_sum sums[SPENT_ACTIVITIES];
    struct error err;
    struct spent_times *times = spent_create(1, 1, seconds_now() - 7, &err);
    spent_enter(times, -1, SPENT_REPORTING);
    spent_share_reporting(times, 6, 10, 2);
    spent_of_call(times, sums);
    assert_true(sums[SPENT_ANALYSIS].seconds == 8 && sums[SPENT_ANALYSIS].wall == 4);
    assert_true(sums[SPENT_REPORTING].wall == -4 && sums[SPENT_REPORTING].seconds == -4);
    assert_false(spent_is_serial(SPENT_ANALYSIS));
    spent_free(times);
}

/* Rows of two calls; of the second one, a method is not listed any more. */
static const struct store_spent two_calls[] = {{1, "method", 0, 0, 2, 1},
                                               {1, "method", 0, 1, 4, 2},
                                               {1, "reporting", -1, -1, 1, 1},
                                               {2, "evidence", 1, 0, 3, 3},
                                               {2, "method", 0, 1, 10, 5},
                                               {2, "reporting", -1, -1, 0.5, 0.5},
                                               {2, "of another program", 0, -1, 9, 9}};
enum { ROWS = sizeof two_calls / sizeof *two_calls };

TEST(calls_add_up)
{
    struct store_spent rows[ROWS];
    struct spent_sum sums[SPENT_ACTIVITIES];
    char text[512];
    memcpy(rows, two_calls, sizeof rows);
    const int count = spent_unite(rows, ROWS);
    assert_int_equal(count, 5);
    assert_true(rows[1].seconds == 14 && rows[1].wall == 7);
    spent_sum_up(rows, count, sums);
    assert_true(sums[SPENT_METHOD].seconds == 16 && sums[SPENT_REPORTING].wall == 1.5);
    assert_true(fabs(spent_serial_share(sums) - 1.5 / 20.5) < 1e-15);
    spent_describe(sums, text, sizeof text);
    assert_string_equal(text, "12 s; 88 % in passes; 0.0 % waiting; 12 % reporting");
    memset(sums, 0, sizeof sums);
    assert_true(isnan(spent_serial_share(sums)));
    spent_describe(sums, text, sizeof text);
    assert_string_equal(text, "0 s");
}

static struct report report_of(const struct report_backbone *rows, const struct report_method *which)
{
    return (struct report){.backbones = rows, .methods = which, .backbone_count = 2, .method_count = 2};
}

/* Two stores with a call in common, as after a merge: it counts once. */
TEST(a_report_of_several_stores_counts_each_call_once)
{
    static const struct report_backbone rows[] = {{.name = "r18"}, {.name = "vgg"}};
    static const struct report_method which[] = {{.name = "gradcam"}, {.name = "scorecam"}};
    struct fixture f[2];
    struct store *stores[2];
    struct arena arena;
    struct report report = report_of(rows, which);
    double method = 0, evidence = 0, reporting = 0;
    arena_init(&arena, 0);
    for (int i = 0; i < 2; i++) {
        begin(&f[i]);
        open_store(&f[i], false);
        stores[i] = f[i].store;
    }
    assert_int_equal(results_read_spent(stores, 2, &arena, &report, &f[0].err), 0);
    assert_null(report.spent);
    assert_int_equal(store_commit_spent(stores[0], two_calls, 3, &f[0].err), 0);
    assert_int_equal(store_commit_spent(stores[1], two_calls, ROWS, &f[0].err), 0);
    assert_int_equal(results_read_spent(stores, 2, &arena, &report, &f[0].err), 0);
    for (int i = 0; i < report.spent_count; i++) {
        const struct report_spent *spent = &report.spent[i];
        method += strcmp(spent->activity, "method") == 0 && spent->method == 1 ? spent->seconds : 0;
        evidence += strcmp(spent->activity, "evidence") == 0 ? spent->seconds : 0;
        reporting += strcmp(spent->activity, "reporting") == 0 ? spent->seconds : 0;
    }
    assert_true(method == 14 && evidence == 3 && reporting == 1.5);
    for (int i = 0; i < 2; i++)
        end(&f[i]);
    arena_release(&arena);
}

static const char *backbone_of(const void *context, int i)
{
    static const char *const labels[] = {"r18", "vgg\xff"};
    assert_null(context);
    return labels[i];
}

static const char *method_of(const void *context, int i)
{
    assert_null(context);
    return methods[i];
}

TEST(the_manifest_names_backbones_and_methods)
{
    const struct manifest_labels labels = {NULL, backbone_of, method_of};
    json_t *time = manifest_times(two_calls, ROWS, &labels);
    assert_non_null(time);
    assert_true(json_real_value(json_object_get(time, "seconds")) == 20.5);
    const json_t *row = json_array_get(json_object_get(time, "activities"), 3);
    assert_string_equal(json_string_value(json_object_get(row, "backbone")), "vgg?");
    assert_string_equal(json_string_value(json_object_get(row, "method")), "gradcam");
    json_decref(time);
    time = manifest_times(NULL, 0, &labels);
    assert_true(json_is_null(json_object_get(time, "serial_share")));
    json_decref(time);
}
