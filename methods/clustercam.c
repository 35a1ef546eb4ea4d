/*
 * methods/clustercam.c - Cluster-CAM. Feng et al., "Cluster-CAM: Cluster-Weighted Visual Interpretation of CNNs'
 * Decision in Image Classification", Neural Networks 178, 2024, arXiv:2302.01642. Gradient-free: the channels are
 * clustered, each cluster's map masks the image, the cluster with the highest score is the cognition base and the one
 * with the lowest the cognition scissors, which are cut out of it. K full passes instead of Score-CAM's C.
 *
 * The paper's abstract fixes no more than that and no code by the authors is known: what else is decided here is a
 * parameter, with other readings as choices. Clusters are numbered in the order of their first channels.
 */
#include "methods/kmeans.h"
#include "methods/masking.h"
#include "methods/subspace.h"

enum feature_norm { NORM_MINMAX, NORM_NONE, NORM_L2, NORM_ZSCORE };
enum clusterer { CLUSTERER_K_MEANS, CLUSTERER_SPECTRAL, CLUSTERER_CHUNK };
enum cluster_map { CLUSTER_MAP_MEAN, CLUSTER_MAP_SUM, CLUSTER_MAP_NORMALIZED_MEAN };
enum score { SCORE_PROB, SCORE_LOGIT };
enum baseline { BASELINE_NONE, BASELINE_ZERO, BASELINE_BLUR };
enum selection { SELECT_EXTREME, SELECT_SPLIT, SELECT_ALL };
enum merge { MERGE_SUBTRACT, MERGE_CUT, MERGE_WEIGHTED };

struct clustercam {
    int clusters; /* 0: auto */
    int feature_norm, clusterer, n_init, cluster_map, score, baseline, mask_space, fill, select, merge;
    bool merge_norm;
    double lambda;
};

/* K groups of the n channels that are not constant. */
struct clusters {
    int count, n;
    int *channel; /* (n) */
    int *label;   /* (n), of 0..count-1 */
    size_t plane; /* h*w */
    float *map;   /* G (count,h,w) */
    double *score; /* a (count) */
};

/* -- 1 vectors --------------------------------------------------------------------------------------------------- */

static void normalise(int how, const float *values, size_t n, float *out)
{
    double shift = 0, scale = 1, sum = 0, squares = 0;
    if (how == NORM_MINMAX) {
        min_max(values, n, 0, out);
        return;
    }
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    if (how == NORM_ZSCORE)
        shift = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - shift) * (values[i] - shift);
    if (how == NORM_ZSCORE)
        scale = sqrt(squares / (double)n);
    else if (how == NORM_L2)
        scale = sqrt(squares);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((values[i] - shift) / scale);
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
    float *data = cam_floats(cam, (size_t)clusters->n * clusters->plane);
    if (!data)
        return -1;
    for (int i = 0; i < clusters->n; i++)
        normalise(norm, act->data + clusters->channel[i] * clusters->plane, clusters->plane,
                  data + i * clusters->plane);
    *points = (struct points){clusters->n, (int)clusters->plane, data};
    return 0;
}

/* -- 2 clusters -------------------------------------------------------------------------------------------------- */

enum { AUTO_FIRST = 3 };

static int auto_last(int n)
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
    const int last = auto_last(points.n) < points.n ? auto_last(points.n) : points.n;
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

/* Consecutive channels, as many in each cluster; the last one may be smaller. */
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
        double *row = rows + i * width, degree = 0; /* over n/2, which changes no direction */
        for (size_t j = 0; j < width; j++)
            degree += row[j] * mean[j];
        for (size_t j = 0; j < width; j++)
            row[j] /= sqrt(degree);
    }
}

/* Each channel's coordinates in the leading eigenvectors (count,n), scaled to length 1. */
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

/* Fills count and label from the n usable channels, n > 0. */
static int make_clusters(struct cam *cam, const struct clustercam *p, const struct tensor *act,
                         struct clusters *clusters)
{
    struct random_stream random = cam_random(cam);
    struct points points;
    if (features_of(cam, act, clusters, p->feature_norm, &points))
        return -1;
    clusters->count = p->clusters ? p->clusters : choose_count(cam, points, &random, clusters->label);
    if (clusters->count < 0)
        return -1;
    clusters->count = clusters->count < clusters->n ? clusters->count : clusters->n;
    switch (p->clusterer) {
    case CLUSTERER_K_MEANS:
        return cluster_by_k_means(cam, points, p->n_init, &random, clusters);
    case CLUSTERER_SPECTRAL:
        return cluster_by_spectrum(cam, points, p->n_init, &random, clusters);
    default:
        cluster_by_chunks(clusters);
        return 0;
    }
}

/* -- 3 maps ------------------------------------------------------------------------------------------------------ */

