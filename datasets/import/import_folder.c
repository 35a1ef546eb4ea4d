/* datasets/import/import_folder.c - pictures in a folder. */
#include "datasets/import/import_source.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

#define FOLDER_LEVELS 4 /* depth of the search for folders of classes */

/* Does not enter a folder with pictures of other programs. */
static int take_folder(FTS *tree, FTSENT *entry, const char *path, struct import_files *files, struct arena *arena,
                       struct error *err)
{
    size_t length;
    if (entry->fts_level == 0)
        return 0;
    if (import_tool_folder(entry->fts_name, strlen(entry->fts_name), &length)) {
        fts_set(tree, entry, FTS_SKIP);
        return import_add_left_out(files, entry->fts_name, length, arena, err);
    }
    return entry->fts_level <= FOLDER_LEVELS ? import_add_folder(files, path, arena, err) : 0;
}

static int take_entry(FTS *tree, FTSENT *entry, struct import_files *files, struct arena *arena, struct error *err)
{
    const bool is_picture = import_is_picture_name(entry->fts_name), is_hidden = entry->fts_name[0] == '.';
    const char *path = entry->fts_level ? entry->fts_path + strlen(files->folder) + 1 : "";
    switch (entry->fts_info) {
    case FTS_D:
        return take_folder(tree, entry, path, files, arena, err);
    case FTS_F:
        files->hidden_count += is_hidden && is_picture;
        if (!is_hidden && import_is_foreign_name(entry->fts_name))
            return import_add_foreign(files, path, arena, err);
        if (is_hidden || !is_picture)
            return 0;
        return import_add_file(files, path, (uint64_t)entry->fts_statp->st_size, arena, err);
    case FTS_SLNONE:
        if (!is_picture || is_hidden)
            return 0;
        return status_of(import_add_lost(files, path, arena, err) ||
                         import_add_refused(files, path, "a link to a file that is not there", arena, err));
    case FTS_DNR:
    case FTS_ERR:
        return error_system(err, "could not read \"%s\": %s", entry->fts_path, strerror(entry->fts_errno));
    default:
        return 0;
    }
}

int import_list_folder(struct import_files *files, struct arena *arena, struct error *err)
{
    char *roots[] = {(char *)(uintptr_t)files->folder, NULL}; /* fts_open() takes no const, and changes nothing */
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_entries);
    if (!tree)
        return error_set(err, "could not read \"%s\": %s", files->folder, strerror(errno));
    int status = 0;
    errno = 0;
    for (FTSENT *entry; !status && (entry = fts_read(tree)); errno = 0)
        status = take_entry(tree, entry, files, arena, err);
    if (!status && errno)
        status = error_system(err, "could not read \"%s\": %s", files->folder, strerror(errno));
    fts_close(tree);
    return status;
}

static int read_picture(const char *folder, const char *file, struct arena *arena, char **bytes, size_t *size,
                        struct error *err)
{
    char path[PATH_MAX];
    const bool is_absolute = file[0] == '/';
    if (snprintf(path, sizeof path, "%s%s%s", is_absolute ? "" : folder, is_absolute ? "" : "/", file) >= PATH_MAX)
        return error_system(err, "its path is too long");
    return import_read_file(path, IMPORT_PICTURE_BYTES_MAX, arena, bytes, size, err);
}

int import_visit_folder(const struct import_files *files, const struct import_visitor *visitor, struct arena *scratch,
                        struct error *err)
{
    (void)err;
    int status = 0;
    for (int i = 0; i < files->count && !status; i++) {
        char *bytes = NULL;
        size_t size = 0;
        struct error problem;
        if (!visitor->wants(visitor->context, i))
            continue;
        arena_reset(scratch);
        if (read_picture(files->folder, files->files[i].path, scratch, &bytes, &size, &problem))
            bytes = NULL;
        status = visitor->take(visitor->context, i, bytes, size, &problem);
    }
    return status;
}
