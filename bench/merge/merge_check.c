/* bench/merge/merge_check.c - checks that runs agree in everything on which numbers depend. */
#include "bench/merge/merge_state.h"

#include "bench/merge/join.h"
#include "bench/run/conditions.h"
#include "bench/run/identity.h"
#include "bench/run/manifest.h"
#include "bench/run/paper_numbers.h"

#include <string.h>

/* The lists that runs may have different entries of. */
static const struct joined_list {
    enum store_list_kind kind;
    const char *word; /* in messages */
} joined_lists[] = {{STORE_BACKBONES, "backbone"}, {STORE_METHODS, "method"}};

enum { JOINED_LISTS = sizeof joined_lists / sizeof *joined_lists };

/* Whether a text belongs to a backbone or method that the runs before do not have. */
static bool is_of_a_new_one(const struct merge_state *state, const struct store_names *names, const char *key)
{
    for (int l = 0; l < JOINED_LISTS; l++) {
        const enum store_list_kind kind = joined_lists[l].kind;
        for (int i = 0; i < names->lists[kind].count; i++)
            if (conditions_are_of(key, kind, names->lists[kind].names[i]))
                return join_find(&state->merge->names.lists[kind], names->lists[kind].names[i]) < 0;
    }
    return false;
}

/* Compares the conditions (bench/run/conditions.h) of what a run has in common with the runs before. */
static int compare_texts(const struct merge_state *state, const char *folder, const struct store_names *names,
                         const struct store_text *texts, int count, struct error *err)
{
    const char *first = state->first;
    for (int i = 0; i < count; i++) {
        const char *other = join_text(state->texts, state->text_count, texts[i].key);
        struct identity_difference difference;
        if (other ? strcmp(other, texts[i].text) == 0 : is_of_a_new_one(state, names, texts[i].key))
            continue;
        if (other && conditions_differ(texts[i].key, other, texts[i].text, &difference))
            return error_set(err,
                             "runs \"%s\" and \"%s\" differ in their configs: %s is \"%s\" in one, \"%s\" in the other",
                             first, folder, difference.where, difference.before, difference.now);
        return error_set(err, "runs \"%s\" and \"%s\" differ: %s is %s in one, %s in the other", first, folder,
                         texts[i].key, other ? other : "not there", texts[i].text);
    }
    return 0;
}

static int compare_versions(const struct merge_state *state, const char *folder, const struct store_list *own,
                            struct error *err)
{
    const struct store_list *whole = &state->merge->names.lists[STORE_METHODS];
    for (int i = 0; i < own->count; i++) {
        const int at = join_find(whole, own->names[i]);
        if (at >= 0 && whole->versions[at] != own->versions[i])
            return error_set(
                err, "runs \"%s\" and \"%s\" differ: method \"%s\" is version %d in one, version %d in the other",
                state->first, folder, own->names[i], whole->versions[at], own->versions[i]);
    }
    return 0;
}

int merge_compare_names(const struct merge_state *state, const char *folder, const struct store_names *names,
                        struct error *err)
{
    struct store_names whole = state->merge->names, own = *names;
    struct store_difference difference;
    for (int l = 0; l < JOINED_LISTS; l++)
        whole.lists[joined_lists[l].kind].count = own.lists[joined_lists[l].kind].count = 0;
    if (!store_names_differ(&whole, &own, &difference))
        return compare_versions(state, folder, &names->lists[STORE_METHODS], err);
    return error_set(err, "runs \"%s\" and \"%s\" differ: %s is %s in one, %s in the other", state->first, folder,
                     difference.what, difference.one, difference.other);
}

/* Takes names and texts of the first run, with which the others must agree. */
static int check_first(struct merge_state *state, struct store *store, const struct store_names *names,
                       struct error *err)
{
    struct merge *merge = state->merge;
    merge->names = *names;
    if (conditions_read(store, names, &merge->arena, &state->texts, &state->text_count, err) ||
        join_read_config(state->first, names, &merge->arena, &merge->config, err))
        return -1;
    merge->config.output = merge->output;
    return 0;
}

/* -- what a run adds ------------------------------------------------------------------------------------------------ */

/* A run, and those of its texts that belong to what it adds. */
struct addition {
    const struct store_names *names;
    const struct store_text *texts;
    int text_count;
    struct config config;
};

static int add_texts(struct merge_state *state, const struct addition *addition, enum store_list_kind kind,
                     const char *name, struct error *err)
{
    struct arena *arena = &state->merge->arena;
    struct store_text *list = arena_alloc(arena, (size_t)(state->text_count + addition->text_count) + 1, sizeof *list);
    if (!list)
        return error_memory(err, "the conditions of the runs");
    if (state->text_count)
        memcpy(list, state->texts, (size_t)state->text_count * sizeof *list);
    for (int i = 0; i < addition->text_count; i++) {
        const struct store_text *text = &addition->texts[i];
        if (!conditions_are_of(text->key, kind, name))
            continue;
        const struct store_text copy = {arena_string(arena, text->key), arena_string(arena, text->text)};
        if (!copy.key || !copy.text)
            return error_memory(err, "the conditions of the runs");
        list[state->text_count++] = copy;
    }
    state->texts = list;
    return 0;
}

