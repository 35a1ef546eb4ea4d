/*
 * tests/methods/test_identities.c - what must hold between methods, exactly, whatever the weights.
 *
 * Behind block2 of the gap network stand pooling and one linear layer (W, b): gradients are W[c,k] / (h w) everywhere.
 */
#include "tests/methods/every_method.h"

#include <math.h>

#define ALGEBRA_MOST 512

/* The parts of the algebra: A (C,h,w), the class's row of W, b, and the map. */
struct algebra {
    struct tensor act;
    size_t plane;
    float weight[ALGEBRA_MOST], bias[ALGEBRA_MOST];
    int klass, classes;
};

static void keep_activations(struct cam *cam, void *context)
{
    struct algebra *a = context;
    a->act = *cam_activations(cam);
    a->plane = tensor_plane(&a->act);
    a->klass = cam_class(cam);
    a->classes = cam_classes(cam);
}

static struct algebra algebra_of(struct bench *bench, int klass)
{
    struct algebra a = {0};
    cam_pass_set_class(bench->pass, klass);
    bench_run_probe(bench, "block2", "algebra", (struct bench_probe){keep_activations, &a});
    const int layer = network_find_layer(bench->network, "block2");
    assert_true(network_pooled_linear(bench->network, layer));
    assert_true(a.classes * a.act.c <= ALGEBRA_MOST);
    golden_tensor(a.weight, "fc.weight", 2, (const int[]){a.classes, a.act.c});
    golden_tensor(a.bias, "fc.bias", 1, (const int[]){a.classes});
    return a;
}

static double class_weight(const struct algebra *a, int k)
{
    return a->weight[a->klass * a->act.c + k];
}

static double channel_sum(const struct algebra *a, int k)
{
    double sum = 0;
    for (size_t i = 0; i < a->plane; i++)
        sum += (double)a->act.data[(size_t)k * a->plane + i];
    return sum;
}

/* sum_k weight[k] A_k[i] */
static double weighted(const struct algebra *a, const double *weight, size_t i)
{
    double sum = 0;
    for (int k = 0; k < a->act.c; k++)
        sum += weight[k] * (double)a->act.data[(size_t)k * a->plane + i];
    return sum;
}

/* CAM (Zhou et al.) without its ReLU, over h w. */
static double class_map(const struct algebra *a, int klass, size_t i)
{
    double sum = 0;
    for (int k = 0; k < a->act.c; k++)
        sum += (double)a->weight[klass * a->act.c + k] * (double)a->act.data[(size_t)k * a->plane + i];
    return sum / (double)a->plane;
}

static void assert_map(const struct cam_map *map, const double *want, size_t size, double relative)
{
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < size; i++)
        if (!(fabs((double)map->data[i] - want[i]) <= relative * largest))
            fail_msg("position %zu: %.9g, expected %.9g", i, (double)map->data[i], want[i]);
}

static void assert_same_maps(const struct cam_map *one, const struct cam_map *other, double relative)
{
    static double want[64 * 64];
    const size_t size = (size_t)one->form.h * (size_t)one->form.w;
    assert_int_equal(one->form.h, other->form.h);
    assert_int_equal(one->form.w, other->form.w);
    for (size_t i = 0; i < size; i++)
        want[i] = (double)other->data[i];
    assert_map(one, want, size, relative);
}

TEST(gradcam_is_the_class_map_behind_global_pooling)
{
    struct bench bench;
    double want[64];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        for (size_t i = 0; i < a.plane; i++)
            want[i] = class_map(&a, klass, i);
        const struct cam_map map = bench_explain(&bench, "gradcam", "", "block2", klass);
        assert_map(&map, want, a.plane, 1e-5);
    }
    bench_close(&bench);
}

TEST(xgradcam_is_gradcam_behind_global_pooling)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map one = bench_explain(&bench, "gradcam", "", "block2", klass);
        const struct cam_map other = bench_explain(&bench, "xgradcam", "", "block2", klass);
        assert_same_maps(&one, &other, 1e-5);
    }
    bench_close(&bench);
}

TEST(layercam_is_the_sum_over_positive_weights_behind_global_pooling)
{
    struct bench bench;
    double want[64], weight[24];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        for (int k = 0; k < a.act.c; k++)
            weight[k] = fmax(0, class_weight(&a, k)) / (double)a.plane;
        for (size_t i = 0; i < a.plane; i++)
            want[i] = weighted(&a, weight, i);
        const struct cam_map map = bench_explain(&bench, "layercam", "", "block2", klass);
        assert_map(&map, want, a.plane, 1e-5);
    }
    bench_close(&bench);
}

