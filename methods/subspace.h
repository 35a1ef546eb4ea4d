/*
 * methods/subspace.h - leading eigenvectors of a Gram matrix, which is never formed. For files of this room.
 */
#ifndef METHODS_SUBSPACE_H
#define METHODS_SUBSPACE_H

#include "methods/method.h"

/*
 * Writes basis (count,n): orthonormal vectors that span the `count` leading eigenvectors of R R^T, for rows R (n,d),
 * row-major; count <= n. Orthogonal iteration from a random start, until the span moves by less than 1e-6 or for 300
 * rounds. If R has a lower rank, the remaining vectors are an arbitrary orthonormal complement. 0, or -1 and the
 * context's error.
 */
int leading_subspace(struct cam *cam, const double *rows, int n, int d, int count, struct random_stream *random,
                     double *basis);

#endif
