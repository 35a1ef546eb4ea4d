/* methods/channel_clusters.c - a layer's channels in groups: k-means, spectral clustering, chunks. */
#include "methods/channel_clusters.h"

#include "methods/kmeans.h"
#include "methods/subspace.h"

void normalise_channel(int how, const float *values, size_t n, float *out)
{
    double shift = 0, scale = 1, sum = 0, squares = 0;
    if (how == CHANNEL_NORM_MINMAX) {
        min_max(values, n, 0, out);
        return;
    }
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    if (how == CHANNEL_NORM_ZSCORE)
        shift = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - shift) * (values[i] - shift);
    if (how == CHANNEL_NORM_ZSCORE)
        scale = sqrt(squares / (double)n);
    else if (how == CHANNEL_NORM_L2)
        scale = sqrt(squares);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((values[i] - shift) / (scale > 0 ? scale : 1));
}

/* Writes the channels that are not constant; returns how many. */
static int usable_channels(const struct tensor *act, int *channel)
{
    const size_t plane = tensor_plane(act);
    int n = 0;
    for (int k = 0; k < act->c; k++) {
        const struct range range = range_of(act->data + k * plane, plane);
        if (range.min != range.max)
            channel[n++] = k;
    }
    return n;
}

static int features_of(struct cam *cam, const struct tensor *act, const struct clusters *clusters, int norm,
                       struct points *points)
{
    const size_t plane = tensor_plane(act);
    float *data = cam_floats(cam, (size_t)clusters->n * plane);
    if (!data)
        return -1;
    for (int i = 0; i < clusters->n; i++)
        normalise_channel(norm, act->data + clusters->channel[i] * plane, plane, data + i * plane);
    *points = (struct points){clusters->n, (int)plane, data};
    return 0;
}

#define AUTO_FIRST 3

int cluster_count_limit(int n)
{
    return (int)ceil(sqrt(n)) + 1;
}

/* The number of clusters farthest below the straight line between the curve's ends, both axes scaled to 1. */
static int knee(const double *inertia, int first, int last)
{
    int best = first;
    double deepest = 0;
    for (int k = first; k <= last && inertia[first] > inertia[last]; k++) {
        const double x = (double)(k - first) / (last - first);
        const double y = (inertia[k] - inertia[last]) / (inertia[first] - inertia[last]);
        if (1 - x - y > deepest) {
            deepest = 1 - x - y;
            best = k;
        }
    }
    return best;
}

/* The knee of the inertia curve, one seeding for each number of clusters. */
static int choose_count(struct cam *cam, struct points points, struct random_stream *random, int *label)
{
    if (points.n <= AUTO_FIRST)
        return points.n;
    const int last = cluster_count_limit(points.n) < points.n ? cluster_count_limit(points.n) : points.n;
    double *inertia = cam_alloc(cam, (size_t)last + 1, sizeof *inertia);
    struct k_means *work = inertia ? k_means_create(cam, points, last) : NULL;
    if (!work)
        return -1;
    for (int k = AUTO_FIRST; k <= last; k++)
        inertia[k] = k_means(work, k, 1, random, label);
    return knee(inertia, AUTO_FIRST, last);
}

static int cluster_by_k_means(struct cam *cam, struct points points, int restarts, struct random_stream *random,
                              struct clusters *clusters)
{
    struct k_means *work = k_means_create(cam, points, clusters->count);
    if (!work)
        return -1;
    k_means(work, clusters->count, restarts, random, clusters->label);
    return 0;
}

/* Puts consecutive channels into clusters of equal size; the last one may be smaller. */
static void cluster_by_chunks(struct clusters *clusters)
{
    const int size = (clusters->n + clusters->count - 1) / clusters->count;
    for (int i = 0; i < clusters->n; i++)
        clusters->label[i] = i / size;
    clusters->count = (clusters->n + size - 1) / size;
}

/*
 * Rows (n,d+1) whose products are the normalised affinities W[i,j] / sqrt(degree[i] degree[j]) of spectral clustering,
 * with W = (1 + cosine) / 2 of the channels' vectors: W has the rank d+1 and is never formed.
 */
