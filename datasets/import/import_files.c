/* datasets/import/import_files.c - the list of pictures to import. */
#include "datasets/import/import_files.h"

#include "base/input.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILES_MAX (1 << 24)
#define NOTE_BYTES 1024

void *import_make_room(void *array, int count, size_t size, struct arena *arena)
{
    if (count & (count - 1) || count == 1) /* full at 0, 2, 4, 8 ... */
        return array;
    char *larger = arena_alloc(arena, count ? (size_t)count * 2 : 2, size);
    if (larger && count)
        memcpy(larger, array, (size_t)count * size);
    return larger;
}

int import_add_file(struct import_files *files, const char *path, uint64_t bytes, struct arena *arena,
                    struct error *err)
{
    if (files->count == FILES_MAX)
        return error_set(err, "\"%s\" holds more than %d files", files->folder, FILES_MAX);
    files->files = import_make_room(files->files, files->count, sizeof *files->files, arena);
    path = arena_string(arena, path);
    if (!files->files || !path)
        return error_memory(err, "a list of files");
    files->files[files->count] = (struct import_file){.path = path, .bytes = bytes, .label = -1, .place = files->count};
    files->count++;
    return 0;
}

static int add_text(const char ***texts, int *count, const char *text, struct arena *arena, struct error *err)
{
    *texts = import_make_room(*texts, *count, sizeof **texts, arena);
    text = text ? arena_string(arena, text) : NULL;
    if (!*texts || !text)
        return error_memory(err, "a list of files");
    if (*count == FILES_MAX)
        return error_set(err, "more than %d folders or files", FILES_MAX);
    (*texts)[(*count)++] = text;
    return 0;
}

int import_add_folder(struct import_files *files, const char *path, struct arena *arena, struct error *err)
{
    return add_text(&files->folders, &files->folder_count, path, arena, err);
}

int import_add_refused(struct import_files *files, const char *path, const char *why, struct arena *arena,
                       struct error *err)
{
    return add_text(&files->refused, &files->refused_count, arena_format(arena, "\"%s\": %s", path, why), arena, err);
}

int import_add_lost(struct import_files *files, const char *path, struct arena *arena, struct error *err)
{
    return add_text(&files->lost, &files->lost_count, path, arena, err);
}

int import_add_foreign(struct import_files *files, const char *path, struct arena *arena, struct error *err)
{
    if (import_add_lost(files, path, arena, err))
        return -1;
    if (files->foreign_count++ == 0)
        files->first_foreign = files->lost[files->lost_count - 1];
    return 0;
}

int import_add_left_out(struct import_files *files, const char *name, size_t length, struct arena *arena,
                        struct error *err)
{
    for (int i = 0; i < files->left_out_count; i++)
        if (strlen(files->left_out[i]) == length && memcmp(files->left_out[i], name, length) == 0)
            return 0;
    return add_text(&files->left_out, &files->left_out_count, arena_format(arena, "%.*s", (int)length, name), arena,
                    err);
}

int import_add_note(struct import_files *files, struct arena *arena, struct error *err, const char *format, ...)
{
    char text[NOTE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return add_text(&files->notes, &files->note_count, text, arena, err);
}

int import_add_class(struct import_files *files, const char *id, const char *name, struct arena *arena,
                     struct error *err)
{
    int ids = files->class_count;
    if (ids == IMPORT_CLASSES_MAX)
        return error_set(err, "\"%s\" holds more than %d classes", files->folder, IMPORT_CLASSES_MAX);
    return status_of(add_text(&files->class_ids, &ids, id, arena, err) ||
                     add_text(&files->class_names, &files->class_count, name, arena, err));
}

static bool has_ending(const char *path, const char *const *ends, size_t count)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < count; i++)
        if (strcasecmp(dot, ends[i]) == 0)
            return true;
    return false;
}

bool import_is_picture_name(const char *path)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
    return has_ending(path, ends, sizeof ends / sizeof *ends);
}

bool import_is_foreign_name(const char *path)
{
    static const char *const ends[] = {".webp", ".bmp", ".gif",  ".tif",  ".tiff", ".ppm",
                                       ".pgm",  ".jp2", ".heic", ".avif", ".jxl"};
    return has_ending(path, ends, sizeof ends / sizeof *ends);
}

