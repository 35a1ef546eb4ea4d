/* bench/cli/cmd_merge.c - cambench merge RUN...: joins shards, or runs of different methods, to one run. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/merge/merge.h"
#include "bench/process/interrupt.h"
#include "bench/process/worker_threads.h"
#include "bench/run/run.h"

#include "base/text.h"

struct arguments {
    struct options common;
    const char *output;
    const char **runs;
    int run_count;
};

static const struct param rows[] = {
    OPTION_STRING(struct arguments, output, "output", 'o', "DIR", "run directory of the whole"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORDS(struct arguments, runs, run_count), {0}};

static const struct options_usage usage = {
    .words = "RUN...",
    .doc =
        "Joins the shards of a run, or runs of different methods or backbones on the same images, to a single run, whose "
        "files are those of a run that was never split. Its methods and backbones are those of all runs, in the order of "
        "the runs; seed, images, metrics and protocols must be the same. A RUN is a run directory or a folder with "
        "shard-I-of-N folders; a single one becomes the whole run itself unless --output says otherwise. Exit code 3 when "
        "something is still missing.\v"
        "Example:\n  cambench merge results/demo\n  cambench merge node1/demo node2/demo --output results/demo\n"
        "  cambench merge results/gradcam results/scorecam --output results/both",
    .rows = rows,
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = OPTIONS_ANY,
    .word_rows = word_rows,
};

static void say_joined(const struct merge *merge)
{
    printf("%s: %d run%s joined, %zu of %zu maps", TEXT_SHOWN(merge->output), merge->run_count,
           merge->run_count == 1 ? "" : "s", merge->present, merge->item_count);
    if (merge->repeated)
        printf("; %zu were measured more than once, with equal values", merge->repeated);
    if (merge->skipped)
        printf("; %zu of images that could not be read", merge->skipped);
    printf("\n\n");
}

static int report(struct merge *merge, const struct arguments *arguments, struct error *err)
{
    struct report table;
    store_stop_when(merge->store, &interrupt_has_come);
    const struct run_flags flags = {.is_quiet = arguments->common.quiet,
                                    .columns = terminal_columns(),
                                    .has_color = options_use_color(&arguments->common, stdout)};
    if (results_read(&merge->config, merge->store, merge->names.lists[STORE_IMAGES].names,
                     merge->names.lists[STORE_IMAGES].count, &merge->arena, &table, err))
        return -1;
    table.stop = &interrupt_has_come;
    table.threads = worker_threads(0, err);
    if (!table.threads)
        return -1;
    const struct results_origin origin = {1, 1, &merge->store, &merge->config.output, NULL, NULL};
    return results_write(&table, &merge->config, &flags, &origin, err);
}

static int join(const struct arguments *arguments, struct error *err)
{
    struct merge merge;
    interrupt_catch();
    int status =
        merge_open(&merge, arguments->runs, arguments->run_count, arguments->output, err) || merge_runs(&merge, err);
    if (!status && !arguments->common.quiet)
        say_joined(&merge);
    for (int i = 0; !status && arguments->common.quiet && merge.mixture[i]; i++) /* otherwise the tables show it */
        fprintf(stderr, "cambench: %s\n", TEXT_SHOWN(merge.mixture[i]));
    if (!status)
        status = report(&merge, arguments, err) || merge_say_missing(&merge, stderr, err);
    const int code = status ? interrupt_code() : merge.missing ? EXIT_INCOMPLETE : EXIT_DONE;
    merge_close(&merge);
    return code;
}

static int run(int argc, char **argv, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct arguments arguments = {.runs = arena_alloc(&arena, (size_t)argc, sizeof *arguments.runs)};
    const int status = arguments.runs ? options_parse(&usage, argc, argv, &arguments.common, &arguments, err)
                                      : error_memory(err, "the list of runs");
    const int code = status ? options_exit(status) : join(&arguments, err);
    arena_release(&arena);
    return code;
}

const struct command command_merge = {
    .name = "merge",
    .summary = "join shards, or runs of different methods, to one run",
    .group = COMMAND_RESULTS,
    .run = run,
};
