/*
 * tests/methods/test_naive_methods.c - Score-CAM, Cluster-CAM and Recipro-CAM against plain loops over channels or positions,
 * with masked inputs and changed activations that the test makes itself.
 */
#include "tests/methods/networks.h"

#include <math.h>

enum { CHANNELS = 24, PLANE = 8 * 10, PIXELS = 56 * 48 };

static const struct {
    const char *network, *layer;
} rows[] = {{"gap", "block2"}, {"vgg", "features.7"}};
enum { ROWS = 2, KLASS = 2 };

/* What the official Score-CAM computes: u_k = U(A_k), s_k = N(u_k), the probability of each masked input. */
struct naive {
    int channels;
    size_t plane, pixels;
    float act[CHANNELS][PLANE], enlarged[CHANNELS][PIXELS], mask[CHANNELS][PIXELS];
    float score[CHANNELS]; /* 0: the channel is constant */
};

struct masked_input {
    const float *input, *mask;
    size_t pixels;
};

static void write_masked_input(void *context, int index, float *out)
{
    const struct masked_input *masked = context;
    (void)index;
    for (size_t i = 0; i < 3 * masked->pixels; i++)
        out[i] = masked->input[i] * masked->mask[i % masked->pixels];
}

static void score_channel(struct cam *cam, struct naive *naive, int k)
{
    const struct range range = range_of(naive->enlarged[k], naive->pixels);
    struct cam_output out;
    if (range.max == range.min)
        return;
    for (size_t i = 0; i < naive->pixels; i++)
        naive->mask[k][i] = (naive->enlarged[k][i] - range.min) / (range.max - range.min);
    struct masked_input masked = {cam_input(cam), naive->mask[k], naive->pixels};
    assert_int_equal(cam_inputs(cam, 1, write_masked_input, &masked, &out), 0);
    naive->score[k] = out.probability;
}

static void score_channels(struct cam *cam, void *context)
{
    struct naive *naive = context;
    const struct tensor *act = cam_activations(cam);
    const struct shape input = cam_input_shape(cam);
    memset(naive, 0, sizeof *naive);
    naive->channels = act->c;
    naive->plane = tensor_plane(act);
    naive->pixels = (size_t)input.h * (size_t)input.w;
    assert_true(act->c <= CHANNELS && naive->plane <= PLANE && naive->pixels <= PIXELS);
    for (int k = 0; k < act->c; k++) {
        memcpy(naive->act[k], act->data + (size_t)k * naive->plane, naive->plane * sizeof(float));
        cam_upsample(cam, naive->act[k], naive->enlarged[k], false);
        score_channel(cam, naive, k);
    }
}

/* relu and min-max of a picture. */
static void normalise(double *map, size_t n)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < n; i++) {
        map[i] = fmax(map[i], 0);
        least = fmin(least, map[i]);
        most = fmax(most, map[i]);
    }
    assert_true(most > least);
    for (size_t i = 0; i < n; i++)
        map[i] = (map[i] - least) / (most - least);
}

/* The sum of enlarged channels is the enlarged sum: the authors add up at the input's size. */
TEST(scorecam_adds_up_channels_at_the_layers_or_the_inputs_size)
{
    static const struct cam_post at_input = {.at_input = true};
    static struct naive naive;
    static double want[PIXELS];
    for (int r = 0; r < ROWS; r++) {
        struct bench bench;
        struct saliency saliency;
        bench_open(&bench, rows[r].network);
        bench_set_class(&bench, KLASS);
        bench_run_probe(&bench, rows[r].layer, "probe", (struct bench_probe){score_channels, &naive});
        memset(want, 0, sizeof want);
        for (int k = 0; k < naive.channels; k++)
            for (size_t i = 0; i < naive.pixels; i++)
                want[i] += (double)naive.score[k] * (double)naive.enlarged[k][i];
        normalise(want, naive.pixels);
        const struct cam_map map = bench_explain(&bench, "scorecam", "", rows[r].layer, KLASS);
        const struct shape shape = network_input(bench.network);
        assert_int_equal(cam_finish(&map, &at_input, shape.h, shape.w, &bench.arena, &saliency, &bench.err), 0);
        for (size_t i = 0; i < naive.pixels; i++)
            assert_true(fabs((double)saliency.data[i] - want[i]) < 1e-5);
        bench_close(&bench);
    }
}

/* Clusters of one channel each: the sum of N(A_k), weighted by the scores of Score-CAM. */
TEST(clustercam_of_single_channels_adds_them_up_by_the_scores_of_scorecam)
{
    static struct naive naive;
    for (int r = 0; r < ROWS; r++) {
        struct bench bench;
        double want[PLANE] = {0}, most = 0;
        bench_open(&bench, rows[r].network);
        bench_set_class(&bench, KLASS);
        bench_run_probe(&bench, rows[r].layer, "probe", (struct bench_probe){score_channels, &naive});
        for (int k = 0; k < naive.channels; k++) {
            const struct range range = range_of(naive.act[k], naive.plane);
            for (size_t i = 0; i < naive.plane && range.max > range.min; i++)
                want[i] +=
                    (double)naive.score[k] * (double)(naive.act[k][i] - range.min) / (double)(range.max - range.min);
        }
        for (size_t i = 0; i < naive.plane; i++)
            most = fmax(most, want[i]);
        const struct cam_map map = bench_explain(&bench, "clustercam", "clusters=24 select=all", rows[r].layer, KLASS);
        for (size_t i = 0; i < naive.plane; i++)
            assert_true(fabs((double)map.data[i] - want[i]) < 1e-4 * most);
        bench_close(&bench);
    }
}

/* -- Recipro-CAM ------------------------------------------------------------------------------------------------------ */

struct position {
    const struct tensor *act;
    int at;
};

static void write_position(void *context, int index, float *out)
{
    const struct position *position = context;
    const size_t plane = tensor_plane(position->act);
    (void)index;
    memset(out, 0, tensor_size(position->act) * sizeof *out);
    for (int k = 0; k < position->act->c; k++)
        out[(size_t)k * plane + (size_t)position->at] = position->act->data[(size_t)k * plane + (size_t)position->at];
}

struct positions {
    struct cam_output out[PLANE];
};

static void run_positions(struct cam *cam, void *context)
{
    struct positions *positions = context;
    struct position position = {cam_activations(cam), 0};
    for (; position.at < (int)tensor_plane(position.act); position.at++)
        assert_int_equal(cam_tail(cam, 1, write_position, &position, &positions->out[position.at]), 0);
}

TEST(reciprocam_is_the_tail_of_one_position_after_the_other)
{
    static struct positions positions;
    for (int r = 0; r < ROWS; r++) {
        struct bench bench;
        bench_open(&bench, rows[r].network);
        bench_set_class(&bench, KLASS);
        bench_run_probe(&bench, rows[r].layer, "probe", (struct bench_probe){run_positions, &positions});
        const struct cam_map p = bench_explain(&bench, "reciprocam", "", rows[r].layer, KLASS);
        const struct cam_map y = bench_explain(&bench, "reciprocam", "score=logit", rows[r].layer, KLASS);
        for (int i = 0; i < p.form.h * p.form.w; i++) {
            assert_true(fabsf(p.data[i] - positions.out[i].probability) < 1e-5f);
            assert_true(fabsf(y.data[i] - positions.out[i].logit) < 1e-5f * (1 + fabsf(positions.out[i].logit)));
        }
        bench_close(&bench);
    }
}
