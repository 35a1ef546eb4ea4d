/* bench/merge/merge.c - joins runs, item by item, and says what differs and what is missing. */
#include "bench/merge/merge.h"
#include "base/sha256.h"

#include "base/file.h"
#include "base/input.h"
#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/run/identity.h"
#include "bench/run/manifest.h"
#include "bench/store/store_programs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMANDS_SHOWN 12

/* What is known while runs are joined. */
struct joining {
    struct merge *merge;
    const char *first; /* run that was looked at; the others must be like it */
    int text_count;    /* of its manifest */
    struct store_text *texts;
    unsigned char *is_seen;   /* [backbone][image][method]: in one of the runs */
    const char **why_skipped; /* [image]; NULL: could be read */
    int *programs;            /* [number in the current run] number in the merged store; 0 stays 0 */
    int program_count;
    struct arena scratch;
};

/* -- which runs ----------------------------------------------------------------------------------------------------- */

static bool has_store(const char *folder)
{
    char path[PATH_MAX];
    struct error ignored;
    return file_join(path, folder, "run.db", &ignored) == 0 && access(path, F_OK) == 0;
}

static bool is_same_folder(const char *one, const char *other)
{
    char real_one[PATH_MAX], real_other[PATH_MAX];
    return realpath(one, real_one) && realpath(other, real_other) && strcmp(real_one, real_other) == 0;
}

static int add_run(struct merge *merge, const char *folder, const struct shard *shard, struct error *err)
{
    const int count = merge->run_count;
    if ((count & (count - 1)) == 0) { /* full: 0, 1, 2, 4 ... */
        struct merge_run *more = arena_alloc(&merge->arena, (size_t)count * 2 + 1, sizeof *more);
        if (!more)
            return error_memory(err, "the list of runs");
        if (count)
            memcpy(more, merge->runs, (size_t)count * sizeof *more);
        merge->runs = more;
    }
    const char *copy = arena_string(&merge->arena, folder);
    if (!copy)
        return error_memory(err, "the list of runs");
    merge->runs[merge->run_count++] = (struct merge_run){copy, *shard};
    return 0;
}

static int add_shards(struct merge *merge, const char *folder, struct error *err)
{
    int status = 0;
    DIR *entries = opendir(folder);
    if (!entries)
        return error_set(err, "could not open run directory \"%s\": %s", folder, strerror(errno));
    for (struct dirent *entry; !status && (entry = readdir(entries));) {
        char path[PATH_MAX];
        struct shard shard;
        if (shard_from_folder(entry->d_name, &shard) == 0 && file_join(path, folder, entry->d_name, err) == 0 &&
            has_store(path))
            status = add_run(merge, path, &shard, err);
    }
    closedir(entries);
    return status;
}

static int by_shard_then_name(const void *a, const void *b)
{
    const struct merge_run *x = a, *y = b;
    if (x->shard.count != y->shard.count)
        return x->shard.count - y->shard.count;
    if (x->shard.number != y->shard.number)
        return x->shard.number - y->shard.number;
    return strcmp(x->folder, y->folder);
}

static int find_runs(struct merge *merge, const char *folder, struct error *err)
{
    const int before = merge->run_count;
    if (add_shards(merge, folder, err))
        return -1;
    const bool is_run = has_store(folder);
    if (is_run && !is_same_folder(folder, merge->output) && add_run(merge, folder, &(struct shard){0}, err))
        return -1;
    if (!is_run && merge->run_count == before)
        return error_set(err, "no run in \"%s\": it has neither run.db nor folders shard-I-of-N with one", folder);
    return 0;
}

int merge_open(struct merge *merge, const char *const *folders, int folder_count, const char *output, struct error *err)
{
    *merge = (struct merge){.output = output};
    arena_init(&merge->arena, 0);
    if (!output && folder_count > 1)
        return error_set(err, "more than one run and no --output: where do they go?");
    if (!output)
        merge->output = folders[0];
    if (!text_is_utf8(merge->output))
        return error_set(err,
                         "the name \"%s\" is not UTF-8, as the whole run's config.yaml must be; choose another with "
                         "--output",
                         merge->output);
    for (int i = 0; i < folder_count; i++)
        if (find_runs(merge, folders[i], err))
            return -1;
    if (merge->run_count)
        qsort(merge->runs, (size_t)merge->run_count, sizeof *merge->runs, by_shard_then_name);
    return 0;
}