TEST(gradcam_pp_has_its_closed_form_behind_global_pooling)
{
    struct bench bench;
    double want[64], weight[24];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        for (int k = 0; k < a.act.c; k++) {
            const double g = class_weight(&a, k) / (double)a.plane;
            weight[k] = g > 0 ? g * (double)a.plane / (2 + channel_sum(&a, k) * g) : 0;
        }
        for (size_t i = 0; i < a.plane; i++)
            want[i] = weighted(&a, weight, i);
        const struct cam_map map = bench_explain(&bench, "gradcam_pp", "", "block2", klass);
        assert_map(&map, want, a.plane, 1e-5);
    }
    bench_close(&bench);
}

static double logit_of(const struct algebra *a, int klass)
{
    double sum = (double)a->bias[klass];
    for (size_t i = 0; i < a->plane; i++)
        sum += class_map(a, klass, i);
    return sum;
}

TEST(ablationcam_weighs_channels_by_their_share_of_the_logit)
{
    struct bench bench;
    double want[64], weight[24];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        for (int k = 0; k < a.act.c; k++)
            weight[k] = class_weight(&a, k) * channel_sum(&a, k) / (double)a.plane / logit_of(&a, klass);
        for (size_t i = 0; i < a.plane; i++)
            want[i] = weighted(&a, weight, i);
        const struct cam_map map = bench_explain(&bench, "ablationcam", "", "block2", klass);
        assert_map(&map, want, a.plane, 1e-4);
    }
    bench_close(&bench);
}

/* Where the logit is negative, the two maps are opposite. */
TEST(ablationcam_is_liftcam_divided_by_the_logit)
{
    struct bench bench;
    int negative = 0;
    double want[64];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        const double logit = logit_of(&a, klass);
        const struct cam_map lift = bench_explain(&bench, "liftcam", "", "block2", klass);
        for (size_t i = 0; i < a.plane; i++)
            want[i] = (double)lift.data[i] / logit;
        const struct cam_map map = bench_explain(&bench, "ablationcam", "", "block2", klass);
        assert_map(&map, want, a.plane, 1e-4);
        negative += logit < 0;
    }
    assert_true(negative > 0 && negative < 5);
    bench_close(&bench);
}

TEST(a_class_map_sums_to_the_logit)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        const struct cam_map map = bench_explain(&bench, "gradcam", "", "block2", klass);
        double sum = (double)a.bias[klass], p = 0;
        for (size_t i = 0; i < a.plane; i++)
            sum += (double)map.data[i];
        for (int k = 0; k < 5; k++)
            p += exp(logit_of(&a, k) - sum);
        assert_true(fabs(sum - logit_of(&a, klass)) < 1e-4);
        assert_true(fabs(1 / p - (double)cam_pass_probabilities(bench.pass)[klass]) < 1e-5);
    }
    bench_close(&bench);
}

TEST(reciprocam_by_logits_is_the_class_map_behind_global_pooling)
{
    struct bench bench;
    double want[64];
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct algebra a = algebra_of(&bench, klass);
        for (size_t i = 0; i < a.plane; i++)
            want[i] = (double)a.bias[klass] + class_map(&a, klass, i);
        const struct cam_map map = bench_explain(&bench, "reciprocam", "score=logit", "block2", klass);
        assert_map(&map, want, a.plane, 1e-5);
    }
    bench_close(&bench);
}

TEST(reciprocam_and_gradcam_finish_to_the_same_map_when_nothing_is_cut_off)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map one = bench_explain(&bench, "reciprocam", "score=logit", "block2", 1);
    const struct cam_map other = bench_explain(&bench, "gradcam", "relu=false", "block2", 1);
    const struct saliency a = bench_finish(&bench, &one), b = bench_finish(&bench, &other);
    for (int i = 0; i < 56 * 48; i++)
        assert_true(fabsf(a.data[i] - b.data[i]) < 1e-4f);
    bench_close(&bench);
}

