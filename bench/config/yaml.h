/*
 * bench/config/yaml.h - a YAML file as a tree with the place of each value, and a small typed reader.
 *
 * One document of texts, lists and mappings with text keys. Refused: duplicate keys, aliases, tags, several documents,
 * files larger than 1 MiB, more than 10,000 values, 1000 keys of a mapping, 100 anchors, 16 directives or 16 levels. The tree
 * lives in the caller's arena.
 */
#ifndef BENCH_CONFIG_YAML_H
#define BENCH_CONFIG_YAML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/param.h"

#include <stdbool.h>
#include <stddef.h>

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAPPING };

struct yaml {
    enum yaml_kind kind;
    const char *where;  /* "configs/demo.yaml:12:5", or "--set runtime.threads=x" */
    int line, column;   /* from 1; for --set, of what it replaces or joins */
    const char *path;   /* the keys that lead here: "methods.params"; "" at the top; positions are left out */
    const char *text;   /* of a YAML_TEXT */
    bool is_quoted;     /* "5" is text, 5 may be a number */
    int count;          /* of a list or mapping */
    struct yaml *first; /* its values, in order, linked by next */
    struct yaml *next;
    const char *key, *key_where; /* of a mapping's value */
};

struct yaml *yaml_read(const char *path, struct arena *arena, struct error *err);

/* Applies "key.path=value", the value being YAML. Missing keys are made; a list's element is named by its position. */
int yaml_set(struct yaml *root, const char *assignment, struct arena *arena, struct error *err);

/* A mapping's value, or NULL. */
const struct yaml *yaml_get(const struct yaml *mapping, const char *key);

/* Null or nothing after the colon. */
bool yaml_is_empty(const struct yaml *value);

/* The sentence, with the place before it. Returns -1. */
int yaml_error(const struct yaml *value, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -- typed reading ------------------------------------------------------------------------------------------------ */

/*
 * Reads all keys of a mapping into the struct that the rows describe, each by the row's own reader or its type's. Errors: not
 * a mapping, unknown key with the nearest one, required key missing.
 */
int yaml_read_mapping(const struct yaml *mapping, const struct param *rows, void *out, struct arena *arena,
                      struct error *err);

/* Reads one value as the row's type says. STRINGS are a text or a list of texts. */
int yaml_read_value(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                    struct error *err);

/* A text that is not empty. */
int yaml_read_text(const struct yaml *value, const char **text, struct error *err);

/* Reads a parameter of a method, metric or protocol into the owner's struct; only NAMES and PATHS take lists. */
int yaml_read_param(const struct yaml *value, const struct param *param, void *out, struct error *err);

/* At `where`: `unknown KIND "NAME"OF`, with the nearest of `words`; OF is "" or ` in methods`. */
int yaml_unknown(const char *where, const char *kind, const char *name, const char *of, const char *const *words,
                 int count, struct error *err);

#endif
