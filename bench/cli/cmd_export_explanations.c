/* bench/cli/cmd_export_explanations.c - cambench export-explanations RUN: the inputs of which metrics need maps. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/process/interrupt.h"
#include "bench/run/export.h"

#include "base/file.h"
#include "base/text.h"

#include <unistd.h>

struct arguments {
    struct options common;
    const char *run, *output, *methods;
};

static const struct param rows[] = {
    OPTION_STRING(struct arguments, output, "output", 'o', "FILE", "HDF5 file to write (explanations.h5)"),
    OPTION_STRING(struct arguments, methods, "methods", 'm', "A,B",
                  "labels of methods (those whose maps come from a file)"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct arguments, run), {0}};

static const struct options_usage usage = {
    .words = "RUN|CONFIG",
    .doc =
        "Writes the images' inputs and the others of which metrics need maps, such as x*m for coherency, for methods whose "
        "maps come from a file. A second file with maps of these inputs gives the metrics their values: parameter "
        "`explained` of method `maps`. RUN is a run directory; a config does as well.\v"
        "Example:\n  cambench export-explanations results/theirs --output explanations.h5",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

static int export_run(const struct arguments *arguments, struct error *err)
{
    const struct export_options options = {arguments->output ? arguments->output : "explanations.h5",
                                           arguments->methods};
    char path[PATH_MAX];
    struct run run;
    struct export_count count;
    if (file_join(path, arguments->run, "config.yaml", err))
        return -1;
    if (run_open(&run, access(path, F_OK) == 0 ? path : arguments->run, NULL, 0, false, err))
        return -1;
    const int status = export_explanations(&run, &options, &count, err);
    run_close(&run);
    if (!status && !arguments->common.quiet)
        printf("%s: %d kind%s of inputs, of %d image%s\n", TEXT_SHOWN(options.path), count.groups,
               count.groups == 1 ? "" : "s", count.images, count.images == 1 ? "" : "s");
    return status;
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {0};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    if (status)
        return options_exit(status);
    interrupt_catch();
    return export_run(&arguments, err) ? interrupt_code() : EXIT_DONE;
}

const struct command command_export_explanations = {
    .name = "export-explanations",
    .summary = "write the inputs of which metrics need maps",
    .group = COMMAND_RESULTS,
    .run = run,
};
