/* bench/run/record.c - opens the store, and writes the resolved config and the manifest. */
#include "bench/run/run.h"

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "bench/run/additions.h"
#include "bench/run/conditions.h"
#include "bench/run/manifest.h"
#include "bench/run/pilot.h"
#include "bench/run/spent.h"
#include "bench/run/this_program.h"
#include "bench/run/work.h"
#include "bench/store/run_lock.h"
#include "bench/store/store_programs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- the store ----------------------------------------------------------------------------------------------------- */

static const char *backbone_label(const struct config *config, int i)
{
    return config->backbones[i].label;
}

static const char *method_label(const struct config *config, int i)
{
    return config->methods[i].label;
}

static const char *protocol_label(const struct config *config, int i)
{
    return config->protocols[i].name;
}

static const char *metric_label(const struct config *config, int i)
{
    return config->metrics[i].metric->name;
}

static int method_version(const struct config *config, int i)
{
    return method_version_of(config->methods[i].method, config->methods[i].params);
}

static int protocol_version(const struct config *config, int i)
{
    return config->protocols[i].version;
}

static int metric_version(const struct config *config, int i)
{
    return config->metrics[i].metric->version;
}

/* Makes one of the store's lists; version NULL: its entries have no versions. */
static int make_list(struct run *run, int count, const char *(*label)(const struct config *, int),
                     int (*version)(const struct config *, int), struct store_list *out, struct error *err)
{
    const char **names = arena_alloc(&run->arena, (size_t)count, sizeof *names);
    int *versions = arena_alloc(&run->arena, (size_t)count, sizeof *versions);
    if (!names || !versions)
        return error_memory(err, "the store's names");
    for (int i = 0; i < count; i++) {
        names[i] = label(&run->config, i);
        versions[i] = version ? version(&run->config, i) : 0;
    }
    *out = (struct store_list){count, names, version ? versions : NULL};
    return 0;
}

/* Lists the different views or inputs of the protocols. */
static int make_shared(struct run *run, int count, int (*number)(const struct panel *, int),
                       const char *(*name)(const struct protocol *, struct arena *), struct store_list *out,
                       struct error *err)
{
    const char **names = arena_alloc(&run->arena, (size_t)count + 1, sizeof *names);
    if (!names)
        return error_memory(err, "the store's names");
    for (int p = 0; p < run->config.protocol_count; p++) {
        const int i = number(&run->panel, p);
        if (!names[i] && !(names[i] = name(&run->config.protocols[p], &run->arena)))
            return error_memory(err, "the store's names");
    }
    *out = (struct store_list){count, names, NULL};
    return 0;
}

static int make_names(struct run *run, struct store_names *out, struct error *err)
{
    const struct config *config = &run->config;
    struct store_list *lists = out->lists;
    lists[STORE_IMAGES] = (struct store_list){run->image_count, run->image_names, NULL};
    return status_of(
        make_list(run, config->backbone_count, backbone_label, NULL, &lists[STORE_BACKBONES], err) ||
        make_list(run, config->method_count, method_label, method_version, &lists[STORE_METHODS], err) ||
        make_list(run, config->protocol_count, protocol_label, protocol_version, &lists[STORE_PROTOCOLS], err) ||
        make_list(run, config->metric_count, metric_label, metric_version, &lists[STORE_METRICS], err) ||
        make_shared(run, panel_view_count(&run->panel), panel_view_of, panel_view_name, &lists[STORE_VIEWS], err) ||
        make_shared(run, panel_input_count(&run->panel), panel_input_of, panel_input_name, &lists[STORE_INPUTS], err));
}

static struct store *open_store(struct run *run, bool fresh, struct error *err)
{
    struct store_names names = {0};
    return make_names(run, &names, err) ? NULL : store_open(run->config.output, &names, fresh, err);
}

static int hash_of(struct run *run, const char *path, const char **hash, struct error *err)
{
    char *hex = arena_alloc(&run->arena, 65, 1);
    *hash = hex;
    return hex ? path_sha256(path, hex, err) : error_memory(err, "the manifest");
}

static int check_lock(const char *folder, struct error *err)
{
    struct run_lock lock;
    if (run_lock_init(&lock, folder, err) || run_lock_take(&lock, err))
        return -1;
    run_lock_drop(&lock);
    return 0;
}

/* The protocol that was the first of a store of layout 3, or -1 if it is not listed any more. */
static int old_protocol(const struct run *run, const struct store *store)
{
    for (int p = 0; p < run->config.protocol_count; p++)
        if (store_entry(store, STORE_PROTOCOLS, p) == 0)
            return p;
    return -1;
}

