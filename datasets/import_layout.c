/* datasets/import_layout.c - finds out what a folder or an archive of pictures is. */
#include "datasets/import_layout.h"

#include "base/text.h"
#include "datasets/import_source.h"
#include "datasets/import_tables.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KAGGLE_PICTURES "ILSVRC/Data/CLS-LOC/val"
#define SOLUTIONS "LOC_val_solution.csv"
#define MAPPING "LOC_synset_mapping.txt"
#define TRUTH "ILSVRC2012_validation_ground_truth.txt"
#define KIT "ILSVRC2012_devkit_t12"

struct finder {
    const struct import_options *options;
    struct arena *arena;
    struct import_files *files;
    const char *start;                    /* tables are looked for from here upwards */
    const struct import_synsets *synsets; /* that were asked for or found; NULL: none */
    const char *synsets_path;
    struct import_synsets own;
};

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The first of the names that is there, in the start folder or up to `levels` above it; NULL: none. */
static const char *find_near(const struct finder *finder, const char *const *names, int count, int levels)
{
    const char *folder = finder->start;
    for (int level = 0; folder && level <= levels; level++) {
        for (int i = 0; i < count; i++) {
            const char *path = arena_format(finder->arena, "%s/%s", folder, names[i]);
            if (path && is_there(path))
                return path;
        }
        folder = arena_format(finder->arena, "%s/..", folder);
    }
    return NULL;
}

static const char *find_solutions(const struct finder *finder)
{
    return find_near(finder, (const char *const[]){SOLUTIONS}, 1, 4); /* Kaggle's pictures lie 4 folders deep */
}

static const char *find_kit(const struct finder *finder)
{
    static const char *const names[] = {TRUTH, "data/" TRUTH, KIT "/data/" TRUTH, KIT ".tar.gz", KIT ".tar"};
    return find_near(finder, names, sizeof names / sizeof *names, 1);
}

static int find_synsets(struct finder *finder, struct error *err)
{
    const char *path = finder->options->synsets;
    if (!path)
        path = find_near(finder, (const char *const[]){MAPPING}, 1, 4);
    if (!path)
        return 0;
    finder->synsets = &finder->own;
    finder->synsets_path = path;
    return import_read_synsets(path, finder->arena, &finder->own, err);
}

/* Ends every way of finding. */
static int say(const struct finder *finder, const char *layout, struct error *err)
{
    if (!layout)
        return error_memory(err, "a list of files");
    if (finder->options->synsets && !finder->synsets)
        return error_set(err, "synsets \"%s\" do not help with this layout: %s", finder->options->synsets, layout);
    finder->files->layout = layout;
    return 0;
}

/* -- one folder per class ----------------------------------------------------------------------------------------- */

/* How many bytes of all paths are folders that all pictures lie in. */
static size_t common_folder(const struct import_files *files)
{
    const char *first = files->files[0].path;
    size_t length = (size_t)(import_last_part(first) - first);
    for (int i = 1; i < files->count; i++) {
        size_t equal = 0;
        while (equal < length && files->files[i].path[equal] == first[equal])
            equal++;
        while (equal && first[equal - 1] != '/')
            equal--;
        length = equal;
    }
    return length;
}

static bool is_flat(const struct import_files *files, size_t common)
{
    for (int i = 0; i < files->count; i++)
        if (strchr(files->files[i].path + common, '/'))
            return false;
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct class_list {
    const char **ids; /* (count) sorted, each once */
    int count;
};

/* The folders right below the common one: those of pictures, and empty ones. */
static int collect_classes(const struct import_files *files, size_t common, struct arena *arena,
                           struct class_list *list, struct error *err)
{
    const char **ids = arena_alloc(arena, (size_t)files->count + (size_t)files->folder_count + 1, sizeof *ids);
    int count = 0;
    if (!ids)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < files->count; i++) {
        const char *path = files->files[i].path + common, *slash = strchr(path, '/');
        const size_t length = slash ? (size_t)(slash - path) : 0;
        if (!slash || (count && strlen(ids[count - 1]) == length && memcmp(ids[count - 1], path, length) == 0))
            continue; /* as the one before: paths are sorted */
        if (!(ids[count++] = arena_format(arena, "%.*s", (int)length, path)))
            return error_memory(err, "a list of classes");
    }
    for (int i = 0; i < files->folder_count; i++)
        if (strlen(files->folders[i]) > common && strncmp(files->folders[i], files->files[0].path, common) == 0 &&
            !strchr(files->folders[i] + common, '/'))
            ids[count++] = files->folders[i] + common;
    qsort(ids, (size_t)count, sizeof *ids, compare_texts);
    *list = (struct class_list){.ids = ids};
    for (int i = 0; i < count; i++)
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
            ids[list->count++] = ids[i];
    return 0;
}

