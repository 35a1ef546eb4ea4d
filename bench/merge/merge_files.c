/* bench/merge/merge_files.c - the files of the merged run: overlays, config.yaml, manifest.json; removes them after a failure. */
#include "bench/merge/merge_state.h"

#include "base/file.h"
#include "base/input.h"
#include "base/sha256.h"
#include "bench/process/interrupt.h"
#include "bench/run/manifest.h"
#include "bench/run/run.h"
#include "bench/run/spent.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
            fwrite(bytes, 1, size, out.stream); /* file_commit() reports failures */
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

/* The overlays are named by backbone and image. */
static int copy_overlays(const struct merge *merge, const char *folder, struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX], file[PATH_MAX], copy[PATH_MAX];
    if (file_join(from, folder, "overlays", err))
        return -1;
    DIR *entries = opendir(from);
    if (!entries)
        return errno == ENOENT ? 0 /* a shard may have no overlays */
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

int merge_copy_overlays(const struct merge_state *state, struct error *err)
{
    const struct merge *merge = state->merge;
    if (state->has_other_lists && record_clear_pictures(merge->output, err))
        return -1;
    for (int i = 0; i < merge->run_count; i++)
        if (merge->runs[i].has_all_methods && copy_overlays(merge, merge->runs[i].folder, err))
            return -1;
    return 0;
}

static int list_skipped(struct merge_state *state, struct manifest *manifest, struct error *err)
{
    struct merge *merge = state->merge;
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

/* The labels of backbones and methods, in their order. */
static int list_entries(struct merge *merge, struct manifest *manifest, struct error *err)
{
    const struct store_list *backbones = &merge->names.lists[STORE_BACKBONES];
    const struct store_list *all = &merge->names.lists[STORE_METHODS];
    struct manifest_backbone *nets = arena_alloc(&merge->arena, (size_t)backbones->count + 1, sizeof *nets);
    struct manifest_entry *rows = arena_alloc(&merge->arena, (size_t)all->count + 1, sizeof *rows);
    if (!nets || !rows)
        return error_memory(err, "the manifest");
    for (int b = 0; b < backbones->count; b++)
        nets[b].label = backbones->names[b];
    for (int m = 0; m < all->count; m++)
        rows[m].label = all->names[m];
    manifest->backbones = nets;
    manifest->backbone_count = backbones->count;
    manifest->methods = rows;
    manifest->method_count = all->count;
    return 0;
}

static int list_spent(struct merge *merge, struct manifest *manifest, struct error *err)
{
    struct store_spent *list;
    if (store_read_spent(merge->store, &merge->arena, &list, &manifest->spent_count, err))
        return -1;
    manifest->spent_count = spent_unite(list, manifest->spent_count);
    manifest->spent = list;
    return 0;
}

int merge_write_manifest(struct merge_state *state, struct error *err)
{
    struct merge *merge = state->merge;
    char config[PATH_MAX], hash[65];
    struct manifest manifest = {.config_sha256 = hash, .item_count = (int)merge->present};
    const char **folders = arena_alloc(&merge->arena, (size_t)merge->run_count, sizeof *folders);
    if (!folders)
        return error_memory(err, "the manifest");
    manifest.programs = &merge->programs;
    manifest.mixture = merge->mixture;
    if (list_entries(merge, &manifest, err))
        return -1;
    for (int i = 0; i < merge->run_count; i++)
        folders[i] = merge->runs[i].folder;
    if (list_spent(merge, &manifest, err))
        return -1;
    return status_of(file_join(config, merge->output, "config.yaml", err) ||
                     config_write(&merge->config, config, err) || file_sha256(config, hash, err) ||
                     list_skipped(state, &manifest, err) ||
                     manifest_join(merge->output, folders, merge->run_count, &manifest, err));
}

/* -- the output folder ---------------------------------------------------------------------------------------------- */

static const char overlays[] = "overlays";
static const char *const files[MERGE_FILES] = {"run.db", "config.yaml", "manifest.json", overlays};

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct error ignored;
    return file_join(path, folder, name, &ignored) == 0 && (file_is_link(path) || access(path, F_OK) == 0);
}

int merge_make_output(struct merge_output *output, const char *folder, struct error *err)
{
    for (int i = 0; i < MERGE_FILES; i++)
        output->was_there[i] = is_there(folder, files[i]);
    return file_make_folders(&output->folders, folder, err);
}

static void remove_overlays(const char *folder)
{
    char path[PATH_MAX];
    struct error ignored;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_picture(entry->d_name) && file_join(path, folder, entry->d_name, &ignored) == 0)
            unlink(path);
    if (entries)
        closedir(entries);
    rmdir(folder);
}

void merge_remove_output(struct merge_output *output, const char *folder)
{
    char path[PATH_MAX];
    struct error ignored;
    for (int i = 0; i < MERGE_FILES && !is_there(folder, "run.lock"); i++) {
        if (output->was_there[i] || file_join(path, folder, files[i], &ignored))
            continue;
        if (files[i] == overlays)
            remove_overlays(path);
        else
            unlink(path);
    }
    file_remove_folders(&output->folders); /* unless another process has put files there */
}
