/* datasets/import/import_folder.c - pictures in a folder. */
#include "datasets/import/import_source.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_LEVELS 4 /* depth of the search for folders of classes */

/* -- the list: not by fts(3), which crashes without memory in glibc 2.36 ------------------------------------------- */

struct walk {
    struct import_files *files;
    struct arena *arena;
    size_t root_length;
    char path[PATH_MAX]; /* of the current entry */
};

/* A folder between the root and the current entry. A link back to one of them is not followed. */
struct level {
    const struct level *above;
    int depth;
    dev_t device;
    ino_t number;
};

static int list_level(struct walk *walk, const struct level *level, struct error *err);

static const char *path_below_root(const struct walk *walk)
{
    return walk->path + walk->root_length + 1;
}

static int fail_at(const struct walk *walk, struct error *err)
{
    return error_system(err, "could not read \"%s\": %s", walk->path, strerror(errno));
}

static bool is_on_the_way(const struct level *level, const struct stat *folder)
{
    for (; level; level = level->above)
        if (level->device == folder->st_dev && level->number == folder->st_ino)
            return true;
    return false;
}

/* Does not enter a folder with pictures of other programs. */
static int list_folder(struct walk *walk, const char *name, const struct stat *folder, const struct level *above,
                       struct error *err)
{
    const struct level level = {above, above->depth + 1, folder->st_dev, folder->st_ino};
    size_t length;
    if (is_on_the_way(above, folder))
        return 0;
    if (import_tool_folder(name, strlen(name), &length))
        return import_add_left_out(walk->files, name, length, walk->arena, err);
    if (level.depth <= FOLDER_LEVELS && import_add_folder(walk->files, path_below_root(walk), walk->arena, err))
        return -1;
    return list_level(walk, &level, err);
}

static int list_file(struct walk *walk, const char *name, const struct stat *file, struct error *err)
{
    const bool is_picture = import_is_picture_name(name), is_hidden = name[0] == '.';
    walk->files->hidden_count += is_hidden && is_picture;
    if (!is_hidden && import_is_foreign_name(name))
        return import_add_foreign(walk->files, path_below_root(walk), walk->arena, err);
    if (is_hidden || !is_picture)
        return 0;
    return import_add_file(walk->files, path_below_root(walk), (uint64_t)file->st_size, walk->arena, err);
}

/* For an entry whose status cannot be read: a broken link, or one that has been deleted meanwhile. */
static int list_lost(struct walk *walk, const char *name, struct error *err)
{
    struct stat link;
    if (lstat(walk->path, &link))
        return errno == ENOENT ? 0 : fail_at(walk, err);
    if (!S_ISLNK(link.st_mode) || !import_is_picture_name(name) || name[0] == '.')
        return 0;
    return status_of(
        import_add_lost(walk->files, path_below_root(walk), walk->arena, err) ||
        import_add_refused(walk->files, path_below_root(walk), "a link to a file that is not there", walk->arena, err));
}

static int list_entry(struct walk *walk, const char *name, const struct level *level, struct error *err)
{
    struct stat entry;
    if (stat(walk->path, &entry))
        return list_lost(walk, name, err);
    if (S_ISDIR(entry.st_mode))
        return list_folder(walk, name, &entry, level, err);
    return S_ISREG(entry.st_mode) ? list_file(walk, name, &entry, err) : 0;
}

static int is_real_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_name(struct walk *walk, const char *name, const struct level *level, struct error *err)
{
    const size_t length = strlen(walk->path);
    if (length + 1 + strlen(name) >= sizeof walk->path) {
        errno = ENAMETOOLONG;
        return fail_at(walk, err);
    }
    walk->path[length] = '/';
    memcpy(walk->path + length + 1, name, strlen(name) + 1);
    const int status = list_entry(walk, name, level, err);
    walk->path[length] = 0;
    return status;
}

/* Lists the folder at walk->path, in the order of its names. */
static int list_level(struct walk *walk, const struct level *level, struct error *err)
{
    struct dirent **entries;
    int status = 0;
    const int count = scandir(walk->path, &entries, is_real_name, compare_names);
    if (count < 0)
        return fail_at(walk, err);
    for (int i = 0; i < count; i++) {
        status = status ? status : list_name(walk, entries[i]->d_name, level, err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int import_list_folder(struct import_files *files, struct arena *arena, struct error *err)
{
    struct walk walk = {.files = files, .arena = arena, .root_length = strlen(files->folder)};
    struct stat root;
    snprintf(walk.path, sizeof walk.path, "%s", files->folder);
    if (walk.root_length >= sizeof walk.path)
        errno = ENAMETOOLONG;
    else if (stat(walk.path, &root) == 0)
        return list_level(&walk, &(struct level){.device = root.st_dev, .number = root.st_ino}, err);
    return fail_at(&walk, err);
}

/* -- bytes ---------------------------------------------------------------------------------------------------------- */

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
        if (!visitor->is_wanted(visitor->context, i))
            continue;
        arena_reset(scratch);
        if (read_picture(files->folder, files->files[i].path, scratch, &bytes, &size, &problem))
            bytes = NULL;
        status = visitor->take(visitor->context, i, bytes, size, &problem);
    }
    return status;
}
