/* tests/session_calls.h - the calls of a session that tests make most. */
#ifndef TESTS_SESSION_CALLS_H
#define TESTS_SESSION_CALLS_H

#include "nn/nn.h"

static inline void run_forward(struct session *session, int n, session_source *source, void *context, float *logits)
{
    session_run(session, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, n, source, context}, logits);
}

static inline void run_tail(struct session *session, int layer, int n, session_source *source, void *context,
                            float *logits)
{
    session_run(session, &(struct session_batch){layer, SESSION_PLANES, n, source, context}, logits);
}

static inline void run_tail_pooled(struct session *session, int layer, int n, session_source *source, void *context,
                                   float *logits)
{
    session_run(session, &(struct session_batch){layer, SESSION_POOLED, n, source, context}, logits);
}

/* The gradient of one layer, or of the input, at `value`. */
static inline int run_gradient(struct session *session, int layer, const float *value, const float *cotangent,
                               float *logits, float *gradient, struct error *err)
{
    const struct session_backward backward = {.cotangent = cotangent,
                                              .from = layer,
                                              .value = value,
                                              .layer_count = 1,
                                              .layers = &layer,
                                              .gradients = &gradient};
    return session_gradients(session, &backward, logits, err);
}

#endif
