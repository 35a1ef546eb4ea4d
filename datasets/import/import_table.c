/* datasets/import/import_table.c - reads tables of labels: CSV with a line of names, or lines NAME INDEX. */
#include "datasets/import/import_table.h"

#include "base/text.h"
#include "datasets/import/csv_read.h"
#include "datasets/import/import_files.h"
#include "datasets/import/import_tables.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define NAMES_MAX 12
#define COUNTING_ROWS 10 /* in tables of so many rows, numbers that count the rows are not classes */

enum column { COLUMN_FILE, COLUMN_CLASS, COLUMN_SYNSET, COLUMN_NAME, COLUMN_COUNT };

/* Accepted names of each column, the usual one first. */
static const char *const column_names[COLUMN_COUNT][NAMES_MAX] = {
    [COLUMN_FILE] = {"file", "filename", "file_name", "ImageId", "image_id", "image", "image_name", "path", "filepath",
                     "img", "picture"},
    [COLUMN_CLASS] = {"class_index", "class_id", "class_idx", "class", "label", "label_id", "label_index", "target",
                      "category", "category_id", "index"},
    [COLUMN_SYNSET] = {"synset", "wnid", "wordnet_id"},
    [COLUMN_NAME] = {"name", "class_name", "label_name"},
};

static int fail_line(const struct import_table *table, int line, const char *what, const char *text, struct error *err)
{
    char shown[128];
    return error_set(err, "\"%s\", line %d: %s \"%s\"", table->path, line, what,
                     text_printable(text, shown, sizeof shown));
}

/* Position of the column among the fields; -1: not present. */
static int find_column(enum column column, char *const *fields, int count)
{
    for (int k = 0; k < NAMES_MAX && column_names[column][k]; k++)
        for (int i = 0; i < count; i++)
            if (strcasecmp(fields[i], column_names[column][k]) == 0)
                return i;
    return -1;
}

/* -- which form ---------------------------------------------------------------------------------------------------- */

static int count_fields(const char *line, const char *separators)
{
    int count = 0;
    for (const char *at = line; *at; at += strcspn(at, separators)) {
        at += strspn(at, separators);
        count += *at != 0;
    }
    return count;
}

static bool is_number(const char *text)
{
    long long number;
    return text_to_int(text, &number) == 0;
}

/* Recognises a CSV file by its line of names, or by a first line with a file's name and a class. */
static bool is_csv(char *line, enum import_table_form *form)
{
    struct csv csv = {.path = "", .next = line, .line = 1};
    char *fields[CSV_FIELDS_MAX];
    struct error ignored;
    const int count = csv_next(&csv, fields, &ignored);
    const bool is_kaggle =
        count == 2 && strcasecmp(fields[0], "ImageId") == 0 && strcasecmp(fields[1], "PredictionString") == 0;
    *form = is_kaggle ? IMPORT_TABLE_SOLUTIONS : IMPORT_TABLE_CSV;
    return count >= 2;
}

/* Cuts the last word off a line and returns it; NULL: the line has only one word. */
static char *cut_last_word(char *line)
{
    for (size_t length = strlen(line); length && strchr(BLANKS, line[length - 1]); length--)
        line[length - 1] = 0;
    char *blank = line + strlen(line);
    while (blank > line && !strchr(BLANKS, blank[-1]))
        blank--;
    if (blank == line)
        return NULL;
    char *end = blank - 1;
    while (end > line && strchr(BLANKS, end[-1]))
        end--;
    *end = 0;
    return *line ? blank : NULL;
}

static bool is_lines(char *line)
{
    const char *word = cut_last_word(line);
    return word && (is_number(word) || import_is_synset(word, strlen(word)));
}

static bool is_annotation(char *line)
{
    if (count_fields(line, "\t") != 6)
        return false;
    strsep(&line, "\t");
    const char *synset = strsep(&line, "\t");
    return import_is_synset(synset, strlen(synset));
}

