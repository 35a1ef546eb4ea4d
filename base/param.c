/* base/param.c - finds, parses, checks and writes the fields that rows describe. */
#include "base/param.h"

#include "base/arena.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_BYTES_MAX 1024

const struct param *param_find(const struct param *params, const char *name)
{
    for (const struct param *param = params; param && param->name; param++)
        if (strcmp(param->name, name) == 0)
            return param;
    return NULL;
}

const struct param *param_find_others(const struct param *params)
{
    for (const struct param *param = params; param && param->name; param++)
        if (param->type == PARAM_TYPE_OTHERS)
            return param;
    return NULL;
}

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const size_t length = strlen(text);
    return length > 0 && length < PARAM_TEXT_MAX && strspn(text, letters) == length && strchr("0123456789", *text) == 0;
}

static bool is_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            return false;
    return strlen(text) < OTHER_BYTES_MAX;
}

int param_add_other(const struct param *row, const char *name, const char *text, void *out, struct error *err)
{
    struct param_others *others = param_field(row, out);
    char shown[PARAM_TEXT_MAX];
    text_printable(name, shown, sizeof shown);
    if (!is_name(name))
        return error_set(err, "parameter \"%s\" is not a name of letters, digits and _", shown);
    if (!is_line(text))
        return error_set(err, "parameter \"%s\" must be a text of one line and less than %d bytes", shown,
                         OTHER_BYTES_MAX);
    for (int i = 0; i < others->count; i++)
        if (strcmp(others->item[i].name, name) == 0)
            return error_set(err, "parameter \"%s\" is given twice", shown);
    if (others->count == PARAM_OTHERS_MAX)
        return error_set(err, "more than %d further parameters are given", PARAM_OTHERS_MAX);
    others->item[others->count].name = name;
    others->item[others->count++].text = text;
    return 0;
}

void *param_field(const struct param *param, void *out)
{
    return (char *)out + param->offset;
}

int *param_count(const struct param *param, void *out)
{
    return (int *)((char *)out + param->count_offset);
}

static bool is_text(const struct param *param)
{
    return param->type == PARAM_TYPE_TEXT || param->type == PARAM_TYPE_PATH;
}

const char *param_text(const struct param *param, const void *in)
{
    return (const char *)in + param->offset;
}

static bool lacks_default(const struct param *param)
{
    return is_text(param) && param->min > 0;
}

const struct param *param_required(const struct param *params)
{
    for (const struct param *param = params; param && param->name; param++)
        if (lacks_default(param))
            return param;
    return NULL;
}

const struct param *param_missing(const struct param *params, const void *in)
{
    for (const struct param *param = params; param && param->name; param++)
        if (lacks_default(param) && !param_text(param, in)[0])
            return param;
    return NULL;
}

static void set_default(const struct param *param, void *out)
{
    if (param->type == PARAM_TYPE_TABLE)
        param_defaults(param->rows, param_field(param, out));
    else if (lacks_default(param))
        *(char *)param_field(param, out) = 0;
    else if (param->fallback)
        param_store(param, param->fallback, out);
    else if (param->type == PARAM_TYPE_ENUM)
        *(int *)param_field(param, out) = 0;
}

void param_defaults(const struct param *params, void *out)
{
    for (const struct param *param = params; param && param->name; param++)
        set_default(param, out);
}

void param_allowed(const struct param *param, char *text, size_t size)
{
    if (param->allowed) {
        snprintf(text, size, "%s", param->allowed);
        return;
    }
    switch (param->type) {
    case PARAM_TYPE_INT:
    case PARAM_TYPE_FLOAT:
        snprintf(text, size, "%.15g..%.15g%s%s", param->min, param->max, param->choices ? " or " : "",
                 param->choices ? param->choices : "");
        break;
    case PARAM_TYPE_BOOL:
        snprintf(text, size, "true|false");
        break;
    case PARAM_TYPE_ENUM:
        snprintf(text, size, "%s", param->choices);
        break;
    case PARAM_TYPE_STRING:
        snprintf(text, size, "%s", param->choices ? param->choices : param->allowed ? param->allowed : "text");
        break;
    case PARAM_TYPE_SEED:
        snprintf(text, size, "0..%" PRIu64, UINT64_MAX);
        break;
    case PARAM_TYPE_STRINGS:
    case PARAM_TYPE_LIST:
        snprintf(text, size, "list");
        break;
    case PARAM_TYPE_TABLE:
        snprintf(text, size, "mapping");
        break;
    case PARAM_TYPE_NAMES:
        snprintf(text, size, "list of at most %g names", param->max);
        break;
    case PARAM_TYPE_TEXT:
        snprintf(text, size, "text of at most %g bytes", param->max);
        break;
    case PARAM_TYPE_PATH:
        snprintf(text, size, param->may_be_folder ? "path of a file or folder" : "path of a file");
        break;
    case PARAM_TYPE_PATHS:
        snprintf(text, size, "list of at most %g paths of files", param->max);
        break;
    case PARAM_TYPE_OTHERS:
        snprintf(text, size, "number, true, false or text");
        break;
    case PARAM_TYPE_NAMED:
        snprintf(text, size, "name, or {name: NAME, params: {...}}");
        break;
    }
}

