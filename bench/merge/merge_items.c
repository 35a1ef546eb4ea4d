/* bench/merge/merge_items.c - copies items from store to store, and compares items that several runs have. */
#include "bench/merge/merge_state.h"

#include "bench/merge/join.h"
#include "bench/process/interrupt.h"

#include <stdio.h>
#include <string.h>

/* Error: the values of an item that was measured twice differ; its costs may. */
static int compare_items(const struct merge *merge, const char *folder, const struct store_item *one,
                         const struct store_item *other, struct error *err)
{
    struct join_difference difference;
    if (!join_items_differ(&merge->config, one, other, false, &difference))
        return 0;
    return error_set(err,
                     "run \"%s\": %s of backbone \"%s\", image \"%s\", method \"%s\" is %s, in another run it is %s; "
                     "nothing was joined",
                     folder, difference.what, merge->names.lists[STORE_BACKBONES].names[one->backbone],
                     merge->names.lists[STORE_IMAGES].names[one->image],
                     merge->names.lists[STORE_METHODS].names[one->method], difference.other, difference.one);
}

/* Adds to the error how the two programs that measured the item differ; adds nothing if it was the same program. */
static void add_cause(struct merge_state *state, const struct store_item *one, const struct store_item *other,
                      struct error *err)
{
    struct merge *merge = state->merge;
    struct programs programs;
    struct error ignored;
    const char *const *words;
    char text[sizeof err->text];
    const struct program_use uses[] = {{one->program - 1, one->backbone, one->method, 1},
                                       {other->program - 1, one->backbone, one->method, 1}};
    if (one->program == other->program || store_read_programs(merge->store, &state->scratch, &programs, &ignored))
        return;
    programs.uses = uses;
    programs.use_count = 2;
    if (program_mixture(&programs, &merge->names, &state->scratch, &words, &ignored) || !words[0])
        return;
    snprintf(text, sizeof text, "%s", err->text);
    error_set(err, "%s: %s", text, words[0]);
}

static int compare_known(struct merge_state *state, const char *folder, const struct store_item *item,
                         struct error *err)
{
    struct store_item known;
    if (store_read_item(state->merge->store, item->backbone, item->image, item->method, &state->scratch, &known, err))
        return -1;
    if (compare_items(state->merge, folder, &known, item, err) == 0)
        return 0;
    add_cause(state, &known, item, err);
    return -1;
}

/* Finds or adds the run's programs in the merged store. */
static int take_programs(struct merge_state *state, struct store *from, struct error *err)
{
    struct programs programs;
    if (store_read_programs(from, &state->merge->arena, &programs, err))
        return -1;
    state->program_count = programs.count;
    state->programs = arena_alloc(&state->merge->arena, (size_t)programs.count + 1, sizeof *state->programs);
    if (!state->programs)
        return error_memory(err, "the runs' programs");
    for (int i = 0; i < programs.count; i++)
        if (store_add_program(state->merge->store, &programs.list[i], &state->programs[i + 1], err))
            return -1;
    return 0;
}

/* Keeps of an item what the merged store lacks: it may have been measured under fewer protocols and metrics. */
static int take_new(const struct store *store, struct arena *arena, struct store_item *item, struct error *err)
{
    struct store_value *values = arena_alloc(arena, (size_t)item->value_count + 1, sizeof *values);
    const struct store_curve *curves = item->curves;
    int count = 0;
    if (!values)
        return error_memory(err, "the values of an item");
    for (int i = 0; i < item->value_count; i++) {
        const struct store_value *value = &item->values[i];
        if (!store_has_value(store, item->backbone, item->image, item->method, value->protocol, value->metric))
            values[count++] = *value;
    }
    item->values = values;
    item->value_count = count;
    item->curves = NULL;
    for (; curves; curves = curves->next) {
        struct store_curve *curve = arena_alloc(arena, 1, sizeof *curve);
        if (!curve)
            return error_memory(err, "the curves of an item");
        *curve = *curves;
        curve->next = item->curves;
        if (!store_has_value(store, item->backbone, item->image, item->method, curve->protocol, curve->metric))
            item->curves = curve;
    }
    if (store_count(store, STORE_VIEWS) == 0) /* all runs so far were made by a program of layout 3 */
        item->map_count = 0;
    return 0;
}

static int copy_item(struct merge_state *state, const char *folder, struct store *from, int b, int i, int m,
                     struct error *err)
{
    struct merge *merge = state->merge;
    struct store_item item;
    arena_reset(&state->scratch);
    if (store_read_item(from, b, i, m, &state->scratch, &item, err))
        return -1;
    if (item.program < 0 || item.program > state->program_count)
        return error_set(err, "run \"%s\": a row of table \"made\" names no program", folder);
    item.program = state->programs[item.program];
    if (store_has_item(merge->store, b, i, m))
        return compare_known(state, folder, &item, err);
    return take_new(merge->store, &state->scratch, &item, err) || store_commit(merge->store, &item, err) ? -1 : 0;
}

/* -- one run ------------------------------------------------------------------------------------------------------- */