static bool find_form(const char *line, struct arena *arena, enum import_table_form *form)
{
    char *copies[] = {arena_string(arena, line), arena_string(arena, line), arena_string(arena, line)};
    if (!copies[0] || !copies[1] || !copies[2])
        return false;
    *form = IMPORT_TABLE_ANNOTATIONS;
    if (is_annotation(copies[0]))
        return true;
    *form = IMPORT_TABLE_TRUTH;
    if (line[0] && is_number(line))
        return true;
    if (is_csv(copies[1], form))
        return true;
    *form = IMPORT_TABLE_LINES;
    return is_lines(copies[2]);
}

int import_table_form(const char *path, struct arena *arena, enum import_table_form *form, struct error *err)
{
    const struct arena_mark mark = arena_mark(arena);
    char *text;
    size_t size;
    if (import_read_text(path, arena, &text, &size, err)) {
        arena_rewind(arena, mark);
        return error_prefix(err, "\"%s\": ", path);
    }
    text += strspn(text, "\r\n");
    text[strcspn(text, "\r\n")] = 0;
    bool is_known = find_form(text, arena, form);
    arena_rewind(arena, mark);
    const char *dot = strrchr(import_last_part(path), '.');
    if (!is_known && dot && strcasecmp(dot, ".csv") == 0) { /* its line of names is then found to be wrong */
        *form = IMPORT_TABLE_CSV;
        is_known = true;
    }
    if (is_known)
        return 0;
    return error_set(err,
                     "\"%s\" is not a table of labels; needed: a first line file,class_index[,synset,name] or "
                     "ImageId,Class, or lines NAME INDEX",
                     path);
}

/* -- rows ---------------------------------------------------------------------------------------------------------- */

static int add_row(struct import_table *table, const struct import_row *row, struct arena *arena, struct error *err)
{
    table->rows = import_make_room(table->rows, table->count, sizeof *table->rows, arena);
    if (!table->rows)
        return error_memory(err, "a table of labels");
    table->rows[table->count++] = *row;
    return 0;
}

/* Without a line of names (`is_named` false) the first two columns count. */
static int find_columns(const struct import_table *table, char *const *fields, int count, int position[COLUMN_COUNT],
                        bool *is_named, struct error *err)
{
    for (int column = 0; column < COLUMN_COUNT; column++)
        position[column] = find_column((enum column)column, fields, count);
    if (position[COLUMN_CLASS] < 0)
        position[COLUMN_CLASS] = position[COLUMN_SYNSET];
    *is_named = position[COLUMN_FILE] >= 0 && position[COLUMN_CLASS] >= 0;
    if (*is_named)
        return 0;
    const bool is_data = count == 2 && (is_number(fields[1]) || import_is_synset(fields[1], strlen(fields[1])));
    if (!is_data)
        return error_set(err, "\"%s\": its first line has no column \"%s\"; needed: file,class_index[,synset,name]",
                         table->path, position[COLUMN_FILE] < 0 ? "file" : "class_index");
    position[COLUMN_FILE] = 0;
    position[COLUMN_CLASS] = 1;
    position[COLUMN_SYNSET] = position[COLUMN_NAME] = -1;
    return 0;
}

static int take_record(struct import_table *table, const int position[COLUMN_COUNT], char *const *fields, int count,
                       int line, struct arena *arena, struct error *err)
{
    const char *value[COLUMN_COUNT];
    for (int column = 0; column < COLUMN_COUNT; column++) {
        const int i = position[column];
        if (i >= count)
            return fail_line(table, line, "no field for column", column_names[column][0], err);
        value[column] = i < 0 ? "" : fields[i];
    }
    if (!value[COLUMN_FILE][0])
        return fail_line(table, line, "nothing in column", column_names[COLUMN_FILE][0], err);
    const struct import_row row = {.file = value[COLUMN_FILE],
                                   .klass = value[COLUMN_CLASS],
                                   .synset = value[COLUMN_SYNSET],
                                   .name = value[COLUMN_NAME],
                                   .label = -1,
                                   .line = line};
    return add_row(table, &row, arena, err);
}

