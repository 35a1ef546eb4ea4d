/*
 * bench/process/nodes.h - the NUMA nodes of the machine, as the system lists them in a folder.
 */
#ifndef BENCH_PROCESS_NODES_H
#define BENCH_PROCESS_NODES_H

#define NODES_FOLDER "/sys/devices/system/node"
#define NODES_MOST 64

/* Fills the node of each of `count` cores, numbered from 0 without gaps. Returns the number of nodes; at least 1. */
int nodes_read(const char *folder, int *node, int count);

/* The node of the core on which the calling thread runs; node (count): nodes_read(). */
int nodes_here(const int *node, int count);

#endif
