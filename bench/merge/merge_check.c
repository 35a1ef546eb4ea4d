/* bench/merge/merge_check.c - checks that runs agree in everything on which numbers depend. */
#include "bench/merge/merge_state.h"

#include "base/file.h"
#include "bench/run/conditions.h"
#include "bench/run/identity.h"
#include "bench/run/manifest.h"
#include "bench/run/paper_numbers.h"

#include <limits.h>
#include <string.h>

static const char *find_text(const struct store_text *texts, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].text;
    return NULL;
}

/* Compares the conditions of two runs with equal lists (bench/run/conditions.h). */
static int compare_texts(const struct merge_state *state, const char *folder, const struct store_text *texts, int count,
                         struct error *err)
{
    const char *first = state->first;
    for (int i = 0; i < count; i++) {
        const char *other = find_text(state->texts, state->text_count, texts[i].key);
        struct identity_difference difference;
        if (other && strcmp(other, texts[i].text) == 0)
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

int merge_compare_names(const struct merge_state *state, const char *folder, const struct store_names *names,
                        struct error *err)
{
    struct store_difference difference;
    if (!store_names_differ(&state->merge->names, names, &difference))
        return 0;
    return error_set(err, "runs \"%s\" and \"%s\" differ: %s is %s in one, %s in the other", state->first, folder,
                     difference.what, difference.one, difference.other);
}

/* Takes names and texts of the first run, with which the others must agree. */
static int check_first(struct merge_state *state, struct store *store, const struct store_names *names,
                       struct error *err)
{
    struct merge *merge = state->merge;
    char path[PATH_MAX];
    merge->names = *names;
    if (conditions_read(store, names, &merge->arena, &state->texts, &state->text_count, err) ||
        file_join(path, state->first, "config.yaml", err) ||
        config_read(path, NULL, 0, &merge->arena, &merge->config, err))
        return -1;
    merge->config.output = merge->output;
    const struct config *config = &merge->config;
    if (config->backbone_count != names->lists[STORE_BACKBONES].count ||
        config->method_count != names->lists[STORE_METHODS].count ||
        config->protocol_count != names->lists[STORE_PROTOCOLS].count ||
        config->metric_count != names->lists[STORE_METRICS].count)
        return error_set(err, "run \"%s\": config.yaml is not the one that run.db was made with", state->first);
    return 0;
}

static int check_other(struct merge_state *state, const char *folder, struct store *store,
                       const struct store_names *names, struct error *err)
{
    struct store_text *texts;
    int count;
    if (merge_compare_names(state, folder, names, err) ||
        conditions_read(store, names, &state->scratch, &texts, &count, err))
        return -1;
    return compare_texts(state, folder, texts, count, err);
}

/* Opens a run and compares it with the first one. */
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
    struct shard ignored;
    for (int i = 0; i < merge->run_count; i++)
        if (check_run(state, merge->runs[i].folder, &merge->runs[i].shard, err))
            return -1;
    merge->shard_count = common_count(merge);
    const int is_begun = merge_has_store(merge->output) ? store_is_begun(merge->output, err) : 0;
    return status_of(is_begun < 0 || (is_begun > 0 && check_run(state, merge->output, &ignored, err)) ||
                     check_files(state, err));
}
