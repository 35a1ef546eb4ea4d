/*
 * bench/run/shard.h - a part of a run, measured by one of several processes, and how a process finds out which one it is.
 *
 * The pairs of backbone and image, numbered backbone by backbone, are dealt like cards: pair k belongs to shard k mod
 * COUNT. So shards have equally many pairs of each backbone, give or take one, and the methods of an image stay together,
 * which share its base pass.
 */
#ifndef BENCH_RUN_SHARD_H
#define BENCH_RUN_SHARD_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SHARD_COUNT_MAX 1000000
#define SHARD_COUNT_VARIABLE "CAMBENCH_SHARDS" /* how many there are, where an engine does not say */
#define SHARD_KEY "shard"                      /* in a store's manifest: "3/8" */

struct shard {
    int number, count; /* 1 to count; a count of 0 or 1 is the whole run */
    char origin[128];  /* what said so: "--shard", "srun" ... */
};

/*
 * Which shard is this process? `option` is the text of --shard, "I/N", or NULL: then what Slurm (srun, job arrays), Open
 * MPI, MPICH or Kubernetes have put in the environment, which `get` reads (getenv). Errors: variables that are
 * half-set, no numbers, outside each other's range.
 */
int shard_find(const char *option, char *(*get)(const char *name), struct shard *shard, struct error *err);

/* "3/8", the whole text; origin is left empty. */
int shard_parse(const char *text, struct shard *shard);

static inline bool shard_is_part(const struct shard *shard)
{
    return shard->count > 1;
}

/* Which of `count` shards, from 1, has pair `image` of `backbone`, in a run on `image_count` images? */
int shard_of(int count, int backbone, int image, int image_count);

/* Is it this shard's? */
bool shard_has(const struct shard *shard, int backbone, int image, int image_count);

/* How many pairs are this shard's. */
size_t shard_size(const struct shard *shard, int backbone_count, int image_count);

/* "FOLDER/shard-3-of-8" in the arena; NULL: no memory. And back: the name without the folder; -1: it is none. */
const char *shard_folder(const struct shard *shard, const char *folder, struct arena *arena);
int shard_from_folder(const char *name, struct shard *shard);

#endif
