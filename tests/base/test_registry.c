/* tests/base/test_registry.c - look-ups by name, and what is said of a name that is not there. */
#include "base/registry.h"

#include "tests/test.h"

#include <string.h>

static const char *const names[] = {"gradcam", "layercam", "fakecam", NULL};
static const char *const titles[] = {"Grad-CAM", "LayerCAM", "Fake-CAM"};

static const char *name_of(int i)
{
    return names[i];
}

static const char *title_of(int i)
{
    return titles[i];
}

static bool is_last(int i)
{
    return i == 2;
}

static void expect(const struct registry *registry, const char *name, int position, const char *message)
{
    struct error err = {0};
    assert_int_equal(registry_find(registry, name, &err), position);
    assert_string_equal(err.text, message);
}

TEST(a_name_or_a_title_is_found_however_it_is_spelt)
{
    const struct registry registry = {.refusal = "unknown method", .name = name_of, .title = title_of};
    expect(&registry, "layercam", 1, "");
    expect(&registry, "GRAD-CAM", 0, "");
    expect(&registry, "gradcan", -1, "unknown method \"gradcan\", did you mean \"gradcam\"?");
    expect(&registry, "zzz", -1, "unknown method \"zzz\"");
}

TEST(exact_names_are_found_letter_by_letter)
{
    const struct registry registry = {.refusal = "cannot list",
                                      .name = name_of,
                                      .is_exact = true,
                                      .after_suggestion = " see A",
                                      .without_suggestion = "; see B"};
    expect(&registry, "gradcam", 0, "");
    expect(&registry, "GradCAM", -1, "cannot list \"GradCAM\", did you mean \"gradcam\"? see A");
    expect(&registry, "zzz", -1, "cannot list \"zzz\"; see B");
}

TEST(a_hidden_row_is_found_and_never_suggested)
{
    const struct registry registry = {
        .refusal = "unknown method", .name = name_of, .is_hidden = is_last, .only_misspelt = true};
    expect(&registry, "fakecam", 2, "");
    expect(&registry, "fakecan", -1, "unknown method \"fakecan\"");
}
