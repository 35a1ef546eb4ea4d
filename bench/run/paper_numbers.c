/* bench/run/paper_numbers.c - reads files such as results/reference/NAME.csv. */
#include "bench/run/paper_numbers.h"

#include "base/text.h"
#include "datasets/import/csv_read.h"

#include <string.h>

/* The columns by name; other columns are ignored. */
static const struct column {
    const char *name;
    size_t offset;       /* of the text in struct report_published */
    bool must_be_there;  /* the file must have the column */
    bool must_hold_text; /* its fields must not be empty */
} columns[] = {
    {"paper", offsetof(struct report_published, paper), true, true},
    {"table", offsetof(struct report_published, table), false, false},
    {"arch", offsetof(struct report_published, arch), true, true},
    {"layer", offsetof(struct report_published, layer), false, false},
    {"method", offsetof(struct report_published, method), true, true},
    {"params", offsetof(struct report_published, params), false, false},
    {"metric", offsetof(struct report_published, metric), true, true},
    {"protocol", offsetof(struct report_published, protocol), false, false},
    {"note", offsetof(struct report_published, note), false, false},
    {"source", offsetof(struct report_published, source), false, false},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

/* Positions of the columns in a record; -1: the file does not have the column. */
struct layout {
    int fields, value, unit, text[COLUMN_COUNT];
};

static int position_of(char *const *fields, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(fields[i], name) == 0)
            return i;
    return -1;
}

static int read_head(struct csv *csv, struct layout *layout, struct error *err)
{
    char *fields[CSV_FIELDS_MAX];
    layout->fields = csv_next(csv, fields, err);
    if (layout->fields < 0)
        return -1;
    layout->value = position_of(fields, layout->fields, "value");
    layout->unit = position_of(fields, layout->fields, "unit");
    const char *missing = layout->value < 0 ? "value" : layout->unit < 0 ? "unit" : NULL;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        layout->text[i] = position_of(fields, layout->fields, columns[i].name);
        if (layout->text[i] < 0 && columns[i].must_be_there)
            missing = columns[i].name;
    }
    if (missing)
        return error_set(err, "\"%s\" has no column \"%s\" in its first line", csv->path, missing);
    return 0;
}

static int wrong(const struct csv *csv, const char *what, const char *text, struct error *err)
{
    char shown[64];
    return error_set(err, "\"%s\", line %d: %s \"%s\"", csv->path, csv->record_line, what,
                     text_printable(text, shown, sizeof shown));
}

/* Reads a value with its unit, "%" or "fraction", as a fraction. */
static int read_value(const struct csv *csv, const char *text, const char *unit, double *value, struct error *err)
{
    if (text_to_double(text, value))
        return wrong(csv, "value is not a number:", text, err);
    if (strcmp(unit, "%") == 0)
        *value /= 100;
    else if (strcmp(unit, "fraction") != 0)
        return wrong(csv, "unit must be % or fraction, not", unit, err);
    return 0;
}

static int read_row(const struct csv *csv, const struct layout *layout, char *const *fields,
                    struct report_published *out, struct error *err)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const char *text = layout->text[i] < 0 ? "" : fields[layout->text[i]];
        if (!*text && columns[i].must_hold_text)
            return wrong(csv, "nothing in column", columns[i].name, err);
        memcpy((char *)out + columns[i].offset, &text, sizeof text);
    }
    return read_value(csv, fields[layout->value], fields[layout->unit], &out->value, err);
}

/* A growing list, copied when it is full: files are small. */
struct published_list {
    int count, room;
    struct report_published *rows;
};

static struct report_published *add(struct published_list *list, struct arena *arena, struct error *err)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        struct report_published *rows = arena_alloc(arena, (size_t)list->room, sizeof *rows);
        if (!rows) {
            error_memory(err, "published numbers");
            return NULL;
        }
        if (list->count)
            memcpy(rows, list->rows, (size_t)list->count * sizeof *rows);
        list->rows = rows;
    }
    return &list->rows[list->count++];
}

static int read_file(const char *path, struct published_list *list, struct arena *arena, struct error *err)
{
    struct csv csv;
    struct layout layout;
    char *fields[CSV_FIELDS_MAX];
    int count;
    if (csv_open(&csv, path, arena, err) || read_head(&csv, &layout, err))
        return -1;
    while ((count = csv_next(&csv, fields, err)) > 0) {
        if (count != layout.fields)
            return error_set(err, "\"%s\", line %d has %d fields, the first line has %d", path, csv.record_line, count,
                             layout.fields);
        struct report_published *row = add(list, arena, err);
        if (!row || read_row(&csv, &layout, fields, row, err))
            return -1;
    }
    return count;
}

int paper_numbers_read(const struct config_report *config, struct arena *arena, struct report *report,
                       struct error *err)
{
    struct published_list list = {0};
    for (int i = 0; i < config->reference_count; i++)
        if (read_file(config->references[i], &list, arena, err))
            return error_prefix(err, "published numbers: ");
    report->published = list.rows;
    report->published_count = list.count;
    return 0;
}
