/* nn/threads.c - starts threads and allocates buffers before they are needed, to find out how many there can be. */
#include "nn/threads.h"

#include <omp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define BUFFER_BYTES ((size_t)129 << 20) /* OpenBLAS's buffer for each concurrent call, and a little more */
#define TRIED_MAX 1024

/* -- threads -------------------------------------------------------------------------------------------------------- */

/* Threads wait here until no more can be started. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
};

static void *pass_gate(void *context)
{
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    while (!gate->is_open)
        pthread_cond_wait(&gate->opened, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return NULL;
}

/* Returns how many of `wanted` threads can run at once, this one included. */
static int try_threads(int wanted, struct error *err)
{
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    pthread_t threads[TRIED_MAX];
    int count = 1, failed = 0;
    while (count < wanted && count < TRIED_MAX && !failed) {
        failed = pthread_create(&threads[count], NULL, pass_gate, &gate);
        count += !failed;
    }
    if (failed)
        error_set(err, "could not start more: %s", strerror(failed));
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 1; i < count; i++)
        pthread_join(threads[i], NULL);
    return count;
}

/* -- OpenBLAS's buffers --------------------------------------------------------------------------------------------- */

/* OpenBLAS's own functions; it keeps the buffers for later calls. Some builds hide them: then no buffer is tried. */
void *blas_memory_alloc(int place) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

static bool is_room_for_buffer(void)
{
    void *room = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, BUFFER_BYTES) == 0;
}

static int try_buffers(int wanted, struct error *err)
{
    static int made; /* most buffers in use at once; OpenBLAS reuses them */
    void *buffers[TRIED_MAX];
    int count = 0;
    if (!blas_memory_alloc || !blas_memory_free)
        return wanted;
    while (count < wanted && count < TRIED_MAX && (count < made || is_room_for_buffer()))
        buffers[count++] = blas_memory_alloc(0);
    made = count > made ? count : made;
    if (count < wanted)
        error_set(err, "not enough memory for OpenBLAS, which takes %zu MiB of address space for each thread",
                  BUFFER_BYTES >> 20);
    for (int i = 0; i < count; i++)
        blas_memory_free(buffers[i]);
    return count;
}

/* -- both ----------------------------------------------------------------------------------------------------------- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int form_team(int wanted)
{
    int count = 1;
#pragma omp parallel num_threads(wanted) if (wanted > 1)
#pragma omp single
    count = omp_get_num_threads();
    return count;
}

int threads_prepare(int wanted, struct error *err)
{
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
    const int limit = omp_get_thread_limit();
    if (limit < wanted)
        error_set(err, "OMP_THREAD_LIMIT is %d", limit);
    int count = smaller(wanted, limit);
    count = try_buffers(count, err);
    count = count > 1 ? try_threads(count, err) : count;
    return count > 1 ? form_team(count) : count;
}
