/*
 * weights/pth_state.c - finds the state dict in a checkpoint.
 *
 * Training programs save a dict: the state dict under a key, and beside it an optimizer, arguments, best scores,
 * averaged weights, a teacher. Every dict of tensors that can be reached by keys is a candidate. The usual keys decide,
 * in the order of the table, also if there is a single tensor beside them.
 */
#include "weights/pth.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 5
#define CANDIDATES_MAX 32
#define VISITS_MAX 20000 /* limit of visited values, because a value may appear in many places */
#define MODULES_MAX 24   /* depth of a network of modules */
#define PATH_BYTES 256
#define FEW 4 /* dicts with fewer tensors contain scores and counters, not a network */

/* Usual keys of the weights, best first: trained ones before averaged ones. */
static const char *const usual[] = {"state_dict", "model_state_dict", "model",          "model_state", "net",
                                    "network",    "net_state_dict",   "model_weights",  "weights",     "params",
                                    "state",      "module",           "backbone",       "classifier",  "student",
                                    "best_model", "best_state_dict",  "state_dict_ema", "model_ema",   "ema_state_dict",
                                    "ema",        "params_ema",       "teacher"};

enum { USUAL = sizeof usual / sizeof *usual, ROOT = USUAL, UNUSUAL };

struct candidate {
    char path[PATH_BYTES];
    int rank, depth;
    struct pth_state state;
};

struct search {
    struct tensor_file *file;
    struct candidate *list;
    int count, visits;
    bool has_no_memory;
};

/* -- the tensors of a value --------------------------------------------------------------------------------------- */

static void add(struct search *search, struct pth_state *state, const char *prefix, const char *name,
                const struct pickle_value *value)
{
    if (state->count == state->capacity) {
        const int larger = state->capacity ? 2 * state->capacity : 64;
        struct pth_entry *list = arena_alloc(&search->file->arena, (size_t)larger, sizeof *list);
        search->has_no_memory |= !list;
        if (!list)
            return;
        if (state->count)
            memcpy(list, state->entries, (size_t)state->count * sizeof *list);
        state->entries = list;
        state->capacity = larger;
    }
    const size_t size = strlen(prefix) + strlen(name) + 1;
    char *full = *prefix ? arena_alloc(&search->file->arena, size, 1) : NULL;
    search->has_no_memory |= *prefix && !full;
    if (full)
        snprintf(full, size, "%s%s", prefix, name);
    state->entries[state->count++] = (struct pth_entry){full ? full : name, value};
    state->tensors += value->kind == PICKLE_TENSOR;
}

/* Adds the items of a dict that are tensors, or objects in place of a tensor. */
static void add_items(struct search *search, struct pth_state *state, const char *prefix,
                      const struct pickle_value *dict)
{
    for (int i = 0; dict && i + 1 < dict->count && search->visits < VISITS_MAX; i += 2, search->visits++) {
        const struct pickle_value *key = dict->items[i], *value = dict->items[i + 1];
        if (key->kind == PICKLE_TEXT && (value->kind == PICKLE_TENSOR || value->kind == PICKLE_OBJECT))
            add(search, state, prefix, key->text, value);
    }
}

static const struct pickle_value *attribute(const struct pickle_value *object, const char *name)
{
    const struct pickle_value *state = object->kind == PICKLE_OBJECT ? object->object.state : NULL;
    return state ? pickle_get(state, name) : NULL;
}

static bool is_script(const struct pickle_value *value)
{
    return value->kind == PICKLE_OBJECT && strncmp(value->object.name, "__torch__", 9) == 0 && value->object.state;
}

static bool is_module(const struct pickle_value *value)
{
    return is_script(value) || attribute(value, "_parameters");
}

