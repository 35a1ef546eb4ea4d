/* bench/cli/catalog_search.c - selects objects of a JSON array by their texts. */
#include "bench/cli/catalog_search.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* Whether a text, or one of a list of texts, contains the word. */
static bool value_has(const json_t *value, const char *word)
{
    const char *text = json_string_value(value);
    bool is_found = text && text_has_name(text, word);
    for (size_t i = 0; i < json_array_size(value) && !is_found; i++)
        is_found = value_has(json_array_get(value, i), word);
    return is_found;
}

static bool object_has(const json_t *object, const char *word)
{
    static const char *const keys[] = {"name", "alias", "title", "peers", "source"};
    const json_t *params = json_object_get(object, "params");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (value_has(json_object_get(object, keys[i]), word))
            return true;
    for (size_t i = 0; i < json_array_size(params); i++)
        if (value_has(json_object_get(json_array_get(params, i), "name"), word))
            return true;
    return false;
}

static json_t *select_objects(const json_t *array, const char *word);

/* Appends the object if it matches, or a copy with its matching keys if there are any; -1: no memory. */
static int add_match(json_t *found, json_t *object, const char *word)
{
    const json_t *keys = json_object_get(object, "keys");
    if (object_has(object, word))
        return json_array_append(found, object);
    if (!keys)
        return 0;
    json_t *below = select_objects(keys, word);
    if (below && !json_array_size(below)) {
        json_decref(below);
        return 0;
    }
    json_t *copy = json_copy(object);
    const int status = json_object_set_new(copy, "keys", below);
    return json_array_append_new(found, copy) || status ? -1 : 0;
}

static json_t *select_objects(const json_t *array, const char *word)
{
    json_t *found = json_array();
    for (size_t i = 0; i < json_array_size(array); i++)
        if (add_match(found, json_array_get(array, i), word)) {
            json_decref(found);
            return NULL;
        }
    return found;
}

json_t *catalog_search(json_t *array, const char *word, struct error *err)
{
    json_t *found = select_objects(array, word);
    json_decref(array);
    if (!found)
        error_memory(err, "the list");
    return found;
}

json_t *catalog_sort(json_t *array, const char *key, const char *const *groups, struct error *err)
{
    json_t *sorted = json_array();
    int status = status_of(!sorted);
    for (; *groups; groups++)
        for (size_t i = 0; i < json_array_size(array); i++) {
            json_t *object = json_array_get(array, i);
            const char *group = json_string_value(json_object_get(object, key));
            if (group && strcmp(group, *groups) == 0 && json_array_append(sorted, object))
                status = -1;
        }
    json_decref(array);
    if (!status)
        return sorted;
    json_decref(sorted);
    error_memory(err, "the list");
    return NULL;
}
