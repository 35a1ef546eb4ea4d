/*
 * tests/survival/faults.c - a library for LD_PRELOAD that makes one call of a kind fail, as a poor machine would.
 *
 *     FAULT_KIND   memory (malloc, calloc, realloc and relatives: ENOMEM), write (write, pwrite, stdio's buffers, ftruncate:
 *                  ENOSPC), sync (fsync, fdatasync: EIO), rename (EIO), open (open, openat, fopen, socketpair: EMFILE)
 *     FAULT_AT     which one, counted from 1; 0: none
 *     FAULT_LASTS  1: all behind it fail too, as on a disk that stays full
 *     FAULT_COUNT  a file that says at the end how many there were
 *
 * Counted is what this process and its forks do, not what they start. Memory is refused to the program and to the libraries
 * that can do without, SQLite, jansson, libyaml, libpng, libjpeg and C's own among them. Left alone are OpenMP, which ends the
 * process where it gets none; OpenBLAS, which does not ask whether it got any; and HDF5 1.10 and OpenSSL 3.0, which die of
 * it while they set themselves up.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);

enum kind { MEMORY, WRITE, SYNC, RENAME, OPEN, KINDS };

static const struct {
    const char *name;
    int reason;
} kinds[KINDS] = {{"memory", ENOMEM}, {"write", ENOSPC}, {"sync", EIO}, {"rename", EIO}, {"open", EMFILE}};

static int chosen = -1; /* a kind */
static long fail_at;
static bool lasts;
static const char *count_path;
static atomic_long count;
static __thread bool is_inside;

static const char *setting(const char *name)
{
    const char *text = getenv(name);
    return text ? text : "";
}

__attribute__((constructor)) static void begin(void)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(setting("FAULT_KIND"), kinds[i].name) == 0)
            chosen = i;
    fail_at = atol(setting("FAULT_AT"));
    lasts = atoi(setting("FAULT_LASTS"));
    count_path = getenv("FAULT_COUNT");
    unsetenv("LD_PRELOAD"); /* gnuplot is on its own */
}

__attribute__((destructor)) static void end(void)
{
    const int kind = chosen;
    chosen = -1;
    FILE *file = count_path && kind >= 0 ? fopen(count_path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(&count));
    fclose(file);
}

/* True if this call is to fail; errno says why. */
static bool fails(enum kind kind)
{
    if ((int)kind != chosen || is_inside)
        return false;
    const long now = atomic_fetch_add(&count, 1) + 1;
    if (fail_at == 0 || now < fail_at || (now > fail_at && !lasts))
        return false;
    errno = kinds[kind].reason;
    return true;
}

/* The function of that name behind ours. */
#define REAL(function) ((__typeof__(&function))real(#function))
static void *real(const char *name)
{
    const bool was = is_inside;
    is_inside = true; /* dlsym() may allocate */
    void *address = dlsym(RTLD_NEXT, name);
    is_inside = was;
    return address;
}

/* -- memory --------------------------------------------------------------------------------------------------------- */

/* Does the caller stand in a library that cannot do without memory? Answers are kept by page of code. */
static bool is_spared(const void *caller)
{
    static const char *const spared[] = {"openblas", "libgomp",     "libomp", "ld-linux",
                                         "libhdf5",  "libgfortran", "faults"};
    static struct {
        _Atomic uintptr_t page;
        atomic_bool is_spared;
    } known[4096];
    const uintptr_t page = (uintptr_t)caller >> 12;
    const size_t slot = page % (sizeof known / sizeof *known);
    if (atomic_load(&known[slot].page) == page)
        return atomic_load(&known[slot].is_spared);
    Dl_info info;
    bool result = true;
    is_inside = true;
    if (dladdr(caller, &info) && info.dli_fname) {
        result = false;
        for (size_t i = 0; i < sizeof spared / sizeof *spared; i++)
            result = result || strstr(info.dli_fname, spared[i]);
    }
    is_inside = false;
    atomic_store(&known[slot].page, 0);
    atomic_store(&known[slot].is_spared, result);
    atomic_store(&known[slot].page, page);
    return result;
}

