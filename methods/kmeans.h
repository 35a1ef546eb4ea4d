/*
 * methods/kmeans.h - k-means (Lloyd 1982) seeded by k-means++ (Arthur, Vassilvitskii 2007). For files of this room.
 */
#ifndef METHODS_KMEANS_H
#define METHODS_KMEANS_H

#include "methods/method.h"

/* n points of d coordinates, row-major; owned by the code that fills this in. */
struct points {
    int n, d;
    const float *data;
};

/* Scratch for up to `clusters` clusters of these points, until the next image; NULL and the context's error. */
struct k_means *k_means_create(struct cam *cam, struct points points, int clusters);

/*
 * Writes label[n], 0..k-1 in the order of each cluster's first point; 1 <= k <= n, k at most what was created for. No
 * cluster is empty. The best of `restarts` seedings; each stops when no label changes, or after 300 rounds; a point at
 * equal distances goes to the lower index, an emptied cluster gets the point farthest from its centre. Returns the
 * inertia, the sum of squared distances.
 */
double k_means(struct k_means *work, int k, int restarts, struct random_stream *random, int *label);

#endif