/* Adds what state_dict() of a pickled module would return: its own tensors, then those of its modules. */
static void add_module(struct search *search, struct pth_state *state, const char *prefix,
                       const struct pickle_value *module, int depth)
{
    char inner[PATH_BYTES];
    const struct pickle_value *modules = is_script(module) ? module->object.state : attribute(module, "_modules");
    if (depth > MODULES_MAX || search->visits > VISITS_MAX)
        return;
    if (!is_script(module)) {
        add_items(search, state, prefix, attribute(module, "_parameters"));
        add_items(search, state, prefix, attribute(module, "_buffers"));
    }
    for (int i = 0; modules && i + 1 < modules->count && search->visits < VISITS_MAX; i += 2, search->visits++) {
        const struct pickle_value *key = modules->items[i], *value = modules->items[i + 1];
        if (key->kind != PICKLE_TEXT)
            continue;
        if (value->kind == PICKLE_TENSOR && is_script(module))
            add(search, state, prefix, key->text, value);
        else if (is_module(value) && snprintf(inner, sizeof inner, "%s%s.", prefix, key->text) < (int)sizeof inner)
            add_module(search, state, inner, value, depth + 1);
    }
}

/* -- candidates --------------------------------------------------------------------------------------------------- */

static int rank_of(const char *path)
{
    const char *dot = strrchr(path, '.'), *last = dot ? dot + 1 : path;
    if (!*path)
        return ROOT;
    for (int i = 0; i < USUAL; i++)
        if (strcmp(usual[i], last) == 0)
            return i;
    return UNUSUAL;
}

static void consider(struct search *search, const char *path, const struct pickle_value *value, int depth)
{
    if (search->count == CANDIDATES_MAX)
        return;
    struct candidate *candidate = &search->list[search->count];
    *candidate = (struct candidate){.rank = rank_of(path), .depth = depth};
    snprintf(candidate->path, sizeof candidate->path, "%s", path);
    if (is_module(value))
        add_module(search, &candidate->state, "", value, 0);
    else
        add_items(search, &candidate->state, "", value);
    search->count += candidate->state.tensors > 0;
}

static void visit(struct search *search, const char *path, const struct pickle_value *value, int depth)
{
    char inner[PATH_BYTES], number[16];
    const bool has_keys = value->kind == PICKLE_DICT || value->kind == PICKLE_OBJECT;
    if (depth > DEPTH_MAX || search->visits++ > VISITS_MAX || (!has_keys && value->kind != PICKLE_LIST))
        return;
    if (has_keys)
        consider(search, path, value, depth);
    const int step = has_keys ? 2 : 1;
    for (int i = 0; i + step <= value->count; i += step) {
        const struct pickle_value *key = value->items[i], *item = value->items[i + step - 1];
        snprintf(number, sizeof number, "%d", i);
        const char *name = !has_keys ? number : key->kind == PICKLE_TEXT ? key->text : NULL;
        if (name && snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", name) < (int)sizeof inner)
            visit(search, inner, item, depth + 1);
    }
}

/* -- the choice --------------------------------------------------------------------------------------------------- */

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    const bool a_is_few = a->state.tensors < FEW, b_is_few = b->state.tensors < FEW;
    if (a_is_few != b_is_few)
        return b_is_few;
    return a->rank != b->rank ? a->rank < b->rank : a->depth < b->depth;
}

static bool is_rival(const struct candidate *a, const struct candidate *best)
{
    return a != best && a->state.tensors >= FEW && 2 * a->state.tensors >= best->state.tensors;
}

/* Lists the other state dicts as "\"a\", \"b\"". */
static void list_rivals(const struct search *search, const struct candidate *best, char *out, size_t size)
{
    size_t used = 0;
    char shown[64];
    *out = 0;
    for (int i = 0; i < search->count && used + sizeof shown + 8 < size; i++)
        if (is_rival(&search->list[i], best))
            used += (size_t)snprintf(out + used, size - used, "%s\"%s\"", used ? ", " : "",
                                     text_printable(search->list[i].path, shown, sizeof shown));
}

static const struct candidate *find_path(const struct search *search, const char *path)
{
    for (int i = 0; i < search->count; i++)
        if (strcmp(search->list[i].path, path) == 0)
            return &search->list[i];
    return NULL;
}

