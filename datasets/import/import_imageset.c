/*
 * datasets/import/import_imageset.c - chooses, checks and copies pictures into an image set.
 *
 * The import works in rounds. A round chooses pictures that are not known to be broken and copies them, checking each
 * on the way. If one turns out broken, the round only checks the remaining ones, and another round chooses again.
 * Without broken pictures, the usual case, there is one round, and everything is read once.
 */
#include "datasets/import/import.h"

#include "base/file.h"
#include "base/random.h"
#include "datasets/decode.h"
#include "datasets/imageset.h"
#include "datasets/import/import_layout.h"
#include "datasets/import/import_picture.h"
#include "datasets/import/import_source.h"
#include "datasets/import/import_tables.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum state { STATE_NEW, STATE_GOOD, STATE_BROKEN };

/* The state of a file, in addition to its entry in the list. */
struct candidate {
    enum state state;
    int w, h;  /* STATE_GOOD */
    int entry; /* position in the image set of this round, -1 none */
};

struct import {
    const struct import_options *options;
    struct import_result *result;
    struct import_files files;
    const struct import_solutions *solutions; /* that have boxes; NULL: none */
    struct arena lists, round, picture;       /* of the whole import; of one round; of one picture */
    struct candidate *candidates;             /* (files.count) */
    int *order;                               /* (files.count) in which they are tried */
    int *chosen;                              /* (written) positions in files, rising */
    struct imageset_writer *writer;           /* NULL: a broken one was found in this round */
    int checked;
    struct error first; /* of the unreadable ones */
    struct error *err;
};

static bool is_stopped(const struct import *import)
{
    return import->options->stop && *import->options->stop;
}

/* -- choosing ----------------------------------------------------------------------------------------------------- */

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

static int make_lists(struct import *import, struct error *err)
{
    const size_t count = (size_t)import->files.count;
    import->order = make_order(import);
    import->chosen = arena_alloc(&import->lists, count, sizeof *import->chosen);
    import->candidates = arena_alloc(&import->lists, count, sizeof *import->candidates);
    return import->order && import->chosen && import->candidates ? 0 : error_memory(err, "a list of files");
}

