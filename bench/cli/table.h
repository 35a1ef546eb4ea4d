/*
 * bench/cli/table.h - JSON as text for people: an array of objects as a table, an object's plain values as lines.
 *
 * A command makes one JSON value and prints it as JSON (--json) or as a table, so both outputs always agree.
 */
#ifndef BENCH_CLI_TABLE_H
#define BENCH_CLI_TABLE_H

#include "base/error.h"

#include <jansson.h>

/* A key of the objects and the head above its column; a list of columns ends with {0}. */
struct table_column {
    const char *key, *head;
};

/* Text of any origin as a JSON string; control characters and invalid UTF-8 become '?'. NULL: no memory. */
json_t *table_text(const char *text);

/*
 * Prints an array of objects. Numbers from a million on are shortened ("11.69 M"), values of keys that end with
 * "_bytes" are printed in KiB or MiB, null and false are blank, lists are joined by commas, lists of whole numbers are
 * printed as shapes. An object's "params" follow it, one per line; its "keys" follow as rows with an indented first column.
 */
void table_print(const struct table_column *columns, const json_t *array);

/* Prints an object's plain values and lists of them, in the order in which they were set: "target layer   layer4". */
void table_print_facts(const json_t *object);

/* Prints the value as JSON with sorted keys and a line end. Errors: no memory. */
int table_print_json(const json_t *value, struct error *err);

#endif
