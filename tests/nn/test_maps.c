/* tests/nn/test_maps.c - softmax and enlargement against the plain way of each, value by value. */
#include "nn/nn.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>

enum { CLASSES = 1001, SIDE = 131 };

TEST(softmax_is_that_of_the_librarys_exponential)
{
    static const int counts[] = {1, 2, 7, 8, 9, 16, 1000, CLASSES};
    static const float scales[] = {0.01f, 1, 30, 5000};
    float logits[CLASSES], got[CLASSES];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
            const int n = counts[c];
            float top = -INFINITY; /* gcc 12 for aarch64 fails to compile fmax() of converted floats here */
            double sum = 0;
            golden_fill(logits, (size_t)n, (uint32_t)(c + 1));
            for (int k = 0; k < n; k++)
                top = fmaxf(top, logits[k] *= scales[s]);
            for (int k = 0; k < n; k++)
                sum += exp((double)logits[k] - (double)top);
            softmax(logits, n, got);
            for (int k = 0; k < n; k++) {
                const double want = exp((double)logits[k] - (double)top) / sum;
                if (!(fabs(got[k] - want) <= 1e-7 * want + 1e-40))
                    fail_msg("%d classes, %d: %.9g, expected %.9g", n, k, (double)got[k], want);
                assert_true(softmax_of(logits, n, k) == got[k]);
            }
        }
}

TEST(softmax_of_what_is_not_a_number_is_not_a_number)
{
    float logits[] = {1, 2, NAN, -INFINITY}, got[4];
    softmax(logits, 4, got);
    assert_true(isnan(got[0]) && isnan(got[2]));
    logits[2] = 0;
    softmax(logits, 4, got);
    assert_true(got[3] < 1e-37f && fabsf(got[0] + got[1] + got[2] - 1) < 1e-6f);
    logits[2] = INFINITY;
    assert_true(isnan(softmax_of(logits, 4, 2)));
}

/* Where an output lies between two inputs of an axis. */
static float source_of(int index, int in, int out, bool align_corners, int *low)
{
    float at = ((float)index + 0.5f) * ((float)in / (float)out) - 0.5f;
    if (align_corners)
        at = out > 1 ? (float)index * ((float)(in - 1) / (float)(out - 1)) : 0;
    at = fmaxf(at, 0);
    *low = (int)fminf(floorf(at), (float)(in - 1));
    return at - (float)*low;
}

static void check_enlargement(int h, int w, int out_h, int out_w, bool align_corners)
{
    static float in[2 * 14 * 14], out[2 * SIDE * SIDE];
    golden_fill(in, (size_t)2 * (size_t)h * (size_t)w, (uint32_t)(h * 100 + w));
    upsample_bilinear(in, 2, h, w, out, out_h, out_w, align_corners);
    for (int i = 0; i < 2 * out_h * out_w; i++) {
        int y, x;
        const float *plane = in + (size_t)(i / (out_h * out_w)) * (size_t)h * (size_t)w;
        const float v = source_of(i / out_w % out_h, h, out_h, align_corners, &y);
        const float u = source_of(i % out_w, w, out_w, align_corners, &x);
        const int below = y < h - 1 ? y + 1 : y, right = x < w - 1 ? x + 1 : x;
        const float top = (1 - u) * plane[y * w + x] + u * plane[y * w + right];
        const float bottom = (1 - u) * plane[below * w + x] + u * plane[below * w + right];
        const float want = (1 - v) * top + v * bottom;
        if (out[i] != want)
            fail_msg("%dx%d to %dx%d, %d: %.9g, expected %.9g", h, w, out_h, out_w, i, (double)out[i], (double)want);
    }
}

TEST(enlargement_equals_the_plain_one_bit_for_bit)
{
    static const int sizes[][4] = {{7, 7, 129, SIDE}, {1, 1, 5, 70}, {14, 3, 64, 65}, {2, 14, 1, 1}, {9, 8, 4, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int corners = 0; corners < 2; corners++)
            check_enlargement(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], corners);
}

/* <U a, b> = <a, U^T b> */
TEST(the_transposed_enlargement_is_the_transpose)
{
    static const int sizes[][4] = {{7, 6, 56, 48}, {1, 1, 5, 3}, {1, 4, 9, 9}, {14, 14, 29, 31}, {5, 5, 5, 5}};
    static float a[196], enlarged[56 * 48], b[56 * 48];
    static double wide[56 * 48], narrow[196];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int h = sizes[s][0], w = sizes[s][1], out_h = sizes[s][2], out_w = sizes[s][3];
        double left = 0, right = 0;
        golden_fill(a, (size_t)(h * w), 1);
        golden_fill(b, (size_t)(out_h * out_w), 2);
        upsample_bilinear(a, 1, h, w, enlarged, out_h, out_w, false);
        for (int i = 0; i < out_h * out_w; i++)
            left += (double)enlarged[i] * (wide[i] = b[i]);
        upsample_transposed(wide, out_h, out_w, narrow, h, w);
        for (int i = 0; i < h * w; i++)
            right += narrow[i] * (double)a[i];
        assert_true(fabs(left - right) < 1e-5 * (1 + fabs(left)));
    }
}