/* -- do they belong together? --------------------------------------------------------------------------------------- */

static const char *find_text(const struct store_text *texts, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].text;
    return NULL;
}

/* Config, image set and weights, as the stores remember them; the shard is each run's own. */
static int compare_texts(const struct joining *joining, const char *folder, const struct store_text *texts, int count,
                         struct error *err)
{
    const char *first = joining->first;
    for (int i = 0; i < count; i++) {
        const char *other = find_text(joining->texts, joining->text_count, texts[i].key);
        struct identity_difference difference;
        if (strcmp(texts[i].key, SHARD_KEY) == 0 || (other && strcmp(other, texts[i].text) == 0))
            continue;
        if (other && strcmp(texts[i].key, "identity") == 0 && identity_differs(other, texts[i].text, &difference))
            return error_set(err,
                             "runs \"%s\" and \"%s\" differ in their configs: %s is \"%s\" in one, \"%s\" in the other",
                             first, folder, difference.where, difference.before, difference.now);
        return error_set(err, "runs \"%s\" and \"%s\" differ: %s is %s in one, %s in the other", first, folder,
                         texts[i].key, other ? other : "not there", texts[i].text);
    }
    return 0;
}

static int compare_names(const struct joining *joining, const char *folder, const struct store_names *names,
                         struct error *err)
{
    struct store_difference difference;
    if (!store_names_differ(&joining->merge->names, names, &difference))
        return 0;
    return error_set(err, "runs \"%s\" and \"%s\" differ: %s is %s in one, %s in the other", joining->first, folder,
                     difference.what, difference.one, difference.other);
}

/* The first run says what all must be. */
static int check_first(struct joining *joining, struct store *store, const struct store_names *names, struct error *err)
{
    struct merge *merge = joining->merge;
    char path[PATH_MAX];
    merge->names = *names;
    if (store_read_manifest(store, &merge->arena, &joining->texts, &joining->text_count, err) ||
        file_join(path, joining->first, "config.yaml", err) ||
        config_read(path, NULL, 0, &merge->arena, &merge->config, err))
        return -1;
    merge->config.output = merge->output;
    const struct config *config = &merge->config;
    if (config->backbone_count != names->lists[STORE_BACKBONES].count ||
        config->method_count != names->lists[STORE_METHODS].count ||
        config->protocol_count != names->lists[STORE_PROTOCOLS].count ||
        config->metric_count != names->lists[STORE_METRICS].count)
        return error_set(err, "run \"%s\": config.yaml is not the one that run.db was made with", joining->first);
    return 0;
}

static int check_other(struct joining *joining, const char *folder, struct store *store,
                       const struct store_names *names, struct error *err)
{
    struct store_text *texts;
    int count;
    if (compare_names(joining, folder, names, err) ||
        store_read_manifest(store, &joining->scratch, &texts, &count, err))
        return -1;
    return compare_texts(joining, folder, texts, count, err);
}

/* Opens a run to look at what it was made of. */
static int check_run(struct joining *joining, const char *folder, struct shard *shard, struct error *err)
{
    const bool is_first = !joining->first;
    struct arena *arena = is_first ? &joining->merge->arena : &joining->scratch;
    struct store_names names;
    arena_reset(&joining->scratch);
    struct store *store = store_open_to_read(folder, arena, &names, err);
    if (!store)
        return -1;
    if (is_first)
        joining->first = folder;
    const int status =
        is_first ? check_first(joining, store, &names, err) : check_other(joining, folder, store, &names, err);
    const char *text = store_manifest(store, SHARD_KEY, &joining->scratch);
    if (!text || shard_parse(text, shard))
        *shard = (struct shard){0};
    store_close(store);
    return status;
}

/* Of how many shards all runs are parts; 0: they are not. */
static int common_count(const struct merge *merge)
{
    for (int i = 1; i < merge->run_count; i++)
        if (merge->runs[i].shard.count != merge->runs[0].shard.count)
            return 0;
    return merge->run_count ? merge->runs[0].shard.count : 0;
}

static int check_runs(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    struct shard ignored;
    for (int i = 0; i < merge->run_count; i++)
        if (check_run(joining, merge->runs[i].folder, &merge->runs[i].shard, err))
            return -1;
    merge->shard_count = common_count(merge);
    const int is_begun = has_store(merge->output) ? store_is_begun(merge->output, err) : 0;
    return is_begun > 0 ? check_run(joining, merge->output, &ignored, err) : is_begun;
}

