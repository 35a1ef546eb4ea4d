/*
 * nn/nn.h - the engine's public interface: weights, networks, sessions.
 *
 * graph (nn/graph.h) + weights -> network (folded, fused, packed; read-only, shared by all threads) -> session (one
 * planned workspace per worker; used by one caller at a time). Values are float32: NHWC inside the engine, (C,h,w) and
 * (3,H,W) in this interface.
 *
 * A step may work on several images and on several threads, but the sequence of operations that computes a number is
 * fixed by the network and the kernels. So a result never depends on the batch, the number of threads or what ran
 * before.
 */
#ifndef NN_NN_H
#define NN_NN_H

#include "base/error.h"
#include "nn/graph.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* One value of one image, row-major (c,h,w); the declaration that holds one says who owns the data. */
struct tensor {
    int c, h, w;
    const float *data;
};

static inline size_t tensor_plane(const struct tensor *tensor)
{
    return (size_t)tensor->h * (size_t)tensor->w;
}

static inline size_t tensor_size(const struct tensor *tensor)
{
    return (size_t)tensor->c * tensor_plane(tensor);
}

/* Named tensors as torch stores them; names and data (float32, row-major) are owned by the code that fills this in. */
struct weight {
    const char *name;
    int rank, dim[4];
    float *data;
};

struct weights {
    int count;
    struct weight *list;
};

struct network; /* read-only after creation, shared by all threads */
struct session; /* used by one caller at a time */

/*
 * Folds batch norm, fuses activation and residual add, packs the weights. `layers` are names of nodes or aliases whose
 * values are needed later (target layers): they are never fused away. Copies what it needs: graph and weights may be
 * freed. Errors: unknown layer (with the nearest name); a tensor that is missing, extra or of another shape; no memory.
 */
struct network *network_create(const struct graph *graph, const struct weights *weights, const char *const *layers,
                               int layer_count, struct error *err);

/*
 * network_create() with a choice of kernels: "openblas", the reference; "avx512", "avx2", "neon" or "portable", our own
 * for these instructions; "auto" or NULL, the best of our own that this processor can run. Numbers differ in the last
 * digits between them. Further error: this processor cannot run kernels of that name.
 */
struct network *network_create_with(const struct graph *graph, const struct weights *weights, const char *const *layers,
                                    int layer_count, const char *kernels, struct error *err);

/*
 * A network with the weights of `other` at the nodes of the graph that takes_other (node) marks, and of `network` at the
 * rest. Both were made of one graph, with the same layers and kernels, and must outlive it. Weights are not copied.
 * Errors: they are not alike; functions of others run them; no memory.
 */
struct network *network_mix(const struct network *network, const struct network *other, const bool *takes_other,
                            struct error *err);

const char *network_kernels(const struct network *network); /* the chosen name, never "auto" */
void network_free(struct network *network);

/* Checks names and shapes only; the errors are those of network_create() about weights. */
int network_check_weights(const struct graph *graph, const struct weights *weights, struct error *err);

int network_classes(const struct network *network); /* outputs (K); class_count() of them are the classes */
struct shape network_input(const struct network *network);
int network_layer_count(const struct network *network);
struct shape network_layer_shape(const struct network *network, int layer); /* position in `layers` */
const char *network_layer_name(const struct network *network, int layer);
int network_find_layer(const struct network *network, const char *name); /* -1: it was not in `layers` at creation */

/* Whether functions of others run it (nn/foreign.h); what needs the graph then fails and says so. */
bool network_is_foreign(const struct network *network);

/* A step of the compiled network, in order of work: what was fused, which kernel was chosen. */
struct step_info {
    const char *name, *op;  /* of the first of the fused nodes */
    const char *kernel;     /* "im2col+gemm"; "" where there is no choice */
    const char *activation; /* "relu", "" */
    bool has_residual;
    int panel;               /* channels of a panel in which the result lies (docs/architecture.md); 0: NHWC */
    struct shape shape;      /* of the result */
    double macs, bytes;      /* per image; values read and written, weights not counted */
    size_t workspace_offset; /* floats; (size_t)-1: not in the image's workspace */
};
int network_step_count(const struct network *network);
struct step_info network_step(const struct network *network, int step);

