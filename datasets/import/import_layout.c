/* datasets/import/import_layout.c - recognises the layout of a folder or an archive of pictures. */
#include "datasets/import/import_layout.h"

#include "base/file.h"
#include "base/text.h"
#include "datasets/import/import_finder.h"
#include "datasets/import/import_source.h"
#include "datasets/import/import_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define KAGGLE_PICTURES "ILSVRC/Data/CLS-LOC/val"
#define SOLUTIONS "LOC_val_solution.csv"
#define TINY_PICTURES "val"
#define TINY_SYNSETS "wnids.txt"
#define TINY_ANNOTATIONS "val/val_annotations.txt"
#define NAMES_SHOWN 5
#define TRUTH "ILSVRC2012_validation_ground_truth.txt"
#define KIT "ILSVRC2012_devkit_t12"

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* Returns the first of the names that exists in the start folder or up to `levels` above it; NULL: none. */
const char *finder_near(const struct finder *finder, const char *const *names, int count, int levels)
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
    return finder_near(finder, (const char *const[]){SOLUTIONS}, 1, 4); /* Kaggle's pictures are 4 folders deep */
}

static const char *find_kit(const struct finder *finder)
{
    static const char *const names[] = {TRUTH, "data/" TRUTH, KIT "/data/" TRUTH, KIT ".tar.gz", KIT ".tar"};
    return finder_near(finder, names, sizeof names / sizeof *names, 1);
}

/* Every layout ends here. */
int finder_finish(const struct finder *finder, const char *layout, struct error *err)
{
    if (!layout)
        return error_memory(err, "a list of files");
    if (finder->options->synsets && !finder->synsets)
        return error_set(err, "synsets \"%s\" are not used by this layout: %s", finder->options->synsets, layout);
    finder->files->layout = layout;
    return 0;
}

const char *finder_names(const struct finder *finder, const char *const *names, int count)
{
    const char *text = "";
    char shown[256];
    const int most = count > NAMES_SHOWN + 1 ? NAMES_SHOWN : count;
    for (int i = 0; i < most && text; i++)
        text = arena_format(finder->arena, "%s%s\"%s\"", text, i ? ", " : "",
                            text_printable(names[i], shown, sizeof shown));
    return text && most < count ? arena_format(finder->arena, "%s and %d more", text, count - most) : text;
}

bool finder_is_general_name(const char *name, size_t length)
{
    static const char *const names[] = {"images",     "image", "img",     "imgs",       "pictures", "pics",
                                        "photos",     "data",  "train",   "training",   "val",      "valid",
                                        "validation", "test",  "testing", "JPEGImages", "all",      "dataset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncasecmp(name, names[i], length) == 0)
            return true;
    return false;
}

size_t finder_common_folder(const struct import_files *files)
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

/* Length of the part of the common folder that has a general name: "images/" of "images/cat/x.jpg". */
static size_t general_part(const struct import_files *files, size_t common)
{
    const char *path = files->files[0].path;
    size_t length = 0;
    while (length < common) {
        const size_t part = strcspn(path + length, "/");
        if (!finder_is_general_name(path + length, part))
            break;
        length += part + 1;
    }
    return length;
}

/* Length of the common folder without its last part: "data/" of "data/cat/". */
static size_t above_last(const struct import_files *files, size_t common)
{
    size_t length = common ? common - 1 : 0;
    while (length && files->files[0].path[length - 1] != '/')
        length--;
    return length;
}

int finder_settle_unnamed(struct finder *finder, const char *table, struct error *err)
{
    struct import_files *files = finder->files;
    const char **unnamed = arena_alloc(finder->arena, (size_t)files->count + 1, sizeof *unnamed);
    const int all = files->count;
    int kept = 0, left = 0;
    if (!unnamed)
        return error_memory(err, "a list of files");
    for (int i = 0; i < all; i++) {
        if (files->files[i].label == IMPORT_UNNAMED)
            unnamed[left++] = files->files[i].path;
        else
            files->files[kept++] = files->files[i];
    }
    files->count = kept;
    if (left == 0)
        return 0;
    const char *names = finder_names(finder, unnamed, left);
    if (!names)
        return error_memory(err, "a list of files");
    if (kept == 0)
        return error_set(err, "\"%s\" names none of the %d pictures: %s; --labels none takes them without labels",
                         table, all, names);
    if (!finder->options->is_partial && !finder->options->list)
        return error_set(err, "\"%s\" does not name %d of the %d pictures: %s; --partial leaves such pictures out",
                         table, left, all, names);
    return import_add_note(files, finder->arena, err, "left out: %d of %d pictures, which \"%s\" does not name: %s",
                           left, all, table, names);
}

/* -- pictures in one folder ---------------------------------------------------------------------------------------- */

int import_use_solutions(struct finder *finder, const struct import_solutions *solutions, const char *path,
                         const char *kind, struct error *err)
{
    const char **ids;
    int count;
    finder->files->solutions = solutions;
    if (import_synsets_of_solutions(solutions, finder->arena, &ids, &count, err) ||
        finder_choose_synsets(finder, ids, count, err))
        return -1;
    import_label_by_solutions(solutions, finder->synsets, finder->arena, finder->files);
    if (finder_settle_unnamed(finder, path, err) ||
        import_use_synsets(finder->synsets, finder->files, finder->arena, err))
        return -1;
    return finder_finish(finder, arena_format(finder->arena, "one folder, %s \"%s\"", kind, path), err);
}

static int use_kaggle(struct finder *finder, const char *path, struct error *err)
{
    const struct import_solutions *solutions = import_read_solutions(path, finder->arena, err);
    return solutions ? import_use_solutions(finder, solutions, path, "labels and boxes of Kaggle's", err) : -1;
}

static int use_kit(struct finder *finder, const char *path, struct error *err)
{
    if (finder->options->synsets && finder_find_synsets(finder, err))
        return -1;
    return status_of(
        import_label_by_kit(path, finder->synsets, finder->arena, finder->files, err) ||
        finder_settle_unnamed(finder, path, err) ||
        finder_finish(finder, arena_format(finder->arena, "one folder, labels of the development kit \"%s\"", path),
                      err));
}

static int use_no_labels(struct finder *finder, struct error *err)
{
    return finder_finish(finder,
                         finder->options->labels ? "pictures without labels (--labels none)"
                                                 : "pictures in one folder, without labels",
                         err);
}

/* -- recognition --------------------------------------------------------------------------------------------------- */

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct import_file *)a)->path, ((const struct import_file *)b)->path);
}

