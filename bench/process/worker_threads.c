/* bench/process/worker_threads.c - limits threads to the number that is useful and available. */
#include "bench/process/worker_threads.h"

#include "nn/threads.h"

#include <omp.h>
#include <stdio.h>

#define MOST_OF_FEW 64 /* always allowed: even on one core this many threads do little harm */

/* Twice the number of cores, because threads may wait for a slow disk; more would only cost memory and time. */
static int most_helpful(void)
{
    const int cores = omp_get_num_procs();
    return 2 * cores > MOST_OF_FEW ? 2 * cores : MOST_OF_FEW;
}

int worker_threads(int asked, struct error *err)
{
    const int most = most_helpful(), wanted = asked ? asked : omp_get_max_threads();
    const int helpful = wanted < most ? wanted : most;
    struct error why = {0};
    const int count = threads_prepare(helpful, &why);
    if (count < 1) {
        *err = why;
        return 0;
    }
    if (count < helpful)
        fprintf(stderr, "cambench: warning: %d threads were wanted, %d %s used: %s\n", helpful, count,
                count == 1 ? "is" : "are", why.text);
    else if (helpful < wanted && asked)
        fprintf(stderr, "cambench: warning: %d threads were asked for, %d are used: more do not help on %d core%s\n",
                wanted, helpful, omp_get_num_procs(), omp_get_num_procs() == 1 ? "" : "s");
    return count;
}
