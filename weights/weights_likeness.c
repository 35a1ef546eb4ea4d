/* weights/weights_likeness.c - the names of tensors and of all networks, and how alike they are. */
#include "weights/weights_matcher.h"

#include <string.h>

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static int index_make(struct name_index *index, const struct weights *weights, struct arena *arena, struct error *err)
{
    uint32_t size = 16;
    while (size < 2 * (uint32_t)weights->count)
        size *= 2;
    *index = (struct name_index){weights, arena_alloc(arena, size, sizeof *index->slots), size - 1};
    if (!index->slots)
        return error_memory(err, "the names of tensors");
    for (uint32_t i = 0; i < size; i++)
        index->slots[i] = -1;
    for (int i = 0; i < weights->count; i++) {
        uint32_t at = hash_of(weights->list[i].name) & index->mask;
        while (index->slots[at] >= 0)
            at = (at + 1) & index->mask;
        index->slots[at] = i;
    }
    return 0;
}

static bool index_has(const struct name_index *index, const char *name)
{
    for (uint32_t at = hash_of(name) & index->mask; index->slots[at] >= 0; at = (at + 1) & index->mask)
        if (strcmp(index->weights->list[index->slots[at]].name, name) == 0)
            return true;
    return false;
}

static int count_known(const struct network_names *network, const struct name_index *index)
{
    int known = 0;
    for (int i = 0; i < network->count; i++)
        known += index_has(index, network->list[i].name);
    return known;
}

static int add_network(struct matcher *matcher, const char *arch, struct error *err)
{
    if (matcher->count == NETWORKS_MAX)
        return error_set(err, "there are more than %d networks", NETWORKS_MAX);
    const struct backbone_family *family;
    const struct backbone_variant *variant = backbone_find(arch, &family, err);
    struct graph *graph = variant ? backbone_graph(arch,
                                                   &(struct backbone_options){.classes = MATCHER_CLASSES,
                                                                              .width = 1,
                                                                              .height = MATCHER_SIDE,
                                                                              .width_px = MATCHER_SIDE},
                                                   err)
                                  : NULL;
    if (!graph)
        return -1;
    const int count = graph_parameter_count(graph);
    struct parameter *list = arena_alloc(matcher->source->arena, (size_t)count + 1, sizeof *list);
    if (list)
        graph_parameters(graph, list);
    bool has_memory = list != NULL;
    for (int i = 0; i < count && has_memory; i++) { /* the graph's own names end with it */
        list[i].name = arena_string(matcher->source->arena, list[i].name);
        has_memory = list[i].name != NULL;
    }
    graph_free(graph);
    matcher->networks[matcher->count++] =
        (struct network_names){variant->name, variant->is_timm, family->has_stem, has_memory ? count : 0, list};
    return has_memory ? 0 : error_memory(err, "the names of networks");
}

int matcher_add_networks(struct matcher *matcher, struct error *err)
{
    if (matcher->arch)
        return add_network(matcher, matcher->arch, err);
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++)
            if (add_network(matcher, variant->name, err))
                return -1;
    return 0;
}

int matcher_name_group(struct matcher *matcher, const char *group, struct error *err)
{
    if (source_choose(matcher->source, group, err))
        return -1;
    for (int i = 0; i < NAMING_COUNT; i++)
        if (source_name(matcher->source, &namings[i], &matcher->named[i], err))
            return -1;
    return 0;
}

int matcher_likeness(const struct matcher *matcher, int network, const struct name_index *indices, double *share,
                     int *naming)
{
    const struct network_names *names = &matcher->networks[network];
    int most = -1;
    for (int i = 0; i < NAMING_COUNT; i++) {
        const int known = count_known(names, &indices[i]);
        if (known > most) {
            most = known;
            *naming = i;
        }
    }
    *share = 2.0 * most / (names->count + matcher->source->count + 1e-9);
    return most;
}

int matcher_index_names(const struct matcher *matcher, struct name_index indices[NAMING_COUNT], struct error *err)
{
    for (int i = 0; i < NAMING_COUNT; i++)
        if (index_make(&indices[i], &matcher->named[i].weights, matcher->source->arena, err))
            return -1;
    return 0;
}

const struct weight *matcher_find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

bool matcher_has_parameter(const struct network_names *network, const char *name)
{
    for (int i = 0; i < network->count; i++)
        if (strcmp(network->list[i].name, name) == 0)
            return true;
    return false;
}
