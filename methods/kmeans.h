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

/*
 * Allocates the state for up to `clusters` clusters of these points; lives until explain() returns. NULL and the
 * context's error.
 */
struct k_means *k_means_create(struct cam *cam, struct points points, int clusters);

/*
 * Writes label[n]: clusters 0..k-1, numbered in the order of their first points. 1 <= k <= n, and k is at most the
 * number given to k_means_create(). Keeps the best of `restarts` seedings; each stops when no label changes, or after
 * 300 rounds. A point at equal distances goes to the lower index; an emptied cluster gets the point farthest from its
 * centre, so that no cluster is empty. Returns the inertia, the sum of squared distances.
 */
double k_means(struct k_means *work, int k, int restarts, struct random_stream *random, int *label);

#endif
