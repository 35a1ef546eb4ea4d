/* base/unfinished.c - a fixed table, because a signal handler may neither allocate nor lock. */
#include "base/unfinished.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { UNFINISHED_MAX = 64 }; /* file_remove_left() removes any more than these */
enum { FREE, BUSY, SET };

static struct unfinished_file {
    atomic_int state;
    char path[PATH_MAX];
} unfinished[UNFINISHED_MAX];

void unfinished_add(const char *path)
{
    const size_t length = strlen(path);
    if (length >= PATH_MAX)
        return;
    for (int i = 0; i < UNFINISHED_MAX; i++) {
        int expected = FREE;
        if (!atomic_compare_exchange_strong(&unfinished[i].state, &expected, BUSY))
            continue;
        memcpy(unfinished[i].path, path, length + 1);
        atomic_store(&unfinished[i].state, SET);
        return;
    }
}

void unfinished_drop(const char *path)
{
    for (int i = 0; i < UNFINISHED_MAX; i++)
        if (atomic_load(&unfinished[i].state) == SET && strcmp(unfinished[i].path, path) == 0)
            atomic_store(&unfinished[i].state, FREE);
}

void unfinished_remove_all(void)
{
    for (int i = 0; i < UNFINISHED_MAX; i++)
        if (atomic_load(&unfinished[i].state) == SET)
            unlink(unfinished[i].path);
}
