/* metrics/ssim.c - means, variances and covariance in windows, and what they say together. */
#include "metrics/ssim.h"

#define WINDOW 11
#define DEVIATION 1.5
#define FLAT_WINDOW 7

/* Weighted means over a window: of a, b, aa, bb, ab. */
struct moments {
    double a, b, aa, bb, ab;
};

static void add(struct moments *sum, double weight, double a, double b)
{
    sum->a += weight * a;
    sum->b += weight * b;
    sum->aa += weight * a * a;
    sum->bb += weight * b * b;
    sum->ab += weight * a * b;
}

/* `unbias` multiplies variances and covariance. */
static double similarity_of(const struct moments *m, double range, double unbias)
{
    const double c1 = 0.01 * range * (0.01 * range), c2 = 0.03 * range * (0.03 * range);
    const double variances = unbias * (m->aa - m->a * m->a + m->bb - m->b * m->b);
    const double covariance = unbias * (m->ab - m->a * m->b);
    return (2 * m->a * m->b + c1) * (2 * covariance + c2) / ((m->a * m->a + m->b * m->b + c1) * (variances + c2));
}

static double limited(double similarity)
{
    return fmax(-1, fmin(1, similarity));
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The weights of a Gaussian of `size` taps, whose sum is 1. */
static void gaussian(int size, double *weights)
{
    double sum = 0;
    for (int i = 0; i < size; i++) {
        const double d = (i - (size - 1) / 2.0) / DEVIATION;
        weights[i] = exp(-d * d / 2);
        sum += weights[i];
    }
    for (int i = 0; i < size; i++)
        weights[i] /= sum;
}

/* The windows along each row, at every place of the row where one fits: (h, w-size+1). */
static void sum_rows(const struct map *a, const struct map *b, const double *weights, int size, struct moments *rows)
{
    const int places = a->w - size + 1;
    for (int y = 0; y < a->h; y++)
        for (int x = 0; x < places; x++) {
            struct moments *sum = &rows[(size_t)y * (size_t)places + (size_t)x];
            const size_t at = (size_t)y * (size_t)a->w + (size_t)x;
            for (int i = 0; i < size; i++)
                add(sum, weights[i], (double)a->data[at + (size_t)i], (double)b->data[at + (size_t)i]);
        }
}

static struct moments sum_column(const struct moments *rows, size_t stride, const double *weights, int size)
{
    struct moments sum = {0};
    for (int i = 0; i < size; i++, rows += stride) {
        sum.a += weights[i] * rows->a;
        sum.b += weights[i] * rows->b;
        sum.aa += weights[i] * rows->aa;
        sum.bb += weights[i] * rows->bb;
        sum.ab += weights[i] * rows->ab;
    }
    return sum;
}

static double range_of_both(const struct map *a, const struct map *b)
{
    const size_t n = (size_t)a->h * (size_t)a->w;
    const struct range one = range_of(a->data, n), other = range_of(b->data, n);
    return fmax((double)one.max, (double)other.max) - fmin((double)one.min, (double)other.min);
}

int ssim(struct evidence *evidence, const struct map *a, const struct map *b, double *similarity, struct error *err)
{
    const int fits = least(WINDOW, least(a->h, a->w)), size = fits % 2 ? fits : fits - 1;
    const int places_h = a->h - size + 1, places_w = a->w - size + 1;
    const double range = range_of_both(a, b);
    double weights[WINDOW], sum = 0;
    struct moments *rows = evidence_alloc(evidence, (size_t)a->h * (size_t)places_w, sizeof *rows, err);
    if (!rows)
        return -1;
    gaussian(size, weights);
    sum_rows(a, b, weights, size, rows);
    for (int y = 0; y < places_h; y++)
        for (int x = 0; x < places_w; x++) {
            const struct moments window =
                sum_column(rows + (size_t)y * (size_t)places_w + (size_t)x, (size_t)places_w, weights, size);
            sum += similarity_of(&window, range, 1);
        }
    *similarity = limited(sum / ((double)places_h * (double)places_w));
    return 0;
}

static double largest_of(const struct map *map)
{
    const struct range range = range_of(map->data, (size_t)map->h * (size_t)map->w);
    return fmax(fabs((double)range.max), fabs((double)range.min));
}

double ssim_flat(const struct map *a, const struct map *b)
{
    const size_t n = (size_t)a->h * (size_t)a->w;
    const double scale_a = 1 / largest_of(a), scale_b = 1 / largest_of(b);
    const struct range one = range_of(a->data, n), other = range_of(b->data, n);
    const double range = fmax((double)one.max * scale_a, (double)other.max * scale_b) -
                         fmin((double)one.min * scale_a, (double)other.min * scale_b);
    double sum = 0;
    if (n < FLAT_WINDOW)
        return NAN;
    for (size_t first = 0; first + FLAT_WINDOW <= n; first++) {
        struct moments window = {0};
        for (size_t i = first; i < first + FLAT_WINDOW; i++)
            add(&window, 1.0 / FLAT_WINDOW, (double)a->data[i] * scale_a, (double)b->data[i] * scale_b);
        sum += similarity_of(&window, range, (double)FLAT_WINDOW / (FLAT_WINDOW - 1));
    }
    return limited(sum / (double)(n - FLAT_WINDOW + 1));
}
