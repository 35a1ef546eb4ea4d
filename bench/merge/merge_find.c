/* bench/merge/merge_find.c - finds runs and shards of runs in folders. */
#include "bench/merge/merge_state.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/merge/join.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool merge_has_store(const char *folder)
{
    char path[PATH_MAX];
    struct error ignored;
    return file_join(path, folder, "run.db", &ignored) == 0 && access(path, F_OK) == 0;
}

static int add_run(struct merge *merge, const char *folder, int given, const struct shard *shard, struct error *err)
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
    merge->runs[merge->run_count++] = (struct merge_run){.folder = copy, .given = given, .shard = *shard};
    return 0;
}

static int add_shards(struct merge *merge, const char *folder, int given, struct error *err)
{
    int status = 0;
    DIR *entries = opendir(folder);
    if (!entries)
        return error_set(err, "could not open run directory \"%s\": %s", folder, strerror(errno));
    for (struct dirent *entry; !status && (entry = readdir(entries));) {
        char path[PATH_MAX];
        struct shard shard;
        if (shard_from_folder(entry->d_name, &shard) == 0 && file_join(path, folder, entry->d_name, err) == 0 &&
            merge_has_store(path))
            status = add_run(merge, path, given, &shard, err);
    }
    closedir(entries);
    return status;
}

/* By argument; those in one folder by shard, then name. */
static int by_place(const void *a, const void *b)
{
    const struct merge_run *x = a, *y = b;
    if (x->given != y->given)
        return x->given - y->given;
    if (x->shard.count != y->shard.count)
        return x->shard.count - y->shard.count;
    if (x->shard.number != y->shard.number)
        return x->shard.number - y->shard.number;
    return strcmp(x->folder, y->folder);
}

static int find_runs(struct merge *merge, const char *folder, int given, struct error *err)
{
    const int before = merge->run_count;
    if (add_shards(merge, folder, given, err))
        return -1;
    const bool is_run = merge_has_store(folder), is_output = is_run && join_is_same_folder(folder, merge->output);
    if (is_run && !is_output && add_run(merge, folder, given, &(struct shard){0}, err))
        return -1;
    if (is_output)
        merge->output_place = merge->run_count;
    if (!is_run && merge->run_count == before)
        return error_set(err, "no run in \"%s\": it has neither run.db nor folders shard-I-of-N with one", folder);
    return 0;
}

int merge_open(struct merge *merge, const char *const *folders, int folder_count, const char *output, struct error *err)
{
    *merge = (struct merge){.output = output, .output_place = -1};
    arena_init(&merge->arena, 0);
    if (!output && folder_count > 1)
        return error_set(err, "several runs need --output DIR, the folder of the joined run");
    if (!output)
        merge->output = folders[0];
    if (!text_is_utf8(merge->output))
        return error_set(err,
                         "the name \"%s\" is not UTF-8, as the whole run's config.yaml must be; choose another with "
                         "--output",
                         merge->output);
    for (int i = 0; i < folder_count; i++)
        if (find_runs(merge, folders[i], i, err))
            return -1;
    if (merge->output_place < 0)
        merge->output_place = merge->run_count;
    if (merge->run_count)
        qsort(merge->runs, (size_t)merge->run_count, sizeof *merge->runs, by_place);
    return 0;
}
