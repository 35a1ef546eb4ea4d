/* bench/run/curves.c - runs the passes of insertion and deletion in batches, and keeps curves that can be shared. */
#include "bench/run/curves.h"

#include <string.h>

struct kept_curve {
    const struct kept_curve *next;
    struct curve_request request;
    struct curve_plan plan;
    struct curve curve;
};

static const struct curve *find(const struct curves *curves, const struct curve_request *request,
                                const struct curve_plan *plan)
{
    const size_t bytes = (size_t)plan->h * (size_t)plan->w * sizeof *plan->step_of;
    for (const struct kept_curve *kept = curves->kept; kept; kept = kept->next)
        if (kept->request.kind == request->kind && kept->request.baseline == request->baseline &&
            kept->plan.steps == plan->steps && memcmp(kept->plan.step_of, plan->step_of, bytes) == 0)
            return &kept->curve;
    return NULL;
}

static const float *baseline_of(struct curves *curves, int which, struct error *err)
{
    if (curves->baselines[which])
        return curves->baselines[which];
    const struct shape shape = curves->shape;
    float *image = arena_floats(curves->arena, shape_size(shape));
    if (!image) {
        error_memory(err, "a baseline");
        return NULL;
    }
    if (curve_baseline((enum protocol_curve_baseline)which, curves->input, shape.c, shape.h, shape.w,
                       (struct curve_colours){curves->black, curves->white}, curves->arena, image, err))
        return NULL;
    return curves->baselines[which] = image;
}

/* Context of write_state(), which writes state `first` + index of a curve. */
struct states {
    const struct curve_plan *plan;
    enum curve_kind kind;
    int first, channels;
    const float *input, *baseline;
};

static void write_state(void *context, int index, float *out)
{
    const struct states *states = context;
    curve_state(states->plan, states->kind, states->first + index, states->channels, states->input, states->baseline,
                out);
}

/*
 * One end of the curve is the image itself, whose probability is known: state 0 of deletion, the last of insertion. The
 * other one is the baseline, which all curves share.
 */
static int run_states(struct curves *curves, const struct curve_plan *plan, const struct curve_request *request,
                      double *probability, struct error *err)
{
    const bool is_insertion = request->kind == CURVE_INSERTION,
               is_known = curves->has_baseline_score[request->baseline];
    const int image_at = is_insertion ? plan->steps : 0, baseline_at = plan->steps - image_at;
    const int count = plan->steps - is_known;
    double *baseline_score = &curves->baseline_score[request->baseline];
    const struct arena_mark mark = arena_mark(curves->arena);
    struct cam_output *out = arena_alloc(curves->arena, (size_t)plan->steps, sizeof *out);
    if (!out)
        return error_memory(err, "a curve");
    struct states states = {plan,
                            request->kind,
                            is_insertion ? is_known : 1,
                            curves->shape.c,
                            curves->input,
                            curves->baselines[request->baseline]};
    if (count && cam_pass_others(curves->pass, count, write_state, &states, out, err))
        return -1;
    curves->passes += count;
    for (int i = 0; i < count; i++)
        probability[states.first + i] = out[i].probability;
    if (is_known)
        probability[baseline_at] = *baseline_score;
    *baseline_score = probability[baseline_at];
    curves->has_baseline_score[request->baseline] = true;
    probability[image_at] = cam_pass_probabilities(curves->pass)[cam_pass_class(curves->pass)];
    arena_rewind(curves->arena, mark);
    return 0;
}

int curves_measure(struct curves *curves, const struct map *map, const struct map *native,
                   const struct curve_request *request, struct curve *curve, struct error *err)
{
    struct curve_plan plan;
    const struct arena_mark mark = arena_mark(curves->arena);
    if (curve_plan_make(&plan, map, native, request, curves->arena, err))
        return -1;
    const struct curve *known = find(curves, request, &plan);
    if (known) {
        *curve = *known;
        arena_rewind(curves->arena, mark);
        return 0;
    }
    struct kept_curve *kept = arena_alloc(curves->arena, 1, sizeof *kept);
    double *probability = arena_alloc(curves->arena, (size_t)plan.steps + 1, sizeof *probability);
    if (!kept || !probability)
        return error_memory(err, "a curve");
    if (!baseline_of(curves, request->baseline, err) || run_states(curves, &plan, request, probability, err))
        return -1;
    *curve = (struct curve){plan.steps + 1, plan.fraction, probability};
    *kept = (struct kept_curve){curves->kept, *request, plan, *curve};
    curves->kept = kept;
    return 0;
}