static void affinity_rows(struct points points, double *mean, double *rows)
{
    const size_t d = (size_t)points.d, width = d + 1;
    for (int i = 0; i < points.n; i++) {
        const float *x = points.data + i * d;
        double *row = rows + i * width, squares = 0;
        for (size_t j = 0; j < d; j++)
            squares += (double)x[j] * x[j];
        for (size_t j = 0; j < d; j++)
            row[j] = squares > 0 ? x[j] / sqrt(squares) : 0;
        row[d] = 1;
        for (size_t j = 0; j < width; j++)
            mean[j] += row[j] / points.n;
    }
    for (int i = 0; i < points.n; i++) {
        double *row = rows + i * width, degree = 0; /* divided by n/2, which does not change any direction */
        for (size_t j = 0; j < width; j++)
            degree += row[j] * mean[j];
        for (size_t j = 0; j < width; j++)
            row[j] /= sqrt(degree);
    }
}

/* Writes each channel's coordinates in the leading eigenvectors (count,n), scaled to length 1. */
static void embed(const double *basis, int n, int count, float *out)
{
    for (int i = 0; i < n; i++) {
        double squares = 0;
        for (int v = 0; v < count; v++)
            squares += basis[(size_t)v * n + i] * basis[(size_t)v * n + i];
        for (int v = 0; v < count; v++)
            out[(size_t)i * count + v] = squares > 0 ? (float)(basis[(size_t)v * n + i] / sqrt(squares)) : 0;
    }
}

/* Ng, Jordan, Weiss 2001: k-means in the space of the affinity's leading eigenvectors. */
static int cluster_by_spectrum(struct cam *cam, struct points points, int restarts, struct random_stream *random,
                               struct clusters *clusters)
{
    const size_t n = (size_t)points.n, width = (size_t)points.d + 1, count = (size_t)clusters->count;
    double *mean = cam_alloc(cam, width, sizeof *mean), *rows = cam_alloc(cam, n * width, sizeof *rows);
    double *basis = cam_alloc(cam, n * count, sizeof *basis);
    float *coordinates = cam_floats(cam, n * count);
    if (!mean || !rows || !basis || !coordinates)
        return -1;
    affinity_rows(points, mean, rows);
    if (leading_subspace(cam, rows, points.n, points.d + 1, clusters->count, random, basis))
        return -1;
    embed(basis, points.n, clusters->count, coordinates);
    const struct points embedded = {points.n, clusters->count, coordinates};
    return cluster_by_k_means(cam, embedded, restarts, random, clusters);
}

static int fill_labels(struct cam *cam, const struct clustering *how, struct points points, struct clusters *clusters)
{
    struct random_stream random = cam_random(cam);
    clusters->count = how->clusters ? how->clusters : choose_count(cam, points, &random, clusters->label);
    if (clusters->count < 0)
        return -1;
    clusters->count = clusters->count < clusters->n ? clusters->count : clusters->n;
    switch (how->clusterer) {
    case CLUSTERER_K_MEANS:
        return cluster_by_k_means(cam, points, how->restarts, &random, clusters);
    case CLUSTERER_SPECTRAL:
        return cluster_by_spectrum(cam, points, how->restarts, &random, clusters);
    default:
        cluster_by_chunks(clusters);
        return 0;
    }
}

int cluster_channels(struct cam *cam, const struct tensor *act, const struct clustering *how, struct clusters *clusters)
{
    struct points points;
    clusters->count = 0;
    clusters->channel = cam_alloc(cam, act->c, sizeof *clusters->channel);
    clusters->label = cam_alloc(cam, act->c, sizeof *clusters->label);
    if (!clusters->channel || !clusters->label)
        return -1;
    clusters->n = usable_channels(act, clusters->channel);
    if (clusters->n == 0)
        return 0;
    if (features_of(cam, act, clusters, how->feature_norm, &points))
        return -1;
    return fill_labels(cam, how, points, clusters);
}