static int sum_clusters(struct cam *cam, const struct tensor *act, int cluster_map, struct clusters *clusters)
{
    const size_t plane = clusters->plane;
    int *members = cam_alloc(cam, clusters->count, sizeof *members);
    float *channel = cam_floats(cam, plane);
    clusters->map = cam_floats(cam, clusters->count * plane);
    if (!members || !channel || !clusters->map)
        return -1;
    for (int i = 0; i < clusters->n; i++) {
        const float *raw = act->data + clusters->channel[i] * plane;
        normalise(cluster_map == CLUSTER_MAP_NORMALIZED_MEAN ? NORM_MINMAX : NORM_NONE, raw, plane, channel);
        for (size_t j = 0; j < plane; j++)
            clusters->map[clusters->label[i] * plane + j] += channel[j];
        members[clusters->label[i]]++;
    }
    for (int c = 0; c < clusters->count && cluster_map != CLUSTER_MAP_SUM; c++)
        for (size_t j = 0; j < plane; j++)
            clusters->map[c * plane + j] /= (float)members[c];
    return 0;
}

/* -- 4, 5 masks and scores --------------------------------------------------------------------------------------- */

struct work {
    const struct cam *cam;
    const struct clusters *clusters;
    size_t pixels;
};

/* s_i = N(U(G_i)) (H,W). Runs in several threads: writes to nothing but out. */
static void write_mask(void *context, int index, float *out)
{
    const struct work *work = context;
    cam_upsample(work->cam, work->clusters->map + index * work->clusters->plane, out, false);
    min_max(out, work->pixels, 0, out);
}

static double score_of(int score, struct cam_output out)
{
    return score == SCORE_LOGIT ? out.logit : out.probability;
}

static int score_clusters(struct cam *cam, const struct clustercam *p, struct clusters *clusters)
{
    const struct shape input = cam_input_shape(cam);
    struct work work = {cam, clusters, (size_t)input.h * (size_t)input.w};
    struct cam_output *out = cam_alloc(cam, clusters->count, sizeof *out), baseline = {0};
    const float *background, *image;
    clusters->score = cam_alloc(cam, clusters->count, sizeof *clusters->score);
    if (!out || !clusters->score || mask_background(cam, p->mask_space, p->fill, &background) ||
        cam_masked(cam, clusters->count, write_mask, &work, background, out))
        return -1;
    const int hidden = p->baseline == BASELINE_BLUR ? MASK_FILL_BLUR : MASK_FILL_ZERO;
    if (p->baseline != BASELINE_NONE &&
        (mask_background(cam, p->mask_space, hidden, &image) || masked_baseline(cam, image, &baseline)))
        return -1;
    for (int i = 0; i < clusters->count; i++)
        clusters->score[i] = score_of(p->score, out[i]) - score_of(p->score, baseline);
    return 0;
}

/* -- 6 selection: the base and the scissors (h,w) ------------------------------------------------------------------ */

static int highest(const struct clusters *clusters)
{
    int best = 0;
    for (int i = 1; i < clusters->count; i++)
        if (clusters->score[i] > clusters->score[best])
            best = i;
    return best;
}

static int lowest(const struct clusters *clusters)
{
    int best = 0;
    for (int i = 1; i < clusters->count; i++)
        if (clusters->score[i] < clusters->score[best])
            best = i;
    return best;
}

static void add_map(const struct clusters *clusters, int i, double factor, float *out)
{
    for (size_t j = 0; j < clusters->plane; j++)
        out[j] += (float)(factor * clusters->map[i * clusters->plane + j]);
}

/* All scores equal: the first cluster is the base and the second the scissors. */
static void select_extreme(const struct clusters *clusters, float *base, float *scissors)
{
    const int most = highest(clusters), least = lowest(clusters);
    add_map(clusters, most, 1, base);
    add_map(clusters, least != most ? least : most + 1, 1, scissors);
}

/* The base: those that score at least the mean, weighted by their scores; the scissors: the mean of the others. */
static void select_split(const struct clusters *clusters, float *base, float *scissors)
{
    double total = 0, above = 0;
    int others = 0;
    for (int i = 0; i < clusters->count; i++)
        total += clusters->score[i];
    const double mean = total / clusters->count;
    for (int i = 0; i < clusters->count; i++) {
        above += clusters->score[i] >= mean ? clusters->score[i] : 0;
        others += !(clusters->score[i] >= mean);
    }
    for (int i = 0; i < clusters->count; i++)
        if (clusters->score[i] >= mean)
            add_map(clusters, i, above != 0 ? clusters->score[i] / above : 0, base);
        else
            add_map(clusters, i, 1.0 / others, scissors);
}

/* -- 7 merge ------------------------------------------------------------------------------------------------------- */

/* v of the weighted merge: the highest score over the length of all. */
static double share(const struct clusters *clusters)
{
    double squares = 0;
    for (int i = 0; i < clusters->count; i++)
        squares += clusters->score[i] * clusters->score[i];
    return squares > 0 ? clusters->score[highest(clusters)] / sqrt(squares) : 1 / sqrt(clusters->count);
}

