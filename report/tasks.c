/* report/tasks.c - runs tasks by OpenMP and measures them in CPU time, which other programs hardly disturb. */
#include "report/tasks.h"

#include "base/clock.h"

#include <math.h>

/* A list of tasks while it is run. */
struct list {
    report_task task;
    void *context;
    int failed; /* position of the first task that failed; `count`: none */
    double work, longest;
};

static void run_task(struct list *list, int i, struct error *err)
{
    struct error own;
    double children = 0;
    const double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    const int status = list->task(list->context, i, &children, &own);
    const double seconds = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start + children;
#pragma omp critical(report_tasks)
    {
        list->work += seconds;
        list->longest = fmax(list->longest, seconds);
        if (status && i < list->failed) {
            list->failed = i;
            *err = own;
        }
    }
}

/* The number of threads for `count` tasks; at least one. */
static int team_size(const struct report *report, int count, int threads)
{
    const int allowed = report->threads < threads ? report->threads : threads,
              useful = allowed < count ? allowed : count;
    return useful < 1 ? 1 : useful;
}

int report_run_tasks(const struct report *report, int count, int threads, report_task task, void *context,
                     struct error *err)
{
    struct list list = {.task = task, .context = context, .failed = count};
    const double start = seconds_now();
#pragma omp parallel for schedule(dynamic, 1) num_threads(team_size(report, count, threads))
    for (int i = 0; i < count; i++) {
        int failed;
#pragma omp atomic read
        failed = list.failed;
        if (failed == count)
            run_task(&list, i, err);
    }
    if (report->work) {
        report->work->wall += seconds_now() - start;
        report->work->seconds += list.work;
        report->work->longest += list.longest;
    }
    return list.failed < count ? -1 : 0;
}
