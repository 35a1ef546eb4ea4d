/* methods/script_declaration.c - reads a script's declaration, checks the config's parameters against it, sends them. */
#include "methods/script_declaration.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char types[] = "int|float|bool|text";

static bool has_type(enum script_type type, const char *text)
{
    long long integer;
    double number;
    switch (type) {
    case SCRIPT_INT:
        return text_to_int(text, &integer) == 0;
    case SCRIPT_FLOAT:
        return text_to_double(text, &number) == 0;
    case SCRIPT_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case SCRIPT_TEXT:
        break;
    }
    return true;
}

static const struct script_param *find(const struct script_declaration *declared, const char *name)
{
    for (int i = 0; i < declared->param_count; i++)
        if (strcmp(declared->params[i].name, name) == 0)
            return &declared->params[i];
    return NULL;
}

/* -- the script's lines --------------------------------------------------------------------------------------------- */

/* Shows a line of the script in an error. */
static int fail_line(struct script *script, const char *why, struct error *err)
{
    char shown[128];
    return script_fail(script, err, "declares \"%s\": %s", text_printable(script->line, shown, sizeof shown), why);
}

/* "param NAME TYPE [DEFAULT]" */
static int read_param(struct script *script, const struct param *own, struct script_declaration *declared,
                      struct error *err)
{
    struct script_param param = {.is_required = true};
    char type[16];
    int end = 0;
    if (sscanf(script->line, "param %127[A-Za-z0-9_] %15s%n", param.name, type, &end) != 2)
        return fail_line(script, "a parameter is param NAME TYPE DEFAULT", err);
    const int choice = text_choice(types, type);
    if (choice < 0)
        return fail_line(script, "a type is int, float, bool or text", err);
    param.type = (enum script_type)choice;
    const char *fallback = script->line + end;
    if (*fallback == ' ') {
        if (snprintf(param.fallback, sizeof param.fallback, "%s", fallback + 1) >= (int)sizeof param.fallback ||
            !has_type(param.type, param.fallback))
            return fail_line(script, "the default does not have that type", err);
        param.is_required = false;
    }
    if (param_find(own, param.name))
        return fail_line(script, "that is a parameter of method \"process\" itself", err);
    if (find(declared, param.name))
        return fail_line(script, "that parameter is declared twice", err);
    if (declared->param_count == PARAM_OTHERS_MAX)
        return fail_line(script, "there are too many parameters", err);
    declared->params[declared->param_count++] = param;
    return 0;
}

/* "map layer|input [signed] [normalised]" */
static int read_map(struct script *script, struct script_declaration *declared, struct error *err)
{
    char line[SCRIPT_LINE_BYTES], *left, *word;
    int count = 0;
    snprintf(line, sizeof line, "%s", script->line);
    strtok_r(line, " ", &left); /* "map" */
    declared->has_map = true;
    while ((word = strtok_r(NULL, " ", &left))) {
        declared->is_input |= strcmp(word, "input") == 0;
        declared->is_signed |= strcmp(word, "signed") == 0;
        declared->is_normalised |= strcmp(word, "normalised") == 0;
        if (text_choice(count++ ? "signed|normalised" : "layer|input", word) < 0)
            count = -3;
    }
    return count > 0 ? 0 : fail_line(script, "a map is map layer|input [signed] [normalised]", err);
}

/* "cambench VERSION [TITLE]" */
static int read_first(struct script *script, struct script_declaration *declared, struct error *err)
{
    int version, end = 0;
    if (script_receive(script, err))
        return -1;
    if (sscanf(script->line, "cambench %d%n", &version, &end) != 1 || !strchr(" ", script->line[end]))
        return fail_line(script, "the first line must be cambench 1 TITLE", err);
    if (version != SCRIPT_PROTOCOL)
        return fail_line(script, "this program has protocol 1", err);
    text_printable(script->line + end + strspn(script->line + end, " "), declared->title, sizeof declared->title);
    return 0;
}

static int read_lines(struct script *script, const struct param *own, struct script_declaration *declared,
                      struct error *err)
{
    if (read_first(script, declared, err))
        return -1;
    for (;;) {
        int status;
        if (script_receive(script, err))
            return -1;
        if (strcmp(script->line, "ready") == 0)
            return 0;
        if (strncmp(script->line, "param ", 6) == 0)
            status = read_param(script, own, declared, err);
        else if (strncmp(script->line, "map ", 4) == 0 && !declared->has_map)
            status = read_map(script, declared, err);
        else
            status = fail_line(script, "expected param, one map, or ready", err);
        if (status)
            return -1;
    }
}

/* -- the config's values -------------------------------------------------------------------------------------------- */

static int unknown(struct script *script, const char *name, const struct script_declaration *declared,
                   struct error *err)
{
    const char *words[PARAM_OTHERS_MAX];
    char suggestion[PARAM_TEXT_MAX + 32], shown[PARAM_TEXT_MAX];
    for (int i = 0; i < declared->param_count; i++)
        words[i] = declared->params[i].name;
    text_suggestion(name, words, declared->param_count, suggestion, sizeof suggestion);
    return script_fail(script, err, "has no parameter \"%s\"%s", text_printable(name, shown, sizeof shown), suggestion);
}

static int check_given(struct script *script, const struct param_others *given,
                       const struct script_declaration *declared, struct error *err)
{
    for (int i = 0; i < given->count; i++) {
        const struct script_param *param = find(declared, given->item[i].name);
        char type[16], shown[PARAM_TEXT_MAX];
        if (!param)
            return unknown(script, given->item[i].name, declared, err);
        text_choice_name(types, (int)param->type, type, sizeof type);
        if (!has_type(param->type, given->item[i].text))
            return script_fail(script, err, "has parameter \"%s\" of type %s, which \"%s\" is not", param->name, type,
                               text_printable(given->item[i].text, shown, sizeof shown));
    }
    return 0;
}

static const char *value_of(const struct script_param *param, const struct param_others *given)
{
    for (int i = 0; i < given->count; i++)
        if (strcmp(given->item[i].name, param->name) == 0)
            return given->item[i].text;
    return param->is_required ? NULL : param->fallback;
}

static int send_values(struct script *script, const struct param_others *given,
                       const struct script_declaration *declared, struct error *err)
{
    char line[SCRIPT_LINE_BYTES];
    for (int i = 0; i < declared->param_count; i++) {
        const struct script_param *param = &declared->params[i];
        const char *value = value_of(param, given);
        if (!value)
            return script_fail(script, err, "has parameter \"%s\" without a default, which must be given", param->name);
        snprintf(line, sizeof line, "param %s %s", param->name, value);
        if (script_send(script, line, err))
            return -1;
    }
    return 0;
}

static int send_layers(struct script *script, const struct param_names *layers, struct error *err)
{
    char line[SCRIPT_LINE_BYTES] = "layers";
    size_t used = strlen(line);
    for (int i = 0; i < layers->count; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", layers->name[i]);
    return script_send(script, line, err);
}

int script_declare(struct script *script, const struct param *own, const struct param_others *given,
                   const struct param_names *layers, struct script_declaration *declared, struct error *err)
{
    *declared = (struct script_declaration){0};
    return status_of(read_lines(script, own, declared, err) || check_given(script, given, declared, err) ||
                     send_values(script, given, declared, err) || send_layers(script, layers, err));
}
