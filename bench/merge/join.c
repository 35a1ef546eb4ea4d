/* bench/merge/join.c - unites the lists of several runs, and compares items that two runs have. */
#include "bench/merge/join.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool join_is_same_folder(const char *one, const char *other)
{
    char real_one[PATH_MAX], real_other[PATH_MAX];
    return realpath(one, real_one) && realpath(other, real_other) && strcmp(real_one, real_other) == 0;
}

/* -- lists --------------------------------------------------------------------------------------------------------- */

int join_find(const struct store_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return i;
    return -1;
}

bool join_lists_are_equal(const struct store_list *one, const struct store_list *other)
{
    for (int i = 0; i < one->count && i < other->count; i++)
        if (strcmp(one->names[i], other->names[i]) != 0)
            return false;
    return one->count == other->count;
}

/* A copy of an array with room for one more element. NULL: no memory. */
static void *one_more(const void *array, int count, size_t size, struct arena *arena)
{
    char *copy = arena_alloc(arena, (size_t)count + 1, size);
    if (copy && count)
        memcpy(copy, array, (size_t)count * size);
    return copy;
}

int join_append_name(struct store_list *list, const char *name, int version, struct arena *arena, struct error *err)
{
    const char **names = one_more(list->names, list->count, sizeof *names, arena);
    int *versions = list->versions ? one_more(list->versions, list->count, sizeof *versions, arena) : NULL;
    const char *copy = arena_string(arena, name);
    if (!names || !copy || (list->versions && !versions))
        return error_memory(err, "the lists of the runs");
    names[list->count] = copy;
    if (versions)
        versions[list->count] = version;
    *list = (struct store_list){list->count + 1, names, versions};
    return 0;
}

int join_append_backbone(struct config *config, const struct config_backbone *entry, struct arena *arena,
                         struct error *err)
{
    struct config_backbone *list = one_more(config->backbones, config->backbone_count, sizeof *list, arena);
    if (!list)
        return error_memory(err, "the lists of the runs");
    list[config->backbone_count++] = *entry;
    config->backbones = list;
    return 0;
}

int join_append_method(struct config *config, const struct config_method *entry, struct arena *arena, struct error *err)
{
    struct config_method *list = one_more(config->methods, config->method_count, sizeof *list, arena);
    if (!list)
        return error_memory(err, "the lists of the runs");
    list[config->method_count++] = *entry;
    config->methods = list;
    return 0;
}

static bool has_plugin(const struct config *config, const char *path)
{
    for (int i = 0; i < config->plugin_count; i++)
        if (strcmp(config->plugins[i], path) == 0)
            return true;
    return false;
}

int join_append_plugins(struct config *config, const struct config *other, struct arena *arena, struct error *err)
{
    for (int i = 0; i < other->plugin_count; i++) {
        if (has_plugin(config, other->plugins[i]))
            continue;
        const char **list = one_more(config->plugins, config->plugin_count, sizeof *list, arena);
        if (!list)
            return error_memory(err, "the lists of the runs");
        list[config->plugin_count++] = other->plugins[i];
        config->plugins = list;
    }
    return 0;
}

int join_places(const struct store_list *whole, const struct store_list *own, struct arena *arena,
                struct store_places *places, struct error *err)
{
    int *positions = arena_alloc(arena, (size_t)whole->count + 1, sizeof *positions);
    if (!positions)
        return error_memory(err, "the lists of the runs");
    for (int i = 0; i < whole->count; i++)
        positions[i] = join_find(own, whole->names[i]);
    *places = (struct store_places){whole->count, positions};
    return 0;
}

/* -- a run's config ------------------------------------------------------------------------------------------------- */

