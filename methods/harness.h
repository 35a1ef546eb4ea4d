/*
 * methods/harness.h - runs methods, for bench/ and for tests: everything before and after explain().
 *
 * A pass is one image that went through the network once, for all methods: its logits, class and the activations of the
 * network's target layers. cam_explain() runs a method on a pass; cam_finish() turns the map that the method wrote into
 * a saliency map. Passes, kept gradients and maps live in the image's arena, a method's scratch in the worker's. A
 * session serves one pass at a time; an older pass may be used again while its arena lives.
 */
#ifndef METHODS_HARNESS_H
#define METHODS_HARNESS_H

#include "base/arena.h"
#include "base/cost.h"
#include "methods/method.h"

struct cam_open;

/*
 * What a thread needs to run methods: a session of its own, memory for one call at a time, and the methods that it has
 * opened (method.h). Initialise it with {.session = session}. cam_worker_release() closes the methods; the caller frees
 * the session after that.
 */
struct cam_worker {
    struct session *session;
    struct arena scratch, lasting; /* scratch: until explain() returns; lasting: until cam_worker_release() */
    struct cam_open *open;
};

void cam_worker_release(struct cam_worker *worker);
size_t cam_worker_bytes(const struct cam_worker *worker); /* session and arenas */

#define CAM_CHANNELS_MAX 16 /* of the input */

/* The image of a pass, and how its passes are run. */
struct cam_setup {
    struct cam_worker *worker;
    struct arena *arena;               /* the image's */
    const float *input;                /* (C,H,W), normalised; stays until the arena is reset */
    float black[CAM_CHANNELS_MAX];     /* a black pixel after normalisation */
    float deviation[CAM_CHANNELS_MAX]; /* of the normalisation: pixels of [0,1] are divided by it */
    double grey[CAM_CHANNELS_MAX];     /* weights by which the channels' pixels become grey */
    bool exact_passes;                 /* no shortcuts: every pass is run, and every tail pass begins at the layer */
    bool keeps_tape;                   /* methods will differentiate at this input: session_keep_tape() */
    int batch;              /* passes per call of the engine; 0: automatic. Changes the memory used, not results */
    uint64_t seed;          /* the run's */
    const char *image_name; /* with the seed: key of random streams */
    int image_index;        /* in the image set; -1: outside one */
    const char *input_name; /* cam_input_name(); NULL: "" */
    const char *network;    /* the backbone's label; NULL: "" */
};

struct cam_pass;

/*
 * Runs the base pass; NULL with err: no memory. The class to explain is the most probable one (of equal ones the
 * lowest; of a sigmoid's two, class 1) until cam_pass_set_class().
 */
struct cam_pass *cam_pass_run(const struct cam_setup *setup, struct error *err);
void cam_pass_set_class(struct cam_pass *pass, int klass);

/* A pass of the same values for another class; `input_name`: cam_input_name(). NULL with err: no memory. */
struct cam_pass *cam_pass_copy(const struct cam_pass *pass, const char *input_name, struct error *err);

int cam_pass_class(const struct cam_pass *pass);
int cam_pass_predicted(const struct cam_pass *pass);        /* most probable class, even if another is explained */
int cam_pass_ranked(const struct cam_pass *pass, int rank); /* from 1, by falling logit; -1: none, logits are NaN */
int cam_pass_lowest(const struct cam_pass *pass);           /* least probable; of equal ones the lowest */
int cam_pass_classes(const struct cam_pass *pass);          /* K; 2 for a network with one output */
const float *cam_pass_probabilities(const struct cam_pass *pass); /* (K) */
struct cam_output cam_pass_output(const struct cam_pass *pass, int klass);

/*
 * Runs full passes on n other inputs (C,H,W), which `source` writes one at a time, and writes the scores of the pass's
 * class: out[n]. They are not counted as costs. 0, or -1 with err.
 */
int cam_pass_others(struct cam_pass *pass, int n, session_source *source, void *context, struct cam_output *out,
                    struct error *err);

/* The map that a method wrote, in the image's arena, and its cost. */
struct cam_map {
    struct map_form form;
    float *data; /* (form.h, form.w) */
    struct cost cost;
};

/* The expected passes for one map (method.h); cam_usual_cost(): at a layer (512,7,7) and an input (3,224,224). */
struct cost cam_cost(const struct method *method, const void *params, const struct tensor *layer, struct shape input);
struct cost cam_usual_cost(const struct method *method, const void *params);

/*
 * A method by its name, in any spelling; NULL with err: `unknown method "x", did you mean "y"?`. The version of a method
 * with parameters includes those of methods that it wraps. method_check() calls check() of both.
 */
const struct method *method_find(const char *name, struct error *err);
int method_version_of(const struct method *method, const void *params);
int method_check(const struct method *method, const void *params, struct error *err);

/* Checks that the method was written for this program's METHOD_ABI. 0, or -1 with err. */
int cam_check_method(const struct method *method, struct error *err);

/* The title that a method's state has in this worker (method.h); NULL: none, or not opened yet. */
const char *cam_title(const struct cam_worker *worker, const struct method *method, const void *params);

/*
 * Opens the method and those that it wraps and closes them again, to find a wrong parameter or a missing file before a run. 0, or -1 with err.
 */
int cam_try_open(const struct method *method, const void *params, struct error *err);

/*
 * Runs a method on a pass, for the pass's class at layer `layer` of the network. Opens the method first if this worker
 * has not done so. `label` is the key of its random stream; `params` must live until cam_worker_release(). Errors: the
 * method's own; no memory.
 */
int cam_explain(struct cam_pass *pass, const struct method *method, const void *params, int layer, const char *label,
                struct cam_map *map, struct error *err);

/*
 * Post-processing as the protocol sets it: ReLU, min-max at the map's size, enlargement, min-max at the input's size.
 */
struct cam_post {
    bool at_layer, at_input; /* min-max at the map's size; at the input's size */
    float eps;               /* of min-max */
    bool always_relu;        /* also for maps that keep negative values */
    bool is_bicubic;         /* enlargement: Pillow's bicubic, which may leave [0,1], instead of bilinear */
};

enum saliency_flag { SALIENCY_FINE, SALIENCY_CONSTANT, SALIENCY_NOT_FINITE };

struct saliency {
    enum saliency_flag flag; /* CONSTANT: zeros; NOT_FINITE: no data */
    int native_h, native_w;
    const float *native; /* before enlargement; the method's own size */
    const float *data;   /* (H,W) of the input */
};

/* Post-processes a map to (h,w), the input's size, in the arena. 0, or -1 with err: no memory. */
int cam_finish(const struct cam_map *map, const struct cam_post *post, int h, int w, struct arena *arena,
               struct saliency *saliency, struct error *err);

#endif
