/* bench/cli/import_weights.c - `cambench import weights`: PyTorch's, safetensors' and the project's own weights. */
#include "base/sha256.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/import_kinds.h"
#include "bench/cli/options.h"
#include "bench/run/notes.h"
#include "weights/weights_import.h"

#include <string.h>

enum { KEY_OUT = 'o', KEY_ARCH = OPTIONS_KEY, KEY_SOURCE, KEY_ACCURACY, KEY_KEY, KEY_TRANSFORM };

struct import_command {
    struct options common;
    struct weights_import what;
};

static int take_transform(const char *value, enum transform_input *out, struct error *err)
{
    char shown[64];
    const int position = text_choice("yes|no", value);
    if (position < 0)
        return error_set(err, "--transform-input is \"%s\"; allowed: yes|no",
                         text_printable(value, shown, sizeof shown));
    *out = position == 0 ? TRANSFORM_YES : TRANSFORM_NO;
    return 0;
}

static int take(void *target, int key, const char *value, struct error *err)
{
    struct weights_import *what = &((struct import_command *)target)->what;
    switch (key) {
    case KEY_OUT:
        what->out = value;
        return 0;
    case KEY_ARCH:
        what->arch = strcmp(value, "auto") == 0 ? NULL : value;
        return 0;
    case KEY_KEY:
        what->key = value;
        return 0;
    case KEY_SOURCE:
        what->source = value;
        return 0;
    case KEY_TRANSFORM:
        return take_transform(value, &what->transform_input, err);
    case KEY_ACCURACY:
        return options_double("--accuracy", value, 0, 100, &what->accuracy, err);
    default:
        what->path = value;
        return 0;
    }
}

static const struct options_usage usage = {
    .words = "FILE",
    .doc = "Turns the weights of a network into cambench's own file (HDF5).\n\n"
           "FILE is PyTorch's (.pth, .pt, of any version; a state dict, alone or in a checkpoint, or a whole model), "
           "safetensors or HDF5, with the names of torchvision or timm. Nothing in it is executed. Its tensors must be "
           "exactly those of the network; the number of classes and the width are found from their shapes.\v"
           "Examples:\n"
           "  cambench import weights resnet50-0676ba61.pth --arch resnet50 --out resnet50.h5\n"
           "  cambench import weights model.safetensors --out model.h5\n",
    .rows = (const struct argp_option[]){{"out", KEY_OUT, "FILE", 0, "the weights file to write", 0},
                                         {"arch", KEY_ARCH, "ARCH", 0,
                                          "the network (cambench list backbones); auto: found by names and shapes", 0},
                                         {"key", KEY_KEY, "NAME", 0,
                                          "where in a checkpoint the weights are: a key of its dict, or what the "
                                          "tensors' names begin with; default: the usual keys, trained weights before "
                                          "averaged ones",
                                          0},
                                         {"source", KEY_SOURCE, "TEXT", 0, "where it comes from (its name)", 0},
                                         {"accuracy", KEY_ACCURACY, "TOP1", 0, "its published accuracy, percent", 0},
                                         {"transform-input", KEY_TRANSFORM, "yes|no", 0,
                                          "whether the network was trained with torchvision's transform_input "
                                          "(GoogLeNet; yes is assumed)",
                                          0},
                                         {0}},
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .take = take,
};

static int run(int argc, char **argv, struct error *err)
{
    struct import_command import = {.what = {.accuracy = -1}};
    struct weights_imported imported;
    char sha256[65], out[PATH_MAX];
    const int status = options_parse(&usage, argc, argv, &import.common, &import, err);
    if (status)
        return options_exit(status);
    if (!import.what.out)
        error_set(err, "import weights needs --out FILE; see %s --help", argv[0]);
    if (!import.what.out || file_sha256(import.what.path, sha256, err) || import_find_out(import.what.out, out, err))
        return EXIT_USAGE;
    import.what.out = out;
    import.what.sha256 = sha256;
    if (weights_import(&import.what, &imported, err))
        return EXIT_USAGE;
    if (!import.common.quiet) {
        printf("%s: %s, %d tensors, %d classes, width %g (%s, %s)\n", TEXT_SHOWN(import.what.out), imported.info.arch,
               imported.tensor_count, class_count(imported.info.classes), imported.info.width, imported.format,
               imported.names);
        notes_print(import.what.out, &imported.info, stdout);
    }
    return EXIT_DONE;
}

const struct import_kind import_kind_weights = {.name = "weights", .run = run};
