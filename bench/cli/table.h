/*
 * bench/cli/table.h - JSON as text for people: an array of objects as a table, an object's plain values as lines.
 *
 * A command makes one JSON value and prints it as it is (--json) or through here, so that both always agree.
 */
#ifndef BENCH_CLI_TABLE_H
#define BENCH_CLI_TABLE_H

#include "base/error.h"

#include <jansson.h>

/* A key of the objects and the head above its column; a list of columns ends with {0}. */
struct table_column {
    const char *key, *head;
};

/* Text from anywhere as a JSON string: control characters, and what is not UTF-8, become '?'. NULL: no memory. */
json_t *table_text(const char *text);

/*
 * Numbers from a million on are shortened ("11.69 M"), keys that end with "_bytes" are printed as KiB or MiB, null
 * and false are left blank, lists are joined, lists of whole numbers are shapes. An object's "params" follow it, one a
 * line.
 */
void table_print(const struct table_column *columns, const json_t *array);

/* Plain values and lists of them: "target layer   layer4", in the order in which they were set. */
void table_print_facts(const json_t *object);

/* The value as JSON with sorted keys and a line end. Errors: no memory. */
int table_print_json(const json_t *value, struct error *err);

#endif
