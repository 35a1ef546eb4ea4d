/*
 * methods/kmeans.c - k-means on flat arrays. The points are also stored by coordinate, so that the distances of all
 * points to one centre are computed in vector operations; the order of the sum over coordinates is the same for all
 * instruction sets.
 */
#include "methods/kmeans.h"
#include "nn/simd.h"

#define ROUNDS_MAX 300

struct k_means {
    struct points points;
    int k;
    float *coordinate;   /* (d, n): the points, by coordinate */
    float *centre;       /* (k, d) */
    double *sum;         /* (k, d): of a cluster's points */
    int *count;          /* (k): a cluster's points */
    int *number;         /* (k): a cluster's number in the order of first points */
    float *distance;     /* (n): squared, to the centre of the point's cluster */
    float *candidate;    /* (n): squared, to one centre */
    int *label, *before; /* (n) */
};

static void transpose(struct points points, float *out)
{
    for (int i = 0; i < points.n; i++)
        for (int j = 0; j < points.d; j++)
            out[(size_t)j * (size_t)points.n + (size_t)i] = points.data[(size_t)i * (size_t)points.d + (size_t)j];
}

struct k_means *k_means_create(struct cam *cam, struct points points, int clusters)
{
    struct k_means *work = cam_alloc(cam, 1, sizeof *work);
    if (!work)
        return NULL;
    const size_t n = (size_t)points.n, d = (size_t)points.d, k = (size_t)clusters;
    *work = (struct k_means){
        .points = points,
        .coordinate = cam_floats(cam, d * n),
        .centre = cam_floats(cam, k * d),
        .sum = cam_alloc(cam, k * d, sizeof *work->sum),
        .count = cam_alloc(cam, k, sizeof *work->count),
        .number = cam_alloc(cam, k, sizeof *work->number),
        .distance = cam_floats(cam, n),
        .candidate = cam_floats(cam, n),
        .label = cam_alloc(cam, n, sizeof *work->label),
        .before = cam_alloc(cam, n, sizeof *work->before),
    };
    if (!work->coordinate || !work->centre || !work->sum || !work->count || !work->number || !work->distance ||
        !work->candidate || !work->label || !work->before)
        return NULL;
    transpose(points, work->coordinate);
    return work;
}

MULTIVERSION static void add_squares(float *restrict sum, const float *restrict x, float centre, int n)
{
    for (int i = 0; i < n; i++)
        sum[i] += (x[i] - centre) * (x[i] - centre);
}

MULTIVERSION static void take_nearer(float *restrict distance, int *restrict label, const float *restrict candidate,
                                     int c, int n)
{
    for (int i = 0; i < n; i++) {
        const bool is_nearer = candidate[i] < distance[i];
        label[i] = is_nearer ? c : label[i];
        distance[i] = is_nearer ? candidate[i] : distance[i];
    }
}

/* Assigns to centre c the points that are nearer to it than to all centres before it. */
static void offer(struct k_means *work, int c)
{
    const int n = work->points.n, d = work->points.d;
    memset(work->candidate, 0, (size_t)n * sizeof *work->candidate);
    for (int j = 0; j < d; j++)
        add_squares(work->candidate, work->coordinate + (size_t)j * n, work->centre[(size_t)c * d + j], n);
    take_nearer(work->distance, work->label, work->candidate, c, n);
}

static void forget_distances(struct k_means *work)
{
    for (int i = 0; i < work->points.n; i++)
        work->distance[i] = INFINITY;
}

static double inertia_of(const struct k_means *work)
{
    double sum = 0;
    for (int i = 0; i < work->points.n; i++)
        sum += work->distance[i];
    return sum;
}

/* Draws a point with probability proportional to its squared distance; `otherwise` if all distances are zero. */
static int draw(const struct k_means *work, struct random_stream *random, int otherwise)
{
    double left = random_uniform(random) * inertia_of(work);
    int last = otherwise;
    for (int i = 0; i < work->points.n; i++) {
        if (work->distance[i] > 0) {
            last = i;
            left -= work->distance[i];
            if (left < 0)
                return i;
        }
    }
    return last;
}

/* k-means++: every centre after the first is drawn in proportion to the squared distance from those before it. */
static void seed(struct k_means *work, struct random_stream *random)
{
    const size_t n = (size_t)work->points.n, d = (size_t)work->points.d;
    forget_distances(work);
    memset(work->label, 0, n * sizeof *work->label); /* a point that is not finite keeps label 0 */
    size_t chosen = random_below(random, (uint32_t)n);
    for (int c = 0; c < work->k; c++) {
        memcpy(work->centre + c * d, work->points.data + chosen * d, d * sizeof *work->centre);
        offer(work, c);
        chosen = (size_t)draw(work, random, c);
    }
}

/* The point farthest from its centre, among clusters of more than one point; of equal ones the first. */
static int farthest(const struct k_means *work)
{
    int found = -1;
    for (int i = 0; i < work->points.n; i++)
        if (work->count[work->label[i]] > 1 && (found < 0 || work->distance[i] > work->distance[found]))
            found = i;
    return found;
}

static void fill_empty(struct k_means *work)
{
    memset(work->count, 0, (size_t)work->k * sizeof *work->count);
    for (int i = 0; i < work->points.n; i++)
        work->count[work->label[i]]++;
    for (int c = 0; c < work->k; c++)
        if (work->count[c] == 0) {
            const int i = farthest(work);
            work->count[work->label[i]]--;
            work->count[c] = 1;
            work->label[i] = c;
            work->distance[i] = 0;
        }
}

static void move_centres(struct k_means *work)
{
    const size_t d = (size_t)work->points.d;
    memset(work->sum, 0, (size_t)work->k * d * sizeof *work->sum);
    for (int i = 0; i < work->points.n; i++) {
        const float *x = work->points.data + (size_t)i * d;
        double *sum = work->sum + (size_t)work->label[i] * d;
        for (size_t j = 0; j < d; j++)
            sum[j] += x[j];
    }
    for (int c = 0; c < work->k; c++)
        for (size_t j = (size_t)c * d; j < (size_t)(c + 1) * d; j++)
            work->centre[j] = (float)(work->sum[j] / work->count[c]);
}

/* Runs Lloyd's rounds from seeded centres; the results are work->label and work->distance. */
static void settle(struct k_means *work)
{
    const size_t bytes = (size_t)work->points.n * sizeof *work->label;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        memcpy(work->before, work->label, bytes);
        forget_distances(work);
        for (int c = 0; c < work->k; c++)
            offer(work, c);
        fill_empty(work);
        if (round > 0 && memcmp(work->before, work->label, bytes) == 0)
            return;
        move_centres(work);
    }
}

/* Copies the labels and numbers the clusters in the order of their first points. */
static void number(struct k_means *work, int *label)
{
    int used = 0;
    for (int c = 0; c < work->k; c++)
        work->number[c] = -1;
    for (int i = 0; i < work->points.n; i++) {
        int *own = &work->number[work->label[i]];
        if (*own < 0)
            *own = used++;
        label[i] = *own;
    }
}

double k_means(struct k_means *work, int k, int restarts, struct random_stream *random, int *label)
{
    double best = INFINITY;
    work->k = k;
    for (int restart = 0; restart < restarts; restart++) {
        seed(work, random);
        settle(work);
        const double inertia = inertia_of(work);
        if (restart == 0 || inertia < best) {
            best = inertia;
            number(work, label);
        }
    }
    return best;
}