static int find_class(const struct class_list *list, const char *path, size_t length)
{
    int low = 0, high = list->count - 1;
    while (low <= high) {
        const int middle = (low + high) / 2;
        int order = strncmp(list->ids[middle], path, length);
        if (order == 0 && list->ids[middle][length])
            order = 1;
        if (order == 0)
            return middle;
        *(order < 0 ? &low : &high) = middle + (order < 0 ? 1 : -1);
    }
    return -1;
}

enum class_names { CLASSES_WORDS, CLASSES_SYNSETS, CLASSES_NUMBERS, CLASSES_SOME_NUMBERS };

/* `index`: the class of each folder by its name, where it is a number. */
static enum class_names judge_names(const struct class_list *list, int *index)
{
    int numbers = 0, synsets = 0, fitting = 0;
    for (int k = 0; k < list->count; k++)
        index[k] = -1;
    for (int k = 0; k < list->count; k++) {
        const char *id = list->ids[k];
        long long number;
        synsets += import_is_synset(id, strlen(id));
        if (id[strspn(id, "0123456789")] || text_to_int(id, &number))
            continue;
        numbers++;
        fitting += number < list->count;
        index[k] = (int)(number < list->count ? number : 0);
    }
    if (synsets == list->count)
        return CLASSES_SYNSETS;
    if (numbers < list->count)
        return CLASSES_WORDS;
    return fitting == list->count ? CLASSES_NUMBERS : CLASSES_SOME_NUMBERS;
}

/* Folders 0, 1 ... K-1 are meant as these numbers, though as text 10 stands before 2. False: one is there twice (01, 1). */
static bool sort_by_number(struct class_list *list, const int *index, struct arena *arena)
{
    const char **sorted = arena_alloc(arena, (size_t)list->count + 1, sizeof *sorted);
    for (int k = 0; sorted && k < list->count; k++) {
        if (sorted[index[k]])
            return false;
        sorted[index[k]] = list->ids[k];
    }
    if (sorted)
        list->ids = sorted;
    return sorted;
}

/* Pictures outside of a class folder do not count. */
static void label_by_folders(struct import_files *files, size_t common, const struct class_list *sorted,
                             const int *index)
{
    int kept = 0;
    for (int i = 0; i < files->count; i++) {
        const char *path = files->files[i].path + common, *slash = strchr(path, '/');
        if (!slash)
            continue;
        files->files[kept] = files->files[i];
        files->files[kept++].label = index[find_class(sorted, path, (size_t)(slash - path))];
    }
    files->count = kept;
}

/* "train/n01440764/x.JPEG": one folder too high, every synset would be of the class "train". */
static int check_depth(const struct import_files *files, size_t common, enum class_names names, struct error *err)
{
    for (int i = 0; i < files->count && names == CLASSES_WORDS; i++) {
        const char *slash = strchr(files->files[i].path + common, '/'), *next = slash ? strchr(slash + 1, '/') : NULL;
        if (next && import_is_synset(slash + 1, (size_t)(next - slash) - 1))
            return error_set(err, "\"%s\" holds folders of synsets one level deeper: give \"%s/%.*s\"", files->folder,
                             files->folder, (int)(slash - files->files[i].path), files->files[i].path);
    }
    return 0;
}