static int refuse(const struct pickle_value *value, struct error *err)
{
    char shown[128];
    if (value->kind == PICKLE_OBJECT || value->kind == PICKLE_GLOBAL)
        return error_set(
            err,
            "it holds no tensors but an object of \"%s\"; nothing in the file is executed, only tensors are "
            "read: save the state_dict() alone",
            text_printable(value->kind == PICKLE_OBJECT ? value->object.name : value->global.name, shown,
                           sizeof shown));
    return error_set(err,
                     "it holds no state dict: a dict of tensors, alone or under a key such as \"%s\" or \"%s\"; "
                     "save the state_dict() alone",
                     usual[0], usual[2]);
}

static const struct candidate *choose(struct search *search, const struct pickle_value *value, struct error *err)
{
    struct tensor_file *file = search->file;
    const struct candidate *best = file->key ? find_path(search, file->key) : NULL;
    char rivals[256];
    file->is_key_found = best != NULL;
    for (int i = 0; i < search->count && !file->is_key_found; i++)
        if (!best || is_before(&search->list[i], best))
            best = &search->list[i];
    if (!best) {
        refuse(value, err);
        return NULL;
    }
    list_rivals(search, best, rivals, sizeof rivals);
    file->taken = best->path;
    file->others = arena_string(&file->arena, rivals);
    if (!file->others) {
        error_memory(err, "the list of tensors");
        return NULL;
    }
    if (best->rank != UNUSUAL || file->is_key_found || !*rivals || file->is_listing)
        return best;
    error_set(err, "it holds several state dicts: \"%s\", %s; choose one with --key", best->path, rivals);
    return NULL;
}

/* -- for display --------------------------------------------------------------------------------------------------- */

static void describe(const struct search *search, const struct pickle_value *value, const char *path, char *out,
                     size_t size)
{
    const struct candidate *candidate = find_path(search, path);
    if (candidate)
        snprintf(out, size, "%d tensors", candidate->state.tensors);
    else if (value->kind == PICKLE_OBJECT)
        text_printable(value->object.name, out, size);
    else if (value->kind == PICKLE_DICT || value->kind == PICKLE_LIST)
        snprintf(out, size, "%s of %d", value->kind == PICKLE_DICT ? "dict" : "list",
                 value->kind == PICKLE_DICT ? value->count / 2 : value->count);
    else if (value->kind == PICKLE_TEXT)
        text_printable(value->text, out, size);
    else if (value->kind == PICKLE_NUMBER)
        snprintf(out, size, "%lld", (long long)value->number);
    else
        snprintf(out, size, "%s",
                 value->kind == PICKLE_TENSOR ? "tensor"
                 : value->kind == PICKLE_NONE ? "None"
                                              : "value");
}

/* Lists the values beside the state dict, at the top level. */
static int list_entries(const struct search *search, const struct pickle_value *value, struct error *err)
{
    struct tensor_file *file = search->file;
    const int count = value->kind == PICKLE_DICT && *file->taken ? value->count / 2 : 0;
    char text[128];
    file->entries = arena_alloc(&file->arena, (size_t)count + 1, sizeof *file->entries);
    if (!file->entries)
        return error_memory(err, "the list of keys");
    for (int i = 0; i < count && file->entry_count < TENSOR_FILE_ENTRIES_MAX; i++) {
        const struct pickle_value *key = value->items[2 * i];
        if (key->kind != PICKLE_TEXT)
            continue;
        describe(search, value->items[2 * i + 1], key->text, text, sizeof text);
        struct tensor_file_entry *entry = &file->entries[file->entry_count++];
        *entry = (struct tensor_file_entry){key->text, arena_string(&file->arena, text)};
        if (!entry->what)
            return error_memory(err, "the list of keys");
    }
    return 0;
}

int pth_find_state(struct tensor_file *file, const struct pickle_value *value, struct pth_state *state,
                   struct error *err)
{
    struct search search = {.file = file};
    search.list = arena_alloc(&file->arena, CANDIDATES_MAX, sizeof *search.list);
    if (!search.list)
        return error_memory(err, "the list of state dicts");
    visit(&search, "", value, 0);
    if (search.has_no_memory)
        return error_memory(err, "the list of tensors");
    const struct candidate *best = choose(&search, value, err);
    if (!best)
        return -1;
    *state = best->state;
    return list_entries(&search, value, err);
}
