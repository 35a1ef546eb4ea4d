/*
 * bench/perf/perf.c - `make bench`: the engine's images per second beside OpenBLAS's own sgemm rate, in one run.
 *
 * Rounds alternate between sgemm and the networks, so that a machine that speeds up or slows down does so for all;
 * medians and spreads are printed. GFLOP/s are those of the direct algorithm (2 x multiply-adds).
 * usage: cambench-bench [ROUNDS [THREADS [BATCH]]]
 */
#include "backbones/weights_file.h"
#include "base/text.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 224
#define SGEMM_SIDE 2048
#define ROUNDS_MAX 99

struct subject {
    const char *arch;
    struct network *network;
    struct session *session;
    double gflop;            /* an image */
    double rate[ROUNDS_MAX]; /* images/s */
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return sorted[count / 2];
}

/* (largest - smallest) / median, in percent. */
static double spread(const double *values, int count)
{
    double low = values[0], high = values[0];
    for (int i = 1; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    return 100 * (high - low) / median(values, count);
}

static int open_subject(struct subject *subject, int threads, struct error *err)
{
    const struct backbone_options options = {.classes = 1000, .width = 1, .height = SIDE, .width_px = SIDE};
    struct graph *graph = backbone_graph(subject->arch, &options, err);
    if (!graph)
        return -1;
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    if (weights_generate(graph, 1, &arena, &weights, err) == 0)
        subject->network = network_create(graph, &weights, NULL, 0, err);
    for (int i = 0; i < graph_node_count(graph); i++)
        subject->gflop += 2e-9 * graph_node(graph, i).macs;
    arena_release(&arena);
    graph_free(graph);
    if (subject->network)
        subject->session = session_create(subject->network, threads, err);
    return subject->session ? 0 : -1;
}

/* Any picture will do, but not a constant one. */
static void noise(void *context, int index, float *out)
{
    (void)context;
    uint32_t word = 12345u + (uint32_t)index;
    for (size_t i = 0; i < (size_t)3 * SIDE * SIDE; i++) {
        word = word * 1664525u + 1013904223u;
        out[i] = (float)(word >> 8) / 8388608.0f - 1;
    }
}

/* Images/s of one round of at least a quarter of a second. */
static double forward_rate(const struct subject *subject, int batch, float *logits)
{
    int images = 0;
    const double start = omp_get_wtime();
    do {
        session_forward(subject->session, batch, noise, NULL, logits);
        images += batch;
    } while (omp_get_wtime() - start < 0.25);
    return images / (omp_get_wtime() - start);
}

/* GFLOP/s of square products, one for each thread at once, as the engine uses the library. */
static double sgemm_rate(int threads, float *const *work)
{
    double total = 0;
#pragma omp parallel num_threads(threads) reduction(+ : total)
    {
        float *a = work[omp_get_thread_num()], *b = a + SGEMM_SIDE * SGEMM_SIDE, *c = b + SGEMM_SIDE * SGEMM_SIDE;
        const double start = omp_get_wtime();
        if (threads == 1)
            omp_set_num_threads(1);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SGEMM_SIDE, SGEMM_SIDE, SGEMM_SIDE, 1, a, SGEMM_SIDE, b,
                    SGEMM_SIDE, 0, c, SGEMM_SIDE);
        total += 2e-9 * SGEMM_SIDE * SGEMM_SIDE * SGEMM_SIDE / (omp_get_wtime() - start);
    }
    return total;
}

/* Everything that a measurement needs; freed by release(), however far opening came. */
struct bench {
    int rounds, threads, batch;
    struct subject *subjects; /* ends with {0} */
    float **work;             /* [thread]: three matrices */
    float *logits;            /* (batch, 1000) */
    double sgemm[ROUNDS_MAX];
};

static float *sgemm_work(void)
{
    const size_t size = (size_t)3 * SGEMM_SIDE * SGEMM_SIDE;
    float *work = malloc(size * sizeof *work);
    for (size_t i = 0; work && i < size; i++)
        work[i] = (float)(i % 17) - 8;
    return work;
}

