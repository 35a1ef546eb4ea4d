/* bench/merge/merge_items.c - copies items from store to store, and compares items that several runs have. */
#include "bench/merge/merge_state.h"

#include "bench/process/interrupt.h"

#include <stdio.h>
#include <string.h>

static bool is_same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* Whether two numbers are equal to the last bit. */
static bool is_same_number(double one, double other)
{
    uint64_t bits[2];
    memcpy(&bits[0], &one, sizeof one);
    memcpy(&bits[1], &other, sizeof other);
    return bits[0] == bits[1];
}

static bool is_same_value(const struct store_value *one, const struct store_value *other)
{
    return is_same_text(one->undefined, other->undefined) && is_same_text(one->flag, other->flag) &&
           is_same_number(one->number, other->number);
}

static bool is_same_curve(const struct store_curve *one, const struct store_curve *other)
{
    const size_t bytes = (size_t)one->count * sizeof(double);
    return one->protocol == other->protocol && one->metric == other->metric && one->count == other->count &&
           memcmp(one->fraction, other->fraction, bytes) == 0 &&
           memcmp(one->probability, other->probability, bytes) == 0;
}

static bool are_same_curves(const struct store_curve *one, const struct store_curve *other)
{
    for (; one && other; one = one->next, other = other->next)
        if (!is_same_curve(one, other))
            return false;
    return one == other;
}

static int differ(const struct merge *merge, const char *folder, const struct store_item *item, const char *what,
                  const char *one, const char *other, struct error *err)
{
    return error_set(err,
                     "run \"%s\": %s of backbone \"%s\", image \"%s\", method \"%s\" is %s, in another run it is %s; "
                     "nothing was joined",
                     folder, what, merge->names.lists[STORE_BACKBONES].names[item->backbone],
                     merge->names.lists[STORE_IMAGES].names[item->image],
                     merge->names.lists[STORE_METHODS].names[item->method], other, one);
}

static const char *show(const struct store_value *value, char text[64])
{
    snprintf(text, 64, "%.17g", value->number);
    return value->undefined ? value->undefined : text;
}

/* Error: the values of an item that was measured twice differ; its costs may. */
static int compare_items(const struct merge *merge, const char *folder, const struct store_item *one,
                         const struct store_item *other, struct error *err)
{
    if (one->value_count != other->value_count)
        return differ(merge, folder, one, "the number of values", "another", "one", err);
    for (int i = 0; i < one->value_count; i++) {
        const struct store_value *x = &one->values[i], *y = &other->values[i];
        char text_x[64], text_y[64], what[160];
        const struct metric *metric = merge->config.metrics[x->metric].metric;
        if (x->protocol == y->protocol && x->metric == y->metric && (metric->is_cost || is_same_value(x, y)))
            continue;
        snprintf(what, sizeof what, "%s (%s)", metric->name, merge->names.lists[STORE_PROTOCOLS].names[x->protocol]);
        return differ(merge, folder, one, what, show(x, text_x), show(y, text_y), err);
    }
    return are_same_curves(one->curves, other->curves) ? 0
                                                       : differ(merge, folder, one, "a curve", "another", "one", err);
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

int merge_copy_run(struct merge_state *state, const char *folder, struct error *err)
{
    struct store_names names;
    arena_reset(&state->scratch);
    struct store *from = store_open_to_read(folder, &state->scratch, &names, err);
    if (!from)
        return -1;
    store_stop_when(from, &interrupt_has_come);
    /* compared again, because the run may have changed since it was checked */
    const int status = merge_compare_names(state, folder, &names, err) || merge_note_skipped(state, from, err) ||
                       take_programs(state, from, err) || copy_items(state, folder, from, err) ||
                       store_check_unchanged(from, err);
    store_close(from);
    return status_of(status);
}
