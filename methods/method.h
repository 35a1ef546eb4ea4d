/*
 * methods/method.h - what a CAM method is and how it talks to the harness.
 *
 * A method turns one image and one class into a map of evidence. It is one file that includes this header and defines
 * `const struct method method_NAME`; the build finds that line. Tensors are float32, row-major: (C,h,w) of the target
 * layer, (C,H,W) of the network's input, which is normalised (mean 0, deviation 1). What the context returns is
 * read-only and never freed: the pass's own values live as long as the image, scratch and results of a call until
 * explain() returns. A call that fails returns NULL or -1 and has filled the context's error, and the method returns
 * -1; for a failure of its own it calls cam_fail().
 */
#ifndef METHODS_METHOD_H
#define METHODS_METHOD_H

#include "base/arena.h"
#include "base/cost.h"
#include "base/error.h"
#include "base/numbers.h"
#include "base/param.h"
#include "base/random.h"
#include "nn/nn.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct cam; /* the context of a call: one image, its class, one target layer */

/* Version of struct method and of the functions below; raised when methods must be changed to fit them. */
#define METHOD_ABI 2

/* Properties of a method, for `flags`. */
enum method_flag {
    METHOD_ORIGINAL_ONLY =
        1, /* has maps only for the pictures of an image set, not for a masked or otherwise changed input, unless
              has_other_maps() says that its parameters bring those too */
    METHOD_CHANNEL_MAPS = 2, /* its map is a sum over channels, and it fills cam_channel_maps() */
    METHOD_NEEDS_GRAPH = 4,  /* has no maps of networks that another program runs (nn/foreign.h): uses
                                cam_pooled_weights(), cam_multipliers(), cam_visit_gradients() or a gradient_rule */
};

/* What a method needs; listings are sorted by it. */
enum method_group {
    METHOD_ACTIVATIONS,    /* the target layer's activations alone */
    METHOD_GRADIENT,       /* gradients at layers */
    METHOD_MASKS,          /* full passes on masked inputs */
    METHOD_TAIL,           /* tail passes on changed activations */
    METHOD_INPUT_GRADIENT, /* gradients at the input or at all layers */
    METHOD_META,           /* wraps other methods or programs */
    METHOD_CONTROL,        /* a control that explanations are compared with: drawn grey, never marked best */
};

enum method_map {
    METHOD_MAP_LAYER, /* the map has the size of the target layer (h,w) */
    METHOD_MAP_INPUT, /* the map has the size of the input (H,W) */
};

/* The size of a map and how it is post-processed; see `form` below. */
struct map_form {
    int h, w;
    bool is_signed, is_normalised;
};