static bool memory_fails(const void *caller)
{
    return chosen == MEMORY && !is_inside && !is_spared(caller) && fails(MEMORY);
}

void *malloc(size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (memory_fails(__builtin_return_address(0)))
        return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

/* Libraries that die of it while they set themselves up, where C's own library may be the one that asks for memory. */
int H5open(void);
int EVP_DigestInit_ex(void *context, const void *type, void *engine);

int H5open(void)
{
    __typeof__(&H5open) open_library = REAL(H5open);
    is_inside = true;
    const int status = open_library();
    is_inside = false;
    return status;
}

int EVP_DigestInit_ex(void *context, const void *type, void *engine)
{
    __typeof__(&EVP_DigestInit_ex) begin_digest = REAL(EVP_DigestInit_ex);
    is_inside = true;
    const int status = begin_digest(context, type, engine);
    is_inside = false;
    return status;
}

/* -- files ---------------------------------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
    return fd != STDERR_FILENO && fails(WRITE) ? -1 : REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return fails(WRITE) ? -1 : REAL(pwrite)(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    return fails(WRITE) ? -1 : REAL(pwrite64)(fd, data, size, offset);
}

int ftruncate(int fd, off_t size)
{
    return fails(WRITE) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(WRITE) ? -1 : REAL(ftruncate64)(fd, size);
}

int fsync(int fd)
{
    return fails(SYNC) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails(SYNC) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : REAL(rename)(from, to);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
    return fails(OPEN) ? -1 : REAL(socketpair)(domain, type, protocol, pair);
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list args; \
        va_start(args, flags); \
        mode = va_arg(args, mode_t); \
        va_end(args); \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return fails(OPEN) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return fails(OPEN) ? -1 : REAL(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return fails(OPEN) ? -1 : REAL(openat)(folder, path, flags, mode);
}

/* -- stdio: its writes are glibc's own, so a stream for writing becomes one of ours around a descriptor ------------- */

#define STREAMS_MAX 64
static struct {
    FILE *stream;
    int fd;
} streams[STREAMS_MAX];
static pthread_mutex_t streams_lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
    const ssize_t written = write((int)(intptr_t)cookie, data, size);
    return written < 0 ? 0 : written; /* what fopencookie() calls an error */
}

static int stream_close(void *cookie)
{
    const int fd = (int)(intptr_t)cookie;
    pthread_mutex_lock(&streams_lock);
    for (int i = 0; i < STREAMS_MAX; i++)
        if (streams[i].stream && streams[i].fd == fd)
            streams[i].stream = NULL;
    pthread_mutex_unlock(&streams_lock);
    return close(fd);
}

static FILE *open_stream(const char *path)
{
    const int fd = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0)
        return NULL;
    const cookie_io_functions_t functions = {.write = stream_write, .close = stream_close};
    FILE *stream = fopencookie((void *)(intptr_t)fd, "w", functions);
    if (!stream) {
        close(fd);
        return NULL;
    }
    pthread_mutex_lock(&streams_lock);
    for (int i = 0; i < STREAMS_MAX; i++)
        if (!streams[i].stream) {
            streams[i].stream = stream;
            streams[i].fd = fd;
            break;
        }
    pthread_mutex_unlock(&streams_lock);
    return stream;
}

FILE *fopen(const char *path, const char *mode)
{
    if (fails(OPEN))
        return NULL;
    return chosen == WRITE && mode[0] == 'w' ? open_stream(path) : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

int fileno(FILE *stream)
{
    int fd = -1;
    pthread_mutex_lock(&streams_lock);
    for (int i = 0; i < STREAMS_MAX; i++)
        if (streams[i].stream == stream)
            fd = streams[i].fd;
    pthread_mutex_unlock(&streams_lock);
    return fd >= 0 ? fd : REAL(fileno)(stream);
}
