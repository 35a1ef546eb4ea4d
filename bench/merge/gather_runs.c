/* bench/merge/gather_runs.c - opens several runs, unites what can be compared, and reads it into one report. */
#include "bench/merge/gather_state.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/merge/join.h"
#include "bench/process/interrupt.h"
#include "bench/run/conditions.h"
#include "bench/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- opening ------------------------------------------------------------------------------------------------------- */

static int open_run(struct gather *gather, struct gather_run *run, struct error *err)
{
    run->store = store_open_to_read(run->folder, &gather->arena, &run->names, err);
    if (!run->store)
        return -1;
    store_stop_when(run->store, &interrupt_has_come);
    return status_of(join_read_config(run->folder, &run->names, &gather->arena, &run->config, err) ||
                     conditions_read(run->store, &run->names, &gather->arena, &run->texts, &run->text_count, err));
}

/* The last part of a folder's name; NULL: no memory. */
static const char *last_part(const char *folder, struct arena *arena)
{
    size_t end = strlen(folder), begin;
    while (end > 1 && folder[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && folder[begin - 1] != '/';)
        begin--;
    return arena_format(arena, "%.*s", (int)(end - begin), folder + begin);
}

static int check_folders(const struct gather *gather, const char *output, struct error *err)
{
    char path[PATH_MAX];
    for (int i = 0; i < gather->run_count; i++)
        for (int k = 0; k < i; k++)
            if (join_is_same_folder(gather->runs[i].folder, gather->runs[k].folder))
                return error_set(err, "run \"%s\" is given twice", gather->runs[i].folder);
    if (file_join(path, output, "run.db", err))
        return -1;
    return access(path, F_OK) ? 0
                              : error_set(err,
                                          "\"%s\" is a run directory, whose tables are its own; choose another "
                                          "folder for --output",
                                          output);
}

static int open_runs(struct gather *gather, const char *const *folders, int count, const char *output,
                     struct error *err)
{
    gather->runs = arena_alloc(&gather->arena, (size_t)count, sizeof *gather->runs);
    if (!gather->runs)
        return error_memory(err, "the list of runs");
    gather->run_count = count;
    for (int i = 0; i < count; i++) {
        gather->runs[i].folder = folders[i];
        gather->runs[i].name = last_part(folders[i], &gather->arena);
        if (!gather->runs[i].name)
            return error_memory(err, "the list of runs");
    }
    if (check_folders(gather, output, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (open_run(gather, &gather->runs[i], err))
            return -1;
    return 0;
}

/* -- lists --------------------------------------------------------------------------------------------------------- */

static int make_places(struct gather *gather, struct gather_run *run, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++) {
        const int count = run->names.lists[kind].count;
        int *place = arena_alloc(&gather->arena, (size_t)count + 1, sizeof *place);
        if (!place)
            return error_memory(err, "the lists of the runs");
        for (int i = 0; i < count; i++)
            place[i] = -1;
        run->place[kind] = kind == STORE_VIEWS || kind == STORE_INPUTS ? NULL : place;
    }
    return 0;
}

static int leave_out(struct gather *gather, struct gather_run *run, const char *why, struct error *err)
{
    run->is_left_out = true;
    return gather_note(gather, run, err, "%s: left out", why);
}

static const char *word_of(enum store_list_kind kind)
{
    return kind == STORE_PROTOCOLS ? "protocol" : kind == STORE_METRICS ? "metric" : "backbone";
}

/* Finds a run's protocols or metrics among the first run's; the others are left out. */
static int place_fixed(struct gather *gather, struct gather_run *run, enum store_list_kind kind, int *count,
                       struct error *err)
{
    const struct gather_run *first = &gather->runs[0];
    const struct store_list *own = &run->names.lists[kind], *whole = &gather->names.lists[kind];
    const char *word = word_of(kind), *words;
    for (int i = 0; i < own->count; i++) {
        const int at = join_find(whole, own->names[i]);
        if (at >= 0 && gather_entry_differs(gather, run, first, kind, own->names[i], &words, err))
            return -1;
        if (at < 0 || words) {
            if (gather_note(gather, run, err, "%s \"%s\" %s%s: left out", word, own->names[i],
                            at < 0 ? "is not in " : words, at < 0 ? first->folder : ""))
                return -1;
            continue;
        }
        run->place[kind][i] = at;
        ++*count;
    }
    const bool is_comparable = *count > 0; /* otherwise the whole run is left out, with a note of its own */
    for (int i = 0; i < whole->count; i++)
        if (is_comparable && join_find(own, whole->names[i]) < 0 &&
            gather_note(gather, run, err, "has no %s \"%s\"", word, whole->names[i]))
            return -1;
    return 0;
}

/* A name and its position, sorted by name. */
struct named {
    const char *name;
    int position;
};

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct named *)one)->name, ((const struct named *)other)->name);
}

