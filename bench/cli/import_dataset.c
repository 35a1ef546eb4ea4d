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

struct import_command {
    struct options common;
    struct import_options what;
    int seed, checked;
    bool is_terminal;
};

static int read_seed(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_command *import = target;
    if (options_store(row, value, import, err))
        return -1;
    import->what.seed = (uint64_t)import->seed;
    import->what.is_sampled = true;
    return 0;
}

static int read_classes(const char *value, const struct param *row, void *target, struct error *err)
{
    struct import_options *what = &((struct import_command *)target)->what;
    char shown[64];
    (void)row;
    if (strcmp(value, "folder") != 0 && strcmp(value, "imagenet") != 0)
        return error_set(err, "--classes is \"%s\"; allowed: imagenet, folder",
                         text_printable(value, shown, sizeof shown));
    what->classes = value[0] == 'f' ? IMPORT_CLASSES_FOLDER : IMPORT_CLASSES_IMAGENET;
    return 0;
}

static const struct param rows[] = {
    OPTION_STRING(struct import_command, what.out, "out", 'o', "FILE", "the image set to write"),
    OPTION_STRING(
        struct import_command, what.labels, "labels", 0, "FILE",
        "a table of files and classes (file,class_index; ImageId,Class; lines NAME INDEX), Kaggle's LOC_val_solution.csv, or the development kit: its folder, its archive or its ground truth; instead of what is found; none: no labels"),
    OPTION_STRING(
        struct import_command, what.synsets, "synsets", 0, "FILE",
        "ImageNet's classes: LOC_synset_mapping.txt or meta.mat; folders of some synsets then become classes of all 1000"),
    OPTION_READ(
        "classes", 0, "imagenet|folder", read_classes,
        "folders and tables of ImageNet's synsets: ImageNet's indices, or 0, 1, 2 ... in their order (imagenet)"),
    OPTION_FLAG(struct import_command, what.is_partial, "partial", 0,
                "leave out pictures that the table of labels does not name"),
    OPTION_STRING(struct import_command, what.boxes, "boxes", 0, "DIR|CSV",
                  "boxes from XML annotations, or from Kaggle's table"),
    OPTION_INT(struct import_command, what.limit, "limit", 0, "N", NULL, 1, INT_MAX, "at most N pictures"),
    OPTION_INT(struct import_command, what.per_class, "per-class", 0, "N", NULL, 1, INT_MAX,
               "at most N pictures of each class"),
    OPTION_ROW(struct import_command, seed, INT, "seed", 0, .value = "S", .max = INT_MAX, .read_word = read_seed,
               .help = "draw them at random instead of taking the first"),
    OPTION_STRING(struct import_command, what.list, "list", 0, "FILE",
                  "only the files named there, one a line, in that order"),
    OPTION_FLAG(struct import_command, what.is_decoded, "decode", 0,
                "decode every picture too, which is slow and finds all damage"),
    OPTION_FLAG(struct import_command, what.is_strict, "strict", 0, "an unreadable picture is an error"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct import_command, what.source), {0}};

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
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
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