/* Whether the tail of a layer is global average pooling and one linear layer. */
bool network_pooled_linear(const struct network *network, int layer);

/*
 * Whether a layer has a channel for each output and its tail is global average pooling, after one activation at most:
 * the layer's channels are the maps of the classes (SqueezeNet's last convolution).
 */
bool network_pooled_classes(const struct network *network, int layer);

/* For a tail of network_pooled_linear(): writes the derivative of the logits by the mean of one channel, column (K). */
void network_pooled_column(const struct network *network, int layer, int channel, float *column);

/* Likewise, the derivative of one output by the means of all channels of the layer, row (C). */
void network_pooled_row(const struct network *network, int layer, int output, float *row);

/*
 * `workers` threads share the work of one call: its images or, if there are fewer images than workers, parts of a step.
 * A caller inside a parallel region must use 1. The network must outlive the session. Errors: no memory.
 */
struct session *session_create(const struct network *network, int workers, struct error *err);
void session_free(struct session *session);
const struct network *session_network(const struct session *session);

/*
 * From now on the session runs `network`: the one of which it was made, or a mix of that one (network_mix()). It has no
 * base pass until the next session_base() or session_side_restore().
 */
void session_use(struct session *session, const struct network *network);

/*
 * Lets tails use the shortcut of nn/difference.h: where few inputs of a first linear layer with many features (VGG)
 * differ from those of the last base pass, or from 0, only the difference is computed. Results agree to 1e-5. Off by
 * default.
 */
void session_allow_differences(struct session *session, bool are_allowed);

/*
 * Lets base passes keep every value, so that gradients to the input that are taken at the same input do not compute them
 * again. Results have the same bits. For sessions of one worker: others ignore it. Memory: all values and gradients,
 * which gradients to the input need anyway (ResNet-50: 2 x 43 MiB). Off by default.
 */
void session_keep_tape(struct session *session, bool is_kept);

/*
 * Once *stop is not 0, images of a batch and backward passes are left out. Their results are undefined, and the caller
 * must discard them.
 */
void session_stop_when(struct session *session, const volatile sig_atomic_t *stop);
bool session_is_stopped(const struct session *session);

/*
 * A team: sessions of one worker that were made of the same network, each used by a thread of its own. A thread that has
 * no work left calls session_help(): it runs parts of the others' batches, in its own session's workspace, and returns
 * when all of the team have called it, with the seconds of these parts. No result depends on who runs what. session_team_free() comes after that.
 */
struct session_team;
struct session_team *session_team_create(struct session *const *sessions, int count, struct error *err);
void session_team_free(struct session_team *team);
double session_help(struct session *session);

/*
 * Seconds of a clock for the cost of work on this session: that of base/clock.h, with the time that others of its team
 * have worked for it, without the time that it has waited for them. So it does not depend on how many of them helped.
 */
double session_clock(const struct session *session);

/*
 * From now on session_run() adds the time of each step to seconds[step]; NULL ends that. For sessions of one worker
 * only.
 */
void session_profile(struct session *session, double *seconds);

/*
 * Bytes of one worker's planned workspace; of the whole session, before the first gradient adds its own; of a network.
 * The first backward pass packs the weights of the convolutions on its way once more (to the input of ResNet-50:
 * 260 MiB).
 */
size_t session_workspace_bytes(const struct session *session);
size_t session_bytes(const struct session *session);
size_t network_bytes(const struct network *network);

/* Writes image `index` of a batch: (3,H,W) or (C,h,w). Called from several threads at once; keeps no state. */
typedef void session_source(void *context, int index, float *out);

/*
 * For networks that others run; otherwise both return 0 at once. session_prepare() does what takes time once, or again
 * after a failure, so that it is not part of a measured time. If session_run() or session_base() fails, its results are
 * zeros, and the error is kept until one of these two functions returns it (-1).
 */
