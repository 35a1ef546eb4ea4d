/* tests/metrics/test_protocol.c - presets, keys and post-processing against the published settings. */
#include "tests/test.h"

#include "metrics/protocol.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct protocol preset(const char *name)
{
    struct error err;
    const struct protocol *found = protocol_find(name, &err);
    assert_non_null(found);
    return *found;
}

TEST(cambench_resizes_the_shorter_side_to_256_for_a_crop_of_224)
{
    const struct protocol protocol = preset("cambench");
    assert_int_equal(lround(224 * protocol.resize_ratio), 256);
    assert_int_equal(lround(64 * protocol.resize_ratio), 73);
    assert_string_equal(protocol.klass, "predicted");
    assert_int_equal(protocol.resize, PROTOCOL_RESIZE_SHORTER);
    assert_int_equal(protocol.interpolation, PROTOCOL_BILINEAR);
    assert_int_equal(protocol.mask_space, PROTOCOL_MASK_NORMALIZED);
}

TEST(poppi2021_differs_from_cambench_in_the_resized_side_only)
{
    const struct protocol ours = preset("cambench"), theirs = preset("poppi2021");
    for (const struct param *param = protocol_params; param->name; param++) {
        char a[PARAM_TEXT_MAX], b[PARAM_TEXT_MAX];
        param_format(param, &ours, a, sizeof a);
        param_format(param, &theirs, b, sizeof b);
        if (strcmp(param->name, "resize_ratio") == 0)
            assert_string_equal(b, "1");
        else
            assert_string_equal(a, b);
    }
}

/* What each preset changes of `cambench`, in the order of the keys. */
TEST(presets_differ_from_cambench_where_their_papers_do)
{
    static const struct {
        const char *preset, *changes;
    } rows[] = {
        {"reciprocam2024", "class=label resize=squash enlarge=bicubic compare_at=layer insertion_start=image_mean "
                           "curve_order=cells curve_steps=all curve_area=reciprocam2024 "},
        {"scorecam2020", "resize=squash resize_ratio=1 post=upsample_first relu=always mask=top_half "
                         "insertion_start=mean curve_steps=100 "},
        {"shapleycam2025", "post=pytorch_grad_cam relu=always "},
        {"torchcam", "post=torchcam insertion_start=mean curve_steps=20 drop_eps=1e-07 "},
        {"pytorch_grad_cam", "post=pytorch_grad_cam relu=always drop=absolute coherency_eps=1e-08 "},
    };
    const struct protocol ours = preset("cambench");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct protocol theirs = preset(rows[i].preset);
        char changes[512] = "";
        size_t used = 0;
        for (const struct param *param = protocol_params; param->name; param++) {
            char was[PARAM_TEXT_MAX], is[PARAM_TEXT_MAX];
            param_format(param, &ours, was, sizeof was);
            param_format(param, &theirs, is, sizeof is);
            if (strcmp(was, is) != 0)
                used += (size_t)snprintf(changes + used, sizeof changes - used, "%s=%s ", param->name, is);
        }
        assert_string_equal(changes, rows[i].changes);
    }
}

TEST(defaults_of_the_keys_are_the_preset_cambench)
{
    const struct protocol want = preset("cambench");
    struct protocol got = want;
    for (const struct param *param = protocol_params; param->name; param++) {
        void *field = (char *)&got + param->offset;
        if (param->type == PARAM_TYPE_FLOAT)
            *(double *)field = -1;
        else
            *(int *)field = -1;
    }
    param_defaults(protocol_params, &got);
    assert_string_equal(got.klass, want.klass);
    got.klass = want.klass;
    assert_memory_equal(&got, &want, sizeof got);
}

TEST(every_preset_is_written_and_read_back_to_the_same_numbers)
{
    for (const struct protocol *protocol = protocols; protocol->name; protocol++) {
        struct protocol copy = *protocol;
        for (const struct param *param = protocol_params; param->name; param++) {
            static char texts[32][PARAM_TEXT_MAX]; /* a STRING points into its text */
            char *text = texts[param - protocol_params];
            struct error err;
            param_format(param, protocol, text, PARAM_TEXT_MAX);
            assert_int_equal(param_parse(param, text, &copy, &err), 0);
        }
        assert_string_equal(copy.klass, protocol->klass);
        copy.klass = protocol->klass;
        assert_memory_equal(&copy, protocol, sizeof copy);
        assert_string_equal(protocol->name, protocol->preset);
        assert_true(protocol->version >= 1);
    }
}

