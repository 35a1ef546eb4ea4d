/* bench/perf/part_threads.c - a batch on 1, 2, 4 ... threads: what another thread is worth. */
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "bench/perf/subject.h"

#define BATCH 32

static const char *const usual_archs[] = {"resnet18", "resnet50", NULL};

static const struct column columns[] = {
    {"network", "network", -16, 0},
    {"threads", "threads", 7, 0},
    {"images_per_second", "images/s", 9, 2},
    {"speedup", "speedup", 8, 2},
    {"efficiency_percent", "efficiency %", 12, 1},
    {"spread_percent", "spread %", 8, 1},
    {0},
};

struct scaling {
    int count, threads[PERF_LIST_MAX];
    struct subject views[PERF_LIST_MAX]; /* the subject, each with a session of its own */
    struct rounds rate[PERF_LIST_MAX];
};

/* 1, 2, 4 ... and the number asked for. */
static void list_threads(struct scaling *scaling, int most)
{
    for (int threads = 1; threads < most; threads *= 2)
        scaling->threads[scaling->count++] = threads;
    scaling->threads[scaling->count++] = most;
}

static int open_views(struct scaling *scaling, const struct subject *subject, struct error *err)
{
    for (int i = 0; i < scaling->count; i++) {
        scaling->views[i] = *subject;
        scaling->views[i].session = session_create(subject->network, scaling->threads[i], err);
        if (!scaling->views[i].session)
            return -1;
        subject_forward(&scaling->views[i], BATCH); /* warms up */
    }
    return 0;
}

static void measure(struct scaling *scaling, const struct perf_options *options)
{
    for (int round = 0; round < options->rounds; round++)
        for (int i = 0; i < scaling->count; i++)
            rounds_add(&scaling->rate[i], subject_rate(&scaling->views[i], BATCH, options->round_seconds));
}

static void print(struct perf *perf, const struct scaling *scaling, const char *arch)
{
    const double one = rounds_median(&scaling->rate[0]);
    for (int i = 0; i < scaling->count; i++) {
        const double rate = rounds_median(&scaling->rate[i]);
        output_row(&perf->output,
                   (const struct cell[]){cell_text(arch), cell_number(scaling->threads[i]), cell_number(rate),
                                         cell_number(rate / one), cell_number(100 * rate / one / scaling->threads[i]),
                                         cell_number(rounds_spread(&scaling->rate[i]))});
    }
}

static int measure_arch(struct perf *perf, const char *arch, struct error *err)
{
    struct scaling scaling = {0};
    const struct subject_source source = {.arch = arch, .kernels = perf->options->kernels};
    struct subject subject;
    list_threads(&scaling, perf->options->threads);
    if (subject_open(&subject, &source, 1, BATCH, err))
        return -1;
    const int status = open_views(&scaling, &subject, err);
    if (status == 0) {
        measure(&scaling, perf->options);
        print(perf, &scaling, arch);
    }
    for (int i = 0; i < scaling.count; i++)
        session_free(scaling.views[i].session);
    subject_close(&subject);
    return status;
}

int part_threads(struct perf *perf, struct error *err)
{
    const struct perf_names archs = perf_names_or(&perf->options->archs, usual_archs);
    output_table(&perf->output, "threads", "Thread scaling, batches of 32", columns);
    for (int i = 0; i < archs.count; i++)
        if (measure_arch(perf, archs.name[i], err))
            return -1;
    return 0;
}
