/* Lists of tasks: their errors and seconds; files of a report are the same for any number of threads. */
#include "tests/report/sample.h"

#include "report/meta.h"
#include "report/tasks.h"

enum { TASKS = 40 };

struct sums {
    int done[TASKS];
    int fails[2]; /* tasks that fail; -1: none */
};

static int count_up(void *context, int i, double *children, struct error *err)
{
    struct sums *sums = context;
    sums->done[i]++;
    *children += i;
    return i == sums->fails[0] || i == sums->fails[1] ? error_set(err, "task %d failed", i) : 0;
}

TEST(each_task_runs_once_and_is_measured)
{
    for (int threads = 0; threads <= 8; threads += 4) {
        struct report_work work = {0};
        const struct report report = {.threads = threads, .work = &work};
        struct sums sums = {.fails = {-1, -1}};
        struct error err = {0};
        assert_int_equal(report_run_tasks(&report, TASKS, 8, count_up, &sums, &err), 0);
        for (int i = 0; i < TASKS; i++)
            assert_int_equal(sums.done[i], 1);
        assert_true(work.seconds >= TASKS * (TASKS - 1) / 2.0 && work.seconds < TASKS * (TASKS - 1) / 2.0 + 1);
        assert_true(work.longest >= TASKS - 1 && work.longest < TASKS && work.wall > 0);
    }
}

TEST(the_first_error_in_the_list_is_returned)
{
    const struct report report = {.threads = 1};
    struct sums sums = {.fails = {7, 3}};
    struct error err = {0};
    assert_int_equal(report_run_tasks(&report, TASKS, 1, count_up, &sums, &err), -1);
    assert_string_equal(err.text, "task 3 failed");
    assert_int_equal(sums.done[4], 0);
    assert_int_equal(report_run_tasks(&report, 0, 1, count_up, &sums, &err), 0);
}

/* -- a report -------------------------------------------------------------------------------------------------------- */

static const char *const files[] = {"summary.csv",      "pairwise.csv",   "ranks.csv",     "meta.csv",
                                    "plots/adcc.svg",   "plots/adcc.png", "plots/adcc.gp", "plots/forest.svg",
                                    "plots/forest.dat", "plots/meta.svg"};
enum { FILES = sizeof files / sizeof *files };

/* Writes a report; returns whether there is a gnuplot. */
static bool write_report(struct sample_run *run, int threads)
{
    struct report_metric copy[SAMPLE_METRICS];
    struct error err = {0}, warning = {.text = ""};
    sample_open(run);
    memcpy(copy, sample_metrics, sizeof copy);
    copy[SAMPLE_COHERENCY].is_truth = true;
    run->report.metrics = copy;
    run->report.threads = threads;
    struct cell *cells = report_cells(&run->report, &err);
    struct paired *paired = report_pair_up(&run->report, &err);
    struct meta_cell *meta = report_meta_cells(&run->report, &err);
    run->report.paired = paired;
    assert_true(cells && paired && meta);
    assert_int_equal(report_csv(&run->report, cells, &err), 0);
    assert_int_equal(report_pairs(&run->report, &err), 0);
    assert_int_equal(report_meta(&run->report, meta, &err), 0);
    assert_int_equal(report_plots(&run->report, cells, meta, &warning, &err), 0);
    free(cells);
    free(meta);
    report_paired_free(paired);
    return !strstr(warning.text, "could not start gnuplot");
}

TEST(files_do_not_depend_on_threads)
{
    struct sample_run one, four;
    const bool has_gnuplot = write_report(&one, 1);
    assert_int_equal(write_report(&four, 4), has_gnuplot);
    for (int i = 0; i < FILES; i++) {
        size_t size, other;
        const bool is_picture = strstr(files[i], ".svg") || strstr(files[i], ".png");
        if (is_picture && !has_gnuplot)
            continue;
        char *text = sample_read(one.folder, files[i], &size), *same = sample_read(four.folder, files[i], &other);
        assert_int_equal(size, other);
        assert_memory_equal(text, same, size);
        free(text);
        free(same);
    }
    sample_remove(one.folder);
    sample_remove(four.folder);
    sample_close(&one);
    sample_close(&four);
}
