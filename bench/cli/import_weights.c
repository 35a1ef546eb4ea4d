/* bench/cli/import_weights.c - `cambench import weights`: imports weights of PyTorch, safetensors and HDF5 files. */
#include "base/sha256.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/import_kinds.h"
#include "bench/cli/options.h"
#include "bench/run/notes.h"
#include "weights/weights_import.h"

#include <string.h>

#define NUMBERS_MAX PICTURE_CHANNELS_MAX

struct import_command {
    struct options common;
    struct weights_import what;
    const char *transform, *stem, *resize, *interpolation, *preset; /* NULL: not given */
};

static int read_transform(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_command *import = target;
    if (options_store(row, value, target, err))
        return -1;
    import->what.transform_input = strcmp(import->transform, "yes") == 0 ? TRANSFORM_YES : TRANSFORM_NO;
    return 0;
}

static int read_stem(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_command *import = target;
    if (options_store(row, value, target, err))
        return -1;
    import->what.stem = (enum stem)text_choice(STEM_CHOICES, import->stem);
    return 0;
}

static int read_arch(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)err;
    *(const char **)param_field(row, target) = strcmp(value, "auto") == 0 ? NULL : value;
    return 0;
}

typedef int numbers_setter(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err);

/* Reads numbers separated by commas, "0.5,0.5,0.5", and passes them to `set`. */
static int set_numbers(const char *option, const char *value, numbers_setter *set, struct picture_input *input,
                       struct error *err)
{
    double numbers[NUMBERS_MAX];
    size_t count = 0;
    char text[256], shown[64], *rest = text;
    snprintf(text, sizeof text, "%s", value);
    for (char *word; (word = strsep(&rest, ",")); count++)
        if (text_to_double(word, &numbers[count < NUMBERS_MAX ? count : NUMBERS_MAX - 1]))
            return error_set(err, "%s has \"%s\", which is not a number", option,
                             text_printable(word, shown, sizeof shown));
    return set(input, option, numbers, count, err);
}

static struct picture_input *input_of(void *target)
{
    return &((struct import_command *)target)->what.input;
}

static int read_mean(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)row;
    return set_numbers("--mean", value, picture_input_set_mean, input_of(target), err);
}

static int read_deviation(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)row;
    return set_numbers("--std", value, picture_input_set_deviation, input_of(target), err);
}

static int read_size(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)row;
    return set_numbers("--input-size", value, picture_input_set_size, input_of(target), err);
}

static int read_resize(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_command *import = target;
    if (options_store(row, value, target, err))
        return -1;
    import->what.input.resize = (enum picture_resize)text_choice(PICTURE_RESIZE_CHOICES, import->resize);
    return 0;
}

static int read_interpolation(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_command *import = target;
    if (options_store(row, value, target, err))
        return -1;
    import->what.input.interpolation =
        (enum picture_interpolation)text_choice(PICTURE_INTERPOLATION_CHOICES, import->interpolation);
    return 0;
}

static int read_number(const char *option, const char *value, double *number, struct error *err)
{
    char shown[64];
    return text_to_double(value, number) == 0 ? 0
                                              : error_set(err, "%s has \"%s\", which is not a number", option,
                                                          text_printable(value, shown, sizeof shown));
}

static int read_scale(const char *value, const struct param *row, void *target, struct error *err)
{
    double scale;
    (void)row;
    return read_number("--scale", value, &scale, err) ||
                   picture_input_set_scale(input_of(target), "--scale", scale, err)
               ? -1
               : 0;
}

static int read_crop(const char *value, const struct param *row, void *target, struct error *err)
{
    double crop;
    (void)row;
    return read_number("--crop", value, &crop, err) || picture_input_set_crop(input_of(target), "--crop", crop, err)
               ? -1
               : 0;
}

static int read_channels(const char *value, const struct param *row, void *target, struct error *err)
{
    (void)row;
    return picture_input_set_channels(input_of(target), "--channels", value, err);
}

/* Puts the preset below the other options. */
static int finish_input(struct import_command *import, struct error *err)
{
    const char *key;
    const struct picture_input given = import->what.input;
    if (import->preset) {
        const int preset = text_choice(PICTURE_PRESET_CHOICES, import->preset);
        import->what.input = *picture_input_preset((enum picture_preset)preset);
        picture_input_add(&import->what.input, &given);
    }
    return picture_input_check(&import->what.input, 3, &key, err) ? error_prefix(err, "--") : 0;
}

