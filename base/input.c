/* base/input.c - opens files that other programs have made: regular files, and pipes for texts. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES ((size_t)1 << 16)
#define NAP_MS 10
#define NAPS_MAX 100 /* limits how long a pipe may be without a writer */

const char *input_irregular(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *name;
    } kinds[] = {{S_IFDIR, "a folder"}, {S_IFIFO, "a FIFO"}, {S_IFSOCK, "a socket"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    return S_ISREG(mode) ? NULL : "a device";
}

static int refuse(mode_t mode, struct error *err)
{
    return error_system(err, "it is %s, not a regular file", input_irregular(mode));
}

/* Opens any kind of file except a device, on which open() itself may have effects. */
static int open_any(const char *path, struct stat *info, struct error *err)
{
    if (stat(path, info) == 0 && (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode)))
        return refuse(info->st_mode, err);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not block */
    if (fd >= 0 && fstat(fd, info) == 0)
        return fd;
    error_system(err, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int input_open(const char *path, struct error *err)
{
    struct stat info;
    const int fd = open_any(path, &info, err);
    if (fd < 0 || S_ISREG(info.st_mode))
        return fd;
    close(fd);
    return refuse(info.st_mode, err);
}

FILE *input_stream(const char *path, struct error *err)
{
    const int fd = input_open(path, err);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "rb");
    if (fd >= 0 && !stream) {
        close(fd);
        error_memory(err, "a file");
    }
    return stream;
}

int input_check_regular(const char *path, struct error *err)
{
    struct stat info;
    return stat(path, &info) || S_ISREG(info.st_mode) ? 0 : refuse(info.st_mode, err);
}

/* -- whole files --------------------------------------------------------------------------------------------------- */

static int read_regular(int fd, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return error_system(err, "%s", strerror(errno));
    if ((uint64_t)info.st_size > most)
        return error_set(err, "it has %lld bytes, at most %zu are supported", (long long)info.st_size, most);
    *size = (size_t)info.st_size;
    *bytes = arena_alloc(arena, *size + 1, 1);
    if (!*bytes)
        return error_memory(err, "a file");
    for (size_t done = 0; done < *size;) {
        const ssize_t got = read(fd, *bytes + done, *size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_system(err, "%s", got ? strerror(errno) : "it became shorter");
        done += (size_t)got;
    }
    return 0;
}

/* The bytes that have come through a pipe. */
struct pipe_text {
    int fd, naps;
    char *bytes;
    size_t size, capacity; /* without the NUL */
};

/* Doubles the buffer when it is full; the arena keeps the old one. */
static int make_room(struct pipe_text *text, struct arena *arena, struct error *err)
{
    if (text->size < text->capacity)
        return 0;
    const size_t capacity = text->capacity ? 2 * text->capacity : PIPE_BYTES;
    char *larger = arena_alloc(arena, capacity + 1, 1);
    if (!larger)
        return error_memory(err, "a file");
    if (text->size)
        memcpy(larger, text->bytes, text->size);
    text->bytes = larger;
    text->capacity = capacity;
    return 0;
}

/*
 * For read() without a writer and without bytes. Returns 0 at the end of the text, 1 while a first writer may still
 * come.
 */
static int wait_for_writer(struct pipe_text *text, struct error *err)
{
    struct pollfd state = {.fd = text->fd, .events = POLLIN};
    if (text->size || (poll(&state, 1, 0) > 0 && (state.revents & POLLHUP)))
        return 0;
    if (text->naps++ == NAPS_MAX)
        return error_set(err, "it is a FIFO to which no process writes");
    poll(NULL, 0, NAP_MS);
    return 1;
}

/* Returns 1 if there may be more, 0 at the end. */
static int read_piece(struct pipe_text *text, struct error *err)
{
    const ssize_t got = read(text->fd, text->bytes + text->size, text->capacity - text->size);
    if (got == 0)
        return wait_for_writer(text, err);
    if (got > 0) {
        text->size += (size_t)got;
        return 1;
    }
    struct pollfd state = {.fd = text->fd, .events = POLLIN};
    if (errno == EAGAIN)
        poll(&state, 1, -1);
    else if (errno != EINTR)
        return error_system(err, "%s", strerror(errno));
    return 1;
}

static int read_pipe(int fd, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    struct pipe_text text = {.fd = fd};
    int status = 1;
    while (status == 1) {
        if (make_room(&text, arena, err))
            return -1;
        status = read_piece(&text, err);
        if (text.size > most)
            return error_set(err, "it has more than %zu bytes, which is the most supported", most);
    }
    *bytes = text.bytes;
    *size = text.size;
    text.bytes[text.size] = 0;
    return status;
}

int input_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    const int fd = input_open(path, err);
    if (fd < 0)
        return -1;
    const int status = read_regular(fd, most, arena, bytes, size, err);
    close(fd);
    return status;
}

int input_read_text(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err)
{
    struct stat info;
    const int fd = open_any(path, &info, err);
    if (fd < 0)
        return -1;
    int status;
    if (S_ISFIFO(info.st_mode))
        status = read_pipe(fd, most, arena, bytes, size, err);
    else if (S_ISREG(info.st_mode))
        status = read_regular(fd, most, arena, bytes, size, err);
    else
        status = refuse(info.st_mode, err);
    close(fd);
    return status;
}
