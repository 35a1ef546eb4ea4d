/*
 * methods/clustercam.c - Cluster-CAM. Feng et al., "Cluster-CAM: Cluster-Weighted Visual Interpretation of CNNs'
 * Decision in Image Classification", Neural Networks 178, 2024, arXiv:2302.01642. Gradient-free: the channels are
 * clustered, each cluster's map masks the image, the cluster with the highest score is the cognition base and the one
 * with the lowest the cognition scissors, which are cut out of it. K full passes instead of Score-CAM's C.
 *
 * The paper's abstract does not fix more than that, and no code by the authors is known. So every other decision is a
 * parameter, with other readings of the paper as its choices. Clusters are numbered in the order of their first
 * channels.
 */
#include "methods/channel_clusters.h"
#include "methods/masking.h"

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

/* The clusters, their maps and their scores. */
struct parts {
    int count;
    size_t plane;  /* h*w */
    float *map;    /* G (count,h,w) */
    double *score; /* a (count) */
};

/* -- maps -------------------------------------------------------------------------------------------------------- */

/* Fills count, plane and map. */
static int make_maps(struct cam *cam, const struct tensor *act, const struct clusters *clusters, int cluster_map,
                     struct parts *parts)
{
    const size_t plane = tensor_plane(act);
    int *members = cam_alloc(cam, clusters->count, sizeof *members);
    float *channel = cam_floats(cam, plane), *map = cam_floats(cam, clusters->count * plane);
    if (!members || !channel || !map)
        return -1;
    *parts = (struct parts){.count = clusters->count, .plane = plane, .map = map};
    const int norm = cluster_map == CLUSTER_MAP_NORMALIZED_MEAN ? CHANNEL_NORM_MINMAX : CHANNEL_NORM_NONE;
    for (int i = 0; i < clusters->n; i++) {
        normalise_channel(norm, act->data + clusters->channel[i] * plane, plane, channel);
        for (size_t j = 0; j < plane; j++)
            map[clusters->label[i] * plane + j] += channel[j];
        members[clusters->label[i]]++;
    }
    for (int c = 0; c < clusters->count && cluster_map != CLUSTER_MAP_SUM; c++)
        for (size_t j = 0; j < plane; j++)
            map[c * plane + j] /= (float)members[c];
    return 0;
}

/* -- masks and scores -------------------------------------------------------------------------------------------- */

static double score_of(int score, struct cam_output out)
{
    return score == SCORE_LOGIT ? out.logit : out.probability;
}

static int score_parts(struct cam *cam, const struct clustercam *p, struct parts *parts)
{
    struct plane_masks masks = plane_masks_of(cam, parts->map, parts->plane);
    struct cam_output *out = cam_alloc(cam, parts->count, sizeof *out), baseline = {0};
    const float *background, *image;
    parts->score = cam_alloc(cam, parts->count, sizeof *parts->score);
    if (!out || !parts->score || mask_background(cam, p->mask_space, p->fill, &background) ||
        cam_masked_by_keys(cam, parts->count, parts->map, parts->plane, plane_mask_write, &masks, background, out))
        return -1;
    const int hidden = p->baseline == BASELINE_BLUR ? MASK_FILL_BLUR : MASK_FILL_ZERO;
    if (p->baseline != BASELINE_NONE &&
        (mask_background(cam, p->mask_space, hidden, &image) || masked_baseline(cam, image, &baseline)))
        return -1;
    for (int i = 0; i < parts->count; i++)
        parts->score[i] = score_of(p->score, out[i]) - score_of(p->score, baseline);
    return 0;
}

/* -- selection: the base and the scissors (h,w) ------------------------------------------------------------------ */

static int highest(const struct parts *parts)
{
    int best = 0;
    for (int i = 1; i < parts->count; i++)
        if (parts->score[i] > parts->score[best])
            best = i;
    return best;
}

static int lowest(const struct parts *parts)
{
    int best = 0;
    for (int i = 1; i < parts->count; i++)
        if (parts->score[i] < parts->score[best])
            best = i;
    return best;
}

static void add_map(const struct parts *parts, int i, double factor, float *out)
{
    for (size_t j = 0; j < parts->plane; j++)
        out[j] += (float)(factor * parts->map[i * parts->plane + j]);
}

#define SAME_RELATIVE 1e-4f /* rounding errors of means over thousands of equal channels are smaller */

/* Whether two clusters have the same map, up to rounding errors. */
static bool are_equal(const struct parts *parts, int i, int j)
{
    const float *a = parts->map + i * parts->plane, *b = parts->map + j * parts->plane;
    const struct range range = range_of(a, parts->plane);
    const float limit = SAME_RELATIVE * (range.max - range.min);
    for (size_t k = 0; k < parts->plane; k++)
        if (!(fabsf(a[k] - b[k]) <= limit))
            return false;
    return true;
}

/*
 * The clusters with the highest and the lowest score. If all scores are equal: the first and the second. Clusters of equal
 * channels have the same map: no rounding errors may remain when one is cut out of the other.
 */
static void select_extreme(const struct parts *parts, float *base, float *scissors)
{
    const int most = highest(parts), least = lowest(parts), other = least != most ? least : most + 1;
    add_map(parts, most, 1, base);
    add_map(parts, are_equal(parts, most, other) ? most : other, 1, scissors);
}

