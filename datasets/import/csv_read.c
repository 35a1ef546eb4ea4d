/* datasets/import/csv_read.c - a comma-separated file, taken apart in place. */
#include "datasets/import/csv_read.h"

#include "datasets/import/import_files.h"

#include <string.h>

int csv_open(struct csv *csv, const char *path, struct arena *arena, struct error *err)
{
    char *text;
    size_t size;
    if (import_read_text(path, arena, &text, &size, err))
        return error_prefix(err, "\"%s\": ", path);
    *csv = (struct csv){.path = path, .next = text, .line = 1};
    return 0;
}

static int fail(const struct csv *csv, const char *why, struct error *err)
{
    return error_set(err, "\"%s\", line %d: %s", csv->path, csv->record_line, why);
}

/* Reads a quoted field; `next` is after the opening quote, and then after the closing one. */
static int take_quoted(struct csv *csv, struct error *err)
{
    char *out = csv->next;
    for (;; csv->next++) {
        const char c = *csv->next;
        if (!c)
            return fail(csv, "a quote is not closed", err);
        if (c == '"' && *++csv->next != '"')
            break;
        csv->line += c == '\n';
        *out++ = c;
    }
    if (*csv->next && !strchr(",\r\n", *csv->next))
        return fail(csv, "text after a closing quote", err);
    *out = 0;
    return 0;
}

/* Ends the field at `next`: true if another field follows in this record. */
static bool end_field(struct csv *csv)
{
    char *end = csv->next;
    const bool has_more = *end == ',';
    if (end[0] == '\r' && end[1] == '\n')
        csv->next++;
    if (*csv->next) {
        csv->line += !has_more;
        csv->next++;
    }
    *end = 0;
    return has_more;
}

int csv_next(struct csv *csv, char *fields[CSV_FIELDS_MAX], struct error *err)
{
    for (; *csv->next == '\r' || *csv->next == '\n'; csv->next++)
        csv->line += *csv->next == '\n';
    csv->record_line = csv->line;
    if (!*csv->next)
        return 0;
    for (int count = 0; count < CSV_FIELDS_MAX;) {
        const bool is_quoted = *csv->next == '"';
        csv->next += is_quoted;
        fields[count++] = csv->next;
        if (is_quoted && take_quoted(csv, err))
            return -1;
        if (!is_quoted)
            csv->next += strcspn(csv->next, ",\n");
        if (!is_quoted && *csv->next != ',' && csv->next > fields[count - 1] && csv->next[-1] == '\r')
            csv->next--;
        if (!end_field(csv))
            return count;
    }
    return fail(csv, "more fields than a table of labels can have", err);
}
