/* tests/methods/test_methods.c - methods against an independent PyTorch implementation. */
#include "tests/methods/golden_cases.h"

TEST(probabilities_are_those_of_pytorch)
{
    struct golden *golden = golden_open("methods");
    for (size_t i = 0; i < sizeof bench_networks / sizeof *bench_networks; i++) {
        if (bench_networks[i].has_no_golden)
            continue;
        struct bench bench;
        char key[32];
        size_t count;
        float p[10], logits[10];
        snprintf(key, sizeof key, "%s.logits", bench_networks[i].name);
        const double *want = golden_values(golden, key, &count);
        for (size_t k = 0; k < count; k++)
            logits[k] = (float)want[k];
        softmax(logits, (int)count, p);
        bench_open(&bench, bench_networks[i].name);
        assert_int_equal(network_classes(bench.network), count);
        for (size_t k = 0; k < count; k++)
            assert_true(fabsf(cam_pass_probabilities(bench.pass)[k] - p[k]) < 1e-5f);
        bench_close(&bench);
    }
    golden_close(golden);
}

TEST(gradcam_is_that_of_pytorch)
{
    check_cases("methods", "gradcam");
}

TEST(gradcam_pp_is_that_of_pytorch)
{
    check_cases("methods", "gradcam_pp");
}

TEST(xgradcam_is_that_of_pytorch)
{
    check_cases("methods", "xgradcam");
}

TEST(layercam_is_that_of_pytorch)
{
    check_cases("methods", "layercam");
}

TEST(scorecam_is_that_of_pytorch)
{
    check_cases("methods", "scorecam");
}

TEST(ablationcam_is_that_of_pytorch)
{
    check_cases("methods", "ablationcam");
}

TEST(reciprocam_is_that_of_pytorch)
{
    check_cases("methods", "reciprocam");
}

TEST(clustercam_is_that_of_pytorch)
{
    check_cases("methods", "clustercam");
}

TEST(actmap_is_that_of_pytorch)
{
    check_cases("methods", "actmap");
}

TEST(fakecam_is_that_of_pytorch)
{
    check_cases("methods", "fakecam");
}
