/*
 * tests/survival/faults.c - a library for LD_PRELOAD that makes one call of a kind fail, as a poor machine would.
 *
 *     FAULT_KIND   memory  malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign   ENOMEM
 *                  map     mmap                                                               ENOMEM
 *                  thread  pthread_create                                                     EAGAIN
 *                  write   write, pwrite, writev, pwritev, ftruncate, stdio's buffers         ENOSPC
 *                  read    read, pread, readv                                                 EIO
 *                  sync    fsync, fdatasync                                                   EIO
 *                  rename  rename, renameat                                                   EIO
 *                  open    open, openat, fopen, opendir, socketpair                           EMFILE
 *     FAULT_AT     which call fails, counted from 1; 0: none
 *     FAULT_LASTS  1: all later calls of the kind fail too, as on a disk that stays full
 *     FAULT_ERRNO  a number: the reason, instead of the one above
 *     FAULT_PATH   only calls on files whose path contains this text (open, read, write, sync)
 *     FAULT_EVERY  1: memory is refused to every library except the loader and this one
 *     FAULT_COUNT  a file that gets the number of calls when the process ends
 *
 * The calls of this process and of its forks share one count; programs that it starts are left alone. Without FAULT_EVERY,
 * memory is refused to the program and to the libraries that check for it, such as HDF5, SQLite, jansson, libyaml,
 * libpng, libjpeg and the C library. OpenMP ends the process when it gets none, OpenBLAS does not check, and OpenSSL
 * 3.0 crashes in its initialisation.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);

enum kind { MEMORY, MAP, THREAD, WRITE, READ, SYNC, RENAME, OPEN, KINDS };

static const struct {
    const char *name;
    int reason;
} kinds[KINDS] = {{"memory", ENOMEM}, {"map", ENOMEM}, {"thread", EAGAIN}, {"write", ENOSPC},
                  {"read", EIO},      {"sync", EIO},   {"rename", EIO},    {"open", EMFILE}};

static int chosen = -1; /* a kind */
static long fail_at;
static bool lasts, is_everywhere;
static int reason;
static const char *count_path, *part_of_path;
static atomic_long *count; /* shared with forks */
static __thread bool is_inside;

static const char *setting(const char *name)
{
    const char *text = getenv(name);
    return text ? text : "";
}

static void take_over_stdout(void);

__attribute__((constructor)) static void begin(void)
{
    count = (atomic_long *)syscall(SYS_mmap, NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                                   -1, 0L);
    fail_at = atol(setting("FAULT_AT"));
    lasts = atoi(setting("FAULT_LASTS"));
    is_everywhere = atoi(setting("FAULT_EVERY"));
    count_path = getenv("FAULT_COUNT");
    part_of_path = getenv("FAULT_PATH");
    unsetenv("LD_PRELOAD"); /* gnuplot is on its own */
    for (int i = 0; i < KINDS; i++)
        if (strcmp(setting("FAULT_KIND"), kinds[i].name) == 0) {
            reason = atoi(setting("FAULT_ERRNO")) ? atoi(setting("FAULT_ERRNO")) : kinds[i].reason;
            if (i == WRITE)
                take_over_stdout();
            chosen = i;
        }
}

__attribute__((destructor)) static void end(void)
{
    const int kind = chosen;
    chosen = -1;
    FILE *file = count_path && kind >= 0 ? fopen(count_path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(count));
    fclose(file);
}

/* True if this call is to fail; errno says why. */
static bool fails(enum kind kind)
{
    if ((int)kind != chosen || is_inside)
        return false;
    const long now = atomic_fetch_add(count, 1) + 1;
    if (fail_at == 0 || now < fail_at || (now > fail_at && !lasts))
        return false;
    errno = reason;
    return true;
}

static bool fails_on(enum kind kind, const char *path)
{
    return (!part_of_path || strstr(path, part_of_path)) && fails(kind);
}

static bool fails_at(enum kind kind, int fd)
{
    char link[64], path[4096] = "";
    if ((int)kind != chosen)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = part_of_path ? readlink(link, path, sizeof path - 1) : 0;
    path[length > 0 ? length : 0] = 0;
    return fails_on(kind, path);
}

/* Returns the next function of that name, which ours replaces. */
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