static int keep_lists(const struct run *run, struct store *store, struct error *err)
{
    const int old = old_protocol(run, store);
    return store_keep_lists(store, old < 0 ? -1 : panel_view_of(&run->panel, old),
                            old < 0 ? -1 : panel_input_of(&run->panel, old), err);
}

static int read_work(struct run *run, struct store *store, struct work *work, struct error *err)
{
    if (work_read_items(run, store, work, err))
        return -1;
    run->work = work;
    return additions_count(run, store, err);
}

/* Adopts the run's lists and conditions in a transaction that is never committed. */
static int try_lists(struct run *run, struct store *store, struct error *err)
{
    struct work *work = work_read_lists(run, store, err);
    return status_of(!work || store_begin_batch(store, err) || conditions_check(run, store, err) ||
                     keep_lists(run, store, err) || read_work(run, store, work, err) || pilot_read(run, store, err));
}

int record_check(struct run *run, bool fresh, struct error *err)
{
    char path[PATH_MAX];
    if (check_lock(run->config.output, err) || file_join(path, run->config.output, "run.db", err))
        return -1;
    if (fresh || !run->images || access(path, F_OK))
        return 0;
    const int is_begun = store_is_begun(run->config.output, err);
    if (is_begun < 1)
        return is_begun;
    struct store *store = open_store(run, false, err);
    const int status = store ? try_lists(run, store, err) : -1;
    store_close(store);
    return status;
}

/* Stores the shard's number and count, which `cambench merge` reads. */
static int remember_shard(struct run *run, struct store *store, struct error *err)
{
    const struct shard *shard = &run->shard;
    if (!shard_is_part(shard))
        return 0;
    const char *text = arena_format(&run->arena, "%d/%d", shard->number, shard->count);
    return text ? store_manifest_set(store, SHARD_KEY, text, err) : error_memory(err, "the shard");
}

/* Removes items that another program has measured. */
static int drop_old(struct run *run, struct store *store, const struct programs *programs, const struct program *here,
                    const struct store_names *names, struct error *err)
{
    struct program_use *old = arena_alloc(&run->arena, (size_t)programs->use_count + 1, sizeof *old);
    int count = 0;
    if (!old)
        return error_memory(err, "the run's programs");
    for (int i = 0; i < programs->use_count; i++) {
        const struct program_use *use = &programs->uses[i];
        const struct program *other = use->program < 0 ? NULL : &programs->list[use->program];
        if (program_differs(other, here, names, use->backbone, use->method))
            old[count++] = *use;
    }
    return store_keep_copy(store, err) || store_drop_uses(store, old, count, err) ? -1 : 0;
}

/* Numbers from other sources are measured again, unless the user keeps them. */
static int check_programs(struct run *run, struct store *store, bool keep_old, struct error *err)
{
    struct programs programs;
    struct program here;
    const char *changes;
    size_t maps;
    struct store_names names;
    if (make_names(run, &names, err))
        return -1;
    if (store_read_programs(store, &run->arena, &programs, err) ||
        program_here(&run->config, "", &run->arena, &here, err) ||
        program_changes(&programs, &here, &names, &run->arena, &changes, &maps, err))
        return -1;
    if (!changes)
        return 0;
    if (!keep_old && drop_old(run, store, &programs, &here, &names, err))
        return -1;
    const int all = run->config.backbone_count * run->image_count * run->config.method_count;
    fprintf(stderr,
            keep_old ? "cambench: %zu of %d maps are kept as they are: %s since they were measured\n"
                     : "cambench: %zu of %d maps are measured again: %s since (--keep-old keeps them)\n",
            maps, all, TEXT_SHOWN(changes));
    return 0;
}

/*
 * Removes plots, overlays and tables of an earlier run, which could be mistaken for this run's; other files are kept.
 */
static void clear_folder(const char *folder)
{
    static const char *const kinds[] = {".png", ".svg", ".gp", ".dat", ".md", ".tex"};
    char path[PATH_MAX];
    struct error ignored;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); /* never the target of a link */
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        const char *kind = strrchr(entry->d_name, '.');
        for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
            if (strcmp(kind, kinds[i]) == 0 && file_join(path, folder, entry->d_name, &ignored) == 0)
                unlink(path);
    }
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
}

