/* bench/cli/cmd_report.c - cambench report RUN...: makes tables and plots again from a run's store, or of several runs. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/merge/gather.h"
#include "bench/process/interrupt.h"
#include "bench/process/worker_threads.h"
#include "bench/run/run.h"
#include "bench/run/this_program.h"
#include "bench/store/store_programs.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>

struct arguments {
    struct options common;
    const char *output, *pairs;
    const char **runs;
    int run_count;
};

static const struct param rows[] = {
    OPTION_STRING(struct arguments, output, "output", 'o', "DIR", "folder of the tables of several runs"),
    OPTION_STRING(struct arguments, pairs, "pairs", 0, "METRIC", "also print the differences of all pairs of methods"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORDS(struct arguments, runs, run_count), {0}};

static const struct options_usage usage = {
    .words = "RUN...",
    .doc =
        "Makes tables and plots of a run again, from its store; or one table of several runs, in the folder DIR. Protocols "
        "and metrics are then those of the first run, images those that all runs have, and backbones and methods those of "
        "all runs. What cannot be compared is left out, and a method with other parameters gets the label "
        "\"METHOD (RUN)\"; a note says why.\v"
        "Example:\n  cambench report results/demo\n  cambench report results/mine results/theirs --output results/table",
    .rows = rows,
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = OPTIONS_ANY,
    .word_rows = word_rows,
};

static struct run_flags flags_of(const struct arguments *arguments)
{
    return (struct run_flags){.is_quiet = arguments->common.quiet,
                              .pairs = arguments->pairs,
                              .columns = terminal_columns(),
                              .has_color = options_use_color(&arguments->common, stdout)};
}

/* -- one run ------------------------------------------------------------------------------------------------------- */

static int read_config(const char *folder, struct arena *arena, struct config *config, struct error *err)
{
    char path[PATH_MAX];
    if (file_join(path, folder, "config.yaml", err) || config_read(path, NULL, 0, arena, config, err))
        return -1;
    config->output = folder; /* the folder may have been moved */
    return 0;                /* the resolved config lists the parts of composites too */
}

/* Prints one line if numbers were measured with other sources than this program's. */
static int say_program(struct store *store, const struct config *config, const struct store_names *names,
                       struct arena *arena, struct error *err)
{
    struct programs programs;
    struct program here;
    const char *changes;
    size_t maps;
    if (store_read_programs(store, arena, &programs, err) || program_here(config, "", arena, &here, err) ||
        program_changes(&programs, &here, names, arena, &changes, &maps, err))
        return -1;
    if (changes)
        fprintf(stderr, "cambench: %zu maps are not this program's: %s\n", maps, TEXT_SHOWN(changes));
    return 0;
}

/* Fails for an entry of the config that the store does not have, as in a config.yaml to which it was added by hand. */
static int find_measured(const struct store_list *list, const char *what, const char *label, const char *folder,
                         struct arena *arena, struct error *err)
{
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->names[i], label) == 0)
            return 0;
    const char *output = text_shell_word(folder, arena);
    const char *path = arena_format(arena, "%s/config.yaml", folder);
    const char *config = path ? text_shell_word(path, arena) : NULL;
    if (!output || !config)
        return error_memory(err, "the report");
    return error_set(err,
                     "run \"%s\": %s \"%s\" of its config.yaml is not measured; cambench run %s --output %s measures "
                     "it, with --dry-run it says how many passes that takes",
                     folder, what, label, config, output);
}

static int check_measured(const struct config *config, const struct store_names *names, const char *folder,
                          struct arena *arena, struct error *err)
{
    const struct store_list *lists = names->lists;
    for (int i = 0; i < config->backbone_count; i++)
        if (find_measured(&lists[STORE_BACKBONES], "backbone", config->backbones[i].label, folder, arena, err))
            return -1;
    for (int i = 0; i < config->method_count; i++)
        if (find_measured(&lists[STORE_METHODS], "method", config->methods[i].label, folder, arena, err))
            return -1;
    for (int i = 0; i < config->protocol_count; i++)
        if (find_measured(&lists[STORE_PROTOCOLS], "protocol", config->protocols[i].name, folder, arena, err))
            return -1;
    for (int i = 0; i < config->metric_count; i++)
        if (find_measured(&lists[STORE_METRICS], "metric", config->metrics[i].metric->name, folder, arena, err))
            return -1;
    return 0;
}

