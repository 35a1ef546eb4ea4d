/*
 * methods/kmeans.c - k-means on flat arrays. Centres are stored by coordinate, LANES at a time, so that one point meets
 * LANES centres in one vector operation; the sum over coordinates keeps its order whatever the instruction set.
 */
#include "methods/kmeans.h"
#include "nn/simd.h"

enum { LANES = 16, ROUNDS_MAX = 300 };

struct k_means {
    struct points points;
    int k;
    float *centre;   /* (k / LANES, d, LANES) */
    double *sum;     /* (k, d): coordinates of a cluster's points */
    int *count;      /* (k): its points */
    float *distance; /* (n): squared, to the own centre */
    int *label, *before; /* (n) */
    int *number;     /* (k): scratch for renumbering */
};

static size_t blocks_of(int k)
{
    return ((size_t)k + LANES - 1) / LANES;
}

struct k_means *k_means_create(struct cam *cam, struct points points, int clusters)
{
    struct k_means *work = cam_alloc(cam, 1, sizeof *work);
    if (!work)
        return NULL;
    *work = (struct k_means){
        .points = points,
        .centre = cam_floats(cam, blocks_of(clusters) * LANES * (size_t)points.d),
        .sum = cam_alloc(cam, (size_t)clusters * (size_t)points.d, sizeof *work->sum),
        .count = cam_alloc(cam, clusters, sizeof *work->count),
        .distance = cam_floats(cam, points.n),
        .label = cam_alloc(cam, points.n, sizeof *work->label),
        .before = cam_alloc(cam, points.n, sizeof *work->before),
        .number = cam_alloc(cam, clusters, sizeof *work->number),
    };
    const bool is_complete = work->centre && work->sum && work->count && work->distance && work->label &&
                             work->before && work->number;
    return is_complete ? work : NULL;
}

static const float *point(const struct k_means *work, int i)
{
    return work->points.data + (size_t)i * (size_t)work->points.d;
}

static float *coordinate(struct k_means *work, int c, int j)
{
    return work->centre + ((size_t)c / LANES * (size_t)work->points.d + (size_t)j) * LANES + c % LANES;
}

static void set_centre(struct k_means *work, int c, int i)
{
    for (int j = 0; j < work->points.d; j++)
        *coordinate(work, c, j) = point(work, i)[j];
}

/* Nearest of k centres to each point, the first of equals, and its squared distance. */
MULTIVERSION static void assign(const struct points *points, const float *centre, int k, float *distance, int *label)
{
    const size_t d = (size_t)points->d;
    for (int i = 0; i < points->n; i++) {
        const float *x = points->data + (size_t)i * d;
        distance[i] = INFINITY;
        for (int block = 0; block < k; block += LANES) {
            const float *lanes = centre + (size_t)block * d;
            const int used = k - block < LANES ? k - block : LANES;
            float sum[LANES] = {0};
            for (size_t j = 0; j < d; j++)
                for (int l = 0; l < LANES; l++)
                    sum[l] += (x[j] - lanes[j * LANES + l]) * (x[j] - lanes[j * LANES + l]);
            for (int l = 0; l < used; l++)
                if (sum[l] < distance[i]) {
                    distance[i] = sum[l];
                    label[i] = block + l;
                }
        }
    }
}

/* Lowers distance[i] to the squared distance to point `c` where that is nearer. */
MULTIVERSION static void approach(const struct points *points, int c, float *distance)
{
    const size_t d = (size_t)points->d;
    const float *centre = points->data + (size_t)c * d;
    for (int i = 0; i < points->n; i++) {
        const float *x = points->data + (size_t)i * d;
        float sum[LANES] = {0}, total = 0;
        size_t j = 0;
        for (; j + LANES <= d; j += LANES)
            for (int l = 0; l < LANES; l++)
                sum[l] += (x[j + l] - centre[j + l]) * (x[j + l] - centre[j + l]);
        for (; j < d; j++)
            total += (x[j] - centre[j]) * (x[j] - centre[j]);
        for (int l = 0; l < LANES; l++)
            total += sum[l];
        distance[i] = total < distance[i] ? total : distance[i];
    }
}

static double inertia_of(const struct k_means *work)
{
    double sum = 0;
    for (int i = 0; i < work->points.n; i++)
        sum += work->distance[i];
    return sum;
}

/* A point with probability in proportion to its squared distance; `otherwise` when all distances are zero. */
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

/* k-means++: each further centre is a point far from those before. */
static void seed(struct k_means *work, struct random_stream *random)
{
    for (int i = 0; i < work->points.n; i++)
        work->distance[i] = INFINITY;
    int chosen = (int)random_below(random, (uint32_t)work->points.n);
    for (int c = 0; c < work->k; c++) {
        set_centre(work, c, chosen);
        approach(&work->points, chosen, work->distance);
        chosen = draw(work, random, c);
    }
}

/* The point farthest from its centre that does not stand alone, the first of equals. */
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
        double *sum = work->sum + (size_t)work->label[i] * d;
        for (size_t j = 0; j < d; j++)
            sum[j] += point(work, i)[j];
    }
    for (int c = 0; c < work->k; c++)
        for (size_t j = 0; j < d; j++)
            *coordinate(work, c, (int)j) = (float)(work->sum[(size_t)c * d + j] / work->count[c]);
}

/* Lloyd's rounds from seeded centres: leaves labels and distances. */
static void settle(struct k_means *work)
{
    const size_t bytes = (size_t)work->points.n * sizeof *work->label;
    memset(work->label, 0, bytes);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        memcpy(work->before, work->label, bytes);
        assign(&work->points, work->centre, work->k, work->distance, work->label);
        fill_empty(work);
        if (round > 0 && memcmp(work->before, work->label, bytes) == 0)
            return;
        move_centres(work);
    }
}

/* Copies the labels, clusters numbered in the order of their first points. */
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
