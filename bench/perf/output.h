/*
 * bench/perf/output.h - what a measurement prints, and the same as JSON.
 *
 * A table's columns are rows of a const array; its JSON is a list of objects with the columns' keys. A number that is not
 * there is NAN: "-" in the table, null in JSON. Memory that is short in the middle of JSON shows at output_write().
 */
#ifndef BENCH_PERF_OUTPUT_H
#define BENCH_PERF_OUTPUT_H

#include "base/error.h"

#include <jansson.h>
#include <math.h>

struct column {
    const char *key, *title;
    int width;    /* negative: to the left */
    int decimals; /* of a number */
};

/* What stands in a column: text, or a number where text is NULL. */
struct cell {
    const char *text;
    double number;
};

struct output {
    json_t *root;
    json_t *table; /* the list being filled */
    const struct column *columns;
};

int output_init(struct output *output, struct error *err);
void output_release(struct output *output);

/* A fact of the whole run: "threads". */
void output_fact(struct output *output, const char *key, struct cell value);

/* Begins a table; columns end with {0} and live as long as the table is filled. */
void output_table(struct output *output, const char *key, const char *heading, const struct column *columns);
void output_row(struct output *output, const struct cell *cells); /* one for each column */

int output_write(const struct output *output, const char *path, struct error *err);

static inline struct cell cell_text(const char *text)
{
    return (struct cell){.text = text};
}

static inline struct cell cell_number(double number)
{
    return (struct cell){.number = number};
}

#endif
