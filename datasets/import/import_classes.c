/* datasets/import/import_classes.c - one folder per class: chooses the folders and numbers them. */
#include "datasets/import/import_finder.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define SYNSET_LENGTH 9

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct class_list {
    const char **ids; /* (count) sorted, each once */
    int count;
};

/* -- which folders ------------------------------------------------------------------------------------------------- */

static void sort_once(const char **ids, int count, struct class_list *list)
{
    qsort(ids, (size_t)count, sizeof *ids, compare_texts);
    *list = (struct class_list){.ids = ids};
    for (int i = 0; i < count; i++)
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
            ids[list->count++] = ids[i];
}

/* Returns the folder "b" of "a/b/x.jpg" below "a/"; NULL: the path has none, or is not below "a/". */
static const char *class_of(const struct import_files *files, size_t common, const char *path, struct arena *arena)
{
    const bool is_below = strlen(path) > common && strncmp(path, files->files[0].path, common) == 0;
    const char *slash = is_below ? strchr(path + common, '/') : NULL;
    return slash ? arena_format(arena, "%.*s", (int)(slash - path) - (int)common, path + common) : NULL;
}

/* Lists the folders directly below the common one that contain pictures, including unreadable ones. */
static int collect_classes(const struct import_files *files, size_t common, struct arena *arena,
                           struct class_list *list, struct error *err)
{
    const char **ids = arena_alloc(arena, (size_t)files->count + (size_t)files->lost_count + 1, sizeof *ids);
    int count = 0;
    if (!ids)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < files->count; i++) {
        const char *path = files->files[i].path + common, *slash = strchr(path, '/');
        const size_t length = slash ? (size_t)(slash - path) : 0;
        if (!slash || (count && strlen(ids[count - 1]) == length && memcmp(ids[count - 1], path, length) == 0))
            continue; /* same as the one before: paths are sorted */
        if (!(ids[count++] = arena_format(arena, "%.*s", (int)length, path)))
            return error_memory(err, "a list of classes");
    }
    for (int i = 0; i < files->lost_count; i++)
        if ((ids[count] = class_of(files, common, files->lost[i], arena)))
            count++;
    sort_once(ids, count, list);
    return 0;
}

/* Lists the folders directly below the common one that contain no pictures. */
static int collect_empty(const struct import_files *files, size_t common, struct arena *arena,
                         const struct class_list *classes, struct class_list *list, struct error *err)
{
    const char **ids = arena_alloc(arena, (size_t)files->folder_count + 1, sizeof *ids);
    int count = 0;
    if (!ids)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < files->folder_count; i++) {
        const char *folder = files->folders[i];
        if (strlen(folder) <= common || strncmp(folder, files->files[0].path, common) != 0)
            continue;
        folder += common;
        if (!strchr(folder, '/') &&
            !bsearch(&folder, classes->ids, (size_t)classes->count, sizeof *classes->ids, compare_texts))
            ids[count++] = folder;
    }
    sort_once(ids, count, list);
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

/* -- names of folders ------------------------------------------------------------------------------------------- */

enum class_names { CLASSES_WORDS, CLASSES_SYNSETS, CLASSES_NUMBERS, CLASSES_SOME_NUMBERS };

/* "n02085620" and "n02085620-Chihuahua" */
static bool is_synset_folder(const char *id)
{
    return strlen(id) >= SYNSET_LENGTH && import_is_synset(id, SYNSET_LENGTH) &&
           !isalnum((unsigned char)id[SYNSET_LENGTH]);
}

static bool has_twin(const struct class_list *list, int k)
{
    return k && strncmp(list->ids[k - 1], list->ids[k], SYNSET_LENGTH) == 0;
}

