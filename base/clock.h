/* base/clock.h - seconds for measuring durations; only differences mean anything. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <time.h>

static inline double clock_seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Seconds of a clock that is never set back. */
static inline double seconds_now(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

#endif