const char *import_tool_folder(const char *path, size_t size, size_t *length)
{
    static const char *const names[] = {"__MACOSX",     "__pycache__", "@eaDir",     "#recycle",
                                        "$RECYCLE.BIN", "@Recycle",    "lost+found", "System Volume Information"};
    for (const char *part = path; part < path + size; part += *length + 1) {
        *length = strcspn(part, "/");
        const bool is_dots = (*length == 1 && part[0] == '.') || (*length == 2 && strncmp(part, "..", 2) == 0);
        if (part[0] == '.' && !is_dots)
            return part;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i]) == *length && strncasecmp(part, names[i], *length) == 0)
                return part;
    }
    return NULL;
}

const char *import_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *import_stem(const char *path, struct arena *arena)
{
    char *stem = arena_string(arena, import_last_part(path));
    char *dot = stem ? strrchr(stem, '.') : NULL;
    if (dot && dot > stem)
        *dot = 0;
    return stem;
}

int import_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    return input_read_file(path, most, arena, bytes, size, err) ? error_prefix(err, "could not open: ") : 0;
}

int import_read_text(const char *path, struct arena *arena, char **text, size_t *size, struct error *err)
{
    return status_of(import_read_file(path, IMPORT_TABLE_BYTES_MAX, arena, text, size, err) ||
                     text_skip_mark(text, size, err));
}

/* -- names -------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct import_file *const *)a)->name, (*(struct import_file *const *)b)->name);
}

typedef int (*compare_function)(const void *, const void *);

/* The files in another order, in the arena. */
static struct import_file **sort_files(const struct import_files *files, compare_function compare, struct arena *arena)
{
    struct import_file **sorted = arena_alloc(arena, (size_t)files->count + 1, sizeof *sorted);
    if (!sorted)
        return NULL;
    for (int i = 0; i < files->count; i++)
        sorted[i] = &files->files[i];
    qsort(sorted, (size_t)files->count, sizeof *sorted, compare);
    return sorted;
}

