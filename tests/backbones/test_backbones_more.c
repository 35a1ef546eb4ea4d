/*
 * tests/backbones/test_backbones_more.c - MnasNet, Inception v3, ShuffleNet v2 and ConvNeXt against torchvision's,
 * with generated weights (tests/golden/backbones_more.py).
 */
#include "tests/backbones/golden_network.h"

static void check_cases(const char *prefix)
{
    check_cases_of("backbones_more", "tests/golden/backbones_more_cases.txt", prefix, false);
}

TEST(mnasnets_equal_torchvision)
{
    check_cases("mnasnet");
}

TEST(inception_v3_equals_torchvision)
{
    check_cases("inception");
}

TEST(shufflenets_equal_torchvision)
{
    check_cases("shufflenet");
}

TEST(convnexts_equal_torchvision)
{
    check_cases("convnext");
}

TEST(numbers_of_parameters_are_torchvisions)
{
    check_parameters_of("backbones_more", 13);
}
