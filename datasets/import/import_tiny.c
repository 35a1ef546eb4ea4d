/*
 * datasets/import/import_tiny.c - annotations of Tiny ImageNet, separated by tabs: file, synset and box for validation
 * pictures; file and box, in one file for each synset, for training pictures.
 */
#include "base/text.h"
#include "datasets/import/import_tables.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VAL_FIELDS 6
#define TRAIN_FIELDS 5

static int fail_line(const char *path, int line, const char *needed, struct error *err)
{
    return error_set(err, "\"%s\", line %d: not %s", path, line, needed);
}

/* Splits a line into fields; returns their number, at most one more than `most`. */
static int split_line(char *line, char **fields, int most)
{
    int count = 0;
    for (char *field; count <= most && (field = strsep(&line, "\t"));)
        fields[count++] = field;
    return count;
}

static bool are_numbers(char *const *fields)
{
    long long number;
    for (int i = 0; i < 4; i++)
        if (text_to_int(fields[i], &number))
            return false;
    return true;
}

/* Adds the rows of a file: for this synset, or (NULL) for the one that each line names. */
static int read_rows(const char *path, const char *synset, struct import_solutions *table, struct arena *arena,
                     struct error *err)
{
    const int wanted = synset ? TRAIN_FIELDS : VAL_FIELDS;
    char *text, *fields[VAL_FIELDS + 1];
    size_t size;
    if (import_read_text(path, arena, &text, &size, err))
        return error_prefix(err, "\"%s\": ", path);
    int number = 1;
    for (char *line; (line = strsep(&text, "\n")); number++) {
        line[strcspn(line, "\r")] = 0;
        if (!line[0])
            continue;
        const bool is_whole = split_line(line, fields, VAL_FIELDS) == wanted && are_numbers(fields + wanted - 4);
        const char *id = synset || !is_whole ? synset : fields[1];
        if (!is_whole || !import_is_synset(id, strlen(id)))
            return fail_line(path, number, synset ? "a picture and its box" : "a picture, its synset and its box", err);
        char *const *corner = fields + wanted - 4;
        const char *image = import_stem(fields[0], arena);
        const char *objects = arena_format(arena, "%s %s %s %s %s", id, corner[0], corner[1], corner[2], corner[3]);
        if (!image || !objects)
            return error_memory(err, "a table of boxes");
        if (import_add_solution(table, image, objects, number, arena, err))
            return -1;
    }
    return 0;
}

const struct import_solutions *import_read_annotations(const char *path, struct arena *arena, struct error *err)
{
    struct import_solutions *table = import_make_solutions(path, arena, err);
    return table && read_rows(path, NULL, table, arena, err) == 0 && import_sort_solutions(table, err) == 0 ? table
                                                                                                            : NULL;
}

int import_find_tiny_boxes(struct import_files *files, size_t common, struct arena *arena, struct error *err)
{
    struct import_solutions *table = NULL;
    struct stat info;
    const char *before = NULL;
    for (int i = 0; i < files->count; i++) {
        const char *path = files->files[i].path, *slash = strchr(path + common, '/');
        if (!slash || (before && strncmp(path, before, (size_t)(slash - path) + 1) == 0))
            continue;
        before = path;
        const int length = (int)(slash - path) - (int)common;
        const char *synset = arena_format(arena, "%.*s", length, path + common);
        const char *boxes =
            arena_format(arena, "%s/%.*s%s/%s_boxes.txt", files->folder, (int)common, path, synset, synset);
        if (!synset || !boxes)
            return error_memory(err, "a table of boxes");
        if (stat(boxes, &info))
            continue;
        if (!table && !(table = import_make_solutions(files->folder, arena, err)))
            return -1;
        if (read_rows(boxes, synset, table, arena, err))
            return -1;
    }
    if (!table)
        return 0;
    files->solutions = table;
    return status_of(import_sort_solutions(table, err) ||
                     import_add_note(files, arena, err,
                                     "boxes: those of SYNSET_boxes.txt in the folders, as Tiny ImageNet has them"));
}
