/* bench/merge/merge_runs.c - merges runs into one store, and lists what is missing. */
#include "bench/merge/merge_state.h"

#include "base/text.h"
#include "bench/run/conditions.h"
#include "bench/run/identity.h"
#include "bench/run/until_store.h"

#include <string.h>

#define COMMANDS_SHOWN 12

/*
 * Error: the output folder's store has an entry under other conditions. Its run does not list the entry now, but its
 * items are there.
 */
static int check_kept(const struct merge_state *state, const struct store_text *text, struct error *err)
{
    const char *kept;
    struct identity_difference difference;
    if (store_manifest_find(state->merge->store, text->key, &state->merge->arena, &kept, err))
        return -1;
    if (!kept || identity_is_whole(kept) || strcmp(kept, text->text) == 0)
        return 0;
    if (conditions_differ(text->key, kept, text->text, &difference))
        return error_set(err, "\"%s\" has had an entry with another config: %s is \"%s\" there, \"%s\" in the runs",
                         state->merge->output, difference.where, difference.before, difference.now);
    return error_set(err, "\"%s\" has had an entry with another file: %s is %s there, %s in the runs",
                     state->merge->output, text->key, kept, text->text);
}

static int remember_texts(const struct merge_state *state, struct error *err)
{
    for (int i = 0; i < state->text_count; i++)
        if (check_kept(state, &state->texts[i], err) ||
            store_manifest_set(state->merge->store, state->texts[i].key, state->texts[i].text, err))
            return -1;
    return 0;
}

/* The rule of a backbone on the joined values; *until is NULL if there is none. */
static int read_rule(const struct merge_state *state, int backbone, struct until **until, struct error *err)
{
    struct merge *merge = state->merge;
    const int images = merge->names.lists[STORE_IMAGES].count;
    bool *is_unreadable = arena_alloc(&merge->arena, (size_t)images + 1, sizeof *is_unreadable);
    *until = NULL;
    if (!merge->config.dataset.until.metric)
        return 0;
    if (!is_unreadable)
        return error_memory(err, "the rule dataset.until");
    for (int i = 0; i < images; i++)
        is_unreadable[i] = state->why_skipped[i];
    *until = until_of_store(&merge->config, merge->store, backbone, images, is_unreadable, &merge->arena, err);
    return *until ? 0 : -1;
}

/* Whether the run wants an item: a method that has not ended lacks at least the next block. */
static bool is_wanted(const struct merge *merge, const struct until *until, int image, int method)
{
    if (!until)
        return true;
    const struct report_end *end = until_end_of(until, method);
    const int block = merge->config.dataset.until.block;
    return image < end->images + (end->reason == REPORT_NOT_ENDED ? block : 0);
}

static void count_missing(struct merge *merge, const struct until *until, int backbone, int image)
{
    const int images = merge->names.lists[STORE_IMAGES].count;
    merge->missing++;
    if (merge->shard_count)
        merge->missing_of_shard[shard_of(merge->shard_count, backbone, until ? 0 : image, until ? 1 : images) - 1]++;
}

/* Counts the items in the store, those of skipped images and the missing ones. */
static int count_items(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    struct until *until;
    merge->missing_of_shard = arena_alloc(&merge->arena, (size_t)merge->shard_count + 1, sizeof(size_t));
    if (!merge->missing_of_shard)
        return error_memory(err, "the missing items");
    for (int b = 0; b < merge->names.lists[STORE_BACKBONES].count; b++) {
        if (read_rule(state, b, &until, err))
            return -1;
        for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++)
            for (int m = 0; m < merge->names.lists[STORE_METHODS].count; m++) {
                if (!is_wanted(merge, until, i, m))
                    continue;
                merge->item_count++;
                if (store_has_item(merge->store, b, i, m))
                    merge->present++;
                else if (state->why_skipped[i])
                    merge->skipped++;
                else
                    count_missing(merge, until, b, i);
            }
    }
    return 0;
}

