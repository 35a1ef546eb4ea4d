/*
 * methods/ward.h - agglomerative clustering by Ward's criterion (Ward 1963), with nearest-neighbour chains (Murtagh
 * 1983). For files of this room.
 */
#ifndef METHODS_WARD_H
#define METHODS_WARD_H

#include "methods/kmeans.h"

/*
 * Writes label[n]: clusters 0..k-1, 1 <= k <= n, numbered in the order of their first points. Starts with each point as
 * a cluster and merges the two whose union adds least to the sum of squared distances from the centres. Takes time
 * O(n^2 d), memory O(n d). 0, or -1 and the context's error.
 */
int ward_clusters(struct cam *cam, struct points points, int k, int *label);

#endif
