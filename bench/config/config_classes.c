/* bench/config/config_classes.c - the explained class of a config's protocols. */
#include "bench/config/config_classes.h"

#include "bench/config/config_lists.h"

#include <string.h>

#define TOP_MAX 100

/* Entry i of the config's protocols; NULL: the config names none. */
static const struct yaml *entry_of(const struct yaml *root, int i)
{
    const struct yaml *entry = yaml_get(root, "protocol");
    if (!entry || entry->kind != YAML_LIST)
        return entry;
    entry = entry->first;
    while (i--)
        entry = entry->next;
    return entry;
}

static bool has_key(const struct yaml *entry, const char *key)
{
    return entry && entry->kind == YAML_MAPPING && yaml_get(entry, key);
}

/* Sets the class, and the label: one that the entry gives is kept and followed by the rank, another is made from the keys. */
static int set_class(struct protocol *protocol, const char *klass, bool is_rank, bool has_label, struct arena *arena,
                     struct error *err)
{
    protocol->klass = klass;
    if (!has_label)
        protocol->name = config_protocol_label(protocol, arena);
    else if (is_rank)
        protocol->name = arena_format(arena, "%s %s", protocol->name, klass);
    return protocol->name ? 0 : error_memory(err, "the config");
}

static int apply_default(struct config *config, const struct yaml *root, struct arena *arena, struct error *err)
{
    for (int i = 0; config->klass && i < config->protocol_count; i++) {
        const struct yaml *entry = entry_of(root, i);
        if (!has_key(entry, "class") &&
            set_class(&config->protocols[i], config->klass, false, has_key(entry, "label"), arena, err))
            return -1;
    }
    return 0;
}

/* The place that an error about protocol i names. */
static const struct yaml *place_of(const struct yaml *root, int i)
{
    const struct yaml *entry = entry_of(root, i);
    const struct yaml *klass = has_key(entry, "class") ? yaml_get(entry, "class") : yaml_get(root, "class");
    return klass ? klass : entry;
}

static int expanded_count(const struct config *config, const struct yaml *root, int *count, struct error *err)
{
    *count = 0;
    for (int i = 0; i < config->protocol_count; i++) {
        int number;
        const bool is_top = protocol_class(config->protocols[i].klass, &number) == PROTOCOL_CLASS_TOP;
        if (is_top && number > TOP_MAX)
            return yaml_error(place_of(root, i), err, "class is \"%s\"; allowed: top:1 to top:%d",
                              config->protocols[i].klass, TOP_MAX);
        *count += is_top ? number : 1;
    }
    return 0;
}

static int check_labels(const struct protocol *list, int count, const struct yaml *place, struct error *err)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(list[i].name, list[k].name) == 0)
                return yaml_error(place, err, "\"%s\" is given twice in protocol; give one a label", list[i].name);
    return 0;
}

static int expand(struct config *config, const struct yaml *root, int count, struct arena *arena, struct error *err)
{
    struct protocol *list = arena_alloc(arena, (size_t)count, sizeof *list), *next = list;
    if (!list)
        return error_memory(err, "the config");
    for (int i = 0; i < config->protocol_count; i++) {
        const struct protocol *protocol = &config->protocols[i];
        int number;
        if (protocol_class(protocol->klass, &number) != PROTOCOL_CLASS_TOP) {
            *next++ = *protocol;
            continue;
        }
        for (int rank = 1; rank <= number; rank++) {
            const char *klass = arena_format(arena, "rank:%d", rank);
            *next = *protocol;
            if (!klass)
                return error_memory(err, "the config");
            if (set_class(next++, klass, true, has_key(entry_of(root, i), "label"), arena, err))
                return -1;
        }
    }
    config->protocols = list;
    config->protocol_count = count;
    return check_labels(list, count, yaml_get(root, "protocol") ? yaml_get(root, "protocol") : root, err);
}

int config_apply_classes(struct config *config, const struct yaml *root, struct arena *arena, struct error *err)
{
    int count;
    if (apply_default(config, root, arena, err) || expanded_count(config, root, &count, err))
        return -1;
    return expand(config, root, count, arena, err);
}
