/*
 * base/param.h - parameters as rows of a table.
 *
 * A method, metric or protocol describes its own struct by rows {name, type, offset, default, range, help}; the harness
 * parses, checks, lists and writes them, and the owner reads plain fields. A table ends with {0}.
 *
 *     struct scorecam { int scoring, max_channels; };
 *     static const struct param params[] = {
 *         PARAM_ENUM(struct scorecam, scoring, "official|paper", "which published scoring"),
 *         PARAM_INT(struct scorecam, max_channels, 0, 0, 65536, "0: all channels"),
 *         {0}};
 */
#ifndef BASE_PARAM_H
#define BASE_PARAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PARAM_NAMES_MAX 8
#define PARAM_TEXT_MAX 128
#define PARAM_PATH_MAX 4096
#define PARAM_VALUE_MAX PARAM_PATH_MAX /* characters of any value as text, its end included */

enum param_type {
    PARAM_TYPE_INT,   /* field: int; `choices`, if set, is one word that stands for 0 ("auto") */
    PARAM_TYPE_FLOAT, /* field: double; likewise */
    PARAM_TYPE_BOOL,  /* field: bool */
    PARAM_TYPE_ENUM,  /* field: int, the position in `choices` */
    PARAM_TYPE_NAMES, /* field: struct param_names, such as layers */
    PARAM_TYPE_TEXT,  /* field: char[], ends with 0 */
    PARAM_TYPE_PATH,  /* field: likewise; names a file, which a run checks, hashes and counts as part of its identity */
};

struct param_names {
    int count;
    char name[PARAM_NAMES_MAX][PARAM_TEXT_MAX];
};

struct param {
    const char *name;
    enum param_type type;
    size_t offset;        /* of the field in the owner's struct */
    const char *fallback; /* the default, as text */
    double min, max;     /* INT, FLOAT: inclusive; NAMES: how many; TEXT, PATH: length in bytes; min 1: must be given */
    const char *choices; /* ENUM: "a|b|c" */
    const char *help;
};

/* clang-format takes the rows for blocks of statements */
/* clang-format off */
#define PARAM_INT(S, field, fallback, min, max, help) \
    {#field, PARAM_TYPE_INT, offsetof(S, field), #fallback, min, max, NULL, help}
#define PARAM_INT_OR(S, field, word, fallback, min, max, help) \
    {#field, PARAM_TYPE_INT, offsetof(S, field), #fallback, min, max, word, help}
#define PARAM_FLOAT(S, field, fallback, min, max, help) \
    {#field, PARAM_TYPE_FLOAT, offsetof(S, field), #fallback, min, max, NULL, help}
#define PARAM_BOOL(S, field, fallback, help) \
    {#field, PARAM_TYPE_BOOL, offsetof(S, field), #fallback, 0, 1, NULL, help}
/* The first choice is the default. */
#define PARAM_ENUM(S, field, choices, help) \
    {#field, PARAM_TYPE_ENUM, offsetof(S, field), NULL, 0, 0, choices, help}
#define PARAM_LAYERS(S, field, max, help) \
    {#field, PARAM_TYPE_NAMES, offsetof(S, field), "", 0, max, NULL, help}
#define PARAM_TEXT(S, field, fallback, help) \
    {#field, PARAM_TYPE_TEXT, offsetof(S, field), fallback, 0, sizeof((S){0}.field) - 1, NULL, help}
/* Has no default: a config must give it. */
#define PARAM_PATH(S, field, help) \
    {#field, PARAM_TYPE_PATH, offsetof(S, field), "", 1, sizeof((S){0}.field) - 1, NULL, help}
/* clang-format on */

/* The row called `name`, or NULL. `params` may be NULL: a table without rows. */
const struct param *param_find(const struct param *params, const char *name);

/* Fills every field with its default. */
void param_defaults(const struct param *params, void *out);

/* The text of a TEXT or PATH row. */
const char *param_text(const struct param *param, const void *in);

/* The first row that must be given and is not, or NULL. */
const struct param *param_missing(const struct param *params, const void *in);

/*
 * Writes the field of one row from text; NAMES are separated by commas. Errors name the parameter, what was given and
 * what is allowed. "64abc", "1e400" and "nan" are not numbers.
 */
int param_parse(const struct param *param, const char *text, void *out, struct error *err);

/* The field as text that param_parse() reads back to the same value; cut at `size`. */
void param_format(const struct param *param, const void *in, char *text, size_t size);

/* "0..100", "official|paper", "true|false": what is allowed, for people. */
void param_allowed(const struct param *param, char *text, size_t size);

#endif