static void merge(const struct clustercam *p, double v, const float *base, const float *scissors, size_t n, float *map)
{
    for (size_t i = 0; i < n; i++)
        switch (p->merge) {
        case MERGE_SUBTRACT:
            map[i] = (float)(base[i] - p->lambda * scissors[i]);
            break;
        case MERGE_CUT:
            map[i] = (float)(base[i] * (1 - p->lambda * scissors[i]));
            break;
        case MERGE_WEIGHTED:
            map[i] = (float)(v * base[i] - (1 - v) * scissors[i]);
            break;
        }
}

static int select_and_merge(struct cam *cam, const struct clustercam *p, const struct clusters *clusters, float *map)
{
    float *base = cam_floats(cam, clusters->plane), *scissors = cam_floats(cam, clusters->plane);
    if (!base || !scissors)
        return -1;
    if (p->select == SELECT_ALL) {
        memset(map, 0, clusters->plane * sizeof *map);
        for (int i = 0; i < clusters->count; i++)
            add_map(clusters, i, clusters->score[i], map);
        return 0;
    }
    (p->select == SELECT_EXTREME ? select_extreme : select_split)(clusters, base, scissors);
    merge(p, share(clusters), base, scissors, clusters->plane, map);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map, struct error *err)
{
    (void)err; /* the context fills it */
    const struct clustercam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    struct clusters clusters = {.plane = act ? tensor_plane(act) : 0};
    clusters.channel = act ? cam_alloc(cam, act->c, sizeof *clusters.channel) : NULL;
    clusters.label = act ? cam_alloc(cam, act->c, sizeof *clusters.label) : NULL;
    if (!clusters.channel || !clusters.label)
        return -1;
    clusters.n = usable_channels(act, clusters.channel);
    if (clusters.n == 0) {
        memset(map, 0, clusters.plane * sizeof *map);
        return 0;
    }
    if (make_clusters(cam, p, act, &clusters) || sum_clusters(cam, act, p->cluster_map, &clusters))
        return -1;
    if (clusters.count == 1) { /* nothing to choose from: no passes */
        memcpy(map, clusters.map, clusters.plane * sizeof *map);
        return 0;
    }
    if (score_clusters(cam, p, &clusters))
        return -1;
    for (int i = 0; i < clusters.count && p->merge_norm; i++) {
        float *own = clusters.map + i * clusters.plane;
        min_max(own, clusters.plane, 0, own);
    }
    return select_and_merge(cam, p, &clusters, map);
}

static void passes(const void *params, const struct tensor *layer, struct shape input, double *full, double *tail,
                   double *backward)
{
    (void)input;
    const struct clustercam *p = params;
    const int clusters = p->clusters ? p->clusters : auto_last(layer->c);
    *full = (clusters < layer->c ? clusters : layer->c) + 1 + (p->baseline != BASELINE_NONE);
    *tail = 0;
    *backward = 0;
}

static const struct param params[] = {
    PARAM_INT_OR(struct clustercam, clusters, "auto", 10, 1, 65536, "K; auto: the knee of the inertia curve"),
    PARAM_ENUM(struct clustercam, feature_norm, "minmax|none|l2|zscore", "how each channel is normalised to cluster it"),
    PARAM_ENUM(struct clustercam, clusterer, "k_means|spectral|chunk", "how channels are grouped"),
    PARAM_INT(struct clustercam, n_init, 10, 1, 100, "seedings of k-means, of which the best counts"),
    PARAM_ENUM(struct clustercam, cluster_map, "mean|sum|normalized_mean", "how a cluster's channels become its map"),
    PARAM_ENUM(struct clustercam, score, "prob|logit", "what a masked image is measured by"),
    PARAM_ENUM(struct clustercam, baseline, "none|zero|blur", "image whose score is subtracted"),
    PARAM_ENUM(struct clustercam, mask_space, MASK_SPACE_CHOICES, "a mask hides in the mean colour, or in black"),
    PARAM_ENUM(struct clustercam, fill, MASK_FILL_CHOICES, "what shows where the mask is 0"),
    PARAM_ENUM(struct clustercam, select, "extreme|split|all", "best against worst, above against below the mean, sum"),
    PARAM_ENUM(struct clustercam, merge, "subtract|cut|weighted", "how the scissors act on the base"),
    PARAM_BOOL(struct clustercam, merge_norm, true, "min-max of the cluster maps before they are merged"),
    PARAM_FLOAT(struct clustercam, lambda, 1, 0, 2, "strength of the scissors; 0: the base alone"),
    {0}};

const struct method method_clustercam = {
    .name = "clustercam",
    .title = "Cluster-CAM",
    .year = 2024,
    .source = "feng2023clustercam",
    .version = 1,
    .needs = METHOD_NEEDS_MASKED_PASSES,
    .cost = "K + 1 forwards",
    .params = params,
    .params_size = sizeof(struct clustercam),
    .explain = explain,
    .passes = passes,
};
