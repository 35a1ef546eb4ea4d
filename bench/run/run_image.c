/*
 * bench/run/run_image.c - evaluates an image of a run: reads its picture, label and truth, and measures methods on it.
 */
#include "bench/run/run.h"

int run_evaluate(struct evaluator *evaluator, const struct run *run, int backbone, int image, const int *which,
                 int count, struct evaluated *out, bool *is_unreadable, struct error *err)
{
    const int place = run->chosen[image];
    const bool has_labels = !run->backbones[backbone].misfit; /* otherwise labels and network have different classes */
    struct evaluate_subject subject = {
        .name = run->image_names[image], .index = place, .label = has_labels ? imageset_label(run->images, place) : -1};
    arena_reset(&evaluator->arena);
    if (imageset_picture(run->images, place, &evaluator->arena, &subject.picture, err) ||
        (panel_needs_truth(&run->panel) &&
         annotation_read(run->images, place, &subject.picture, &evaluator->arena, &subject.annotation, err))) {
        *is_unreadable = !err->is_system;
        return -1;
    }
    if (evaluate_picture(evaluator, &subject, which, count, out, is_unreadable, err))
        return -1;
    out->base.backbone = backbone;
    out->base.image = image;
    return 0;
}
