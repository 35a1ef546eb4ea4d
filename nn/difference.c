/* nn/difference.c - computes a linear layer from the difference to a row whose result is known. */
#include "nn/difference.h"

#include "nn/session_share.h"

#include <math.h>
#include <string.h>

#define SHARE 6    /* at most 1/SHARE of the features may differ; more cost as much as all of them */
#define SLICE 4096 /* features whose weights for one panel stay in the L2 cache */

#define PANEL_MOST 32 /* the widest panel of any kernel set */

enum reference { REFERENCE_NONE, REFERENCE_ZERO, REFERENCE_BASE };

struct sparse_row {
    enum reference reference; /* the row to which the difference is taken; NONE: the usual way */
    int count, *feature;
    float *value;
    int *slice_end; /* [slice]: where the entries of features below (slice + 1) * SLICE end */
};

struct difference {
    int features, outputs, panel;
    bool has_base, has_sums;
    float *base, *base_sums; /* the base pass's row; W times it */
    struct sparse_row rows[CHUNK_IMAGES];
};

struct difference *difference_create(struct arena *arena, const struct step *step, int features)
{
    struct difference *d = arena_alloc(arena, 1, sizeof *d);
    if (!d)
        return NULL;
    d->features = features;
    d->outputs = step->node->shape.c;
    d->panel = step->set->panel;
    d->base = arena_floats(arena, (size_t)features);
    d->base_sums = arena_floats(arena, (size_t)divide_up(d->outputs, d->panel) * (size_t)d->panel);
    bool has_memory = d->base && d->base_sums;
    for (int i = 0; i < CHUNK_IMAGES && has_memory; i++) {
        d->rows[i].feature = arena_alloc(arena, (size_t)(features / SHARE), sizeof(int));
        d->rows[i].value = arena_floats(arena, (size_t)(features / SHARE));
        d->rows[i].slice_end = arena_alloc(arena, (size_t)divide_up(features, SLICE), sizeof(int));
        has_memory = d->rows[i].feature && d->rows[i].value && d->rows[i].slice_end;
    }
    return has_memory ? d : NULL;
}

void difference_forget(struct difference *d)
{
    d->has_base = d->has_sums = false;
}

void difference_set_base(struct difference *d, const float *row)
{
    const size_t bytes = (size_t)d->features * sizeof *row;
    if (d->has_base && memcmp(d->base, row, bytes) == 0)
        return;
    memcpy(d->base, row, bytes);
    d->has_base = true;
    d->has_sums = false;
}

const float *difference_base(const struct difference *d)
{
    return d->base;
}

/* Lists the features in which x differs from the reference (NULL: 0); false: too many. NaN differs from everything. */
static bool list_differences(const struct difference *d, const float *x, const float *reference, struct sparse_row *row)
{
    const int most = d->features / SHARE;
    row->count = 0;
    for (int k = 0; k < d->features; k++) {
        const float from = reference ? reference[k] : 0;
        if (k % SLICE == 0 && k > 0)
            row->slice_end[k / SLICE - 1] = row->count;
        if (x[k] == from)
            continue;
        if (row->count == most)
            return false;
        row->feature[row->count] = k;
        row->value[row->count++] = x[k] - from;
    }
    row->slice_end[(d->features - 1) / SLICE] = row->count;
    return true;
}

/* A step that threads share. */
struct shared {
    struct session *session;
    struct difference *difference;
    const struct step *step;
    const struct step_io *io;
};

static void choose_reference(void *context, struct worker *worker, int i)
{
    const struct shared *shared = context;
    const struct difference *d = shared->difference;
    const float *x = shared->io->x[0] + (size_t)i * (size_t)d->features;
    struct sparse_row *row = &shared->difference->rows[i];
    (void)worker;
    row->reference = REFERENCE_NONE;
    if (list_differences(d, x, NULL, row))
        row->reference = REFERENCE_ZERO;
    else if (d->has_base && list_differences(d, x, d->base, row))
        row->reference = REFERENCE_BASE;
}

/*
 * Computes one panel of all listed rows, one slice of the features after the other; then the fused bias and activation.
 */
static void run_panel(void *context, struct worker *worker, int panel)
{
    const struct shared *shared = context;
    const struct difference *d = shared->difference;
    const struct step *step = shared->step;
    const struct step_io *io = shared->io;
    (void)worker;
    float sums[CHUNK_IMAGES][PANEL_MOST] __attribute__((aligned(64))) = {{0}};
    const int column = panel * d->panel, width = smaller(d->outputs - column, d->panel);
    const float *weight = step->packed + (size_t)column * (size_t)d->features;
    for (int i = 0; i < io->images; i++)
        if (d->rows[i].reference == REFERENCE_BASE)
            memcpy(sums[i], d->base_sums + column, (size_t)d->panel * sizeof(float));
    for (int slice = 0; slice < divide_up(d->features, SLICE); slice++)
        for (int i = 0; i < io->images; i++) {
            const struct sparse_row *row = &d->rows[i];
            const int begin = slice ? row->slice_end[slice - 1] : 0, end = row->slice_end[slice];
            if (row->reference != REFERENCE_NONE && end > begin)
                step->set->sparse(&(struct sparse){row->feature, row->value}, begin, end, weight, sums[i]);
        }
    const struct finish finish = step_finish(step, io, 0, 0);
    for (int i = 0; i < io->images; i++) {
        if (d->rows[i].reference == REFERENCE_NONE)
            continue;
        float *y = io->y + (size_t)i * (size_t)d->outputs + column;
        for (int k = 0; k < width; k++) {
            const float sum = sums[i][k] + (finish.bias ? finish.bias[column + k] : 0),
                        low = sum < finish.low ? finish.low : sum;
            y[k] = low > finish.high ? finish.high : low;
        }
        step_activate(step, y, 1, (size_t)width, (size_t)width);
    }
}

static void run_block(void *context, struct worker *worker, int block)
{
    const struct shared *shared = context;
    (void)worker;
    shared->step->node->op->forward(shared->step, shared->io, block);
}

/* Runs the step itself on rows first..first+count-1. */
static void run_usual(const struct shared *shared, int first, int count)
{
    struct step_io part = step_images(shared->io, first, count);
    part.workers = shared->io->workers;
    session_share(shared->session, shared->step->node->op->blocks(shared->step, &part), run_block,
                  &(struct shared){shared->session, shared->difference, shared->step, &part});
}

static void run_base(const struct shared *shared)
{
    struct difference *d = shared->difference;
    struct step plain = *shared->step;
    struct step_io base = *shared->io;
    plain.bias = NULL;
    plain.activation = NULL;
    base.x[0] = d->base;
    base.y = d->base_sums;
    run_usual(&(struct shared){shared->session, d, &plain, &base}, 0, 1);
    d->has_sums = true;
}

void difference_forward(struct session *session, struct difference *d, const struct step *step,
                        const struct step_io *io)
{
    struct shared shared = {session, d, step, io};
    session_share(session, io->images, choose_reference, &shared);
    bool needs_sums = false, has_listed = false;
    for (int i = 0; i < io->images; i++) {
        needs_sums |= d->rows[i].reference == REFERENCE_BASE && !d->has_sums;
        has_listed |= d->rows[i].reference != REFERENCE_NONE;
    }
    if (needs_sums)
        run_base(&shared);
    for (int first = 0, end; first < io->images; first = end + 1) {
        for (end = first; end < io->images && d->rows[end].reference == REFERENCE_NONE;)
            end++;
        if (end > first)
            run_usual(&shared, first, end - first);
    }
    if (has_listed)
        session_share(session, divide_up(d->outputs, d->panel), run_panel, &shared);
}
