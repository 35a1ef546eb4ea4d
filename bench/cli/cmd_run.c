/* bench/cli/cmd_run.c - cambench run CONFIG: the main job. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/process/interrupt.h"
#include "bench/process/shipped.h"
#include "bench/run/calibrate.h"
#include "bench/run/estimate.h"
#include "bench/run/notes.h"
#include "bench/run/rehearse.h"
#include "bench/run/run.h"

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
    bool is_fresh, keeps_old, is_strict, is_dry;
};

enum key { KEY_SET = OPTIONS_KEY, KEY_FRESH, KEY_KEEP_OLD, KEY_STRICT, KEY_DRY, KEY_SHARD };

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
    case KEY_KEEP_OLD:
        arguments->keeps_old = true;
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
        "interrupted. CONFIG is a file, or the name of a config that comes with cambench: demo, imagenet, nightly, "
        "papers/...; the files that these name are found from any folder.\v"
        "Examples:\n  cambench run demo\n"
        "  cambench run configs/demo.yaml --set dataset.images=16 --output results/try",
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
            {"keep-old", KEY_KEEP_OLD, NULL, 0,
             "keep what a program with other sources has measured; without it, those maps are measured again", 0},
            {"strict", KEY_STRICT, NULL, 0, "exit 3 if an image could not be read", 0},
            {"dry-run", KEY_DRY, NULL, 0,
             "check everything; say what would be done, what it costs and which files are missing", 0},
            {0}},
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = 1,
    .take = take,
};

static void put_sentences(const char *kind, const struct error *list, int count)
{
    char line[sizeof list->text];
    for (int i = 0; i < count; i++)
        printf("%s: %s\n", kind, text_printable(list[i].text, line, sizeof line));
}

/* One sentence for everything that would end the run: the only problem, or the number of problems printed above. */
static int refuse(const struct run *job, const struct rehearsal *found, struct error *err)
{
    const int missing = job->missing_count, problems = found->problem_count;
    if (missing == 0 && problems == 1)
        *err = found->problems[0];
    else if (problems == 0)
        error_set(err, "%d file%s missing; the commands that bring %s are listed above", missing,
                  missing == 1 ? " is" : "s are", missing == 1 ? "it" : "them");
    else if (missing == 0)
        error_set(err, "the run would fail for %d reasons, which are listed above", problems);
    else
        error_set(err, "%d file%s missing, and there %s; see above", missing, missing == 1 ? " is" : "s are",
                  problems == 1 ? "is a problem" : "are problems");
    return EXIT_USAGE;
}

/* Prints time, memory, disk, missing files and everything that would fail, before the exit code reports a failure. */
static int dry_run(struct run *job, bool fresh, struct error *err)
{
    struct calibration calibration;
    struct rehearsal found;
    if (calibrate(job, &calibration, err))
        return EXIT_USAGE;
    rehearse(job, &calibration, fresh, &found);
    estimate_costs(job, &calibration, stdout);
    estimate_missing(job, stdout);
    if (job->missing_count || found.problem_count > 1)
        put_sentences("problem", found.problems, found.problem_count);
    put_sentences("warning", found.warnings, found.warning_count);
    fflush(stdout);
    return job->missing_count || found.problem_count ? refuse(job, &found, err) : EXIT_DONE;
}

static bool is_path(const char *config)
{
    const char *end = strrchr(config, '.');
    return strncmp(config, "configs/", 8) == 0 || (end && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0));
}

/* Another config than the file that was named: said also where nothing else is. A name such as "demo" means that config. */
static void note_shipped(const char *config)
{
    struct arena arena;
    arena_init(&arena, 0);
    const char *used = shipped_config(config, &arena);
    if (is_path(config) && strcmp(used, config) != 0)
        fprintf(stderr, "config \"%s\": not here, the one that comes with cambench is used: %s\n", TEXT_SHOWN(config),
                TEXT_SHOWN(used));
    arena_release(&arena);
}

static int open_job(struct run *job, const struct arguments *arguments, struct error *err)
{
    struct shard shard;
    note_shipped(arguments->config);
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

/* Printed on stderr even with --quiet: once before the work and once after it, where it is seen. */
static void warn_of_classes(const struct run *job)
{
    for (int b = 0; b < job->config.backbone_count; b++)
        if (job->backbones[b].misfit)
            fprintf(
                stderr,
                "cambench: warning: image set \"%s\" and weights \"%s\" have different classes: %s; only predictions are "
                "explained, and labels are not used\n",
                TEXT_SHOWN(job->config.dataset.path), TEXT_SHOWN(job->config.backbones[b].weights),
                job->backbones[b].misfit);
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
    warn_of_classes(&job);
    const struct run_flags flags = {.fresh = arguments.is_fresh,
                                    .keep_old = arguments.keeps_old,
                                    .strict = arguments.is_strict,
                                    .quiet = arguments.common.quiet,
                                    .columns = terminal_columns(),
                                    .color = options_use_color(&arguments.common, stdout)};
    const int code = arguments.is_dry ? dry_run(&job, arguments.is_fresh, err) : run_execute(&job, &flags, err);
    if (!arguments.is_dry)
        warn_of_classes(&job);
    run_close(&job);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "measure methods on backbones, as a config says",
    .group = COMMAND_MEASURE,
    .run = run,
};
