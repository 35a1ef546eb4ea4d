/*
 * bench/run/run_image.c - evaluates an image of a run: reads its picture, label and truth, and measures methods on it.
 */
#include "bench/run/run.h"

/* Decodes the picture and, if a metric needs it, reads the truth. */
static int read_subject(struct evaluator *evaluator, const struct run *run, struct evaluate_subject *subject,
                        struct error *err)
{
    const int before = spent_switch(evaluator->spent, SPENT_DECODING);
    const int status =
        imageset_picture(run->images, subject->index, &evaluator->arena, &subject->picture, err) ||
        (panel_needs_truth(&run->panel) &&
         annotation_read(run->images, subject->index, &subject->picture, &evaluator->arena, &subject->annotation, err));
    spent_switch(evaluator->spent, before);
    return status_of(status);
}

int run_evaluate_missing(struct evaluator *evaluator, const struct run *run, const struct run_request *request,
                         struct evaluated *out, bool *is_unreadable, struct error *err)
{
    const int place = run->chosen[request->image], backbone = request->backbone;
    const bool has_labels = !run->backbones[backbone].misfit; /* otherwise labels and network have different classes */
    struct evaluate_subject subject = {.name = run->image_names[request->image],
                                       .index = place,
                                       .label = has_labels ? imageset_label(run->images, place) : -1,
                                       .known = request->known,
                                       .bases = request->bases,
                                       .needs_base = request->needs_base,
                                       .wanted_views = request->wanted_views};
    arena_reset(&evaluator->arena);
    if (read_subject(evaluator, run, &subject, err)) {
        *is_unreadable = !err->is_system;
        return -1;
    }
    if (evaluate_picture(evaluator, &subject, request->which, request->count, out, is_unreadable, err))
        return -1;
    out->base.backbone = backbone;
    out->base.image = request->image;
    for (int i = 0; i < out->base_count; i++) {
        out->bases[i].backbone = backbone;
        out->bases[i].image = request->image;
    }
    return 0;
}

int run_evaluate(struct evaluator *evaluator, const struct run *run, int backbone, int image, const int *which,
                 int count, struct evaluated *out, bool *is_unreadable, struct error *err)
{
    const struct run_request request = {.backbone = backbone, .image = image, .count = count, .which = which};
    return run_evaluate_missing(evaluator, run, &request, out, is_unreadable, err);
}
