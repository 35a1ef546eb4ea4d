/* tests/base/test_param.c - parameters as rows of a table. */
#include "base/param.h"

#include "base/arena.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

struct sample {
    int scoring, count, batch;
    double rate;
    bool smooth;
    struct param_names layers;
    char note[9], file[PARAM_PATH_MAX];
};

static const struct param params[] = {
    PARAM_ENUM(struct sample, scoring, "official|paper", "which"),
    PARAM_INT(struct sample, count, 12, 1, 100, "how many"),
    PARAM_INT_OR(struct sample, batch, "auto", auto, 1, 64, "at once"),
    PARAM_FLOAT(struct sample, rate, 0.5, 0, 1, "how fast"),
    PARAM_BOOL(struct sample, smooth, true, "whether"),
    PARAM_LAYERS(struct sample, layers, 2, "where"),
    PARAM_TEXT(struct sample, note, "none", "remark"),
    PARAM_PATH(struct sample, file, "where from"),
    {0},
};

static struct sample defaults(void)
{
    struct sample sample;
    memset(&sample, 0xff, sizeof sample);
    param_defaults(params, &sample);
    return sample;
}

TEST(defaults_fill_every_field)
{
    const struct sample sample = defaults();
    assert_true(sample.scoring == 0 && sample.count == 12 && sample.batch == 0 && sample.rate == 0.5 && sample.smooth);
    assert_int_equal(sample.layers.count, 0);
    assert_string_equal(sample.note, "none");
    assert_string_equal(sample.file, "");
}

