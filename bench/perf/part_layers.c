/*
 * bench/perf/part_layers.c - the steps of a network as the engine has planned them, the time that each takes on one thread,
 * and the least that it can cost.
 *
 * Bound: the larger of operations at the FMA peak and ideal bytes at the memory's rate. Ideal bytes: what a step reads
 * and writes when each of its values is touched once, the weights aside; beside them what it does move.
 */
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "bench/perf/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_BATCH 8

static const char *const usual_archs[] = {"resnet50", NULL};

static const struct column columns[] = {
    {"network", "network", -16, 0},
    {"layer", "layer", -30, 0},
    {"op", "op", -17, 0},
    {"kernel", "kernel", -22, 0},
    {"shape", "shape", -12, 0},
    {"mflop", "MFLOP", 8, 1},
    {"moved_mb", "MB moved", 8, 3},
    {"ideal_mb", "ideal", 7, 3},
    {"bound_us", "bound us", 9, 1},
    {"us", "us", 9, 1},
    {"gflop_per_second", "GFLOP/s", 8, 1},
    {"of_bound", "% bound", 8, 0},
    {0},
};

static double value_bytes(struct shape shape)
{
    return sizeof(float) * (double)shape.c * shape.h * shape.w;
}

/* What the first node of the step reads, and the step's result; a residual is as large as that. */
static double ideal_bytes(const struct graph *graph, const struct step_info *step, struct error *err)
{
    const int found = graph_find(graph, step->name, err);
    if (found < 0)
        return NAN;
    const struct node_info node = graph_node(graph, found);
    double bytes = value_bytes(step->shape) * (step->has_residual ? 2 : 1);
    for (int i = 0; i < node.input_count; i++)
        bytes += value_bytes(graph_node(graph, node.inputs[i]).shape);
    return bytes;
}

struct limits {
    double flops, bytes; /* a second */
};

static double bound_seconds(const struct limits *limits, double flop, double bytes)
{
    return fmax(flop / limits->flops, bytes / limits->bytes);
}

struct sums {
    double flop, moved, ideal, bound, seconds;
};

static void print(struct perf *perf, const char *arch, const struct step_info *step, const struct sums *figures)
{
    char shape[48];
    snprintf(shape, sizeof shape, "%dx%dx%d", step->shape.c, step->shape.h, step->shape.w);
    output_row(&perf->output,
               (const struct cell[]){cell_text(arch), cell_text(step->name), cell_text(step->op),
                                     cell_text(step->kernel), cell_text(shape), cell_number(1e-6 * figures->flop),
                                     cell_number(1e-6 * figures->moved), cell_number(1e-6 * figures->ideal),
                                     cell_number(1e6 * figures->bound), cell_number(1e6 * figures->seconds),
                                     cell_number(1e-9 * figures->flop / figures->seconds),
                                     cell_number(100 * figures->bound / figures->seconds)});
}

/* Seconds an image in each step: the median of rounds of one batch. */
static int time_steps(const struct perf *perf, const struct subject *subject, int batch, double *seconds,
                      struct error *err)
{
    const int steps = network_step_count(subject->network);
    struct rounds *rounds = calloc((size_t)steps, sizeof *rounds);
    if (!rounds)
        return error_memory(err, "the times of steps");
    subject_forward(subject, batch);
    for (int round = 0; round < perf->options->rounds; round++) {
        memset(seconds, 0, (size_t)steps * sizeof *seconds);
        session_profile(subject->session, seconds);
        subject_forward(subject, batch);
        session_profile(subject->session, NULL);
        for (int i = 0; i < steps; i++)
            rounds_add(&rounds[i], seconds[i] / batch);
    }
    for (int i = 0; i < steps; i++)
        seconds[i] = rounds_median(&rounds[i]);
    free(rounds);
    return 0;
}

static int print_steps(struct perf *perf, const struct subject *subject, const struct limits *limits,
                       const double *seconds, struct error *err)
{
    struct sums sums = {0};
    for (int i = 0; i < network_step_count(subject->network); i++) {
        const struct step_info step = network_step(subject->network, i);
        const double ideal = ideal_bytes(subject->model->graph, &step, err);
        if (isnan(ideal))
            return -1;
        const struct sums figures = {2 * step.macs, step.bytes, ideal, bound_seconds(limits, 2 * step.macs, ideal),
                                     seconds[i]};
        print(perf, subject->arch, &step, &figures);
        sums.flop += figures.flop, sums.moved += figures.moved;
        sums.ideal += figures.ideal, sums.bound += figures.bound;
        sums.seconds += figures.seconds;
    }
    const struct step_info all = {.name = "all", .op = "", .kernel = "", .shape = network_input(subject->network)};
    print(perf, subject->arch, &all, &sums);
    return 0;
}

static int measure_arch(struct perf *perf, const char *arch, const struct limits *limits, struct error *err)
{
    const struct subject_source source = {.arch = arch, .kernels = perf->options->kernels};
    struct subject subject;
    if (subject_open(&subject, &source, 1, LAYERS_BATCH, err))
        return -1;
    double *seconds = arena_alloc(&subject.arena, (size_t)network_step_count(subject.network), sizeof *seconds);
    int status =
        seconds ? time_steps(perf, &subject, LAYERS_BATCH, seconds, err) : error_memory(err, "the times of steps");
    if (!status)
        status = print_steps(perf, &subject, limits, seconds, err);
    subject_close(&subject);
    return status;
}

/* Of one thread, as the steps are timed. */
static int measure_limits(struct perf *perf, struct limits *limits, struct error *err)
{
    struct machine *machine = machine_open(1, err);
    if (!machine)
        return -1;
    limits->flops = 1e9 * machine_fma(1, perf->options->round_seconds);
    limits->bytes = 1e9 * machine_bandwidth(machine);
    machine_close(machine);
    output_fact(&perf->output, "layers_peak_gflop_per_second", cell_number(1e-9 * limits->flops));
    output_fact(&perf->output, "layers_bandwidth_gb_per_second", cell_number(1e-9 * limits->bytes));
    return 0;
}

int part_layers(struct perf *perf, struct error *err)
{
    const struct perf_names archs = perf_names_or(&perf->options->archs, usual_archs);
    struct limits limits;
    if (measure_limits(perf, &limits, err))
        return -1;
    char heading[160];
    snprintf(heading, sizeof heading,
             "Steps, one image of a batch of %d, one thread; bounds by %.0f GFLOP/s and %.1f GB/s", LAYERS_BATCH,
             1e-9 * limits.flops, 1e-9 * limits.bytes);
    output_table(&perf->output, "layers", heading, columns);
    for (int i = 0; i < archs.count; i++)
        if (measure_arch(perf, archs.name[i], &limits, err))
            return -1;
    return 0;
}
