/* base/file.c - folders, and files that appear whole or not at all. */
#include "base/file.h"

#include "base/input.h"
#include "base/text.h"
#include "base/unfinished.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAP_MS 10
#define NAPS_MAX 100
#define LINKS_MAX 40  /* the kernel's own limit */
#define PART ".part-" /* followed by the writer's process number; base/h5_write.c uses the same names */

int file_join(char out[PATH_MAX], const char *folder, const char *name, struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", folder);
    return 0;
}

/* -- folders -------------------------------------------------------------------------------------------------------- */

/*
 * Makes the folder `path` in an existing folder. Returns 1: made; 0: it existed; -1: error, which names the whole path.
 */
static int make_one(const char *path, const char *whole, struct error *err)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return 1;
    const int reason = errno;
    if (stat(path, &info))
        return error_set(err, "could not make folder \"%s\": %s", whole, strerror(reason));
    if (!S_ISDIR(info.st_mode))
        return error_set(err, "could not make folder \"%s\": \"%s\" is a file", whole, path);
    return 0;
}

int file_make_folders(struct file_folders *made, const char *path, struct error *err)
{
    char *part = made->path;
    const size_t length = strlen(path);
    made->there = 0;
    if (length >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", path);
    bool is_made = false;
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end])
            continue;
        memcpy(part, path, end);
        part[end] = 0;
        const int status = make_one(part, path, err);
        is_made |= status == 1;
        if (status < 0) {
            file_remove_folders(made);
            return -1;
        }
        if (!is_made)
            made->there = end;
    }
    return 0;
}

int file_make_parents(struct file_folders *made, const char *file, struct error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(file, '/');
    *made = (struct file_folders){0};
    if (!slash || slash == file)
        return 0;
    if ((size_t)(slash - file) >= sizeof folder)
        return error_set(err, "path too long: \"%s\"", file);
    memcpy(folder, file, (size_t)(slash - file));
    folder[slash - file] = 0;
    return file_make_folders(made, folder, err);
}

void file_remove_folders(struct file_folders *made)
{
    for (size_t end = strlen(made->path); end > made->there; end--) {
        if (made->path[end] != '/' && made->path[end])
            continue;
        made->path[end] = 0;
        rmdir(made->path); /* fails if the folder is not empty */
    }
    *made = (struct file_folders){0};
}

int file_make_folder(const char *path, struct error *err)
{
    struct file_folders made;
    return file_make_folders(&made, path, err);
}

bool file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

int file_make_inside(char out[PATH_MAX], const char *folder, const char *name, struct error *err)
{
    if (file_join(out, folder, name, err))
        return -1;
    if (file_is_link(out))
        return error_set(err, "\"%s\" is a symbolic link, which is not followed; remove it", out);
    return file_make_folder(out, err);
}

/* -- files ---------------------------------------------------------------------------------------------------------- */

static int refuse_place(const char *path, mode_t mode, struct error *err)
{
    return error_set(err, "could not write \"%s\": it is %s, not a regular file", path, input_irregular(mode));
}

int file_check_target(const char *path, struct error *err)
{
    struct stat info;
    const size_t length = strlen(path);
    if (length == 0)
        return error_set(err, "could not write \"\": a file's name is needed");
    if (path[length - 1] == '/' || file_is_folder(path))
        return error_set(err, "could not write \"%s\": that is a folder, a file's name is needed", path);
    return lstat(path, &info) || S_ISLNK(info.st_mode) || S_ISREG(info.st_mode) ? 0
                                                                                : refuse_place(path, info.st_mode, err);
}

/* Never opens a file that exists already: it may be a link. */
static FILE *open_new(const char *path)
{
    FILE *stream = fopen(path, "wx");
    if (stream || errno != EEXIST || unlink(path))
        return stream;
    return fopen(path, "wx");
}

