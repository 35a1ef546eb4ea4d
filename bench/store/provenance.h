/*
 * bench/store/provenance.h - the programs that measured a run, and whether their numbers may be mixed.
 *
 * A program is identified by the digests of its sources (bench/store/digests.h), limited to the parts on which a run
 * depends: the rooms, and the run's backbones, methods and metrics by their labels. A map depends on all rooms and
 * metrics, on its own backbone and its own method. Another set of kernels changes the bits of a map, but not the
 * sources; maps of several sets may be in one run.
 */
#ifndef BENCH_STORE_PROVENANCE_H
#define BENCH_STORE_PROVENANCE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct store_names;

struct program_part {
    const char *kind, *name, *digest; /* kind "room", "backbone", "method" or "metric" */
};

struct program {
    const char *version, *commit, *kernels; /* commit "": not known; kernels "": no network has been made yet */
    int part_count;
    const struct program_part *parts;
};

/* The number of maps of a backbone and a method that one program has measured. */
struct program_use {
    int program; /* position in the list; -1: a program that stored no digests */
    int backbone, method;
    size_t maps;
};

struct programs {
    int count, use_count;
    const struct program *list;
    const struct program_use *uses;
};

/* The digest of a unit of this program's sources (bench/store/digests.h); "" for an unknown unit. */
const char *program_digest(const char *kind, const char *name);

/* Whether a map of `backbone` and `method` (positions in `names`) depends on a part. */
bool program_counts(const struct program_part *part, const struct store_names *names, int backbone, int method);

/*
 * Whether a part on which the map depends differs between `here` and another program; NULL, a program without digests,
 * always differs.
 */
bool program_differs(const struct program *other, const struct program *here, const struct store_names *names,
                     int backbone, int method);

/*
 * Counts the maps that were measured with sources other than those of `here`, and describes the difference, in the
 * arena: `the source of method "gradcam" has changed`; *words is NULL if there is none. -1: no memory.
 */
int program_changes(const struct programs *programs, const struct program *here, const struct store_names *names,
                    struct arena *arena, const char **words, size_t *maps, struct error *err);

/*
 * Sentences about a run to which several programs or sets of kernels contributed, ends with NULL: `2 programs
 * contributed: ...`, `2 sets of kernels contributed, whose bits differ: ...`. In the arena. Error: no memory.
 */
int program_mixture(const struct programs *programs, const struct store_names *names, struct arena *arena,
                    const char *const **sentences, struct error *err);

/*
 * Sentences on the differences between two runs, ends with NULL: `the source of method "gradcam" has changed:
 * 1a2b3c4d5e6f in the base, now 9f8e7d6c5b4a`. Parts that only one run has are left out. Error: no memory.
 */
int program_causes(const struct programs *base, const struct store_names *base_names, const struct programs *now,
                   const struct store_names *now_names, struct arena *arena, const char *const **sentences,
                   struct error *err);

/*
 * "cambench 0.1.0, commit 1a2b3c4d5e6f, sources 9f8e7d6c5b4a", where the last digits are a digest of all parts; several
 * programs are joined by " and "; "" if none is known. NULL: no memory.
 */
const char *program_text(const struct programs *programs, struct arena *arena);

/* "avx2", or "avx2 and avx512" for several; "" if not known. NULL: no memory. */
const char *program_kernels(const struct programs *programs, struct arena *arena);

#endif
