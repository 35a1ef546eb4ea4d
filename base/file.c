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
        return error_set(err, "path too long: \"%s\"", folder);
    return 0;
}

int file_create(struct file_writer *writer, const char *path, struct error *err)
{
    *writer = (struct file_writer){0};
    snprintf(writer->path, sizeof writer->path, "%s", path);
    if (snprintf(writer->temporary, PATH_MAX, "%s" PART "%ld", path, (long)getpid()) >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", path);
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

/* Is it "NAME.part-PID" of this NAME (NULL: any)? Then *pid is that process. */
static bool is_unfinished(const char *file, const char *name, pid_t *pid)
{
    const char *part = name ? file + strnlen(file, strlen(name)) : strstr(file, PART);
    long long number;
    if (!part || (name && strncmp(file, name, strlen(name)) != 0) || strncmp(part, PART, strlen(PART)) != 0 ||
        text_to_int(part + strlen(PART), &number) || number <= 0 || number > INT_MAX)
        return false;
    *pid = (pid_t)number;
    return true;
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) && errno == ESRCH;
}

/* Of the file `name`, only what processes left that are gone; name NULL: of any file and process. */
static void remove_unfinished(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct error err;
    pid_t pid;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_unfinished(entry->d_name, name, &pid) && (!name || is_gone(pid)) &&
            file_join(path, folder, entry->d_name, &err) == 0)
            unlink(path);
    if (entries)
        closedir(entries);
}

void file_remove_left(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%.*s/", slash ? (int)(slash - path) : 1, slash ? path : ".") < PATH_MAX)
        remove_unfinished(folder, slash ? slash + 1 : path);
}

void file_remove_unfinished(const char *folder)
{
    remove_unfinished(folder, NULL);
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
        return error_set(err, "path too long: \"%s\"", path);
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
