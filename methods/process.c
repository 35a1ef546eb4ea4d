/*
 * methods/process.c - a method of one's own in any language: a script that runs as a child process of each worker and
 * requests what methods/method.h offers. docs/process-methods.md has the protocol.
 *
 * The script is started when a worker opens the method, and again after it failed on an image.
 */
#include "methods/method.h"
#include "methods/script_declaration.h"
#include "methods/script_requests.h"

#define END_SECONDS 2 /* for the script to exit after its last image, before signals end it */

struct process {
    char command[1024];
    struct param_paths files;
    double timeout;
    struct param_names layers;
    struct param_others others;
};

struct state {
    const struct process *params;
    struct script script;
    struct script_declaration declared;
};

static const struct param params[] = {
    PARAM_ROW(struct process, command, TEXT, .fallback = "", .min = 1, .max = 1023,
              .help = "the script's command, split at blanks and run without a shell; quotes keep blanks"),
    PARAM_PATHS(struct process, files, "the script's files, whose SHA-256 is part of a run's identity"),
    {.name = "timeout",
     .type = PARAM_TYPE_FLOAT,
     .offset = offsetof(struct process, timeout),
     .fallback = "600",
     .min = 0.01,
     .max = 1e6,
     .is_limit = true,
     .help = "seconds for the start and for each map, with its passes"},
    PARAM_LAYERS(struct process, layers, PARAM_NAMES_MAX, "further layers that the script may request"),
    PARAM_OTHERS(struct process, others, "(any other)", "a parameter of the script, which checks its name and type"),
    {0}};

static int start(struct state *state, struct error *err)
{
    const struct process *p = state->params;
    return status_of(script_start(&state->script, err) ||
                     script_declare(&state->script, params, &p->others, &p->layers, &state->declared, err));
}

static void *open(const void *given, struct arena *arena, struct error *err)
{
    const struct process *p = given;
    struct state *state = arena_alloc(arena, 1, sizeof *state);
    if (!state) {
        error_memory(err, "a script");
        return NULL;
    }
    state->params = p;
    return script_init(&state->script, p->command, p->timeout, arena, err) || start(state, err) ? NULL : state;
}

static void close(void *state)
{
    script_end(&((struct state *)state)->script, END_SECONDS);
}

static const char *title_of(const void *given)
{
    const struct state *state = given;
    return state->declared.title[0] ? state->declared.title : NULL;
}

/* Starts the script again if it failed on the image before. */
static int form(struct cam *cam, const void *given, struct map_form *form)
{
    (void)given;
    struct state *state = cam_state(cam);
    if (!state->script.child && start(state, cam_error(cam)))
        return -1;
    const struct shape input = cam_input_shape(cam);
    if (state->declared.is_input) {
        form->h = input.h;
        form->w = input.w;
    }
    form->is_signed = state->declared.is_signed;
    form->is_normalised = state->declared.is_normalised;
    return 0;
}

static int explain(struct cam *cam, const void *given, float *map)
{
    (void)given;
    struct state *state = cam_state(cam);
    const struct tensor *act = cam_activations(cam);
    const struct shape input = cam_input_shape(cam);
    const struct script_declaration *declared = &state->declared;
    if (!act)
        return -1;
    const struct map_form form = {declared->is_input ? input.h : act->h, declared->is_input ? input.w : act->w,
                                  declared->is_signed, declared->is_normalised};
    return script_explain(&state->script, cam, &form, map);
}

const struct method method_process = {
    .abi = METHOD_ABI,
    .name = "process",
    .title = "Process",
    .version = 1,
    .group = METHOD_META,
    .passes = "1 forward and what the script requests",
    .params = params,
    .params_size = sizeof(struct process),
    .open = open,
    .close = close,
    .title_of = title_of,
    .explain = explain,
    .form = form,
};