/*
 * The base: the clusters that score at least the mean, weighted by their scores; the scissors: the mean of the others.
 */
static void select_split(const struct parts *parts, float *base, float *scissors)
{
    double total = 0, above = 0;
    int others = 0;
    for (int i = 0; i < parts->count; i++)
        total += parts->score[i];
    const double mean = total / parts->count;
    for (int i = 0; i < parts->count; i++) {
        above += parts->score[i] >= mean ? parts->score[i] : 0;
        others += !(parts->score[i] >= mean);
    }
    for (int i = 0; i < parts->count; i++)
        if (parts->score[i] >= mean)
            add_map(parts, i, above != 0 ? parts->score[i] / above : 0, base);
        else
            add_map(parts, i, 1.0 / others, scissors);
}

/* -- merge ------------------------------------------------------------------------------------------------------- */

/* The factor v of the weighted merge: the highest score, divided by the length of the vector of all scores. */
static double share(const struct parts *parts)
{
    double squares = 0;
    for (int i = 0; i < parts->count; i++)
        squares += parts->score[i] * parts->score[i];
    return squares > 0 ? parts->score[highest(parts)] / sqrt(squares) : 1 / sqrt(parts->count);
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

static int select_and_merge(struct cam *cam, const struct clustercam *p, const struct parts *parts, float *map)
{
    float *base = cam_floats(cam, parts->plane), *scissors = cam_floats(cam, parts->plane);
    if (!base || !scissors)
        return -1;
    if (!doubles_are_finite(parts->score, (size_t)parts->count)) { /* cannot be ranked: the map is undefined */
        map[0] = NAN;
        return 0;
    }
    if (p->select == SELECT_ALL) {
        memset(map, 0, parts->plane * sizeof *map);
        for (int i = 0; i < parts->count; i++)
            add_map(parts, i, parts->score[i], map);
        return 0;
    }
    (p->select == SELECT_EXTREME ? select_extreme : select_split)(parts, base, scissors);
    merge(p, share(parts), base, scissors, parts->plane, map);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct clustercam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    const struct clustering how = {p->clusters, p->feature_norm, p->clusterer, p->n_init};
    struct clusters clusters;
    struct parts parts;
    if (!act || cluster_channels(cam, act, &how, &clusters))
        return -1;
    if (clusters.count == 0) {
        memset(map, 0, tensor_plane(act) * sizeof *map);
        return 0;
    }
    if (make_maps(cam, act, &clusters, p->cluster_map, &parts))
        return -1;
    if (parts.count == 1) { /* nothing to choose from: no passes */
        min_max(parts.map, parts.plane, 0, map);
        return 0;
    }
    if (score_parts(cam, p, &parts))
        return -1;
    const bool is_raw = !p->merge_norm || (p->select == SELECT_EXTREME && p->merge == MERGE_WEIGHTED);
    for (int i = 0; i < parts.count && !is_raw; i++) {
        float *own = parts.map + i * parts.plane;
        min_max(own, parts.plane, 0, own);
    }
    return select_and_merge(cam, p, &parts, map);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct clustercam *p = params;
    const int clusters = p->clusters ? p->clusters : cluster_count_limit(layer->c);
    return (struct cost){.full = (clusters < layer->c ? clusters : layer->c) + 1 + (p->baseline != BASELINE_NONE)};
}

static const struct param params[] = {
    PARAM_INT_OR(struct clustercam, clusters, "auto", 10, 1, 65536, "K; auto: the knee of the inertia curve"),
    PARAM_ENUM(struct clustercam, feature_norm, CHANNEL_NORM_CHOICES, "how each channel is normalised to cluster it"),
    PARAM_ENUM(struct clustercam, clusterer, CLUSTERER_CHOICES, "how channels are grouped"),
    PARAM_INT(struct clustercam, n_init, 10, 1, 100, "seedings of k-means; the best is kept"),
    PARAM_ENUM(struct clustercam, cluster_map, "mean|sum|normalized_mean", "how a cluster's channels become its map"),
    PARAM_ENUM(struct clustercam, score, "prob|logit", "score of a masked image"),
    PARAM_ENUM(struct clustercam, baseline, "none|zero|blur", "image whose score is subtracted"),
    PARAM_ENUM(struct clustercam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0 without a fill: the mean colour, or black"),
    PARAM_ENUM(struct clustercam, fill, MASK_FILL_CHOICES, "image that shows where the mask is 0; zero: as mask_space"),
    PARAM_ENUM(struct clustercam, select, "extreme|split|all",
               "base and scissors: best and worst cluster, above and below the mean, all added"),
    PARAM_ENUM(struct clustercam, merge, "subtract|cut|weighted", "how the scissors are applied to the base"),
    PARAM_BOOL(struct clustercam, merge_norm, true,
               "min-max of each cluster map before the merge (not if extreme and weighted)"),
    PARAM_FLOAT(struct clustercam, lambda, 1, 0, 2, "weight of the scissors; 0: only the base"),
    {0}};

const struct method method_clustercam = {
    .abi = METHOD_ABI,
    .name = "clustercam",
    .title = "Cluster-CAM",
    .year = 2024,
    .source = "feng2023clustercam",
    .version = 1,
    .group = METHOD_MASKS,
    .passes = "K + 1 forwards",
    .params = params,
    .params_size = sizeof(struct clustercam),
    .cost = cost,
    .explain = explain,
};
