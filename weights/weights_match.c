/* weights/weights_match.c - finds the network that fits, or the nearest one, by names, heads and widths. */
#include "weights/weights_match.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 224 /* side of the input: shapes of weights do not depend on it */
#define CLASSES 1000
#define WIDTH_MAX 4
#define NEAR 0.3 /* least share of names and shapes: with less it is another kind of network */

/* -- names of a set of tensors ------------------------------------------------------------------------------------ */

/* Positions of weights by name: open addressing, at most half full. */
struct index {
    const struct weights *weights;
    int *place; /* (mask + 1); -1: free */
    uint32_t mask;
};

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static int index_make(struct index *index, const struct weights *weights, struct arena *arena, struct error *err)
{
    uint32_t size = 16;
    while (size < 2 * (uint32_t)weights->count)
        size *= 2;
    *index = (struct index){weights, arena_alloc(arena, size, sizeof *index->place), size - 1};
    if (!index->place)
        return error_memory(err, "the names of tensors");
    for (uint32_t i = 0; i < size; i++)
        index->place[i] = -1;
    for (int i = 0; i < weights->count; i++) {
        uint32_t at = hash_of(weights->list[i].name) & index->mask;
        while (index->place[at] >= 0)
            at = (at + 1) & index->mask;
        index->place[at] = i;
    }
    return 0;
}

static bool index_has(const struct index *index, const char *name)
{
    for (uint32_t at = hash_of(name) & index->mask; index->place[at] >= 0; at = (at + 1) & index->mask)
        if (strcmp(index->weights->list[index->place[at]].name, name) == 0)
            return true;
    return false;
}

/* -- networks ----------------------------------------------------------------------------------------------------- */

#define NETWORKS_MAX 128

/* The tensors of a network with 1000 classes and width 1. */
struct network_names {
    const char *arch;
    int count;
    struct parameter *list;
};

struct matcher {
    struct source *source;
    const char *arch; /* NULL: any */
    int count;
    struct network_names networks[NETWORKS_MAX];
    struct named named[NAMING_COUNT];
};

static int count_known(const struct network_names *network, const struct index *index)
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
    struct graph *graph =
        variant ? backbone_graph(arch, &(struct backbone_options){CLASSES, 1, SIDE, SIDE, TRANSFORM_USUAL}, err) : NULL;
    if (!graph)
        return -1;
    const int count = graph_parameter_count(graph);
    struct parameter *list = arena_alloc(matcher->source->arena, (size_t)count + 1, sizeof *list);
    if (list)
        graph_parameters(graph, list);
    graph_free(graph);
    matcher->networks[matcher->count++] = (struct network_names){variant->name, count, list};
    return list ? 0 : error_memory(err, "the names of networks");
}

static int add_networks(struct matcher *matcher, struct error *err)
{
    if (matcher->arch)
        return add_network(matcher, matcher->arch, err);
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++)
            if (add_network(matcher, variant->name, err))
                return -1;
    return 0;
}

static int name_group(struct matcher *matcher, const char *group, struct error *err)
{
    if (source_choose(matcher->source, group, err))
        return -1;
    for (int i = 0; i < NAMING_COUNT; i++)
        if (source_name(matcher->source, &namings[i], &matcher->named[i], err))
            return -1;
    return 0;
}

/* The share of names that a network and the tensors have in common, under the naming that gives most of them. */
static int likeness(const struct matcher *matcher, int network, const struct index *indices, double *share, int *naming)
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

static int index_names(const struct matcher *matcher, struct index indices[NAMING_COUNT], struct error *err)
{
    for (int i = 0; i < NAMING_COUNT; i++)
        if (index_make(&indices[i], &matcher->named[i].weights, matcher->source->arena, err))
            return -1;
    return 0;
}

/* -- the group ---------------------------------------------------------------------------------------------------- */

/* Averaged copies and teachers come after trained weights. */
static bool is_copy(const char *group)
{
    static const char *const words[] = {"ema",    "teacher", "momentum",  "target",
                                        "averag", "swa",     "encoder_k", "key_encoder"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(group, words[i]))
            return true;
    return false;
}

static int best_share(struct matcher *matcher, const char *group, double *best, struct error *err)
{
    struct index indices[NAMING_COUNT];
    struct error unused;
    *best = 0;
    const struct arena_mark mark = arena_mark(matcher->source->arena);
    if (name_group(matcher, group, &unused)) /* another group may still be fine */
        return 0;
    if (index_names(matcher, indices, err))
        return -1;
    for (int n = 0; n < matcher->count; n++) {
        double share;
        int naming;
        likeness(matcher, n, indices, &share, &naming);
        *best = share > *best ? share : *best;
    }
    arena_rewind(matcher->source->arena, mark);
    return 0;
}

