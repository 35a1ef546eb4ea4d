/* bench/perf/part_tail.c - three Score-CAM maps on 1, 2, 4, 8 threads: what it is worth that threads without work help. */
#include "base/clock.h"
#include "bench/perf/mapper.h"
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "nn/threads.h"

#include <omp.h>

#define MAPS 3
#define METHOD "scorecam:max_channels=64"
#define THREADS_MOST 8

static const char *const usual_archs[] = {"resnet18", NULL};
static const int thread_counts[] = {1, 2, 4, THREADS_MOST};

static const struct column columns[] = {
    {"network", "network", -16, 0},
    {"threads", "threads", 7, 0},
    {"seconds_alone", "s alone", 8, 2},
    {"seconds_helped", "s helped", 8, 2},
    {"ratio", "ratio", 6, 2},
    {"busiest_alone_percent", "busiest alone %", 15, 1},
    {"busiest_helped_percent", "busiest helped %", 16, 1},
    {0},
};

/* Threads that make the maps, each with a session and a mapper of its own. */
struct crew {
    int count;
    struct subject views[THREADS_MOST];
    struct mapper mappers[THREADS_MOST];
    struct session *sessions[THREADS_MOST];
    struct rounds seconds[2], busiest[2]; /* without help, with help */
};

static int open_crew(struct crew *crew, const struct subject *subject, int threads, struct error *err)
{
    for (; crew->count < threads; crew->count++) {
        struct subject *view = &crew->views[crew->count];
        *view = *subject;
        view->session = crew->sessions[crew->count] = session_create(subject->network, 1, err);
        if (!view->session)
            return -1;
        if (mapper_open(&crew->mappers[crew->count], view, METHOD, err)) {
            mapper_close(&crew->mappers[crew->count]);
            session_free(view->session);
            return -1;
        }
    }
    return 0;
}

static void close_crew(struct crew *crew)
{
    for (int i = 0; i < crew->count; i++) {
        mapper_close(&crew->mappers[i]);
        session_free(crew->sessions[i]);
    }
}

/* Makes the maps once. `busiest`: the processor time of the thread with the most, in percent of that of all. */
static int make_maps(struct crew *crew, bool is_helped, double *seconds, double *busiest, struct error *err)
{
    struct session_team *team = is_helped ? session_team_create(crew->sessions, crew->count, err) : NULL;
    double sum = 0, most = 0;
    int failed = 0;
    if (is_helped && !team)
        return -1;
    const double begun = seconds_now();
#pragma omp parallel num_threads(crew->count)
    {
        const int thread = omp_get_thread_num();
        const double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
        struct saliency saliency;
        struct error own;
        int status = 0;
#pragma omp for schedule(dynamic, 1) nowait
        for (int map = 0; map < MAPS; map++)
            status |= mapper_map(&crew->mappers[thread], map, &saliency, NULL, &own);
        if (is_helped)
            session_help(crew->sessions[thread]);
        const double used = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
#pragma omp critical(tail)
        {
            if (status)
                *err = own;
            failed |= status;
            sum += used;
            most = used > most ? used : most;
        }
    }
    *seconds = seconds_now() - begun;
    *busiest = 100 * most / sum;
    session_team_free(team);
    return failed ? -1 : 0;
}

static int measure(struct crew *crew, int rounds, struct error *err)
{
    for (int round = 0; round < rounds; round++)
        for (int is_helped = 0; is_helped < 2; is_helped++) {
            double seconds, busiest;
            if (make_maps(crew, is_helped, &seconds, &busiest, err))
                return -1;
            rounds_add(&crew->seconds[is_helped], seconds);
            rounds_add(&crew->busiest[is_helped], busiest);
        }
    return 0;
}

static void print(struct perf *perf, const struct crew *crew, const char *arch)
{
    const double alone = rounds_median(&crew->seconds[0]), helped = rounds_median(&crew->seconds[1]);
    output_row(&perf->output,
               (const struct cell[]){cell_text(arch), cell_number(crew->count), cell_number(alone), cell_number(helped),
                                     cell_number(helped / alone), cell_number(rounds_median(&crew->busiest[0])),
                                     cell_number(rounds_median(&crew->busiest[1]))});
}

static int measure_threads(struct perf *perf, const struct subject *subject, int threads, struct error *err)
{
    struct crew crew = {0};
    const int status = open_crew(&crew, subject, threads, err) || measure(&crew, perf->options->rounds, err) ? -1 : 0;
    if (!status)
        print(perf, &crew, subject->arch);
    close_crew(&crew);
    return status;
}

static int measure_arch(struct perf *perf, const char *arch, struct error *err)
{
    struct subject subject;
    const int most = threads_prepare(THREADS_MOST, err);
    int status = 0;
    if (!most ||
        subject_open(&subject, &(struct subject_source){.arch = arch, .kernels = perf->options->kernels}, 1, MAPS, err))
        return -1;
    for (size_t i = 0; i < sizeof thread_counts / sizeof *thread_counts && thread_counts[i] <= most && !status; i++)
        status = measure_threads(perf, &subject, thread_counts[i], err);
    subject_close(&subject);
    return status;
}

int part_tail(struct perf *perf, struct error *err)
{
    const struct perf_names archs = perf_names_or(&perf->options->archs, usual_archs);
    output_table(&perf->output, "tail", "The end of a run: 3 maps of " METHOD, columns);
    for (int i = 0; i < archs.count; i++)
        if (measure_arch(perf, archs.name[i], err))
            return -1;
    return 0;
}