int record_clear_pictures(const char *folder, struct error *err)
{
    static const char *const folders[] = {"overlays", "plots", "tables"};
    static const char *const files[] = {"maps.h5", "index.html"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (file_join(path, folder, folders[i], err))
            return -1;
        clear_folder(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (file_join(path, folder, files[i], err))
            return -1;
        unlink(path);
    }
    return 0;
}

/*
 * Adopts the run's lists in one commit. Pictures of other lists show other methods and images, so they are removed
 * before.
 */
static int adopt(struct run *run, struct store *store, bool is_fresh, struct error *err)
{
    const bool has_changed = !store_has_same_lists(store);
    return status_of(store_begin_batch(store, err) || conditions_check(run, store, err) ||
                     ((is_fresh || has_changed) && record_clear_pictures(run->config.output, err)) ||
                     keep_lists(run, store, err) || remember_shard(run, store, err) || store_end_batch(store, err));
}

struct store *record_open(struct run *run, const struct run_flags *flags, struct error *err)
{
    char path[PATH_MAX];
    struct store *store = open_store(run, flags->is_fresh, err);
    if (!store)
        return NULL;
    struct work *work = work_read_lists(run, store, err);
    struct config resolved = run->config;
    if (shard_is_part(&run->shard))
        resolved.output = run->whole_output; /* so that any other shard can be started from this config.yaml */
    if (!work || adopt(run, store, flags->is_fresh, err) || check_programs(run, store, flags->keeps_old, err) ||
        read_work(run, store, work, err) || file_join(path, run->config.output, "config.yaml", err) ||
        config_write(&resolved, path, err)) {
        store_close(store);
        return NULL;
    }
    if (!flags->is_quiet) {
        work_print(run, work, stdout);
        additions_print(run, stdout);
    }
    return store;
}

/* -- the manifest -------------------------------------------------------------------------------------------------- */

static int fill_backbones(struct run *run, struct manifest *manifest, struct error *err)
{
    const struct config *config = &run->config;
    struct manifest_backbone *rows = arena_alloc(&run->arena, (size_t)config->backbone_count, sizeof *rows);
    if (!rows)
        return error_memory(err, "the manifest");
    for (int b = 0; b < config->backbone_count; b++) {
        const struct run_backbone *backbone = &run->backbones[b];
        rows[b] = (struct manifest_backbone){.label = config->backbones[b].label,
                                             .arch = config->backbones[b].arch,
                                             .layer = backbone->layer,
                                             .input = backbone->model->input,
                                             .weights = config_backbone_file(&config->backbones[b]),
                                             .weights_sha256 = backbone->weights_sha256,
                                             .workspace_bytes = backbone->workspace_bytes,
                                             .kernels = backbone->kernels,
                                             .steps = backbone->steps,
                                             .step_count = backbone->step_count};
        if (config->backbones[b].model) {
            rows[b].model = config->backbones[b].model;
            rows[b].output = config->backbones[b].output;
            rows[b].command = config->backbones[b].command;
        }
        rows[b].file_count = backbone->file_sha256 ? backbone->model->file_count : 0;
        rows[b].files = backbone->model->files;
        rows[b].file_sha256 = backbone->file_sha256;
        rows[b].digest = program_family_digest(config->backbones[b].arch);
        rows[b].parameters = (size_t)graph_trainable(backbone->model->graph);
    }
    manifest->backbones = rows;
    return 0;
}

static int fill_versions(struct run *run, struct manifest *manifest, struct error *err)
{
    const struct config *config = &run->config;
    const int count = config->method_count + config->metric_count + config->protocol_count;
    struct manifest_entry *rows = arena_alloc(&run->arena, (size_t)count, sizeof *rows);
    if (!rows)
        return error_memory(err, "the manifest");
    manifest->methods = rows;
    for (int i = 0; i < config->method_count; i++)
        *rows++ = (struct manifest_entry){config->methods[i].label, config->methods[i].method->name,
                                          method_version(config, i), program_method_digest(config->methods[i].method)};
    manifest->metrics = rows;
    for (int i = 0; i < config->metric_count; i++)
        *rows++ = (struct manifest_entry){NULL, metric_label(config, i), metric_version(config, i),
                                          program_metric_digest(config->metrics[i].metric)};
    manifest->protocols = rows;
    for (int i = 0; i < config->protocol_count; i++)
        *rows++ = (struct manifest_entry){config->protocols[i].name, config->protocols[i].preset,
                                          protocol_version(config, i), NULL};
    return 0;
}

static int fill_method_files(struct run *run, struct manifest *manifest, struct error *err)
{
    struct manifest_file *rows = arena_alloc(&run->arena, (size_t)run->method_file_count + 1, sizeof *rows);
    if (!rows)
        return error_memory(err, "the manifest");
    for (int i = 0; i < run->method_file_count; i++) {
        const struct method_file *file = &run->method_files[i];
        rows[i] = (struct manifest_file){file->owner, file->key, file->path, file->sha256};
    }
    manifest->files = rows;
    manifest->file_count = run->method_file_count;
    return 0;
}

static int fill_skipped(struct run *run, struct store *store, struct manifest *manifest, struct error *err)
{
    struct store_skipped *list;
    int count;
    if (store_read_skipped(store, &run->arena, &list, &count, err))
        return -1;
    struct manifest_skipped *rows = arena_alloc(&run->arena, (size_t)count, sizeof *rows);
    if (!rows)
        return error_memory(err, "the manifest");
    for (int i = 0; i < count; i++)
        rows[i] = (struct manifest_skipped){run->image_names[list[i].image], list[i].why};
    manifest->skipped = rows;
    manifest->skipped_count = count;
    return 0;
}

/* In the order in which they failed. */
static int fill_failed(const struct run *run, struct arena *arena, struct manifest *manifest, struct error *err)
{
    struct manifest_failed *rows = arena_alloc(arena, (size_t)run->failure_count + 1, sizeof *rows);
    int i = run->failure_count;
    if (!rows)
        return error_memory(err, "the manifest");
    for (const struct run_failure *failure = run->failures; failure; failure = failure->next)
        rows[--i] =
            (struct manifest_failed){run->config.backbones[failure->backbone].label, run->image_names[failure->image],
                                     run->config.methods[failure->method].label, failure->why};
    manifest->failed = rows;
    manifest->failed_count = run->failure_count;
    return 0;
}

static int fill_programs(struct run *run, struct store *store, struct manifest *manifest, struct error *err)
{
    struct programs *programs = arena_alloc(&run->arena, 1, sizeof *programs);
    struct store_names names;
    if (!programs)
        return error_memory(err, "the manifest");
    if (make_names(run, &names, err))
        return -1;
    manifest->programs = programs;
    return store_read_programs(store, &run->arena, programs, err) ||
                   program_mixture(programs, &names, &run->arena, &manifest->mixture, err)
               ? -1
               : 0;
}

static int fill_sessions(struct run *run, struct store *store, struct manifest *manifest, struct error *err)
{
    struct store_session *list;
    if (store_read_sessions(store, &run->arena, &list, &manifest->session_count, err))
        return -1;
    manifest->sessions = list;
    return 0;
}

/* The number of items in the store. */
static int count_items(const struct run *run, const struct store *store)
{
    int count = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        for (int i = 0; i < run->image_count; i++)
            for (int m = 0; m < run->config.method_count; m++)
                count += store_has_item(store, b, i, m);
    return count;
}

static int fill_spent(struct run *run, struct store *store, struct manifest *manifest, struct error *err)
{
    struct store_spent *list;
    if (store_read_spent(store, &run->arena, &list, &manifest->spent_count, err))
        return -1;
    manifest->spent_count = spent_unite(list, manifest->spent_count);
    manifest->spent = list;
    return 0;
}

int record_close(struct run *run, struct store *store, time_t started, time_t ended, struct error *err)
{
    const struct config *config = &run->config;
    char config_path[PATH_MAX], path[PATH_MAX];
    struct manifest manifest = {.name = config->name,
                                .seed = config->seed,
                                .threads = run->threads,
                                .started = started,
                                .ended = ended,
                                .images = config->dataset.path,
                                .images_sha256 = run->images_sha256,
                                .image_count = run->image_count,
                                .item_count = count_items(run, store),
                                .backbone_count = config->backbone_count,
                                .method_count = config->method_count,
                                .metric_count = config->metric_count,
                                .protocol_count = config->protocol_count};
    if (file_join(config_path, config->output, "config.yaml", err) ||
        file_join(path, config->output, "manifest.json", err) ||
        hash_of(run, config_path, &manifest.config_sha256, err))
        return -1;
    if (fill_backbones(run, &manifest, err) || fill_versions(run, &manifest, err) ||
        fill_method_files(run, &manifest, err) || fill_skipped(run, store, &manifest, err) ||
        fill_failed(run, &run->arena, &manifest, err) || fill_programs(run, store, &manifest, err) ||
        fill_sessions(run, store, &manifest, err) || fill_spent(run, store, &manifest, err))
        return -1;
    return manifest_write(path, &manifest, err);
}