int file_create(struct file_writer *writer, const char *path, struct error *err)
{
    *writer = (struct file_writer){0};
    snprintf(writer->path, sizeof writer->path, "%s", path);
    if (snprintf(writer->temporary, PATH_MAX, "%s" PART "%ld", path, (long)getpid()) >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", path);
    if (file_check_target(path, err))
        return -1;
    unfinished_add(writer->temporary);
    writer->stream = open_new(writer->temporary);
    if (!writer->stream && errno == ENOENT) {
        if (file_make_parents(&writer->folders, path, err)) {
            unfinished_drop(writer->temporary);
            return error_prefix(err, "could not write \"%s\": ", path);
        }
        writer->stream = open_new(writer->temporary);
    }
    if (writer->stream)
        return 0;
    error_set(err, "could not write \"%s\": %s", path, strerror(errno));
    unfinished_drop(writer->temporary);
    file_remove_folders(&writer->folders);
    return -1;
}

/* Returns 0 when all bytes are on the disk or in the pipe or device; else the system's reason (errno). */
static int close_stream(struct file_writer *writer)
{
    FILE *stream = writer->stream;
    writer->stream = NULL;
    errno = 0;
    const bool failed = ferror(stream) || fflush(stream) || (*writer->temporary && fsync(fileno(stream)));
    const int reason = failed ? errno ? errno : EIO : 0;
    const int not_closed = fclose(stream) ? errno : 0;
    return reason ? reason : not_closed;
}

int file_commit(struct file_writer *writer, struct error *err)
{
    int reason = close_stream(writer);
    if (!reason && *writer->temporary && rename(writer->temporary, writer->path))
        reason = errno;
    if (reason && *writer->temporary)
        unlink(writer->temporary);
    unfinished_drop(writer->temporary);
    if (!reason)
        return 0;
    file_remove_folders(&writer->folders);
    return error_set(err, "could not write \"%s\": %s", writer->path, strerror(reason));
}

/* -- paths that a user has given ------------------------------------------------------------------------------------- */

/* Replaces the link's name by the link's text; a relative text is relative to the link's folder. */
static int replace_name(char target[PATH_MAX], const char *text, struct error *err)
{
    char *slash = strrchr(target, '/');
    char *name = *text == '/' || !slash ? target : slash + 1;
    const size_t room = PATH_MAX - (size_t)(name - target);
    if ((size_t)snprintf(name, room, "%s", text) >= room)
        return error_set(err, "path too long: \"%s\"", target);
    return 0;
}

int file_follow(const char *path, char target[PATH_MAX], struct error *err)
{
    char text[PATH_MAX];
    struct stat info;
    if (file_check_target(path, err))
        return -1;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return refuse_place(path, info.st_mode, err);
    if (snprintf(target, PATH_MAX, "%s", path) >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", path);
    for (int links = 0; links <= LINKS_MAX; links++) {
        const ssize_t length = readlink(target, text, sizeof text - 1);
        if (length < 0)
            return 0; /* not a link, or it does not exist yet */
        text[length] = 0;
        if (replace_name(target, text, err))
            return -1;
    }
    return error_set(err, "could not write \"%s\": %s", path, strerror(ELOOP));
}

/* Returns a copy of the descriptor of standard output or standard error if it is this file, else -1. */
static int standard_descriptor(const struct stat *info)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat own;
        if (fstat(fd, &own) == 0 && own.st_dev == info->st_dev && own.st_ino == info->st_ino)
            return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    return -1;
}

/* Opens a character device, or a FIFO that has a reader or gets one within a second. */
static int open_directly(const char *path)
{
    int fd = -1;
    for (int naps = 0; fd < 0 && naps < NAPS_MAX; naps++) {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && errno != ENXIO)
            return -1;
        if (fd < 0)
            poll(NULL, 0, NAP_MS);
    }
    if (fd < 0)
        errno = ENXIO;
    else
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

int file_create_given(struct file_writer *writer, const char *path, struct error *err)
{
    struct stat info;
    char target[PATH_MAX];
    const bool is_there = stat(path, &info) == 0;
    const bool is_direct = is_there && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode));
    int fd = is_there ? standard_descriptor(&info) : -1;
    if (fd < 0 && !is_direct)
        return file_follow(path, target, err) ? -1 : file_create(writer, target, err);
    if (fd < 0)
        fd = open_directly(path);
    *writer = (struct file_writer){.stream = fd < 0 ? NULL : fdopen(fd, "w")};
    snprintf(writer->path, sizeof writer->path, "%s", path);
    if (writer->stream)
        return 0;
    const int reason = errno;
    if (fd >= 0)
        close(fd);
    return error_set(err, "could not write \"%s\": %s", path,
                     reason == ENXIO ? "it is a FIFO from which no process reads" : strerror(reason));
}

/* -- unfinished files ---------------------------------------------------------------------------------------------- */

/* Whether a file's name is "NAME.part-PID" for this NAME (NULL: any); *pid is then that process. */
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

/* Removes the temporary files of `name` whose processes have ended; name NULL: those of all files and all processes. */
static void remove_unfinished(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct error err;
    pid_t pid;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (is_unfinished(entry->d_name, name, &pid) && (!name || is_gone(pid)) &&
            file_join(path, folder, entry->d_name, &err) == 0)
            unlink(path);
    if (entries)
        closedir(entries);
    else if (fd >= 0)
        close(fd);
}

/* The folder of a path, with a slash at its end. */
static int find_folder(char folder[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    return snprintf(folder, PATH_MAX, "%.*s/", slash ? (int)(slash - path) : 1, slash ? path : ".") < PATH_MAX ? 0 : -1;
}

void file_remove_left(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    if (find_folder(folder, path) == 0)
        remove_unfinished(folder, slash ? slash + 1 : path);
}

int file_sync_folder(const char *path, struct error *err)
{
    char folder[PATH_MAX];
    if (find_folder(folder, path))
        return error_set(err, "path too long: \"%s\"", path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_done = fd < 0 ? errno == EACCES : fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    const int why = errno;
    if (fd >= 0)
        close(fd); /* nothing was written through it */
    return is_done ? 0 : error_set(err, "could not write \"%s\" into its folder: %s", path, strerror(why));
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
    if (*writer->temporary)
        unlink(writer->temporary);
    unfinished_drop(writer->temporary);
    file_remove_folders(&writer->folders);
}

int file_check_writable(const char *path, struct error *err)
{
    struct file_writer writer;
    if (file_create(&writer, path, err))
        return -1;
    file_abandon(&writer);
    return 0;
}