static int report_run(const struct arguments *arguments, struct arena *arena, struct error *err)
{
    struct config config;
    struct store_names names;
    struct report report;
    const char *folder = arguments->runs[0];
    if (read_config(folder, arena, &config, err) ||
        (arguments->pairs && !results_has_metric(&config, arguments->pairs, err)))
        return -1;
    struct store *store = store_open_run(folder, arena, &names, err);
    if (!store)
        return -1;
    const struct run_flags flags = flags_of(arguments);
    store_stop_when(store, &interrupt_has_come);
    const int threads = worker_threads(0, err);
    int status = !threads || check_measured(&config, &names, folder, arena, err) ||
                 say_program(store, &config, &names, arena, err) ||
                 results_read(&config, store, names.lists[STORE_IMAGES].names, names.lists[STORE_IMAGES].count, arena,
                              &report, err);
    report.stop = &interrupt_has_come;
    report.threads = threads;
    const struct results_origin origin = {1, 1, &store, &folder, NULL, NULL};
    if (!status)
        status = results_write(&report, &config, &flags, &origin, err);
    store_close(store); /* only now, so that the run directory stays locked until its tables are written */
    return status;
}

/* -- several runs -------------------------------------------------------------------------------------------------- */

static void say_notes(const struct gather *gather)
{
    for (int i = 0; i < gather->note_count; i++)
        fprintf(stderr, "cambench: %s\n", TEXT_SHOWN(gather->notes[i]));
}

static int write_gathered(struct gather *gather, const struct arguments *arguments, struct error *err)
{
    const struct run_flags flags = flags_of(arguments);
    struct file_folders folders;
    struct report report;
    if (arguments->run_count > 1 && gather_count(gather) < 2) {
        say_notes(gather);
        return error_set(err, "no run can be compared with \"%s\"", arguments->runs[0]);
    }
    if (arguments->pairs && !results_has_metric(&gather->config, arguments->pairs, err))
        return -1;
    if (gather_read(gather, &report, err) || file_make_folders(&folders, arguments->output, err))
        return -1;
    if (flags.is_quiet) /* otherwise the tables show them */
        say_notes(gather);
    report.stop = &interrupt_has_come;
    report.threads = worker_threads(0, err);
    const int status = report.threads ? results_write(&report, &gather->config, &flags, &gather->origin, err) : -1;
    if (status)
        file_remove_folders(&folders);
    return status;
}

static int report_runs(const struct arguments *arguments, struct error *err)
{
    struct gather gather;
    const int status = gather_open(&gather, arguments->runs, arguments->run_count, arguments->output, err) ||
                       write_gathered(&gather, arguments, err);
    gather_close(&gather);
    return status_of(status);
}

static int report(const struct arguments *arguments, struct arena *arena, struct error *err)
{
    if (arguments->output)
        return report_runs(arguments, err);
    return arguments->run_count == 1 ? report_run(arguments, arena, err)
                                     : error_set(err, "several runs need --output DIR, the folder of their tables");
}

static int run(int argc, char **argv, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct arguments arguments = {.runs = arena_alloc(&arena, (size_t)argc, sizeof *arguments.runs)};
    int code = EXIT_DONE;
    const int status = arguments.runs ? options_parse(&usage, argc, argv, &arguments.common, &arguments, err)
                                      : error_memory(err, "the list of runs");
    if (status)
        code = options_exit(status);
    else {
        interrupt_catch();
        code = report(&arguments, &arena, err) ? interrupt_code() : EXIT_DONE;
    }
    arena_release(&arena);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "make tables and plots again, or of several runs",
    .group = COMMAND_RESULTS,
    .run = run,
};
