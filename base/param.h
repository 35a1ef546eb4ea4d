/*
 * base/param.h - tables of rows that name, parse, check and write the fields of a struct and give their defaults.
 *
 * One kind of row serves parameters of methods, metrics and operators, keys of protocols and configs, and options of
 * command lines. A row is {name, type, offset, default, range, help}; a table ends with {0}. The owner of the struct
 * reads plain fields.
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
#define PARAM_PATHS_MAX 16
#define PARAM_OTHERS_MAX 32
#define PARAM_DEPTH_MAX 3              /* a named thing in a named thing in a named thing */
#define PARAM_VALUE_MAX PARAM_PATH_MAX /* characters of any value as text, its end included */

enum param_type {
    PARAM_TYPE_INT,   /* field: int; `choices`, if set, is a word such as "auto", read as the number `word` */
    PARAM_TYPE_FLOAT, /* field: double; likewise */
    PARAM_TYPE_BOOL,  /* field: bool */
    PARAM_TYPE_ENUM,  /* field: int, the position in `choices` */
    PARAM_TYPE_NAMES, /* field: struct param_names, such as layers */
    PARAM_TYPE_TEXT,  /* field: char[], ends with 0 */
    PARAM_TYPE_PATH,  /* field: likewise; names a file, which a run checks, hashes and counts as part of its identity */
    PARAM_TYPE_PATHS, /* field: struct param_paths: several such files */
    PARAM_TYPE_OTHERS,  /* field: struct param_others: all parameters that no row of the table names */
    PARAM_TYPE_STRING,  /* field: const char *, the given text, not copied; NULL: none; one of `choices`, if set */
    PARAM_TYPE_STRINGS, /* field: const char **, a list of such texts; their number is at `count_offset` */
    PARAM_TYPE_SEED,    /* field: uint64_t */
    PARAM_TYPE_TABLE,   /* field: a struct that `rows` describe */
    PARAM_TYPE_NAMED,   /* field: struct param_named: what `find` returns for a name, with its own parameters */
    PARAM_TYPE_LIST,    /* field: a pointer to structs, read by `read_yaml`; their number is at `count_offset` */
};

struct param_names {
    int count;
    char name[PARAM_NAMES_MAX][PARAM_TEXT_MAX];
};

struct param_paths {
    int count;
    const char *path[PARAM_PATHS_MAX]; /* not copied */
};

/* Parameters that the owner checks itself: names [A-Za-z_][A-Za-z0-9_]*, values of one line. */
struct param_others {
    int count;
    struct {
        const char *name, *text; /* not copied */
    } item[PARAM_OTHERS_MAX];
};

struct arena;
struct param;
struct yaml;

/* Something that has a name and parameters, such as a method that another one calls. */
struct param_named {
    const char *name;         /* in its registry */
    const void *found;        /* such as a const struct method * */
    const struct param *rows; /* its parameters, over a struct of `size` bytes */
    size_t size;
    const char *given; /* its parameters as text, "(score=prob;eps=0)", until they are read; NULL: the defaults */
    void *params;      /* the struct; NULL until param_complete() */
};

/* Fills name, found, rows and size. 0, or -1 with err: the name is unknown. */
typedef int param_finder(const char *name, struct param_named *out, struct error *err);

/*
 * A row may have its own reader instead of its type's; `out` is the struct that the table describes. 0, or -1 with err.
 */
typedef int param_yaml_reader(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                              struct error *err);
typedef int param_word_reader(const char *word, const struct param *row, void *out, struct error *err);

struct param {
    const char *name;
    enum param_type type;
    size_t offset;        /* of the field in the owner's struct */
    const char *fallback; /* the default, as text; NULL: none, except for an ENUM: the first choice */
    double min, max;     /* INT, FLOAT: inclusive; NAMES: how many; TEXT, PATH: length in bytes; min 1: must be given */
    const char *choices; /* ENUM: "a|b|c"; NAMES: likewise, see PARAM_LAYERS_OR */
    param_finder *find;  /* NAMED */
    const char *help;
    int word;                     /* INT, FLOAT: what the word in `choices` means */
    size_t count_offset;          /* LIST, STRINGS: offset of the int that holds the number of elements */
    const struct param *rows;     /* TABLE: the rows of the nested struct */
    const char *usual;            /* in a config: the default in words, if `fallback` does not give it */
    const char *allowed;          /* in a config: what the row's own reader allows, if the type does not say it */
    bool is_required;             /* in a config */
    bool is_limit;                /* a limit on time or memory: not part of a run's identity */
    bool may_be_folder;           /* PATH */
    param_yaml_reader *read_yaml; /* in a config; NULL: the type's reader */
    const void *more;             /* private data of the row's own reader */
    int letter;                   /* on a command line: 't' for -t; 0: none */
    const char *value;            /* on a command line: the value's name in the usage; NULL: takes no value */
    param_word_reader *read_word; /* on a command line; NULL: the type's reader */
};

