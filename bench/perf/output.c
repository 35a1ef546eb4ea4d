/* bench/perf/output.c - tables for people on stdout, the same rows as JSON. */
#include "bench/perf/output.h"

#include "base/json.h"

#include <stdio.h>

int output_init(struct output *output, struct error *err)
{
    *output = (struct output){.root = json_object()};
    return output->root ? 0 : error_memory(err, "the measurement");
}

void output_release(struct output *output)
{
    json_decref(output->root);
}

static json_t *value_of(struct cell cell)
{
    if (cell.text)
        return json_string(cell.text);
    return isfinite(cell.number) ? json_real(cell.number) : json_null();
}

void output_fact(struct output *output, const char *key, struct cell value)
{
    json_object_set_new(output->root, key, value_of(value));
}

void output_table(struct output *output, const char *key, const char *heading, const struct column *columns)
{
    output->columns = columns;
    output->table = json_array();
    json_object_set_new(output->root, key, output->table);
    printf("\n%s\n", heading);
    for (const struct column *column = columns; column->key; column++)
        printf("%s%*s", column == columns ? "" : " ", column->width, column->title);
    printf("\n");
}

static void print_cell(const struct column *column, struct cell cell)
{
    if (cell.text)
        printf("%*s", column->width, cell.text);
    else if (isfinite(cell.number))
        printf("%*.*f", column->width, column->decimals, cell.number);
    else
        printf("%*s", column->width, "-");
}

void output_row(struct output *output, const struct cell *cells)
{
    json_t *row = json_object();
    for (int i = 0; output->columns[i].key; i++) {
        printf("%s", i ? " " : "");
        print_cell(&output->columns[i], cells[i]);
        json_object_set_new(row, output->columns[i].key, value_of(cells[i]));
    }
    json_array_append_new(output->table, row);
    printf("\n");
    fflush(stdout);
}

int output_write(const struct output *output, const char *path, struct error *err)
{
    return json_write_file(path, output->root, JSON_INDENT(1) | JSON_SORT_KEYS, err);
}