static bool begins_with_key(const char *group, const char *key)
{
    const size_t length = key ? strlen(key) : 0;
    return !key || (strncmp(group, key, length) == 0 && (group[length] == '.' || key[length - 1] == '.'));
}

/* The longest prefix of all names. */
static const char *shared_group(const struct source *source, const char *key)
{
    const char *shared = NULL;
    for (int i = 0; i < source->group_count; i++) {
        const char *group = source->groups[i];
        int count = 0;
        for (int k = 0; k < source->all_count; k++)
            count += strncmp(source->all[k].name, group, strlen(group)) == 0;
        if (begins_with_key(group, key) && (!shared || (count == source->all_count && strlen(group) > strlen(shared))))
            shared = group;
    }
    return shared;
}

static int choose_group(struct matcher *matcher, const char *key, struct fit *fit, struct error *err)
{
    struct source *source = matcher->source;
    const char *best = shared_group(source, key);
    double most = 0;
    if (!best)
        return error_set(err, "there are no tensors under \"%s\"", key);
    for (int i = 0; i < source->group_count; i++) {
        double share;
        const char *group = source->groups[i];
        if (!begins_with_key(group, key))
            continue;
        if (best_share(matcher, group, &share, err))
            return -1;
        const bool is_better = share > most + 1e-6 || (share > most - 1e-6 && is_copy(best) && !is_copy(group));
        if (share > 0.9 && share > most - 1e-6 && most > 0.9)
            fit->twin = is_better ? best : group;
        else if (is_better)
            fit->twin = NULL;
        if (share > 0.5 && is_better) {
            best = group;
            most = share;
        }
    }
    return name_group(matcher, best, err);
}

/* -- classes, head, width ----------------------------------------------------------------------------------------- */

static const struct weight *find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

/* The position of the last matrix or kernel of a network: its rows are logits. */
static int last_layer(const struct network_names *network)
{
    int i = network->count - 1;
    while (i > 0 && network->list[i].rank < 2)
        i--;
    return i;
}

static bool has_parameter(const struct network_names *network, const char *name)
{
    for (int i = 0; i < network->count; i++)
        if (strcmp(network->list[i].name, name) == 0)
            return true;
    return false;
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
        if (!has_parameter(network, weights->list[i].name) && count++ < 2)
            pair[count - 1] = i;
    return count == 2;
}

/* Finds the only layer among the tensors outside the group. */
static bool find_left_pair(const struct source *source, struct weight found[2], const struct stored_tensor *stored[2])
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
    snprintf(weight->name, sizeof weight->name, "%s", network->list[last].name);
    snprintf(bias->name, sizeof bias->name, "%s", network->list[last + 1].name);
}

/*
 * If only the head is missing and there is one layer with another name ("fc.1" after a dropout, "head.fc" beside a
 * backbone), that layer is the head. Its shapes are checked like all others.
 */
static int take_head(struct source *source, const struct network_names *network, struct fit *fit, struct error *err)
{
    const struct weights *old = &fit->weights;
    const int last = last_layer(network);
    int pair[2];
    struct weight found[2];
    const struct stored_tensor *stored[2];
    if (fit->known != network->count - 2 || last + 2 != network->count || find(old, network->list[last].name) ||
        find(old, network->list[last + 1].name))
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

/* The last matrix or kernel gives a logit for each class. */
static int find_classes(const struct network_names *network, const struct weights *weights)
{
    const struct weight *weight = find(weights, network->list[last_layer(network)].name);
    return weight && weight->rank > 0 ? weight->dim[0] : CLASSES;
}

/* Whether a network fits. No memory is not a misfit: it goes to `lost`, which then holds for all further answers. */
static bool fits(const char *arch, const struct backbone_options *options, const struct weights *weights,
                 struct error *lost)
{
    struct error why;
    struct graph *graph = backbone_graph(arch, options, &why);
    const bool is_fit = graph && network_check_weights(graph, weights, &why) == 0;
    graph_free(graph);
    if (!is_fit && why.is_system)
        *lost = why;
    return is_fit;
}

/* Compares by the first side that differs: -1: the network of this width is narrower than the file's; 1: wider. */
static int compare_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                         struct error *lost)
{
    struct error why;
    struct graph *graph = backbone_graph(arch, options, &why);
    if (!graph && why.is_system)
        *lost = why;
    int order = 0;
    for (int i = 0; graph && !order && i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        const struct weight *weight = find(weights, parameter.name);
        for (int d = 0; weight && !order && d < parameter.rank && d < weight->rank; d++)
            order = (parameter.dim[d] > weight->dim[d]) - (parameter.dim[d] < weight->dim[d]);
    }
    graph_free(graph);
    return order;
}

