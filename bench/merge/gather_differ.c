/* bench/merge/gather_differ.c - says in words how a run's entries and values differ from those of an earlier run. */
#include "bench/merge/gather_state.h"

#include "bench/merge/join.h"
#include "bench/run/conditions.h"
#include "bench/run/identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int gather_note(struct gather *gather, const struct gather_run *run, struct error *err, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char **list = arena_alloc(&gather->arena, (size_t)gather->note_count + 2, sizeof *list);
    if (!list)
        return error_memory(err, "the notes on the runs");
    if (gather->note_count)
        memcpy(list, gather->notes, (size_t)gather->note_count * sizeof *list);
    list[gather->note_count++] = arena_format(&gather->arena, "%s: %s", run->folder, text);
    gather->notes = list;
    return list[gather->note_count - 1] ? 0 : error_memory(err, "the notes on the runs");
}

/* -- conditions ---------------------------------------------------------------------------------------------------- */

/* Copies a text without the lines of a key. NULL: no memory. */
static const char *without(const char *text, const char *key, struct arena *arena)
{
    const size_t length = strlen(key);
    char *out = arena_alloc(arena, strlen(text) + 1, 1), *end = out;
    while (out && *text) {
        const char *word = text + strspn(text, " -");
        const char *next = text + strcspn(text, "\n");
        next += *next == '\n';
        if (strncmp(word, key, length) != 0 || word[length] != ':') {
            memcpy(end, text, (size_t)(next - text));
            end += next - text;
        }
        text = next;
    }
    return out;
}

/* Describes how two parts of configs differ, except in one key; *words is left alone if they do not. */
static int config_differs(struct gather *gather, const char *now, const char *before, const char *ignored_key,
                          const struct gather_run *earlier, const char **words, struct error *err)
{
    struct identity_difference difference;
    const char *one = without(before, ignored_key, &gather->arena), *other = without(now, ignored_key, &gather->arena);
    if (!one || !other)
        return error_memory(err, "the configs of the runs");
    if (!identity_differs(one, other, &difference))
        return 0;
    *words =
        arena_format(&gather->arena, "has %s \"%s\", in %s \"%s\"", difference.where + (difference.where[0] == '.'),
                     difference.now, earlier->folder, difference.before);
    return *words ? 0 : error_memory(err, "the configs of the runs");
}

static bool is_hash(const char *key)
{
    return strncmp(key, "sha256 of ", strlen("sha256 of ")) == 0;
}

/* Whether the files of an entry differ; one that only `one` has does too. */
static bool files_differ(const struct gather_run *one, const struct gather_run *other, enum store_list_kind kind,
                         const char *label)
{
    for (int i = 0; i < one->text_count; i++) {
        const struct store_text *text = &one->texts[i];
        if (!is_hash(text->key) || !conditions_are_of(text->key, kind, label))
            continue;
        const char *there = join_text(other->texts, other->text_count, text->key);
        if (!there || strcmp(there, text->text) != 0)
            return true;
    }
    return false;
}

static int version_of(const struct gather_run *run, enum store_list_kind kind, const char *label)
{
    const struct store_list *list = &run->names.lists[kind];
    const int at = join_find(list, label);
    return at < 0 || !list->versions ? 0 : list->versions[at];
}

int gather_entry_differs(struct gather *gather, const struct gather_run *run, const struct gather_run *earlier,
                         enum store_list_kind kind, const char *label, const char **words, struct error *err)
{
    const int now = version_of(run, kind, label), before = version_of(earlier, kind, label);
    *words = NULL;
    for (int i = 0; i < run->text_count && !*words; i++) {
        const struct store_text *text = &run->texts[i];
        if (is_hash(text->key) || !conditions_are_of(text->key, kind, label))
            continue;
        const char *other = join_text(earlier->texts, earlier->text_count, text->key);
        if (config_differs(gather, text->text, other ? other : "", kind == STORE_BACKBONES ? "weights" : "label",
                           earlier, words, err))
            return -1;
    }
    if (*words)
        return 0;
    if (now != before)
        *words = arena_format(&gather->arena, "is version %d, in %s version %d", now, earlier->folder, before);
    else if (files_differ(run, earlier, kind, label) || files_differ(earlier, run, kind, label))
        *words = arena_format(&gather->arena, "has other %s than in %s", kind == STORE_BACKBONES ? "weights" : "files",
                              earlier->folder);
    else
        return 0;
    return *words ? 0 : error_memory(err, "the notes on the runs");
}