struct method {
    int abi;            /* METHOD_ABI */
    const char *name;   /* key in configs and results, [a-z0-9_]+; never renamed; the file's name */
    const char *title;  /* as printed in tables: "Grad-CAM" */
    int year;           /* of publication; 0: none */
    const char *source; /* key in docs/references.bib; NULL: none */
    int version;        /* raised when equal input gives other numbers */
    enum method_group group;
    const char *peers;  /* its names in other programs: "pytorch-grad-cam HiResCAM; captum ..."; NULL: none has it */
    const char *passes; /* its cost as printed in lists: "1 forward, 1 backward of the tail" */
    enum method_map map;
    unsigned flags;             /* of enum method_flag */
    bool is_signed;             /* negative values are not cut off before min-max */
    bool is_normalised;         /* the map is in [0,1] already: no ReLU, no min-max */
    const struct param *params; /* rows of the method's own struct, ends with {0}; NULL: none */
    size_t params_size;         /* of that struct */
    /*
     * Explains cam_class(cam). `params` is the method's struct, inside its ranges. Writes map: h*w or H*W floats (see
     * `map`) at any scale. A value that is not finite makes the map undefined, and the run counts such maps. The
     * harness applies ReLU, min-max and enlargement (the protocol's post-processing). Returns 0, or -1 and the
     * context's error. Prints nothing and keeps no state except that of open(), so that two threads may explain two
     * images at once.
     */
    int (*explain)(struct cam *cam, const void *params, float *map);
    /* For METHOD_ORIGINAL_ONLY: whether these parameters bring maps of changed inputs. NULL: none do. */
    bool (*has_other_maps)(const void *params);
    /*
     * For methods whose map's form depends on the parameters (several layers fused, a ReLU that can be switched off).
     * `form` holds the values of `map`, `is_signed` and `is_normalised`; the function changes them before explain() is
     * called with a map of that size. NULL: nothing to change. Returns 0, or -1 and the context's error.
     */
    int (*form)(struct cam *cam, const void *params, struct map_form *form);
    /*
     * State that outlives an image: an open file, a table, a helper process. A worker (a thread with its session) calls
     * open() before its first map of these parameters and close() when it ends; cam_state() returns the state in
     * between. `arena` lives until after close(). On failure open() returns NULL with `err` filled, and close() is not
     * called. Both are optional; close() may be NULL if open() is not.
     */
    void *(*open)(const void *params, struct arena *arena, struct error *err);
    void (*close)(void *state);
    /* For methods that take their title from a file or a program: the state's own; NULL: `title`. Optional. */
    const char *(*title_of)(const void *state);
    /*
     * Expected passes for one map at a layer (C,h,w, without data) and an input: fills full (including the base pass),
     * tail and backward of struct cost. A run uses it for its plan: methods with more than one full pass are scheduled
     * first. NULL: the base pass only. cost_of_gradient(): the base pass and one backward pass.
     */
    struct cost (*cost)(const void *params, const struct tensor *layer, struct shape input);
    /*
     * Likewise for a method that names layers (PARAM_LAYERS) and whose passes depend on their channels: `layers` has the
     * shape of each. A run calls it instead of cost() where layers are named. Optional.
     */
    struct cost (*cost_of_layers)(const void *params, const struct tensor *layers, struct shape input);
    /*
     * Checks parameters whose ranges are not enough, such as a method that cannot be wrapped, before a run begins. NULL:
     * nothing to check. 0, or -1 with `err` filled.
     */
    int (*check)(const void *params, struct error *err);
};

/* The field of a PARAM_METHOD row holds a struct param_named (base/param.h): a method with its parameters. */
int cam_find_base(const char *name, struct param_named *out, struct error *err);

/* clang-format off */
#define PARAM_METHOD(S, field, default, text) \
    PARAM_ROW(S, field, NAMED, .fallback = default, .find = cam_find_base, \
              .allowed = "method, or {name: METHOD, params: {...}}", .help = text)
/* clang-format on */

struct cost cost_of_gradient(const void *params, const struct tensor *layer, struct shape input);

/* Whether the method, or one that it wraps, has no maps of changed inputs with these parameters. */
bool method_is_original_only(const struct method *method, const void *params);

/* Whether it has no maps of inputs other than an image set's pictures and those that metrics write. */
bool method_has_given_inputs(const struct method *method, const void *params);

/* Whether the method, or one that it wraps, has METHOD_NEEDS_GRAPH. */
bool method_needs_graph(const struct method *method, const void *params);

/* The program's own methods, sorted by name; written by the build; ends with NULL. Plugins add to methods_all(). */
extern const struct method *const methods[];

/* -- the image, the class, the base pass ------------------------------------------------------------------------- */

const float *cam_input(struct cam *cam); /* x (C,H,W), normalised */
struct shape cam_input_shape(const struct cam *cam);
const char *cam_image_name(const struct cam *cam); /* in the image set; outside one, the picture's path */
int cam_image_index(const struct cam *cam);        /* position in the image set, from 0; -1 outside one */