static int note_left_out(struct finder *finder, struct error *err)
{
    struct import_files *files = finder->files;
    const char *names = finder_names(finder, files->left_out, files->left_out_count);
    if (!names)
        return error_memory(err, "a list of files");
    if (files->left_out_count &&
        import_add_note(files, finder->arena, err, "left out: hidden folders and those of tools: %s", names))
        return -1;
    if (files->foreign_count &&
        import_add_note(files, finder->arena, err,
                        "left out: pictures that are neither JPEG nor PNG files: %d, such as \"%s\"",
                        files->foreign_count, files->first_foreign))
        return -1;
    return files->hidden_count ? import_add_note(files, finder->arena, err, "left out: pictures with a hidden name: %d",
                                                 files->hidden_count)
                               : 0;
}

/* Sorted by path in the C locale, so that an archive gives what the folder gives. */
int finder_list(struct finder *finder, struct error *err)
{
    struct import_files *files = finder->files;
    if (finder->is_listed)
        return 0;
    finder->is_listed = true;
    if (files->is_archive ? import_list_tar(files, finder->options->stop, finder->arena, err)
                          : import_list_folder(files, finder->arena, err))
        return -1;
    if (files->count)
        qsort(files->files, (size_t)files->count, sizeof *files->files, compare_files);
    return note_left_out(finder, err);
}

int finder_need_pictures(const struct finder *finder, struct error *err)
{
    const struct import_files *files = finder->files;
    if (files->count)
        return 0;
    return error_set(err, "\"%s\" holds no JPEG or PNG files%s%s", files->folder,
                     files->lost_count ? " that can be taken, but pictures such as " : "",
                     files->lost_count ? finder_names(finder, files->lost, 1) : "");
}

static int list_pictures(struct finder *finder, struct error *err)
{
    return status_of(finder_list(finder, err) || finder_need_pictures(finder, err));
}

/* --labels FILE */
static int use_given(struct finder *finder, const char *path, struct error *err)
{
    enum import_table_form form;
    bool is_used;
    if (strcmp(path, "none") == 0)
        return list_pictures(finder, err) ? -1 : use_no_labels(finder, err);
    if (!is_there(path))
        return error_set(err, "could not open labels \"%s\": %s", path, strerror(errno));
    const bool is_kit = file_is_folder(path) || import_is_archive(path);
    if (!is_kit && import_table_form(path, finder->arena, &form, err))
        return -1;
    if (!is_kit && form != IMPORT_TABLE_TRUTH && form != IMPORT_TABLE_SOLUTIONS)
        return import_use_table(finder, path, false, &is_used, err);
    if (list_pictures(finder, err))
        return -1;
    return is_kit || form == IMPORT_TABLE_TRUTH ? use_kit(finder, path, err) : use_kaggle(finder, path, err);
}