static bool is_complete(const struct merge *merge, int image)
{
    for (int b = 0; b < merge->names.lists[STORE_BACKBONES].count; b++)
        for (int m = 0; m < merge->names.lists[STORE_METHODS].count; m++)
            if (!store_has_item(merge->store, b, image, m))
                return false;
    return true;
}

/* Stores the reasons of skipped images, except for images that other runs have measured completely. */
static int store_reasons(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    if (store_clear_skipped(merge->store, err))
        return -1;
    for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++)
        if (state->why_skipped[i] && !is_complete(merge, i) &&
            store_commit_skipped(merge->store, i, state->why_skipped[i], err))
            return -1;
    return 0;
}

static int fill_store(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    if (store_begin_batch(merge->store, err) || remember_texts(state, err) ||
        store_keep_lists(merge->store, 0, 0, err) || merge_note_skipped(state, merge->store, err))
        return -1;
    for (int i = 0; i < merge->run_count; i++)
        if (merge_copy_run(state, &merge->runs[i], err))
            return -1;
    return status_of(store_reasons(state, err) || store_end_batch(merge->store, err));
}

static int find_mixture(struct merge *merge, struct error *err)
{
    return status_of(store_read_programs(merge->store, &merge->arena, &merge->programs, err) ||
                     program_mixture(&merge->programs, &merge->names, &merge->arena, &merge->mixture, err));
}

static int make_tables(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    const struct store_list *lists = merge->names.lists;
    const size_t images = (size_t)lists[STORE_IMAGES].count, pairs = (size_t)lists[STORE_BACKBONES].count * images;
    state->is_seen = arena_alloc(&merge->arena, pairs, (size_t)lists[STORE_METHODS].count);
    state->why_skipped = arena_alloc(&merge->arena, images, sizeof *state->why_skipped);
    return state->is_seen && state->why_skipped ? 0 : error_memory(err, "the run's items");
}

static int fill_output(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    merge->store = store_open(merge->output, &merge->names, false, err);
    state->has_other_lists = merge->store && !store_has_same_lists(merge->store);
    if (!merge->store || fill_store(state, err) || count_items(state, err) || find_mixture(merge, err) ||
        merge_write_manifest(state, err) || store_finish(merge->store, err))
        return -1;
    return merge_copy_overlays(state, err);
}

static int make_output(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    struct merge_output output;
    if (merge_make_output(&output, merge->output, err))
        return -1;
    if (fill_output(state, err) == 0)
        return 0;
    store_close(merge->store);
    merge->store = NULL;
    merge_remove_output(&output, merge->output);
    return -1;
}

int merge_runs(struct merge *merge, struct error *err)
{
    struct merge_state state = {.merge = merge};
    arena_init(&state.scratch, 0);
    const int status = merge_check_runs(&state, err) || make_tables(&state, err) || make_output(&state, err);
    arena_release(&state.scratch);
    return status_of(status);
}

void merge_close(struct merge *merge)
{
    store_close(merge->store);
    arena_release(&merge->arena);
}

int merge_say_missing(struct merge *merge, FILE *stream, struct error *err)
{
    const char *folder = text_shell_word(merge->output, &merge->arena);
    int shown = 0, more = 0;
    if (!folder)
        return error_memory(err, "the missing items");
    if (merge->missing == 0)
        return 0;
    fprintf(stream, "cambench: %zu of %zu maps are missing; this measures them:\n", merge->missing, merge->item_count);
    for (int i = 0; i < merge->shard_count; i++) {
        if (merge->missing_of_shard[i] == 0)
            continue;
        if (shown++ < COMMANDS_SHOWN)
            fprintf(stream, "  cambench run %s/config.yaml --shard %d/%d    # %zu\n", folder, i + 1, merge->shard_count,
                    merge->missing_of_shard[i]);
        else
            more++;
    }
    if (more)
        fprintf(stream, "  ... and %d more shards\n", more);
    if (shown)
        fprintf(stream, "  cambench merge %s\n", folder);
    else
        fprintf(stream, "  cambench run %s/config.yaml\n", folder);
    return 0;
}
