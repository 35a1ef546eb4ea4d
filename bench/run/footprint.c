/* bench/run/footprint.c - evaluates a picture without its passes and adds up what was allocated. */
#include "bench/run/footprint.h"

#include "bench/run/estimate.h"

#define USUAL_H 375
#define USUAL_W 500

struct footprint {
    const struct run *run;
    int backbone;
    struct evaluator evaluator;
    struct arena picture_arena;
    struct evaluate_subject subject;
    int *which; /* the methods of a task */
    size_t most;
};

/* Grey stripes, for a run without an image set. */
static int make_picture(struct footprint *footprint)
{
    struct picture *picture = &footprint->subject.picture;
    *picture = (struct picture){USUAL_H, USUAL_W, arena_alloc(&footprint->picture_arena, 3 * USUAL_H, USUAL_W)};
    for (size_t i = 0; picture->data && i < (size_t)3 * USUAL_H * USUAL_W; i++)
        picture->data[i] = (uint8_t)(i * 7 + i / USUAL_W);
    footprint->subject.name = "picture";
    footprint->subject.index = -1;
    return picture->data ? 0 : -1;
}

/* Failures of methods do not matter here: what they allocated before counts. */
static void evaluate(struct footprint *footprint, int count)
{
    struct evaluated out;
    struct error ignored;
    bool is_unreadable;
    int status = -1;
    if (footprint->run->images)
        status = run_evaluate(&footprint->evaluator, footprint->run, footprint->backbone, 0, footprint->which, count,
                              &out, &is_unreadable, &ignored);
    if (status && (footprint->subject.picture.data || make_picture(footprint) == 0)) {
        arena_reset(&footprint->evaluator.arena);
        evaluate_picture(&footprint->evaluator, &footprint->subject, footprint->which, count, &out, &is_unreadable,
                         &ignored);
    }
    const size_t bytes = evaluator_bytes(&footprint->evaluator);
    footprint->most = bytes > footprint->most ? bytes : footprint->most;
}

/* Methods that cannot be called now are left out: they need files that are not there, or a script's answers. */
static bool can_be_called(const struct run *run, int m)
{
    const struct config_method *method = &run->config.methods[m];
    return !method_has_given_inputs(method->method, method->params) && !run_lacks_file(run, m);
}

static void evaluate_tasks(struct footprint *footprint)
{
    const struct run *run = footprint->run;
    int cheap = 0;
    for (int m = 0; m < run->config.method_count; m++)
        if (can_be_called(run, m) && !estimate_is_apart(&run->config.methods[m]))
            footprint->which[cheap++] = m;
    evaluate(footprint, cheap);
    for (int m = 0; m < run->config.method_count; m++)
        if (can_be_called(run, m) && estimate_is_apart(&run->config.methods[m])) {
            footprint->which[0] = m;
            evaluate(footprint, 1);
        }
}

size_t footprint_of_worker(const struct run *run, int backbone, struct session *session)
{
    static const volatile sig_atomic_t is_stopped = 1;
    struct panel panel = run->panel;
    struct footprint footprint = {.run = run,
                                  .backbone = backbone,
                                  .evaluator = {.panel = &panel,
                                                .backbone = run->config.backbones[backbone].label,
                                                .named_class = run->backbones[backbone].named_class,
                                                .input = run->backbones[backbone].model->input,
                                                .worker.session = session}};
    panel.keeps_on = true;
    if (altered_draws(&run->backbones[backbone], run->config.protocol_count))
        panel.metric_count = 0; /* altered networks are not made here */
    arena_init(&footprint.picture_arena, 0);
    footprint.which =
        arena_alloc(&footprint.picture_arena, (size_t)run->config.method_count + 1, sizeof *footprint.which);
    if (footprint.which) {
        evaluate(&footprint, 0); /* activations of a real pass, which stay in the session's workspace */
        session_stop_when(session, &is_stopped);
        evaluate_tasks(&footprint);
    }
    evaluator_release(&footprint.evaluator);
    arena_release(&footprint.picture_arena);
    return footprint.most;
}
