/* methods/other_input.c - passes and gradients at other inputs, and the scratch of loops over them. */
#include "methods/cam_private.h"

struct cam *cam_at_input(struct cam *cam, const float *input)
{
    struct cam_setup setup = cam->pass->setup;
    setup.input = input;
    setup.input_name = "other/input";
    setup.keeps_tape = false; /* the image's values stay */
    setup.arena = &setup.worker->scratch;
    cam->cost->full++;
    struct cam *other = cam_alloc(cam, 1, sizeof *other);
    struct cam_pass *pass = other ? cam_pass_run(&setup, cam->err) : NULL;
    if (!pass)
        return NULL;
    pass->is_other = true;
    cam_pass_set_class(pass, cam->pass->klass);
    *other = *cam;
    other->pass = pass;
    return other;
}

/* A score whose derivative depends on the logits of the forward part. */
struct scored {
    const struct cam *cam;
    enum cam_score score;
    float *logits, *probabilities, *work; /* scratch (classes) */
    bool has_failed;
};

static void weigh(void *context, const float *output, float *q)
{
    struct scored *scored = context;
    class_scores(output, scored->cam->pass->outputs, scored->logits, scored->probabilities);
    if (cam_score_cotangent(scored->cam, scored->logits, scored->probabilities, scored->score, scored->work, q))
        scored->has_failed = true;
}

int cam_input_gradient_at(struct cam *cam, const float *input, enum cam_score score, enum gradient_rule rule,
                          float *gradient, struct cam_output *out)
{
    struct cam_pass *pass = cam->pass;
    const int layer = SESSION_INPUT;
    const struct arena_mark mark = cam_mark(cam);
    const size_t classes = (size_t)pass->classes;
    struct scored scored = {cam,  score, cam_floats(cam, classes), cam_floats(cam, classes), cam_floats(cam, classes),
                            false};
    float *output = cam_floats(cam, (size_t)pass->outputs);
    if (!scored.logits || !scored.probabilities || !scored.work || !output)
        return -1;
    const struct session_backward given = {.rule = rule,
                                           .weigh = weigh,
                                           .context = &scored,
                                           .from = SESSION_INPUT,
                                           .value = input,
                                           .layer_count = 1,
                                           .layers = &layer,
                                           .gradients = &gradient};
    cam->cost->full++;
    cam->cost->backward++;
    if (session_gradients(pass->setup.worker->session, &given, output, cam->err) || scored.has_failed)
        return -1;
    if (out)
        cam_class_outputs(pass, output, 1, out);
    cam_release(cam, mark);
    return 0;
}

struct arena_mark cam_mark(struct cam *cam)
{
    return arena_mark(&cam->pass->setup.worker->scratch);
}

void cam_release(struct cam *cam, struct arena_mark mark)
{
    arena_rewind(&cam->pass->setup.worker->scratch, mark);
}
