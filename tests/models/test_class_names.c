/* tests/models/test_class_names.c - finds classes by name, and compares the classes of image sets and networks. */
#include "models/class_names.h"

#include "datasets/imagenet.h"

#include "tests/test.h"

#include <string.h>

static struct arena arena;

static struct class_names imagenet(void)
{
    struct class_names names;
    struct error err;
    arena_init(&arena, 0);
    assert_int_equal(class_names_of_network(1000, NULL, &arena, &names, &err), 0);
    return names;
}

TEST(a_class_is_found_by_name_synonym_synset_or_number)
{
    static const struct {
        const char *text;
        int k;
    } cases[] = {{"golden_retriever", 207},
                 {"Golden Retriever", 207},
                 {"n02099601", 207},
                 {"N02099601", 207},
                 {"207", 207},
                 {"Tinca tinca", 0},
                 {"tench", 0},
                 {"tench, Tinca tinca", 0},
                 {"crane (n02012849)", 134}};
    struct class_names names = imagenet();
    struct error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int k;
        if (class_names_find(&names, cases[i].text, &arena, &k, &err))
            fail_msg("%s", err.text);
        assert_int_equal(k, cases[i].k);
    }
    arena_release(&arena);
}

TEST(names_of_no_class_or_several_are_errors_that_lead_on)
{
    static const struct {
        const char *text, *why;
    } cases[] = {{"crane", "several classes are called \"crane\": 134 (n02012849), 517 (n03126707)"},
                 {"golden_retreiver", "did you mean \"golden retriever\"?"},
                 {"zebbra", "did you mean \"zebra\"?"},
                 {"", "no class \"\""},
                 {"1000", "no class \"1000\"; allowed: 0..999"},
                 {"-1", "no class \"-1\""}};
    struct class_names names = imagenet();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        int k;
        if (class_names_find(&names, cases[i].text, &arena, &k, &err) == 0 || !strstr(err.text, cases[i].why))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].text, err.text, cases[i].why);
    }
    arena_release(&arena);
}

TEST(what_is_shown_is_one_name_and_unique)
{
    struct class_names names = imagenet();
    assert_string_equal(class_names_shown(&names, 207), "golden retriever");
    assert_string_equal(class_names_shown(&names, 0), "tench");
    assert_string_equal(class_names_shown(&names, 134), "crane (n02012849)");
    assert_null(class_names_shown(&names, 1000));
    assert_null(class_names_shown(&names, -1));
    assert_null(class_names_shown(&(struct class_names){.count = 5}, 3));
    arena_release(&arena);
}

static bool fits(int set_count, const char **set, const char **ids, const struct class_names *network)
{
    struct error why = {0};
    const struct class_names names = {.count = set_count, .names = set, .ids = ids, .shown = set};
    const bool is = class_names_fit(&names, network, &why);
    assert_true(is == !why.text[0]);
    return is;
}

TEST(an_image_set_fits_a_network_by_number_and_names)
{
    const char *animals[] = {"cat", "dog", "eel"}, *turned[] = {"dog", "cat", "eel"},
               *spelled[] = {"Cat", "DOG", "conger"};
    const char *things[] = {"cup", "car", "key"}, *placeholders[] = {"class 0", "class 1", "class 2"};
    const struct class_names named = {.count = 3, .names = animals, .shown = animals}, numbered = {.count = 3};
    assert_true(fits(3, animals, NULL, &named));
    assert_true(fits(3, spelled, NULL, &named));
    assert_false(fits(3, turned, NULL, &named));
    assert_false(fits(3, things, NULL, &named));
    assert_true(fits(3, things, NULL, &numbered));
    assert_false(fits(2, animals, NULL, &numbered));
    assert_true(fits(2, animals, NULL, &named)); /* the first two */
    assert_false(fits(2, placeholders, NULL, &named));
    assert_true(fits(0, NULL, NULL, &named)); /* no list */
}

TEST(synsets_decide_where_both_have_them)
{
    struct class_names network = imagenet();
    const struct imagenet *table = imagenet_read(&arena);
    const char *names[IMAGENET_CLASSES], *ids[IMAGENET_CLASSES], *others[IMAGENET_CLASSES];
    for (int k = 0; k < IMAGENET_CLASSES; k++) {
        names[k] = "anything";
        others[k] = "another";
        ids[k] = table->id[k];
    }
    assert_true(fits(IMAGENET_CLASSES, names, ids, &network));
    assert_true(fits(IMAGENET_CLASSES, others, NULL, &network)); /* its names are assumed */
    for (int k = 0; k < IMAGENET_CLASSES; k++)
        ids[k] = table->id[(k + 1) % IMAGENET_CLASSES];
    assert_false(fits(IMAGENET_CLASSES, names, ids, &network));
    assert_false(fits(10, names, (const char **)table->id + 20, &network));
    arena_release(&arena);
}
