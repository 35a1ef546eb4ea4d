/*
 * nn/foreign.h - networks whose passes are run by someone else's functions, such as those of another process.
 *
 * The functions of nn/nn.h work on such a network as on others, but for those that need the graph: multipliers, rules
 * other than the gradient, visitors of a backward pass. They fail and say what was needed. There are
 * no steps, and no short cuts. A session's side values are the input of its last base pass.
 */
#ifndef NN_FOREIGN_H
#define NN_FOREIGN_H

#include "nn/nn.h"

/* Passes of the whole network, or from a layer on. */
struct foreign_batch {
    int from;               /* layer, or SESSION_INPUT */
    const float *input;     /* (C,H,W) of the image, for passes from a layer: the network may need its other values */
    int n;                  /* 1 .. foreign->batch */
    session_source *source; /* writes an item (C,h,w); `workers` threads may call it at once */
    void *context;
    int workers;
};

/* Gradients of sum_k q[k] * logit[k] at an input. */
struct foreign_gradients {
    const float *input;       /* (C,H,W) */
    session_cotangent *weigh; /* writes q (K) */
    void *context;
    int layer_count;
    const int *layers; /* layers, or SESSION_INPUT */
    float *const *gradients;
};

/* The derivative of the logits along a direction at a layer. */
struct foreign_tangent {
    const float *input; /* (C,H,W) */
    int layer;
    const float *direction; /* (C,h,w) */
};

/* Functions of a connection, which one thread uses at a time. They return 0, or -1 and an error. */
struct foreign_work {
    const char *name; /* what network_kernels() returns: "process" */
    /* Makes a connection for a session of `workers` threads; NULL and an error. `state` is the network's. */
    void *(*open)(const void *state, const struct network *network, int workers, struct error *err);
    void (*close)(void *connection);
    /* From now on work may end, with an error, once *stop is not 0. */
    void (*watch)(void *connection, const volatile sig_atomic_t *stop);
    /* Gets ready for passes: what takes time once, or again after an error. Passes do it too if it was not called. */
    int (*prepare)(void *connection, struct error *err);
    /* Writes logits (n,K); `layers`, if not NULL, is for n = 1 and receives the value of each layer. */
    int (*forward)(void *connection, const struct foreign_batch *batch, float *logits, float *const *layers,
                   struct error *err);
    int (*gradients)(void *connection, const struct foreign_gradients *wanted, float *logits, struct error *err);
    int (*tangent)(void *connection, const struct foreign_tangent *wanted, float *tangent, struct error *err);
};

struct foreign_layer {
    const char *name;
    struct shape shape;
};

struct foreign {
    struct shape input;
    int classes; /* outputs (K) */
    int batch;   /* most images in one call of forward() */
    int layer_count;
    const struct foreign_layer *layers;
    const struct foreign_work *work;
    const void *state; /* of the functions */
};

/* Copies all but the functions and their state, which must outlive the network. NULL and an error: no memory. */
struct network *network_create_foreign(const struct foreign *foreign, struct error *err);

/*
 * Adds a node to a graph that stands for such a network: it names a layer and has a shape, and cannot be computed.
 * `macs` is for estimates of time.
 */
int graph_foreign(struct graph *graph, const char *name, int input, struct shape shape, double macs);

/* -- for the files of nn/ ------------------------------------------------------------------------------------------- */

struct foreign_session;

/* Of session_create(); the others are what the functions of nn/nn.h do for such a network. NULL and an error. */
struct foreign_session *foreign_open(const struct network *network, int workers, struct error *err);
void foreign_close(struct foreign_session *session);
void foreign_stop_when(struct foreign_session *session, const volatile sig_atomic_t *stop);
int foreign_prepare(struct foreign_session *session, struct error *err);
int foreign_take_error(struct foreign_session *session, struct error *err);
void foreign_run(struct foreign_session *session, const struct session_batch *given, float *logits);
void foreign_base(struct foreign_session *session, const float *input, float *logits, float *const *layers);
float *foreign_side(struct foreign_session *session); /* the input of the last base pass (C,H,W) */
int foreign_run_gradients(struct foreign_session *session, const struct session_backward *given, float *logits,
                          struct error *err);

/* At the input of the last base pass. */
int foreign_run_tangent(struct foreign_session *session, int layer, const float *direction, float *tangent,
                        struct error *err);

/* Fails: "needs WHAT, which a network that another program runs does not have". */
int foreign_lacks(const char *what, struct error *err);

#endif
