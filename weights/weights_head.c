/* weights/weights_head.c - finds the last layer of a network, also under another name. */
#include "weights/weights_matcher.h"

#include <stdio.h>
#include <string.h>

/* The position of the last matrix or kernel of a network: its rows are logits. */
static int last_layer(const struct network_names *network)
{
    int i = network->count - 1;
    while (i > 0 && network->list[i].rank < 2)
        i--;
    return i;
}

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* Finds the layer "fc.1" of "fc.1.weight" and "fc.1.bias", which must have the same number of outputs. */
static bool is_layer(const struct weight *weight, const struct weight *bias)
{
    const size_t stem = strlen(weight->name) - strlen("weight");
    return ends_with(weight->name, ".weight") && ends_with(bias->name, ".bias") && weight->rank >= 2 &&
           bias->rank == 1 && weight->dim[0] == bias->dim[0] && strlen(bias->name) == stem + 4 &&
           strncmp(weight->name, bias->name, stem) == 0;
}

/* Finds the positions of the two tensors that the network does not have; false: there are more or fewer. */
static bool find_unexpected_pair(const struct network_names *network, const struct weights *weights, int pair[2])
{
    int count = 0;
    for (int i = 0; i < weights->count; i++)
        if (!matcher_has_parameter(network, weights->list[i].name) && count++ < 2)
            pair[count - 1] = i;
    return count == 2;
}

/* Finds the only layer among the tensors outside the group. */
static bool find_left_pair(const struct weights_source *source, struct weight found[2],
                           const struct stored_tensor *stored[2])
{
    int count = 0;
    struct error unused;
    for (int i = 0; i + 1 < source->left_count; i++) {
        struct weight pair[2] = {0};
        if (source_weight(source->left[i].stored, source->left[i].name, &pair[0], &unused) ||
            source_weight(source->left[i + 1].stored, source->left[i + 1].name, &pair[1], &unused) ||
            !is_layer(&pair[0], &pair[1]) || count++ > 0)
            continue;
        memcpy(found, pair, sizeof pair);
        stored[0] = source->left[i].stored;
        stored[1] = source->left[i + 1].stored;
    }
    return count == 1;
}

static void name_head(struct fit *fit, const struct network_names *network, struct weight *weight, struct weight *bias)
{
    const int last = last_layer(network);
    snprintf(fit->head, sizeof fit->head, "%.*s", (int)(strlen(weight->name) - strlen(".weight")), weight->name);
    weight->name = network->list[last].name;
    bias->name = network->list[last + 1].name;
}

int matcher_take_head(struct weights_source *source, const struct network_names *network, struct fit *fit,
                      struct error *err)
{
    const struct weights *old = &fit->weights;
    const int last = last_layer(network);
    int pair[2];
    struct weight found[2];
    const struct stored_tensor *stored[2];
    if (fit->known != network->count - 2 || last + 2 != network->count || matcher_find(old, network->list[last].name) ||
        matcher_find(old, network->list[last + 1].name))
        return 0;
    struct weights more = {old->count, arena_alloc(source->arena, (size_t)old->count + 2, sizeof *more.list)};
    if (!more.list)
        return error_memory(err, "the names of tensors");
    memcpy(more.list, old->list, (size_t)old->count * sizeof *more.list);
    if (find_unexpected_pair(network, old, pair) && is_layer(&more.list[pair[0]], &more.list[pair[1]])) {
        name_head(fit, network, &more.list[pair[0]], &more.list[pair[1]]);
        fit->weights = more;
    } else if (old->count == fit->known && find_left_pair(source, found, stored)) {
        for (int k = 0; k < 2; k++) {
            more.list[more.count + k] = found[k];
            source->tensors[source->count + k].stored =
                stored[k]; /* room for all; counted when the network is chosen */
        }
        name_head(fit, network, &more.list[more.count], &more.list[more.count + 1]);
        more.count += 2;
        fit->weights = more;
    }
    return 0;
}

int matcher_find_classes(const struct network_names *network, const struct weights *weights)
{
    const struct weight *weight = matcher_find(weights, network->list[last_layer(network)].name);
    return weight && weight->rank > 0 ? weight->dim[0] : MATCHER_CLASSES;
}