static bool is_config_of(const struct config *config, const struct store_names *names)
{
    const struct store_list *lists = names->lists;
    if (config->backbone_count != lists[STORE_BACKBONES].count || config->method_count != lists[STORE_METHODS].count ||
        config->protocol_count != lists[STORE_PROTOCOLS].count || config->metric_count != lists[STORE_METRICS].count)
        return false;
    for (int b = 0; b < config->backbone_count; b++)
        if (strcmp(config->backbones[b].label, lists[STORE_BACKBONES].names[b]) != 0)
            return false;
    for (int m = 0; m < config->method_count; m++)
        if (strcmp(config->methods[m].label, lists[STORE_METHODS].names[m]) != 0)
            return false;
    return true;
}

int join_read_config(const char *folder, const struct store_names *names, struct arena *arena, struct config *config,
                     struct error *err)
{
    char path[PATH_MAX];
    if (file_join(path, folder, "config.yaml", err) || config_read(path, NULL, 0, arena, config, err))
        return -1;
    return is_config_of(config, names)
               ? 0
               : error_set(err, "run \"%s\": config.yaml is not the one that run.db was made with", folder);
}

const char *join_text(const struct store_text *texts, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].text;
    return NULL;
}

/* -- items that two runs have --------------------------------------------------------------------------------------- */

static bool is_same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool is_same_value(const struct store_value *one, const struct store_value *other)
{
    return is_same_text(one->undefined, other->undefined) && is_same_text(one->flag, other->flag) &&
           is_same_number(one->number, other->number);
}

static bool is_same_curve(const struct store_curve *one, const struct store_curve *other)
{
    const size_t bytes = (size_t)one->count * sizeof(double);
    return one->protocol == other->protocol && one->metric == other->metric && one->count == other->count &&
           memcmp(one->fraction, other->fraction, bytes) == 0 &&
           memcmp(one->probability, other->probability, bytes) == 0;
}

static bool are_same_curves(const struct store_curve *one, const struct store_curve *other)
{
    for (; one && other; one = one->next, other = other->next)
        if (!is_same_curve(one, other))
            return false;
    return one == other;
}

static bool differ(struct join_difference *difference, const char *what, const char *one, const char *other)
{
    snprintf(difference->what, sizeof difference->what, "%s", what);
    snprintf(difference->one, sizeof difference->one, "%s", one);
    snprintf(difference->other, sizeof difference->other, "%s", other);
    return true;
}

static const char *show(const struct store_value *value, char text[64])
{
    snprintf(text, 64, "%.17g", value->number);
    return value->undefined ? value->undefined : text;
}

static bool values_differ(const struct config *config, const struct store_value *one, const struct store_value *other,
                          struct join_difference *difference)
{
    char text_one[64], text_other[64], what[160];
    const struct metric *metric = config->metrics[one->metric].metric;
    if (one->protocol == other->protocol && one->metric == other->metric &&
        (metric->is_cost || is_same_value(one, other)))
        return false;
    snprintf(what, sizeof what, "%s (%s)", metric->name, config->protocols[one->protocol].name);
    return differ(difference, what, show(one, text_one), show(other, text_other));
}

static int by_cell(const struct store_value *one, const struct store_value *other)
{
    return one->protocol != other->protocol ? one->protocol - other->protocol : one->metric - other->metric;
}

/* Compares the values that both items have; they are sorted. */
static bool common_values_differ(const struct config *config, const struct store_item *one,
                                 const struct store_item *other, struct join_difference *difference)
{
    for (int i = 0, k = 0; i < one->value_count && k < other->value_count;) {
        const int order = by_cell(&one->values[i], &other->values[k]);
        if (order == 0 && values_differ(config, &one->values[i], &other->values[k], difference))
            return true;
        i += order <= 0;
        k += order >= 0;
    }
    return false;
}

bool join_items_differ(const struct config *config, const struct store_item *one, const struct store_item *other,
                       bool common_only, struct join_difference *difference)
{
    if (common_only)
        return common_values_differ(config, one, other, difference);
    if (one->value_count != other->value_count)
        return differ(difference, "the number of values", "one", "another");
    for (int i = 0; i < one->value_count; i++)
        if (values_differ(config, &one->values[i], &other->values[i], difference))
            return true;
    return !are_same_curves(one->curves, other->curves) && differ(difference, "a curve", "one", "another");
}