int session_prepare(struct session *session, struct error *err);
int session_take_error(struct session *session, struct error *err);

#define SESSION_INPUT (-1) /* where a layer is expected: the network's input */

/*
 * How a source writes an image. POOLED is for a tail that network_pooled_linear() finds: the mean of each channel;
 * where the source sums positions in row-major order, the logits equal those of PLANES to the last bit.
 */
enum session_form {
    SESSION_PLANES,    /* (C,h,w), channel after channel */
    SESSION_POSITIONS, /* (h,w,C), the channels of each position side by side, as the engine has them */
    SESSION_POOLED,    /* (C) */
};

/* n images that go through the network, or replace a layer's value so that only the steps after it run. */
struct session_batch {
    int from; /* layer, or SESSION_INPUT */
    enum session_form form;
    int n;
    session_source *source;
    void *context; /* of the source */
};

/* Runs a batch and writes logits (n,K). A tail refers to the image of the last base pass, see session_base(). */
void session_run(struct session *session, const struct session_batch *batch, float *logits);

/*
 * Runs the base pass of one image: writes the logits (K), and the value of each layer to layers[i] (C,h,w). The session
 * also keeps the side values, those that the steps of a tail read besides its layer (a residual branch), so that tails
 * and gradients refer to this image until the next base pass.
 */
void session_base(struct session *session, const float *input, float *logits, float *const *layers);

/*
 * The side values of the last base pass: their number of floats, and copies out of and into the session, so that a
 * caller can go back to an earlier image.
 */
size_t session_side_count(const struct session *session);
void session_side_save(const struct session *session, float *out);
void session_side_restore(struct session *session, const float *in);

/*
 * How a backward pass treats ReLU and ReLU6. All rules are the gradient at every other step: SiLU, hard swish, sigmoid
 * and hard sigmoid are differentiated under every rule, as in programs that hook ReLU modules only.
 */
enum gradient_rule {
    GRADIENT_PLAIN,
    GRADIENT_GUIDED, /* ReLU, ReLU6: also 0 where the gradient is negative (Springenberg et al., arXiv:1412.6806) */
    GRADIENT_DECONVOLUTION, /* ReLU, ReLU6: the gradient's positive part alone (Zeiler and Fergus, arXiv:1311.2901) */
    GRADIENT_GUIDED_RELU, /* GUIDED at ReLU only: ReLU6 has its derivative, as in programs that replace ReLU modules */
};

/*
 * A step of the network in a backward pass, and the gradient at its result before a residual is added and an activation
 * applied. A batch norm that was folded into a convolution is part of its step. Lives until the visitor returns.
 */
struct session_visit {
    const char *name, *op; /* of the node: "conv2d", "batch_norm", "linear", "affine" */
    struct shape shape;
    const float *gradient; /* (h,w,C), the channels of each position side by side */
    const float *bias;     /* (C), added to each position; NULL: none */
    const float *scale;    /* (C) of a folded batch norm; NULL: none */
    const float
        *inner_bias; /* (C), of a convolution with a bias and a folded batch norm: the part of `bias` that is the */
                     /* convolution's, times the scale; NULL: none */
    const float *rectified;        /* (h,w,C), the value after a ReLU that follows without a batch norm; NULL: none */
    const struct visited *visited; /* for session_visit_mix() */
};

/* Called for each step with weights or a bias, from the last to the first. Other than 0 ends the pass. */
typedef int session_visitor(void *context, const struct session_visit *visit);

/*
 * Writes map (h,w) = sum_k weight[k] * scale[k] * channel k of the convolution of a step, without biases. Only for steps
 * with the operator "conv2d". Errors: no memory.
 */
int session_visit_mix(const struct session_visit *visit, const double *weight, float *map, struct error *err);

/* Writes weights q (K) on the logits (K) that the forward part of a backward pass has computed. */
typedef void session_cotangent(void *context, const float *logits, float *q);

