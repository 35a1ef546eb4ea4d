/* metrics/evidence_probe.c - answers requests for evidence from given values, and counts them. */
#include "metrics/evidence_probe.h"

#include "base/clock.h"
#include "metrics/curve.h"

#include <string.h>

/* -- the table ----------------------------------------------------------------------------------------------------- */

/*
 * In a run, every request to a source takes passes, and to a shared one unless it repeats the last one; x*m and x*(1-m)
 * take a pass once, and x takes none.
 */
static void count_passes(struct evidence_probe *probe, struct evidence_input input)
{
    const struct evidence_input *last = &probe->last_shared;
    const bool is_known = last->source == input.source && last->first == input.first && last->count == input.count;
    if (input.kind == EVIDENCE_OF_SOURCE)
        probe->requests.passes += input.count;
    else if (input.kind == EVIDENCE_OF_SHARED)
        probe->requests.shared += is_known ? 0 : input.count;
    else
        probe->requests.passes += input.kind != EVIDENCE_OF_ORIGINAL && !probe->is_passed[input.kind];
    probe->is_passed[input.kind] = true;
}

static int scores(void *context, struct evidence_input input, enum evidence_score score, double *out, struct error *err)
{
    struct evidence_probe *probe = context;
    const bool is_source = input.kind == EVIDENCE_OF_SOURCE || input.kind == EVIDENCE_OF_SHARED;
    (void)err; /* nothing can fail */
    probe->requests.base++;
    probe->probability_calls++;
    count_passes(probe, input);
    if (input.kind == EVIDENCE_OF_SHARED)
        probe->last_shared = input;
    for (int i = 0; i < (is_source ? input.count : 1); i++)
        out[i] = score == EVIDENCE_SCORE_LOGIT ? probe->logit[input.kind] : probe->probability[input.kind];
    return 0;
}

/* In a run, the map of x*m is kept and shares its pass with the probability; other maps take a pass of their own. */
static int map(void *context, struct evidence_input input, struct map *at_input, struct map *at_layer,
               struct error *err)
{
    struct evidence_probe *probe = context;
    (void)err; /* nothing can fail */
    probe->requests.base++;
    probe->map_calls++;
    if (input.kind == EVIDENCE_OF_EXPLANATION)
        count_passes(probe, input);
    else
        probe->requests.passes++;
    probe->requests.maps += input.kind != EVIDENCE_OF_EXPLANATION || !probe->is_mapped[input.kind];
    probe->is_mapped[input.kind] = true;
    *at_input = probe->map;
    *at_layer = probe->native;
    return 0;
}

/* In a run, every class takes a map of its own. */
static int map_of_class(void *context, int other, struct map *at_input, struct map *at_layer, struct error *err)
{
    struct evidence_probe *probe = context;
    (void)err; /* nothing can fail */
    probe->requests.base++;
    probe->map_calls++;
    probe->requests.classes += !probe->is_classed || probe->other_class != other;
    probe->is_classed = true;
    probe->other_class = other;
    *at_input = probe->map;
    *at_layer = probe->native;
    return 0;
}

static int energy(void *context, struct map *out, struct error *err)
{
    struct evidence_probe *probe = context;
    (void)err; /* nothing can fail */
    probe->energy_calls++;
    *out = probe->energy;
    return 0;
}

/* In a run, one end of a curve is x, and all curves share the pass of the other one. */
static int curve(void *context, const struct curve_request *request, struct curve *out, struct error *err)
{
    struct evidence_probe *probe = context;
    const struct map *map = &probe->map, *native = &probe->native;
    (void)err; /* nothing can fail */
    probe->requests.base++;
    if (!probe->is_drawn[request->kind])
        probe->requests.passes += curve_steps(request, map->h, map->w, native->h, native->w) - 1;
    probe->requests.ends |= 1U << request->baseline;
    probe->is_drawn[request->kind] = true;
    probe->curve_request = *request;
    *out = probe->curve[request->kind];
    return 0;
}

static int truth(void *context, const struct truth **out, struct error *err)
{
    (void)err; /* nothing can fail */
    *out = &((const struct evidence_probe *)context)->truth;
    return 0;
}

/* The original network's map of x is there; all others take a pass for all methods, and a run of each method. */
static int altered(void *context, struct evidence_altered of, struct evidence_input input, struct map *at_input,
                   struct map *at_layer, struct error *err)
{
    struct evidence_probe *probe = context;
    const int count = input.kind == EVIDENCE_OF_SOURCE ? input.count : of.stage > 0;
    (void)err; /* nothing can fail */
    probe->requests.base++;
    probe->requests.shared += count;
    probe->requests.altered += count;
    if (of.stage > 0 && of.draw >= probe->requests.draws)
        probe->requests.draws = of.draw + 1;
    *at_input = probe->map;
    *at_layer = probe->native;
    return 0;
}