/*
 * Which input of the image x is: "" under the run's first protocol, "PROTOCOL" under another one that prepares the input or
 * chooses the class differently; "explanation/PROTOCOL" x*m, "rest/PROTOCOL" x*(1-m), "METRIC/PROTOCOL/INDEX" an input that a
 * metric writes; "METRIC/PROTOCOL" x for another class, which a metric requests; "other/input" after cam_at_input().
 */
const char *cam_input_name(const struct cam *cam);
const char *cam_network_name(const struct cam *cam); /* the backbone's label in the results */
const char *cam_label(const struct cam *cam);        /* the method's label in the results */
int cam_class(const struct cam *cam);                /* c, fixed on the unmasked image by the protocol */
int cam_classes(const struct cam *cam);              /* K; 2 if the network has one output z, a sigmoid's logit */
const float *cam_logits(struct cam *cam);            /* y (K); (-z, z) if the network has one output */
const float *cam_probabilities(struct cam *cam);     /* softmax(y) (K); sigmoid(y) if the network has one output */
bool cam_is_sigmoid(const struct cam *cam);          /* whether the network has one output, a sigmoid's logit */
float cam_logit(struct cam *cam);                    /* y_c */
float cam_probability(struct cam *cam);              /* p_c */

/* A (C,h,w): the target layer's value for the image. */
const struct tensor *cam_activations(struct cam *cam);

/*
 * A context for another layer of the same pass, which a PARAM_LAYERS row of the method must name. NULL and an error if
 * not.
 */
struct cam *cam_layer(struct cam *cam, const char *name);

/*
 * The class's weights of CAM (C): if the tail is global average pooling and one linear layer, its row of that layer, the
 * derivative of y_c by the channels' means. If the layer has a map for each class and its tail is global average pooling,
 * after one activation at most, 1 for the class's own channel. NULL and an error if the tail is another.
 */
const float *cam_pooled_weights(struct cam *cam);

/* -- gradients --------------------------------------------------------------------------------------------------- */

enum cam_score {
    CAM_LOGIT,           /* y_c */
    CAM_PROBABILITY,     /* p_c */
    CAM_LOG_PROBABILITY, /* log p_c */
    CAM_REST,            /* y_c + log p_c */
};
#define CAM_SCORE_CHOICES "logit|prob|logprob|rest"

/* d score / d A (C,h,w), at the target layer; computed once per image and score (per call with cam_at_input()). */
const struct tensor *cam_gradient(struct cam *cam, enum cam_score score);

/* J^T q (C,h,w) for any weights q (K) on the logits; computed at each call. */
const struct tensor *cam_gradient_of(struct cam *cam, const float *cotangent);

/*
 * d score / d A for each named layer, [names->count], all by one backward pass under a rule (nn/nn.h); without names,
 * for the target layer. Computed once per image, score, rule and list of layers.
 */
const struct tensor *cam_gradients(struct cam *cam, const struct param_names *names, enum cam_score score,
                                   enum gradient_rule rule);

/* J v (K) for a direction v (C,h,w) at the target layer: how the logits change along it (session_tangent()). */
const float *cam_tangent(struct cam *cam, const float *direction);

/* DeepLIFT multipliers (C,h,w) of y_c between A and a layer's value of zeros (session_multipliers()). */
const struct tensor *cam_multipliers(struct cam *cam);

/*
 * A context for the same layer in which an objective replaces the class's logit: for cam_gradient(), cam_gradients() and
 * cam_input_gradient() with CAM_LOGIT. Other scores and cam_gradient_of() then fail. The objective writes its derivative
 * with respect to the logits, cotangent (K), zeroed before. `context` must live until explain() returns.
 */
typedef void cam_objective(const void *context, const float *logits, const float *probabilities, int classes,
                           float *cotangent);
struct cam *cam_with_objective(struct cam *cam, cam_objective *objective, const void *context);

/* d score / d x (C,H,W), under a rule. */
const struct tensor *cam_input_gradient(struct cam *cam, enum cam_score score, enum gradient_rule rule);

