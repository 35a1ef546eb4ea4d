/*
 * report/compare/comparison_match.c - pairs the rows and images of two runs, with a note about each that has no
 * partner.
 */
#include "report/compare/comparison_state.h"

#include <stdlib.h>
#include <string.h>

static const char *const list_names[COMPARE_LISTS] = {"backbone", "method", "protocol", "metric"};

static int list_count(const struct report *report, int list)
{
    const int counts[COMPARE_LISTS] = {report->backbone_count, report->method_count, report->protocol_count,
                                       report->metric_count};
    return counts[list];
}

int compare_add_note(struct compare_state *state, const char *note, struct error *err)
{
    if (!note)
        return error_memory(err, "the comparison");
    state->out->notes[state->out->note_count++] = note;
    return 0;
}

/* Cuts the words that two texts have in common at their beginnings and ends. */
static void cut_common(const char **was, const char **is, int *was_length, int *is_length)
{
    size_t same = 0, word = 0;
    for (; (*was)[same] && (*was)[same] == (*is)[same]; same++)
        word = (*was)[same] == ' ' ? same + 1 : word;
    *was += word;
    *is += word;
    size_t a = strlen(*was), b = strlen(*is), end_a = a, end_b = b;
    while (a > 0 && b > 0 && (*was)[a - 1] == (*is)[b - 1]) {
        a--, b--;
        if ((*was)[a] == ' ')
            end_a = a, end_b = b;
    }
    *was_length = (int)end_a;
    *is_length = (int)end_b;
}

static int note_row(struct compare_state *state, int list, const struct compare_row *was, const struct compare_row *is,
                    struct error *err)
{
    const char *before = was->kind, *after = is->kind;
    int before_length, after_length;
    if (strcmp(before, after) != 0) {
        cut_common(&before, &after, &before_length, &after_length);
        return compare_add_note(state,
                                arena_format(state->arena, "%s \"%s\" is not compared: %.*s in the base, now %.*s",
                                             list_names[list], was->name, before_length, before, after_length, after),
                                err);
    }
    if (strcmp(was->state, is->state) != 0)
        return compare_add_note(state,
                                arena_format(state->arena, "%s \"%s\": %s in the base, now %s", list_names[list],
                                             was->name, was->state, is->state),
                                err);
    return 0;
}

/* Whether counts of a metric cannot be read, because their number is not known. */
static bool is_uncountable(const struct compare_state *state, int was, int is)
{
    const struct report_counted *sides[SIDES] = {report_counted(state->side[BASE]->report, was),
                                                 report_counted(state->side[NOW]->report, is)};
    return (sides[BASE] && sides[BASE]->length == 0) || (sides[NOW] && sides[NOW]->length == 0);
}

static int note_uncountable(struct compare_state *state, const char *metric, struct error *err)
{
    return compare_add_note(
        state,
        arena_format(state->arena, "metric \"%s\" is not compared: this program does not know its parameters", metric),
        err);
}

static int match_list(struct compare_state *state, int list, struct error *err)
{
    const struct compare_row *rows[SIDES];
    int count[SIDES];
    for (int s = 0; s < SIDES; s++) {
        rows[s] = state->side[s]->rows[list];
        count[s] = list_count(state->side[s]->report, list);
        state->match[s][list] = arena_alloc(state->arena, (size_t)count[s] + 1, sizeof(int));
        if (!state->match[s][list])
            return error_memory(err, "the comparison");
        memset(state->match[s][list], -1, (size_t)count[s] * sizeof(int));
    }
    for (int i = 0; i < count[BASE]; i++)
        for (int j = 0; j < count[NOW]; j++) {
            if (strcmp(rows[BASE][i].name, rows[NOW][j].name) != 0)
                continue;
            if (list == COMPARE_METRICS && is_uncountable(state, i, j)) {
                if (note_uncountable(state, rows[BASE][i].name, err))
                    return -1;
                continue;
            }
            if (note_row(state, list, &rows[BASE][i], &rows[NOW][j], err))
                return -1;
            if (strcmp(rows[BASE][i].kind, rows[NOW][j].kind) == 0) {
                state->match[BASE][list][i] = j;
                state->match[NOW][list][j] = i;
            }
        }
    return 0;
}