static const struct param rows[] = {
    OPTION_STRING(struct import_command, what.out, "out", 'o', "FILE", "the weights file to write"),
    OPTION_ROW(struct import_command, what.arch, STRING, "arch", 0, .value = "ARCH", .read_word = read_arch,
               .help = "the network (cambench list backbones); auto: found by names and shapes"),
    OPTION_STRING(
        struct import_command, what.key, "key", 0, "NAME",
        "where in a checkpoint the weights are: a key of its dict, or what the tensors' names begin with; default: the usual keys, trained weights before averaged ones"),
    OPTION_STRING(struct import_command, what.source, "source", 0, "TEXT", "where it comes from (its name)"),
    OPTION_FLOAT(struct import_command, what.accuracy, "accuracy", 0, "TOP1", NULL, 0, 100,
                 "its published accuracy, percent"),
    OPTION_ROW(struct import_command, stem, STRING, "stem", 0, .value = "small|small_pool",
               .choices = "small|small_pool", .read_word = read_stem,
               .help = "how a ResNet or DenseNet with a 3x3 first convolution begins: with stride 1, and without "
                       "(small) or with the max pool"),
    OPTION_ROW(struct import_command, transform, STRING, "transform-input", 0, .value = "yes|no", .choices = "yes|no",
               .read_word = read_transform,
               .help =
                   "whether the network was trained with torchvision's transform_input (GoogLeNet; yes is assumed)"),
    OPTION_READ("mean", 0, "R,G,B", read_mean,
                "means of the pixels, 0..1 or 0 to the scale, that the network was trained with (ImageNet's)"),
    OPTION_READ("std", 0, "R,G,B", read_deviation, "their standard deviations (ImageNet's)"),
    OPTION_READ("input-size", 0, "N|H,W", read_size, "side of its input, or height and width (224)"),
    OPTION_ROW(struct import_command, resize, STRING, "resize", 0, .value = "WORD", .choices = PICTURE_RESIZE_CHOICES,
               .read_word = read_resize,
               .help = "how pictures must be resized for it: shorter, squash, or as the protocol says (protocol)"),
    OPTION_ROW(struct import_command, preset, STRING, "input-preset", 0, .value = "WORD",
               .choices = PICTURE_PRESET_CHOICES,
               .help = "mean, std, scale and channels of a known kind, of which the other options replace parts"),
    OPTION_READ("scale", 0, "FACTOR", read_scale, "of pixels from 0 to 1 before the mean is subtracted (1)"),
    OPTION_READ("channels", 0, "LETTERS", read_channels, "of the input: rgb, bgr (rgb)"),
    OPTION_ROW(struct import_command, interpolation, STRING, "interpolation", 0, .value = "WORD",
               .choices = PICTURE_INTERPOLATION_CHOICES, .read_word = read_interpolation,
               .help = "filter of resizing for it (protocol)"),
    OPTION_READ("crop", 0, "SHARE|SIDE", read_crop,
                "side of the crop / resized side, or the resized side in pixels (the protocol's)"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct import_command, what.path), {0}};

static const struct options_usage usage = {
    .words = "FILE",
    .doc = "Turns the weights of a network into cambench's own file (HDF5).\n\n"
           "FILE is PyTorch's (.pth, .pt, of any version; a state dict, alone or in a checkpoint, or a whole model), "
           "safetensors or HDF5, with the names of torchvision or timm. Nothing in it is executed. Its tensors must be "
           "exactly those of the network; the number of classes and the width are found from their shapes.\v"
           "Examples:\n"
           "  cambench import weights resnet50-0676ba61.pth --arch resnet50 --out resnet50.h5\n"
           "  cambench import weights model.safetensors --out model.h5\n",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
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
    if (!import.what.out || finish_input(&import, err) || file_sha256(import.what.path, sha256, err) ||
        import_find_out(import.what.out, out, err))
        return EXIT_USAGE;
    import.what.out = out;
    import.what.sha256 = sha256;
    if (weights_import(&import.what, &imported, err))
        return EXIT_USAGE;
    if (!import.common.quiet) {
        printf("%s: %s, %d tensors, %d classes, width %g (%s, %s)\n", TEXT_SHOWN(import.what.out), imported.info.arch,
               imported.tensor_count, class_count(imported.info.classes), imported.info.width, imported.format,
               imported.names);
        struct model_note notes[MODEL_NOTES_MAX];
        notes_print(import.what.out, notes, model_weights_notes(&imported.info, notes), stdout);
    }
    return EXIT_DONE;
}

const struct import_kind import_kind_weights = {.name = "weights", .run = run};
