/*
 * bench/program.h - which programs have measured a run, and whether their numbers belong together.
 *
 * A program is known by the digests of its sources (bench/digests.h), cut down to the parts on which a run depends: the
 * rooms, and the run's backbones, methods and metrics by their labels. A map depends on all rooms and metrics, on its own
 * backbone and its own method. The set of kernels changes bits, not sources: maps of several sets stay beside each other.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct store_names;

struct program_part {
    const char *kind, *name, *digest; /* kind "room", "backbone", "method" or "metric" */
};

struct program {
    const char *version, *commit, *kernels; /* commit "": not known; kernels "": no network was made yet */
    int part_count;
    const struct program_part *parts;
};

/* Maps of a backbone and a method that one program has measured. */
struct program_use {
    int program; /* position in the list; -1: a program that left no digests */
    int backbone, method;
    size_t maps;
};

struct programs {
    int count, use_count;
    const struct program *list;
    const struct program_use *uses;
};

/* The digest of a unit of this program's sources (bench/digests.h); "" if there is no such unit. */
const char *program_digest(const char *kind, const char *name);

/* The same of the family of a network. */
const char *program_family_digest(const char *arch);

/* This program, as it measures the run of a config; in the arena. Errors: no memory. */
int program_here(const struct config *config, const char *kernels, struct arena *arena, struct program *out,
                 struct error *err);

/* Whether a map of backbone and method depends on a part. */
bool program_counts(const struct program_part *part, const struct store_names *names, int backbone, int method);

/* What of `here` another program (NULL: without digests) has otherwise, of what the map depends on. */
bool program_differs(const struct program *other, const struct program *here, const struct store_names *names,
                     int backbone, int method);

/*
 * What differs between the maps and `here`, as words: `the source of method "gradcam" has changed`; NULL and
 * *maps 0 if nothing does. -1: no memory.
 */
int program_changes(const struct programs *programs, const struct program *here, const struct store_names *names,
                    struct arena *arena, const char **words, size_t *maps, struct error *err);

/*
 * Sentences on maps that do not belong together, ends with NULL: `2 programs contributed: ...`, `2 sets of kernels
 * contributed, whose bits differ: ...`. Errors: no memory.
 */
int program_mixture(const struct programs *programs, const struct store_names *names, struct arena *arena,
                    const char *const **sentences, struct error *err);

/*
 * What differs between two runs: sentences `the source of method "gradcam" has changed: 1a2b3c4d5e6f in the base, now
 * 9f8e7d6c5b4a`, ends with NULL. Parts that only one run has are left out. Errors: no memory.
 */
int program_causes(const struct programs *base, const struct store_names *base_names, const struct programs *now,
                   const struct store_names *now_names, struct arena *arena, const char *const **sentences,
                   struct error *err);

/* "cambench 0.1.0, commit 1a2b3c4d5e6f, sources 9f8e7d6c5b4a", of several with " and " between; "" if none is known. NULL:
   no memory. The last digits are a digest of all parts. */
const char *program_text(const struct programs *programs, struct arena *arena);

/* "avx2", or "avx2 and avx512" of several; "" if not known. NULL: no memory. */
const char *program_kernels(const struct programs *programs, struct arena *arena);

#endif
