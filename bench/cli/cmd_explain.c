/* bench/cli/cmd_explain.c - cambench explain IMAGE...: draws maps over any picture. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/cli/plugin_option.h"
#include "bench/run/explain.h"
#include "bench/run/sheet.h"

#include "base/text.h"
#include "report/escape.h"

#include <stdlib.h>

struct explain_command {
    struct options common;
    struct explain_options options;
    struct plugin_option plugins;
    const char **pictures; /* paths, one per word of the command line */
    const char **params;   /* values of --param */
};

static int read_param(const char *value, const struct param *row, void *target, struct error *err)
{
    struct explain_command *command = target;
    (void)row, (void)err;
    command->params[command->options.param_count++] = value;
    return 0;
}

static const struct param rows[] = {
    OPTION_STRING(struct explain_command, options.backbone, "backbone", 0, "ARCH",
                  "the demo network of this architecture (resnet18)"),
    OPTION_STRING(struct explain_command, options.weights, "weights", 0, "FILE", "a network of your own"),
    OPTION_STRING(struct explain_command, options.command, "command", 0, "COMMAND",
                  "a network that this command runs, such as \"python3 serve.py\""),
    OPTION_STRING(struct explain_command, options.methods, "methods", 0, "A,B,C",
                  "methods with their usual parameters, or all (gradcam,gradcam_pp,layercam,reciprocam)"),
    OPTION_READ("param", 'p', "KEY=VALUE", read_param, "a parameter of the methods that have it; may be repeated"),
    OPTION_STRING(struct explain_command, options.klass, "class", 0, "CLASS",
                  "class to explain: name, synset or number; second, lowest, rank:R (predicted)"),
    OPTION_STRING(struct explain_command, options.layer, "layer", 0, "LAYER",
                  "target layer (the architecture's usual one)"),
    OPTION_STRING(struct explain_command, options.protocol, "protocol", 0, "PROTOCOL",
                  "how pictures are resized and cropped (cambench)"),
    OPTION_STRING(struct explain_command, options.output, "output", 'o', "DIR",
                  "where the PNGs go (the current folder)"),
    OPTION_INT(struct explain_command, options.threads, "threads", 't', "N", NULL, 0, 1024,
               "0: as many as there are cores"),
    PLUGIN_OPTION(struct explain_command, plugins),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORDS(struct explain_command, pictures, options.picture_count), {0}};

static const struct options_usage usage = {
    .words = "IMAGE...",
    .doc =
        "Draws where a network looks, for any JPEG or PNG file: the picture as the network sees it and a map of each "
        "method, with class, probability and time, as one PNG per picture called PICTURE-NETWORK.png. A picture that "
        "cannot be read is named, and the others are done.\v"
        "Examples:\n"
        "  cambench explain dog.jpg\n"
        "  cambench explain *.jpg --backbone vgg16_bn --output maps\n"
        "  cambench explain dog.jpg --weights resnet50.h5 --class tabby\n"
        "  cambench explain dog.jpg --methods gradcam -p score=prob\n"
        "  cambench explain dog.jpg --command \"python3 serve.py\"\n\n"
        "Without --weights a demo network that comes with cambench is used; it recognises drawn shapes, not dogs.\n",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = OPTIONS_ANY,
    .word_rows = word_rows,
};

/* Prints "dog.jpg -> cat, 1.2 % (predicted: dog, 87.3 %), ./dog-resnet18-cat.png". */
static void print(const char *picture, const struct explained *explained)
{
    char name[256];
    escape_terminal(stdout, picture, 0);
    printf(" -> ");
    escape_terminal(stdout, sheet_class(explained->klass, explained->class_name, name, sizeof name), 0);
    printf(", %.1f %%", 100 * explained->probability);
    if (explained->klass != explained->predicted) {
        printf(" (predicted: ");
        escape_terminal(stdout, sheet_class(explained->predicted, explained->predicted_name, name, sizeof name), 0);
        printf(", %.1f %%)", 100 * explained->predicted_probability);
    }
    printf(", ");
    escape_terminal(stdout, explained->path, 0);
    printf("\n");
    fflush(stdout);
}

/* Explains all pictures, also after one that cannot be read; returns the exit code. */
static int explain_all(const struct explain_command *command, struct explain *explain)
{
    const struct explain_options *options = &command->options;
    int failed = 0;
    for (int i = 0; i < options->picture_count; i++) {
        struct explained explained;
        struct error why;
        char line[sizeof why.text];
        if (explain_next(explain, &explained, &why)) {
            failed++;
            fprintf(stderr, "cambench: %s\n", text_printable(why.text, line, sizeof line));
        } else if (!command->common.quiet) {
            print(options->pictures[i], &explained);
            if (explained.is_clipped)
                fprintf(stderr, "note: %s is 16-bit grey; values above 255 become white, as in Pillow's convert\n",
                        TEXT_SHOWN(options->pictures[i]));
        }
    }
    return failed == 0 ? EXIT_DONE : failed < options->picture_count ? EXIT_INCOMPLETE : EXIT_USAGE;
}

static int explain_words(struct explain_command *command, int argc, char **argv, struct error *err)
{
    const int status = options_parse(&usage, argc, argv, &command->common, command, err);
    if (status)
        return options_exit(status);
    if (plugin_option_load(&command->plugins, err))
        return EXIT_USAGE;
    command->options.pictures = command->pictures;
    command->options.params = command->params;
    struct explain *explain = explain_open(&command->options, err);
    if (!explain)
        return EXIT_USAGE;
    if (!command->common.quiet)
        explain_notes(explain, stderr);
    const int code = explain_all(command, explain);
    explain_close(explain);
    return code;
}

static int run(int argc, char **argv, struct error *err)
{
    struct explain_command command = {.pictures = calloc((size_t)argc, sizeof *command.pictures),
                                      .params = calloc((size_t)argc, sizeof *command.params)};
    int code = EXIT_USAGE;
    if (command.pictures && command.params)
        code = explain_words(&command, argc, argv, err);
    else
        error_memory(err, "the command line");
    free(command.pictures);
    free(command.params);
    return code;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "draw maps over any pictures",
    .group = COMMAND_MEASURE,
    .run = run,
};