static int add_entry(struct merge_state *state, const struct addition *addition, enum store_list_kind kind, int i,
                     struct error *err)
{
    struct merge *merge = state->merge;
    const struct store_list *own = &addition->names->lists[kind];
    const int status = kind == STORE_METHODS
                           ? join_append_method(&merge->config, &addition->config.methods[i], &merge->arena, err)
                           : join_append_backbone(&merge->config, &addition->config.backbones[i], &merge->arena, err);
    return status_of(status ||
                     join_append_name(&merge->names.lists[kind], own->names[i], own->versions ? own->versions[i] : 0,
                                      &merge->arena, err) ||
                     add_texts(state, addition, kind, own->names[i], err));
}

static bool has_new_ones(const struct merge *merge, const struct store_names *names)
{
    for (int l = 0; l < JOINED_LISTS; l++)
        for (int i = 0; i < names->lists[joined_lists[l].kind].count; i++)
            if (join_find(&merge->names.lists[joined_lists[l].kind], names->lists[joined_lists[l].kind].names[i]) < 0)
                return true;
    return false;
}

/* Adds the backbones and methods that the runs before do not have. */
static int add_new_ones(struct merge_state *state, const char *folder, struct addition *addition, struct error *err)
{
    struct merge *merge = state->merge;
    if (!has_new_ones(merge, addition->names))
        return 0;
    if (join_read_config(folder, addition->names, &merge->arena, &addition->config, err) ||
        join_append_plugins(&merge->config, &addition->config, &merge->arena, err))
        return -1;
    for (int l = 0; l < JOINED_LISTS; l++) {
        const enum store_list_kind kind = joined_lists[l].kind;
        for (int i = 0; i < addition->names->lists[kind].count; i++)
            if (join_find(&merge->names.lists[kind], addition->names->lists[kind].names[i]) < 0 &&
                add_entry(state, addition, kind, i, err))
                return -1;
    }
    return 0;
}

static int check_other(struct merge_state *state, const char *folder, struct store *store,
                       const struct store_names *names, struct error *err)
{
    struct addition addition = {.names = names};
    struct store_text *texts;
    if (merge_compare_names(state, folder, names, err) ||
        conditions_read(store, names, &state->scratch, &texts, &addition.text_count, err) ||
        compare_texts(state, folder, names, texts, addition.text_count, err))
        return -1;
    addition.texts = texts;
    return add_new_ones(state, folder, &addition, err);
}

/* Opens a run and compares it with those before. */
static int check_run(struct merge_state *state, const char *folder, struct shard *shard, struct error *err)
{
    const bool is_first = !state->first;
    struct arena *arena = is_first ? &state->merge->arena : &state->scratch;
    struct store_names names;
    arena_reset(&state->scratch);
    struct store *store = store_open_to_read(folder, arena, &names, err);
    if (!store)
        return -1;
    if (is_first)
        state->first = folder;
    const int status =
        is_first ? check_first(state, store, &names, err) : check_other(state, folder, store, &names, err);
    const char *text = store_manifest(store, SHARD_KEY, &state->scratch);
    if (!text || shard_parse(text, shard))
        *shard = (struct shard){0};
    store_close(store);
    return status;
}

/* The same for the run of the output folder, if there is one. */
static int check_output(struct merge_state *state, struct error *err)
{
    struct shard ignored;
    const char *output = state->merge->output;
    const int is_begun = merge_has_store(output) ? store_is_begun(output, err) : 0;
    return status_of(is_begun < 0 || (is_begun > 0 && check_run(state, output, &ignored, err)));
}

/* The number of shards, if all runs are shards of equally many; else 0. */
static int common_count(const struct merge *merge)
{
    for (int i = 1; i < merge->run_count; i++)
        if (merge->runs[i].shard.count != merge->runs[0].shard.count)
            return 0;
    return merge->run_count ? merge->runs[0].shard.count : 0;
}

static int check_manifest(const char *folder, struct error *err)
{
    json_t *json;
    const int status = manifest_read(folder, &json, err);
    json_decref(json);
    return status;
}

/* The files that are read after the items have been joined. */
static int check_files(struct merge_state *state, struct error *err)
{
    const struct merge *merge = state->merge;
    struct report ignored = {0};
    for (int i = 0; i < merge->run_count; i++)
        if (check_manifest(merge->runs[i].folder, err))
            return -1;
    return status_of(check_manifest(merge->output, err) ||
                     paper_numbers_read(&merge->config.report, &state->scratch, &ignored, err));
}

int merge_check_runs(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    for (int i = 0; i <= merge->run_count; i++) {
        if (i == merge->output_place && check_output(state, err))
            return -1;
        if (i < merge->run_count && check_run(state, merge->runs[i].folder, &merge->runs[i].shard, err))
            return -1;
    }
    merge->shard_count = common_count(merge);
    return check_files(state, err);
}
