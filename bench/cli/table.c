/* bench/cli/table.c - prints JSON as tables and lines of text. */
#include "bench/cli/table.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CELL_MAX 512
#define COLUMNS_MAX 12
#define INDENT_MAX 16

json_t *table_text(const char *text)
{
    char shown[CELL_MAX];
    text_printable(text, shown, sizeof shown);
    return json_string(shown);
}

static void append(char *text, const char *more)
{
    strncat(text, more, CELL_MAX - strlen(text) - 1);
}

struct unit {
    const char *name;
    double size;
};

static const struct unit count_units[] = {{"G", 1e9}, {"M", 1e6}, {0}};
static const struct unit byte_units[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {0}};

/* Writes 11689512 as "11.69 M"; numbers below the smallest unit are not shortened. */
static void format_number(double number, const struct unit *units, char *text)
{
    while (units->name && number < units->size)
        units++;
    if (units->name)
        snprintf(text, CELL_MAX, "%.2f %s", number / units->size, units->name);
    else
        snprintf(text, CELL_MAX, "%.6g", number);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The number of characters of UTF-8 text, to align columns. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += (*text & 0xC0) != 0x80;
    return width;
}

static void format_plain(const char *key, const json_t *value, char *text)
{
    text[0] = 0;
    if (json_is_string(value))
        append(text, json_string_value(value));
    else if (json_is_true(value))
        append(text, "yes");
    else if (json_is_number(value))
        format_number(json_number_value(value), ends_with(key, "_bytes") ? byte_units : count_units, text);
}

/* Writes a value as "x", "3" or "yes", a list as "a, b" and a shape as "(512,7,7)". */
static void format_value(const char *key, const json_t *value, char *text)
{
    format_plain(key, value, text);
    const bool is_shape = json_array_size(value) && json_is_integer(json_array_get(value, 0));
    append(text, is_shape ? "(" : "");
    for (size_t i = 0; i < json_array_size(value); i++) {
        char part[CELL_MAX];
        format_plain(key, json_array_get(value, i), part);
        append(text, i == 0 ? "" : is_shape ? "," : ", ");
        append(text, part);
    }
    append(text, is_shape ? ")" : "");
}

/* Prints a cell. *spaces counts blanks that are printed only before further text, so that no line ends with blanks. */
static void print_cell(const char *text, size_t width, size_t *spaces)
{
    if (*text)
        printf("%*s%s", (int)*spaces, "", text);
    *spaces = width - width_of(text) + 2 + (*text ? 0 : *spaces);
}

static void format_cell(const struct table_column *column, const json_t *object, int indent, char *cell)
{
    memset(cell, ' ', (size_t)indent);
    format_value(column->key, json_object_get(object, column->key), cell + indent);
}

static void print_row(const struct table_column *columns, const json_t *object, int indent, const size_t *width)
{
    size_t spaces = 0;
    for (int c = 0; columns[c].key; c++) {
        char cell[CELL_MAX + INDENT_MAX];
        if (object)
            format_cell(&columns[c], object, c == 0 ? indent : 0, cell);
        print_cell(object ? cell : columns[c].head, width[c], &spaces);
    }
    putchar('\n');
}

static void print_params(const json_t *params)
{
    size_t i;
    json_t *row;
    json_array_foreach(params, i, row)
    {
        const char *value = json_string_value(json_object_get(row, "default"));
        printf("    %s = %s  (%s)  %s\n", json_string_value(json_object_get(row, "name")), *value ? value : "none",
               json_string_value(json_object_get(row, "allowed")), json_string_value(json_object_get(row, "help")));
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int deeper(int indent)
{
    return indent < INDENT_MAX ? indent + 2 : indent;
}

static void widen(size_t *width, const struct table_column *columns, const json_t *array, int indent)
{
    size_t i;
    json_t *object;
    json_array_foreach(array, i, object)
    {
        for (int c = 0; columns[c].key; c++) {
            char cell[CELL_MAX + INDENT_MAX];
            format_cell(&columns[c], object, c == 0 ? indent : 0, cell);
            width[c] = larger(width[c], width_of(cell));
        }
        widen(width, columns, json_object_get(object, "keys"), deeper(indent));
    }
}

static void print_rows(const size_t *width, const struct table_column *columns, const json_t *array, int indent)
{
    size_t i;
    json_t *object;
    json_array_foreach(array, i, object)
    {
        print_row(columns, object, indent, width);
        print_params(json_object_get(object, "params"));
        print_rows(width, columns, json_object_get(object, "keys"), deeper(indent));
    }
}

void table_print(const struct table_column *columns, const json_t *array)
{
    size_t width[COLUMNS_MAX] = {0};
    for (int c = 0; columns[c].key; c++)
        width[c] = width_of(columns[c].head);
    widen(width, columns, array, 0);
    print_row(columns, NULL, 0, width);
    print_rows(width, columns, array, 0);
}

/* Writes the label of a key: "weights" for "weights_bytes". */
static void format_label(const char *key, char *text, size_t size)
{
    snprintf(text, size, "%.*s", (int)(strlen(key) - (ends_with(key, "_bytes") ? strlen("_bytes") : 0)), key);
    for (char *at = text; *at; at++)
        if (*at == '_')
            *at = ' ';
}

/* Empty lists and lists of objects are none. */
static bool is_fact(const json_t *value)
{
    const char *text = json_string_value(value);
    return !json_is_null(value) && !json_is_object(value) && !(text && !*text) &&
           !(json_is_array(value) && (json_array_size(value) == 0 || json_is_object(json_array_get(value, 0))));
}

void table_print_facts(const json_t *object)
{
    size_t width = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) if (is_fact(value) && strlen(key) > width) width = strlen(key);
    json_object_foreach((json_t *)object, key, value)
    {
        char label[CELL_MAX], text[CELL_MAX];
        if (!is_fact(value))
            continue;
        format_label(key, label, sizeof label);
        format_value(key, value, text);
        printf("%-*s  %s\n", (int)width, label, json_is_false(value) ? "no" : text);
    }
}

int table_print_json(const json_t *value, struct error *err)
{
    if (json_dumpf(value, stdout, JSON_SORT_KEYS | JSON_INDENT(2)) && !ferror(stdout))
        return error_memory(err, "the result as JSON");
    putchar('\n');
    return 0;
}