static int use_synset_folders(struct finder *finder, const struct class_list *list, int *index, struct error *err)
{
    for (int k = 0; k < list->count; k++)
        if ((index[k] = import_find_synset(finder->synsets, list->ids[k])) < 0)
            return error_set(err, "\"%s\" does not know synset %s, which \"%s\" has a folder of", finder->synsets_path,
                             list->ids[k], finder->files->folder);
    return import_use_synsets(finder->synsets, finder->files, finder->arena, err) ||
                   say(finder,
                       arena_format(finder->arena, "one folder per synset, %d of the %d classes of \"%s\"", list->count,
                                    finder->synsets->count, finder->synsets_path),
                       err)
               ? -1
               : 0;
}

static int use_folders(struct finder *finder, struct class_list *list, enum class_names names, int *index,
                       struct error *err)
{
    static const char *const layouts[] = {
        [CLASSES_WORDS] = "one folder per class, in the order of their names",
        [CLASSES_SYNSETS] = "one folder per synset, in the order of their names",
        [CLASSES_NUMBERS] = "one folder per class, each called as the number of its class (not in the order of text, "
                            "where 10 comes before 2)",
        [CLASSES_SOME_NUMBERS] = "one folder per class, in the order of their names as text: they are numbers but not "
                                 "0 to K-1; a labels.csv says it if they are meant as classes",
    };
    struct class_list ordered = *list;
    if (names == CLASSES_NUMBERS && !sort_by_number(&ordered, index, finder->arena))
        names = CLASSES_SOME_NUMBERS;
    for (int k = 0; k < list->count; k++) {
        if (names != CLASSES_NUMBERS)
            index[k] = k;
        if (import_add_class(finder->files, ordered.ids[k], ordered.ids[k], finder->arena, err))
            return -1;
    }
    return say(finder, layouts[names], err);
}

static int find_class_folders(struct finder *finder, size_t common, struct error *err)
{
    struct class_list list;
    if (collect_classes(finder->files, common, finder->arena, &list, err))
        return -1;
    int *index = arena_alloc(finder->arena, (size_t)list.count + 1, sizeof *index);
    if (!index)
        return error_memory(err, "a list of classes");
    const enum class_names names = judge_names(&list, index);
    if (check_depth(finder->files, common, names, err) || (names == CLASSES_SYNSETS && find_synsets(finder, err)))
        return -1;
    const bool is_mapped = names == CLASSES_SYNSETS && finder->synsets;
    if (is_mapped ? use_synset_folders(finder, &list, index, err) : use_folders(finder, &list, names, index, err))
        return -1;
    label_by_folders(finder->files, common, &list, index);
    return 0;
}

/* -- pictures in one folder ---------------------------------------------------------------------------------------- */

static int use_solutions(struct finder *finder, const char *path, struct error *err)
{
    finder->files->solutions = import_read_solutions(path, finder->arena, err);
    if (!finder->files->solutions || find_synsets(finder, err) ||
        import_label_by_solutions(finder->files->solutions, finder->synsets, finder->arena, finder->files, err))
        return -1;
    return say(finder, arena_format(finder->arena, "one folder, labels and boxes of Kaggle's \"%s\"", path), err);
}

static int use_kit(struct finder *finder, const char *path, struct error *err)
{
    if (finder->options->synsets && find_synsets(finder, err))
        return -1;
    return import_label_by_kit(path, finder->synsets, finder->arena, finder->files, err) ||
                   say(finder, arena_format(finder->arena, "one folder, labels of the development kit \"%s\"", path),
                       err)
               ? -1
               : 0;
}

static int use_labels(struct finder *finder, const char *path, struct error *err)
{
    if (finder->files->is_archive)
        return error_set(err, "\"%s\": a labels.csv is about files in a folder; unpack \"%s\"", path,
                         finder->files->folder);
    finder->files->count = 0;
    return import_read_labels(path, finder->arena, finder->files, err) || say(finder, "labels.csv", err) ? -1 : 0;
}

/* -- what it is ---------------------------------------------------------------------------------------------------- */

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct import_file *)a)->path, ((const struct import_file *)b)->path);
}