static int read_csv(struct import_table *table, struct arena *arena, struct error *err)
{
    struct csv csv;
    char *fields[CSV_FIELDS_MAX];
    int position[COLUMN_COUNT];
    bool is_named = false;
    if (csv_open(&csv, table->path, arena, err))
        return -1;
    int count = csv_next(&csv, fields, err);
    if (count < 0 || find_columns(table, fields, count, position, &is_named, err))
        return -1;
    table->is_list = is_named && strcasecmp(fields[position[COLUMN_FILE]], "file") == 0;
    table->has_index = is_named && strcasecmp(fields[position[COLUMN_CLASS]], "class_index") == 0;
    table->has_names = position[COLUMN_SYNSET] >= 0 || position[COLUMN_NAME] >= 0;
    if (is_named)
        count = csv_next(&csv, fields, err);
    for (; count > 0; count = csv_next(&csv, fields, err))
        if (take_record(table, position, fields, count, csv.record_line, arena, err))
            return -1;
    return count;
}

static int read_lines(struct import_table *table, struct arena *arena, struct error *err)
{
    char *text;
    size_t size;
    if (import_read_text(table->path, arena, &text, &size, err))
        return error_prefix(err, "\"%s\": ", table->path);
    int number = 1;
    for (char *line; (line = strsep(&text, "\n")); number++) {
        line[strcspn(line, "\r")] = 0;
        if (!line[strspn(line, BLANKS)])
            continue;
        struct import_row row = {.file = line, .synset = "", .name = "", .label = -1, .line = number};
        row.klass = cut_last_word(line);
        if (!row.klass)
            return fail_line(table, number, "a name and an index are needed, not", line, err);
        if (add_row(table, &row, arena, err))
            return -1;
    }
    return 0;
}

/* -- classes ------------------------------------------------------------------------------------------------------- */

static int read_number(const struct import_table *table, struct import_row *row, struct error *err)
{
    long long label;
    if (text_to_int(row->klass, &label) || label < -1 || label >= IMPORT_CLASSES_MAX)
        return fail_line(table, row->line, "class_index is not a whole number of at least -1 (unknown):", row->klass,
                         err);
    row->label = (int)label;
    return 0;
}

static bool counts_rows(const struct import_table *table)
{
    for (int i = 0; i < table->count; i++)
        if (table->rows[i].label != table->rows[0].label + i)
            return false;
    return table->count >= COUNTING_ROWS && table->rows[0].label == 1;
}

/* The first row decides between numbers, synsets and words; all other rows must agree. */
static int read_classes(struct import_table *table, enum import_table_form form, struct error *err)
{
    const char *first = table->rows[0].klass;
    double ignored;
    table->classes = import_is_synset(first, strlen(first))                     ? IMPORT_TABLE_SYNSETS
                     : text_to_double(first, &ignored) == 0 || table->has_index ? IMPORT_TABLE_NUMBERS
                                                                                : IMPORT_TABLE_WORDS;
    for (int i = 0; i < table->count; i++) {
        struct import_row *row = &table->rows[i];
        if (table->classes == IMPORT_TABLE_NUMBERS && read_number(table, row, err))
            return -1;
        if (table->classes == IMPORT_TABLE_SYNSETS && !import_is_synset(row->klass, strlen(row->klass)))
            return fail_line(table, row->line, "the class is not a synset, such as n01440764:", row->klass, err);
        if (table->classes == IMPORT_TABLE_WORDS && (!row->klass[0] || text_to_double(row->klass, &ignored) == 0))
            return fail_line(table, row->line, "the class is not a name, as in the rows before:", row->klass, err);
    }
    if (form == IMPORT_TABLE_LINES && table->classes == IMPORT_TABLE_NUMBERS && counts_rows(table))
        return error_set(err, "\"%s\" numbers its lines from 1 on; line numbers are not classes", table->path);
    return 0;
}

int import_read_table(const char *path, enum import_table_form form, struct arena *arena, struct import_table *table,
                      struct error *err)
{
    *table = (struct import_table){.path = path};
    if (form == IMPORT_TABLE_CSV ? read_csv(table, arena, err) : read_lines(table, arena, err))
        return -1;
    if (table->count == 0)
        return error_set(err, "\"%s\" lists no files", path);
    return read_classes(table, form, err);
}
