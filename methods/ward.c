/*
 * methods/ward.c - agglomerative clustering by Ward's criterion.
 *
 * A chain goes from a cluster to its nearest one until two are each other's nearest; these are merged. That finds the
 * same tree as merging the nearest pair of all again and again, but not in order of height, so merges are sorted.
 */
#include "methods/ward.h"

#include <stdlib.h>

struct merge {
    int a, b; /* a point of each cluster */
    int order;
    double height;
};

struct ward {
    int n, d;
    double *centre; /* (n,d); a cluster is kept at the place of its first point */
    int *size;      /* 0: merged into another one */
    int *chain;
    struct merge *merges; /* (n-1) */
};

static int ward_init(struct cam *cam, struct points points, struct ward *ward)
{
    const size_t n = (size_t)points.n, size = n * (size_t)points.d;
    *ward = (struct ward){points.n,
                          points.d,
                          cam_alloc(cam, size, sizeof *ward->centre),
                          cam_alloc(cam, n, sizeof *ward->size),
                          cam_alloc(cam, n, sizeof *ward->chain),
                          cam_alloc(cam, n, sizeof *ward->merges)};
    if (!ward->centre || !ward->size || !ward->chain || !ward->merges)
        return -1;
    for (size_t i = 0; i < size; i++)
        ward->centre[i] = points.data[i];
    for (size_t i = 0; i < n; i++)
        ward->size[i] = 1;
    return 0;
}

/* What the union of two clusters adds to the sum of squares. */
static double distance(const struct ward *ward, int a, int b)
{
    const double *x = ward->centre + (size_t)a * ward->d, *y = ward->centre + (size_t)b * ward->d;
    double squares = 0;
    for (int j = 0; j < ward->d; j++)
        squares += (x[j] - y[j]) * (x[j] - y[j]);
    return squares * ward->size[a] * ward->size[b] / (ward->size[a] + ward->size[b]);
}

/* The cluster nearest to `a`. Of equal ones `before`, so that the chain ends (-1: none), else the first. */
static int nearest(const struct ward *ward, int a, int before, double *least)
{
    int best = before;
    *least = before < 0 ? INFINITY : distance(ward, a, before);
    for (int b = 0; b < ward->n; b++) {
        if (b == a || b == before || ward->size[b] == 0)
            continue;
        const double d = distance(ward, a, b);
        if (best < 0 || d < *least) {
            best = b;
            *least = d;
        }
    }
    return best;
}

/* Keeps the union at the place of the lower of the two. */
static void unite(struct ward *ward, int a, int b)
{
    const int keep = a < b ? a : b, gone = a < b ? b : a;
    double *x = ward->centre + (size_t)keep * ward->d;
    const double *y = ward->centre + (size_t)gone * ward->d;
    const double sizes = ward->size[keep] + ward->size[gone];
    for (int j = 0; j < ward->d; j++)
        x[j] = (x[j] * ward->size[keep] + y[j] * ward->size[gone]) / sizes;
    ward->size[keep] += ward->size[gone];
    ward->size[gone] = 0;
}

static void make_tree(struct ward *ward)
{
    int length = 0, first = 0;
    for (int m = 0; m < ward->n - 1;) {
        while (ward->size[first] == 0)
            first++;
        if (length == 0)
            ward->chain[length++] = first;
        const int a = ward->chain[length - 1], before = length > 1 ? ward->chain[length - 2] : -1;
        double height;
        const int b = nearest(ward, a, before, &height);
        if (b != before) {
            ward->chain[length++] = b;
            continue;
        }
        ward->merges[m] = (struct merge){a, b, m, height};
        unite(ward, a, b);
        length -= 2;
        m++;
    }
}

static int by_height(const void *a, const void *b)
{
    const struct merge *x = a, *y = b;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return x->order - y->order;
}

static int root_of(int *parent, int i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Does the lowest merges, until k clusters are left. */
static void cut_tree(struct ward *ward, int k, int *label)
{
    int *parent = ward->chain, *number = ward->size, used = 0; /* no longer needed otherwise */
    qsort(ward->merges, (size_t)ward->n - 1, sizeof *ward->merges, by_height);
    for (int i = 0; i < ward->n; i++) {
        parent[i] = i;
        number[i] = -1;
    }
    for (int m = 0; m < ward->n - k; m++)
        parent[root_of(parent, ward->merges[m].b)] = root_of(parent, ward->merges[m].a);
    for (int i = 0; i < ward->n; i++) {
        int *own = &number[root_of(parent, i)];
        if (*own < 0)
            *own = used++;
        label[i] = *own;
    }
}

int ward_clusters(struct cam *cam, struct points points, int k, int *label)
{
    struct ward ward;
    if (ward_init(cam, points, &ward))
        return -1;
    make_tree(&ward);
    cut_tree(&ward, k, label);
    return 0;
}
