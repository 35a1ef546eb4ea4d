/* tests/bench/test_identity.c - which value of a config has changed. */
#include "bench/run/identity.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char whole[] = "seed: 1\n"
                            "dataset:\n"
                            "  path: a.h5\n"
                            "  images: 2\n"
                            "methods:\n"
                            "- name: gradcam\n"
                            "  params:\n"
                            "    score: logit\n"
                            "- name: reciprocam\n"
                            "  params:\n"
                            "    score: prob\n"
                            "kernels: auto\n";

/* `whole` with its last `old` replaced. */
static const char *with(const char *old, const char *new)
{
    static char text[sizeof whole + 64];
    const char *at = NULL;
    for (const char *next = strstr(whole, old); next; next = strstr(next + 1, old))
        at = next;
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, new, at + strlen(old));
    return text;
}

static void expect(const char *now, const char *where, const char *before, const char *value)
{
    struct identity_difference difference;
    assert_true(identity_differs(whole, now, &difference));
    assert_string_equal(difference.where, where);
    assert_string_equal(difference.before, before);
    assert_string_equal(difference.now, value);
}

TEST(equal_configs_do_not_differ)
{
    struct identity_difference difference;
    assert_false(identity_differs(whole, whole, &difference));
}

TEST(the_value_that_changed_is_named_with_its_section_and_entry)
{
    expect(with("seed: 1", "seed: 12"), "seed", "1", "12");
    expect(with("images: 2", "images: 3"), "dataset.images", "2", "3");
    expect(with("score: logit", "score: prob"), "methods.1.score", "logit", "prob");
    expect(with("score: prob", "score: \"a: b\""), "methods.2.score", "prob", "\"a: b\"");
    expect(with("- name: reciprocam", "- name: x"), "methods.2.name", "reciprocam", "x");
    expect(with("kernels: auto", "kernels: openblas"), "kernels", "auto", "openblas");
}

TEST(keys_that_come_or_go_are_shown_with_their_lines)
{
    expect(with("  images: 2\n", ""), "dataset.images", "images: 2", "nothing");
    expect(with("  images: 2\n", "  images: 2\n  shuffle: true\n"), "dataset.shuffle", "nothing", "shuffle: true");
    expect(with("kernels: auto\n", ""), "kernels", "kernels: auto", "nothing");
    expect(with("kernels: auto\n", "kernels: auto\nmore: 1\n"), "more", "nothing", "more: 1");
}

static const char labelled[] = "seed: 1\n"
                               "dataset:\n"
                               "  path: a.h5\n"
                               "  images: 2\n"
                               "  shuffle: false\n"
                               "backbones:\n"
                               "- arch: resnet18\n"
                               "  label: images\n"
                               "methods:\n"
                               "- name: gradcam\n"
                               "  params:\n"
                               "    layers:\n"
                               "    - layer3\n"
                               "- name: random\n"
                               "  params: {}\n"
                               "metrics:\n"
                               "- name: adcc\n"
                               "protocol:\n"
                               "- preset: cambench\n"
                               "kernels: auto\n";

TEST(a_text_is_cut_into_its_lists_and_the_rest)
{
    struct arena arena;
    arena_init(&arena, 0);
    assert_true(identity_is_whole(labelled));
    const char *common = identity_common(labelled, &arena);
    assert_string_equal(common, "seed: 1\ndataset:\n  path: a.h5\nkernels: auto\n");
    assert_false(identity_is_whole(common));
    assert_string_equal(identity_entry(labelled, "methods", 0, &arena),
                        "  name: gradcam\n  params:\n    layers:\n    - layer3\n");
    assert_string_equal(identity_entry(labelled, "methods", 1, &arena), "  name: random\n  params: {}\n");
    assert_string_equal(identity_entry(labelled, "methods", 2, &arena), "");
    assert_string_equal(identity_entry(labelled, "protocol", 0, &arena), "  preset: cambench\n");
    arena_release(&arena);
}