static int open_bench(struct bench *bench, struct error *err)
{
    bench->work = calloc((size_t)bench->threads, sizeof *bench->work);
    bench->logits = malloc((size_t)bench->batch * 1000 * sizeof *bench->logits);
    if (!bench->work || !bench->logits)
        return error_memory(err, "the measurement");
    for (int t = 0; t < bench->threads; t++)
        if (!(bench->work[t] = sgemm_work()))
            return error_memory(err, "the measurement");
    for (struct subject *subject = bench->subjects; subject->arch; subject++)
        if (open_subject(subject, bench->threads, err))
            return -1;
    return 0;
}

static void release(struct bench *bench)
{
    for (struct subject *subject = bench->subjects; subject->arch; subject++) {
        session_free(subject->session);
        network_free(subject->network);
    }
    for (int t = 0; bench->work && t < bench->threads; t++)
        free(bench->work[t]);
    free(bench->work);
    free(bench->logits);
}

static void measure(struct bench *bench)
{
    for (int round = -1; round < bench->rounds; round++) { /* round -1 warms up */
        const double rate = sgemm_rate(bench->threads, bench->work);
        if (round >= 0)
            bench->sgemm[round] = rate;
        for (struct subject *subject = bench->subjects; subject->arch; subject++) {
            const double images = forward_rate(subject, bench->batch, bench->logits);
            if (round >= 0)
                subject->rate[round] = images;
        }
    }
}

static void print(const struct bench *bench)
{
    const int rounds = bench->rounds;
    const double sgemm = median(bench->sgemm, rounds);
    printf("%s, %d threads, batch %d, %dx%d, medians of %d alternating rounds\n", openblas_get_corename(),
           bench->threads, bench->batch, SIDE, SIDE, rounds);
    printf("%-16s %10s %10s %10s %8s\n", "", "images/s", "GFLOP/s", "of sgemm", "spread");
    printf("%-16s %10s %10.1f %10s %7.0f%%\n", "sgemm 2048", "", sgemm, "", spread(bench->sgemm, rounds));
    for (const struct subject *subject = bench->subjects; subject->arch; subject++) {
        const double rate = median(subject->rate, rounds), gflops = rate * subject->gflop;
        printf("%-16s %10.2f %10.1f %9.0f%% %7.0f%%\n", subject->arch, rate, gflops, 100 * gflops / sgemm,
               spread(subject->rate, rounds));
    }
}

/* Argument i as a whole number of 1..most, or `otherwise` if there is none; 0: it is no such number. */
static int argument(int argc, char **argv, int i, int otherwise, int most)
{
    long long number;
    if (i >= argc)
        return otherwise;
    return text_to_int(argv[i], &number) || number < 1 || number > most ? 0 : (int)number;
}

int main(int argc, char **argv)
{
    struct subject subjects[] = {{.arch = "vgg16"},           {.arch = "resnet18"},     {.arch = "resnet50"},
                                 {.arch = "resnext50_32x4d"}, {.arch = "mobilenet_v2"}, {0}};
    struct bench bench = {.rounds = argument(argc, argv, 1, 7, ROUNDS_MAX),
                          .threads = argument(argc, argv, 2, 2, 256),
                          .batch = argument(argc, argv, 3, 8, 4096),
                          .subjects = subjects};
    struct error err;
    if (!bench.rounds || !bench.threads || !bench.batch || argc > 4) {
        fprintf(stderr, "usage: cambench-bench [ROUNDS [THREADS [BATCH]]]\n");
        return 2;
    }
    const int status = open_bench(&bench, &err);
    if (status) {
        fprintf(stderr, "cambench-bench: %s\n", err.text);
    } else {
        measure(&bench);
        print(&bench);
    }
    release(&bench);
    return status ? 2 : 0;
}
