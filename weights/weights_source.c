/* weights/weights_source.c - names of tensors without counters, wrappers and prefixes. */
#include "weights/weights_source.h"

#include "backbones/backbone.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define GROUP_LEAST 8 /* least number of tensors in a network */
#define GROUP_DEPTH 5 /* most modules around a network */

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Counters of batches and of averaged models; they are floats if all tensors were averaged or converted. */
static bool is_counter(const struct stored_tensor *tensor)
{
    return ends_with(tensor->name, "num_batches_tracked") || ends_with(tensor->name, "n_averaged");
}

/* Parts of names that parallel, compiled and sharded modules insert anywhere. */
static bool is_wrapper(const char *part, size_t length)
{
    static const char *const wrappers[] = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (strlen(wrappers[i]) == length && memcmp(wrappers[i], part, length) == 0)
            return true;
    return false;
}

static const char *without_wrappers(const char *name, struct arena *arena)
{
    char *out = arena_alloc(arena, strlen(name) + 1, 1), *end = out;
    for (const char *part = name; out && *part;) {
        const size_t length = strcspn(part, "."), whole = length + (part[length] == '.');
        if (part[length] != '.' || !is_wrapper(part, length)) {
            memcpy(end, part, whole);
            end += whole;
        }
        part += whole;
    }
    return out;
}

/* -- groups ------------------------------------------------------------------------------------------------------- */

static int count_beginning(const struct weights_source *source, const char *group, size_t length)
{
    int count = 0;
    for (int i = 0; i < source->all_count; i++)
        count += strncmp(source->all[i].name, group, length) == 0;
    return count;
}

static bool is_known(const struct weights_source *source, const char *group, size_t length)
{
    for (int i = 0; i < source->group_count; i++)
        if (strlen(source->groups[i]) == length && memcmp(source->groups[i], group, length) == 0)
            return true;
    return false;
}

/* The length of a name's first `depth` modules, with the dot; 0: it has fewer. */
static size_t beginning(const char *name, int depth)
{
    const char *at = name;
    for (int i = 0; i < depth; i++, at++)
        if (!(at = strchr(at, '.')))
            return 0;
    return (size_t)(at - name);
}

static int add_group(struct weights_source *source, const char *name, size_t length, struct error *err)
{
    char *group = arena_alloc(source->arena, length + 1, 1);
    if (!group)
        return error_memory(err, "the names of tensors");
    memcpy(group, name, length);
    source->groups[source->group_count++] = group;
    return 0;
}

/* Short prefixes come first: a teacher before the blocks of a student. */
static int add_groups(struct weights_source *source, struct error *err)
{
    for (int depth = 1; depth <= GROUP_DEPTH; depth++)
        for (int i = 0; i < source->all_count && source->group_count < SOURCE_GROUPS_MAX; i++) {
            const char *name = source->all[i].name;
            const size_t length = beginning(name, depth);
            if (!length || is_known(source, name, length))
                continue;
            const int count = count_beginning(source, name, length);
            if ((count >= GROUP_LEAST || count == source->all_count) && add_group(source, name, length, err))
                return -1;
        }
    return 0;
}

int source_collect(struct weights_source *source, struct error *err)
{
    const struct tensor_file *file = source->file;
    const size_t count = (size_t)file->tensor_count + 1;
    source->all = arena_alloc(source->arena, count, sizeof *source->all);
    source->tensors = arena_alloc(source->arena, count, sizeof *source->tensors);
    source->left = arena_alloc(source->arena, count, sizeof *source->left);
    if (!source->all || !source->tensors || !source->left)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < file->tensor_count; i++) {
        if (is_counter(&file->tensors[i]))
            continue;
        const char *name = without_wrappers(file->tensors[i].name, source->arena);
        if (!name)
            return error_memory(err, "the names of tensors");
        source->all[source->all_count++] = (struct source_tensor){name, &file->tensors[i]};
    }
    source->groups[source->group_count++] = "";
    return add_groups(source, err);
}

/* -- the tensors of a group --------------------------------------------------------------------------------------- */

static int check_unique(const struct weights_source *source, struct error *err)
{
    char shown[128];
    for (int i = 0; i < source->count; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(source->tensors[i].name, source->tensors[j].name) == 0)
                return error_set(err, "tensor \"%s\" appears twice",
                                 text_printable(source->tensors[i].name, shown, sizeof shown));
    return 0;
}

int source_choose(struct weights_source *source, const char *group, struct error *err)
{
    const size_t length = strlen(group);
    source->group = group;
    source->count = source->left_count = 0;
    source->blocks = (struct naming_blocks){0};
    for (int i = 0; i < source->all_count; i++) {
        struct source_tensor tensor = source->all[i];
        if (strncmp(tensor.name, group, length) != 0) {
            source->left[source->left_count++] = tensor;
            continue;
        }
        tensor.name += length;
        if (backbone_ignores(tensor.name))
            continue;
        source->tensors[source->count++] = tensor;
        naming_see(&source->blocks, tensor.name);
    }
    return check_unique(source, err);
}

static int take_shape(const struct stored_tensor *tensor, const char *name, enum naming_kind kind,
                      struct weight *weight, struct error *err)
{
    char shown[128];
    int64_t rest = 1;
    text_printable(name, shown, sizeof shown);
    if (strlen(name) >= SOURCE_NAME_MAX)
        return error_set(err, "tensor \"%.100s...\": the name is too long", shown);
    if (tensor->rank > 4)
        return error_set(err, "tensor \"%s\" has %d dimensions, a network's tensors have 1 to 4", shown, tensor->rank);
    weight->rank = kind == NAMING_FLAT && tensor->rank > 2 ? 2 : tensor->rank;
    for (int d = 0; d < tensor->rank; d++) {
        rest = d < weight->rank ? tensor->dim[d] : rest * tensor->dim[d];
        if (tensor->dim[d] > INT_MAX || rest > INT_MAX)
            return error_set(err, "tensor \"%s\" has %lld as one of its sides", shown, (long long)rest);
        weight->dim[d < weight->rank ? d : 1] = (int)rest;
    }
    if (kind == NAMING_CHANNELS && tensor->rank == 1) {
        weight->rank = 3;
        weight->dim[1] = weight->dim[2] = 1;
    }
    return 0;
}

int source_name(const struct weights_source *source, const struct naming *naming, struct named_weights *named,
                struct error *err)
{
    char name[2 * SOURCE_NAME_MAX];
    *named = (struct named_weights){
        .naming = naming,
        .weights = {source->count, arena_alloc(source->arena, (size_t)source->count + 1, sizeof(struct weight))}};
    if (!named->weights.list)
        return error_memory(err, "the names of tensors");
    for (int i = 0; i < source->count; i++) {
        struct weight *weight = &named->weights.list[i];
        const struct naming_rule *rule =
            naming_apply(naming, &source->blocks, source->tensors[i].name, name, sizeof name);
        if (take_shape(source->tensors[i].stored, name, rule ? rule->kind : NAMING_MODULE, weight, err))
            return -1;
        weight->name = arena_string(source->arena, name);
        if (!weight->name)
            return error_memory(err, "the names of tensors");
    }
    return 0;
}

int source_weight(const struct stored_tensor *tensor, const char *name, struct weight *weight, struct error *err)
{
    if (take_shape(tensor, name, NAMING_MODULE, weight, err))
        return -1;
    weight->name = name;
    return 0;
}