TEST(values_survive_writing_and_reading)
{
    static const struct {
        const char *name, *text;
    } values[] = {{"scoring", "paper"}, {"count", "7"},      {"batch", "auto"},        {"batch", "64"},
                  {"rate", "0.125"},    {"smooth", "false"}, {"layers", "a.b,layer4"}, {"layers", "x"},
                  {"note", "a, b: c"},  {"note", ""},        {"file", "maps/a b.h5"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample sample = defaults();
        struct error err;
        char text[256];
        const struct param *param = param_find(params, values[i].name);
        assert_non_null(param);
        assert_int_equal(param_parse(param, values[i].text, &sample, &err), 0);
        param_format(param, &sample, text, sizeof text);
        assert_string_equal(text, values[i].text);
    }
}

TEST(wrong_values_are_refused_with_what_is_allowed)
{
    static const struct {
        const char *name, *text, *why;
    } values[] = {{"scoring", "papers", "parameter \"scoring\" is \"papers\"; allowed: official|paper"},
                  {"count", "0", "parameter \"count\" is \"0\"; allowed: 1..100"},
                  {"count", "64abc", "allowed: 1..100"},
                  {"count", "1.5", "allowed: 1..100"},
                  {"count", "auto", "allowed: 1..100"},
                  {"batch", "0", "allowed: 1..64 or auto"},
                  {"rate", "1.01", "allowed: 0..1"},
                  {"rate", "nan", "allowed: 0..1"},
                  {"smooth", "yes", "allowed: true|false"},
                  {"layers", "a,b,c", "allowed: list of at most 2 names"},
                  {"layers", "a,,b", "allowed: list of at most 2 names"},
                  {"note", "123456789", "parameter \"note\" is \"123456789\"; allowed: text of at most 8 bytes"},
                  {"file", "", "parameter \"file\" is \"\"; allowed: path of a file"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample sample = defaults();
        struct error err = {0};
        assert_int_equal(param_parse(param_find(params, values[i].name), values[i].text, &sample, &err), -1);
        if (!strstr(err.text, values[i].why))
            fail_msg("\"%s\" does not say \"%s\"", err.text, values[i].why);
    }
}

TEST(a_path_must_be_given)
{
    struct sample sample = defaults();
    struct error err;
    const struct param *file = param_find(params, "file");
    assert_ptr_equal(param_missing(params, &sample), file);
    assert_int_equal(param_parse(file, "x.h5", &sample, &err), 0);
    assert_null(param_missing(params, &sample));
    assert_string_equal(param_text(file, &sample), "x.h5");
}

TEST(a_table_may_be_absent)
{
    assert_null(param_find(NULL, "x"));
    assert_null(param_find(params, "none"));
    param_defaults(NULL, NULL);
}

/* -- rows of configs and command lines ------------------------------------------------------------------------------ */

struct inner {
    int images;
};

struct outer {
    const char *path, *kernels;
    uint64_t seed;
    struct inner inner;
};

static const struct param inner_rows[] = {
    {.name = "images",
     .type = PARAM_TYPE_INT,
     .offset = offsetof(struct inner, images),
     .fallback = "all",
     .choices = "all",
     .word = -1,
     .min = 1,
     .max = 10},
    {0},
};

static const struct param outer_rows[] = {
    PARAM_ROW(struct outer, path, STRING),
    PARAM_ROW(struct outer, kernels, STRING, .choices = "auto|plain", .fallback = "auto"),
    PARAM_ROW(struct outer, seed, SEED, .fallback = "1"),
    PARAM_ROW(struct outer, inner, TABLE, .rows = inner_rows),
    {0},
};

TEST(defaults_reach_nested_tables_and_leave_rows_without_one)
{
    struct outer outer = {.path = "kept"};
    param_defaults(outer_rows, &outer);
    assert_string_equal(outer.path, "kept");
    assert_string_equal(outer.kernels, "auto");
    assert_true(outer.seed == 1 && outer.inner.images == -1);
}

TEST(a_word_may_mean_another_number_than_0)
{
    struct inner inner = {0};
    char text[16];
    assert_true(param_store(inner_rows, "7", &inner) && inner.images == 7);
    assert_true(param_store(inner_rows, "all", &inner) && inner.images == -1);
    param_format(inner_rows, &inner, text, sizeof text);
    assert_string_equal(text, "all");
    assert_false(param_store(inner_rows, "-1", &inner));
}

TEST(a_seed_has_64_bits_and_a_string_is_one_of_its_choices)
{
    struct outer outer = {0};
    char text[32];
    const struct param *seed = param_find(outer_rows, "seed"), *kernels = param_find(outer_rows, "kernels");
    assert_true(param_store(seed, "18446744073709551615", &outer) && outer.seed == UINT64_MAX);
    param_format(seed, &outer, text, sizeof text);
    assert_string_equal(text, "18446744073709551615");
    assert_false(param_store(seed, "18446744073709551616", &outer) || param_store(seed, "-1", &outer));
    assert_true(param_store(kernels, "plain", &outer));
    assert_false(param_store(kernels, "fast", &outer));
    assert_string_equal(outer.kernels, "plain");
}

/* -- things with a name and parameters ------------------------------------------------------------------------------ */

struct thing {
    double rate;
    struct param_names layers;
    struct param_named next;
};

static int find(const char *name, struct param_named *out, struct error *err);

static const struct param thing_params[] = {
    PARAM_FLOAT(struct thing, rate, 0.5, 0, 1, "how fast"),
    PARAM_LAYERS(struct thing, layers, 2, "where"),
    PARAM_ROW(struct thing, next, NAMED, .fallback = "leaf", .find = find, .help = "what"),
    {0},
};

/* "node" has the parameters above, "leaf" has none. */
static int find(const char *name, struct param_named *out, struct error *err)
{
    const bool is_node = strcmp(name, "node") == 0;
    if (!is_node && strcmp(name, "leaf") != 0)
        return error_set(err, "unknown thing \"%s\"", name);
    *out = (struct param_named){.name = is_node ? "node" : "leaf",
                                .rows = is_node ? thing_params : NULL,
                                .size = is_node ? sizeof(struct thing) : 0};
    return 0;
}

static int count_rows(void *context, const struct param *row, const void *in, const struct param *top,
                      struct error *err)
{
    (void)in, (void)err;
    assert_true(row == top || strcmp(top->name, "next") == 0);
    ++*(int *)context;
    return 0;
}

TEST(named_values_survive_writing_and_reading)
{
    static const char *const texts[][2] = {
        {"leaf", "leaf"},
        {"node", "node"},
        {"node(rate=0.25)", "node(rate=0.25)"},
        {"node(rate=0.5)", "node"},
        {"node(layers=a,b;rate=1)", "node(rate=1;layers=a,b)"},
        {"node(next=node(rate=0;layers=a);rate=0)", "node(rate=0;next=node(rate=0;layers=a))"},
    };
    struct arena arena = {0};
    struct error err;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct thing outer;
        char text[256];
        param_defaults(thing_params, &outer);
        assert_int_equal(param_parse(&thing_params[2], texts[i][0], &outer, &err), 0);
        assert_int_equal(param_complete(thing_params, &outer, &arena, &err), 0);
        param_format(&thing_params[2], &outer, text, sizeof text);
        assert_string_equal(text, texts[i][1]);
        param_format(&thing_params[2], &outer, text, 5);
        assert_true(strlen(text) < 5);
    }
    arena_release(&arena);
}

TEST(rows_of_named_things_are_visited)
{
    struct arena arena = {0};
    struct error err;
    struct thing outer;
    int count = 0;
    param_defaults(thing_params, &outer);
    assert_int_equal(param_parse(&thing_params[2], "node(next=node)", &outer, &err), 0);
    assert_int_equal(param_complete(thing_params, &outer, &arena, &err), 0);
    assert_int_equal(param_visit(thing_params, &outer, count_rows, &count, &err), 0);
    assert_int_equal(count, 9);
    arena_release(&arena);
}

TEST(named_values_that_are_wrong_are_told)
{
    static const char *const rows[][2] = {
        {"tree", "unknown thing \"tree\""},
        {"", "parameter \"next\" is \"\""},
        {"node(rate=2", "parameter \"next\" is \"node(rate=2\""},
        {"node(rate=2)", "parameter \"rate\" is \"2\"; allowed: 0..1"},
        {"node(size=2)", "node has no parameter \"size\""},
        {"node(rate)", "node has no parameter \"rate\" or it has no value"},
        {"node(next=tree)", "unknown thing \"tree\""},
        {"leaf(rate=1)", "leaf has no parameter \"rate\""},
        {"node(next=node(next=node(next=node)))", "is inside 3 others; at most 3 may be nested"},
        {"node(next=node(rate=1)", "parameter \"next\" is \"node(rate=1\""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct thing outer;
        struct error err = {0};
        param_defaults(thing_params, &outer);
        const bool is_right = param_parse(&thing_params[2], rows[i][0], &outer, &err) == 0 &&
                              param_complete(thing_params, &outer, &arena, &err) == 0;
        if (is_right || !strstr(err.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], is_right ? "no error" : err.text);
    }
    arena_release(&arena);
}

struct open_ended {
    int size;
    struct param_paths files;
    struct param_others others;
};

static const struct param open_params[] = {
    PARAM_INT(struct open_ended, size, 1, 0, 9, "a size"),
    PARAM_PATHS(struct open_ended, files, "files"),
    PARAM_OTHERS(struct open_ended, others, "(any other)", "anything"),
    {0},
};

TEST(a_list_of_paths_grows_by_each_text)
{
    struct open_ended owner;
    struct error err;
    char text[64];
    param_defaults(open_params, &owner);
    assert_int_equal(owner.files.count, 0);
    assert_int_equal(param_parse(&open_params[1], "a,b.py", &owner, &err), 0);
    assert_int_equal(param_parse(&open_params[1], "c.py", &owner, &err), 0);
    param_format(&open_params[1], &owner, text, sizeof text);
    assert_string_equal(text, "a,b.py,c.py");
    while (owner.files.count < PARAM_PATHS_MAX)
        assert_int_equal(param_parse(&open_params[1], "d", &owner, &err), 0);
    assert_int_equal(param_parse(&open_params[1], "e", &owner, &err), -1);
    assert_string_equal(err.text, "parameter \"files\" is \"e\"; allowed: list of at most 16 paths of files");
    assert_int_equal(param_parse(&open_params[1], "", &owner, &err), 0);
    assert_int_equal(owner.files.count, 0);
}

TEST(parameters_that_no_row_names_are_kept_as_texts)
{
    static const char *const wrong[][3] = {
        {"", "1", "parameter \"\" is not a name"},
        {"1st", "1", "parameter \"1st\" is not a name of letters, digits and _"},
        {"a-b", "1", "parameter \"a-b\" is not a name"},
        {"a\nb", "1", "parameter \"a?b\" is not a name"},
        {"b", "1\n2", "parameter \"b\" must be a text of one line"},
        {"power", "3", "parameter \"power\" is given twice"},
    };
    struct open_ended owner;
    struct error err;
    char text[64], long_text[2000];
    const struct param *row = param_find_others(open_params);
    assert_ptr_equal(row, &open_params[2]);
    assert_null(param_find_others(NULL));
    param_defaults(open_params, &owner);
    assert_int_equal(param_add_other(row, "power", "2", &owner, &err), 0);
    assert_int_equal(param_add_other(row, "_way2", "", &owner, &err), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (param_add_other(row, wrong[i][0], wrong[i][1], &owner, &err) == 0 || !strstr(err.text, wrong[i][2]))
            fail_msg("%s", wrong[i][2]);
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = 0;
    assert_int_equal(param_add_other(row, "long", long_text, &owner, &err), -1);
    param_format(row, &owner, text, sizeof text);
    assert_string_equal(text, "power=2,_way2=");
    static char names[PARAM_OTHERS_MAX][8];
    for (int i = 2; i < PARAM_OTHERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "p%d", i);
        assert_int_equal(param_add_other(row, names[i], "0", &owner, &err), 0);
    }
    assert_int_equal(param_add_other(row, "more", "0", &owner, &err), -1);
    assert_string_equal(err.text, "more than 32 further parameters are given");
}