/* Finds a run's images among the first run's, and counts those that all runs so far have. */
static int place_images(struct gather *gather, struct gather_run *run, int *count, struct error *err)
{
    const struct store_list *own = &run->names.lists[STORE_IMAGES], *whole = &gather->runs[0].names.lists[STORE_IMAGES];
    struct named *sorted = arena_alloc(&gather->arena, (size_t)whole->count + 1, sizeof *sorted);
    if (!sorted)
        return error_memory(err, "the images of the runs");
    for (int i = 0; i < whole->count; i++)
        sorted[i] = (struct named){whole->names[i], i};
    qsort(sorted, (size_t)whole->count, sizeof *sorted, by_name);
    for (int i = 0; i < own->count; i++) {
        const struct named wanted = {own->names[i], 0};
        const struct named *found = bsearch(&wanted, sorted, (size_t)whole->count, sizeof *sorted, by_name);
        run->place[STORE_IMAGES][i] = found ? found->position : -1;
        *count += found && gather->has_image[found->position];
    }
    return 0;
}

/* Keeps only the images that this run has too. */
static int keep_images(struct gather *gather, const struct gather_run *run, struct error *err)
{
    const int own = run->names.lists[STORE_IMAGES].count, all = gather->runs[0].names.lists[STORE_IMAGES].count;
    bool *keeps = arena_alloc(&gather->arena, (size_t)all + 1, sizeof *keeps);
    int shared = 0;
    if (!keeps)
        return error_memory(err, "the images of the runs");
    for (int i = 0; i < own; i++) {
        const int at = run->place[STORE_IMAGES][i];
        if (at < 0)
            continue;
        keeps[at] = gather->has_image[at];
        shared++;
    }
    gather->has_image = keeps;
    return shared == own && shared == all
               ? 0
               : gather_note(gather, run, err, "has %d image%s, %s %d, %d of them in common: only these are shown", own,
                             own == 1 ? "" : "s", gather->runs[0].folder, all, shared);
}

/* The first run that has a backbone of the report. */
static const struct gather_run *run_of_backbone(const struct gather *gather, int backbone)
{
    for (int r = 0; r < gather->run_count; r++)
        for (int b = 0; b < gather->runs[r].names.lists[STORE_BACKBONES].count; b++)
            if (gather->runs[r].place[STORE_BACKBONES] && gather->runs[r].place[STORE_BACKBONES][b] == backbone)
                return &gather->runs[r];
    return &gather->runs[0];
}

/* Finds a run's backbones; those that other runs lack get place `new_one`. */
static int place_backbones(struct gather *gather, struct gather_run *run, int new_one, int *count, struct error *err)
{
    const struct store_list *own = &run->names.lists[STORE_BACKBONES], *whole = &gather->names.lists[STORE_BACKBONES];
    for (int i = 0; i < own->count; i++) {
        const int at = join_find(whole, own->names[i]);
        const char *words = NULL;
        if (at >= 0 &&
            gather_entry_differs(gather, run, run_of_backbone(gather, at), STORE_BACKBONES, own->names[i], &words, err))
            return -1;
        if (words && gather_note(gather, run, err, "backbone \"%s\" %s: left out", own->names[i], words))
            return -1;
        run->place[STORE_BACKBONES][i] = words ? -1 : at < 0 ? new_one : at;
        *count += !words;
    }
    return 0;
}