static const struct import_file *find_double(struct import_file **sorted, int count)
{
    for (int i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return sorted[i];
    return NULL;
}

/* The last part of the path where all of these differ, the whole path otherwise. */
int import_name_files(struct import_files *files, struct arena *arena, struct error *err)
{
    for (int whole = 0; whole < 2; whole++) {
        for (int i = 0; i < files->count; i++)
            files->files[i].name = whole ? files->files[i].path : import_last_part(files->files[i].path);
        struct import_file **sorted = sort_files(files, compare_names, arena);
        if (!sorted)
            return error_memory(err, "a list of files");
        const struct import_file *twice = find_double(sorted, files->count);
        if (!twice)
            return 0;
        if (whole)
            return error_set(err, "\"%s\" lists \"%s\" twice", files->folder, twice->path);
    }
    return 0;
}

/* -- files by name ------------------------------------------------------------------------------------------------- */

struct import_index {
    struct import_file **by_path, **by_last, **by_stem;
    int count;
    struct arena *arena;
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp((*(struct import_file *const *)a)->path, (*(struct import_file *const *)b)->path);
}

static int compare_last(const void *a, const void *b)
{
    return strcmp(import_last_part((*(struct import_file *const *)a)->path),
                  import_last_part((*(struct import_file *const *)b)->path));
}

/* By name up to its ending. */
static int compare_stems(const void *a, const void *b)
{
    const char *left = import_last_part((*(struct import_file *const *)a)->path);
    const char *right = import_last_part((*(struct import_file *const *)b)->path);
    const char *left_end = strrchr(left, '.'), *right_end = strrchr(right, '.');
    const size_t left_size = left_end ? (size_t)(left_end - left) : strlen(left);
    const size_t right_size = right_end ? (size_t)(right_end - right) : strlen(right);
    const int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

struct import_index *import_index_files(const struct import_files *files, struct arena *arena)
{
    struct import_index *index = arena_alloc(arena, 1, sizeof *index);
    if (!index)
        return NULL;
    *index = (struct import_index){.by_path = sort_files(files, compare_paths, arena),
                                   .by_last = sort_files(files, compare_last, arena),
                                   .by_stem = sort_files(files, compare_stems, arena),
                                   .count = files->count,
                                   .arena = arena};
    return index->by_path && index->by_last && index->by_stem ? index : NULL;
}

/* The only file that equals `text`. */
static struct import_file *find_file(const struct import_index *index, struct import_file **sorted, const char *text,
                                     compare_function compare)
{
    const struct import_file wanted = {.path = text}, *key = &wanted;
    struct import_file **found = bsearch(&key, sorted, (size_t)index->count, sizeof *sorted, compare);
    if (!found || (found > sorted && compare(found - 1, found) == 0) ||
        (found + 1 < sorted + index->count && compare(found + 1, found) == 0))
        return NULL;
    return *found;
}

/* Whether one of the paths ends in the other, at a slash. */
static bool is_end_of(const char *path, const char *end)
{
    const size_t length = strlen(path), end_length = strlen(end);
    return length > end_length && path[length - end_length - 1] == '/' && strcmp(path + length - end_length, end) == 0;
}

static struct import_file *find_text(const struct import_index *index, const char *text)
{
    while (strncmp(text, "./", 2) == 0)
        text += 2;
    struct import_file *file = find_file(index, index->by_path, text, compare_paths);
    if (file)
        return file;
    file = find_file(index, index->by_last, text, compare_last);
    if (file && (!strchr(text, '/') || is_end_of(text, file->path) || is_end_of(file->path, text)))
        return file;
    if (strchr(text, '/') || import_is_picture_name(text))
        return NULL;
    const struct arena_mark mark = arena_mark(index->arena);
    const char *stem = arena_format(index->arena, "%s.", text);
    file = stem ? find_file(index, index->by_stem, stem, compare_stems) : NULL;
    arena_rewind(index->arena, mark);
    return file;
}

struct import_file *import_index_find(const struct import_index *index, const char *text)
{
    struct import_file *file = find_text(index, text);
    if (file || !strchr(text, '\\'))
        return file;
    const struct arena_mark mark = arena_mark(index->arena);
    char *path = arena_string(index->arena, text); /* may have Windows' backslashes */
    for (char *at = path; at && (at = strchr(at, '\\')); at++)
        *at = '/';
    file = path ? find_text(index, path) : NULL;
    arena_rewind(index->arena, mark);
    return file;
}

/* -- a list of files ----------------------------------------------------------------------------------------------- */

struct listed {
    const struct import_index *index;
    struct import_file *kept;
    bool *is_taken; /* by position in files */
    int count;
};

static int keep_file(struct listed *listed, const struct import_files *files, const char *word, struct error *err)
{
    struct import_file *file = import_index_find(listed->index, word);
    if (!file)
        return error_set(err, "\"%s\" holds no picture \"%s\"", files->folder, word);
    if (listed->is_taken[file - files->files])
        return error_set(err, "\"%s\" appears twice", word);
    listed->is_taken[file - files->files] = true;
    listed->kept[listed->count++] = *file;
    return 0;
}

int import_keep_listed(const char *list, struct arena *arena, struct import_files *files, struct error *err)
{
    const size_t room = (size_t)files->count + 1;
    struct listed listed = {.index = import_index_files(files, arena),
                            .kept = arena_alloc(arena, room, sizeof *listed.kept),
                            .is_taken = arena_alloc(arena, room, sizeof *listed.is_taken)};
    if (!listed.index || !listed.kept || !listed.is_taken)
        return error_memory(err, "a list of files");
    char *text;
    size_t size;
    if (input_read_text(list, IMPORT_TABLE_BYTES_MAX, arena, &text, &size, err))
        return error_prefix(err, "list \"%s\": could not open: ", list);
    if (text_skip_mark(&text, &size, err))
        return error_prefix(err, "list \"%s\": ", list);
    int line = 1;
    for (char *word; (word = strsep(&text, "\n")); line++) {
        word[strcspn(word, "\r")] = 0;
        if (word[0] && keep_file(&listed, files, word, err))
            return error_prefix(err, "list \"%s\", line %d: ", list, line);
    }
    if (listed.count == 0)
        return error_set(err, "list \"%s\" names no files", list);
    files->files = listed.kept;
    files->count = listed.count;
    return 0;
}
