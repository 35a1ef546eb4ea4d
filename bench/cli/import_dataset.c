/* bench/cli/import_dataset.c - `cambench import dataset`: pictures and labels to an image set. */
#include "bench/cli/command.h"
#include "bench/cli/import_kinds.h"
#include "bench/cli/options.h"
#include "bench/process/interrupt.h"

#include "base/text.h"
#include "datasets/import/import.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY_OUT = 'o',
    KEY_LIMIT = OPTIONS_KEY,
    KEY_PER_CLASS,
    KEY_SEED,
    KEY_LIST,
    KEY_LABELS,
    KEY_SYNSETS,
    KEY_CLASSES,
    KEY_PARTIAL,
    KEY_BOXES,
    KEY_DECODE,
    KEY_STRICT
};

struct import_command {
    struct options common;
    struct import_options what;
    int checked;
    bool is_terminal;
};

static int take_seed(const char *value, struct import_options *what, struct error *err)
{
    int seed;
    if (options_int("--seed", value, 0, INT_MAX, &seed, err))
        return -1;
    what->seed = (uint64_t)seed;
    what->is_sampled = true;
    return 0;
}

static int take_classes(const char *value, struct import_options *what, struct error *err)
{
    char shown[64];
    if (strcmp(value, "folder") != 0 && strcmp(value, "imagenet") != 0)
        return error_set(err, "--classes is \"%s\"; allowed: imagenet, folder",
                         text_printable(value, shown, sizeof shown));
    what->classes = value[0] == 'f' ? IMPORT_CLASSES_FOLDER : IMPORT_CLASSES_IMAGENET;
    return 0;
}

static int take(void *target, int key, const char *value, struct error *err)
{
    struct import_command *import = target;
    struct import_options *what = &import->what;
    switch (key) {
    case KEY_OUT:
        what->out = value;
        return 0;
    case KEY_LIST:
        what->list = value;
        return 0;
    case KEY_LIMIT:
        return options_int("--limit", value, 1, INT_MAX, &what->limit, err);
    case KEY_PER_CLASS:
        return options_int("--per-class", value, 1, INT_MAX, &what->per_class, err);
    case KEY_SEED:
        return take_seed(value, what, err);
    case KEY_LABELS:
        what->labels = value;
        return 0;
    case KEY_SYNSETS:
        what->synsets = value;
        return 0;
    case KEY_CLASSES:
        return take_classes(value, what, err);
    case KEY_PARTIAL:
        what->is_partial = true;
        return 0;
    case KEY_BOXES:
        what->boxes = value;
        return 0;
    case KEY_DECODE:
        what->is_decoded = true;
        return 0;
    case KEY_STRICT:
        what->is_strict = true;
        return 0;
    default:
        what->source = value;
        return 0;
    }
}

static const struct options_usage usage = {
    .words = "DIR|TAR",
    .doc =
        "Packs JPEG and PNG files and their labels into one HDF5 file, an image set.\n\n"
        "DIR is a folder with a labels.csv (first line file,class_index and perhaps synset and name; file names are "
        "relative to it); or one folder per class, which are classes 0, 1, 2 ... in the order of their names; or "
        "ImageNet's pictures: in folders of synsets, which get ImageNet's indices, or the validation pictures in one "
        "folder, or as TAR, with the development kit (ILSVRC2012_devkit_t12, unpacked or not) or Kaggle's "
        "LOC_val_solution.csv near them; or the root folder of Kaggle or of Tiny ImageNet; or pictures in one folder, "
        "with a table of labels beside it or without labels. The output names the layout, and each decision is a line. "
        "docs/datasets.md has the details.\n\n"
        "Every picture is checked to be a whole JPEG or PNG file; others are named and left out.\v"
        "Examples:\n"
        "  cambench import dataset val --out val.h5 --per-class 10 --seed 1\n"
        "  cambench import dataset ILSVRC2012_img_val.tar --out val.h5 --labels ILSVRC2012_devkit_t12.tar.gz\n"
        "  cambench import dataset photos --out photos.h5 --strict --decode\n",
    .rows =
        (const struct argp_option[]){
            {"out", KEY_OUT, "FILE", 0, "the image set to write", 0},
            {"labels", KEY_LABELS, "FILE", 0,
             "a table of files and classes (file,class_index; ImageId,Class; lines NAME INDEX), Kaggle's "
             "LOC_val_solution.csv, or the development kit: its folder, its archive or its ground truth; instead of "
             "what is found; none: no labels",
             0},
            {"synsets", KEY_SYNSETS, "FILE", 0,
             "ImageNet's classes: LOC_synset_mapping.txt or meta.mat; folders of some synsets then become classes of all "
             "1000",
             0},
            {"classes", KEY_CLASSES, "imagenet|folder", 0,
             "folders and tables of ImageNet's synsets: ImageNet's indices, or 0, 1, 2 ... in their order (imagenet)",
             0},
            {"partial", KEY_PARTIAL, NULL, 0, "leave out pictures that the table of labels does not name", 0},
            {"boxes", KEY_BOXES, "DIR|CSV", 0, "boxes from XML annotations, or from Kaggle's table", 0},
            {"limit", KEY_LIMIT, "N", 0, "at most N pictures", 0},
            {"per-class", KEY_PER_CLASS, "N", 0, "at most N pictures of each class", 0},
            {"seed", KEY_SEED, "S", 0, "draw them at random instead of taking the first", 0},
            {"list", KEY_LIST, "FILE", 0, "only the files named there, one a line, in that order", 0},
            {"decode", KEY_DECODE, NULL, 0, "decode every picture too, which is slow and finds all damage", 0},
            {"strict", KEY_STRICT, NULL, 0, "an unreadable picture is an error", 0},
            {0}},
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .take = take,
};

