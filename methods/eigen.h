/*
 * methods/eigen.h - principal components of features: the channels' vectors at each position. For files of this room.
 *
 * Z (h*w,C) has a row for each position. Sums are in double and in a fixed order, and LAPACK runs on one thread.
 */
#ifndef METHODS_EIGEN_H
#define METHODS_EIGEN_H

#include "methods/method.h"

/* An eigenvector has no sign of its own. */
enum eigen_sign {
    EIGEN_ABSMAX,    /* the value of largest magnitude is positive */
    EIGEN_CORR_MEAN, /* correlates positively with the mean of the channels */
    EIGEN_RAW,       /* as LAPACK returns it */
};
#define EIGEN_SIGN_CHOICES "absmax|corr_mean|raw"

#define EIGEN_SIZE_MAX 4096 /* of a matrix: 128 MiB */

/* Z transposed (C,h*w), in double; minus the mean of each channel if `is_centred`. NULL and the context's error. */
double *eigen_features(struct cam *cam, const struct tensor *z, bool is_centred);

/* Upper triangle of rows^T rows (n,n), for rows (count,n). NULL and the context's error: n is above EIGEN_SIZE_MAX. */
double *eigen_gram(struct cam *cam, const double *rows, size_t count, size_t n);

/*
 * Writes the largest eigenvalue of a symmetric matrix (n,n) and its eigenvector (n), of length 1 and any sign. Reads
 * the upper triangle, overwrites the matrix; values must be finite. 0, or -1 and the context's error.
 */
int eigen_leading(struct cam *cam, double *matrix, size_t n, double *value, double *vector);

/* Negates the values if the one of largest magnitude is negative. */
void eigen_make_largest_positive(double *values, size_t n);

/*
 * Writes map (h,w) = Z v, v the first right singular vector of Z, centred first if `is_centred`: zeros if Z is 0,
 * NaN if a value of z (C,h,w) is not finite. If the two largest singular values are equal, v is any vector of their
 * plane. 0, or -1 and the context's error.
 */
int eigen_map(struct cam *cam, const struct tensor *z, bool is_centred, enum eigen_sign sign, float *map);

#endif
