/*
 * bench/perf/perf.c - `make bench`: the speed of the engine beside what this machine can do, measured in the same run.
 *
 * Rounds of what is compared alternate; medians and spreads are printed. GFLOP/s are those of the direct algorithm
 * (2 x multiply-adds), whatever the kernels do. docs/performance.md says how to read the tables.
 */
#include "bench/perf/perf.h"

#include "bench/cli/options.h"
#include "bench/perf/rounds.h"
#include "bench/process/startup.h"
#include "bench/process/worker_threads.h"

#include <cblas.h>
#include <omp.h>
#include <string.h>

#define THREADS_MAX 1024

static const struct part {
    const char *name, *what;
    perf_part *run;
} parts[] = {
    {"forward", "images/s of networks and batches, beside the limits of the machine", part_forward},
    {"layers", "the steps of a network: kernels, operations, bytes, bounds, times", part_layers},
    {"methods", "seconds per map of every method", part_methods},
    {"threads", "a batch of 32 images on 1, 2, 4 ... threads", part_threads},
    {"runs", "cambench run: time and memory against the number of images", part_runs},
};
#define PART_COUNT ((int)(sizeof parts / sizeof *parts))

static const struct part *find_part(const char *name)
{
    for (int i = 0; i < PART_COUNT; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

struct perf_names perf_names_or(const struct perf_names *given, const char *const *usual)
{
    struct perf_names names = *given;
    for (int i = 0; given->count == 0 && usual[i]; i++)
        names.name[names.count++] = usual[i];
    return names;
}

/* -- the command line ------------------------------------------------------------------------------------------------ */

enum {
    KEY_BATCH = OPTIONS_KEY,
    KEY_IMAGES,
    KEY_INPUTS,
    KEY_JSON_FILE,
    KEY_MAP_SECONDS,
    KEY_METHODS,
    KEY_ROUNDS,
    KEY_SECONDS,
    KEY_SERVE,
    KEY_WEIGHTS,
};

static const struct argp_option rows[] = {
    {"arch", 'a', "A,B", 0, "networks; default: the part's own", 0},
    {"batch", KEY_BATCH, "N,M", 0, "forward: images in one call (1,8,32)", 0},
    {"images", KEY_IMAGES, "N,M", 0, "runs: how many images, ascending (250,500,1000)", 0},
    {"inputs", KEY_INPUTS, "FILE", 0, "serve: float32 (N,3,H,W) as they lie in memory", 0},
    {"json", KEY_JSON_FILE, "FILE", 0, "write all figures there, too", 0},
    {"map-seconds", KEY_MAP_SECONDS, "S", 0, "methods: leave out maps that take longer (10)", 0},
    {"methods", KEY_METHODS, "A,B", 0, "methods: only these", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "measurements of which the median counts (5)", 0},
    {"seconds", KEY_SECONDS, "S", 0, "what a round lasts at least (0.25)", 0},
    {"serve", KEY_SERVE, NULL, 0, "answer bench/peers on a pipe: one --arch, --weights and --inputs", 0},
    {"threads", 't', "N", 0, "how many (as many as there are cores)", 0},
    {"weights", KEY_WEIGHTS, "FILE", 0, "serve: HDF5; default: generated", 0},
    {0},
};

static int add_name(struct perf_names *names, const char *what, const char *name, struct error *err)
{
    if (names->count == PERF_LIST_MAX)
        return error_set(err, "more than %d %s", PERF_LIST_MAX, what);
    names->name[names->count++] = name;
    return 0;
}

/* Cuts the argument, which lives as long as the program, at its commas. */
static int take_names(struct perf_names *names, const char *option, const char *value, struct error *err)
{
    char *rest = (char *)value;
    for (char *name; (name = strsep(&rest, ","));)
        if (add_name(names, option, name, err))
            return -1;
    return 0;
}

static int take_numbers(struct perf_numbers *numbers, const char *option, const char *value, int max, struct error *err)
{
    struct perf_names names = {0};
    if (take_names(&names, option, value, err))
        return -1;
    numbers->count = names.count;
    for (int i = 0; i < names.count; i++)
        if (options_int(option, names.name[i], 1, max, &numbers->number[i], err))
            return -1;
    return 0;
}

static int take_part(struct perf_options *options, const char *name, struct error *err)
{
    if (find_part(name))
        return add_name(&options->parts, "parts", name, err);
    error_set(err, "there is no part \"%s\"; allowed:", name);
    for (int i = 0; i < PART_COUNT; i++) {
        const size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, "%s %s", i ? "," : "", parts[i].name);
    }
    return -1;
}

static int take(void *target, int key, const char *value, struct error *err)
{
    struct perf_options *options = target;
    switch (key) {
    case 'a':
        return take_names(&options->archs, "--arch", value, err);
    case 't':
        return options_int("--threads", value, 1, THREADS_MAX, &options->threads, err);
    case KEY_BATCH:
        return take_numbers(&options->batches, "--batch", value, 4096, err);
    case KEY_IMAGES:
        return take_numbers(&options->images, "--images", value, 10000000, err);
    case KEY_INPUTS:
        options->inputs = value;
        return 0;
    case KEY_JSON_FILE:
        options->json = value;
        return 0;
    case KEY_MAP_SECONDS:
        return options_double("--map-seconds", value, 0, 1e6, &options->map_seconds, err);
    case KEY_METHODS:
        return take_names(&options->methods, "--methods", value, err);
    case KEY_ROUNDS:
        return options_int("--rounds", value, 1, ROUNDS_MAX, &options->rounds, err);
    case KEY_SECONDS:
        return options_double("--seconds", value, 0, 3600, &options->round_seconds, err);
    case KEY_SERVE:
        options->serve = true;
        return 0;
    case KEY_WEIGHTS:
        options->weights = value;
        return 0;
    default:
        return take_part(options, value, err);
    }
}

static const struct options_usage usage = {
    .words = "[PART...]",
    .words_max = OPTIONS_ANY,
    .take = take,
    .rows = rows,
    .doc = "Measures the speed of the engine. Parts: forward, layers, methods, threads, runs; "
           "default: all of them.\vExamples:\n  cambench-bench forward --arch resnet50 --batch 8 --rounds 9\n"
           "  cambench-bench methods --arch resnet50 --map-seconds 600 --json maps.json",
};

static int check(const struct perf_options *options, struct error *err)
{
    if (options->serve && options->archs.count != 1)
        return error_set(err, "--serve needs one --arch");
    if (!options->serve && (options->weights || options->inputs))
        return error_set(err, "--weights and --inputs belong to --serve");
    return 0;
}

static int make_threads(struct perf_options *options, struct error *err)
{
    options->threads = worker_threads(options->threads, err);
    return options->threads ? 0 : -1;
}

/* -- the measurement --------------------------------------------------------------------------------------------------- */

static void print_head(struct perf *perf)
{
    const struct perf_options *options = perf->options;
    printf("%d threads of %d cores; OpenBLAS for %s; FMA peak by %s; medians of %d alternating rounds\n",
           options->threads, omp_get_num_procs(), openblas_get_corename(), machine_fma_name(), options->rounds);
    output_fact(&perf->output, "threads", cell_number(options->threads));
    output_fact(&perf->output, "cores", cell_number(omp_get_num_procs()));
    output_fact(&perf->output, "openblas_core", cell_text(openblas_get_corename()));
    output_fact(&perf->output, "instruction_set", cell_text(machine_fma_name()));
    output_fact(&perf->output, "rounds", cell_number(options->rounds));
}

static int run_parts(struct perf *perf, struct error *err)
{
    const char *all[PART_COUNT + 1] = {0};
    for (int i = 0; i < PART_COUNT; i++)
        all[i] = parts[i].name;
    const struct perf_names names = perf_names_or(&perf->options->parts, all);
    for (int i = 0; i < names.count; i++)
        if (find_part(names.name[i])->run(perf, err))
            return error_prefix(err, "%s: ", names.name[i]);
    return perf->options->json ? output_write(&perf->output, perf->options->json, err) : 0;
}

static int measure(const struct perf_options *options, struct error *err)
{
    struct perf perf = {.options = options};
    if (output_init(&perf.output, err))
        return -1;
    int status = -1;
    perf.machine = machine_open(options->threads, err);
    if (perf.machine) {
        print_head(&perf);
        status = run_parts(&perf, err);
    }
    machine_close(perf.machine);
    output_release(&perf.output);
    return status;
}

int main(int argc, char **argv)
{
    struct perf_options options = {
        .threads = omp_get_num_procs(), .rounds = 5, .round_seconds = 0.25, .map_seconds = 10};
    static char name[] = "cambench-bench"; /* wherever it lies */
    struct options common = {0};
    struct error err;
    argv[0] = name;
    const int begun = startup_begin(name, &err);
    const int parsed = begun ? begun : options_parse(&usage, argc, argv, &common, &options, &err);
    if (parsed == OPTIONS_SHOWN)
        return startup_end(EXIT_DONE);
    if (parsed || check(&options, &err) || make_threads(&options, &err) ||
        (options.serve ? serve(&options, &err) : measure(&options, &err))) {
        fprintf(stderr, "cambench-bench: %s\n", err.text);
        return startup_end(EXIT_USAGE);
    }
    return startup_end(EXIT_DONE);
}