static int add_backbones(struct gather *gather, struct gather_run *run, int new_one, struct error *err)
{
    struct store_list *whole = &gather->names.lists[STORE_BACKBONES];
    const struct store_list *own = &run->names.lists[STORE_BACKBONES];
    for (int i = 0; i < own->count; i++) {
        if (run->place[STORE_BACKBONES][i] != new_one)
            continue;
        run->place[STORE_BACKBONES][i] = whole->count;
        if (join_append_backbone(&gather->config, &run->config.backbones[i], &gather->arena, err) ||
            join_append_name(whole, own->names[i], 0, &gather->arena, err))
            return -1;
    }
    return 0;
}

/* -- methods ------------------------------------------------------------------------------------------------------- */

static int add_method(struct gather *gather, struct gather_run *run, int own, const char *label, struct error *err)
{
    struct store_list *whole = &gather->names.lists[STORE_METHODS];
    struct config_method entry = run->config.methods[own];
    const int at = whole->count;
    int *runs = arena_alloc(&gather->arena, (size_t)at + 1, sizeof *runs);
    int *owns = arena_alloc(&gather->arena, (size_t)at + 1, sizeof *owns);
    if (!runs || !owns)
        return error_memory(err, "the lists of the runs");
    if (at) {
        memcpy(runs, gather->method_run, (size_t)at * sizeof *runs);
        memcpy(owns, gather->method_own, (size_t)at * sizeof *owns);
    }
    runs[at] = (int)(run - gather->runs);
    owns[at] = own;
    gather->method_run = runs;
    gather->method_own = owns;
    if (strcmp(label, entry.label) != 0)
        entry.title = arena_format(&gather->arena, "%s (%s)", entry.title, run->name);
    entry.label = label;
    if (!entry.title)
        return error_memory(err, "the lists of the runs");
    run->place[STORE_METHODS][own] = at;
    return status_of(
        join_append_method(&gather->config, &entry, &gather->arena, err) ||
        join_append_name(whole, label, run->names.lists[STORE_METHODS].versions[own], &gather->arena, err));
}

/* How a run's method differs from a method of the report, in parameters, files or values; NULL: it does not. */
static int method_differs(struct gather *gather, const struct gather_run *run, int own, int at, const char **words,
                          struct error *err)
{
    const char *label = run->names.lists[STORE_METHODS].names[own];
    if (gather_entry_differs(gather, run, &gather->runs[gather->method_run[at]], STORE_METHODS, label, words, err))
        return -1;
    for (int r = 0; r < gather->run_count && !*words; r++) {
        const struct gather_run *earlier = &gather->runs[r];
        const int other = earlier == run ? -1 : join_find(&earlier->names.lists[STORE_METHODS], label);
        if (other >= 0 && earlier->place[STORE_METHODS] && earlier->place[STORE_METHODS][other] == at &&
            gather_values_differ(gather, run, own, earlier, other, words, err))
            return -1;
    }
    return 0;
}

/* A label that no method of any run has: "gradcam (b)", with the whole folder if need be. */
static const char *free_label(struct gather *gather, const struct gather_run *run, const char *label)
{
    const char *text = arena_format(&gather->arena, "%s (%s)", label, run->name);
    bool is_free = true;
    for (int r = 0; text && r < gather->run_count; r++)
        is_free = is_free && join_find(&gather->runs[r].names.lists[STORE_METHODS], text) < 0;
    if (text && is_free && join_find(&gather->names.lists[STORE_METHODS], text) < 0)
        return text;
    return arena_format(&gather->arena, "%s (%s)", label, run->folder);
}

/* Adds a method, or finds it among those of the same label; if it differs from all, under a label of its own. */
static int place_method(struct gather *gather, struct gather_run *run, int own, struct error *err)
{
    const struct store_list *whole = &gather->names.lists[STORE_METHODS];
    const char *label = run->names.lists[STORE_METHODS].names[own], *why = NULL;
    for (int at = 0; at < whole->count; at++) {
        const struct gather_run *owner = &gather->runs[gather->method_run[at]];
        const char *words;
        if (owner == run || strcmp(owner->names.lists[STORE_METHODS].names[gather->method_own[at]], label) != 0)
            continue;
        if (method_differs(gather, run, own, at, &words, err))
            return -1;
        if (!words) {
            run->place[STORE_METHODS][own] = at;
            return 0;
        }
        why = why ? why : words;
    }
    if (!why)
        return add_method(gather, run, own, label, err);
    const char *name = free_label(gather, run, label);
    if (!name)
        return error_memory(err, "the lists of the runs");
    return status_of(gather_note(gather, run, err, "method \"%s\" %s: shown as \"%s\"", label, why, name) ||
                     add_method(gather, run, own, name, err));
}