static int wrong(const struct param *param, const char *text, struct error *err)
{
    char allowed[256], given[PARAM_TEXT_MAX];
    param_allowed(param, allowed, sizeof allowed);
    return error_set(err, "parameter \"%s\" is \"%s\"; allowed: %s", param->name,
                     text_printable(text, given, sizeof given), allowed);
}

static bool store_number(const struct param *param, const char *text, void *field)
{
    double number = param->word;
    long long integer = 0;
    const bool is_word = param->choices && strcmp(text, param->choices) == 0, is_int = param->type == PARAM_TYPE_INT;
    if (!is_word) {
        const int status = is_int ? text_to_int(text, &integer) : text_to_double(text, &number);
        if (is_int)
            number = (double)integer;
        if (status || number < param->min || number > param->max)
            return false;
    }
    if (is_int)
        *(int *)field = (int)number;
    else
        *(double *)field = number;
    return true;
}

static bool store_names(const struct param *param, const char *text, struct param_names *names)
{
    *names = (struct param_names){0};
    while (*text) {
        const size_t length = strcspn(text, ",");
        if (length == 0 || length >= PARAM_TEXT_MAX || names->count >= (int)param->max)
            return false;
        memcpy(names->name[names->count++], text, length);
        text += length + (text[length] == ',');
    }
    return true;
}

static bool store_bool(const char *text, bool *field)
{
    *field = strcmp(text, "true") == 0;
    return *field || strcmp(text, "false") == 0;
}

static bool store_enum(const struct param *param, const char *text, int *field)
{
    *field = text_choice(param->choices, text);
    return *field >= 0;
}

static bool store_text(const struct param *param, const char *text, char *field)
{
    const size_t length = strlen(text);
    if ((double)length < param->min || (double)length > param->max)
        return false;
    memcpy(field, text, length + 1);
    return true;
}

static bool store_string(const struct param *param, const char *text, const char **field)
{
    if (param->choices && text_choice(param->choices, text) < 0)
        return false;
    *field = text;
    return true;
}

static bool store_path(const struct param *param, const char *text, struct param_paths *paths)
{
    if (!text[0]) {
        paths->count = 0;
        return true;
    }
    if (paths->count >= (int)param->max || strlen(text) >= PARAM_PATH_MAX)
        return false;
    paths->path[paths->count++] = text;
    return true;
}