/*
 * d y_c / dx (C,H,W), by a backward pass that shows `visit` each step with weights or a bias (nn/nn.h), from the last to
 * the first. A visitor that returns other than 0 must have filled the context's error.
 */
const struct tensor *cam_visit_gradients(struct cam *cam, session_visitor *visit, void *context);

/* Weighted sums of a convolution's channels in such a pass: session_visit_mix(). */
int cam_visit_mix(struct cam *cam, const struct session_visit *visit, const double *weight, float *map);

/* -- further passes ---------------------------------------------------------------------------------------------- */

/* Each pass is counted even when a shortcut supplies the result (runtime.exact_passes switches shortcuts off). */

/* Scores of the class being explained, for one changed image or activation. */
struct cam_output {
    float logit, probability;
};

/*
 * Writes item `index`: a changed activation (C,h,w), a mask (H,W) or an input (C,H,W). Called by several threads at once; keeps no state.
 */
typedef void cam_source(void *context, int index, float *out);

/* Runs the tail on n changed activations (C,h,w): out[n]. */
int cam_tail(struct cam *cam, int n, cam_source *source, void *context, struct cam_output *out);

/* Runs the tail on A * mask for n spatial masks (n,h,w), each the same for all channels: out[n]. */
int cam_tail_spatial_masks(struct cam *cam, int n, const float *masks, struct cam_output *out);

/* Runs the tail on A with channel[i] replaced by the constant value[i], one channel at a time: out[n]. */
int cam_tail_channels(struct cam *cam, int n, const int *channel, const float *value, struct cam_output *out);

/* The same for the logit alone, which costs less where the tail is pooling and one linear layer: logit[n]. */
int cam_tail_channel_logits(struct cam *cam, int n, const int *channel, const float *value, float *logit);

/*
 * Runs full passes on x*m + baseline*(1-m) for n masks m (H,W), which `source` writes one at a time: out[n]. A mask is
 * the same for all channels and may leave [0,1]. baseline (C,H,W), NULL: zeros (the mean colour).
 */
int cam_masked(struct cam *cam, int n, cam_source *source, void *context, const float *baseline,
               struct cam_output *out);

/* Runs full passes on n other inputs (C,H,W), which `source` writes one at a time: out[n]. */
int cam_inputs(struct cam *cam, int n, cam_source *source, void *context, struct cam_output *out);

/* cam_masked() for masks that depend on keys[i] only, keys (n,width): masks with equal keys share a pass. */
int cam_masked_by_keys(struct cam *cam, int n, const float *keys, size_t width, cam_source *source, void *context,
                       const float *baseline, struct cam_output *out);

/* -- other inputs ------------------------------------------------------------------------------------------------- */

/*
 * A context for the same call, class, layer and label at another input (C,H,W): one full pass. Every function of this
 * header works with it as with the given context. Its values are scratch. `input` is not copied and must stay as it is
 * while the context is used.
 */
struct cam *cam_at_input(struct cam *cam, const float *input);

/*
 * Writes d score / d x at another input (C,H,W), under a rule, to gradient (C,H,W), and the class's scores there to
 * out, if it is not NULL: one full pass and one backward pass.
 */
int cam_input_gradient_at(struct cam *cam, const float *input, enum cam_score score, enum gradient_rule rule,
                          float *gradient, struct cam_output *out);

/*
 * For a loop over many inputs: cam_release() gives back the scratch that was allocated, and the contexts that were
 * made, after cam_mark().
 */
struct arena_mark cam_mark(struct cam *cam);
void cam_release(struct cam *cam, struct arena_mark mark);

/* -- wrapped methods --------------------------------------------------------------------------------------------- */

/* A raw map; as scratch. */
struct base_map {
    struct map_form form;
    float *data; /* (form.h, form.w) */
};

/*
 * Runs a wrapped method (PARAM_METHOD) in a context, that of explain() or another layer's, and adds its passes to the
 * cost. Its random stream is the caller's. 0, or -1 and the context's error, which names it.
 */