TEST(a_class_is_a_word_a_rank_or_a_name)
{
    static const struct {
        const char *text;
        enum protocol_class_kind kind;
        int number;
    } cases[] = {{"predicted", PROTOCOL_CLASS_RANK, 1}, {"second", PROTOCOL_CLASS_RANK, 2},
                 {"rank:17", PROTOCOL_CLASS_RANK, 17},  {"top:5", PROTOCOL_CLASS_TOP, 5},
                 {"lowest", PROTOCOL_CLASS_LOWEST, 0},  {"label", PROTOCOL_CLASS_LABEL, 0},
                 {"281", PROTOCOL_CLASS_NAMED, 0},      {"tabby cat", PROTOCOL_CLASS_NAMED, 0},
                 {"top:0", PROTOCOL_CLASS_NAMED, 0},    {"rank:2x", PROTOCOL_CLASS_NAMED, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int number;
        assert_int_equal(protocol_class(cases[i].text, &number), cases[i].kind);
        assert_int_equal(number, cases[i].number);
    }
}

TEST(choices_stand_in_the_order_of_their_enums)
{
    static const struct {
        const char *key, *word;
        size_t offset;
        int want;
    } cases[] = {
        {"resize", "squash", offsetof(struct protocol, resize), PROTOCOL_RESIZE_SQUASH},
        {"interpolation", "bicubic", offsetof(struct protocol, interpolation), PROTOCOL_BICUBIC},
        {"post", "pytorch_grad_cam", offsetof(struct protocol, post), PROTOCOL_POST_PYTORCH_GRAD_CAM},
        {"post", "torchcam", offsetof(struct protocol, post), PROTOCOL_POST_TORCHCAM},
        {"post", "upsample_first", offsetof(struct protocol, post), PROTOCOL_POST_UPSAMPLE_FIRST},
        {"relu", "always", offsetof(struct protocol, relu), PROTOCOL_RELU_ALWAYS},
        {"enlarge", "bicubic", offsetof(struct protocol, enlarge), PROTOCOL_ENLARGE_BICUBIC},
        {"mask", "top_half", offsetof(struct protocol, mask), PROTOCOL_MASK_TOP_HALF},
        {"mask_space", "pixel", offsetof(struct protocol, mask_space), PROTOCOL_MASK_PIXEL},
        {"compare_at", "layer", offsetof(struct protocol, compare_at), PROTOCOL_COMPARE_AT_LAYER},
        {"insertion_start", "mean", offsetof(struct protocol, insertion_start), PROTOCOL_BASELINE_MEAN},
        {"insertion_start", "black", offsetof(struct protocol, insertion_start), PROTOCOL_BASELINE_BLACK},
        {"deletion_fill", "blur", offsetof(struct protocol, deletion_fill), PROTOCOL_BASELINE_BLUR},
        {"deletion_fill", "image_mean", offsetof(struct protocol, deletion_fill), PROTOCOL_BASELINE_IMAGE_MEAN},
        {"curve_order", "cells", offsetof(struct protocol, curve_order), PROTOCOL_CURVE_CELLS},
        {"curve_steps", "all", offsetof(struct protocol, curve_steps), 0},
        {"deletion_fill", "white", offsetof(struct protocol, deletion_fill), PROTOCOL_BASELINE_WHITE},
        {"curve_spacing", "rounded", offsetof(struct protocol, curve_spacing), PROTOCOL_SPACING_ROUNDED},
        {"drop", "absolute", offsetof(struct protocol, drop), PROTOCOL_DROP_ABSOLUTE},
        {"curve_area", "reciprocam2024", offsetof(struct protocol, curve_area), PROTOCOL_AREA_RECIPROCAM2024},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct protocol protocol = preset("cambench");
        struct error err;
        const struct param *param = param_find(protocol_params, cases[i].key);
        assert_non_null(param);
        assert_int_equal(param_parse(param, cases[i].word, &protocol, &err), 0);
        assert_int_equal(*(const int *)((const char *)&protocol + cases[i].offset), cases[i].want);
    }
}

TEST(an_unknown_protocol_is_named_with_the_nearest_one)
{
    struct error err;
    assert_null(protocol_find("popi2021", &err));
    assert_string_equal(err.text, "unknown protocol \"popi2021\", did you mean \"poppi2021\"?");
    assert_null(protocol_find("\033[1mzzzzzzzzzzzz", &err));
    assert_string_equal(err.text, "unknown protocol \"?[1mzzzzzzzzzzzz\"");
}

TEST(post_processing_names_mean_the_published_pipelines)
{
    const struct protocol_post_steps ours = protocol_post_steps(PROTOCOL_POST_CAMBENCH);
    assert_true(ours.at_layer && !ours.at_input && ours.eps == 0);
    const struct protocol_post_steps twice = protocol_post_steps(PROTOCOL_POST_PYTORCH_GRAD_CAM);
    assert_true(twice.at_layer && twice.at_input && twice.eps == 1e-7f);
    const struct protocol_post_steps torchcam = protocol_post_steps(PROTOCOL_POST_TORCHCAM);
    assert_true(torchcam.at_layer && !torchcam.at_input && torchcam.eps == 1e-8f);
    const struct protocol_post_steps late = protocol_post_steps(PROTOCOL_POST_UPSAMPLE_FIRST);
    assert_true(!late.at_layer && late.at_input && late.eps == 0);
}