/* clang-format would format the rows as blocks of statements. */
/* clang-format off */
#define PARAM_ROW(S, field, kind, ...) {.name = #field, .type = PARAM_TYPE_##kind, .offset = offsetof(S, field), __VA_ARGS__}
#define PARAM_INT(S, field, default, least, most, text) \
    PARAM_ROW(S, field, INT, .fallback = #default, .min = least, .max = most, .help = text)
#define PARAM_INT_OR(S, field, other, default, least, most, text) \
    PARAM_ROW(S, field, INT, .fallback = #default, .min = least, .max = most, .choices = other, .help = text)
#define PARAM_FLOAT(S, field, default, least, most, text) \
    PARAM_ROW(S, field, FLOAT, .fallback = #default, .min = least, .max = most, .help = text)
#define PARAM_BOOL(S, field, default, text) PARAM_ROW(S, field, BOOL, .fallback = #default, .max = 1, .help = text)
/* The first choice is the default. */
#define PARAM_ENUM(S, field, list, text) PARAM_ROW(S, field, ENUM, .choices = list, .help = text)
#define PARAM_LAYERS(S, field, most, text) PARAM_ROW(S, field, NAMES, .fallback = "", .max = most, .help = text)
/* Without a name: those of the layers "a|b|c" that a network has. */
#define PARAM_LAYERS_OR(S, field, list, most, text) \
    PARAM_ROW(S, field, NAMES, .fallback = "", .choices = list, .max = most, .help = text)
#define PARAM_TEXT(S, field, default, text) \
    PARAM_ROW(S, field, TEXT, .fallback = default, .max = sizeof(((S *)0)->field) - 1, .help = text)
/* Paths: of a file, which a config must give; of a file or folder, which it must give if `least` is 1. */
#define PARAM_PATH(S, field, text) \
    PARAM_ROW(S, field, PATH, .fallback = "", .min = 1, .max = sizeof(((S *)0)->field) - 1, .help = text)
#define PARAM_FOLDER(S, field, least, text) \
    PARAM_ROW(S, field, PATH, .fallback = "", .min = least, .max = sizeof(((S *)0)->field) - 1, .may_be_folder = true, .help = text)
#define PARAM_PATHS(S, field, text) PARAM_ROW(S, field, PATHS, .fallback = "", .max = PARAM_PATHS_MAX, .help = text)
/* The row has no name of its own in a config: `any` is printed in lists. */
#define PARAM_OTHERS(S, field, any, text) \
    {.name = any, .type = PARAM_TYPE_OTHERS, .offset = offsetof(S, field), .fallback = "", .help = text}
/* clang-format on */

/* The row called `name`, or NULL. `params` may be NULL: a table without rows. */
const struct param *param_find(const struct param *params, const char *name);

/* Where a row's field, and its number of elements (count_offset), are in the owner's struct. */
void *param_field(const struct param *param, void *out);
int *param_count(const struct param *param, void *out);

/* Fills every field that has a default, also those of nested tables. */
void param_defaults(const struct param *params, void *out);

/* The text of a TEXT or PATH row. */
const char *param_text(const struct param *param, const void *in);

/* The row for parameters that no row names, or NULL. */
const struct param *param_find_others(const struct param *params);

/* Adds a parameter to such a row's field. Errors: its name or text is not allowed, it is given twice, too many. */
int param_add_other(const struct param *row, const char *name, const char *text, void *out, struct error *err);
/*
 * Reads the parameters of the NAMED fields in `out`, which param_defaults() and param_parse() leave unread, into structs
 * in the arena. Fields that are complete stay as they are. Errors: those of param_parse(); no memory.
 */
int param_complete(const struct param *params, void *out, struct arena *arena, struct error *err);

/* Calls `visit` for every row, then for the rows of NAMED fields; `top` is the row of `params` that leads there. */
typedef int param_visitor(void *context, const struct param *row, const void *in, const struct param *top,
                          struct error *err);
int param_visit(const struct param *params, const void *in, param_visitor *visit, void *context, struct error *err);

/* A NAMED field. */
const struct param_named *param_named(const struct param *param, const void *in);

/* The first row without a default, which must be given, or NULL. */
const struct param *param_required(const struct param *params);

/* The first row that must be given and is not, or NULL. */
const struct param *param_missing(const struct param *params, const void *in);

/*
 * Writes the field of one row from text, which must live as long as a STRING is used. False if the text is not allowed;
 * the field is then undefined. Each text adds a path to PATHS, "" removes all. TABLE, LIST, STRINGS and OTHERS have no
 * text. NAMED is "gradcam" or "gradcam(score=prob;relu=false)".
 */
bool param_store(const struct param *param, const char *text, void *out);

/*
 * Writes the field of one row from text; NAMES are separated by commas. Errors name the parameter, what was given and
 * what is allowed. "64abc", "1e400" and "nan" are not numbers.
 */
int param_parse(const struct param *param, const char *text, void *out, struct error *err);

/*
 * The field as text that param_parse() reads back to the same value; cut at `size`. NAMED: without the parameters that
 * have their defaults.
 */
void param_format(const struct param *param, const void *in, char *text, size_t size);

/* The default as param_format() writes it. */
void param_format_default(const struct param *param, char *text, size_t size);

/* Writes the allowed values for people: "0..100", "official|paper", "true|false". */
void param_allowed(const struct param *param, char *text, size_t size);

#endif
