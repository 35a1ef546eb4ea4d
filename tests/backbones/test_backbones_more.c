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
    static const char *const archs[] = {
        "mnasnet0_5",         "mnasnet0_75",        "mnasnet1_0",         "mnasnet1_3",         "inception_v3",
        "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", "convnext_tiny",
        "convnext_small",     "convnext_base",      "convnext_large"};
    struct golden *golden = golden_open("backbones_more");
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        size_t count;
        struct graph *graph = graph_of(archs[i], &(struct backbone_options){1000, 1, 224, 224, TRANSFORM_USUAL});
        const double *want = golden_values(golden, node_name("%s.parameters", archs[i]).text, &count);
        if ((double)graph_trainable(graph) != *want)
            fail_msg("%s has %lld parameters, torchvision's has %.0f", archs[i], graph_trainable(graph), *want);
        graph_free(graph);
    }
    golden_close(golden);
}