static void show_found(void *context, const struct import_result *result)
{
    const struct import_command *import = context;
    if (!import->common.quiet)
        printf("layout: %s; pictures: %d, classes: %d\n", result->layout, result->found, result->class_count);
    fflush(stdout);
}

static void show_note(void *context, const char *note)
{
    const struct import_command *import = context;
    char line[1024];
    if (!import->common.quiet)
        printf("%s\n", text_printable(note, line, sizeof line));
    fflush(stdout);
}

static void show_checked(void *context, const char *problem)
{
    struct import_command *import = context;
    char line[1024];
    import->checked++;
    if (problem)
        fprintf(stderr, "%sskipped %s\n", import->is_terminal ? "\r" : "", text_printable(problem, line, sizeof line));
    if (import->is_terminal && import->checked % 50 == 0)
        fprintf(stderr, "\r%d pictures checked", import->checked);
}

static void show_result(const struct import_command *import, const struct import_result *result)
{
    if (import->is_terminal && import->checked >= 50)
        fputs("\r\033[K", stderr);
    if (import->common.quiet)
        return;
    printf("%s: pictures: %d, %.1f MB; unreadable, left out: %d", TEXT_SHOWN(import->what.out), result->written,
           (double)result->bytes / 1e6, result->skipped);
    if (result->boxes)
        printf("; boxes: %d", result->boxes);
    putchar('\n');
    if (result->clipped)
        printf(
            "note: pictures of 16-bit grey: %d; values above 255 become white, as in Pillow's convert(\"RGB\"): convert "
            "them to 8 bits before, if that is not meant\n",
            result->clipped);
}

static int import_pictures(struct import_command *import, struct error *err)
{
    struct import_result result;
    interrupt_catch();
    switch (import_dataset(&import->what, &result, err)) {
    case IMPORT_DONE:
        show_result(import, &result);
        return EXIT_DONE;
    case IMPORT_UNREADABLE:
        return EXIT_INCOMPLETE;
    case IMPORT_STOPPED:
        fprintf(stderr, "cambench: interrupted; nothing was written\n");
        return EXIT_INTERRUPTED;
    default:
        return EXIT_USAGE;
    }
}

static int run(int argc, char **argv, struct error *err)
{
    struct import_command import = {.what = {.created_by = CAMBENCH_PROGRAM, .stop = &interrupt_has_come}};
    char out[PATH_MAX];
    const int status = options_parse(&usage, argc, argv, &import.common, &import, err);
    if (status)
        return options_exit(status);
    if (!import.what.out)
        error_set(err, "import dataset needs --out FILE; see %s --help", argv[0]);
    if (!import.what.out || import_find_out(import.what.out, out, err))
        return EXIT_USAGE;
    import.what.out = out;
    import.is_terminal = !import.common.quiet && isatty(STDERR_FILENO);
    import.what.found = show_found;
    import.what.noted = show_note;
    import.what.checked = show_checked;
    import.what.context = &import;
    return import_pictures(&import, err);
}

const struct import_kind import_kind_dataset = {.name = "dataset", .run = run};