/* Sorted by path in the C locale, so that an archive gives what the folder gives. */
static int list_pictures(struct finder *finder, struct error *err)
{
    struct import_files *files = finder->files;
    const int status = files->is_archive ? import_list_tar(files, finder->options->stop, finder->arena, err)
                                         : import_list_folder(files, finder->arena, err);
    if (status)
        return -1;
    if (files->count == 0)
        return error_set(err, "\"%s\" holds no JPEG or PNG files", files->folder);
    qsort(files->files, (size_t)files->count, sizeof *files->files, compare_files);
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* --labels FILE */
static int use_given(struct finder *finder, const char *path, struct error *err)
{
    if (!is_there(path))
        return error_set(err, "could not open labels \"%s\": %s", path, strerror(errno));
    const bool is_csv = ends_with(path, ".csv"), is_kaggle = is_csv && import_is_solutions(path);
    if (is_csv && !is_kaggle)
        return use_labels(finder, path, err);
    if (list_pictures(finder, err))
        return -1;
    return is_kaggle ? use_solutions(finder, path, err) : use_kit(finder, path, err);
}

static int find_flat(struct finder *finder, size_t common, struct error *err)
{
    const char *solutions = find_solutions(finder), *kit = solutions ? NULL : find_kit(finder);
    if (solutions)
        return use_solutions(finder, solutions, err);
    if (kit)
        return use_kit(finder, kit, err);
    if (common)
        return find_class_folders(finder, 0, err);
    return error_set(err,
                     "\"%s\" holds neither a labels.csv nor folders of JPEG or PNG files, one per class; ImageNet's "
                     "labels are found beside it (" KIT ", " SOLUTIONS ") or given by --labels",
                     finder->files->folder);
}

static int find_labels(struct finder *finder, struct error *err)
{
    struct import_files *files = finder->files;
    const char *labels = arena_format(finder->arena, "%s/labels.csv", files->folder);
    if (!labels)
        return error_memory(err, "a list of files");
    if (finder->options->labels)
        return use_given(finder, finder->options->labels, err);
    if (!files->is_archive && is_there(labels))
        return use_labels(finder, labels, err);
    if (list_pictures(finder, err))
        return -1;
    const size_t common = common_folder(files);
    if (is_flat(files, common))
        return find_flat(finder, common, err);
    return find_class_folders(finder, files->is_archive ? common : 0, err);
}

/* Kaggle's root folder holds the training pictures too, which must not even be listed. */
static int choose_folder(struct finder *finder, const char *source, struct error *err)
{
    const char *pictures = arena_format(finder->arena, "%s/" KAGGLE_PICTURES, source);
    if (!pictures)
        return error_memory(err, "a list of files");
    finder->files->folder = is_folder(pictures) ? pictures : source;
    finder->start = finder->files->folder;
    return 0;
}

static int choose_archive(struct finder *finder, const char *source, struct error *err)
{
    const size_t folder = (size_t)(import_last_part(source) - source); /* with the slash */
    finder->files->is_archive = true;
    finder->files->folder = source;
    finder->start = folder ? arena_format(finder->arena, "%.*s", (int)folder - (folder > 1), source) : ".";
    if (!finder->start)
        return error_memory(err, "a list of files");
    return import_is_archive(source) ? 0 : error_set(err, "\"%s\" is neither a folder nor a tar archive", source);
}

int import_find_files(const struct import_options *options, struct arena *arena, struct import_files *files,
                      struct error *err)
{
    struct finder finder = {.options = options, .arena = arena, .files = files};
    struct stat info;
    *files = (struct import_files){0};
    if (stat(options->source, &info))
        return error_set(err, "could not open \"%s\": %s", options->source, strerror(errno));
    char *source = arena_string(arena, options->source);
    if (!source)
        return error_memory(err, "a list of files");
    for (size_t length = strlen(source); length > 1 && source[length - 1] == '/'; length--)
        source[length - 1] = 0;
    if (S_ISDIR(info.st_mode) ? choose_folder(&finder, source, err) : choose_archive(&finder, source, err))
        return -1;
    return find_labels(&finder, err) ? -1 : import_name_files(files, arena, err);
}
