/*
 * nn/session_private.h - inside nn/: a session, for the files that implement it.
 *
 * session.c makes it, runs the base pass and keeps its side values, session_steps.c runs steps, session_share.c divides
 * work among threads, session_batch.c runs batches, row_cache.c keeps the base pass's results of the layers on rows,
 * session_tape.c runs programs that keep every value, session_gradient.c runs backward, session_tangent.c and
 * session_multipliers.c do the like of it.
 */
#ifndef NN_SESSION_PRIVATE_H
#define NN_SESSION_PRIVATE_H

#include "nn/network.h"

struct difference;
struct session_team;

/* A thread inside a call, with its workspace. */
struct worker {
    float *workspace; /* of the largest program */
    float *border;    /* a value in (c,h,w), as the caller writes it */
    float **at;       /* where each value of the current program lies */
    float **image_at; /* the same for one image of a group */
};

/* Values of a tape and their gradients, made by the first pass that needs them. */
struct tape_memory {
    float *values, *gradient;
    size_t floats;
    bool is_run; /* it has all values that follow from the input in it; of input_tape only */
};

struct session {
    const struct network *network;
    struct arena arena;
    int worker_count;
    struct worker *workers;
    size_t workspace_floats;
    const volatile sig_atomic_t *stop; /* NULL: never */
    struct difference *difference;     /* NULL: the network has no layer for it */
    bool are_differences_allowed;
    float *kept_row, *kept_values;   /* row_cache.c */
    bool has_kept;                   /* the two are those of the last base pass */
    double *step_seconds;            /* NULL: profiling off */
    float *side;                     /* values beside the layers, of the last base pass */
    float *rows;                     /* (CHUNK_IMAGES, boundary): results of the spatial steps */
    float *chunk_logits;             /* (CHUNK_IMAGES, K) */
    struct foreign_session *foreign; /* NULL: the engine runs the network; else no memory of the above is made */
    struct tape_memory layer_tape, input_tape;
    bool keeps_tape;           /* base passes run on input_tape */
    struct session_team *team; /* NULL: none */
    int member;                /* of the team */
    double helped_seconds;     /* of other members, less those that this one waited for them */
};

/* -- layouts -------------------------------------------------------------------------------------------------------- */

static inline void to_inside(const float *planes, struct shape shape, float *out)
{
    transpose(planes, (size_t)shape.c, shape_positions(shape), out);
}

static inline void to_outside(const float *inside, struct shape shape, float *out)
{
    transpose(inside, shape_positions(shape), (size_t)shape.c, out);
}

/* Floats of the value between the steps on maps and those on rows; 0: all steps are spatial. */
static inline size_t boundary_floats(const struct network *network, const struct program *program)
{
    return program->boundary < 0 ? 0 : shape_size(network->values[program->boundary]);
}

/* -- session_steps.c ------------------------------------------------------------------------------------------------ */

/*
 * Fills at[value] for the values of a program in one workspace. Side values lie in the session, unless the program has
 * places for them.
 */
void session_set_places(const struct session *session, const struct program *program, float *workspace, float **at);

/* Shapes and places of one image's values of a step. */
struct step_io session_step_io(const struct network *network, const struct step *step, float *const *at,
                               float *scratch);

/* Steps first .. end-1 of a program, for so many images. */
struct stretch {
    int first, end;
    int images;
    int workers; /* 1: the caller alone; else so many threads share the blocks of each step (nn/session_share.h) */
};

/* Other threads than the caller have their scratch in their own workspace. */
void session_run_steps(struct session *session, const struct program *program, struct stretch stretch, float *const *at,
                       float *scratch);

/* Runs a step for one image on the calling thread; keeps the value before the activation if io->before is set. */
void session_run_step(const struct step *step, const struct step_io *io);

/* -- session_tape.c ------------------------------------------------------------------------------------------------- */

/* A tape (a program that keeps every value) that is being run: where its values and their gradients lie. */
struct tape {
    struct session *session;
    const struct program *program;
    struct tape_memory *memory;
    float **at, **gradient; /* [value] */
    const float **so_far;   /* [value]: nn/session_gradient.c */
    bool is_run;            /* the values are those of an earlier pass at the same input: tape_run() does nothing */
    struct arena_mark mark; /* of the session's arena */
};

/* The tape of a layer, or of SESSION_INPUT. */
const struct program *network_tape(const struct network *network, int layer);

/*
 * Sets a tape to a layer's value; the gradients are undefined until tape_clear(). tape_run() computes the other values.
 * tape_end() gives back its memory. Errors: no memory.
 */
void tape_memory_free(struct tape_memory *memory);
int tape_begin(struct session *session, int from, const float *value, struct tape *tape, struct error *err);
void tape_run(const struct tape *tape);
void tape_clear(const struct tape *tape); /* gradients of 0 */
void tape_end(const struct tape *tape);

/* Drops the values kept for gradients to the input, if they are those of this input. */
void tape_forget(struct session *session, const float *input);

/* Step `index` of the tape, and its arguments at the tape's values. */
const struct step *tape_step(const struct tape *tape, int index);
struct step_io tape_io(const struct tape *tape, const struct step *step);

/* -- session_visit.c ------------------------------------------------------------------------------------------------ */

/* Calls the visitor for a step, with the gradient before its activation, if the step has weights or a bias. */
int visit_step(const struct tape *tape, const struct step *step, const struct session_backward *given);

/* -- row_cache.c ---------------------------------------------------------------------------------------------------- */

/* Floats of all results that the steps on rows compute from one row. */
size_t row_cache_floats(const struct network *network);

/* Keeps the base pass's row and these results, which are at at[value]. */
void row_cache_keep(struct session *session, const float *row, float *const *at);

/* Copies the results to their places if the row at hand equals the kept one; false: it does not, or none was kept. */
bool row_cache_use(const struct session *session, float *const *at);

#endif