static int copy_base(struct merge *merge, const char *folder, struct store *from, int b, int i, int input,
                     struct error *err)
{
    struct store_base base = {.input = input}, known = {.input = input};
    const int has_base = store_read_base(from, b, i, &base, err);
    const int is_known = has_base > 0 ? store_read_base(merge->store, b, i, &known, err) : 0;
    if (has_base < 0 || is_known < 0)
        return -1;
    if (is_known && (base.predicted != known.predicted || base.rank != known.rank ||
                     !is_same_number(base.probability, known.probability)))
        return error_set(
            err,
            "run \"%s\": backbone \"%s\" finds class %d (%.17g) in image \"%s\", in another run %d (%.17g); "
            "nothing was joined",
            folder, merge->names.lists[STORE_BACKBONES].names[b], base.predicted, base.probability,
            merge->names.lists[STORE_IMAGES].names[i], known.predicted, known.probability);
    return has_base && !is_known ? store_commit_base(merge->store, &base, err) : 0;
}

static size_t merge_item_index(const struct merge *merge, int b, int i, int m)
{
    return ((size_t)b * (size_t)merge->names.lists[STORE_IMAGES].count + (size_t)i) *
               (size_t)merge->names.lists[STORE_METHODS].count +
           (size_t)m;
}

static int copy_items(struct merge_state *state, const char *folder, struct store *from, struct error *err)
{
    struct merge *merge = state->merge;
    for (int b = 0; b < merge->names.lists[STORE_BACKBONES].count; b++)
        for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++) {
            for (int input = 0; input == 0 || input < store_count(merge->store, STORE_INPUTS); input++)
                if (copy_base(merge, folder, from, b, i, input, err))
                    return -1;
            for (int m = 0; m < merge->names.lists[STORE_METHODS].count; m++) {
                unsigned char *is_seen = &state->is_seen[merge_item_index(merge, b, i, m)];
                if (!store_has_item(from, b, i, m))
                    continue;
                if (copy_item(state, folder, from, b, i, m, err))
                    return -1;
                merge->repeated += *is_seen;
                *is_seen = 1;
            }
        }
    return 0;
}

int merge_note_skipped(struct merge_state *state, struct store *from, struct error *err)
{
    struct store_skipped *list;
    int count;
    if (store_read_skipped(from, &state->merge->arena, &list, &count, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (!state->why_skipped[list[i].image])
            state->why_skipped[list[i].image] = list[i].why;
    return 0;
}

/* Error: the run has gained an entry since its lists were joined. */
static int check_known(const struct merge_state *state, const char *folder, const struct store_list *own,
                       enum store_list_kind kind, const char *word, struct error *err)
{
    for (int i = 0; i < own->count; i++)
        if (join_find(&state->merge->names.lists[kind], own->names[i]) < 0)
            return error_set(err, "run \"%s\" has changed while it was read: %s \"%s\" is new; try again", folder, word,
                             own->names[i]);
    return 0;
}

/* Makes the positions of the run's store those of the joined lists. */
static int arrange(struct merge_state *state, struct merge_run *run, struct store *from,
                   const struct store_names *names, struct error *err)
{
    const struct store_list *whole = state->merge->names.lists, *own = names->lists;
    struct store_places places[STORE_LISTS] = {0};
    run->has_all_methods = join_lists_are_equal(&whole[STORE_METHODS], &own[STORE_METHODS]);
    return status_of(
        check_known(state, run->folder, &own[STORE_BACKBONES], STORE_BACKBONES, "backbone", err) ||
        check_known(state, run->folder, &own[STORE_METHODS], STORE_METHODS, "method", err) ||
        join_places(&whole[STORE_BACKBONES], &own[STORE_BACKBONES], &state->scratch, &places[STORE_BACKBONES], err) ||
        join_places(&whole[STORE_METHODS], &own[STORE_METHODS], &state->scratch, &places[STORE_METHODS], err) ||
        store_arrange(from, places, err));
}

/* Times of a call that is in the merged store already replace themselves. */
static int copy_spent(const struct merge_state *state, struct store *from, struct error *err)
{
    struct store_spent *list;
    int count;
    return status_of(store_read_spent(from, &state->merge->arena, &list, &count, err) ||
                     store_commit_spent(state->merge->store, list, count, err));
}

int merge_copy_run(struct merge_state *state, struct merge_run *run, struct error *err)
{
    const char *folder = run->folder;
    struct store_names names;
    struct arena arena; /* of the lists: the scratch arena is emptied for each item */
    arena_init(&arena, 0);
    struct store *from = store_open_to_read(folder, &arena, &names, err);
    if (!from) {
        arena_release(&arena);
        return -1;
    }
    store_stop_when(from, &interrupt_has_come);
    arena_reset(&state->scratch);
    /* compared again, because the run may have changed since it was checked */
    const int status = merge_compare_names(state, folder, &names, err) || arrange(state, run, from, &names, err) ||
                       merge_note_skipped(state, from, err) || take_programs(state, from, err) ||
                       copy_items(state, folder, from, err) || copy_spent(state, from, err) ||
                       store_check_unchanged(from, err);
    store_close(from);
    arena_release(&arena);
    return status_of(status);
}
