/* datasets/import_files.c - the two layouts of a folder of pictures. */
#include "datasets/import_files.h"

#include "base/text.h"
#include "datasets/csv_read.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX (1 << 24)
#define CLASSES_MAX (1 << 20)
#define LIST_BYTES_MAX ((size_t)256 << 20)

/* Room for one more element of an array in an arena: doubles, and leaves the old one to the arena. */
static void *make_room(void *array, int count, size_t size, struct arena *arena)
{
    if (count & (count - 1) || count == 1) /* full at 0, 2, 4, 8 ... */
        return array;
    char *larger = arena_alloc(arena, count ? (size_t)count * 2 : 2, size);
    if (larger && count)
        memcpy(larger, array, (size_t)count * size);
    return larger;
}

static int add_file(struct import_files *files, const char *path, int label, struct arena *arena, struct error *err)
{
    if (files->count == FILES_MAX)
        return error_set(err, "\"%s\" holds more than %d files", files->folder, FILES_MAX);
    files->files = make_room(files->files, files->count, sizeof *files->files, arena);
    path = arena_string(arena, path);
    if (!files->files || !path)
        return error_memory(err, "a list of files");
    files->files[files->count++] = (struct import_file){.path = path, .label = label};
    return 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int read_descriptor(int fd, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return error_set(err, "could not read: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(err, "is not a file");
    if ((uint64_t)info.st_size > most)
        return error_set(err, "has %lld bytes, at most %zu are supported", (long long)info.st_size, most);
    *size = (size_t)info.st_size;
    *bytes = arena_alloc(arena, *size + 1, 1);
    if (!*bytes)
        return error_memory(err, "a file");
    for (size_t done = 0; done < *size;) {
        const ssize_t got = read(fd, *bytes + done, *size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(err, "could not read: %s", got ? strerror(errno) : "it became shorter");
        done += (size_t)got;
    }
    return 0;
}

int import_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (fd < 0)
        return error_set(err, "could not open: %s", strerror(errno));
    const int status = read_descriptor(fd, most, arena, bytes, size, err);
    close(fd);
    return status;
}

/* -- names -------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct import_file *const *)a)->name, (*(struct import_file *const *)b)->name);
}

/* The files sorted by name, in the arena. */
static struct import_file **sort_names(const struct import_files *files, struct arena *arena)
{
    struct import_file **sorted = arena_alloc(arena, (size_t)files->count + 1, sizeof *sorted);
    if (!sorted)
        return NULL;
    for (int i = 0; i < files->count; i++)
        sorted[i] = &files->files[i];
    qsort(sorted, (size_t)files->count, sizeof *sorted, compare_names);
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
static int name_files(struct import_files *files, struct arena *arena, struct error *err)
{
    for (int whole = 0; whole < 2; whole++) {
        for (int i = 0; i < files->count; i++)
            files->files[i].name = whole ? files->files[i].path : last_part(files->files[i].path);
        struct import_file **sorted = sort_names(files, arena);
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

/* -- one folder per class ----------------------------------------------------------------------------------------- */

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_picture_name(const char *name)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
        if (strcasecmp(dot, ends[i]) == 0)
            return true;
    return false;
}

static int add_class(struct import_files *files, const char *name, struct arena *arena, struct error *err)
{
    if (files->class_count == CLASSES_MAX)
        return error_set(err, "\"%s\" holds more than %d class folders", files->folder, CLASSES_MAX);
    files->class_names = make_room(files->class_names, files->class_count, sizeof *files->class_names, arena);
    name = arena_string(arena, name);
    if (!files->class_names || !name)
        return error_memory(err, "a list of classes");
    files->class_names[files->class_count++] = name;
    return 0;
}

/* Folders are classes at the first level and part of their class below; files outside a class folder do not count. */
static int take_entry(FTS *tree, FTSENT *entry, struct import_files *files, struct arena *arena, struct error *err)
{
    const bool is_hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
    switch (entry->fts_info) {
    case FTS_D:
        if (is_hidden)
            fts_set(tree, entry, FTS_SKIP);
        return entry->fts_level == 1 && !is_hidden ? add_class(files, entry->fts_name, arena, err) : 0;
    case FTS_F:
        if (is_hidden || entry->fts_level < 2 || !is_picture_name(entry->fts_name))
            return 0;
        return add_file(files, entry->fts_path + strlen(files->folder) + 1, files->class_count - 1, arena, err);
    case FTS_DNR:
    case FTS_ERR:
        return error_set(err, "could not read \"%s\": %s", entry->fts_path, strerror(entry->fts_errno));
    default:
        return 0;
    }
}

static int find_class_folders(struct import_files *files, struct arena *arena, struct error *err)
{
    char *roots[] = {(char *)(uintptr_t)files->folder, NULL}; /* fts_open() takes no const, and changes nothing */
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_entries);
    if (!tree)
        return error_set(err, "could not read \"%s\": %s", files->folder, strerror(errno));
    int status = 0;
    for (FTSENT *entry; !status && (entry = fts_read(tree));)
        status = take_entry(tree, entry, files, arena, err);
    fts_close(tree);
    if (status)
        return -1;
    if (files->count == 0)
        return error_set(err, "\"%s\" holds neither a labels.csv nor folders of JPEG or PNG files, one per class",
                         files->folder);
    files->layout = "one folder per class, in the order of their names";
    files->class_ids = files->class_names;
    return 0;
}

/* -- labels.csv --------------------------------------------------------------------------------------------------- */

enum column { COLUMN_FILE, COLUMN_CLASS, COLUMN_SYNSET, COLUMN_NAME, COLUMN_COUNT };

static const struct {
    const char *name;
    bool is_needed;
} columns[COLUMN_COUNT] = {{"file", true}, {"class_index", true}, {"synset", false}, {"name", false}};

static int fail_line(const struct csv *csv, const char *what, const char *text, struct error *err)
{
    char shown[128];
    return error_set(err, "\"%s\", line %d: %s \"%s\"", csv->path, csv->record_line, what,
                     text_printable(text, shown, sizeof shown));
}

static int read_columns(struct csv *csv, int position[COLUMN_COUNT], struct error *err)
{
    char *fields[CSV_FIELDS_MAX];
    const int count = csv_next(csv, fields, err);
    if (count < 0)
        return -1;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        position[column] = -1;
        for (int i = 0; i < count; i++)
            if (strcmp(fields[i], columns[column].name) == 0)
                position[column] = i;
        if (position[column] < 0 && columns[column].is_needed)
            return error_set(err, "\"%s\": its first line has no column \"%s\"; needed: file,class_index[,synset,name]",
                             csv->path, columns[column].name);
    }
    return 0;
}

/* Sets the text of a class, or checks that it says the same as before. */
static int set_class(const struct csv *csv, const char **texts, int label, const char *text, struct error *err)
{
    if (texts[label] && strcmp(texts[label], text) != 0)
        return fail_line(csv, "another line calls this class differently:", text, err);
    texts[label] = text;
    return 0;
}

static int grow_classes(struct import_files *files, int *capacity, int label, struct arena *arena)
{
    if (label < *capacity)
        return 0;
    const int larger = label + 1 > *capacity * 2 ? label + 1 : *capacity * 2;
    const char **names = arena_alloc(arena, (size_t)larger, sizeof *names);
    const char **ids = arena_alloc(arena, (size_t)larger, sizeof *ids);
    if (!names || !ids)
        return -1;
    if (files->class_count) {
        memcpy(names, files->class_names, (size_t)files->class_count * sizeof *names);
        memcpy(ids, files->class_ids, (size_t)files->class_count * sizeof *ids);
    }
    files->class_names = names;
    files->class_ids = ids;
    *capacity = larger;
    return 0;
}

struct label_reader {
    struct csv csv;
    int position[COLUMN_COUNT];
    int class_capacity;
    struct import_files *files;
    struct arena *arena;
};

static int take_record(struct label_reader *reader, char **fields, int count, struct error *err)
{
    struct import_files *files = reader->files;
    const char *value[COLUMN_COUNT];
    long long label;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        const int i = reader->position[column];
        if (i >= count)
            return fail_line(&reader->csv, "no field for column", columns[column].name, err);
        value[column] = i < 0 ? "" : fields[i];
    }
    if (!value[COLUMN_FILE][0])
        return fail_line(&reader->csv, "nothing in column", columns[COLUMN_FILE].name, err);
    if (text_to_int(value[COLUMN_CLASS], &label) || label < -1 || label >= CLASSES_MAX)
        return fail_line(&reader->csv, "class_index is not a number from -1 (unknown) on:", value[COLUMN_CLASS], err);
    if (label >= 0 && grow_classes(files, &reader->class_capacity, (int)label, reader->arena))
        return error_memory(err, "a list of classes");
    if (label >= files->class_count)
        files->class_count = (int)label + 1;
    const char *name = value[COLUMN_NAME][0] ? value[COLUMN_NAME] : value[COLUMN_SYNSET];
    if (label >= 0 && (set_class(&reader->csv, files->class_names, (int)label, name, err) ||
                       set_class(&reader->csv, files->class_ids, (int)label, value[COLUMN_SYNSET], err)))
        return -1;
    return add_file(files, value[COLUMN_FILE], (int)label, reader->arena, err);
}

/* Classes that no line names. Without any name there is no list of classes at all. */
static int complete_classes(struct import_files *files, const int position[COLUMN_COUNT], struct arena *arena,
                            struct error *err)
{
    if (position[COLUMN_NAME] < 0 && position[COLUMN_SYNSET] < 0)
        files->class_count = 0;
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

static int read_labels(const char *path, struct arena *arena, struct import_files *files, struct error *err)
{
    struct label_reader reader = {.files = files, .arena = arena};
    if (csv_open(&reader.csv, path, arena, err) || read_columns(&reader.csv, reader.position, err))
        return -1;
    char *fields[CSV_FIELDS_MAX];
    int count;
    while ((count = csv_next(&reader.csv, fields, err)) > 0)
        if (take_record(&reader, fields, count, err))
            return -1;
    if (count < 0)
        return -1;
    files->layout = "labels.csv";
    if (files->count == 0)
        return error_set(err, "\"%s\" lists no files", path);
    return complete_classes(files, reader.position, arena, err);
}

/* ----------------------------------------------------------------------------------------------------------------- */

int import_find_files(const char *folder, struct arena *arena, struct import_files *files, struct error *err)
{
    struct stat info;
    if (stat(folder, &info))
        return error_set(err, "could not open folder \"%s\": %s", folder, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return error_set(err, "\"%s\" is not a folder", folder);
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    char *trimmed = arena_string(arena, folder);
    if (!trimmed)
        return error_memory(err, "a list of files");
    trimmed[length] = 0;
    *files = (struct import_files){.folder = trimmed};
    const char *labels = arena_format(arena, "%s/labels.csv", trimmed);
    if (!labels)
        return error_memory(err, "a list of files");
    const int status =
        access(labels, F_OK) == 0 ? read_labels(labels, arena, files, err) : find_class_folders(files, arena, err);
    return status ? -1 : name_files(files, arena, err);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp((*(struct import_file *const *)a)->path, (*(struct import_file *const *)b)->path);
}

static struct import_file *find_file(struct import_file **sorted, int count, const char *text,
                                     int (*compare)(const void *, const void *))
{
    const struct import_file wanted = {.path = text, .name = text}, *key = &wanted;
    struct import_file **found = bsearch(&key, sorted, (size_t)count, sizeof *sorted, compare);
    return found ? *found : NULL;
}

struct listed {
    struct import_file **by_name, **by_path, *kept;
    bool *is_taken; /* by position in files */
    int count;
};

static int keep_file(struct listed *listed, const struct import_files *files, const char *word, struct error *err)
{
    struct import_file *file = find_file(listed->by_path, files->count, word, compare_paths);
    if (!file)
        file = find_file(listed->by_name, files->count, word, compare_names);
    if (!file)
        return error_set(err, "\"%s\" holds no picture \"%.200s\"", files->folder, word);
    if (listed->is_taken[file - files->files])
        return error_set(err, "\"%.200s\" is there twice", word);
    listed->is_taken[file - files->files] = true;
    listed->kept[listed->count++] = *file;
    return 0;
}

int import_keep_listed(const char *list, struct arena *arena, struct import_files *files, struct error *err)
{
    const size_t room = (size_t)files->count + 1;
    struct listed listed = {.by_name = sort_names(files, arena),
                            .by_path = arena_alloc(arena, room, sizeof *listed.by_path),
                            .kept = arena_alloc(arena, room, sizeof *listed.kept),
                            .is_taken = arena_alloc(arena, room, sizeof *listed.is_taken)};
    if (!listed.by_name || !listed.by_path || !listed.kept || !listed.is_taken)
        return error_memory(err, "a list of files");
    memcpy(listed.by_path, listed.by_name, (size_t)files->count * sizeof *listed.by_path);
    qsort(listed.by_path, (size_t)files->count, sizeof *listed.by_path, compare_paths);
    char *text;
    size_t size;
    if (import_read_file(list, LIST_BYTES_MAX, arena, &text, &size, err))
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
