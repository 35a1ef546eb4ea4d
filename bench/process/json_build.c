/* bench/process/json_build.c - json_array_append_new() and json_object_set_new() with their results used. */
#include "bench/process/json_build.h"

#include <stdio.h>

void json_build_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

void json_build_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

json_t *json_build_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *json = json_string(text);
    if (json)
        return json;
    char safe[4096];
    snprintf(safe, sizeof safe, "%s", text);
    for (char *c = safe; *c; c++)
        if ((unsigned char)*c >= 128)
            *c = '?';
    return json_string(safe);
}