/* -- one item ------------------------------------------------------------------------------------------------------- */

static bool is_same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* To the bit. */
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

/* An item that was measured twice; costs may differ. */
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

/* Adds to the error why two programs may have measured different values; adds nothing if one program measured both. */
static void add_cause(struct joining *joining, const struct store_item *one, const struct store_item *other,
                      struct error *err)
{
    struct merge *merge = joining->merge;
    struct programs programs;
    struct error ignored;
    const char *const *words;
    char text[sizeof err->text];
    const struct program_use uses[] = {{one->program - 1, one->backbone, one->method, 1},
                                       {other->program - 1, one->backbone, one->method, 1}};
    if (one->program == other->program || store_read_programs(merge->store, &joining->scratch, &programs, &ignored))
        return;
    programs.uses = uses;
    programs.use_count = 2;
    if (program_mixture(&programs, &merge->names, &joining->scratch, &words, &ignored) || !words[0])
        return;
    snprintf(text, sizeof text, "%s", err->text);
    error_set(err, "%s: %s", text, words[0]);
}

static int compare_known(struct joining *joining, const char *folder, const struct store_item *item, struct error *err)
{
    struct store_item known;
    if (store_read_item(joining->merge->store, item->backbone, item->image, item->method, &joining->scratch, &known,
                        err))
        return -1;
    if (compare_items(joining->merge, folder, &known, item, err) == 0)
        return 0;
    add_cause(joining, &known, item, err);
    return -1;
}

/* Finds or adds the run's programs in the merged store. */
static int take_programs(struct joining *joining, struct store *from, struct error *err)
{
    struct programs programs;
    if (store_read_programs(from, &joining->merge->arena, &programs, err))
        return -1;
    joining->program_count = programs.count;
    joining->programs = arena_alloc(&joining->merge->arena, (size_t)programs.count + 1, sizeof *joining->programs);
    if (!joining->programs)
        return error_memory(err, "the runs' programs");
    for (int i = 0; i < programs.count; i++)
        if (store_add_program(joining->merge->store, &programs.list[i], &joining->programs[i + 1], err))
            return -1;
    return 0;
}

static int join_item(struct joining *joining, const char *folder, struct store *from, int b, int i, int m,
                     struct error *err)
{
    struct merge *merge = joining->merge;
    struct store_item item;
    arena_reset(&joining->scratch);
    if (store_read_item(from, b, i, m, &joining->scratch, &item, err))
        return -1;
    if (item.program < 0 || item.program > joining->program_count)
        return error_set(err, "run \"%s\": a row of table \"made\" names no program", folder);
    item.program = joining->programs[item.program];
    return store_has_item(merge->store, b, i, m) ? compare_known(joining, folder, &item, err)
                                                 : store_commit(merge->store, &item, err);
}

/* -- one run -------------------------------------------------------------------------------------------------------- */

static int join_base(struct merge *merge, const char *folder, struct store *from, int b, int i, struct error *err)
{
    struct store_base base, known;
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

static size_t item_index(const struct merge *merge, int b, int i, int m)
{
    return ((size_t)b * (size_t)merge->names.lists[STORE_IMAGES].count + (size_t)i) *
               (size_t)merge->names.lists[STORE_METHODS].count +
           (size_t)m;
}

static int join_items(struct joining *joining, const char *folder, struct store *from, struct error *err)
{
    struct merge *merge = joining->merge;
    for (int b = 0; b < merge->names.lists[STORE_BACKBONES].count; b++)
        for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++) {
            if (join_base(merge, folder, from, b, i, err))
                return -1;
            for (int m = 0; m < merge->names.lists[STORE_METHODS].count; m++) {
                unsigned char *is_seen = &joining->is_seen[item_index(merge, b, i, m)];
                if (!store_has_item(from, b, i, m))
                    continue;
                if (join_item(joining, folder, from, b, i, m, err))
                    return -1;
                merge->repeated += *is_seen;
                *is_seen = 1;
            }
        }
    return 0;
}

