/* base/unfinished.c - a fixed table, because a signal handler may neither allocate nor lock. */
#include "base/unfinished.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { PLACES = 64 }; /* file_remove_left() removes any more than these */
enum { FREE, BUSY, SET };

static struct place {
    atomic_int state;
    char path[PATH_MAX];
} places[PLACES];

void unfinished_add(const char *path)
{
    const size_t length = strlen(path);
    if (length >= PATH_MAX)
        return;
    for (int i = 0; i < PLACES; i++) {
        int expected = FREE;
        if (!atomic_compare_exchange_strong(&places[i].state, &expected, BUSY))
            continue;
        memcpy(places[i].path, path, length + 1);
        atomic_store(&places[i].state, SET);
        return;
    }
}

void unfinished_drop(const char *path)
{
    for (int i = 0; i < PLACES; i++)
        if (atomic_load(&places[i].state) == SET && strcmp(places[i].path, path) == 0)
            atomic_store(&places[i].state, FREE);
}

void unfinished_remove_all(void)
{
    for (int i = 0; i < PLACES; i++)
        if (atomic_load(&places[i].state) == SET)
            unlink(places[i].path);
}
