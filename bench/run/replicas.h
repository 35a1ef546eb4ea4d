/*
 * bench/run/replicas.h - a copy of a network for each NUMA node, so that workers read weights from memory of their own node.
 */
#ifndef BENCH_RUN_REPLICAS_H
#define BENCH_RUN_REPLICAS_H

#include "bench/run/run.h"

struct replicas;

/* How many copies of a network the run keeps beside the first: of each node but one, or 0 with runtime.replicate: off. */
int replicas_count(const struct run *run);

/*
 * Has a thread on each node read the network, so that the system places its weights there; `first` serves the node of the
 * caller. *out is NULL if there is one node, or nothing to copy. Errors: those of run_backbone_load().
 */
int replicas_create(const struct run *run, int backbone, struct network *first, struct replicas **out,
                    struct error *err);
void replicas_free(struct replicas *replicas); /* NULL is fine */

/* The network for the calling thread. */
const struct network *replicas_here(const struct replicas *replicas, const struct network *first);

size_t replicas_bytes(const struct replicas *replicas); /* without the first network; NULL: 0 */

/* The folder in which nodes are listed; tests set another. */
extern const char *replicas_nodes;

#endif
