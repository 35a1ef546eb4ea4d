/* bench/run/conditions.c - compares a run's config and files, part by part, with those that its store was made with. */
#include "bench/run/conditions.h"

#include "base/sha256.h"
#include "base/text.h"
#include "bench/run/identity.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char whole_key[] = "identity", part_prefix[] = "identity of ", hash_prefix[] = "sha256 of ";

/* The lists of a config's text. */
static const struct part_list {
    enum store_list_kind kind;
    const char *section, *word; /* in the text; in keys and messages */
    bool has_labels;
} part_lists[] = {{STORE_BACKBONES, "backbones", "backbone", true},
                  {STORE_METHODS, "methods", "method", true},
                  {STORE_METRICS, "metrics", "metric", false},
                  {STORE_PROTOCOLS, "protocol", "protocol", true}};

enum { PART_LISTS = sizeof part_lists / sizeof *part_lists };

static const char *key_of(const struct part_list *list, const char *name, struct arena *arena)
{
    return arena_format(arena, "%s%s %s", part_prefix, list->word, name);
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* -- differences --------------------------------------------------------------------------------------------------- */

bool conditions_differ(const char *key, const char *one, const char *other, struct identity_difference *difference)
{
    char where[64], shown[96];
    if (!begins_with(key, whole_key) || !identity_differs(one, other, difference))
        return false;
    if (strcmp(key, whole_key) == 0)
        return true;
    const char *part = key + strlen(part_prefix), *name = strchr(part, ' ');
    if (!name)
        return true;
    snprintf(where, sizeof where, "%.63s", difference->where + (difference->where[0] == '.'));
    snprintf(difference->where, sizeof difference->where, "%s of %.*s \"%.40s\"", where,
             name - part < 16 ? (int)(name - part) : 16, part, text_printable(name + 1, shown, sizeof shown));
    return true;
}

/* -- what a store has ---------------------------------------------------------------------------------------------- */

/* A list that grows; its arena. */
struct texts {
    struct arena *arena;
    int count, room;
    struct store_text *list;
};

static int add_text(struct texts *texts, const char *key, const char *text, struct error *err)
{
    if (texts->count == texts->room) {
        texts->room = texts->room ? 2 * texts->room : 32;
        struct store_text *more = arena_alloc(texts->arena, (size_t)texts->room, sizeof *more);
        if (!more)
            return error_memory(err, "the run's conditions");
        if (texts->count)
            memcpy(more, texts->list, (size_t)texts->count * sizeof *more);
        texts->list = more;
    }
    if (!key || !text)
        return error_memory(err, "the run's conditions");
    texts->list[texts->count++] = (struct store_text){key, text};
    return 0;
}

/* Adds the parts of a whole text. `names`: the entries of the lists, in the text's order. */
static int add_parts(struct texts *texts, const char *whole, const struct store_names *names, struct error *err)
{
    if (add_text(texts, whole_key, identity_common(whole, texts->arena), err))
        return -1;
    for (int l = 0; l < PART_LISTS; l++) {
        const struct store_list *list = &names->lists[part_lists[l].kind];
        for (int i = 0; i < list->count; i++)
            if (add_text(texts, key_of(&part_lists[l], list->names[i], texts->arena),
                         identity_entry(whole, part_lists[l].section, i, texts->arena), err))
                return -1;
    }
    return 0;
}

static bool is_word_then(const char *text, const char *word, const char *name)
{
    const size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && text[length] == ' ' && strcmp(text + length + 1, name) == 0;
}

/* Of "weights of LABEL" or "model file N of LABEL", "PARAM of LABEL" (a method's) or "plugin of metric NAME". */
static bool is_hash_of(const char *file, enum store_list_kind kind, const char *name)
{
    const char *owner = strstr(file, " of ");
    if (!owner)
        return false;
    owner += strlen(" of ");
    if (kind == STORE_METRICS)
        return is_word_then(owner, "metric", name);
    const bool is_of_backbone = begins_with(file, "weights of ") || begins_with(file, "model file ");
    return strcmp(owner, name) == 0 && (kind == STORE_BACKBONES) == is_of_backbone;
}

bool conditions_are_of(const char *key, enum store_list_kind kind, const char *name)
{
    if (begins_with(key, hash_prefix))
        return is_hash_of(key + strlen(hash_prefix), kind, name);
    for (int l = 0; l < PART_LISTS && begins_with(key, part_prefix); l++)
        if (part_lists[l].kind == kind)
            return is_word_then(key + strlen(part_prefix), part_lists[l].word, name);
    return false;
}

static bool is_of_an_entry(const char *key, const struct store_names *names)
{
    for (int l = 0; l < PART_LISTS; l++)
        for (int i = 0; i < names->lists[part_lists[l].kind].count; i++)
            if (conditions_are_of(key, part_lists[l].kind, names->lists[part_lists[l].kind].names[i]))
                return true;
    return false;
}

/* Whether a text belongs to an entry that the run does not list now. */
static bool is_of_another(const char *key, const struct store_names *names)
{
    return strcmp(key, "sha256 of images") != 0 && (begins_with(key, part_prefix) || begins_with(key, hash_prefix)) &&
           !is_of_an_entry(key, names);
}

static int by_key(const void *one, const void *other)
{
    return strcmp(((const struct store_text *)one)->key, ((const struct store_text *)other)->key);
}

int conditions_read(struct store *store, const struct store_names *names, struct arena *arena, struct store_text **list,
                    int *count, struct error *err)
{
    struct texts texts = {.arena = arena};
    struct store_text *all;
    int all_count;
    if (store_read_manifest(store, arena, &all, &all_count, err))
        return -1;
    for (int i = 0; i < all_count; i++) {
        const bool is_whole = strcmp(all[i].key, whole_key) == 0 && identity_is_whole(all[i].text);
        if (is_of_another(all[i].key, names) || strcmp(all[i].key, SHARD_KEY) == 0)
            continue;
        if (is_whole ? add_parts(&texts, all[i].text, names, err) : add_text(&texts, all[i].key, all[i].text, err))
            return -1;
    }
    if (texts.count)
        qsort(texts.list, (size_t)texts.count, sizeof *texts.list, by_key);
    *list = texts.list;
    *count = texts.count;
    return 0;
}

/* -- the run and its store ------------------------------------------------------------------------------------------ */

/* A run being checked. */
struct check {
    struct run *run;
    struct store *store;
};

/* Compares `now` with the text under `key`: 1: equal; 0: different; -1: error. A new key is stored. */
static int remember(const struct check *check, const char *key, const char *now, const char **before, struct error *err)
{
    if (store_manifest_find(check->store, key, &check->run->arena, before, err))
        return -1;
    if (!*before)
        return check->run->is_dry ? 1 : store_manifest_set(check->store, key, now, err) ? -1 : 1;
    return strcmp(*before, now) == 0;
}

/* Replaces the whole text that a store of layout 3 has by its parts. Its entries are listed in the text's order. */
static int split_old(const struct check *check, struct error *err)
{
    struct texts texts = {.arena = &check->run->arena};
    struct store_names names;
    const char *whole;
    if (store_manifest_find(check->store, whole_key, &check->run->arena, &whole, err))
        return -1;
    if (!whole || !identity_is_whole(whole))
        return 0;
    if (store_read_entries(check->store, &check->run->arena, &names, err) || add_parts(&texts, whole, &names, err))
        return -1;
    for (int i = 0; i < texts.count; i++)
        if (store_manifest_set(check->store, texts.list[i].key, texts.list[i].text, err))
            return -1;
    return 0;
}

/* The remedy for a difference: an entry with a label can get another one. `word`: "method"; NULL: it has no label. */
static const char *remedy(const char *word, char text[96])
{
    if (!word)
        return "use --fresh to start anew";
    snprintf(text, 96, "give the %.16s another label, or use --fresh to start anew", word);
    return text;
}

static int refuse(const struct check *check, const char *key, const char *before, const char *now, const char *word,
                  struct error *err)
{
    char text[96];
    struct identity_difference difference = {0};
    conditions_differ(key, before, now, &difference);
    return error_set(err, "run directory \"%s\": was begun with another config: %s was %s, is %s now; %s",
                     check->run->config.output, difference.where, difference.before, difference.now,
                     remedy(word, text));
}

/* Whether a line of an entry's text sets a parameter to its default, or only begins the parameters. */
static bool is_default(const char *line, size_t length, const struct param *params)
{
    char text[PARAM_VALUE_MAX], key[64], value[PARAM_VALUE_MAX];
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    if (sscanf(text, " %63[^:]: %4095[^\n]", key, value) < 2)
        return strcmp(text + strspn(text, " "), "params:") == 0;
    const struct param *param = param_find(params, key);
    char first[64] = "";
    if (param && param->type == PARAM_TYPE_ENUM)
        text_choice_name(param->choices, 0, first, sizeof first);
    return param && strcmp(param->fallback ? param->fallback : first, value) == 0;
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

/*
 * Whether two texts of an entry differ only in parameters that the first does not know, and that have their defaults in
 * the second: a later program has added them.
 */
static bool is_same_but_defaults(const char *before, const char *now, const struct param *params)
{
    while (*now) {
        const size_t length = line_length(now);
        if (line_length(before) == length && memcmp(before, now, length) == 0)
            before += length + (before[length] == '\n');
        else if (!is_default(now, length, params))
            return false;
        now += length + (now[length] == '\n');
    }
    return !*before;
}

/* `params`: rows of the entry's parameters; NULL: it has none. */
static int check_part(const struct check *check, const char *key, const char *now, const char *word,
                      const struct param *params, struct error *err)
{
    const char *before;
    const int is_same = key && now ? remember(check, key, now, &before, err) : error_memory(err, "the config's text");
    if (is_same < 0)
        return -1;
    return is_same || is_same_but_defaults(before, now, params) ? 0 : refuse(check, key, before, now, word, err);
}

static const struct param *entry_params(const struct config *config, enum store_list_kind kind, int i)
{
    switch (kind) {
    case STORE_METHODS:
        return config->methods[i].method->params;
    case STORE_METRICS:
        return config->metrics[i].metric->params;
    case STORE_PROTOCOLS:
        return protocol_params;
    default:
        return NULL;
    }
}

static const char *entry_name(const struct config *config, enum store_list_kind kind, int i)
{
    switch (kind) {
    case STORE_BACKBONES:
        return config->backbones[i].label;
    case STORE_METHODS:
        return config->methods[i].label;
    case STORE_METRICS:
        return config->metrics[i].metric->name;
    default:
        return config->protocols[i].name;
    }
}

static int check_parts(const struct check *check, const char *whole, struct error *err)
{
    struct arena *arena = &check->run->arena;
    if (check_part(check, whole_key, identity_common(whole, arena), NULL, NULL, err))
        return -1;
    for (int l = 0; l < PART_LISTS; l++)
        for (int i = 0; i < store_count(check->store, part_lists[l].kind); i++) {
            const char *name = entry_name(&check->run->config, part_lists[l].kind, i);
            if (check_part(check, key_of(&part_lists[l], name, arena),
                           identity_entry(whole, part_lists[l].section, i, arena),
                           part_lists[l].has_labels ? part_lists[l].word : NULL,
                           entry_params(&check->run->config, part_lists[l].kind, i), err))
                return -1;
        }
    return 0;
}

/* -- files --------------------------------------------------------------------------------------------------------- */

static int check_hash(const struct check *check, const char *key, const char *path, const char *hash, const char *word,
                      struct error *err)
{
    const char *before;
    char text[96];
    const int is_same = key ? remember(check, key, hash, &before, err) : error_memory(err, "the store's names");
    if (is_same == 0)
        return error_set(err, "run directory \"%s\": was begun with other contents of \"%s\"; %s",
                         check->run->config.output, path, remedy(word, text));
    return is_same < 0 ? -1 : 0;
}

static int check_file(const struct check *check, const char *key, const char *path, const char **hash, const char *word,
                      struct error *err)
{
    char *hex = arena_alloc(&check->run->arena, 65, 1);
    *hash = hex;
    if (!hex)
        return error_memory(err, "the manifest");
    return path_sha256(path, hex, err) || check_hash(check, key, path, hex, word, err) ? -1 : 0;
}

/* Further files of a model; one that a dry run lacks is left out. */
static int check_model_files(const struct check *check, struct run_backbone *backbone, const char *label,
                             struct error *err)
{
    struct arena *arena = &check->run->arena;
    const struct model *model = backbone->model;
    const char **hashes = arena_alloc(arena, (size_t)model->file_count + 1, sizeof *hashes);
    backbone->file_sha256 = hashes;
    for (int i = 0; hashes && i < model->file_count; i++) {
        const char *key = arena_format(arena, "%smodel file %d of %s", hash_prefix, i + 1, label);
        if (check->run->is_dry && access(model->files[i], F_OK))
            continue;
        if (check_file(check, key, model->files[i], &hashes[i], "backbone", err))
            return -1;
    }
    return hashes ? 0 : error_memory(err, "the manifest");
}

static int check_weights(const struct check *check, int b, struct error *err)
{
    struct run_backbone *backbone = &check->run->backbones[b];
    const struct config_backbone *config = &check->run->config.backbones[b];
    if (check_model_files(check, backbone, config->label, err))
        return -1;
    if (!backbone->model->has_weights || !backbone->model->path)
        return 0;
    backbone->weights_sha256 = model_sha256(backbone->model, err);
    return !backbone->weights_sha256 ||
                   check_hash(check, arena_format(&check->run->arena, "%sweights of %s", hash_prefix, config->label),
                              backbone->model->path, backbone->weights_sha256, "backbone", err)
               ? -1
               : 0;
}

static int check_method_file(const struct check *check, struct method_file *file, struct error *err)
{
    struct run *run = check->run;
    const char *key = arena_format(&run->arena, "%s%s of %s", hash_prefix, file->key, file->owner);
    const char *word = file->method < 0 ? NULL : "method";
    if (file->sha256)
        return check_hash(check, key, file->path, file->sha256, word, err);
    if (run->is_dry && access(file->path, F_OK))
        return 0;
    return check_file(check, key, file->path, &file->sha256, word, err);
}

int conditions_check(struct run *run, struct store *store, struct error *err)
{
    const struct check check = {run, store};
    const char *whole = config_identity(&run->config, &run->arena, err);
    if (!whole || split_old(&check, err) || check_parts(&check, whole, err) ||
        check_file(&check, "sha256 of images", run->config.dataset.path, &run->images_sha256, NULL, err))
        return -1;
    for (int b = 0; b < run->config.backbone_count; b++)
        if (check_weights(&check, b, err))
            return -1;
    for (int i = 0; i < run->method_file_count; i++)
        if (check_method_file(&check, &run->method_files[i], err))
            return -1;
    return 0;
}
