/*
 * methods/harness.h - running a method: what bench/ (and a test) does around `explain`.
 *
 * pass = one image through the network, once, for all methods: logits, class, activations of every layer asked for.
 * cam_explain() runs a method on a pass; cam_finish() makes the saliency map from what the method wrote.
 * Passes, kept gradients and maps live in the image's arena, a method's scratch in the worker's. A session serves one pass
 * at a time, but one may go back to an older pass.
 */
#ifndef METHODS_HARNESS_H
#define METHODS_HARNESS_H

#include "base/arena.h"
#include "base/cost.h"
#include "methods/method.h"

struct cam_open;

/*
 * What a thread needs to run methods: its session, memory for one call at a time, and the methods that it has opened
 * (method.h). {.session = session} is ready; a session serves one worker. The session is the caller's to free, after
 * cam_worker_release(), which closes the methods.
 */
struct cam_worker {
    struct session *session;
    struct arena scratch, lasting; /* of a call of explain(); until the release */
    struct cam_open *open;
};

void cam_worker_release(struct cam_worker *worker);
size_t cam_worker_bytes(const struct cam_worker *worker); /* session and arenas */

struct cam_setup {
    struct cam_worker *worker;
    struct arena *arena;    /* the image's */
    const float *input;     /* (3,H,W), normalised; stays until the arena is reset */
    float black[3];         /* what a black pixel is after normalisation */
    bool exact_passes;      /* no short cuts: every pass is run, and every tail pass begins at the layer */
    int batch;              /* passes that go to the engine in one call; 0: chosen. Changes memory, not results */
    uint64_t seed;          /* the run's */
    const char *image_name; /* with the seed: key of random streams */
    int image_index;        /* in the image set; -1: outside one */
};

struct cam_pass;

/*
 * Runs the base pass. The class is the most probable one (the lowest of equals; of a sigmoid's two, class 1) until
 * cam_pass_set_class().
 */
struct cam_pass *cam_pass_run(const struct cam_setup *setup, struct error *err);
void cam_pass_set_class(struct cam_pass *pass, int klass);
int cam_pass_class(const struct cam_pass *pass);
int cam_pass_predicted(const struct cam_pass *pass); /* most probable class, even if another is explained */
int cam_pass_classes(const struct cam_pass *pass);   /* K; 2 of a network with one output */
const float *cam_pass_probabilities(const struct cam_pass *pass); /* (K) */

/*
 * Full passes on n other inputs (3,H,W), written one at a time by `source`: the scores of the pass's class. They are
 * not counted as costs. 0, or -1 with err.
 */
int cam_pass_others(struct cam_pass *pass, int n, session_source *source, void *context, struct cam_output *out,
                    struct error *err);

/* What a method wrote. */
struct cam_map {
    struct map_form form;
    float *data; /* (form.h, form.w) */
    struct cost cost;
};

/* The passes that one map is expected to take (method.h); where only a kind is asked for, at a layer of usual size. */
struct cost cam_cost(const struct method *method, const void *params, const struct tensor *layer, struct shape input);
struct cost cam_usual_cost(const struct method *method, const void *params);

/* Does the method fit this program's METHOD_ABI? 0, or -1 with err. */
int cam_check_method(const struct method *method, struct error *err);

/*
 * Runs a method on a pass for its class at layer `layer` of the network, and opens it before where this worker has not.
 * `label` keys its random stream. `params` must stay until the worker's release. Errors: the method's own; no memory.
 */
int cam_explain(struct cam_pass *pass, const struct method *method, const void *params, int layer, const char *label,
                struct cam_map *map, struct error *err);

/* Post-processing, plain numbers of the protocol: ReLU, min-max at the map's size, enlargement, min-max at the input's. */
struct cam_post {
    bool at_layer, at_input; /* where min-max is done */
    float eps;               /* of min-max */
    bool always_relu;        /* of maps that keep negative values too */
    bool is_bicubic;         /* enlargement: Pillow's bicubic, which may leave [0,1], instead of bilinear */
};

enum saliency_flag { SALIENCY_FINE, SALIENCY_CONSTANT, SALIENCY_NOT_FINITE };

struct saliency {
    enum saliency_flag flag; /* CONSTANT: zeros; NOT_FINITE: no data */
    int native_h, native_w;
    const float *native; /* before enlargement; the method's own size */
    const float *data;   /* (H,W) of the input */
};

/* Errors: no memory. */
int cam_finish(const struct cam_map *map, const struct cam_post *post, int h, int w, struct arena *arena,
               struct saliency *saliency, struct error *err);

#endif
