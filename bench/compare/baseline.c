/*
 * bench/compare/baseline.c - copies files to a folder beside the baseline, then exchanges both folders by one rename.
 */
#define _GNU_SOURCE /* renameat2 */
#include "bench/compare/baseline.h"

#include "base/file.h"
#include "base/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite's log exists only while a process uses the folder, or after one was killed. */
static const struct kept {
    const char *name;
    bool is_needed;
} kept[] = {{"run.db", true}, {"config.yaml", true}, {"manifest.json", false}};
enum { KEPT = sizeof kept / sizeof *kept };

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

bool baseline_exists(const char *folder)
{
    return is_there(folder);
}

static bool is_kept(const char *name)
{
    for (int i = 0; i < KEPT; i++)
        if (strcmp(name, kept[i].name) == 0)
            return true;
    return false;
}

/* Error: the folder holds files that a baseline does not have. */
static int check_folder(const char *folder, struct error *err)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return error_set(err, "could not open baseline \"%s\": %s", folder, strerror(errno));
    char other[NAME_MAX + 1] = "";
    for (struct dirent *entry; !*other && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_kept(entry->d_name))
            snprintf(other, sizeof other, "%s", entry->d_name);
    closedir(entries);
    if (*other)
        return error_set(err, "\"%s\" is not a saved baseline: it holds \"%s\"; choose a folder of its own", folder,
                         other);
    return 0;
}

/* Removes the files of a baseline and the folder, which must hold no others. */
static int remove_baseline(const char *folder, struct error *err)
{
    char path[PATH_MAX];
    for (int i = 0; i < KEPT; i++) {
        if (file_join(path, folder, kept[i].name, err))
            return -1;
        unlink(path);
    }
    if (rmdir(folder) && errno != ENOENT)
        return error_set(err, "could not remove \"%s\": %s", folder, strerror(errno));
    return 0;
}

static int copy_stream(FILE *from, const char *path, struct file_writer *to, struct error *err)
{
    char bytes[1 << 16];
    size_t size;
    while ((size = fread(bytes, 1, sizeof bytes, from)) > 0)
        fwrite(bytes, 1, size, to->stream); /* file_commit() reports a full disk */
    if (!ferror(from))
        return file_commit(to, err);
    file_abandon(to);
    return error_set(err, "could not read \"%s\"", path);
}

static int copy_file(const char *folder, const char *run, const struct kept *file, struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct file_writer writer;
    if (file_join(from, run, file->name, err) || file_join(to, folder, file->name, err))
        return -1;
    if (!file->is_needed && access(from, F_OK) && errno == ENOENT)
        return 0;
    FILE *stream = input_stream(from, err);
    if (!stream)
        return error_prefix(err, "could not open \"%s\": ", from);
    const int status = file_create(&writer, to, err) ? -1 : copy_stream(stream, from, &writer, err);
    fclose(stream);
    return status;
}

static int copy_run(const char *folder, const char *run, struct error *err)
{
    char log[PATH_MAX];
    if (file_join(log, run, "run.db-wal", err))
        return -1;
    if (is_there(log))
        return error_set(err, "run \"%s\" is being written", run);
    for (int i = 0; i < KEPT; i++)
        if (copy_file(folder, run, &kept[i], err))
            return -1;
    return 0;
}

/*
 * Puts `part` in the place of `folder` and removes the old baseline. File systems that cannot exchange two folders
 * lack a baseline for a moment.
 */
static int exchange(const char *part, const char *folder, struct error *err)
{
    if (!is_there(folder)) {
        if (rename(part, folder) == 0)
            return 0;
    } else if (renameat2(AT_FDCWD, part, AT_FDCWD, folder, RENAME_EXCHANGE) == 0) {
        return remove_baseline(part, err);
    } else if (errno == EINVAL || errno == ENOSYS) {
        if (remove_baseline(folder, err))
            return -1;
        if (rename(part, folder) == 0)
            return 0;
    }
    return error_set(err, "could not write baseline \"%s\": %s", folder, strerror(errno));
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Removes slashes from the end of the folder's name, and writes the name of its part, NAME.part. */
static int plain_name(const char *folder, char name[PATH_MAX], char part[PATH_MAX], struct error *err)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (length + sizeof ".part" > PATH_MAX)
        return error_set(err, "path too long: \"%s\"", folder);
    snprintf(name, PATH_MAX, "%.*s", (int)length, folder);
    snprintf(part, PATH_MAX, "%.*s.part", (int)length, folder);
    return 0;
}

/* Finds the folder's real name: a symbolic link to a baseline stays, and its target is exchanged. */
static int find_names(const char *folder, char name[PATH_MAX], char part[PATH_MAX], struct error *err)
{
    char real[PATH_MAX];
    struct stat info;
    if (plain_name(folder, name, part, err))
        return -1;
    const bool is_link = lstat(name, &info) == 0 && S_ISLNK(info.st_mode);
    return is_link && realpath(name, real) ? plain_name(real, name, part, err) : 0;
}

int baseline_update(const char *folder, const char *run, struct error *err)
{
    char name[PATH_MAX], part[PATH_MAX];
    struct error ignored;
    if (find_names(folder, name, part, err))
        return -1;
    if (is_same_folder(name, run))
        return error_set(err, "\"%s\" is both baseline and run", folder);
    if (is_there(name) && check_folder(name, err))
        return -1;
    if (is_there(part) && (check_folder(part, err) || remove_baseline(part, err))) /* after a killed process */
        return -1;
    struct file_folders folders;
    if (file_make_folders(&folders, part, err))
        return -1;
    if (copy_run(part, run, err) == 0 && exchange(part, name, err) == 0)
        return 0;
    remove_baseline(part, &ignored);
    file_remove_folders(&folders);
    return -1;
}
