/*
 * bench/store/digests.h - identifies the sources that this program was built from. tools/digests.sh and tools/commit.sh
 * write the values.
 *
 * A digest is the SHA-256 (64 hex digits) of a unit's sources without comments and blanks. The kind of a unit is "room"
 * (the shared files of nn, base, datasets, methods, metrics, backbones, models, weights and bench on which numbers
 * depend), "method", "metric" or "backbone" (a family). Compiler and flags do not count.
 */
#ifndef BENCH_STORE_DIGESTS_H
#define BENCH_STORE_DIGESTS_H

#define DIGEST_SHOWN 12 /* digits in messages */

struct digest {
    const char *kind, *name, *sha256;
};

/* Sorted by kind and name; ends with {0}. */
extern const struct digest digests[];

/* "1a2b3c4d5e6f", with "-dirty" if the sources differ from the commit; "" outside of a repository. */
extern const char program_commit[];

#endif
