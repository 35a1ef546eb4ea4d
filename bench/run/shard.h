/*
 * bench/run/shard.h - a shard is the part of a run that one of several processes measures; finds a process's own shard.
 *
 * Pairs of backbone and image, numbered backbone by backbone, are dealt round robin: pair k belongs to shard k mod
 * COUNT. The numbers of pairs of a backbone differ by at most one between shards, and all methods of an image, which
 * share its base pass, are in the same shard. With dataset.until, whole backbones are dealt instead.
 */
#ifndef BENCH_RUN_SHARD_H
#define BENCH_RUN_SHARD_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SHARD_COUNT_MAX 1000000
#define SHARD_COUNT_VARIABLE "CAMBENCH_SHARDS" /* number of shards, for engines that do not tell it */
#define SHARD_KEY "shard"                      /* in a store's manifest: "3/8" */

struct shard {
    int number, count; /* 1 to count; a count of 0 or 1 is the whole run */
    bool by_backbone;  /* the pairs of a backbone stay together, for a rule that looks at all its images */
    char origin[128];  /* where number and count were found: "--shard", "srun" ... */
};

/*
 * Finds the shard of this process. `option` is the text of --shard, "I/N"; if NULL, the variables of Slurm (srun, job
 * arrays), Open MPI, MPICH or Kubernetes are read by `get` (getenv). Errors: only some of the variables are set; one is
 * not a number; they contradict each other.
 */
int shard_find(const char *option, char *(*get)(const char *name), struct shard *shard, struct error *err);

/* Parses "3/8"; origin is left empty. -1: `text` is anything else. */
int shard_parse(const char *text, struct shard *shard);

static inline bool shard_is_part(const struct shard *shard)
{
    return shard->count > 1;
}

/*
 * The number, from 1, of the shard among `count` that has the pair of `backbone` and `image`; the run has
 * `image_count`.
 */
int shard_of(int count, int backbone, int image, int image_count);

/* Whether the pair belongs to this shard. */
bool shard_has(const struct shard *shard, int backbone, int image, int image_count);

/* The number of pairs of this shard. */
size_t shard_size(const struct shard *shard, int backbone_count, int image_count);

/* "FOLDER/shard-3-of-8" in the arena; NULL: no memory. */
const char *shard_folder(const struct shard *shard, const char *folder, struct arena *arena);

/* Parses the name "shard-3-of-8", without its folder; -1: `name` is anything else. */
int shard_from_folder(const char *name, struct shard *shard);

#endif
