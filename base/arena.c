/* base/arena.c - a list of blocks, each twice the size of the one before; newest first. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_ASAN)
#include <sanitizer/asan_interface.h>
#define ARENA_RED_ZONE 64
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ARENA_RED_ZONE 0
#endif

#define ARENA_ALIGN 64
#define ARENA_FIRST_BYTES ((size_t)64 << 10)
#define HUGE_PAGE ((size_t)2 << 20)
#define ARENA_GROWTH_LIMIT ((size_t)64 << 20)

struct arena_block {
    struct arena_block *older;
    size_t size, used;
    size_t most; /* the largest value that `used` has had: nothing after it was ever written */
    char *data;  /* aligned, inside the same allocation */
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

static void drop_newest(struct arena *arena)
{
    struct arena_block *block = arena->block;
    arena->block = block->older;
    arena->held_bytes -= block->size;
    ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
    free(block);
}

void arena_release(struct arena *arena)
{
    while (arena->block)
        drop_newest(arena);
    arena_init(arena, arena->limit_bytes);
}

void arena_reset(struct arena *arena)
{
    while (arena->block && arena->block->older) {
        /* keep the newest block, which is the largest: unlink the one after it */
        struct arena_block *below = arena->block->older;
        arena->block->older = below->older;
        arena->held_bytes -= below->size;
        ASAN_UNPOISON_MEMORY_REGION(below->data, below->size);
        free(below);
    }
    if (arena->block) {
        arena->block->used = 0;
        ASAN_POISON_MEMORY_REGION(arena->block->data, arena->block->size);
    }
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->block, arena->block ? arena->block->used : 0};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->block != mark.block)
        drop_newest(arena);
    if (!arena->block)
        return;
    arena->block->used = mark.used;
    ASAN_POISON_MEMORY_REGION(arena->block->data + mark.used, arena->block->size - mark.used);
}

size_t arena_touched_bytes(const struct arena *arena)
{
    size_t sum = 0;
    for (const struct arena_block *block = arena->block; block; block = block->older)
        sum += block->most;
    return sum;
}

/* Requests huge pages, since weights and workspaces are read with large strides. The kernel may ignore the request. */
static void ask_for_huge_pages(char *data, size_t size)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t first = ((uintptr_t)data + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    const uintptr_t end = ((uintptr_t)data + size) / HUGE_PAGE * HUGE_PAGE;
    if (end > first)
        madvise((void *)first, end - first, MADV_HUGEPAGE); /* NOLINT(performance-no-int-to-ptr) */
#endif
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
    size_t size = arena->block ? arena->block->size * 2 : ARENA_FIRST_BYTES;
    if (size > ARENA_GROWTH_LIMIT)
        size = ARENA_GROWTH_LIMIT;
    if (size < need)
        size = need;
    if (arena->limit_bytes && arena->held_bytes + size > arena->limit_bytes)
        size = need;
    if (arena->limit_bytes && (need > arena->limit_bytes || arena->held_bytes > arena->limit_bytes - need))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + ARENA_ALIGN + size);
    if (!block)
        return NULL;
    uintptr_t data = ((uintptr_t)(block + 1) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    *block = (struct arena_block){.older = arena->block, .size = size, .data = (char *)data};
    ask_for_huge_pages(block->data, size);
    arena->block = block;
    arena->held_bytes += size;
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return NULL;
    const size_t need = (bytes + ARENA_RED_ZONE + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    struct arena_block *block = arena->block;
    if (!block || block->size - block->used < need)
        block = add_block(arena, need);
    if (!block)
        return NULL;
    char *data = block->data + block->used;
    block->used += need;
    if (block->most < block->used)
        block->most = block->used;
    ASAN_UNPOISON_MEMORY_REGION(data, bytes);
    return memset(data, 0, bytes);
}

float *arena_floats(struct arena *arena, size_t count)
{
    return arena_alloc(arena, count, sizeof(float));
}

char *arena_string(struct arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = arena_alloc(arena, size, 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
