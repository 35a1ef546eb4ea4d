/*
 * tests/backbones/test_backbones_timm.c - networks of timm, with TensorFlow's padding, against PyTorch's, with generated
 * weights (tests/golden/backbones_timm.py); their names and inputs.
 */
#include "tests/backbones/golden_network.h"

static void check_cases(const char *prefix)
{
    check_cases_of("backbones_timm", "tests/golden/backbones_timm_cases.txt", prefix, false);
}

TEST(efficientnets_of_tensorflow_equal_pytorch)
{
    check_cases("tf_efficientnet");
}

TEST(mobilenets_of_tensorflow_equal_pytorch)
{
    check_cases("tf_mobilenet");
}

TEST(inception_v3_without_its_transform_equals_pytorch)
{
    check_cases("tf_inception");
}

static struct picture_input input_of(const char *arch)
{
    struct error err;
    const struct backbone_family *family;
    const struct backbone_variant *variant = backbone_find(arch, &family, &err);
    if (!variant)
        fail_msg("%s", err.text);
    assert_true(variant->is_timm);
    return variant->input;
}

/* timm's default_cfg of these networks and trainings. */
TEST(networks_of_timm_have_the_input_of_their_training)
{
    static const struct {
        const char *arch;
        int side;
        double crop, mean;
        enum picture_interpolation interpolation;
        enum picture_resize resize;
    } rows[] = {
        {"tf_efficientnet_b0", 224, 0.875, 0, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_efficientnet_b4_ns", 380, 0.922, 0, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_efficientnet_b4.ns_jft_in1k", 380, 0.922, 0, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_efficientnet_b7.ap_in1k", 600, 0.949, 0.5, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_efficientnetv2_s_in21ft1k", 300, 1, 0.5, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_efficientnetv2_l.in21k_ft_in1k", 384, 1, 0.5, PICTURE_BICUBIC, PICTURE_RESIZE_SQUASH},
        {"tf_efficientnetv2_b2", 208, 0.89, 0, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"tf_mobilenetv3_large_100", 0, 0.875, 0.5, PICTURE_BILINEAR, PICTURE_RESIZE_PROTOCOL},
        {"tf_inception_v3", 299, 0.875, 0.5, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
        {"gluon_inception_v3", 299, 0.875, 0, PICTURE_BICUBIC, PICTURE_RESIZE_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct picture_input input = input_of(rows[i].arch);
        assert_int_equal(input.h, rows[i].side);
        assert_int_equal(input.w, rows[i].side);
        assert_true(input.crop == rows[i].crop && input.interpolation == rows[i].interpolation);
        assert_true(input.resize == rows[i].resize);
        assert_true(input.has_mean == (rows[i].mean > 0) && input.mean[2] == rows[i].mean);
        assert_true(input.has_deviation == input.has_mean);
    }
}

/* timm's numbers of trainable parameters. */
TEST(networks_of_timm_have_its_numbers_of_parameters)
{
    static const struct {
        const char *arch;
        long long count;
    } rows[] = {{"tf_efficientnet_b0", 5288548},    {"tf_efficientnet_b8", 87413142},
                {"tf_efficientnetv2_b0", 7139704},  {"tf_efficientnetv2_b1", 8141052},
                {"tf_efficientnetv2_b2", 10096086}, {"tf_efficientnetv2_b3", 14358406}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct graph *graph = graph_of(
            rows[i].arch, &(struct backbone_options){.classes = 1000, .width = 1, .height = 224, .width_px = 224});
        if (graph_trainable(graph) != rows[i].count)
            fail_msg("%s has %lld parameters, timm's has %lld", rows[i].arch, graph_trainable(graph), rows[i].count);
        graph_free(graph);
    }
}
