/* base/file.c - folders, and files that appear whole or not at all. */
#include "base/file.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART ".part-" /* and the writer's process; base/h5_write.c names its files so too */

int file_join(char out[PATH_MAX], const char *folder, const char *name, struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(err, "path too long: \"%.200s...\"", folder);
    return 0;
}

int file_create(struct file_writer *writer, const char *path, struct error *err)
{
    *writer = (struct file_writer){0};
    snprintf(writer->path, sizeof writer->path, "%s", path);
    if (snprintf(writer->temporary, PATH_MAX, "%s" PART "%ld", path, (long)getpid()) >= PATH_MAX)
        return error_set(err, "path too long: \"%.200s...\"", path);
    writer->stream = fopen(writer->temporary, "w");
    if (!writer->stream)
        return error_set(err, "could not write \"%s\": %s", path, strerror(errno));
    return 0;
}

int file_commit(struct file_writer *writer, struct error *err)
{
    FILE *stream = writer->stream;
    writer->stream = NULL;
    const int failed = (ferror(stream) || fflush(stream) || fsync(fileno(stream))) ? errno ? errno : EIO : 0;
    const int not_closed = fclose(stream) ? errno : 0;
    if (!failed && !not_closed && rename(writer->temporary, writer->path) == 0)
        return 0;
    const int reason = failed ? failed : not_closed ? not_closed : errno;
    unlink(writer->temporary);
    return error_set(err, "could not write \"%s\": %s", writer->path, strerror(reason));
}

static bool is_left(const char *name, const char *base)
{
    const size_t length = strlen(base);
    long long pid;
    if (strncmp(name, base, length) != 0 || strncmp(name + length, PART, strlen(PART)) != 0)
        return false;
    return text_to_int(name + length + strlen(PART), &pid) == 0 && pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) &&
           errno == ESRCH;
}

void file_remove_left(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char folder[PATH_MAX], left[PATH_MAX];
    struct error err;
    if (snprintf(folder, sizeof folder, "%.*s/", slash ? (int)(slash - path) : 1, slash ? path : ".") >= PATH_MAX)
        return;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_left(entry->d_name, base) && file_join(left, folder, entry->d_name, &err) == 0)
            unlink(left);
    if (entries)
        closedir(entries);
}

void file_abandon(struct file_writer *writer)
{
    if (!writer->stream)
        return;
    fclose(writer->stream);
    writer->stream = NULL;
    unlink(writer->temporary);
}

int file_make_folder(const char *path, struct error *err)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= PATH_MAX)
        return error_set(err, "path too long: \"%.200s...\"", path);
    for (char *slash = part + 1;; slash++) {
        const char end = *slash;
        if (end != '/' && end)
            continue;
        *slash = 0;
        struct stat info;
        const bool is_there = stat(part, &info) == 0;
        if (is_there && !S_ISDIR(info.st_mode))
            return error_set(err, "could not make folder \"%s\": \"%s\" is a file", path, part);
        if (!is_there && mkdir(part, 0777) && errno != EEXIST)
            return error_set(err, "could not make folder \"%s\": %s", path, strerror(errno));
        if (!end)
            return 0;
        *slash = end;
    }
}
