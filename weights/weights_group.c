/* weights/weights_group.c - chooses among groups of tensors: a model beside its averaged copy, its optimizer, its teacher. */
#include "weights/weights_matcher.h"

#include <string.h>

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
    struct name_index indices[NAMING_COUNT];
    struct error unused;
    *best = 0;
    const struct arena_mark mark = arena_mark(matcher->source->arena);
    if (matcher_name_group(matcher, group, &unused)) /* another group may still be fine */
        return 0;
    if (matcher_index_names(matcher, indices, err))
        return -1;
    for (int n = 0; n < matcher->count; n++) {
        double share;
        int naming;
        matcher_likeness(matcher, n, indices, &share, &naming);
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
static const char *shared_group(const struct weights_source *source, const char *key)
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

int matcher_choose_group(struct matcher *matcher, const char *key, struct fit *fit, struct error *err)
{
    struct weights_source *source = matcher->source;
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
    return matcher_name_group(matcher, best, err);
}