/* -- runs ---------------------------------------------------------------------------------------------------------- */

static int take_first(struct gather *gather, struct error *err)
{
    struct gather_run *first = &gather->runs[0];
    const int images = first->names.lists[STORE_IMAGES].count;
    gather->names = first->names;
    gather->names.lists[STORE_METHODS] = (struct store_list){.versions = first->names.lists[STORE_METHODS].versions};
    gather->config = first->config;
    gather->config.method_count = 0;
    gather->has_image = arena_alloc(&gather->arena, (size_t)images + 1, sizeof *gather->has_image);
    if (!gather->has_image || make_places(gather, first, err))
        return error_memory(err, "the images of the runs");
    for (int i = 0; i < images; i++)
        gather->has_image[i] = true;
    for (int kind = 0; kind < STORE_LISTS; kind++)
        for (int i = 0; first->place[kind] && i < first->names.lists[kind].count; i++)
            first->place[kind][i] = i;
    for (int m = 0; m < first->config.method_count; m++)
        if (add_method(gather, first, m, first->names.lists[STORE_METHODS].names[m], err))
            return -1;
    return 0;
}

static bool has_other_images(const struct gather_run *run, const struct gather_run *first)
{
    const char *one = join_text(first->texts, first->text_count, "sha256 of images");
    const char *other = join_text(run->texts, run->text_count, "sha256 of images");
    return !one || !other || strcmp(one, other) != 0;
}

/* Why nothing of a run can be compared with the others; NULL: something can. Places all lists but the methods. */
static int place_lists(struct gather *gather, struct gather_run *run, int new_one, const char **why, struct error *err)
{
    int same[STORE_LISTS] = {0};
    *why = "has another image set";
    if (has_other_images(run, &gather->runs[0]))
        return 0;
    if (place_fixed(gather, run, STORE_PROTOCOLS, &same[STORE_PROTOCOLS], err) ||
        place_fixed(gather, run, STORE_METRICS, &same[STORE_METRICS], err) ||
        place_images(gather, run, &same[STORE_IMAGES], err) ||
        place_backbones(gather, run, new_one, &same[STORE_BACKBONES], err))
        return -1;
    *why = same[STORE_PROTOCOLS] == 0   ? "no protocol is the same"
           : same[STORE_METRICS] == 0   ? "no metric is the same"
           : same[STORE_IMAGES] == 0    ? "no image is in common"
           : same[STORE_BACKBONES] == 0 ? "no backbone is the same"
                                        : NULL;
    return 0;
}

static int take_run(struct gather *gather, struct gather_run *run, struct error *err)
{
    const int new_one = INT_MAX;
    const char *why, *words;
    if (make_places(gather, run, err) || place_lists(gather, run, new_one, &why, err))
        return -1;
    if (why)
        return leave_out(gather, run, why, err);
    if (gather_common_differs(gather, run, &gather->runs[0], &words, err) ||
        (words && gather_note(gather, run, err, "%s", words)) || keep_images(gather, run, err) ||
        add_backbones(gather, run, new_one, err))
        return -1;
    for (int m = 0; m < run->names.lists[STORE_METHODS].count; m++)
        if (place_method(gather, run, m, err))
            return -1;
    return 0;
}

static int unite(struct gather *gather, struct error *err)
{
    if (take_first(gather, err))
        return -1;
    for (int i = 1; i < gather->run_count; i++)
        if (take_run(gather, &gather->runs[i], err))
            return -1;
    return 0;
}

/* -- the report's lists as positions in the stores ------------------------------------------------------------------- */

