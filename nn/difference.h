/*
 * nn/difference.h - inside nn/: the first linear layer of a tail on rows that are nearly empty, or nearly the base pass's.
 *
 * A tail on masked activations leaves most features 0, one on a changed channel leaves most as they were. Then
 * W x = W x0 + W (x - x0) needs few columns of W, with x0 = 0 or the base pass's row. The choice is made for each row
 * separately, so that a row's result does not depend on the rest of the batch.
 */
#ifndef NN_DIFFERENCE_H
#define NN_DIFFERENCE_H

#include "base/arena.h"
#include "nn/op.h"

struct difference;

/* Is it worth while for this step? Those with many features and packed weights. */
bool difference_applies(const struct step *step, struct shape in);

/* For chunks of CHUNK_IMAGES rows; in the arena. NULL: no memory. */
struct difference *difference_create(struct arena *arena, const struct step *step, int features);

/* What base pass the rows belong to: its row (features), kept as a copy. */
void difference_set_base(struct difference *difference, const float *row);
const float *difference_base(const struct difference *difference);

/*
 * The step on io->images rows, by all threads of the parallel region that calls it. Rows that differ in many features from
 * both go the usual way.
 */
void difference_forward(struct difference *difference, const struct step *step, const struct step_io *io);

#endif