const struct evidence_ops evidence_probe_ops = {scores, map, map_of_class, energy, curve, truth, altered};

/* -- a run's metrics ----------------------------------------------------------------------------------------------- */

enum filling { RAMP, ZEROS, FILLINGS };

static int make_map(struct map *map, struct map like, enum filling filling, struct arena *arena, struct error *err)
{
    float *data = arena_floats(arena, (size_t)like.h * (size_t)like.w);
    for (int i = 0; data && filling == RAMP && i < like.h * like.w; i++)
        data[i] = (float)(i % like.w) / (float)like.w;
    *map = (struct map){like.h, like.w, data};
    return data ? 0 : error_memory(err, "made-up evidence");
}

static int fill(struct evidence_probe *probe, const struct evidence *like, enum filling filling, struct arena *arena,
                struct error *err)
{
    static const double ends[] = {0, 1}, zeros[] = {0, 0};
    const struct curve ramp = {2, ends, filling == RAMP ? ends : zeros};
    *probe = (struct evidence_probe){.curve = {[CURVE_INSERTION] = ramp, [CURVE_DELETION] = ramp, [CURVE_LIF] = ramp},
                                     .truth = {.no_mask = "no_truth", .no_boxes = "no_truth"}};
    for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
        probe->probability[kind] = probe->logit[kind] = filling == RAMP ? 0.5 : 0;
    if (make_map(&probe->map, like->map, filling, arena, err) ||
        make_map(&probe->native, like->native, filling, arena, err))
        return -1;
    probe->energy = probe->map;
    probe->image = arena_floats(arena, (size_t)like->channels * (size_t)like->map.h * (size_t)like->map.w + 1);
    return probe->image ? 0 : error_memory(err, "made-up evidence");
}

/* Measures all metrics; made[k] receives the requests so far, after metric k has been measured. */
static int measure_all(const struct evidence *like, struct evidence_probe *probe, struct arena *arena,
                       struct evidence_requests *made, struct error *err)
{
    const size_t count = (size_t)like->metric_count;
    struct evidence evidence = *like;
    struct value value;
    evidence.ops = &evidence_probe_ops;
    evidence.context = probe;
    evidence.map = probe->map;
    evidence.native = probe->native;
    evidence.image = probe->image;
    evidence.keeper = NULL;
    evidence.image_name = "";
    evidence.arena = arena;
    evidence.values = arena_alloc(arena, count, sizeof *evidence.values);
    evidence.is_measured = arena_alloc(arena, count, sizeof *evidence.is_measured);
    if (!evidence.values || !evidence.is_measured)
        return error_memory(err, "made-up evidence");
    if (like->is_measured)
        memcpy(evidence.is_measured, like->is_measured, count * sizeof *evidence.is_measured);
    for (int k = 0; k < like->metric_count; k++) {
        if (evidence_measure(&evidence, k, &value, err))
            return -1;
        made[k] = probe->requests;
    }
    return 0;
}

static int probe_metrics(const struct evidence *evidence, struct arena *arena, struct evidence_requests *requests,
                         double *seconds, struct error *err)
{
    struct evidence_requests *made[FILLINGS];
    struct evidence_probe probe;
    for (int filling = FILLINGS - 1; filling >= 0; filling--) { /* the ramp comes last: its times are typical */
        made[filling] = arena_alloc(arena, (size_t)evidence->metric_count, sizeof *made[filling]);
        if (!made[filling])
            return error_memory(err, "made-up evidence");
        if (fill(&probe, evidence, (enum filling)filling, arena, err))
            return -1;
        const double begun = seconds_now();
        if (measure_all(evidence, &probe, arena, made[filling], err))
            return -1;
        *seconds = seconds_now() - begun;
    }
    for (int k = 0; k < evidence->metric_count; k++)
        if (memcmp(&made[RAMP][k], &made[ZEROS][k], sizeof made[RAMP][k]) != 0)
            return error_set(err, "metric \"%s\": what it requests depends on values, which metrics/metric.h forbids",
                             evidence->metrics[k].metric->name);
    *requests = probe.requests;
    return 0;
}

int evidence_probe_metrics(const struct evidence *evidence, struct evidence_requests *requests, double *seconds,
                           struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    const int status = probe_metrics(evidence, &arena, requests, seconds, err);
    arena_release(&arena);
    return status;
}