/* Notes names that the base does not have. */
static int note_new(struct compare_state *state, int list, struct error *err)
{
    for (int j = 0; j < list_count(state->side[NOW]->report, list); j++) {
        const char *name = state->side[NOW]->rows[list][j].name;
        bool is_known = false;
        for (int i = 0; i < list_count(state->side[BASE]->report, list) && !is_known; i++)
            is_known = strcmp(state->side[BASE]->rows[list][i].name, name) == 0;
        if (!is_known &&
            compare_add_note(
                state,
                arena_format(state->arena, "%s \"%s\" is new: the base does not have it", list_names[list], name), err))
            return -1;
    }
    return 0;
}

/* Notes different sets of kernels, which give different bits. */
static int note_kernels(struct compare_state *state, struct error *err)
{
    const char *was = state->side[BASE]->kernels, *is = state->side[NOW]->kernels;
    if (!was || !is || !*was || !*is || strcmp(was, is) == 0)
        return 0;
    state->is_same_run = false;
    return compare_add_note(state, arena_format(state->arena, "kernels %s in the base, now %s", was, is), err);
}

int compare_match_lists(struct compare_state *state, struct error *err)
{
    int room = 5;
    for (int l = 0; l < COMPARE_LISTS; l++)
        room += list_count(state->side[BASE]->report, l) + list_count(state->side[NOW]->report, l);
    for (int i = 0; state->side[BASE]->facts[i]; i++)
        room++;
    for (int i = 0; state->options->causes && state->options->causes[i]; i++)
        room++;
    state->out->notes = arena_alloc(state->arena, (size_t)room, sizeof *state->out->notes);
    if (!state->out->notes)
        return error_memory(err, "the comparison");
    state->is_same_run = true;
    for (int i = 0; state->options->causes && state->options->causes[i]; i++)
        if (compare_add_note(state, state->options->causes[i], err))
            return -1;
    if (note_kernels(state, err))
        return -1;
    for (int i = 0; state->side[BASE]->facts[i]; i++) {
        const char *was = state->side[BASE]->facts[i], *is = state->side[NOW]->facts[i];
        if (strcmp(was, is) == 0)
            continue;
        state->is_same_run = false;
        if (compare_add_note(state, arena_format(state->arena, "%s in the base, now %s", was, is), err))
            return -1;
    }
    for (int l = 0; l < COMPARE_LISTS; l++)
        if (match_list(state, l, err) || note_new(state, l, err))
            return -1;
    return 0;
}

/* -- images -------------------------------------------------------------------------------------------------------- */

struct named_image {
    const char *name;
    int image;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named_image *)a)->name, ((const struct named_image *)b)->name);
}

static struct named_image *sorted_images(const struct report *report, struct arena *arena)
{
    struct named_image *list = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *list);
    for (int i = 0; list && i < report->image_count; i++)
        list[i] = (struct named_image){report->images[i], i};
    if (list)
        qsort(list, (size_t)report->image_count, sizeof *list, by_name);
    return list;
}

int compare_match_images(struct compare_state *state, struct error *err)
{
    const struct report *base = state->side[BASE]->report, *now = state->side[NOW]->report;
    const struct named_image *theirs = sorted_images(now, state->arena);
    for (int s = 0; s < SIDES; s++)
        state->image[s] = arena_alloc(state->arena, (size_t)base->image_count + 1, sizeof(int));
    if (!theirs || !state->image[BASE] || !state->image[NOW])
        return error_memory(err, "the comparison");
    for (int i = 0; i < base->image_count; i++) {
        const struct named_image wanted = {base->images[i], i};
        const struct named_image *found = bsearch(&wanted, theirs, (size_t)now->image_count, sizeof *theirs, by_name);
        if (!found)
            continue;
        state->image[BASE][state->pairs] = i;
        state->image[NOW][state->pairs++] = found->image;
    }
    state->out->images = state->pairs;
    state->out->images_only[BASE] = base->image_count - state->pairs;
    state->out->images_only[NOW] = now->image_count - state->pairs;
    if (state->out->images_only[BASE] == 0 && state->out->images_only[NOW] == 0)
        return 0;
    return compare_add_note(state,
                            arena_format(state->arena, "compared on %d images; %d more in the base, %d more now",
                                         state->pairs, state->out->images_only[BASE], state->out->images_only[NOW]),
                            err);
}