static int note_skipped(struct joining *joining, struct store *from, struct error *err)
{
    struct store_skipped *list;
    int count;
    if (store_read_skipped(from, &joining->merge->arena, &list, &count, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (!joining->why_skipped[list[i].image])
            joining->why_skipped[list[i].image] = list[i].why;
    return 0;
}

static int join_run(struct joining *joining, const char *folder, struct error *err)
{
    struct store_names names;
    arena_reset(&joining->scratch);
    struct store *from = store_open_to_read(folder, &joining->scratch, &names, err);
    if (!from)
        return -1;
    store_stop_when(from, &interrupt_has_come);
    /* it may have changed since it was checked */
    const int status = compare_names(joining, folder, &names, err) || note_skipped(joining, from, err) ||
                       take_programs(joining, from, err) || join_items(joining, folder, from, err) ||
                       store_check_unchanged(from, err);
    store_close(from);
    return status ? -1 : 0;
}

/* -- the store of them all ------------------------------------------------------------------------------------------ */

static int remember_texts(const struct joining *joining, struct error *err)
{
    for (int i = 0; i < joining->text_count; i++)
        if (strcmp(joining->texts[i].key, SHARD_KEY) != 0 &&
            store_manifest_set(joining->merge->store, joining->texts[i].key, joining->texts[i].text, err))
            return -1;
    return 0;
}

/* Items that are there, and why others are not. */
static int count_items(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    merge->missing_of_shard = arena_alloc(&merge->arena, (size_t)merge->shard_count + 1, sizeof(size_t));
    if (!merge->missing_of_shard)
        return error_memory(err, "the missing items");
    for (int b = 0; b < merge->names.lists[STORE_BACKBONES].count; b++)
        for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++)
            for (int m = 0; m < merge->names.lists[STORE_METHODS].count; m++) {
                merge->item_count++;
                if (store_has_item(merge->store, b, i, m))
                    merge->present++;
                else if (joining->why_skipped[i])
                    merge->skipped++;
                else {
                    merge->missing++;
                    if (merge->shard_count)
                        merge->missing_of_shard[shard_of(merge->shard_count, b, i,
                                                         merge->names.lists[STORE_IMAGES].count) -
                                                1]++;
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

/* An image that one run could not read and others have measured since is not skipped. */
static int store_reasons(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    if (store_clear_skipped(merge->store, err))
        return -1;
    for (int i = 0; i < merge->names.lists[STORE_IMAGES].count; i++)
        if (joining->why_skipped[i] && !is_complete(merge, i) &&
            store_commit_skipped(merge->store, i, joining->why_skipped[i], err))
            return -1;
    return 0;
}

static int fill_store(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    if (store_begin_batch(merge->store, err) || remember_texts(joining, err) ||
        note_skipped(joining, merge->store, err))
        return -1;
    for (int i = 0; i < merge->run_count; i++)
        if (join_run(joining, merge->runs[i].folder, err))
            return -1;
    return store_reasons(joining, err) || store_end_batch(merge->store, err) ? -1 : 0;
}

/* A store that was not there before and got nothing is taken away again. */
static int make_store(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    const bool is_new = !has_store(merge->output);
    char path[PATH_MAX];
    struct file_folders folders;
    struct error ignored;
    if (file_make_folders(&folders, merge->output, err))
        return -1;
    merge->store = store_open(merge->output, &merge->names, false, err);
    if (!merge->store) {
        file_remove_folders(&folders);
        return -1;
    }
    if (fill_store(joining, err) == 0)
        return 0;
    store_close(merge->store);
    merge->store = NULL;
    if (is_new && file_join(path, merge->output, "run.db", &ignored) == 0)
        unlink(path);
    file_remove_folders(&folders); /* unless another process has put files there */
    return -1;
}

/* -- what lies beside the store ------------------------------------------------------------------------------------- */

static int copy_file(const char *from, const char *to, struct error *err)
{
    struct file_writer out;
    char bytes[1 << 16];
    size_t size;
    FILE *in = input_stream(from, err);
    if (!in)
        return error_prefix(err, "could not open \"%s\": ", from);
    int status = file_create(&out, to, err);
    if (!status) {
        while ((size = fread(bytes, 1, sizeof bytes, in)) > 0)
            fwrite(bytes, 1, size, out.stream); /* file_commit() sees what fails */
        status = ferror(in) ? error_set(err, "could not read \"%s\": %s", from, strerror(errno)) : 0;
        if (status)
            file_abandon(&out);
        else
            status = file_commit(&out, err);
    }
    fclose(in);
    return status;
}

static bool is_picture(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && strcmp(end, ".png") == 0;
}

/* Overlays are named by backbone and image. Those that are there stay. */
static int copy_overlays(const struct merge *merge, const char *folder, struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX], file[PATH_MAX], copy[PATH_MAX];
    if (file_join(from, folder, "overlays", err))
        return -1;
    DIR *entries = opendir(from);
    if (!entries)
        return errno == ENOENT ? 0 /* a shard may have none */
                               : error_set(err, "could not read folder \"%s\": %s", from, strerror(errno));
    int status = 0;
    for (struct dirent *entry; !status && !interrupt_has_come && (entry = readdir(entries));)
        if (is_picture(entry->d_name))
            status =
                file_join(file, from, entry->d_name, err) || file_make_inside(to, merge->output, "overlays", err) ||
                        file_join(copy, to, entry->d_name, err) || (access(copy, F_OK) && copy_file(file, copy, err))
                    ? -1
                    : 0;
    closedir(entries);
    return status;
}

static int list_skipped(struct joining *joining, struct manifest *manifest, struct error *err)
{
    struct merge *merge = joining->merge;
    struct store_skipped *list;
    int count;
    if (store_read_skipped(merge->store, &merge->arena, &list, &count, err))
        return -1;
    struct manifest_skipped *rows = arena_alloc(&merge->arena, (size_t)count, sizeof *rows);
    if (!rows)
        return error_memory(err, "the manifest");
    for (int i = 0; i < count; i++)
        rows[i] = (struct manifest_skipped){merge->names.lists[STORE_IMAGES].names[list[i].image], list[i].why};
    manifest->skipped = rows;
    manifest->skipped_count = count;
    return 0;
}

static int write_manifest(struct joining *joining, struct error *err)
{
    struct merge *merge = joining->merge;
    char config[PATH_MAX], hash[65];
    struct manifest manifest = {.config_sha256 = hash, .item_count = (int)merge->present};
    const char **folders = arena_alloc(&merge->arena, (size_t)merge->run_count, sizeof *folders);
    if (!folders)
        return error_memory(err, "the manifest");
    manifest.programs = &merge->programs;
    manifest.mixture = merge->mixture;
    for (int i = 0; i < merge->run_count; i++)
        folders[i] = merge->runs[i].folder;
    return file_join(config, merge->output, "config.yaml", err) || config_write(&merge->config, config, err) ||
                   file_sha256(config, hash, err) || list_skipped(joining, &manifest, err) ||
                   manifest_join(merge->output, folders, merge->run_count, &manifest, err)
               ? -1
               : 0;
}

static int find_mixture(struct merge *merge, struct error *err)
{
    return store_read_programs(merge->store, &merge->arena, &merge->programs, err) ||
                   program_mixture(&merge->programs, &merge->names, &merge->arena, &merge->mixture, err)
               ? -1
               : 0;
}

int merge_runs(struct merge *merge, struct error *err)
{
    struct joining joining = {.merge = merge};
    arena_init(&joining.scratch, 0);
    int status = check_runs(&joining, err);
    if (!status) {
        const size_t pairs =
            (size_t)merge->names.lists[STORE_BACKBONES].count * (size_t)merge->names.lists[STORE_IMAGES].count;
        joining.is_seen = arena_alloc(&merge->arena, pairs, (size_t)merge->names.lists[STORE_METHODS].count);
        joining.why_skipped =
            arena_alloc(&merge->arena, (size_t)merge->names.lists[STORE_IMAGES].count, sizeof *joining.why_skipped);
        if (!joining.is_seen || !joining.why_skipped)
            status = error_memory(err, "the run's items");
    }
    if (!status)
        status = make_store(&joining, err) || count_items(&joining, err) || find_mixture(merge, err) ||
                 write_manifest(&joining, err) || store_finish(merge->store, err);
    for (int i = 0; i < merge->run_count && !status; i++)
        status = copy_overlays(merge, merge->runs[i].folder, err);
    arena_release(&joining.scratch);
    return status ? -1 : 0;
}

void merge_close(struct merge *merge)
{
    store_close(merge->store);
    arena_release(&merge->arena);
}

/* -- what is missing ------------------------------------------------------------------------------------------------ */

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
