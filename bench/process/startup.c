/* bench/process/startup.c - sets descriptors, signals and stacks, and keeps libraries from choosing the exit code. */
#define _GNU_SOURCE /* on_exit, pthread_setattr_default_np, sched_getaffinity */
#include "bench/process/startup.h"

#include "base/unfinished.h"
#include "bench/process/program.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define STACK_MIN ((rlim_t)1 << 20)
#define STACK_WANTED ((rlim_t)8 << 20)
#define THREAD_STACK_MIN ((size_t)2 << 20)
#define LARGE_BLOCK (1 << 20)
#define BUFFER_BYTES ((size_t)129 << 20) /* OpenBLAS's buffer for each of its threads */

/* -- before any library, also C's own, is initialised: this part uses bare system calls --------------------------- */

_Noreturn static void end_early(const char *text)
{
    const ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
    _exit(EXIT_USAGE);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Removes OpenMP's stack sizes: a stack that is too small crashes a thread, one that is too large cannot be made. */
static void drop_stack_sizes(char **environment)
{
    char **to = environment;
    for (char **from = environment; *from; from++)
        if (!begins(*from, "OMP_STACKSIZE=") && !begins(*from, "GOMP_STACKSIZE=") && !begins(*from, "KMP_STACKSIZE="))
            *to++ = *from;
    *to = NULL;
}

/* The number of threads for which OpenBLAS makes buffers: one for each core, or OMP_NUM_THREADS if that is less. */
static size_t count_threads(char **environment)
{
    static const char name[] = "OMP_NUM_THREADS=";
    cpu_set_t cores;
    const int count = sched_getaffinity(0, sizeof cores, &cores) ? 1 : CPU_COUNT(&cores);
    for (; *environment; environment++) {
        const char *digit = *environment + sizeof name - 1;
        if (begins(*environment, name) && *digit >= '1' && *digit <= '9' && !(digit[1] >= '0' && digit[1] <= '9'))
            return *digit - '0' < count ? (size_t)(*digit - '0') : (size_t)count;
    }
    return (size_t)count;
}

static void check_memory(size_t threads)
{
    const size_t size = threads * BUFFER_BYTES;
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        end_early(
            "cambench: not enough memory for OpenBLAS, which takes 129 MiB of address space for each core; raise the "
            "limit (ulimit -v) or set OMP_NUM_THREADS=1\n");
    munmap(room, size);
}

static struct sigaction usual_interrupt;
static bool is_early;

/* An OpenBLAS with its own threads sends SIGINT to its process if it cannot start them. */
static void interrupted_early(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_pid == getpid())
        end_early("cambench: OpenBLAS could not start its threads; raise the limit (ulimit -u, ulimit -v) or set "
                  "OPENBLAS_NUM_THREADS=1\n");
    sigaction(SIGINT, &usual_interrupt, NULL);
    raise(number);
}

static void begin_early(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv;
    drop_stack_sizes(environment);
    check_memory(count_threads(environment));
    const struct sigaction action = {.sa_sigaction = interrupted_early, .sa_flags = SA_SIGINFO};
    is_early = sigaction(SIGINT, &action, &usual_interrupt) == 0;
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **, char **) = begin_early;

/* -- main()'s beginning -------------------------------------------------------------------------------------------- */

/* Opens /dev/null for a closed stdin, stdout or stderr, so that no file of a command gets its number. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

static void set_signals(void)
{
    if (is_early)
        sigaction(SIGINT, &usual_interrupt, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe or an ended child must not end a run */
    signal(SIGXFSZ, SIG_IGN); /* write() then fails with EFBIG */
}

/*
 * Raises the soft limit as far as allowed, which takes effect as the stacks of the main thread and its forks grow.
 */
static int set_stack(struct error *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit))
        return 0;
    if (limit.rlim_cur < STACK_WANTED && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < STACK_WANTED ? limit.rlim_max : STACK_WANTED;
        setrlimit(RLIMIT_STACK, &limit);
        getrlimit(RLIMIT_STACK, &limit);
    }
    if (limit.rlim_cur >= STACK_MIN)
        return 0;
    return error_set(err, "the stack is limited to %llu KiB (ulimit -s); at least %llu KiB are needed",
                     (unsigned long long)(limit.rlim_cur >> 10), (unsigned long long)(STACK_MIN >> 10));
}

/*
 * Lets large blocks go back to the system when they are freed. glibc otherwise raises the size from which blocks have a
 * mapping of their own, up to 32 MiB, and each worker's heap then keeps several times what an image needs.
 */
static void return_large_blocks(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
#endif
}

/* Sets the stack size of OpenMP's threads, which otherwise is the soft limit at the program's start. */
static void set_thread_stacks(void)
{
    pthread_attr_t attributes;
    size_t size;
    if (pthread_getattr_default_np(&attributes))
        return;
    if (pthread_attr_getstacksize(&attributes, &size) == 0 && size < THREAD_STACK_MIN &&
        pthread_attr_setstacksize(&attributes, THREAD_STACK_MIN) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

/* -- the exit code ------------------------------------------------------------------------------------------------- */

static const char *name = "cambench";
static bool is_over;
static pid_t process; /* the main process; failures of forks are reported by it */

/* Called at exit. OpenMP exits with code 1 if it cannot start a thread, libarchive if it gets no memory. */
static void guard(int code, void *context)
{
    (void)context;
    if (is_over || code == EXIT_DONE || code == EXIT_INTERRUPTED)
        return;
    if (getpid() != process)
        _exit(EXIT_USAGE);
    unfinished_remove_all();
    dprintf(STDERR_FILENO, "%s: ended by a library that could not go on (exit code %d, for threads or memory)\n", name,
            code);
    _exit(EXIT_USAGE);
}

int startup_begin(const char *program, struct error *err)
{
    name = program;
    process = getpid();
    hold_standard_descriptors();
    set_signals();
    set_thread_stacks();
    return_large_blocks();
    on_exit(guard, NULL);
    return set_stack(err);
}

int startup_end(int code)
{
    is_over = true;
    return code;
}
