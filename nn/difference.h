/*
 * nn/difference.h - inside nn/: a shortcut for the first linear layer of a tail, for rows with few changed features.
 *
 * Masked activations leave most features of a row 0, and a changed channel leaves most as they were in the base pass.
 * Then W x = W x0 + W (x - x0) needs few columns of W, where x0 is 0 or the base pass's row. The choice is made for
 * each row separately, so that a row's result does not depend on the rest of the batch.
 */
#ifndef NN_DIFFERENCE_H
#define NN_DIFFERENCE_H

#include "base/arena.h"
#include "nn/op.h"

struct difference;
struct session;

/* Makes the state for chunks of up to CHUNK_IMAGES rows, in the arena; NULL: no memory. */
struct difference *difference_create(struct arena *arena, const struct step *step, int features);

/* Sets (copies) and returns the base pass's row (features), with which the following rows are compared. */
void difference_set_base(struct difference *difference, const float *row);
const float *difference_base(const struct difference *difference);

/* Discards the base pass's row and its results, because the weights change. */
void difference_forget(struct difference *difference);

/*
 * Runs the step on io->images rows, shared by the session's threads. Rows that differ in many features both from 0 and
 * from the base pass's row are computed in the usual way.
 */
void difference_forward(struct session *session, struct difference *difference, const struct step *step,
                        const struct step_io *io);

#endif