int gather_common_differs(struct gather *gather, const struct gather_run *run, const struct gather_run *earlier,
                          const char **words, struct error *err)
{
    const char *now = join_text(run->texts, run->text_count, "identity");
    const char *before = join_text(earlier->texts, earlier->text_count, "identity");
    *words = NULL;
    return now && before ? config_differs(gather, now, before, "path", earlier, words, err) : 0;
}

/* -- values -------------------------------------------------------------------------------------------------------- */

static int by_cell(const void *one, const void *other)
{
    const struct store_value *x = one, *y = other;
    return x->protocol != y->protocol ? x->protocol - y->protocol : x->metric - y->metric;
}

/* Reads an item, with the values that the report has, in its positions. */
static int read_item(const struct gather_run *run, int backbone, int image, int method, struct arena *arena,
                     struct store_item *item, struct error *err)
{
    int count = 0;
    if (store_read_item(run->store, backbone, image, method, arena, item, err))
        return -1;
    struct store_value *values = arena_alloc(arena, (size_t)item->value_count + 1, sizeof *values);
    if (!values)
        return error_memory(err, "the values of an item");
    for (int i = 0; i < item->value_count; i++) {
        struct store_value value = item->values[i];
        value.protocol = run->place[STORE_PROTOCOLS][value.protocol];
        value.metric = run->place[STORE_METRICS][value.metric];
        if (value.protocol >= 0 && value.metric >= 0)
            values[count++] = value;
    }
    qsort(values, (size_t)count, sizeof *values, by_cell);
    item->values = values;
    item->value_count = count;
    return 0;
}

/* Two methods being compared. */
struct pair {
    struct gather *gather;
    const struct gather_run *run, *earlier;
    int method, earlier_method;
};

/* Compares an item that both have; positions in the lists of each run. */
static int item_differs(const struct pair *pair, const int backbone[2], const int image[2], struct arena *scratch,
                        const char **words, struct error *err)
{
    struct store_item now, before;
    struct join_difference difference;
    arena_reset(scratch);
    if (read_item(pair->run, backbone[0], image[0], pair->method, scratch, &now, err) ||
        read_item(pair->earlier, backbone[1], image[1], pair->earlier_method, scratch, &before, err))
        return -1;
    if (!join_items_differ(&pair->gather->config, &before, &now, true, &difference))
        return 0;
    *words =
        arena_format(&pair->gather->arena, "has %s %s for image \"%s\", in %s %s", difference.what, difference.other,
                     pair->run->names.lists[STORE_IMAGES].names[image[0]], pair->earlier->folder, difference.one);
    return *words ? 0 : error_memory(err, "the notes on the runs");
}

int gather_values_differ(struct gather *gather, const struct gather_run *run, int method,
                         const struct gather_run *earlier, int earlier_method, const char **words, struct error *err)
{
    const struct pair pair = {gather, run, earlier, method, earlier_method};
    const struct gather_run *first = &gather->runs[0];
    struct arena scratch;
    int status = 0;
    *words = NULL;
    const int *backbones =
        gather_own_positions(earlier, STORE_BACKBONES, gather->names.lists[STORE_BACKBONES].count, &gather->arena);
    const int *images =
        gather_own_positions(earlier, STORE_IMAGES, first->names.lists[STORE_IMAGES].count, &gather->arena);
    if (!backbones || !images)
        return error_memory(err, "the lists of the runs");
    arena_init(&scratch, 0);
    for (int b = 0; b < run->names.lists[STORE_BACKBONES].count && !*words; b++)
        for (int i = 0; i < run->names.lists[STORE_IMAGES].count && !*words && !status; i++) {
            const int at = run->place[STORE_BACKBONES][b], image = run->place[STORE_IMAGES][i];
            if (at < 0 || image < 0 || backbones[at] < 0 || images[image] < 0)
                continue;
            status = item_differs(&pair, (const int[]){b, backbones[at]}, (const int[]){i, images[image]}, &scratch,
                                  words, err);
        }
    arena_release(&scratch);
    return status;
}
