/*
 * methods/channel_clusters.h - groups a layer's channels by the similarity of their maps. For files of this room.
 */
#ifndef METHODS_CHANNEL_CLUSTERS_H
#define METHODS_CHANNEL_CLUSTERS_H

#include "methods/method.h"

/* How a channel (h,w) becomes a vector; one whose range, deviation or length is 0 becomes zeros. */
enum channel_norm { CHANNEL_NORM_MINMAX, CHANNEL_NORM_NONE, CHANNEL_NORM_L2, CHANNEL_NORM_ZSCORE };
#define CHANNEL_NORM_CHOICES "minmax|none|l2|zscore"

void normalise_channel(int how, const float *values, size_t n, float *out);

/* spectral: k-means of the leading eigenvectors of the normalised affinity (1 + cosine) / 2; chunk: neighbours. */
enum clusterer { CLUSTERER_K_MEANS, CLUSTERER_SPECTRAL, CLUSTERER_CHUNK };
#define CLUSTERER_CHOICES "k_means|spectral|chunk"

struct clustering {
    int clusters; /* 0: the knee of k-means' inertia over 3 .. cluster_count_limit() */
    int feature_norm, clusterer;
    int restarts; /* of k-means */
};

/* `count` groups of the n channels that are not constant. */
struct clusters {
    int count, n;
    int *channel; /* (n), ascending */
    int *label;   /* (n), of 0..count-1 in the order of each group's first channel; no group is empty */
};

/* The largest number that `clusters` = 0 chooses for n channels: ceil(sqrt(n)) + 1. */
int cluster_count_limit(int n);

/*
 * Groups the channels of act. There are fewer groups than how->clusters if fewer channels vary, none if all are
 * constant. The arrays live until explain() returns. 0, or -1 and the context's error.
 */
int cluster_channels(struct cam *cam, const struct tensor *act, const struct clustering *how,
                     struct clusters *clusters);

#endif
