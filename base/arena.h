/*
 * base/arena.h - memory by lifetime.
 *
 * Four lifetimes (run, backbone, image, call), an arena for each; resetting an arena frees everything that was
 * allocated in that period, on the error path too. Memory is zeroed and aligned to 64 bytes. An arena belongs to one
 * thread at a time. Under AddressSanitizer, memory that was given back is poisoned and each allocation is followed by a
 * red zone.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first */
    size_t held_bytes;         /* total size of the blocks */
    size_t limit_bytes;        /* never holds more; 0: no limit */
};

struct arena_mark {
    struct arena_block *block;
    size_t used;
};

void arena_init(struct arena *arena, size_t limit_bytes);

/* Frees everything; the arena is then as after arena_init(), with the same limit. */
void arena_release(struct arena *arena);

/* Gives back everything that was allocated, keeping one block for the next round. */
void arena_reset(struct arena *arena);

/* arena_rewind() gives back everything allocated after the mark: for a loop, or for scratch inside a function. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Bytes of the blocks that have been written: what the arena takes of the machine's memory. held_bytes is address space. */
size_t arena_touched_bytes(const struct arena *arena);

/* Returns `count` zeroed elements of `size` bytes, or NULL: the product overflows, the limit is reached, no memory. */
void *arena_alloc(struct arena *arena, size_t count, size_t size) __attribute__((warn_unused_result));

float *arena_floats(struct arena *arena, size_t count) __attribute__((warn_unused_result));

/* A copy of a text, and a formatted text; NULL as arena_alloc(). */
char *arena_string(struct arena *arena, const char *text) __attribute__((warn_unused_result));
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

#endif
