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
#define BFLOAT16_SECONDS 0.02

static const struct part {
    const char *name, *what;
    perf_part *run;
} parts[] = {
    {"forward", "images/s of networks and batches, beside the limits of the machine", part_forward},
    {"layers", "the steps of a network: kernels, operations, bytes, bounds, times", part_layers},
    {"methods", "seconds per map of every method", part_methods},
    {"threads", "a batch of 32 images on 1, 2, 4 ... threads", part_threads},
    {"tail", "3 maps on 1, 2, 4, 8 threads, with and without help", part_tail},
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

static int add_name(struct perf_names *names, const char *what, const char *name, struct error *err)
{
    if (names->count == PERF_LIST_MAX)
        return error_set(err, "more than %d %s", PERF_LIST_MAX, what);
    names->name[names->count++] = name;
    return 0;
}

/* Cuts the argument, which lives as long as the program, at its commas. */
static int split_names(const struct param *row, const char *value, struct perf_names *names, struct error *err)
{
    char option[32], *rest = (char *)value;
    snprintf(option, sizeof option, "--%s", row->name);
    for (char *name; (name = strsep(&rest, ","));)
        if (add_name(names, option, name, err))
            return -1;
    return 0;
}

static int read_names(const char *value, const struct param *row, void *out, struct error *err)
{
    return split_names(row, value, param_field(row, out), err);
}

static int read_numbers(const char *value, const struct param *row, void *out, struct error *err)
{
    const struct param element = {.name = row->name, .type = PARAM_TYPE_INT, .min = row->min, .max = row->max};
    struct perf_numbers *numbers = param_field(row, out);
    struct perf_names names = {0};
    if (split_names(row, value, &names, err))
        return -1;
    numbers->count = names.count;
    for (int i = 0; i < names.count; i++)
        if (options_store(&element, names.name[i], &numbers->number[i], err))
            return -1;
    return 0;
}

static int read_part(const char *name, const struct param *row, void *out, struct error *err)
{
    struct perf_options *options = out;
    (void)row;
    if (find_part(name))
        return add_name(&options->parts, "parts", name, err);
    error_set(err, "there is no part \"%s\"; allowed:", name);
    for (int i = 0; i < PART_COUNT; i++) {
        const size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, "%s %s", i ? "," : "", parts[i].name);
    }
    return -1;
}

static const struct param rows[] = {
    OPTION_ROW(struct perf_options, archs, LIST, "arch", 'a', .value = "A,B", .read_word = read_names,
               .help = "networks, by name or as an ONNX file (.onnx); default: the part's own"),
    OPTION_ROW(struct perf_options, batches, LIST, "batch", 0, .value = "N,M", .min = 1, .max = 4096,
               .read_word = read_numbers, .help = "forward: images in one call (1,8,32)"),
    OPTION_STRING(struct perf_options, channels, "channels", 0, "LETTERS",
                  "serve: the input's channels, as in a config's input"),
    OPTION_ROW(struct perf_options, images, LIST, "images", 0, .value = "N,M", .min = 1, .max = 10000000,
               .read_word = read_numbers, .help = "runs: how many images, ascending (250,500,1000)"),
    OPTION_STRING(struct perf_options, inputs, "inputs", 0, "FILE", "serve: float32 (N,C,H,W) as they lie in memory"),
    OPTION_STRING(struct perf_options, json, "json", 0, "FILE", "write all figures there, too"),
    OPTION_STRING(struct perf_options, kernels, "kernels", 0, "NAME",
                  "auto, avx512, avx2, neon, portable or openblas (auto)"),
    OPTION_ROW(struct perf_options, layers, LIST, "layers", 0, .value = "A,B", .read_word = read_names,
               .help = "methods, serve: further layers that parameters of methods name"),
    OPTION_FLOAT(struct perf_options, map_seconds, "map-seconds", 0, "S", "10", 0, 1e6,
                 "methods: leave out maps that take longer (10)"),
    OPTION_ROW(struct perf_options, methods, LIST, "methods", 0, .value = "A,B", .read_word = read_names,
               .help = "methods: only these"),
    PLUGIN_OPTION(struct perf_options, plugins),
    OPTION_INT(struct perf_options, rounds, "rounds", 0, "N", "5", 1, ROUNDS_MAX,
               "measurements of which the median counts (5)"),
    OPTION_FLOAT(struct perf_options, round_seconds, "seconds", 0, "S", "0.25", 0, 3600,
                 "what a round lasts at least (0.25)"),
    OPTION_FLAG(struct perf_options, serve, "serve", 0,
                "answer bench/peers on a pipe: one --arch, --weights and --inputs"),
    OPTION_INT(struct perf_options, threads, "threads", 't', "N", NULL, 1, THREADS_MAX,
               "how many (as many as there are cores)"),
    OPTION_STRING(struct perf_options, weights, "weights", 0, "FILE", "serve: HDF5; default: generated"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORDS_READ(read_part), {0}};

static const struct options_usage usage = {
    .words = "[PART...]",
    .words_max = OPTIONS_ANY,
    .word_rows = word_rows,
    .rows = rows,
    .doc = "Measures the speed of the engine. Parts: forward, layers, methods, threads, tail, runs; "
           "default: all of them.\vExamples:\n  cambench-bench forward --arch resnet50 --batch 8 --rounds 9\n"
           "  cambench-bench methods --arch resnet50 --map-seconds 600 --json maps.json",
};

static int check(const struct perf_options *options, struct error *err)
{
    if (options->serve && options->archs.count != 1)
        return error_set(err, "--serve needs one --arch");
    if (!options->serve && (options->weights || options->inputs || options->channels))
        return error_set(err, "--weights, --inputs and --channels belong to --serve");
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
    const double bfloat16 = machine_bfloat16(BFLOAT16_SECONDS);
    printf("%d threads of %d cores; OpenBLAS for %s; FMA peak by %s", options->threads, omp_get_num_procs(),
           openblas_get_corename(), machine_fma_name());
    if (bfloat16 > 0)
        printf(" (multiply-adds of bfloat16: %.2f of it)", bfloat16);
    printf("; medians of %d alternating rounds\n", options->rounds);
    output_fact(&perf->output, "bfloat16_of_fma", cell_number(bfloat16));
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
    struct perf_options options = {.threads = omp_get_num_procs()};
    static char name[] = "cambench-bench"; /* wherever it lies */
    struct options common = {0};
    struct error err;
    argv[0] = name;
    const int begun = startup_begin(name, &err);
    const int parsed = begun ? begun : options_parse(&usage, argc, argv, &common, &options, &err);
    if (parsed == OPTIONS_SHOWN)
        return startup_end(EXIT_DONE);
    if (parsed || check(&options, &err) || plugin_option_load(&options.plugins, &err) || make_threads(&options, &err) ||
        (options.serve ? serve(&options, &err) : measure(&options, &err))) {
        fprintf(stderr, "cambench-bench: %s\n", err.text);
        return startup_end(EXIT_USAGE);
    }
    return startup_end(EXIT_DONE);
}