/* The least width, of i / steps, that is not too narrow. Sides never shrink as the width grows. */
static double least_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                          int steps, struct error *lost)
{
    struct backbone_options tried = *options;
    int low = 1, high = WIDTH_MAX * steps;
    while (low < high) {
        const int middle = (low + high) / 2;
        tried.width = (double)middle / steps;
        if (compare_width(arch, &tried, weights, lost) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)low / steps;
}

/*
 * Returns the roundest multiplier that gives the shapes of the present tensors; 1 if none does, and for networks
 * without one.
 */
static double find_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                         struct error *lost)
{
    static const int steps[] = {1, 4, 8, 20, 16, 3, 100, 1000}; /* VGG's 4096 channels tell 0.002 apart */
    const struct backbone_family *family;
    struct backbone_options tried = *options;
    struct error unused;
    double near = -1;
    if (!backbone_find(arch, &family, &unused) || !family->has_width || fits(arch, options, weights, lost))
        return 1;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        tried.width = least_width(arch, options, weights, steps[s], lost);
        if (fits(arch, &tried, weights, lost))
            return tried.width;
        if (near < 0 && compare_width(arch, &tried, weights, lost) == 0)
            near = tried.width;
    }
    return near < 0 || compare_width(arch, options, weights, lost) == 0 ? 1 : near;
}

/* -- the network -------------------------------------------------------------------------------------------------- */

static int make_fit(struct matcher *matcher, int network, const struct index *indices, struct fit *fit,
                    struct error *err)
{
    double share;
    int naming;
    const struct network_names *names = &matcher->networks[network];
    const char *twin = fit->twin;
    *fit = (struct fit){.arch = names->arch, .twin = twin};
    fit->known = likeness(matcher, network, indices, &share, &naming);
    fit->naming = &namings[naming];
    fit->weights = matcher->named[naming].weights;
    if (take_head(matcher->source, names, fit, err))
        return -1;
    fit->options = (struct backbone_options){find_classes(names, &fit->weights), 1, SIDE, SIDE, TRANSFORM_USUAL};
    return 0;
}