TEST(reciprocam_by_probabilities_is_the_softmax_at_each_position)
{
    struct bench bench;
    double want[64];
    bench_open(&bench, "gap");
    const struct algebra a = algebra_of(&bench, 2);
    for (size_t i = 0; i < a.plane; i++) {
        double sum = 0;
        for (int k = 0; k < 5; k++)
            sum += exp((double)a.bias[k] + class_map(&a, k, i));
        want[i] = exp((double)a.bias[2] + class_map(&a, 2, i)) / sum;
    }
    const struct cam_map map = bench_explain(&bench, "reciprocam", "", "block2", 2);
    assert_map(&map, want, a.plane, 1e-5);
    bench_close(&bench);
}

/* The class map at row y, column x; 0 outside. */
static double class_map_at(const struct algebra *a, int y, int x)
{
    if (y < 0 || x < 0 || y >= a->act.h || x >= a->act.w)
        return 0;
    return class_map(a, a->klass, (size_t)(y * a->act.w + x));
}

TEST(reciprocam_gaussian_spread_only_damps_the_border_behind_global_pooling)
{
    struct bench bench;
    double want[64];
    bench_open(&bench, "gap");
    const struct algebra a = algebra_of(&bench, 3);
    for (int y = 0; y < a.act.h; y++)
        for (int x = 0; x < a.act.w; x++) {
            const double rows = y == 0 || y == a.act.h - 1 ? 0.75 : 1, columns = x == 0 || x == a.act.w - 1 ? 0.75 : 1;
            want[y * a.act.w + x] = (double)a.bias[3] + rows * columns * class_map_at(&a, y, x);
        }
    const struct cam_map map = bench_explain(&bench, "reciprocam", "mask=gaussian_spread score=logit", "block2", 3);
    assert_map(&map, want, a.plane, 1e-5);
    bench_close(&bench);
}

TEST(reciprocam_gaussian_mask_blurs_the_class_map_behind_global_pooling)
{
    struct bench bench;
    double want[64];
    bench_open(&bench, "gap");
    const struct algebra a = algebra_of(&bench, 3);
    for (int y = 0; y < a.act.h; y++)
        for (int x = 0; x < a.act.w; x++) {
            double sum = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    sum += (2 - abs(dy)) * (2 - abs(dx)) / 16.0 * class_map_at(&a, y + dy, x + dx);
            want[y * a.act.w + x] = (double)a.bias[3] + sum;
        }
    const struct cam_map map = bench_explain(&bench, "reciprocam", "mask=gaussian_mask score=logit", "block2", 3);
    assert_map(&map, want, a.plane, 1e-5);
    bench_close(&bench);
}

TEST(scorecam_with_a_softmax_over_channels_ignores_the_baseline)
{
    static const char *const scorings[] = {"paper", "torchcam", "pytorch_grad_cam"};
    static const char *const baselines[] = {"zero", "mean", "blur"};
    struct bench bench;
    bench_open(&bench, "vgg");
    for (int s = 0; s < 3; s++) {
        char words[64];
        snprintf(words, sizeof words, "scoring=%s baseline=none", scorings[s]);
        const struct cam_map none = bench_explain(&bench, "scorecam", words, "features.7", -1);
        for (int b = 0; b < 3; b++) {
            snprintf(words, sizeof words, "scoring=%s baseline=%s", scorings[s], baselines[b]);
            const struct cam_map other = bench_explain(&bench, "scorecam", words, "features.7", -1);
            assert_same_maps(&other, &none, 1e-5);
        }
    }
    bench_close(&bench);
}

TEST(scorecam_as_the_paper_has_it_is_near_the_mean_of_channels)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map map = bench_explain(&bench, "scorecam", "scoring=paper", "features.7", -1);
    const struct cam_map mean = bench_explain(&bench, "actmap", "", "features.7", -1);
    for (size_t i = 0; i < 80; i++) {
        /* Fourteen channels vary; the constant one (0.7) has no weight. */
        const double plain = ((double)mean.data[i] * 16 - 0.7) / 14;
        assert_true((double)map.data[i] <= plain * 2.7183 && (double)map.data[i] >= plain / 2.7183);
    }
    bench_close(&bench);
}

TEST(scorecam_of_the_most_varying_channels_is_scorecam_when_all_are_taken)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map all = bench_explain(&bench, "scorecam", "", "block2", -1);
    const struct cam_map most = bench_explain(&bench, "scorecam", "max_channels=24", "block2", -1);
    const struct cam_map more = bench_explain(&bench, "scorecam", "max_channels=65536", "block2", -1);
    assert_same_maps(&all, &most, 0);
    assert_same_maps(&all, &more, 0);
    bench_close(&bench);
}