static bool store_seed(const char *text, uint64_t *field)
{
    if (!text[0] || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    const unsigned long long number = strtoull(text, NULL, 10);
    *field = number;
    return errno == 0;
}

/* NAME or NAME(...) */
static int store_named(const struct param *param, const char *text, struct param_named *named, struct error *err)
{
    char name[PARAM_TEXT_MAX];
    const size_t length = strcspn(text, "(");
    const char *given = text + length;
    *named = (struct param_named){0};
    if (length == 0 || length >= sizeof name || (*given && given[strlen(given) - 1] != ')'))
        return wrong(param, text, err);
    memcpy(name, text, length);
    name[length] = '\0';
    if (param->find(name, named, err))
        return -1;
    named->given = *given ? given : NULL;
    named->params = NULL;
    return 0;
}

bool param_store(const struct param *param, const char *text, void *out)
{
    struct error ignored;
    void *field = param_field(param, out);
    switch (param->type) {
    case PARAM_TYPE_INT:
    case PARAM_TYPE_FLOAT:
        return store_number(param, text, field);
    case PARAM_TYPE_BOOL:
        return store_bool(text, field);
    case PARAM_TYPE_ENUM:
        return store_enum(param, text, field);
    case PARAM_TYPE_NAMES:
        return store_names(param, text, field);
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_PATH:
        return store_text(param, text, field);
    case PARAM_TYPE_PATHS:
        return store_path(param, text, field);
    case PARAM_TYPE_STRING:
        return store_string(param, text, field);
    case PARAM_TYPE_SEED:
        return store_seed(text, field);
    case PARAM_TYPE_OTHERS:
        ((struct param_others *)field)->count = 0;
        return !text[0];
    case PARAM_TYPE_NAMED:
        return store_named(param, text, field, &ignored) == 0;
    case PARAM_TYPE_STRINGS:
    case PARAM_TYPE_TABLE:
    case PARAM_TYPE_LIST:
        break;
    }
    return false;
}

int param_parse(const struct param *param, const char *text, void *out, struct error *err)
{
    if (param->type == PARAM_TYPE_NAMED)
        return store_named(param, text, param_field(param, out), err);
    return param_store(param, text, out) ? 0 : wrong(param, text, err);
}

/* -- parameters of named fields ------------------------------------------------------------------------------------- */

const struct param_named *param_named(const struct param *param, const void *in)
{
    return (const void *)((const char *)in + param->offset);
}

/* Cuts "KEY=VALUE" off the front of *rest, up to a semicolon outside parentheses. */
static char *next_pair(char **rest)
{
    char *pair = *rest, *end = pair;
    for (int depth = 0; *end && (*end != ';' || depth > 0); end++)
        depth += (*end == '(') - (*end == ')');
    *rest = end + (*end != '\0');
    *end = '\0';
    return pair;
}

/* Reads "(KEY=VALUE;KEY=VALUE)" into named->params. */
static int parse_given(struct param_named *named, struct arena *arena, struct error *err)
{
    char *rest = arena_string(arena, named->given + 1), shown[PARAM_TEXT_MAX];
    if (!rest)
        return error_memory(err, "parameters");
    rest[strlen(rest) - 1] = '\0';
    while (*rest) {
        char *key = next_pair(&rest), *value = strchr(key, '=');
        if (value)
            *value++ = '\0';
        const struct param *param = param_find(named->rows, key), *others = param_find_others(named->rows);
        if (!value || (!param && !others))
            return error_set(err, "%s has no parameter \"%s\"%s", named->name, text_printable(key, shown, sizeof shown),
                             value ? "" : " or it has no value");
        if (param && param != others ? param_parse(param, value, named->params, err)
                                     : param_add_other(others, key, value, named->params, err))
            return -1;
    }
    return 0;
}

static int complete(const struct param *params, void *out, int depth, struct arena *arena, struct error *err)
{
    for (const struct param *param = params; param && param->name; param++) {
        if (param->type != PARAM_TYPE_NAMED)
            continue;
        struct param_named *named = param_field(param, out);
        if (depth == PARAM_DEPTH_MAX)
            return error_set(err, "parameter \"%s\" is inside %d others; at most %d may be nested", param->name, depth,
                             PARAM_DEPTH_MAX);
        if (!named->params) {
            named->params = arena_alloc(arena, 1, named->size ? named->size : 1);
            if (!named->params)
                return error_memory(err, "parameters");
            param_defaults(named->rows, named->params);
            if (named->given && parse_given(named, arena, err))
                return -1;
        }
        if (complete(named->rows, named->params, depth + 1, arena, err))
            return -1;
    }
    return 0;
}

int param_complete(const struct param *params, void *out, struct arena *arena, struct error *err)
{
    return complete(params, out, 0, arena, err);
}

/* `top` NULL: each row is its own. */
static int visit_rows(const struct param *params, const void *in, const struct param *top, param_visitor *visit,
                      void *context, struct error *err)
{
    for (const struct param *param = params; param && param->name; param++) {
        const struct param *above = top ? top : param;
        if (visit(context, param, in, above, err))
            return -1;
        const struct param_named *named = param->type == PARAM_TYPE_NAMED ? param_named(param, in) : NULL;
        if (named && named->params && visit_rows(named->rows, named->params, above, visit, context, err))
            return -1;
    }
    return 0;
}

int param_visit(const struct param *params, const void *in, param_visitor *visit, void *context, struct error *err)
{
    return visit_rows(params, in, NULL, visit, context, err);
}

/* -- text ----------------------------------------------------------------------------------------------------------- */

static void format_number(const struct param *param, double number, char *text, size_t size)
{
    if (param->choices && number == param->word && param->min > number) /* below the range: only the word gives it */
        snprintf(text, size, "%s", param->choices);
    else if (snprintf(text, size, "%.15g", number) < 0 || strtod(text, NULL) != number)
        snprintf(text, size, "%.17g", number);
}

static void format_names(const struct param_names *names, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < names->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", names->name[i]);
}

static void format_paths(const struct param_paths *paths, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < paths->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", paths->path[i]);
}

static void format_others(const struct param_others *others, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < others->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i ? "," : "", others->item[i].name,
                                 others->item[i].text);
}

