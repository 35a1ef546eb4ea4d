/* tests/base/test_arena.c - memory by lifetime. */
#include "base/arena.h"

#include "tests/test.h"

#include <string.h>

TEST(memory_is_zeroed_aligned_and_apart)
{
    struct arena arena;
    arena_init(&arena, 0);
    for (int round = 0; round < 2; round++) {
        unsigned char *before = NULL;
        for (size_t size = 1; size < 300000; size = size * 3 + 1) {
            unsigned char *piece = arena_alloc(&arena, size, 1);
            assert_non_null(piece);
            assert_int_equal((uintptr_t)piece % 64, 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(piece[i], 0);
            memset(piece, 0xa5, size);
            assert_true(!before || before[0] == 0xa5);
            before = piece;
        }
        arena_reset(&arena); /* the second round meets used memory */
    }
    arena_release(&arena);
    assert_int_equal(arena.held_bytes, 0);
}

TEST(impossible_sizes_and_limits_give_null)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_null(arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 1));
    assert_null(arena_floats(&arena, 1 << 19));
    assert_non_null(arena_floats(&arena, 1 << 16));
    int pieces = 0;
    while (arena_alloc(&arena, 10000, 1))
        pieces++;
    assert_true(pieces > 50 && arena.held_bytes <= 1 << 20);
    arena_release(&arena);
}

TEST(rewinding_gives_back_only_what_came_after)
{
    struct arena arena;
    arena_init(&arena, 0);
    char *kept = arena_string(&arena, "kept");
    const struct arena_mark mark = arena_mark(&arena);
    const void *first = arena_alloc(&arena, 100, 1);
    assert_non_null(arena_alloc(&arena, 1 << 20, 1)); /* another block */
    arena_rewind(&arena, mark);
    assert_string_equal(kept, "kept");
    assert_ptr_equal(arena_alloc(&arena, 100, 1), first);
    arena_release(&arena);
}

TEST(a_mark_of_an_empty_arena_rewinds_to_nothing)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct arena_mark mark = arena_mark(&arena);
    assert_non_null(arena_alloc(&arena, 1000, 1));
    arena_rewind(&arena, mark);
    assert_int_equal(arena.held_bytes, 0);
    arena_release(&arena);
}

TEST(touched_bytes_are_those_that_were_handed_out)
{
    struct arena arena;
    arena_init(&arena, 0);
    assert_int_equal(arena_touched_bytes(&arena), 0);
    assert_non_null(arena_alloc(&arena, 1000, 1));
    const struct arena_mark mark = arena_mark(&arena);
    assert_non_null(arena_alloc(&arena, 5 << 20, 1));
    assert_non_null(arena_alloc(&arena, 1000, 1)); /* in a block of 10 MiB */
    const size_t most = arena_touched_bytes(&arena);
    assert_true(most >= (5 << 20) + 2000 && most < (5 << 20) + 4096 && arena.held_bytes > 15 << 20);
    arena_rewind(&arena, mark);
    assert_non_null(arena_alloc(&arena, 10, 1));
    assert_true(arena_touched_bytes(&arena) < 4096);
    arena_reset(&arena); /* a block that is kept stays in memory */
    assert_true(arena_touched_bytes(&arena) >= 1000);
    arena_release(&arena);
}

TEST(text_is_formatted_whole)
{
    struct arena arena;
    arena_init(&arena, 0);
    assert_string_equal(arena_format(&arena, "%s-%04d", "a", 7), "a-0007");
    assert_int_equal(strlen(arena_format(&arena, "%5000d", 1)), 5000);
    arena_release(&arena);
}
