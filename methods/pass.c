/* methods/pass.c - the base pass of one image, and the functions with which methods read its results. */
#include "methods/cam_private.h"

static int allocate_pass(struct cam_pass *pass, float ***values, struct error *err)
{
    struct arena *arena = pass->setup.arena;
    const size_t layers = (size_t)network_layer_count(pass->network), classes = (size_t)pass->classes;
    pass->output = arena_floats(arena, (size_t)pass->outputs);
    pass->logits = arena_floats(arena, classes);
    pass->probabilities = arena_floats(arena, classes);
    pass->layers = arena_alloc(arena, layers, sizeof *pass->layers);
    pass->side = arena_floats(arena, session_side_count(pass->setup.worker->session));
    *values = arena_alloc(arena, layers, sizeof **values);
    if (!pass->output || !pass->logits || !pass->probabilities || !pass->layers || !pass->side || !*values)
        return error_memory(err, "an image's base pass");
    for (size_t i = 0; i < layers; i++) {
        const struct shape shape = network_layer_shape(pass->network, (int)i);
        float *data = arena_floats(arena, shape_size(shape));
        if (!data)
            return error_memory(err, "an image's base pass");
        (*values)[i] = data;
        pass->layers[i] = (struct tensor){shape.c, shape.h, shape.w, data};
    }
    return 0;
}

struct cam_pass *cam_pass_run(const struct cam_setup *setup, struct error *err)
{
    struct cam_pass *pass = arena_alloc(setup->arena, 1, sizeof *pass);
    if (!pass) {
        error_memory(err, "an image's base pass");
        return NULL;
    }
    pass->setup = *setup;
    struct session *session = setup->worker->session;
    pass->network = session_network(session);
    pass->outputs = network_classes(pass->network);
    pass->classes = class_count(pass->outputs);
    float **values;
    if (allocate_pass(pass, &values, err))
        return NULL;
    if (session_prepare(session, err))
        return NULL;
    const double start = session_clock(session);
    session_allow_differences(session, !setup->exact_passes);
    session_keep_tape(session, setup->keeps_tape);
    session_base(session, setup->input, pass->output, values);
    if (session_take_error(session, err))
        return NULL;
    class_scores(pass->output, pass->outputs, pass->logits, pass->probabilities);
    session_side_save(session, pass->side);
    pass->klass = cam_pass_ranked(pass, 1);
    pass->seconds = session_clock(session) - start;
    return pass;
}

/* Class 1 if both are equal, as with a threshold of 0.5 on the sigmoid. */
int cam_pass_predicted(const struct cam_pass *pass)
{
    return pass->outputs == 1 ? pass->probabilities[1] >= pass->probabilities[0]
                              : (int)position_of_largest(pass->probabilities, (size_t)pass->classes);
}

/* The first class is that of cam_pass_run(): by the logits, since probabilities can be equal where these are not. */
int cam_pass_ranked(const struct cam_pass *pass, int rank)
{
    int klass =
        pass->outputs == 1 ? cam_pass_predicted(pass) : (int)position_of_largest(pass->logits, (size_t)pass->classes);
    if (pass->outputs == 1)
        return rank == 1 ? klass : 1 - klass;
    for (int r = 2; r <= rank && klass >= 0; r++) {
        const float last = pass->logits[klass];
        int next = -1;
        for (int k = 0; k < pass->classes; k++) {
            const bool is_behind = pass->logits[k] < last || (pass->logits[k] == last && k > klass);
            if (is_behind && (next < 0 || pass->logits[k] > pass->logits[next]))
                next = k;
        }
        klass = next;
    }
    return klass;
}

int cam_pass_lowest(const struct cam_pass *pass)
{
    int klass = 0;
    for (int k = 1; k < pass->classes; k++)
        klass = pass->logits[k] < pass->logits[klass] ? k : klass;
    return klass;
}

int cam_pass_classes(const struct cam_pass *pass)
{
    return pass->classes;
}

struct cam_pass *cam_pass_copy(const struct cam_pass *pass, const char *input_name, struct error *err)
{
    struct cam_pass *copy = arena_alloc(pass->setup.arena, 1, sizeof *copy);
    if (!copy) {
        error_memory(err, "an image's base pass");
        return NULL;
    }
    *copy = *pass;
    copy->setup.input_name = input_name;
    copy->gradients = NULL;
    return copy;
}

void cam_pass_set_class(struct cam_pass *pass, int klass)
{
    pass->klass = klass;
    pass->gradients = NULL;
}

int cam_pass_class(const struct cam_pass *pass)
{
    return pass->klass;
}

const float *cam_pass_probabilities(const struct cam_pass *pass)
{
    return pass->probabilities;
}

struct cam_output cam_pass_output(const struct cam_pass *pass, int klass)
{
    return (struct cam_output){pass->logits[klass], pass->probabilities[klass]};
}

/* -- what methods read ---------------------------------------------------------------------------------------------- */

const float *cam_input(struct cam *cam)
{
    return cam->pass->setup.input;
}

struct shape cam_input_shape(const struct cam *cam)
{
    return network_input(cam->pass->network);
}

const char *cam_image_name(const struct cam *cam)
{
    return cam->pass->setup.image_name;
}

int cam_image_index(const struct cam *cam)
{
    return cam->pass->setup.image_index;
}

const char *cam_input_name(const struct cam *cam)
{
    const char *name = cam->pass->setup.input_name;
    return name ? name : "";
}

const char *cam_network_name(const struct cam *cam)
{
    const char *name = cam->pass->setup.network;
    return name ? name : "";
}

const char *cam_label(const struct cam *cam)
{
    return cam->label;
}

int cam_class(const struct cam *cam)
{
    return cam->pass->klass;
}

int cam_classes(const struct cam *cam)
{
    return cam->pass->classes;
}

bool cam_is_sigmoid(const struct cam *cam)
{
    return cam->pass->outputs == 1;
}

const float *cam_logits(struct cam *cam)
{
    return cam->pass->logits;
}

const float *cam_probabilities(struct cam *cam)
{
    return cam->pass->probabilities;
}

float cam_logit(struct cam *cam)
{
    return cam->pass->logits[cam->pass->klass];
}

float cam_probability(struct cam *cam)
{
    return cam->pass->probabilities[cam->pass->klass];
}

const struct tensor *cam_activations(struct cam *cam)
{
    return &cam->pass->layers[cam->layer];
}
