/* bench/process/nodes.c - reads lists of cores such as "0-3,8-11" from nodeN/cpulist. */
#define _GNU_SOURCE /* sched_getcpu */
#include "bench/process/nodes.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Gives the listed cores to a node; returns how many there are. */
static int read_list(FILE *stream, int number, int *node, int count)
{
    int first, cores = 0;
    while (fscanf(stream, "%d", &first) == 1 && first >= 0) {
        int last = first;
        int next = fgetc(stream);
        if (next == '-') {
            if (fscanf(stream, "%d", &last) != 1)
                break;
            next = fgetc(stream);
        }
        for (int core = first; core <= last && core < count; core++, cores++)
            node[core] = number;
        if (next != ',')
            break;
    }
    return cores;
}

int nodes_read(const char *folder, int *node, int count)
{
    int found = 0;
    memset(node, 0, (size_t)count * sizeof *node);
    for (int n = 0; n < NODES_MOST; n++) {
        char path[PATH_MAX];
        const int length = snprintf(path, sizeof path, "%s/node%d/cpulist", folder, n);
        FILE *stream = length < (int)sizeof path ? fopen(path, "r") : NULL;
        if (!stream)
            continue;
        found += read_list(stream, found, node, count) > 0; /* a node may have memory alone */
        fclose(stream);
    }
    return found ? found : 1;
}

int nodes_here(const int *node, int count)
{
    const int core = sched_getcpu();
    return core >= 0 && core < count ? node[core] : 0;
}
