/* datasets/import/import_labels.c - matches the rows of a table of labels with the pictures. */
#include "datasets/import/import_finder.h"
#include "datasets/import/import_table.h"

#include "base/text.h"
#include "datasets/imagenet.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int fail_row(const struct import_table *table, const struct import_row *row, const char *what, const char *text,
                    struct error *err)
{
    char shown[128];
    return error_set(err, "\"%s\", line %d: %s \"%s\"", table->path, row->line, what,
                     text_printable(text, shown, sizeof shown));
}

/* -- classes ------------------------------------------------------------------------------------------------------- */

/* Sets the text of a class, or checks that it equals the earlier one. */
static int set_class(const struct import_table *table, const struct import_row *row, const char **texts,
                     const char *text, struct error *err)
{
    if (texts[row->label] && strcmp(texts[row->label], text) != 0)
        return fail_row(table, row, "another line calls this class differently:", text, err);
    texts[row->label] = text;
    return 0;
}

/* Fills in classes that no line names. Without any name there is no list of classes. */
static int complete_classes(struct import_files *files, struct arena *arena, struct error *err)
{
    for (int k = 0; k < files->class_count; k++) {
        const char *name = files->class_names[k];
        if (!name || !name[0])
            files->class_names[k] = arena_format(arena, "class %d", k);
        if (!files->class_ids[k])
            files->class_ids[k] = "";
        if (!files->class_names[k])
            return error_memory(err, "a list of classes");
    }
    return 0;
}

/* A table of some of ImageNet's classes gets all 1000, with ImageNet's names where it gives none. */
static int use_imagenet(struct finder *finder, const struct imagenet *imagenet, struct error *err)
{
    struct import_files *files = finder->files;
    const char **names = arena_alloc(finder->arena, IMAGENET_CLASSES, sizeof *names);
    const char **ids = arena_alloc(finder->arena, IMAGENET_CLASSES, sizeof *ids);
    if (!names || !ids)
        return error_memory(err, "a list of classes");
    for (int k = 0; k < IMAGENET_CLASSES; k++) {
        const bool is_named =
            k < files->class_count && files->class_ids[k][0] && strcmp(files->class_names[k], files->class_ids[k]) != 0;
        names[k] = is_named ? files->class_names[k] : imagenet->name[k];
        ids[k] = imagenet->id[k];
    }
    files->class_names = names;
    files->class_ids = ids;
    files->class_count = IMAGENET_CLASSES;
    return import_add_note(files, finder->arena, err,
                           "classes: ImageNet's %d, whose synsets and indices the table gives", IMAGENET_CLASSES);
}

/* Adds a note if the numbers of a table with synsets are not ImageNet's. */
static int compare_with_imagenet(struct finder *finder, const struct import_table *table, struct error *err)
{
    const struct imagenet *imagenet = imagenet_read(finder->arena);
    if (!imagenet)
        return error_memory(err, "a list of classes");
    int equal = 0, named = 0;
    const struct import_row *other = NULL;
    for (int i = 0; i < table->count; i++) {
        const struct import_row *row = &table->rows[i];
        const int k = row->label < 0 ? -1 : imagenet_find(imagenet, row->synset);
        named += row->label >= 0;
        equal += k >= 0 && k == row->label;
        if (k >= 0 && k != row->label && !other)
            other = row;
    }
    if (named && equal == named)
        return use_imagenet(finder, imagenet, err);
    if (!other)
        return 0;
    return import_add_note(
        finder->files, finder->arena, err,
        "classes: the numbers of \"%s\", which are not ImageNet's: %s is %d there and %d of ImageNet", table->path,
        other->synset, other->label, imagenet_find(imagenet, other->synset));
}

static int use_numbers(struct finder *finder, const struct import_table *table, struct error *err)
{
    struct import_files *files = finder->files;
    int count = 0;
    for (int i = 0; i < table->count; i++)
        count = table->rows[i].label >= count ? table->rows[i].label + 1 : count;
    files->class_names = arena_alloc(finder->arena, (size_t)count + 1, sizeof *files->class_names);
    files->class_ids = arena_alloc(finder->arena, (size_t)count + 1, sizeof *files->class_ids);
    if (!files->class_names || !files->class_ids)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < table->count; i++) {
        const struct import_row *row = &table->rows[i];
        if (row->label >= 0 &&
            (set_class(table, row, files->class_names, row->name[0] ? row->name : row->synset, err) ||
             set_class(table, row, files->class_ids, row->synset, err)))
            return -1;
    }
    files->class_count = table->has_names ? count : 0;
    return status_of(complete_classes(files, finder->arena, err) || compare_with_imagenet(finder, table, err));
}

