/* base/param.c - rows of parameters: defaults, parsing, writing. */
#include "base/param.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct param *param_find(const struct param *params, const char *name)
{
    for (const struct param *param = params; param && param->name; param++)
        if (strcmp(param->name, name) == 0)
            return param;
    return NULL;
}

static void *field_of(const struct param *param, void *out)
{
    return (char *)out + param->offset;
}

static bool is_text(const struct param *param)
{
    return param->type == PARAM_TYPE_TEXT || param->type == PARAM_TYPE_PATH;
}

const char *param_text(const struct param *param, const void *in)
{
    return (const char *)in + param->offset;
}

const struct param *param_missing(const struct param *params, const void *in)
{
    for (const struct param *param = params; param && param->name; param++)
        if (is_text(param) && param->min > 0 && !param_text(param, in)[0])
            return param;
    return NULL;
}

static void default_text(const struct param *param, char *text, size_t size)
{
    if (param->fallback)
        snprintf(text, size, "%s", param->fallback);
    else
        text_choice_name(param->choices, 0, text, size);
}

void param_defaults(const struct param *params, void *out)
{
    for (const struct param *param = params; param && param->name; param++) {
        char text[PARAM_TEXT_MAX];
        struct error ignored;
        default_text(param, text, sizeof text);
        if (is_text(param) && param->min > 0)
            *(char *)field_of(param, out) = 0;
        else
            param_parse(param, text, out, &ignored);
    }
}

void param_allowed(const struct param *param, char *text, size_t size)
{
    switch (param->type) {
    case PARAM_TYPE_INT:
    case PARAM_TYPE_FLOAT:
        snprintf(text, size, "%g..%g%s%s", param->min, param->max, param->choices ? " or " : "",
                 param->choices ? param->choices : "");
        break;
    case PARAM_TYPE_BOOL:
        snprintf(text, size, "true|false");
        break;
    case PARAM_TYPE_ENUM:
        snprintf(text, size, "%s", param->choices);
        break;
    case PARAM_TYPE_NAMES:
        snprintf(text, size, "list of at most %g names", param->max);
        break;
    case PARAM_TYPE_TEXT:
        snprintf(text, size, "text of at most %g bytes", param->max);
        break;
    case PARAM_TYPE_PATH:
        snprintf(text, size, "path of a file");
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

static int parse_number(const struct param *param, const char *text, void *field, struct error *err)
{
    double number = 0;
    long long integer = 0;
    const bool is_word = param->choices && strcmp(text, param->choices) == 0;
    if (!is_word) {
        const int status = param->type == PARAM_TYPE_INT ? text_to_int(text, &integer) : text_to_double(text, &number);
        if (param->type == PARAM_TYPE_INT)
            number = (double)integer;
        if (status || number < param->min || number > param->max)
            return wrong(param, text, err);
    }
    if (param->type == PARAM_TYPE_INT)
        *(int *)field = (int)number;
    else
        *(double *)field = number;
    return 0;
}

static int parse_names(const struct param *param, const char *text, struct param_names *names, struct error *err)
{
    *names = (struct param_names){0};
    while (*text) {
        const size_t length = strcspn(text, ",");
        if (length == 0 || length >= PARAM_TEXT_MAX || names->count >= (int)param->max)
            return wrong(param, text, err);
        memcpy(names->name[names->count++], text, length);
        text += length + (text[length] == ',');
    }
    return 0;
}

static int parse_bool(const struct param *param, const char *text, bool *field, struct error *err)
{
    *field = strcmp(text, "true") == 0;
    return *field || strcmp(text, "false") == 0 ? 0 : wrong(param, text, err);
}

static int parse_enum(const struct param *param, const char *text, int *field, struct error *err)
{
    *field = text_choice(param->choices, text);
    return *field >= 0 ? 0 : wrong(param, text, err);
}

static int parse_text(const struct param *param, const char *text, char *field, struct error *err)
{
    const size_t length = strlen(text);
    if ((double)length < param->min || (double)length > param->max)
        return wrong(param, text, err);
    memcpy(field, text, length + 1);
    return 0;
}

int param_parse(const struct param *param, const char *text, void *out, struct error *err)
{
    void *field = field_of(param, out);
    switch (param->type) {
    case PARAM_TYPE_INT:
    case PARAM_TYPE_FLOAT:
        return parse_number(param, text, field, err);
    case PARAM_TYPE_BOOL:
        return parse_bool(param, text, field, err);
    case PARAM_TYPE_ENUM:
        return parse_enum(param, text, field, err);
    case PARAM_TYPE_NAMES:
        return parse_names(param, text, field, err);
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_PATH:
        return parse_text(param, text, field, err);
    }
    return wrong(param, text, err);
}

static void format_number(const struct param *param, double number, char *text, size_t size)
{
    if (param->choices && number == 0 && param->min > 0) /* the word stands for 0, which is not a number in range */
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
    }
}
