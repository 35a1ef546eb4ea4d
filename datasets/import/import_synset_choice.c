/* datasets/import/import_synset_choice.c - chooses the class indices of synsets: a list's, ImageNet's, or from 0. */
#include "datasets/import/import_finder.h"

#include "datasets/imagenet.h"

#include <stdlib.h>
#include <string.h>

#define MAPPING "LOC_synset_mapping.txt"

int finder_find_synsets(struct finder *finder, struct error *err)
{
    const char *path = finder->options->synsets;
    if (!path)
        path = finder_near(finder, (const char *const[]){MAPPING}, 1, 4);
    if (!path)
        return 0;
    finder->synsets = &finder->own;
    finder->synsets_path = path;
    return import_read_synsets(path, finder->arena, &finder->own, err);
}

static int load_imagenet(struct arena *arena, struct import_synsets *synsets, struct error *err)
{
    const struct imagenet *imagenet = imagenet_read(arena);
    *synsets = (struct import_synsets){.count = IMAGENET_CLASSES,
                                       .rows = arena_alloc(arena, IMAGENET_CLASSES, sizeof *synsets->rows)};
    if (!imagenet || !synsets->rows)
        return error_memory(err, "a list of synsets");
    for (int k = 0; k < IMAGENET_CLASSES; k++)
        synsets->rows[k] = (struct import_synset){imagenet->id[k], imagenet->name[k], 0};
    return 0;
}

/* Returns the first synset that the list does not have; NULL: it has all. */
static const char *find_foreign(const struct import_synsets *synsets, const char *const *ids, int count)
{
    for (int i = 0; i < count; i++)
        if (import_find_synset(synsets, ids[i]) < 0)
            return ids[i];
    return NULL;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct import_synset *)a)->id, ((const struct import_synset *)b)->id);
}

/* Makes a list of these synsets, sorted, each once, with ImageNet's names where it has them. */
static int number_from_zero(struct finder *finder, const struct import_synsets *imagenet, const char *const *ids,
                            int count, struct error *err)
{
    struct import_synset *rows = arena_alloc(finder->arena, (size_t)count + 1, sizeof *rows);
    if (!rows)
        return error_memory(err, "a list of synsets");
    for (int i = 0; i < count; i++) {
        const int k = import_find_synset(imagenet, ids[i]);
        rows[i] = (struct import_synset){ids[i], k < 0 ? ids[i] : imagenet->rows[k].name, 0};
    }
    qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    finder->own = (struct import_synsets){.rows = rows};
    for (int i = 0; i < count; i++)
        if (i == 0 || strcmp(rows[i].id, rows[i - 1].id) != 0)
            rows[finder->own.count++] = rows[i];
    finder->synsets = &finder->own;
    return 0;
}

static int count_synsets(struct finder *finder, const char *const *ids, int count)
{
    bool *is_met = arena_alloc(finder->arena, (size_t)finder->synsets->count + 1, sizeof *is_met);
    int met = 0;
    for (int i = 0; is_met && i < count; i++) {
        bool *is = &is_met[import_find_synset(finder->synsets, ids[i])];
        met += !*is;
        *is = true;
    }
    return met;
}

static int use_list(struct finder *finder, const char *const *ids, int count, struct error *err)
{
    const char *foreign = find_foreign(finder->synsets, ids, count);
    if (foreign)
        return error_set(err, "\"%s\" does not list synset %s, which \"%s\" has pictures of", finder->synsets_path,
                         foreign, finder->files->folder);
    return import_add_note(finder->files, finder->arena, err,
                           "classes: %d of the %d synsets of \"%s\", with their places there as indices",
                           count_synsets(finder, ids, count), finder->synsets->count, finder->synsets_path);
}

static int use_imagenet(struct finder *finder, const struct import_synsets *imagenet, const char *const *ids, int count,
                        struct error *err)
{
    finder->own = *imagenet;
    finder->synsets = &finder->own;
    return import_add_note(
        finder->files, finder->arena, err,
        "classes: %d of ImageNet's %d synsets, with ImageNet's indices; --classes folder numbers them "
        "from 0",
        count_synsets(finder, ids, count), IMAGENET_CLASSES);
}

int finder_choose_synsets(struct finder *finder, const char *const *ids, int count, struct error *err)
{
    const bool is_numbered = finder->options->classes == IMPORT_CLASSES_FOLDER;
    struct import_synsets imagenet;
    if (load_imagenet(finder->arena, &imagenet, err) || (!is_numbered && finder_find_synsets(finder, err)))
        return -1;
    if (finder->synsets)
        return use_list(finder, ids, count, err);
    const char *foreign = find_foreign(&imagenet, ids, count);
    if (!foreign && !is_numbered)
        return use_imagenet(finder, &imagenet, ids, count, err);
    if (number_from_zero(finder, &imagenet, ids, count, err))
        return -1;
    if (is_numbered)
        return import_add_note(finder->files, finder->arena, err,
                               "classes: %d synsets, numbered from 0 in the order of their ids (--classes folder)",
                               finder->own.count);
    return import_add_note(
        finder->files, finder->arena, err,
        "classes: %d synsets, numbered from 0 in the order of their ids: %s is not one of ImageNet's "
        "%d",
        finder->own.count, foreign, IMAGENET_CLASSES);
}
