/* datasets/import_labels.c - labels.csv: the files and their classes in one table. */
#include "datasets/import_tables.h"

#include "base/text.h"
#include "datasets/csv_read.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

/* 0 for what cannot be read, which is found out later. */
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
    if (text_to_int(value[COLUMN_CLASS], &label) || label < -1 || label >= IMPORT_CLASSES_MAX)
        return fail_line(&reader->csv, "class_index is not a number from -1 (unknown) on:", value[COLUMN_CLASS], err);
    if (label >= 0 && grow_classes(files, &reader->class_capacity, (int)label, reader->arena))
        return error_memory(err, "a list of classes");
    if (label >= files->class_count)
        files->class_count = (int)label + 1;
    const char *name = value[COLUMN_NAME][0] ? value[COLUMN_NAME] : value[COLUMN_SYNSET];
    if (label >= 0 && (set_class(&reader->csv, files->class_names, (int)label, name, err) ||
                       set_class(&reader->csv, files->class_ids, (int)label, value[COLUMN_SYNSET], err)))
        return -1;
    if (import_add_file(files, value[COLUMN_FILE], 0, reader->arena, err))
        return -1;
    struct import_file *file = &files->files[files->count - 1];
    file->label = (int)label;
    file->bytes = size_of(files->folder, file->path);
    return 0;
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

int import_read_labels(const char *path, struct arena *arena, struct import_files *files, struct error *err)
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
