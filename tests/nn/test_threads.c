/*
 * If threads cannot be started, fewer are used and the process does not end. Memory is limited in a child process,
 * which must be made before OpenMP has threads here: they do not survive a fork.
 */
#include "nn/threads.h"

#include "tests/test.h"

#include <cblas.h>
#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t address_space(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The process may take that many more bytes. */
static void limit_memory(size_t more)
{
    const size_t most = address_space() + more;
    const struct rlimit limit = {most, most};
    setrlimit(RLIMIT_AS, &limit);
}

/* Whether an allocation beyond the limit fails: an emulator may ignore the limits of its programs. */
static bool is_limit_kept(void)
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        limit_memory((size_t)16 << 20);
        _exit(mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

/* Runs threads_prepare(8) in a process that may take that many more bytes. Returns its result, or 100 + the signal. */
static int prepared_with(size_t more, char said[256])
{
    int pair[2], status;
    assert_int_equal(pipe(pair), 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        struct error err = {0};
        limit_memory(more);
        const int count = threads_prepare(8, &err);
        const ssize_t written = write(pair[1], err.text, strlen(err.text));
        _exit(written < 0 ? 99 : count);
    }
    close(pair[1]);
    const ssize_t size = read(pair[0], said, 255);
    said[size > 0 ? size : 0] = 0;
    close(pair[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(without_memory_there_are_fewer_threads_and_a_reason)
{
#ifdef __SANITIZE_ADDRESS__
    skip(); /* which takes terabytes of address space */
#endif
    if (!is_limit_kept())
        skip();
    char said[256];
    assert_non_null(openblas_get_config()); /* or it would not be linked */
    const int none = prepared_with((size_t)16 << 20, said);
    assert_int_equal(none, 0);
    assert_non_null(strstr(said, "not enough memory for OpenBLAS"));
    const int few = prepared_with((size_t)500 << 20, said);
    if (few < 1 || few > 7)
        fail_msg("%d threads: %s", few, said);
    assert_true(*said);
    const int all = prepared_with((size_t)8 << 30, said);
    assert_int_equal(all, 8);
    assert_string_equal(said, "");
}

TEST(the_threads_that_were_made_are_those_of_a_team)
{
    struct error err = {0};
    const int count = threads_prepare(3, &err);
    int used = 0;
    assert_true(count >= 1 && count <= 3);
#pragma omp parallel num_threads(count)
#pragma omp single
    used = omp_get_num_threads();
    assert_int_equal(used, count);
    assert_int_equal(threads_prepare(1, &err), 1);
}