/* Looks for tables with usual names in the folder of the pictures, the source and the folder above it. */
static int find_tables(struct finder *finder, size_t common, bool *is_used, struct error *err)
{
    static const char *const names[] = {
        "labels.csv", "val_annotations.txt", "val.txt",         "val.csv",    "test.txt",        "test.csv",
        "train.txt",  "train.csv",           "annotations.csv", "labels.txt", "annotations.txt", "solution.csv"};
    const struct import_files *files = finder->files;
    const char *inside = common && !files->is_archive
                             ? arena_format(finder->arena, "/%.*s", (int)common - 1, files->files[0].path)
                             : NULL;
    const char *const places[] = {inside, "", files->is_archive ? NULL : "/.."};
    *is_used = false;
    for (size_t place = 0; place < sizeof places / sizeof *places; place++)
        for (size_t i = 0; places[place] && i < sizeof names / sizeof *names && !*is_used; i++) {
            const char *path = arena_format(finder->arena, "%s%s/%s", finder->start, places[place], names[i]);
            if (!path)
                return error_memory(err, "a list of files");
            if (is_there(path) && !file_is_folder(path) && import_use_table(finder, path, true, is_used, err))
                return -1;
        }
    return 0;
}

/* Notes tables with other names beside the pictures: they may contain the labels. */
static int note_other_tables(struct finder *finder, struct error *err)
{
    static const char *const ends[] = {".csv", ".tsv", ".json"};
    const char **names = NULL;
    int count = 0, status = 0;
    DIR *folder = opendir(finder->start);
    for (struct dirent *entry; !status && folder && !finder->files->is_archive && (entry = readdir(folder));) {
        const char *dot = strrchr(entry->d_name, '.');
        bool is_table = false;
        for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
            is_table |= strcasecmp(dot, ends[i]) == 0;
        if (!is_table || entry->d_name[0] == '.')
            continue;
        names = import_make_room(names, count, sizeof *names, finder->arena);
        if (!names || !(names[count++] = arena_string(finder->arena, entry->d_name)))
            status = error_memory(err, "a list of files");
    }
    if (folder)
        closedir(folder);
    if (status || count == 0)
        return status;
    qsort(names, (size_t)count, sizeof *names, compare_texts);
    return import_add_note(finder->files, finder->arena, err,
                           "labels: none were read; beside the pictures there is %s (--labels FILE reads a table)",
                           finder_names(finder, names, count));
}

static int find_flat(struct finder *finder, size_t common, struct error *err)
{
    const char *solutions = find_solutions(finder), *kit = solutions ? NULL : find_kit(finder);
    bool is_used;
    if (solutions)
        return use_kaggle(finder, solutions, err);
    if (kit)
        return use_kit(finder, kit, err);
    if (find_tables(finder, common, &is_used, err))
        return -1;
    if (is_used)
        return 0;
    const size_t above = above_last(finder->files, common);
    const char *last = finder->files->files[0].path + above;
    if (common && !finder_is_general_name(last, common - above - 1))
        return import_find_class_folders(finder,
                                         finder->files->is_archive ? above : general_part(finder->files, common), err);
    return note_other_tables(finder, err) ? -1 : use_no_labels(finder, err);
}

static int find_labels(struct finder *finder, struct error *err)
{
    struct import_files *files = finder->files;
    const char *labels = arena_format(finder->arena, "%s/labels.csv", files->folder);
    bool is_used;
    if (!labels)
        return error_memory(err, "a list of files");
    if (finder->options->labels)
        return use_given(finder, finder->options->labels, err);
    if (!files->is_archive && is_there(labels))
        return import_use_table(finder, labels, false, &is_used, err);
    if (list_pictures(finder, err))
        return -1;
    const size_t common = finder_common_folder(files);
    if (is_flat(files, common))
        return find_flat(finder, common, err);
    return import_find_class_folders(finder, files->is_archive ? common : general_part(files, common), err);
}

/* The root folders of Kaggle and Tiny ImageNet also contain the training pictures, which must not be listed. */
static int choose_folder(struct finder *finder, const char *source, struct error *err)
{
    const char *kaggle = arena_format(finder->arena, "%s/" KAGGLE_PICTURES, source);
    const char *tiny = arena_format(finder->arena, "%s/" TINY_PICTURES, source);
    const char *synsets = arena_format(finder->arena, "%s/" TINY_SYNSETS, source);
    const char *annotations = arena_format(finder->arena, "%s/" TINY_ANNOTATIONS, source);
    if (!kaggle || !tiny || !synsets || !annotations)
        return error_memory(err, "a list of files");
    const bool is_tiny = file_is_folder(tiny) && is_there(synsets) && is_there(annotations);
    finder->files->folder = file_is_folder(kaggle) ? kaggle : is_tiny ? tiny : source;
    finder->start = finder->files->folder;
    return is_tiny ? import_add_note(finder->files, finder->arena, err,
                                     "pictures: those of Tiny ImageNet's validation set; \"%s/train\" are those for "
                                     "training",
                                     source)
                   : 0;
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
