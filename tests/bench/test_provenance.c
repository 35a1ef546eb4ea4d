/* Programs that measured a run: how the store keeps them, how their parts are compared and described. */
#include "bench/store/store_programs.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const backbones[] = {"r18", "v16"}, *const methods_of_run[] = {"gradcam", "scorecam"},
                         *const protocols[] = {"cambench"}, *const metrics_of_run[] = {"adcc"},
                         *const images[] = {"a.jpg", "b.jpg", "c.jpg"};
static const int ones[] = {1, 1};
static const struct store_names names = {{[STORE_BACKBONES] = {2, backbones, NULL},
                                          [STORE_METHODS] = {2, methods_of_run, ones},
                                          [STORE_PROTOCOLS] = {1, protocols, ones},
                                          [STORE_METRICS] = {1, metrics_of_run, ones},
                                          [STORE_IMAGES] = {3, images, NULL}}};

static const struct program_part parts_one[] = {
    {"room", "nn", "n1"}, {"backbone", "r18", "b1"}, {"method", "gradcam", "g1"}, {"metric", "adcc", "m1"}};
static const struct program_part parts_two[] = {
    {"room", "nn", "n1"}, {"backbone", "r18", "b1"}, {"method", "gradcam", "g2"}, {"metric", "adcc", "m1"}};
static const struct program one = {"0.1.0", "aaaa", "avx2", 4, parts_one},
                            two = {"0.1.0", "bbbb", "avx2", 4, parts_two},
                            one_wide = {"0.1.0", "aaaa", "avx512", 4, parts_one};

struct fixture {
    char folder[64];
    struct store *store;
    struct arena arena;
    struct error err;
    struct programs programs;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "/tmp/test_program_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    arena_init(&f->arena, 0);
    f->store = store_open(f->folder, &names, false, &f->err);
    if (!f->store)
        fail_msg("%s", f->err.text);
}

static void end(struct fixture *f)
{
    char command[96];
    store_close(f->store);
    arena_release(&f->arena);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
}

/* An item with a value of every metric. */
static struct store_item item_of(int backbone, int image, int method)
{
    static struct store_value values[8];
    const int count = names.lists[STORE_PROTOCOLS].count * names.lists[STORE_METRICS].count;
    assert_true(count <= 8);
    for (int i = 0; i < count; i++)
        values[i] = (struct store_value){.protocol = i / names.lists[STORE_METRICS].count,
                                         .metric = i % names.lists[STORE_METRICS].count};
    return (struct store_item){
        .backbone = backbone, .image = image, .method = method, .value_count = count, .values = values};
}

/* program NULL: a program that leaves no digests. */
static void measure(struct fixture *f, const struct program *program, int backbone, int image, int method)
{
    struct store_item item = item_of(backbone, image, method);
    const struct store_base base = {backbone, image, 1, 0, 0.5, 0};
    if ((program && store_add_program(f->store, program, &item.program, &f->err)) ||
        store_commit_base(f->store, &base, &f->err) || store_commit(f->store, &item, &f->err))
        fail_msg("%s", f->err.text);
}

static void read_programs(struct fixture *f)
{
    if (store_read_programs(f->store, &f->arena, &f->programs, &f->err))
        fail_msg("%s", f->err.text);
}

static void assert_mixture(struct fixture *f, const char *want)
{
    const char *const *sentences;
    read_programs(f);
    assert_int_equal(program_mixture(&f->programs, &names, &f->arena, &sentences, &f->err), 0);
    assert_string_equal(sentences[0] ? sentences[0] : "", want);
}

TEST(a_program_is_known_again_by_all_that_it_is)
{
    struct fixture f;
    int numbers[4];
    begin(&f);
    const struct program *const list[] = {&one, &two, &one_wide, &one};
    for (int i = 0; i < 4; i++)
        assert_int_equal(store_add_program(f.store, list[i], &numbers[i], &f.err), 0);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 2);
    assert_int_equal(numbers[2], 3);
    assert_int_equal(numbers[3], 1);
    end(&f);
}

TEST(only_maps_that_depend_on_a_changed_part_differ)
{
    assert_true(program_differs(&one, &two, &names, 0, 0));  /* gradcam */
    assert_false(program_differs(&one, &two, &names, 0, 1)); /* scorecam */
    assert_false(program_differs(&one, &one_wide, &names, 0, 0));
    assert_true(program_differs(NULL, &two, &names, 1, 1)); /* left no digests */
}

TEST(items_of_other_sources_are_taken_out_and_the_others_stay)
{
    struct fixture f;
    const char *words;
    size_t maps;
    begin(&f);
    for (int method = 0; method < 2; method++)
        measure(&f, &one, 0, 0, method);
    measure(&f, &two, 0, 1, 0);
    measure(&f, NULL, 1, 2, 1);
    read_programs(&f);
    assert_int_equal(program_changes(&f.programs, &two, &names, &f.arena, &words, &maps, &f.err), 0);
    assert_int_equal(maps, 2);
    assert_string_equal(words,
                        "they were measured by a program that left no digests of its sources, the source of method "
                        "\"gradcam\" has changed");
    const struct program_use old[] = {{0, 0, 0, 1}, {-1, 1, 1, 1}};
    assert_int_equal(store_drop_uses(f.store, old, 2, &f.err), 0);
    assert_false(store_has_item(f.store, 0, 0, 0));
    assert_true(store_has_item(f.store, 0, 0, 1));
    assert_true(store_has_item(f.store, 0, 1, 0));
    assert_false(store_has_item(f.store, 1, 2, 1));
    struct store_base base = {0};
    assert_int_equal(store_read_base(f.store, 0, 0, &base, &f.err), 1);
    assert_int_equal(store_read_base(f.store, 1, 2, &base, &f.err), 0); /* none of its items is left */
    end(&f);
}

TEST(two_programs_are_a_mixture_only_where_their_maps_depend_on_what_differs)
{
    struct fixture f;
    begin(&f);
    measure(&f, &one, 0, 0, 1);
    measure(&f, &two, 0, 0, 0); /* the only maps of gradcam */
    assert_mixture(&f, "");
    measure(&f, &one, 0, 1, 0);
    assert_mixture(&f, "2 programs contributed: the source of method \"gradcam\" is g1 (1 map), g2 (1 map)");
    end(&f);
}

TEST(two_sets_of_kernels_are_said)
{
    struct fixture f;
    begin(&f);
    measure(&f, &one, 0, 0, 1);
    measure(&f, &one_wide, 0, 1, 1);
    measure(&f, &one_wide, 0, 2, 1);
    assert_mixture(&f, "2 sets of kernels contributed, whose bits differ: avx2 (1 map), avx512 (2 maps)");
    assert_string_equal(program_kernels(&f.programs, &f.arena), "avx2 and avx512");
    end(&f);
}

TEST(a_change_between_two_runs_names_the_part)
{
    struct fixture f, g;
    const char *const *sentences;
    begin(&f);
    begin(&g);
    measure(&f, &one, 0, 0, 0);
    measure(&g, &two, 0, 0, 0);
    read_programs(&f);
    read_programs(&g);
    assert_int_equal(program_causes(&f.programs, &names, &g.programs, &names, &f.arena, &sentences, &f.err), 0);
    assert_string_equal(sentences[0], "the source of method \"gradcam\" has changed: g1 in the base, now g2");
    assert_null(sentences[1]);
    end(&g);
    end(&f);
}