TEST(layercam_of_one_layer_ignores_fusion)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map plain = bench_explain(&bench, "layercam", "", "block2", -1);
    const struct cam_map named = bench_explain(&bench, "layercam", "layers=block2 gamma=7 fuse=product", "block1", -1);
    assert_same_maps(&plain, &named, 0);
    bench_close(&bench);
}

TEST(cluster_cam_without_scissors_is_its_best_cluster)
{
    struct bench bench;
    bench_open(&bench, "groups");
    const struct cam_map subtract = bench_explain(&bench, "clustercam", "clusters=4 lambda=0", "features.7", -1);
    const struct cam_map cut = bench_explain(&bench, "clustercam", "clusters=4 lambda=0 merge=cut", "features.7", -1);
    float most = 0;
    assert_same_maps(&subtract, &cut, 0);
    for (size_t i = 0; i < 80; i++)
        most = fmaxf(most, subtract.data[i]);
    assert_true(most == 1);
    bench_close(&bench);
}

/* -- what a change of the last layer does -------------------------------------------------------------------------- */

static void triple_last_layer(struct weights *weights)
{
    static const char *const names[2] = {"fc.weight", "fc.bias"};
    for (int n = 0; n < 2; n++) {
        size_t size;
        float *data = bench_tensor(weights, names[n], &size);
        for (size_t i = 0; i < size; i++)
            data[i] *= 3;
    }
}

TEST(gradient_maps_do_not_change_with_the_scale_of_the_last_layer)
{
    static const char *const names[] = {"cam",      "gradcam",          "hirescam",     "gradcam_elementwise",
                                        "xgradcam", "layercam",         "eigengradcam", "liftcam",
                                        "saliency", "input_x_gradient", "finercam",     "guided_backprop"};
    struct bench plain, scaled;
    bench_open(&plain, "gap");
    bench_open_with(&scaled, "gap", triple_last_layer);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const struct cam_map one = bench_explain(&plain, names[n], "", "block2", 0);
        const struct cam_map other = bench_explain(&scaled, names[n], "", "block2", 0);
        const struct saliency a = bench_finish(&plain, &one), b = bench_finish(&scaled, &other);
        for (int i = 0; i < 56 * 48; i++)
            if (!(fabsf(a.data[i] - b.data[i]) < 1e-5f))
                fail_msg("%s, position %d: %g, scaled %g", names[n], i, (double)a.data[i], (double)b.data[i]);
    }
    bench_close(&plain);
    bench_close(&scaled);
}

/* Class 0 and class 4 change places. */
static void swap_classes(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "fc.weight", &size), *bias = bench_tensor(weights, "fc.bias", &size);
    for (size_t k = 0; k < 24; k++) {
        const float kept = weight[k];
        weight[k] = weight[4 * 24 + k];
        weight[4 * 24 + k] = kept;
    }
    const float kept = bias[0];
    bias[0] = bias[4];
    bias[4] = kept;
}

TEST(maps_belong_to_the_class_whatever_its_number)
{
    struct bench plain, swapped;
    bench_open(&plain, "gap");
    bench_open_with(&swapped, "gap", swap_classes);
    for (int i = 0; i < EVERY_METHOD; i++) {
        struct cam_map one, other;
        const struct call *call = &every_method[i];
        if (bench_call(&plain, call, "block2", 4, &one) || bench_call(&swapped, call, "block2", 0, &other))
            fail_msg("%s: %s%s", call->name, plain.err.text, swapped.err.text);
        assert_same_maps(&one, &other, 1e-4);
    }
    bench_close(&plain);
    bench_close(&swapped);
}

/* -- post-processing ----------------------------------------------------------------------------------------------- */

/* By a power of two, so that no value is rounded. */
TEST(a_map_and_its_multiple_are_finished_alike)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int i = 0; i < EVERY_METHOD; i++) {
        struct cam_map map;
        if (bench_call(&bench, &every_method[i], "block2", 1, &map))
            fail_msg("%s: %s", every_method[i].name, bench.err.text);
        if (map.form.is_normalised)
            continue;
        const struct saliency want = bench_finish(&bench, &map);
        for (int k = 0; k < map.form.h * map.form.w; k++)
            map.data[k] *= 1024;
        const struct saliency got = bench_finish(&bench, &map);
        assert_int_equal(got.flag, want.flag);
        assert_memory_equal(got.data, want.data, 56 * 48 * sizeof *got.data);
    }
    bench_close(&bench);
}
