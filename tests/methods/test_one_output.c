/*
 * tests/methods/test_one_output.c - compares a network with one output z to the same network with the outputs 0 and z,
 * whose softmax is (sigmoid(-z), sigmoid(z)).
 */
#include "tests/methods/networks.h"

#include <math.h>

/* Results for one class of a pass: four gradients of its score, and outputs for changed activations. */
struct seen {
    float logit, probability;
    float gradient[4][24 * 7 * 6];
    struct cam_output tail, masked, channel;
};

static void assert_near(float got, float want, float tolerance)
{
    if (!(fabsf(got - want) <= tolerance * (1 + fabsf(want))))
        fail_msg("%.9g is not %.9g", (double)got, (double)want);
}

static void half(void *context, int index, float *out)
{
    struct cam *cam = context;
    (void)index;
    const struct tensor *act = cam_activations(cam);
    for (size_t i = 0; i < tensor_size(act); i++)
        out[i] = act->data[i] / 2;
}

static void look(struct cam *cam, void *context)
{
    struct seen *seen = context;
    const struct tensor *act = cam_activations(cam);
    const int channel = 7;
    const float value = 0.5f;
    float mask[7 * 6];
    assert_int_equal(tensor_size(act), 24 * 7 * 6);
    for (int i = 0; i < 7 * 6; i++)
        mask[i] = i % 2 ? 1 : 0.25f;
    seen->logit = cam_logit(cam);
    seen->probability = cam_probability(cam);
    for (int score = CAM_LOGIT; score <= CAM_REST; score++)
        memcpy(seen->gradient[score], cam_gradient(cam, (enum cam_score)score)->data, sizeof seen->gradient[score]);
    assert_int_equal(cam_tail(cam, 1, half, cam, &seen->tail), 0);
    assert_int_equal(cam_tail_spatial_masks(cam, 1, mask, &seen->masked), 0);
    assert_int_equal(cam_tail_channels(cam, 1, &channel, &value, &seen->channel), 0);
    float logit;
    assert_int_equal(cam_tail_channel_logits(cam, 1, &channel, &value, &logit), 0);
    assert_true(logit == seen->channel.logit);
}

static struct seen *see(const char *network, int klass)
{
    static struct seen seen[4];
    static int used;
    struct bench bench;
    struct seen *one = &seen[used++ % 4];
    bench_open(&bench, network);
    cam_pass_set_class(bench.pass, klass);
    assert_int_equal(cam_pass_classes(bench.pass), 2);
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){look, one});
    bench_close(&bench);
    return one;
}

TEST(one_output_has_the_probabilities_of_the_outputs_0_and_z)
{
    for (int klass = 0; klass < 2; klass++) {
        const struct seen *one = see("one", klass), *two = see("two", klass);
        assert_true(fabsf(one->probability) < 0.99f && fabsf(one->probability) > 0.01f);
        assert_near(one->probability, two->probability, 1e-6f);
        assert_near(one->tail.probability, two->tail.probability, 1e-6f);
        assert_near(one->masked.probability, two->masked.probability, 1e-6f);
        assert_near(one->channel.probability, two->channel.probability, 1e-6f);
        assert_near(1 / (1 + expf(-one->logit)), one->probability, 1e-6f);
        assert_near(1 / (1 + expf(-one->masked.logit)), one->masked.probability, 1e-6f);
    }
}

TEST(one_output_has_the_gradients_of_the_outputs_0_and_z)
{
    for (int klass = 0; klass < 2; klass++) {
        const struct seen *one = see("one", klass), *two = see("two", klass), *yes = see("two", 1);
        for (int i = 0; i < 24 * 7 * 6; i++) {
            const float slope = (klass ? 1 : -1) * yes->gradient[CAM_LOGIT][i];
            assert_near(one->gradient[CAM_LOGIT][i], slope, 1e-6f);
            assert_near(one->gradient[CAM_PROBABILITY][i], two->gradient[CAM_PROBABILITY][i], 1e-6f);
            assert_near(one->gradient[CAM_LOG_PROBABILITY][i], two->gradient[CAM_LOG_PROBABILITY][i], 1e-6f);
            assert_near(one->gradient[CAM_REST][i], slope + two->gradient[CAM_LOG_PROBABILITY][i], 1e-6f);
        }
    }
}

TEST(maps_of_the_two_classes_of_one_output_are_those_of_z_and_of_minus_z)
{
    struct bench bench;
    bench_open(&bench, "one");
    const struct cam_map yes = bench_explain(&bench, "xgradcam", "", "block2", 1);
    const struct cam_map no = bench_explain(&bench, "xgradcam", "", "block2", 0);
    double size = 0;
    for (int i = 0; i < yes.form.h * yes.form.w; i++) {
        assert_near(yes.data[i], -no.data[i], 1e-6f);
        size += fabs((double)yes.data[i]);
    }
    assert_true(size > 0);
    bench_close(&bench);
}

TEST(the_predicted_class_of_one_output_is_1_from_a_half_on)
{
    struct bench bench;
    float output[1] = {0}, logits[2], p[2];
    class_scores(output, 1, logits, p);
    assert_true(p[0] == 0.5f && p[1] == 0.5f);
    bench_open(&bench, "one");
    assert_int_equal(cam_pass_predicted(bench.pass), cam_pass_probabilities(bench.pass)[1] >= 0.5f);
    assert_int_equal(cam_pass_class(bench.pass), cam_pass_predicted(bench.pass));
    bench_close(&bench);
}