/* Lists the images that all runs have, and makes the places of images positions in this list. */
static int list_images(struct gather *gather, struct error *err)
{
    const struct store_list *all = &gather->runs[0].names.lists[STORE_IMAGES];
    const char **names = arena_alloc(&gather->arena, (size_t)all->count + 1, sizeof *names);
    int *position = arena_alloc(&gather->arena, (size_t)all->count + 1, sizeof *position);
    int count = 0;
    if (!names || !position)
        return error_memory(err, "the images of the runs");
    for (int i = 0; i < all->count; i++) {
        position[i] = gather->has_image[i] ? count : -1;
        if (gather->has_image[i])
            names[count++] = all->names[i];
    }
    for (int r = 0; r < gather->run_count; r++)
        for (int i = 0; i < gather->runs[r].names.lists[STORE_IMAGES].count; i++) {
            int *place = &gather->runs[r].place[STORE_IMAGES][i];
            *place = *place < 0 ? -1 : position[*place];
        }
    gather->names.lists[STORE_IMAGES] = (struct store_list){count, names, NULL};
    return 0;
}

int *gather_own_positions(const struct gather_run *run, enum store_list_kind kind, int places, struct arena *arena)
{
    int *own = arena_alloc(arena, (size_t)places + 1, sizeof *own);
    for (int i = 0; own && i < places; i++)
        own[i] = -1;
    for (int i = 0; own && i < run->names.lists[kind].count; i++)
        if (run->place[kind][i] >= 0)
            own[run->place[kind][i]] = i;
    return own;
}

static int arrange(struct gather *gather, const struct gather_run *run, struct error *err)
{
    struct store_places places[STORE_LISTS] = {0};
    for (int kind = 0; kind < STORE_LISTS; kind++) {
        if (!run->place[kind])
            continue;
        const int count = gather->names.lists[kind].count;
        const int *own = gather_own_positions(run, kind, count, &gather->arena);
        if (!own)
            return error_memory(err, "the lists of the runs");
        places[kind] = (struct store_places){count, own};
    }
    return store_arrange(run->store, places, err);
}

int gather_open(struct gather *gather, const char *const *folders, int count, const char *output, struct error *err)
{
    *gather = (struct gather){0};
    arena_init(&gather->arena, 0);
    if (open_runs(gather, folders, count, output, err) || unite(gather, err))
        return -1;
    gather->config.output = output;
    gather->config.name = last_part(output, &gather->arena);
    gather->config.report.overlays = 0;
    return gather->config.name ? list_images(gather, err) : error_memory(err, "the report");
}

int gather_count(const struct gather *gather)
{
    int count = 0;
    for (int i = 0; i < gather->run_count; i++)
        count += !gather->runs[i].is_left_out;
    return count;
}

/* The report's own remarks after the notes. */
static int join_remarks(const struct gather *gather, struct report *report, struct arena *arena, struct error *err)
{
    int count = 0;
    while (report->remarks && report->remarks[count])
        count++;
    const char **list = arena_alloc(arena, (size_t)(gather->note_count + count) + 1, sizeof *list);
    if (!list)
        return error_memory(err, "the report");
    for (int i = 0; i < gather->note_count; i++)
        list[i] = gather->notes[i];
    for (int i = 0; i < count; i++)
        list[gather->note_count + i] = report->remarks[i];
    report->remarks = list;
    return 0;
}

int gather_read(struct gather *gather, struct report *report, struct error *err)
{
    struct store **stores = arena_alloc(&gather->arena, (size_t)gather->run_count, sizeof *stores);
    const char **folders = arena_alloc(&gather->arena, (size_t)gather->run_count, sizeof *folders);
    const struct store_list *images = &gather->names.lists[STORE_IMAGES];
    int count = 0;
    if (!stores || !folders)
        return error_memory(err, "the list of runs");
    for (int i = 0; i < gather->run_count; i++) {
        const struct gather_run *run = &gather->runs[i];
        if (run->is_left_out)
            continue;
        if (arrange(gather, run, err))
            return -1;
        folders[count] = run->folder;
        stores[count++] = run->store;
    }
    gather->origin = (struct results_origin){count, count, stores, folders, NULL, NULL};
    if (results_read_from(&gather->config, stores, count, images->names, images->count, &gather->arena, report, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (store_check_unchanged(stores[i], err))
            return -1;
    return join_remarks(gather, report, &gather->arena, err);
}

void gather_close(struct gather *gather)
{
    for (int i = 0; i < gather->run_count; i++)
        store_close(gather->runs[i].store);
    arena_release(&gather->arena);
}
