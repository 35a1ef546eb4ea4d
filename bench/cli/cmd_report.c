/* bench/cli/cmd_report.c - cambench report RUN: makes tables and plots again from a run's store. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/process/interrupt.h"
#include "bench/run/run.h"
#include "bench/run/this_program.h"
#include "bench/store/store_programs.h"

#include "base/file.h"
#include "base/text.h"

struct arguments {
    struct options common;
    const char *folder;
};

static const struct param word_rows[] = {OPTIONS_WORD(struct arguments, folder), {0}};

static const struct options_usage usage = {
    .words = "RUN",
    .doc = "Makes tables and plots of a run again, from its store.\vExample:\n  cambench report results/demo",
    .common = OPTIONS_QUIET | OPTIONS_COLOR,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

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

static int report_run(const struct arguments *arguments, struct arena *arena, struct error *err)
{
    struct config config;
    struct store_names names;
    struct report report;
    if (read_config(arguments->folder, arena, &config, err))
        return -1;
    struct store *store = store_open_run(arguments->folder, arena, &names, err);
    if (!store)
        return -1;
    const struct run_flags flags = {.is_quiet = arguments->common.quiet,
                                    .columns = terminal_columns(),
                                    .has_color = options_use_color(&arguments->common, stdout)};
    store_stop_when(store, &interrupt_has_come);
    int status = say_program(store, &config, &names, arena, err) ||
                 results_read(&config, store, names.lists[STORE_IMAGES].names, names.lists[STORE_IMAGES].count, arena,
                              &report, err);
    report.stop = &interrupt_has_come;
    if (!status)
        status = results_write(&report, &config, &flags, err);
    store_close(store); /* only now, so that the run directory stays locked until its tables are written */
    return status;
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {0};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    if (status)
        return options_exit(status);
    struct arena arena;
    arena_init(&arena, 0);
    interrupt_catch();
    const int failed = report_run(&arguments, &arena, err);
    arena_release(&arena);
    return failed ? interrupt_code() : EXIT_DONE;
}

const struct command command_report = {
    .name = "report",
    .summary = "make tables and plots of a run again",
    .group = COMMAND_RESULTS,
    .run = run,
};
