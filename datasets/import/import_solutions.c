/*
 * datasets/import/import_solutions.c - Kaggle's LOC_val_solution.csv: a picture and, of each object, synset, xmin,
 * ymin, xmax, ymax.
 */
#include "base/input.h"
#include "base/text.h"
#include "datasets/import/csv_read.h"
#include "datasets/import/import_tables.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct solution {
    const char *image, *objects; /* "ILSVRC2012_val_00048981", "n03995372 85 1 499 272 " */
    int line;
};

struct import_solutions {
    const char *path;
    int count;
    struct solution *rows; /* sorted by image */
};

static int compare_images(const void *a, const void *b)
{
    return strcmp(((const struct solution *)a)->image, ((const struct solution *)b)->image);
}

static size_t synset_length(const char *objects)
{
    return strcspn(objects, " ");
}

int import_add_solution(struct import_solutions *table, const char *image, const char *objects, int line,
                        struct arena *arena, struct error *err)
{
    table->rows = import_make_room(table->rows, table->count, sizeof *table->rows, arena);
    if (!table->rows)
        return error_memory(err, "a table of boxes");
    table->rows[table->count++] = (struct solution){image, objects, line};
    return 0;
}

static int take_row(struct import_solutions *table, const struct csv *csv, char **fields, int count,
                    struct arena *arena, struct error *err)
{
    char shown[64];
    if (count != 2 || !fields[0][0] || !import_is_synset(fields[1], synset_length(fields[1])))
        return error_set(err, "\"%s\", line %d: not a picture and a synset with boxes: \"%s\"", csv->path,
                         csv->record_line, text_printable(fields[count > 1], shown, sizeof shown));
    return import_add_solution(table, fields[0], fields[1], csv->record_line, arena, err);
}

int import_sort_solutions(struct import_solutions *table, struct error *err)
{
    char shown[64];
    if (table->count == 0)
        return error_set(err, "\"%s\" holds no pictures", table->path);
    qsort(table->rows, (size_t)table->count, sizeof *table->rows, compare_images);
    for (int i = 1; i < table->count; i++)
        if (compare_images(&table->rows[i - 1], &table->rows[i]) == 0)
            return error_set(err, "\"%s\", line %d: picture \"%s\" appears twice", table->path, table->rows[i].line,
                             text_printable(table->rows[i].image, shown, sizeof shown));
    return 0;
}

struct import_solutions *import_make_solutions(const char *path, struct arena *arena, struct error *err)
{
    struct import_solutions *table = arena_alloc(arena, 1, sizeof *table);
    if (table)
        *table = (struct import_solutions){.path = path};
    else
        error_memory(err, "a table of boxes");
    return table;
}

const struct import_solutions *import_read_solutions(const char *path, struct arena *arena, struct error *err)
{
    struct import_solutions *table = import_make_solutions(path, arena, err);
    struct csv csv;
    char *fields[CSV_FIELDS_MAX];
    if (!table)
        return NULL;
    if (csv_open(&csv, path, arena, err))
        return NULL;
    int count = csv_next(&csv, fields, err);
    if (count != 2 || strcmp(fields[0], "ImageId") != 0 || strcmp(fields[1], "PredictionString") != 0) {
        if (count >= 0)
            error_set(err, "\"%s\" does not begin with ImageId,PredictionString", path);
        return NULL;
    }
    while ((count = csv_next(&csv, fields, err)) > 0)
        if (take_row(table, &csv, fields, count, arena, err))
            return NULL;
    return count < 0 || import_sort_solutions(table, err) ? NULL : table;
}

static const struct solution *find_row(const struct import_solutions *table, const char *path, struct arena *scratch)
{
    const struct arena_mark mark = arena_mark(scratch);
    const struct solution key = {.image = import_stem(path, scratch)};
    const struct solution *found =
        key.image ? bsearch(&key, table->rows, (size_t)table->count, sizeof key, compare_images) : NULL;
    arena_rewind(scratch, mark);
    return found;
}

/* -- labels ------------------------------------------------------------------------------------------------------- */

int import_synsets_of_solutions(const struct import_solutions *table, struct arena *arena, const char ***ids,
                                int *count, struct error *err)
{
    *ids = arena_alloc(arena, (size_t)table->count, sizeof **ids);
    *count = table->count;
    for (int i = 0; *ids && i < table->count; i++) {
        const char *objects = table->rows[i].objects;
        if (!((*ids)[i] = arena_format(arena, "%.*s", (int)synset_length(objects), objects)))
            *ids = NULL;
    }
    return *ids ? 0 : error_memory(err, "a list of synsets");
}

void import_label_by_solutions(const struct import_solutions *table, const struct import_synsets *synsets,
                               struct arena *scratch, struct import_files *files)
{
    for (int i = 0; i < files->count; i++) {
        struct import_file *file = &files->files[i];
        const struct solution *row = find_row(table, file->path, scratch);
        char id[16] = "";
        if (row)
            snprintf(id, sizeof id, "%.*s", (int)synset_length(row->objects), row->objects);
        file->label = row ? import_find_synset(synsets, id) : IMPORT_UNNAMED;
    }
}

/* -- boxes -------------------------------------------------------------------------------------------------------- */

/* Reads four whole numbers and moves past them. */
static int take_corners(const char **text, int64_t corner[4])
{
    for (int k = 0; k < 4; k++) {
        char *end;
        *text += strspn(*text, " ");
        const long value = strtol(*text, &end, 10);
        if (end == *text || value < INT_MIN || value > INT_MAX - 1 || (*end && *end != ' '))
            return -1;
        corner[k] = value;
        *text = end;
    }
    return 0;
}

int import_boxes_of_solutions(const struct import_solutions *table, const struct import_files *files, int file,
                              struct arena *arena, struct import_boxes *boxes, struct error *err)
{
    const struct solution *row = find_row(table, files->files[file].path, arena);
    if (!row)
        return 0;
    const int label = files->files[file].label;
    const size_t first_length = synset_length(row->objects);
    if (!row->objects[first_length + strspn(row->objects + first_length, " ")])
        return 0; /* a label alone */
    char first[16];
    snprintf(first, sizeof first, "%.*s", (int)first_length, row->objects);
    const char *id = label >= 0 && label < files->class_count ? files->class_ids[label] : first;
    for (const char *at = row->objects; *at; at += strspn(at, " ")) {
        const char *synset = at;
        int64_t corner[4];
        at += synset_length(at);
        const bool is_labelled = strlen(id) == (size_t)(at - synset) && memcmp(synset, id, strlen(id)) == 0;
        if (!import_is_synset(synset, (size_t)(at - synset)) || take_corners(&at, corner))
            return error_set(err, "\"%s\", line %d: not a synset and four numbers for each box", table->path,
                             row->line);
        const struct import_box box = {file, corner[0], corner[1], corner[2] + 1, corner[3] + 1};
        if (is_labelled && import_add_box(boxes, &box, arena, err))
            return -1;
    }
    return 0;
}