/* `index`: the class of each folder whose name is a number. */
static enum class_names judge_names(const struct class_list *list, int *index)
{
    int numbers = 0, synsets = 0, fitting = 0;
    for (int k = 0; k < list->count; k++)
        index[k] = -1;
    for (int k = 0; k < list->count; k++) {
        const char *id = list->ids[k];
        long long number;
        synsets += is_synset_folder(id) && !has_twin(list, k);
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

/*
 * Folders 0, 1 ... K-1 are these classes, although "10" sorts before "2" as text. False: a number appears twice (01,
 * 1).
 */
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

/* Handles folders 0 to K-1 of which some are empty: the empty ones count as classes too. */
static int add_empty_numbers(struct finder *finder, struct class_list *list, const struct class_list *empty,
                             bool *is_added, struct error *err)
{
    struct class_list all;
    const size_t count = (size_t)list->count + (size_t)empty->count;
    const char **ids = arena_alloc(finder->arena, count + 1, sizeof *ids);
    int *index = arena_alloc(finder->arena, count + 1, sizeof *index);
    if (!ids || !index)
        return error_memory(err, "a list of classes");
    memcpy(ids, list->ids, (size_t)list->count * sizeof *ids);
    memcpy(ids + list->count, empty->ids, (size_t)empty->count * sizeof *ids);
    sort_once(ids, (int)count, &all);
    *is_added = judge_names(&all, index) == CLASSES_NUMBERS &&
                sort_by_number(&(struct class_list){all.ids, all.count}, index, finder->arena);
    if (*is_added)
        *list = all;
    return 0;
}

/* Folders without pictures are not classes: they would shift the numbers of all others. */
static int settle_empty(struct finder *finder, size_t common, struct class_list *list, struct error *err)
{
    struct class_list empty;
    bool is_added = false;
    if (collect_empty(finder->files, common, finder->arena, list, &empty, err))
        return -1;
    if (empty.count == 0)
        return 0;
    if (add_empty_numbers(finder, list, &empty, &is_added, err))
        return -1;
    const char *names = finder_names(finder, empty.ids, empty.count);
    if (!names)
        return error_memory(err, "a list of classes");
    return is_added
               ? import_add_note(finder->files, finder->arena, err, "classes without pictures: %s", names)
               : import_add_note(finder->files, finder->arena, err, "left out: folders without pictures: %s", names);
}

/* -- labels -------------------------------------------------------------------------------------------------------- */

/* Pictures outside of a class folder are left out, with a note. */
static int label_by_folders(struct finder *finder, size_t common, const struct class_list *sorted, const int *index,
                            struct error *err)
{
    struct import_files *files = finder->files;
    const char **outside = arena_alloc(finder->arena, (size_t)files->count + 1, sizeof *outside);
    int kept = 0, left = 0;
    if (!outside)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < files->count; i++) {
        const char *path = files->files[i].path + common, *slash = strchr(path, '/');
        if (!slash) {
            outside[left++] = files->files[i].path;
            continue;
        }
        files->files[kept] = files->files[i];
        files->files[kept++].label = index[find_class(sorted, path, (size_t)(slash - path))];
    }
    files->count = kept;
    const char *names = finder_names(finder, outside, left);
    if (!left)
        return 0;
    return names ? import_add_note(files, finder->arena, err, "left out: pictures outside of the class folders: %s",
                                   names)
                 : error_memory(err, "a list of classes");
}

/* The source is one folder too high ("train/n01440764/x.JPEG"): every synset would get the class "train". */
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

/* "train", "val", "test": parts of a set, each with the same classes. */
static int check_parts(const struct finder *finder, size_t common, const struct class_list *list, struct error *err)
{
    static const char *const parts[] = {"train", "training", "val", "valid", "validation", "test", "testing"};
    for (int k = 0; k < list->count; k++) {
        bool is_part = false;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            is_part |= strcasecmp(list->ids[k], parts[i]) == 0;
        if (!is_part)
            return 0;
    }
    const char *names = finder_names(finder, list->ids, list->count);
    return error_set(err,
                     "\"%s\" holds parts of a set, not classes: %s; the classes are one level deeper: %s \"%s/%.*s%s\"",
                     finder->files->folder, names ? names : "",
                     finder->files->is_archive ? "pack one of them alone, such as" : "give", finder->files->folder,
                     (int)common, finder->files->files[0].path, list->ids[list->count - 1]);
}

/* Returns the synset of "n02085620-Chihuahua". */
static int use_synset_folders(struct finder *finder, const struct class_list *list, int *index, const char *where,
                              struct error *err)
{
    const char **ids = arena_alloc(finder->arena, (size_t)list->count + 1, sizeof *ids);
    for (int k = 0; ids && k < list->count; k++)
        if (!(ids[k] = arena_format(finder->arena, "%.*s", SYNSET_LENGTH, list->ids[k])))
            ids = NULL;
    if (!ids)
        return error_memory(err, "a list of classes");
    if (finder_choose_synsets(finder, ids, list->count, err))
        return -1;
    for (int k = 0; k < list->count; k++)
        index[k] = import_find_synset(finder->synsets, ids[k]);
    if (import_use_synsets(finder->synsets, finder->files, finder->arena, err))
        return -1;
    return finder_finish(
        finder, arena_format(finder->arena, "one folder per synset%s, in the order of their names", where), err);
}

static int use_folders(struct finder *finder, struct class_list *list, enum class_names names, int *index,
                       const char *where, struct error *err)
{
    static const char *const layouts[] = {
        [CLASSES_WORDS] = "one folder per class%s, in the order of their names",
        [CLASSES_NUMBERS] = "one folder per class%s, each called as the number of its class (not in the order of text, "
                            "where 10 comes before 2)",
        [CLASSES_SOME_NUMBERS] =
            "one folder per class%s, in the order of their names as text: they are numbers but not "
            "0 to K-1; give a labels.csv if they are meant as classes",
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
    const char *layout = layouts[names], *mark = strstr(layout, "%s");
    return finder_finish(finder, arena_format(finder->arena, "%.*s%s%s", (int)(mark - layout), layout, where, mark + 2),
                         err);
}

/* Only some names are synsets: all folders are numbered in the order of their names. */
static int note_some_synsets(struct finder *finder, const struct class_list *list, struct error *err)
{
    const char *other = NULL;
    int synsets = 0;
    for (int k = 0; k < list->count; k++) {
        const bool is = is_synset_folder(list->ids[k]) && !has_twin(list, k);
        synsets += is;
        other = is || other ? other : list->ids[k];
    }
    if (synsets == 0)
        return 0;
    return import_add_note(finder->files, finder->arena, err,
                           "classes: %d of %d folders are called as synsets and \"%s\" is not: all are numbered from 0",
                           synsets, list->count, other);
}

int import_find_class_folders(struct finder *finder, size_t common, struct error *err)
{
    struct import_files *files = finder->files;
    struct class_list list;
    if (collect_classes(files, common, finder->arena, &list, err) || check_parts(finder, common, &list, err) ||
        settle_empty(finder, common, &list, err))
        return -1;
    int *index = arena_alloc(finder->arena, (size_t)list.count + 1, sizeof *index);
    const char *where =
        common ? arena_format(finder->arena, " in \"%.*s\"", (int)common - 1, files->files[0].path) : "";
    if (!index || !where)
        return error_memory(err, "a list of classes");
    const enum class_names names = judge_names(&list, index);
    if (check_depth(files, common, names, err) || (names == CLASSES_WORDS && note_some_synsets(finder, &list, err)))
        return -1;
    if (names == CLASSES_SYNSETS ? use_synset_folders(finder, &list, index, where, err)
                                 : use_folders(finder, &list, names, index, where, err))
        return -1;
    if (names == CLASSES_SYNSETS && !files->is_archive && import_find_tiny_boxes(files, common, finder->arena, err))
        return -1;
    return label_by_folders(finder, common, &list, index, err);
}
