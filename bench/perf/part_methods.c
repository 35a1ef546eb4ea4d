/*
 * bench/perf/part_methods.c - seconds per map of every method with its usual parameters, one image at a time on all
 * threads: base pass, method, post-processing.
 *
 * A map that is expected to take longer than --map-seconds, by the passes that the method announces, is left out and its
 * row says what is expected.
 */
#include "bench/perf/mapper.h"
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "methods/method_table.h"

#define LONG_SECONDS 2.0 /* is measured once, without a warm-up */

static const char *const usual_archs[] = {"resnet18", NULL};

static const struct column columns[] = {
    {"network", "network", -16, 0},
    {"method", "method", -16, 0},
    {"seconds_per_map", "s per map", 10, 4},
    {"in_forwards", "in forwards", 11, 2},
    {"full_passes", "full passes", 11, 0},
    {"tail_passes", "tail", 6, 0},
    {"backward_passes", "backward", 8, 0},
    {"spread_percent", "spread %", 8, 1},
    {"expected_seconds", "expected s", 10, 1},
    {0},
};

struct map_times {
    struct rounds seconds, in_forwards; /* of a map; relative to the forward passes of the same round */
    struct cost cost;
};

/* Maps and forward passes alternate, because a machine's speed can change within seconds. */
static int measure(struct mapper *mapper, const struct perf_options *options, double expected, struct map_times *times,
                   struct error *err)
{
    const bool is_long = expected > LONG_SECONDS;
    for (int round = is_long ? 0 : -1; round < (is_long ? 1 : options->rounds); round++) {
        double in_maps = 0, in_forwards = 0;
        int maps = 0;
        while (maps == 0 || in_maps < options->round_seconds) {
            struct saliency saliency;
            const double start = seconds_now();
            subject_forward(mapper->subject, 1);
            const double between = seconds_now();
            if (mapper_map(mapper, 0, &saliency, &times->cost, err))
                return -1;
            in_forwards += between - start;
            in_maps += seconds_now() - between;
            maps++;
        }
        if (round < 0) /* warms up */
            continue;
        rounds_add(&times->seconds, in_maps / maps);
        rounds_add(&times->in_forwards, in_maps / in_forwards);
    }
    return 0;
}

static void print(struct perf *perf, const struct mapper *mapper, const struct map_times *times)
{
    const struct cost *cost = &times->cost;
    output_row(&perf->output,
               (const struct cell[]){cell_text(mapper->subject->arch), cell_text(mapper->method.label),
                                     cell_number(rounds_median(&times->seconds)),
                                     cell_number(rounds_median(&times->in_forwards)), cell_number(cost->full),
                                     cell_number(cost->tail), cell_number(cost->backward),
                                     cell_number(rounds_spread(&times->in_forwards)), cell_number(NAN)});
}

static void print_left_out(struct perf *perf, const struct mapper *mapper, double forward, double full, double tail)
{
    output_row(&perf->output,
               (const struct cell[]){cell_text(mapper->subject->arch), cell_text(mapper->method.label),
                                     cell_number(NAN), cell_number(NAN), cell_number(full), cell_number(tail),
                                     cell_number(NAN), cell_number(NAN), cell_number(full * forward)});
}

static int measure_method(struct perf *perf, const struct subject *subject, const char *method, double forward,
                          struct error *err)
{
    struct mapper mapper;
    struct map_times times = {0};
    double full, tail;
    int status = mapper_open(&mapper, subject, method, err);
    if (status == 0) {
        mapper_passes(&mapper, &full, &tail);
        if (full * forward > perf->options->map_seconds)
            print_left_out(perf, &mapper, forward, full, tail);
        else if ((status = measure(&mapper, perf->options, full * forward, &times, err)) == 0)
            print(perf, &mapper, &times);
    }
    mapper_close(&mapper);
    return status;
}

/* Seconds of a forward pass of one image. */
static double forward_seconds(const struct subject *subject, const struct perf_options *options)
{
    struct rounds rounds = {0};
    subject_forward(subject, 1);
    for (int round = 0; round < options->rounds; round++)
        rounds_add(&rounds, 1 / subject_rate(subject, 1, options->round_seconds));
    return rounds_median(&rounds);
}

/* Without names, all methods that need no file or command. */
static struct perf_names names_of_methods(const struct perf_names *given)
{
    struct perf_names names = *given;
    for (int i = 0; given->count == 0 && methods_all()[i] && names.count < PERF_LIST_MAX; i++)
        if (!param_required(methods_all()[i]->params))
            names.name[names.count++] = methods_all()[i]->name;
    return names;
}

static int measure_arch(struct perf *perf, const char *arch, struct error *err)
{
    const struct perf_names names = names_of_methods(&perf->options->methods);
    const struct subject_source source = {.arch = arch, .kernels = perf->options->kernels};
    struct subject subject;
    if (subject_open_for_methods(&subject, &source, perf->options->threads, 1, &perf->options->layers, err))
        return -1;
    const double forward = forward_seconds(&subject, perf->options);
    int status = 0;
    for (int i = 0; i < names.count && !status; i++)
        status = measure_method(perf, &subject, names.name[i], forward, err);
    subject_close(&subject);
    return status;
}

int part_methods(struct perf *perf, struct error *err)
{
    const struct perf_names archs = perf_names_or(&perf->options->archs, usual_archs);
    output_table(&perf->output, "methods", "Seconds per map, one image on all threads", columns);
    for (int i = 0; i < archs.count; i++)
        if (measure_arch(perf, archs.name[i], err))
            return -1;
    return 0;
}