/* Whether the caller is part of a library that cannot handle a lack of memory. Results are cached by page of code. */
static bool is_spared(const void *caller)
{
    static const char *const spared[] = {"ld-linux", "faults", "openblas", "libgomp", "libomp", "libgfortran"};
    const size_t always = 2, spared_count = is_everywhere ? always : sizeof spared / sizeof *spared;
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
        for (size_t i = 0; i < spared_count; i++)
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

void *memalign(size_t alignment, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

/* A refusal crashes OpenSSL in its initialisation, where the C library may be the one that allocates. */
int EVP_DigestInit_ex(void *context, const void *type, void *engine);

int EVP_DigestInit_ex(void *context, const void *type, void *engine)
{
    __typeof__(&EVP_DigestInit_ex) begin_digest = REAL(EVP_DigestInit_ex);
    is_inside = !is_everywhere;
    const int status = begin_digest(context, type, engine);
    is_inside = false;
    return status;
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails(MAP) ? MAP_FAILED : (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
    return mmap(address, size, protection, flags, fd, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *data)
{
    return fails(THREAD) ? reason : REAL(pthread_create)(thread, attributes, start, data);
}

/* -- files ---------------------------------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
    return fd != STDERR_FILENO && fails_at(WRITE, fd) ? -1 : REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return fails_at(WRITE, fd) ? -1 : REAL(pwrite)(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    return fails_at(WRITE, fd) ? -1 : REAL(pwrite64)(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int part_count)
{
    return fd != STDERR_FILENO && fails_at(WRITE, fd) ? -1 : REAL(writev)(fd, parts, part_count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int part_count, off_t offset)
{
    return fails_at(WRITE, fd) ? -1 : REAL(pwritev)(fd, parts, part_count, offset);
}

ssize_t read(int fd, void *data, size_t size)
{
    return fails_at(READ, fd) ? -1 : REAL(read)(fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return fails_at(READ, fd) ? -1 : REAL(pread)(fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    return fails_at(READ, fd) ? -1 : REAL(pread64)(fd, data, size, offset);
}

ssize_t readv(int fd, const struct iovec *parts, int part_count)
{
    return fails_at(READ, fd) ? -1 : REAL(readv)(fd, parts, part_count);
}

int ftruncate(int fd, off_t size)
{
    return fails_at(WRITE, fd) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails_at(WRITE, fd) ? -1 : REAL(ftruncate64)(fd, size);
}

int fsync(int fd)
{
    return fails_at(SYNC, fd) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails_at(SYNC, fd) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : REAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return fails(RENAME) ? -1 : REAL(renameat)(from_folder, from, to_folder, to);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
    return fails_on(OPEN, "") ? -1 : REAL(socketpair)(domain, type, protocol, pair);
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
    return fails_on(OPEN, path) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return fails_on(OPEN, path) ? -1 : REAL(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return fails_on(OPEN, path) ? -1 : REAL(openat)(folder, path, flags, mode);
}

DIR *opendir(const char *path)
{
    return fails_on(OPEN, path) ? NULL : REAL(opendir)(path);
}

/* -- stdio: glibc's streams call its own write(), so each becomes a stream of ours around a descriptor ------------- */

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

static ssize_t stream_read(void *cookie, char *data, size_t size)
{
    return read((int)(intptr_t)cookie, data, size);
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
    const off64_t now = lseek64((int)(intptr_t)cookie, *offset, whence);
    *offset = now;
    return now < 0 ? -1 : 0;
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

static FILE *wrap(int fd, const char *mode)
{
    const cookie_io_functions_t functions = {stream_read, stream_write, stream_seek, stream_close};
    FILE *stream = fopencookie((void *)(intptr_t)fd, mode, functions);
    pthread_mutex_lock(&streams_lock);
    for (int i = 0; i < STREAMS_MAX && stream; i++)
        if (!streams[i].stream) {
            streams[i].stream = stream;
            streams[i].fd = fd;
            break;
        }
    pthread_mutex_unlock(&streams_lock);
    return stream;
}

static FILE *open_stream(const char *path, const char *mode)
{
    const int fd = REAL(open)(path, mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);
    FILE *stream = fd < 0 ? NULL : wrap(fd, mode);
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

static void take_over_stdout(void)
{
    FILE *stream = wrap(STDOUT_FILENO, "w");
    if (stream)
        stdout = stream;
}

FILE *fopen(const char *path, const char *mode)
{
    if (fails_on(OPEN, path))
        return NULL;
    const bool is_ours = (chosen == WRITE && mode[0] == 'w') || (chosen == READ && mode[0] == 'r');
    return is_ours ? open_stream(path, mode) : REAL(fopen)(path, mode);
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