/* Whether names and shapes are exactly those of the network, at any width. */
static bool is_exact(struct fit *fit, const struct network_names *network, struct error *lost)
{
    if (fit->weights.count != network->count || fit->known + (fit->head[0] ? 2 : 0) != fit->weights.count)
        return false;
    fit->options.width = find_width(fit->arch, &fit->options, &fit->weights, lost);
    return fits(fit->arch, &fit->options, &fit->weights, lost);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t shape_key(int rank, const int *dim)
{
    uint64_t key = (uint64_t)rank;
    for (int d = 0; d < rank; d++)
        key = key * 1000003 + (uint64_t)dim[d];
    return key;
}

/* The share of shapes that a network and the tensors have in common, under any names. */
static double shape_likeness(const struct network_names *network, const struct weights *weights, struct arena *arena)
{
    const size_t n = (size_t)network->count, m = (size_t)weights->count;
    uint64_t *a = arena_alloc(arena, n + 1, sizeof *a), *b = arena_alloc(arena, m + 1, sizeof *b);
    size_t common = 0;
    for (size_t i = 0; a && i < n; i++)
        a[i] = shape_key(network->list[i].rank, network->list[i].dim);
    for (size_t i = 0; b && i < m; i++)
        b[i] = shape_key(weights->list[i].rank, weights->list[i].dim);
    if (!a || !b)
        return 0;
    qsort(a, n, sizeof *a, compare_numbers);
    qsort(b, m, sizeof *b, compare_numbers);
    for (size_t i = 0, k = 0; i < n && k < m;)
        if (a[i] == b[k]) {
            common++, i++, k++;
        } else if (a[i] < b[k])
            i++;
        else
            k++;
    return 2.0 * (double)common / (double)(n + m + 1);
}

static const char *shape_text(const struct weight *weight, char out[64])
{
    int used = 0;
    for (int d = 0; d < weight->rank; d++)
        used += snprintf(out + used, 64 - (size_t)used, "%s%d", d ? "," : "(", weight->dim[d]);
    snprintf(out + used, 64 - (size_t)used, "%s", weight->rank ? ")" : "()");
    return out;
}

/* Adds the first tensor that the network does not have, unless the sentence already names it. */
static void add_unexpected(const struct network_names *network, const struct weights *weights, struct error *err)
{
    const struct error why = *err;
    char shown[128], shape[64];
    for (int i = 0; i < weights->count; i++) {
        const char *name = weights->list[i].name;
        if (has_parameter(network, name))
            continue;
        if (!strstr(why.text, name))
            error_set(err, "%s; the first that it does not have: \"%s\" %s", why.text,
                      text_printable(name, shown, sizeof shown), shape_text(&weights->list[i], shape));
        return;
    }
}

/* Writes why the tensors are not the network's. */
static int explain_misfit(const struct network_names *network, struct fit *fit, struct error *err)
{
    struct error lost = {0};
    fit->options.width = find_width(fit->arch, &fit->options, &fit->weights, &lost);
    if (lost.is_system) {
        *err = lost;
        return -1;
    }
    struct graph *graph = backbone_graph(fit->arch, &fit->options, err);
    const int status = graph ? network_check_weights(graph, &fit->weights, err) : -1;
    if (status && graph)
        add_unexpected(network, &fit->weights, err);
    graph_free(graph);
    return status ? error_prefix(err, "do not fit %s: ", fit->arch) : 0;
}

/* Finds the nearest network by names and shapes; there may be none. */
static int refuse_all(struct matcher *matcher, const struct index *indices, struct error *err)
{
    double most = 0;
    int nearest = 0;
    for (int n = 0; n < matcher->count; n++) {
        double share;
        int naming;
        likeness(matcher, n, indices, &share, &naming);
        share += shape_likeness(&matcher->networks[n], &matcher->named[naming].weights, matcher->source->arena);
        if (share > most) {
            most = share;
            nearest = n;
        }
    }
    struct fit fit = {0};
    struct error why;
    const struct weights *weights = &matcher->named[0].weights;
    char shown[128], shape[64];
    if (most > 2 * NEAR) {
        if (make_fit(matcher, nearest, indices, &fit, err))
            return -1;
        if (explain_misfit(&matcher->networks[nearest], &fit, &why))
            return error_set(err, "do not fit any network here; the nearest: they %s", why.text);
    }
    if (!weights->count)
        return error_set(err, "do not fit any network here: there are no tensors");
    return error_set(err, "do not fit any network here, and are not similar to one: %d tensors, the first \"%s\" %s",
                     weights->count, text_printable(weights->list[0].name, shown, sizeof shown),
                     shape_text(&weights->list[0], shape));
}

/* Finds the only network that fits exactly; networks without a width multiplier come first. */
static int match_any(struct matcher *matcher, const struct index *indices, struct fit *best, struct error *err)
{
    bool has_fit = false;
    for (int n = 0; n < matcher->count; n++) {
        struct fit fit = {.twin = best->twin};
        if (make_fit(matcher, n, indices, &fit, err))
            return -1;
        struct error lost = {0};
        const bool is_fit = is_exact(&fit, &matcher->networks[n], &lost);
        if (lost.is_system) {
            *err = lost;
            return -1;
        }
        if (!is_fit)
            continue;
        if (has_fit && best->options.width == 1 && fit.options.width == 1)
            return error_set(err, "fit both %s and %s: say which with --arch", best->arch, fit.arch);
        if (!has_fit || best->options.width != 1)
            *best = fit;
        has_fit = true;
    }
    return has_fit ? 0 : refuse_all(matcher, indices, err);
}

static int match(struct matcher *matcher, const char *key, struct fit *fit, struct error *err)
{
    struct index indices[NAMING_COUNT];
    if (add_networks(matcher, err) || source_collect(matcher->source, err) || choose_group(matcher, key, fit, err) ||
        index_names(matcher, indices, err))
        return -1;
    if (!matcher->arch)
        return match_any(matcher, indices, fit, err);
    return make_fit(matcher, 0, indices, fit, err) || explain_misfit(&matcher->networks[0], fit, err) ? -1 : 0;
}

int weights_match(struct source *source, const char *arch, const char *key, struct fit *fit, struct error *err)
{
    struct matcher matcher = {.source = source, .arch = arch};
    *fit = (struct fit){0};
    const int status = match(&matcher, key, fit, err);
    source->named_count = source->count;
    source->count = status ? source->count : fit->weights.count;
    return status;
}
