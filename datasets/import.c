/* datasets/import.c - chooses, checks and copies pictures into an image set. */
#include "datasets/import.h"

#include "base/random.h"
#include "datasets/decode.h"
#include "datasets/imageset.h"
#include "datasets/import_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_BYTES_MAX ((size_t)256 << 20)

struct import {
    const struct import_options *options;
    struct import_result *result;
    struct import_files files;
    struct arena lists, picture; /* of the whole import; of one picture */
    int *chosen;                 /* (written) positions in files, rising */
    uint64_t *bytes;             /* (found) sizes of the chosen files */
    int *class_room;             /* (class_count) how many more of each class; NULL: no limit */
    struct error first;          /* of the unreadable ones */
};

static bool is_stopped(const struct import *import)
{
    return import->options->stop && *import->options->stop;
}

static int read_picture(struct import *import, int i, char **bytes, size_t *size, struct error *err)
{
    char path[PATH_MAX];
    const char *file = import->files.files[i].path;
    const bool is_absolute = file[0] == '/';
    if (snprintf(path, sizeof path, "%s%s%s", is_absolute ? "" : import->files.folder, is_absolute ? "" : "/", file) >=
        PATH_MAX)
        return error_set(err, "its path is too long");
    arena_reset(&import->picture);
    return import_read_file(path, PICTURE_BYTES_MAX, &import->picture, bytes, size, err);
}

static int check_picture(struct import *import, int i, struct error *err)
{
    char *bytes;
    size_t size;
    struct picture picture;
    if (read_picture(import, i, &bytes, &size, err) || decode_picture(bytes, size, &import->picture, &picture, err))
        return error_prefix(err, "\"%s\": ", import->files.files[i].path);
    import->bytes[i] = size;
    return 0;
}

/* The order in which files are tried: as they are found, or shuffled. */
static int *make_order(struct import *import)
{
    int *order = arena_alloc(&import->lists, (size_t)import->files.count, sizeof *order);
    struct random_stream random;
    random_init(&random, import->options->seed, random_purpose(0, "import dataset"));
    for (int i = 0; order && i < import->files.count; i++) {
        const int other = import->options->is_sampled ? (int)random_below(&random, (uint32_t)i + 1) : i;
        order[i] = order[other];
        order[other] = i;
    }
    return order;
}

static int make_room(struct import *import, struct error *err)
{
    const struct import_files *files = &import->files;
    int classes = 0;
    for (int i = 0; i < files->count; i++)
        classes = files->files[i].label >= classes ? files->files[i].label + 1 : classes;
    import->chosen = arena_alloc(&import->lists, (size_t)files->count, sizeof *import->chosen);
    import->bytes = arena_alloc(&import->lists, (size_t)files->count, sizeof *import->bytes);
    if (import->options->per_class)
        import->class_room = arena_alloc(&import->lists, (size_t)classes + 1, sizeof *import->class_room);
    if (!import->chosen || !import->bytes || (import->options->per_class && !import->class_room))
        return error_memory(err, "a list of files");
    for (int k = 0; import->class_room && k < classes; k++)
        import->class_room[k] = import->options->per_class;
    return 0;
}

static bool has_room(const struct import *import, int label)
{
    return !import->class_room || label < 0 || import->class_room[label] > 0;
}

static void try_picture(struct import *import, int i)
{
    struct import_result *result = import->result;
    struct error err;
    const int label = import->files.files[i].label;
    const int status = check_picture(import, i, &err);
    if (import->options->checked)
        import->options->checked(import->options->context, status ? err.text : NULL);
    if (status) {
        if (result->skipped++ == 0)
            import->first = err;
        return;
    }
    import->chosen[result->written++] = i;
    result->bytes += import->bytes[i];
    if (import->class_room && label >= 0)
        import->class_room[label]--;
}

static int compare_positions(const void *a, const void *b)
{
    const int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

static int choose_pictures(struct import *import, struct error *err)
{
    struct import_result *result = import->result;
    const int limit = import->options->limit ? import->options->limit : import->files.count;
    const int *order = make_order(import);
    if (!order || make_room(import, err))
        return error_memory(err, "a list of files");
    for (int i = 0; i < import->files.count && result->written < limit; i++) {
        if (is_stopped(import))
            return IMPORT_STOPPED;
        if (has_room(import, import->files.files[order[i]].label))
            try_picture(import, order[i]);
    }
    if (import->options->is_strict && result->skipped) {
        error_set(err, "%d of %d pictures are unreadable, nothing was written; the first: %s", result->skipped,
                  result->skipped + result->written, import->first.text);
        return IMPORT_UNREADABLE;
    }
    if (result->written == 0)
        return error_set(err, "none of the %d pictures is readable; the first: %s", result->skipped,
                         import->first.text);
    qsort(import->chosen, (size_t)result->written, sizeof *import->chosen, compare_positions);
    return 0;
}

static struct imageset_writer *create_set(struct import *import, struct error *err)
{
    const int count = import->result->written;
    struct imageset_entry *entries = arena_alloc(&import->lists, (size_t)count, sizeof *entries);
    if (!entries) {
        error_memory(err, "a list of files");
        return NULL;
    }
    for (int k = 0; k < count; k++) {
        const struct import_file *file = &import->files.files[import->chosen[k]];
        entries[k] = (struct imageset_entry){
            .name = file->name, .label = file->label, .bytes = import->bytes[import->chosen[k]]};
    }
    const struct imageset_description description = {.source = import->files.folder,
                                                     .created_by = import->options->created_by,
                                                     .count = count,
                                                     .entries = entries,
                                                     .class_count = import->files.class_count,
                                                     .class_names = import->files.class_names,
                                                     .class_ids = import->files.class_ids};
    return imageset_create(import->options->out, &description, err);
}

static int copy_picture(struct import *import, int i, struct imageset_writer *writer, struct error *err)
{
    char *bytes;
    size_t size;
    if (read_picture(import, i, &bytes, &size, err) || imageset_write_file(writer, bytes, size, err))
        return error_prefix(err, "\"%s\": ", import->files.files[i].path);
    return 0;
}

static int write_set(struct import *import, struct error *err)
{
    struct imageset_writer *writer = create_set(import, err);
    if (!writer)
        return -1;
    int status = 0;
    for (int k = 0; k < import->result->written && !status; k++)
        status = is_stopped(import) ? IMPORT_STOPPED : copy_picture(import, import->chosen[k], writer, err);
    if (!status)
        return imageset_commit(writer, err);
    imageset_abandon(writer);
    return status;
}

static int import_all(struct import *import, struct error *err)
{
    const struct import_options *options = import->options;
    struct import_result *result = import->result;
    if (import_find_files(options->folder, &import->lists, &import->files, err) ||
        (options->list && import_keep_listed(options->list, &import->lists, &import->files, err)))
        return -1;
    result->layout = import->files.layout;
    result->found = import->files.count;
    result->class_count = import->files.class_count;
    if (options->found)
        options->found(options->context, result);
    const int status = choose_pictures(import, err);
    return status ? status : write_set(import, err);
}

int import_dataset(const struct import_options *options, struct import_result *result, struct error *err)
{
    struct import import = {.options = options, .result = result};
    *result = (struct import_result){.layout = ""};
    arena_init(&import.lists, 0);
    arena_init(&import.picture, 0);
    const int status = import_all(&import, err);
    arena_release(&import.lists);
    arena_release(&import.picture);
    return status;
}