void param_format_default(const struct param *param, char *text, size_t size)
{
    union {
        int integer;
        double number;
        bool truth;
        uint64_t seed;
        const char *string;
        struct param_names names;
        struct param_paths paths;
        struct param_others others;
        struct param_named named;
    } value = {0};
    struct param alone[] = {*param, {0}};
    if (is_text(param)) {
        snprintf(text, size, "%s", param->fallback && !lacks_default(param) ? param->fallback : "");
        return;
    }
    alone->offset = 0;
    param_defaults(alone, &value);
    param_format(alone, &value, text, size);
}

struct named_text {
    char *text;
    size_t size, used;
    bool is_open; /* the parenthesis */
};

static void add_pair(struct named_text *to, const char *name, const char *value)
{
    if (to->used < to->size)
        to->used +=
            (size_t)snprintf(to->text + to->used, to->size - to->used, "%s%s=%s", to->is_open ? ";" : "(", name, value);
    to->is_open = true;
}

/* Adds a parameter that differs from its default; of a list each element. */
static void add_named_row(struct named_text *to, const struct param *param, const void *in)
{
    char usual[PARAM_VALUE_MAX], value[PARAM_VALUE_MAX];
    const void *field = (const char *)in + param->offset;
    const struct param_paths *paths = param->type == PARAM_TYPE_PATHS ? field : NULL;
    const struct param_others *others = param->type == PARAM_TYPE_OTHERS ? field : NULL;
    for (int i = 0; paths && i < paths->count; i++)
        add_pair(to, param->name, paths->path[i]);
    for (int i = 0; others && i < others->count; i++)
        add_pair(to, others->item[i].name, others->item[i].text);
    if (paths || others)
        return;
    param_format_default(param, usual, sizeof usual);
    param_format(param, in, value, sizeof value);
    if (strcmp(usual, value) != 0)
        add_pair(to, param->name, value);
}

/* NAME(KEY=VALUE;...) */
static void format_named(const struct param_named *named, char *text, size_t size)
{
    struct named_text to = {text, size, (size_t)snprintf(text, size, "%s", named->name), false};
    for (const struct param *param = named->params ? named->rows : NULL; param && param->name; param++)
        add_named_row(&to, param, named->params);
    if (to.is_open && to.used < size)
        snprintf(text + to.used, size - to.used, ")");
}

void param_format(const struct param *param, const void *in, char *text, size_t size)
{
    const void *field = (const char *)in + param->offset;
    switch (param->type) {
    case PARAM_TYPE_INT:
        format_number(param, *(const int *)field, text, size);
        break;
    case PARAM_TYPE_FLOAT:
        format_number(param, *(const double *)field, text, size);
        break;
    case PARAM_TYPE_BOOL:
        snprintf(text, size, "%s", *(const bool *)field ? "true" : "false");
        break;
    case PARAM_TYPE_ENUM:
        text_choice_name(param->choices, *(const int *)field, text, size);
        break;
    case PARAM_TYPE_NAMES:
        format_names(field, text, size);
        break;
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_PATH:
        snprintf(text, size, "%s", (const char *)field);
        break;
    case PARAM_TYPE_PATHS:
        format_paths(field, text, size);
        break;
    case PARAM_TYPE_OTHERS:
        format_others(field, text, size);
        break;
    case PARAM_TYPE_STRING:
        snprintf(text, size, "%s", *(const char *const *)field ? *(const char *const *)field : "");
        break;
    case PARAM_TYPE_SEED:
        snprintf(text, size, "%" PRIu64, *(const uint64_t *)field);
        break;
    case PARAM_TYPE_NAMED:
        format_named(field, text, size);
        break;
    case PARAM_TYPE_STRINGS:
    case PARAM_TYPE_TABLE:
    case PARAM_TYPE_LIST:
        text[0] = 0;
        break;
    }
}
