/* bench/cli/cmd_run.c - cambench run CONFIG: measures a run. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/process/interrupt.h"
#include "bench/process/shipped.h"
#include "bench/run/additions.h"
#include "bench/run/calibrate.h"
#include "bench/run/estimate.h"
#include "bench/run/notes.h"
#include "bench/run/pilot.h"
#include "bench/run/rehearse.h"
#include "bench/run/run.h"
#include "bench/run/work.h"

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
    char output[4 * PATH_MAX + 16], set_threads[32];
    int threads;
    const char *shard, *pairs;
    bool is_fresh, keeps_old, is_strict, is_dry;
};

static int add_set(struct arguments *arguments, const char *set, struct error *err)
{
    if (arguments->set_count == SETS_MAX)
        return error_set(err, "more than %d --set options", SETS_MAX);
    arguments->sets[arguments->set_count++] = set;
    return 0;
}

/* Reads --output, whose characters are not interpreted as YAML. */
static int read_output(const char *folder, const struct param *row, void *target, struct error *err)
{
    struct arguments *arguments = target;
    char *out = arguments->output;
    if (strlen(folder) >= PATH_MAX)
        return error_set(err, "--output: the name has more than %d bytes", PATH_MAX - 1);
    out += sprintf(out, "output=\"");
    for (; *folder; folder++) {
        const unsigned char c = (unsigned char)*folder;
        out += sprintf(out, c < ' ' || c == 0x7f ? "\\x%02x" : c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    sprintf(out, "\"");
    (void)row;
    return add_set(arguments, arguments->output, err);
}

static int read_set(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)row;
    return add_set(target, value, err);
}

static int read_threads(const char *value, const struct param *row, void *target, struct error *err)
{
    struct arguments *arguments = target;
    if (options_store(row, value, target, err))
        return -1;
    snprintf(arguments->set_threads, sizeof arguments->set_threads, "runtime.threads=%d", arguments->threads);
    return add_set(arguments, arguments->set_threads, err);
}

static const struct param rows[] = {
    OPTION_READ("set", 0, "KEY=VALUE", read_set, "change a key of the config; may be repeated"),
    OPTION_READ("output", 'o', "DIR", read_output, "run directory (results/NAME)"),
    OPTION_ROW(struct arguments, threads, INT, "threads", 't', .value = "N", .max = 1024, .read_word = read_threads,
               .help = "0: as many as there are cores"),
    OPTION_STRING(
        struct arguments, shard, "shard", 0, "I/N",
        "measure the I-th of N parts (see docs/clusters.md); default: as srun, Slurm's arrays, mpirun or Kubernetes say, 1/1: the whole run"),
    OPTION_STRING(struct arguments, pairs, "pairs", 0, "METRIC", "also print the differences of all pairs of methods"),
    OPTION_FLAG(struct arguments, is_fresh, "fresh", 0, "start anew; an old store is kept aside"),
    OPTION_FLAG(struct arguments, keeps_old, "keep-old", 0,
                "keep what a program with other sources has measured; without it, those maps are measured again"),
    OPTION_FLAG(struct arguments, is_strict, "strict", 0, "exit 3 if an image could not be read"),
    OPTION_FLAG(struct arguments, is_dry, "dry-run", 0,
                "check everything; say what would be done, what it costs and which files are missing"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct arguments, config), {0}};

static const struct options_usage usage = {
    .words = "CONFIG",
    .doc =
        "Runs methods on backbones and measures them, as a YAML config says. The same command continues a run that was "
        "interrupted. CONFIG is a file, or the name of a config that comes with cambench: demo, imagenet, nightly, "
        "papers/...; the files that these name are found from any folder.\v"
        "Examples:\n  cambench run demo\n"
        "  cambench run configs/demo.yaml --set dataset.images=16 --output results/try",
    .rows = rows,
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
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

/*
 * Prints a note, even with --quiet, if the file that the user named does not exist and a config that comes with
 * cambench is used instead; not for a name such as "demo", which means that config.
 */
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
    const int status = (arguments->pairs && !results_has_metric(&job->config, arguments->pairs, err)) ||
                       run_take_shard(job, &shard, err);
    if (status)
        run_close(job);
    return status_of(status);
}

/* Finds what is there already, before it is said what the run costs. What is wrong there is reported later. */
static void look(struct run *job, bool fresh)
{
    struct error unsaid;
    if (record_check(job, fresh, &unsaid))
        job->work = NULL;
}

/* Prints the estimate of a whole run, but only one line for a shard, because many shards may share a terminal. */
static void describe(const struct run *job)
{
    const struct shard *shard = &job->shard;
    if (!shard_is_part(shard) || job->is_dry)
        estimate_describe(job, stdout);
    if (job->is_dry)
        pilot_print(job, stdout);
    if (shard_is_part(shard))
        printf("run \"%s\", shard %d of %d (%s): %zu of %zu pairs of backbone and image\n",
               TEXT_SHOWN(job->config.name), shard->number, shard->count, shard->origin,
               shard_size(shard, job->config.backbone_count, job->image_count),
               (size_t)job->config.backbone_count * (size_t)job->image_count);
    for (int b = 0; b < job->config.backbone_count; b++)
        notes_print(job->config.backbones[b].label, job->backbones[b].model->notes, job->backbones[b].model->note_count,
                    stdout);
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
                TEXT_SHOWN(job->config.dataset.path), TEXT_SHOWN(run_backbone_source(&job->backbones[b])),
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
    if (arguments.is_dry || (!arguments.common.quiet && !shard_is_part(&job.shard)))
        look(&job, arguments.is_fresh);
    if (!arguments.common.quiet || arguments.is_dry)
        describe(&job);
    if (arguments.is_dry && job.work) {
        work_print(&job, job.work, stdout);
        additions_print(&job, stdout);
    }
    fflush(stdout);
    warn_of_classes(&job);
    const struct run_flags flags = {.is_fresh = arguments.is_fresh,
                                    .keeps_old = arguments.keeps_old,
                                    .is_strict = arguments.is_strict,
                                    .is_quiet = arguments.common.quiet,
                                    .pairs = arguments.pairs,
                                    .columns = terminal_columns(),
                                    .has_color = options_use_color(&arguments.common, stdout)};
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