static int use_synsets(struct finder *finder, const struct import_table *table, const char *const *classes,
                       struct error *err)
{
    if (finder_choose_synsets(finder, classes, table->count, err))
        return -1;
    for (int i = 0; i < table->count; i++)
        table->rows[i].label = import_find_synset(finder->synsets, table->rows[i].klass);
    return import_use_synsets(finder->synsets, finder->files, finder->arena, err);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Numbers names of classes from 0 in their order, as for folders. */
static int use_words(struct finder *finder, const struct import_table *table, const char **classes, struct error *err)
{
    struct import_files *files = finder->files;
    qsort(classes, (size_t)table->count, sizeof *classes, compare_texts);
    for (int i = 0; i < table->count; i++)
        if ((i == 0 || strcmp(classes[i], classes[i - 1]) != 0) &&
            import_add_class(files, classes[i], classes[i], finder->arena, err))
            return -1;
    for (int i = 0; i < table->count; i++) {
        const char *const *found = bsearch(&table->rows[i].klass, files->class_ids, (size_t)files->class_count,
                                           sizeof *files->class_ids, compare_texts);
        table->rows[i].label = (int)(found - files->class_ids);
    }
    return import_add_note(files, finder->arena, err, "classes: the %d names of \"%s\", numbered from 0 in their order",
                           files->class_count, table->path);
}

static int use_classes(struct finder *finder, const struct import_table *table, struct error *err)
{
    if (table->classes == IMPORT_TABLE_NUMBERS)
        return use_numbers(finder, table, err);
    const char **classes = arena_alloc(finder->arena, (size_t)table->count, sizeof *classes);
    if (!classes)
        return error_memory(err, "a list of classes");
    for (int i = 0; i < table->count; i++)
        classes[i] = table->rows[i].klass;
    return table->classes == IMPORT_TABLE_SYNSETS ? use_synsets(finder, table, classes, err)
                                                  : use_words(finder, table, classes, err);
}

/* -- pictures ------------------------------------------------------------------------------------------------------ */

/* Returns the size of a file; 0 if it cannot be read, which is reported later, when the picture is read. */
static uint64_t size_of(const char *folder, const char *file)
{
    char path[PATH_MAX];
    struct stat info;
    const bool is_absolute = file[0] == '/';
    if (snprintf(path, sizeof path, "%s%s%s", is_absolute ? "" : folder, is_absolute ? "" : "/", file) >= PATH_MAX ||
        stat(path, &info))
        return 0;
    return (uint64_t)info.st_size;
}

/* Returns the part of a row's file below the folder: "x.jpg" for "/data/val/x.jpg" and "/data/val". */
static const char *below_folder(const struct finder *finder, const char *file)
{
    char real[PATH_MAX];
    if (file[0] != '/' || finder->files->is_archive || !realpath(finder->files->folder, real))
        return file;
    const char *const folders[] = {finder->files->folder, real};
    for (int i = 0; i < 2; i++) {
        const size_t length = strlen(folders[i]);
        if (strncmp(file, folders[i], length) == 0 && file[length] == '/')
            return file + length + 1;
    }
    return file;
}

struct matching {
    struct import_file *(*of_row); /* (table->count) among the pictures; NULL: none */
    int matched, unmatched;        /* rows */
    const struct import_row *first_unmatched;
};

static int match_rows(const struct finder *finder, const struct import_table *table, struct matching *matching,
                      struct error *err)
{
    const struct import_index *index = import_index_files(finder->files, finder->arena);
    bool *is_taken = arena_alloc(finder->arena, (size_t)finder->files->count + 1, sizeof *is_taken);
    *matching = (struct matching){.of_row = arena_alloc(finder->arena, (size_t)table->count, sizeof *matching->of_row)};
    if (!index || !is_taken || !matching->of_row)
        return error_memory(err, "a list of files");
    for (int i = 0; i < table->count; i++) {
        const struct import_row *row = &table->rows[i];
        struct import_file *file = import_index_find(index, below_folder(finder, row->file));
        matching->of_row[i] = file;
        matching->matched += file != NULL;
        matching->unmatched += file == NULL;
        if (!file && !matching->first_unmatched)
            matching->first_unmatched = row;
        if (file && is_taken[file - finder->files->files])
            return fail_row(table, row, "another line has this picture too:", row->file, err);
        if (file)
            is_taken[file - finder->files->files] = true;
    }
    return 0;
}

/* Takes the pictures in the order of the rows. A list of files may name missing ones: they are reported when read. */
static int take_files(struct finder *finder, const struct import_table *table, const struct matching *matching,
                      struct error *err)
{
    struct import_files *files = finder->files, old = *files;
    files->files = NULL;
    files->count = 0;
    for (int i = 0; i < table->count; i++) {
        const struct import_row *row = &table->rows[i];
        const struct import_file *match = matching->of_row[i];
        if (!match && (!table->is_list || old.is_archive))
            continue;
        if (import_add_file(files, match ? match->path : row->file, match ? match->bytes : 0, finder->arena, err))
            return -1;
        struct import_file *file = &files->files[files->count - 1];
        file->label = row->label;
        if (match)
            file->place = match->place;
        else
            file->bytes = size_of(files->folder, file->path);
    }
    return 0;
}

/* Marks the pictures that no row names, for finder_settle_unnamed(). */
static int add_unnamed(struct finder *finder, const struct import_files *all, const struct matching *matching,
                       int row_count, struct error *err)
{
    bool *is_named = arena_alloc(finder->arena, (size_t)all->count + 1, sizeof *is_named);
    if (!is_named)
        return error_memory(err, "a list of files");
    for (int i = 0; i < row_count; i++)
        if (matching->of_row[i])
            is_named[matching->of_row[i] - all->files] = true;
    for (int i = 0; i < all->count; i++) {
        if (is_named[i])
            continue;
        if (import_add_file(finder->files, all->files[i].path, all->files[i].bytes, finder->arena, err))
            return -1;
        finder->files->files[finder->files->count - 1].label = IMPORT_UNNAMED;
    }
    return 0;
}

static int note_unmatched(struct finder *finder, const struct import_table *table, const struct matching *matching,
                          struct error *err)
{
    const bool is_kept = table->is_list && !finder->files->is_archive;
    if (matching->unmatched == 0 || is_kept)
        return 0;
    return import_add_note(finder->files, finder->arena, err,
                           "labels: \"%s\" has %d rows, %d of them about pictures that are not here, such as \"%s\"",
                           table->path, table->count, matching->unmatched, matching->first_unmatched->file);
}

static int use_rows(struct finder *finder, const struct import_table *table, const struct matching *matching,
                    struct error *err)
{
    const struct import_files all = *finder->files;
    if (use_classes(finder, table, err) || take_files(finder, table, matching, err) ||
        add_unnamed(finder, &all, matching, table->count, err) || finder_settle_unnamed(finder, table->path, err) ||
        note_unmatched(finder, table, matching, err))
        return -1;
    const bool is_usual = strcmp(import_last_part(table->path), "labels.csv") == 0;
    const char *how = table->classes == IMPORT_TABLE_NUMBERS ? ", classes as they are numbered there" : "";
    return finder_finish(
        finder, is_usual ? "labels.csv" : arena_format(finder->arena, "labels of \"%s\"%s", table->path, how), err);
}

/* Ignores a table that was found, not given, and that does not belong to the pictures. */
static int leave_alone(struct finder *finder, const char *path, const char *why, struct error *err)
{
    char start[PATH_MAX + 8];
    const int length = snprintf(start, sizeof start, "\"%s\": ", path);
    if (strncmp(why, start, (size_t)length) == 0)
        why += length;
    return import_add_note(finder->files, finder->arena, err, "labels: \"%s\" is not used: %s", path, why);
}

int import_use_table(struct finder *finder, const char *path, bool is_near, bool *is_used, struct error *err)
{
    enum import_table_form form;
    struct import_table table;
    struct matching matching;
    *is_used = false;
    if (import_table_form(path, finder->arena, &form, err))
        return is_near ? leave_alone(finder, path, "it has no known form", err) : -1;
    if (form == IMPORT_TABLE_TRUTH || form == IMPORT_TABLE_SOLUTIONS)
        return is_near ? 0 : error_set(err, "\"%s\" is not a table of files and classes", path);
    if (form == IMPORT_TABLE_ANNOTATIONS) {
        const struct import_solutions *solutions = import_read_annotations(path, finder->arena, err);
        *is_used = true;
        return solutions && finder_list(finder, err) == 0 && finder_need_pictures(finder, err) == 0
                   ? import_use_solutions(finder, solutions, path, "labels and boxes of", err)
                   : -1;
    }
    if (import_read_table(path, form, finder->arena, &table, err))
        return is_near ? leave_alone(finder, path, err->text, err) : -1;
    if (finder_list(finder, err) || (!table.is_list && finder_need_pictures(finder, err)) ||
        match_rows(finder, &table, &matching, err))
        return -1;
    if (matching.matched == 0 && is_near)
        return leave_alone(finder, path, "it names none of the pictures", err);
    if (matching.matched == 0 && !table.is_list)
        return error_set(err, "\"%s\" names none of the %d pictures of \"%s\"; its first row is about \"%.100s\"", path,
                         finder->files->count, finder->files->folder, table.rows[0].file);
    *is_used = true;
    return use_rows(finder, &table, &matching, err);
}
