/* bench/cmd_run.c - cambench run CONFIG: the main job. */
#include "bench/bench.h"
#include "bench/calibrate.h"
#include "bench/estimate.h"
#include "bench/interrupt.h"
#include "bench/notes.h"
#include "bench/options.h"
#include "bench/run.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX 64

struct arguments {
    struct options common;
    const char *config;
    const char *sets[SETS_MAX];
    int set_count;
    char output[4 * PATH_MAX + 16], threads[32];
    const char *shard;
    bool is_fresh, is_strict, is_dry;
};

enum key { KEY_SET = OPTIONS_KEY, KEY_FRESH, KEY_STRICT, KEY_DRY, KEY_SHARD };

static int add_set(struct arguments *arguments, const char *set, struct error *err)
{
    if (arguments->set_count == SETS_MAX)
        return error_set(err, "more than %d --set options", SETS_MAX);
    arguments->sets[arguments->set_count++] = set;
    return 0;
}

/* The folder as it is, whatever its characters mean in YAML. */
static int set_output(struct arguments *arguments, const char *folder, struct error *err)
{
    char *out = arguments->output;
    if (strlen(folder) >= PATH_MAX)
        return error_set(err, "--output: the name has more than %d bytes", PATH_MAX - 1);
    out += sprintf(out, "output=\"");
    for (; *folder; folder++) {
        const unsigned char c = (unsigned char)*folder;
        out += sprintf(out, c < ' ' || c == 0x7f ? "\\x%02x" : c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    sprintf(out, "\"");
    return add_set(arguments, arguments->output, err);
}

static int take(void *target, int key, const char *value, struct error *err)
{
    struct arguments *arguments = target;
    int threads;
    switch (key) {
    case KEY_SET:
        return add_set(arguments, value, err);
    case 'o':
        return set_output(arguments, value, err);
    case 't':
        if (options_int("--threads", value, 0, 1024, &threads, err))
            return -1;
        snprintf(arguments->threads, sizeof arguments->threads, "runtime.threads=%d", threads);
        return add_set(arguments, arguments->threads, err);
    case KEY_FRESH:
        arguments->is_fresh = true;
        return 0;
    case KEY_STRICT:
        arguments->is_strict = true;
        return 0;
    case KEY_DRY:
        arguments->is_dry = true;
        return 0;
    case KEY_SHARD:
        arguments->shard = value;
        return 0;
    default:
        arguments->config = value;
        return 0;
    }
}

static const struct options_usage usage = {
    .words = "CONFIG",
    .doc =
        "Runs methods on backbones and measures them, as a YAML config says. The same command continues a run that was "
        "interrupted.\vExample:\n  cambench run configs/demo.yaml --set dataset.images=16 --output results/try",
    .rows =
        (const struct argp_option[]){
            {"set", KEY_SET, "KEY=VALUE", 0, "change a key of the config; may be repeated", 0},
            {"output", 'o', "DIR", 0, "run directory (results/NAME)", 0},
            {"threads", 't', "N", 0, "0: as many as there are cores", 0},
            {"shard", KEY_SHARD, "I/N", 0,
             "measure the I-th of N parts (see docs/clusters.md); default: as srun, Slurm's arrays, mpirun or Kubernetes "
             "say, 1/1: the whole run",
             0},
            {"fresh", KEY_FRESH, NULL, 0, "start anew; an old store is kept aside", 0},
            {"strict", KEY_STRICT, NULL, 0, "exit 3 if an image could not be read", 0},
            {"dry-run", KEY_DRY, NULL, 0,
             "check everything; say what would be done, what it costs and which files are missing", 0},
            {0}},
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = 1,
    .take = take,
};

/* Time, memory, disk and what is missing: all of it, before the exit code says that something is. */
static int dry_run(struct run *job, struct error *err)
{
    struct calibration calibration;
    if (calibrate(job, &calibration, err))
        return EXIT_USAGE;
    estimate_costs(job, &calibration, stdout);
    estimate_missing(job, stdout);
    fflush(stdout);
    if (job->missing_count == 0)
        return EXIT_DONE;
    error_set(err, "%d file%s missing; the commands that bring %s stand above", job->missing_count,
              job->missing_count == 1 ? " is" : "s are", job->missing_count == 1 ? "it" : "them");
    return EXIT_USAGE;
}

static int open_job(struct run *job, const struct arguments *arguments, struct error *err)
{
    struct shard shard;
    if (shard_find(arguments->shard, getenv, &shard, err) ||
        run_open(job, arguments->config, arguments->sets, arguments->set_count, arguments->is_dry, err))
        return -1;
    const int status = run_take_shard(job, &shard, err);
    if (status)
        run_close(job);
    return status;
}

/* Many shards may share a terminal: each says in one line which it is. */
static void describe(const struct run *job)
{
    const struct shard *shard = &job->shard;
    if (!shard_is_part(shard) || job->is_dry)
        estimate_describe(job, stdout);
    if (shard_is_part(shard))
        printf("run \"%s\", shard %d of %d (%s): %zu of %zu pairs of backbone and image\n",
               TEXT_SHOWN(job->config.name), shard->number, shard->count, shard->origin,
               shard_size(shard, job->config.backbone_count, job->image_count),
               (size_t)job->config.backbone_count * (size_t)job->image_count);
    for (int b = 0; b < job->config.backbone_count; b++)
        if (job->backbones[b].weights)
            notes_print(job->config.backbones[b].label, &job->backbones[b].info, stdout);
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {0};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    if (status)
        return options_exit(status);
    if (!arguments.is_dry)
        interrupt_catch();
    struct run job;
    if (open_job(&job, &arguments, err))
        return EXIT_USAGE;
    if (!arguments.common.quiet || arguments.is_dry)
        describe(&job);
    fflush(stdout);
    const struct run_flags flags = {.fresh = arguments.is_fresh,
                                    .strict = arguments.is_strict,
                                    .quiet = arguments.common.quiet,
                                    .columns = terminal_columns(),
                                    .color = options_use_color(&arguments.common, stdout)};
    const int code = arguments.is_dry ? dry_run(&job, err) : run_execute(&job, &flags, err);
    run_close(&job);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "measure methods on backbones, as a config says",
    .group = COMMAND_MEASURE,
    .run = run,
};