static int compare_positions(const void *a, const void *b)
{
    const int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

/* How many more of each class may be taken; NULL: no limit, or no memory. */
static int *make_class_room(struct import *import)
{
    int classes = 0;
    for (int i = 0; i < import->files.count; i++)
        classes = import->files.files[i].label >= classes ? import->files.files[i].label + 1 : classes;
    int *room = arena_alloc(&import->round, (size_t)classes + 1, sizeof *room);
    for (int k = 0; room && k < classes; k++)
        room[k] = import->options->per_class;
    return room;
}

/* Chooses the pictures of this round. */
static int choose_pictures(struct import *import, struct error *err)
{
    struct import_result *result = import->result;
    const int limit = import->options->limit ? import->options->limit : import->files.count;
    int *room = import->options->per_class ? make_class_room(import) : NULL;
    if (import->options->per_class && !room)
        return error_memory(err, "a list of files");
    result->written = 0;
    result->bytes = 0;
    for (int k = 0; k < import->files.count; k++) {
        const int i = import->order[k], label = import->files.files[i].label;
        struct candidate *candidate = &import->candidates[i];
        candidate->entry = -1;
        if (candidate->state == STATE_BROKEN || result->written == limit || (room && label >= 0 && room[label]-- <= 0))
            continue;
        import->chosen[result->written++] = i;
        result->bytes += import->files.files[i].bytes;
    }
    qsort(import->chosen, (size_t)result->written, sizeof *import->chosen, compare_positions);
    for (int entry = 0; entry < result->written; entry++)
        import->candidates[import->chosen[entry]].entry = entry;
    return 0;
}

/* -- boxes -------------------------------------------------------------------------------------------------------- */

static int collect_boxes(struct import *import, struct import_boxes *boxes, struct error *err)
{
    const char *folder = import->options->boxes;
    *boxes = (struct import_boxes){0};
    for (int entry = 0; entry < import->result->written && !is_stopped(import); entry++) {
        const int i = import->chosen[entry];
        int status = 0;
        if (import->solutions)
            status = import_boxes_of_solutions(import->solutions, &import->files, i, &import->round, boxes, err);
        else if (folder)
            status = import_boxes_of_xml(folder, &import->files, i, &import->round, boxes, err);
        if (status)
            return -1;
    }
    if (folder && boxes->count == 0 && !is_stopped(import))
        return error_set(err, "boxes \"%s\": there are none for any of the %d pictures", folder,
                         import->result->written);
    return 0;
}

static int32_t clip(int64_t value, int side)
{
    return (int32_t)(value < 0 ? 0 : value > side ? side : value);
}

/* Clipped at the pictures' sides; what is then empty is left out. */
static int write_boxes(struct import *import, const struct import_boxes *boxes, struct error *err)
{
    int32_t(*rows)[5] = arena_alloc(&import->round, (size_t)boxes->count + 1, sizeof *rows);
    int count = 0;
    if (!rows)
        return error_memory(err, "a list of boxes");
    for (int k = 0; k < boxes->count; k++) {
        const struct import_box *box = &boxes->rows[k];
        const struct candidate *picture = &import->candidates[box->file];
        const int32_t row[] = {picture->entry, clip(box->x0, picture->w), clip(box->y0, picture->h),
                               clip(box->x1, picture->w), clip(box->y1, picture->h)};
        if (row[1] < row[3] && row[2] < row[4])
            memcpy(rows[count++], row, sizeof row);
    }
    import->result->boxes = count;
    return imageset_write_boxes(import->writer, (const int32_t(*)[5])rows, count, err);
}

/* -- a round ------------------------------------------------------------------------------------------------------ */

static struct imageset_writer *create_set(struct import *import, struct error *err)
{
    const int count = import->result->written;
    struct imageset_entry *entries = arena_alloc(&import->round, (size_t)count, sizeof *entries);
    if (!entries) {
        error_memory(err, "a list of files");
        return NULL;
    }
    for (int k = 0; k < count; k++) {
        const struct import_file *file = &import->files.files[import->chosen[k]];
        entries[k] = (struct imageset_entry){.name = file->name, .label = file->label, .bytes = file->bytes};
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

static void drop_set(struct import *import)
{
    imageset_abandon(import->writer);
    import->writer = NULL;
}

static void report(struct import *import, const struct error *problem)
{
    import->checked++;
    if (problem && import->result->skipped++ == 0)
        import->first = *problem;
    if (import->options->checked)
        import->options->checked(import->options->context, problem ? problem->text : NULL);
}

static int check_picture(struct import *import, const struct import_file *file, struct candidate *candidate,
                         const char *bytes, size_t size, struct error *err)
{
    struct picture picture;
    if (size != file->bytes)
        return error_system(err, "has %zu bytes, but was listed with %llu", size, (unsigned long long)file->bytes);
    if (import_check_picture(bytes, size, &candidate->w, &candidate->h, err))
        return -1;
    return import->options->is_decoded ? decode_picture(bytes, size, &import->picture, &picture, err) : 0;
}

static bool is_wanted(void *context, int i)
{
    const struct import *import = context;
    const struct candidate *candidate = &import->candidates[i];
    return candidate->entry >= 0 && (import->writer || candidate->state == STATE_NEW);
}

static int take_picture(void *context, int i, const char *bytes, size_t size, const struct error *problem)
{
    struct import *import = context;
    const struct import_file *file = &import->files.files[i];
    struct candidate *candidate = &import->candidates[i];
    struct error why = {0};
    if (is_stopped(import))
        return IMPORT_STOPPED;
    if (!bytes)
        why = *problem;
    const bool is_broken = !bytes || check_picture(import, file, candidate, bytes, size, &why);
    if (is_broken && why.is_system) {
        *import->err = why;
        return error_prefix(import->err, "picture \"%s\": ", file->path);
    }
    if (is_broken)
        error_prefix(&why, "\"%s\": ", file->path);
    if (is_broken || candidate->state == STATE_NEW)
        report(import, is_broken ? &why : NULL);
    import->result->clipped += !is_broken && candidate->state == STATE_NEW && decode_clips(bytes, size);
    candidate->state = is_broken ? STATE_BROKEN : STATE_GOOD;
    if (is_broken)
        drop_set(import);
    if (!import->writer)
        return 0;
    return imageset_write_file_at(import->writer, candidate->entry, bytes, size, import->err);
}

static int visit_pictures(struct import *import, struct error *err)
{
    const struct import_visitor visitor = {.is_wanted = is_wanted, .take = take_picture, .context = import};
    import->err = err;
    return import->files.is_archive ? import_visit_tar(&import->files, &visitor, &import->picture, err)
                                    : import_visit_folder(&import->files, &visitor, &import->picture, err);
}

static int judge_unreadable(const struct import *import, struct error *err)
{
    if (import->options->is_strict && import->result->skipped) {
        error_set(err, "%d of %d pictures are unreadable, nothing was written; the first: %s", import->result->skipped,
                  import->checked, import->first.text);
        return IMPORT_UNREADABLE;
    }
    return 0;
}

/* 1 if another round is needed, 0 when the file is there. */
static int run_round(struct import *import, struct error *err)
{
    struct import_boxes boxes;
    arena_reset(&import->round);
    if (choose_pictures(import, err))
        return -1;
    if (import->result->written == 0)
        return error_set(err, "none of the %d pictures is readable; the first: %s", import->result->skipped,
                         import->first.text);
    if (collect_boxes(import, &boxes, err) || !(import->writer = create_set(import, err)))
        return -1;
    int status = visit_pictures(import, err);
    if (!status && is_stopped(import))
        status = IMPORT_STOPPED;
    if (!status)
        status = judge_unreadable(import, err);
    if (status || !import->writer)
        return status ? status : 1;
    if (write_boxes(import, &boxes, err))
        return -1;
    struct imageset_writer *writer = import->writer;
    import->writer = NULL;
    return imageset_commit(writer, err);
}

static int find_files(struct import *import, struct error *err)
{
    const struct import_options *options = import->options;
    struct import_result *result = import->result;
    struct import_files *files = &import->files;
    if (import_find_files(options, &import->lists, files, err) ||
        (options->list && import_keep_listed(options->list, &import->lists, files, err)))
        return -1;
    snprintf(result->layout, sizeof result->layout, "%s", files->layout);
    result->found = files->count;
    result->class_count = files->class_count;
    if (options->found)
        options->found(options->context, result);
    for (int i = 0; options->noted && i < files->note_count; i++)
        options->noted(options->context, files->notes[i]);
    for (int i = 0; i < files->refused_count; i++) {
        struct error why;
        error_write(&why, "%s", files->refused[i]);
        report(import, &why);
    }
    return 0;
}

/* Finds the boxes: those of --boxes, else those that came with the labels. */
static int find_boxes(struct import *import, struct error *err)
{
    const char *path = import->options->boxes;
    struct stat info;
    if (!path) {
        import->solutions = import->files.solutions;
        return 0;
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return 0;
    import->solutions = import_read_solutions(path, &import->lists, err);
    return import->solutions ? 0 : error_prefix(err, "boxes: ");
}

static int import_all(struct import *import, struct error *err)
{
    if (find_files(import, err) || find_boxes(import, err) || make_lists(import, err))
        return is_stopped(import) ? IMPORT_STOPPED : -1;
    file_remove_left(import->options->out);
    int status;
    do
        status = is_stopped(import) ? IMPORT_STOPPED : run_round(import, err);
    while (status == 1);
    drop_set(import);
    return status;
}

int import_dataset(const struct import_options *options, struct import_result *result, struct error *err)
{
    struct import import = {.options = options, .result = result};
    *result = (struct import_result){0};
    arena_init(&import.lists, 0);
    arena_init(&import.round, 0);
    arena_init(&import.picture, 0);
    const int status = import_all(&import, err);
    arena_release(&import.lists);
    arena_release(&import.round);
    arena_release(&import.picture);
    return status;
}