/*
 * A vector-Jacobian product J^T q: the gradient of sum_k q[k] * logit[k] with respect to one or several layers, by one
 * backward pass. Its forward part begins at `from`, a layer from which all of `layers` follow: session_gradient_start()
 * finds it.
 */
struct session_backward {
    enum gradient_rule rule;
    const float *cotangent; /* q (K); NULL: `weigh` writes it */
    session_cotangent *weigh;
    void *context;      /* of weigh() */
    int from;           /* layer, or SESSION_INPUT */
    const float *value; /* the value of `from`, (C,h,w) or (3,H,W), at which the gradient is taken */
    int layer_count;
    const int *layers;       /* layers, or SESSION_INPUT */
    float *const *gradients; /* [layer_count], each of its layer's shape */
    session_visitor *visit;  /* NULL: none */
    void *visit_context;
};

/*
 * Writes the gradients. `logits` (K), if not NULL, receives the logits at `value`. Errors: no memory; -1 without a text
 * if the visitor ended the pass. relu'(0) = 0; max pool routes to the first maximum in row-major order.
 */
int session_gradients(struct session *session, const struct session_backward *backward, float *logits,
                      struct error *err);

/*
 * A Jacobian-vector product J v: writes the derivative of the logits (K) at `value` of the layer `from`, along the
 * direction v of the same shape. ReLU, ReLU6 and max pool keep the pattern that they have at `value`. Errors: an
 * operator after the layer is not linear piece by piece (SiLU, hard swish, sigmoid ...); no memory.
 */
int session_tangent(struct session *session, int from, const float *value, const float *direction, float *tangent,
                    struct error *err);

/*
 * DeepLIFT multipliers m by the rescale rule (Shrikumar et al., arXiv:1704.02685), for sum_k q[k] * logit[k]: a backward
 * pass in which an activation f has the slope (f(z) - f(z0)) / (z - z0) between its inputs z at `value` and z0 at
 * `reference`, or f'(z) if they are equal. A max pool routes to its maximum, at the value or at the reference, whichever
 * is larger, with the slope between the two there. So sum(m * (value - reference)) is the difference of the scores.
 */
struct session_lift {
    const float *cotangent;         /* q (K) */
    int from;                       /* layer, or SESSION_INPUT */
    const float *value, *reference; /* of `from`, (C,h,w) */
    float *multipliers;             /* of the same shape */
};

/*
 * Writes the multipliers. Errors: an operator after the layer has none (lrn, layer_norm, softmax, products); no memory.
 */
int session_multipliers(struct session *session, const struct session_lift *lift, struct error *err);

/* The layer among these from which all others follow; SESSION_INPUT if there is none. */
int session_gradient_start(const struct session *session, const int *layers, int count);

/*
 * softmax(logits) (K), with the maximum subtracted and sums in double; softmax_of() returns that of class k, the same
 * bits.
 */
void softmax(const float *logits, int classes, float *probabilities);
float softmax_of(const float *logits, int classes, int k);

/*
 * Classes and their scores from a network's outputs. Several outputs are logits, with softmax. One output z is the
 * logit of a sigmoid for two classes: class 1 has logit z and probability sigmoid(z), class 0 has -z and sigmoid(-z).
 */
int class_count(int outputs);
float class_logit(const float *output, int outputs, int k);
float class_probability(const float *output, int outputs, int k);
void class_scores(const float *output, int outputs, float *logits, float *probabilities); /* (class_count) each */

/* Turns weights on the classes' logits (class_count) into weights on the outputs (outputs), for session_gradients(). */
void class_cotangent(const float *logits, int outputs, float *output);

/*
 * Bilinear enlargement of `count` planes (h,w) to (H,W): half-pixel centres (align_corners false), or corners aligned.
 * Equals torch.nn.functional.interpolate.
 */
void upsample_bilinear(const float *in, int count, int h, int w, float *out, int out_h, int out_w, bool align_corners);

/* The transpose of upsample_bilinear(), half-pixel centres: from one plane (in_h,in_w) to a smaller one (h,w). */
void upsample_transposed(const double *in, int in_h, int in_w, double *out, int h, int w);

#endif
