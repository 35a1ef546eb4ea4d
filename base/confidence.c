/* base/confidence.c - the plug-in empirical-Bernstein confidence sequence. */
#include "base/confidence.h"

#include <math.h>

void confidence_begin(struct confidence *confidence, double alpha, int list)
{
    *confidence = (struct confidence){.low = 0, .high = 1, .list = list, .bound = log(2 / alpha)};
}

static void intersect(struct confidence *c, double low, double high)
{
    c->low = fmax(c->low, low);
    c->high = fmin(c->high, high);
    if (c->low > c->high) /* a miss, which alpha allows for; no interval would be empty */
        c->low = c->high = (c->low + c->high) / 2;
}

void confidence_add(struct confidence *c, double x)
{
    const double before = c->sum; /* of the observations so far */
    const int n = ++c->n;
    const double mean = (0.5 + before) / n, variance = (0.25 + c->spread) / n;
    const double lambda = fmin(0.5, sqrt(2 * c->bound / (variance * n * log(1.0 + n))));
    const double left = c->list ? c->list - n + 1 : INFINITY; /* in the list, before this one */
    c->sum += x;
    c->weighted += lambda * (x + before / left);
    c->weights += lambda * (1 + (n - 1) / left);
    c->fee += (x - mean) * (x - mean) * (-log(1 - lambda) - lambda);
    const double next = (0.5 + c->sum) / (n + 1);
    c->spread += (x - next) * (x - next);
    intersect(c, (c->weighted - c->bound - c->fee) / c->weights, (c->weighted + c->bound + c->fee) / c->weights);
    if (n == c->list)
        c->low = c->high = c->sum / n;
}
