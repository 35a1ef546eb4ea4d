/*
 * tests/backbones/test_backbones_scaled.c - the larger EfficientNets, DenseNets and ResNets, EfficientNetV2 and RegNet
 * against torchvision's, with generated weights (tests/golden/backbones_scaled.py).
 */
#include "tests/backbones/golden_network.h"

#define GOLDEN "backbones_scaled"

static void check_cases(const char *prefix)
{
    check_cases_of(GOLDEN, "tests/golden/" GOLDEN "_cases.txt", prefix, false);
}

TEST(scaled_efficientnets_equal_torchvision)
{
    check_cases("efficientnet");
}

TEST(regnets_equal_torchvision)
{
    check_cases("regnet");
}

TEST(scaled_densenets_equal_torchvision)
{
    check_cases("densenet");
}

TEST(scaled_resnets_equal_torchvision)
{
    check_cases("resnext");
    check_cases("wide_resnet");
}

/* A file of other networks that backbones_scaled.py wrote: those too large for every run of the tests. */
TEST(networks_that_the_environment_names_equal_torchvision)
{
    const char *name = getenv("GOLDEN_BACKBONES");
    if (!name)
        skip();
    check_cases_of(name, node_name("tests/golden/%s_cases.txt", name).text, "", false);
}

TEST(numbers_of_parameters_are_torchvisions)
{
    check_parameters_of(GOLDEN, 30);
}

/* Sizes of torchvision's ImageClassification presets of the first weights of each network. */
TEST(published_weights_have_their_own_input)
{
    static const struct {
        const char *arch;
        int side;
        double mean;
    } rows[] = {{"efficientnet_b0", 224, 0},   {"efficientnet_b1", 240, 0},    {"efficientnet_b2", 288, 0},
                {"efficientnet_b3", 300, 0},   {"efficientnet_b4", 380, 0},    {"efficientnet_b5", 456, 0},
                {"efficientnet_b6", 528, 0},   {"efficientnet_b7", 600, 0},    {"efficientnet_v2_s", 384, 0},
                {"efficientnet_v2_m", 480, 0}, {"efficientnet_v2_l", 480, 0.5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct backbone_family *family;
        struct error err;
        const struct backbone_variant *variant = backbone_find(rows[i].arch, &family, &err);
        assert_non_null(variant);
        assert_int_equal(variant->input.h, rows[i].side);
        assert_int_equal(variant->input.w, rows[i].side);
        assert_true(variant->input.has_mean == (rows[i].mean > 0) && variant->input.mean[1] == rows[i].mean);
        assert_true(variant->input.has_deviation == variant->input.has_mean);
    }
}