int cam_explain_base(struct cam *cam, const struct param_named *base, struct base_map *map);

/*
 * Runs a wrapped method with METHOD_CHANNEL_MAPS for the maps of its channels, whose sum is its map: maps (C,h,w). NULL
 * and the context's error: as above; with its parameters it has no such maps.
 */
const struct tensor *cam_explain_channels(struct cam *cam, const struct param_named *base);

/* The form of its map. */
int cam_base_form(struct cam *cam, const struct param_named *base, struct map_form *form);

/* Its expected passes, and its method. */
struct cost cam_base_cost(const struct param_named *base, const struct tensor *layer, struct shape input);
const struct method *cam_base_method(const struct param_named *base);

/*
 * Contexts of the layers that a PARAM_LAYERS row names; without names: of the target layer, or, for a PARAM_LAYERS_OR row
 * whose list is `usual`, of those that were kept. Their gradients are computed by one backward pass. Returns their number
 * in out[PARAM_NAMES_MAX], or -1.
 */
int cam_layers(struct cam *cam, const struct param_names *names, const char *usual, struct cam **out);

/* -- help -------------------------------------------------------------------------------------------------------- */

/*
 * Baselines (C,H,W) for cam_masked: the input blurred by a Gaussian of `kernel` x `kernel` taps (odd; borders reflected
 * without the edge pixel, as in kornia), and black pixels after normalisation, (0 - mean) / deviation.
 */
const float *cam_blurred_input(struct cam *cam, int kernel, double sigma);
const float *cam_black_input(struct cam *cam);

/* The input's pixels (C,H,W) before normalisation, in [0,1] for a picture. */
const float *cam_pixels(struct cam *cam);

/* The grey values (H,W) of these pixels, as ITU-R BT.601 weighs colours. */
const float *cam_grey(struct cam *cam);

/*
 * Scratch memory, zeroed: floats, or elements of `size` bytes. Lives until explain() returns. NULL and an error: no
 * memory.
 */
float *cam_floats(struct cam *cam, size_t count);
void *cam_alloc(struct cam *cam, size_t count, size_t size);

/* Fills the context's error with one sentence (base/error.h) about what the method itself cannot do. Returns -1. */
int cam_fail(struct cam *cam, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The context's error, for functions that fill one. */
struct error *cam_error(struct cam *cam);

/* Whether the run is being interrupted: results are thrown away, so a method that waits should return an error. */
bool cam_is_stopped(const struct cam *cam);

/* The state that open() returned in this worker; NULL if the method has no open(). */
void *cam_state(struct cam *cam);

/* A random stream fixed by the run's seed, the image and the method; the same for all images. */
struct random_stream cam_random(struct cam *cam);
struct random_stream cam_random_shared(struct cam *cam);

/*
 * Enlarges one plane (h,w) of the target layer to the input's (H,W), bilinearly: half-pixel centres or corners aligned.
 */
void cam_upsample(const struct cam *cam, const float *plane, float *out, bool align_corners);

/*
 * Where the maps of the channels B (C,h,w), whose sum is the method's map, are wanted (cam_explain_channels()): the memory
 * that the method writes them to, at the layer that is explained. Else NULL.
 */
float *cam_channel_maps(struct cam *cam);

/* Writes map (h,w) = sum_k weight[k] * A_k, summed over channels in ascending order, and cam_channel_maps(). */
void cam_weighted_sum(struct cam *cam, const struct tensor *act, const float *weight, float *map);
void weighted_sum(const struct tensor *act, const float *weight, float *map);

/*
 * Writes map (h,w) = sum_k t_k * A_k for a factor t (C,h,w) at each position, and cam_channel_maps(). `is_cut`: the positive
 * part of each product alone; NaN stays.
 */
void cam_product_sum(struct cam *cam, const struct tensor *act, const struct tensor *factor, bool is_cut, float *map);

#endif
