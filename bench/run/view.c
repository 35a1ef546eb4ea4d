/*
 * bench/run/view.c - prepares the input, runs the base pass, chooses the class, and runs each method for its raw map.
 */
#include "bench/run/walk.h"

#include <math.h>

struct cam_setup walk_setup(const struct walk *walk, const float *input, const char *name)
{
    struct cam_setup setup = panel_setup(walk->panel, &walk->evaluator->worker, walk->arena);
    setup.input = input;
    setup.image_name = walk->subject->name;
    setup.image_index = walk->subject->index;
    setup.input_name = name;
    setup.network = walk->evaluator->backbone;
    panel_set_pixels(&setup, &walk->evaluator->input);
    return setup;
}

static void add_view(struct walk *walk, const struct protocol *protocol)
{
    int earlier = 0;
    while (earlier < walk->view_count && !panel_same_input(walk->views[earlier].protocol, protocol))
        earlier++;
    const int number = earlier < walk->view_count ? walk->views[earlier].input_number : walk->input_count++;
    walk->views[walk->view_count++] = (struct view){.protocol = protocol, .input_number = number};
}

int views_list(struct walk *walk, struct error *err)
{
    const struct panel *panel = walk->panel;
    const size_t count = (size_t)panel->protocol_count;
    walk->views = arena_alloc(walk->arena, count, sizeof *walk->views);
    walk->view_of = arena_alloc(walk->arena, count, sizeof *walk->view_of);
    if (!walk->views || !walk->view_of)
        return error_memory(err, "an image's protocols");
    for (int p = 0; p < panel->protocol_count; p++) {
        int v = 0;
        while (v < walk->view_count && !panel_same_view(walk->views[v].protocol, &panel->protocols[p]))
            v++;
        if (v == walk->view_count)
            add_view(walk, &panel->protocols[p]);
        walk->view_of[p] = v;
    }
    return 0;
}

/* Whether both sides are resized: as the network requires, or, if it requires neither way, as the protocol says. */
static bool is_squashed(const struct protocol *protocol, const struct picture_input *own)
{
    return own->resize == PICTURE_RESIZE_PROTOCOL ? protocol->resize == PROTOCOL_RESIZE_SQUASH
                                                  : own->resize == PICTURE_RESIZE_SQUASH;
}

static enum preprocess_filter filter_of(const struct protocol *protocol, const struct picture_input *own)
{
    static const enum preprocess_filter filters[] = {[PICTURE_BILINEAR] = PREPROCESS_BILINEAR,
                                                     [PICTURE_BICUBIC] = PREPROCESS_BICUBIC,
                                                     [PICTURE_NEAREST] = PREPROCESS_NEAREST,
                                                     [PICTURE_BOX] = PREPROCESS_BOX,
                                                     [PICTURE_LANCZOS] = PREPROCESS_LANCZOS};
    if (own->interpolation != PICTURE_INTERPOLATION_PROTOCOL)
        return filters[own->interpolation];
    return protocol->interpolation == PROTOCOL_BICUBIC ? PREPROCESS_BICUBIC : PREPROCESS_BILINEAR;
}

/* The resized sides: by the protocol's ratio, or by the network's own crop, a share (rounded down) or a side. */
static void set_resized(struct preprocess *how, const struct protocol *protocol, struct shape input,
                        const struct picture_input *own)
{
    how->resize_h = (int)lround(protocol->resize_ratio * input.h);
    how->resize_w = (int)lround(protocol->resize_ratio * input.w);
    if (own->crop > 1) {
        const double ratio = own->crop / (input.h < input.w ? input.h : input.w);
        how->resize_h = (int)lround(ratio * input.h);
        how->resize_w = (int)lround(ratio * input.w);
    } else if (own->crop > 0) {
        how->resize_h = (int)floor(input.h / own->crop);
        how->resize_w = (int)floor(input.w / own->crop);
    }
    if (!how->squash && own->crop > 1)
        how->resize_h = (int)own->crop;
    else if (!how->squash && how->resize_w > how->resize_h)
        how->resize_h = how->resize_w;
}

struct preprocess view_preprocess(const struct protocol *protocol, struct shape input, const struct picture_input *own)
{
    struct preprocess how = {.squash = is_squashed(protocol, own),
                             .filter = filter_of(protocol, own),
                             .crop_h = input.h,
                             .crop_w = input.w,
                             .channels = own->channels,
                             .scale = own->scale};
    set_resized(&how, protocol, input, own);
    for (int c = 0; c < input.c; c++) {
        how.mean[c] = (float)own->mean[c];
        how.deviation[c] = (float)own->deviation[c];
    }
    return how;
}

/* Another view with the same input, which is prepared and, with `has_pass`, has its base pass; NULL if no view has. */
static const struct view *view_like(const struct walk *walk, const struct view *view, bool has_pass)
{
    for (int v = 0; v < walk->view_count; v++) {
        const struct view *other = &walk->views[v];
        if (other != view && other->input_number == view->input_number && (has_pass ? !!other->pass : !!other->input))
            return other;
    }
    return NULL;
}

int view_prepare(const struct walk *walk, struct view *view, bool *is_unreadable, struct error *err)
{
    const struct evaluate_subject *subject = walk->subject;
    const struct view *like = view_like(walk, view, false);
    if (like) {
        view->input = like->input;
        view->pixels = like->pixels;
        view->geometry = like->geometry;
        return 0;
    }
    const struct preprocess how = view_preprocess(view->protocol, walk->input, &walk->evaluator->input);
    view->input = arena_floats(walk->arena, shape_size(walk->input));
    if (!view->input)
        return error_memory(err, "a network's input");
    const int before = spent_switch(walk->evaluator->spent, SPENT_DECODING);
    const int status =
        preprocess_picture(&subject->picture, &how, walk->arena, view->input, &view->pixels, &view->geometry, err);
    spent_switch(walk->evaluator->spent, before);
    if (status) {
        *is_unreadable = !err->is_system;
        return error_prefix(err, "image \"%s\": ", subject->name);
    }
    return 0;
}

/* The class that the view's protocol explains; -1: it is not defined for this image. */
static int class_of(const struct walk *walk, const struct view *view)
{
    int rank;
    switch (protocol_class(view->protocol->klass, &rank)) {
    case PROTOCOL_CLASS_LABEL:
        return walk->subject->label;
    case PROTOCOL_CLASS_LOWEST:
        return cam_pass_lowest(view->pass);
    case PROTOCOL_CLASS_NAMED:
        return walk->evaluator->named_class[view->protocol - walk->panel->protocols];
    default:
        return cam_pass_ranked(view->pass, rank);
    }
}

static struct cam_pass *run_pass(const struct walk *walk, const struct view *view, struct error *err)
{
    const struct view *like = view_like(walk, view, true);
    const struct cam_setup setup = walk_setup(walk, view->input, view_name(walk, view));
    walk->evaluator->made.base += !like;
    const int before = spent_switch(walk->evaluator->spent, SPENT_BASE);
    struct cam_pass *pass = like ? cam_pass_copy(like->pass, setup.input_name, err) : cam_pass_run(&setup, err);
    spent_switch(walk->evaluator->spent, before);
    return pass;
}

static int find_truth(const struct walk *walk, struct view *view, int klass, struct error *err)
{
    const struct evaluate_subject *subject = walk->subject;
    if (!panel_needs_truth(walk->panel))
        return 0;
    view->truth =
        truth_at_input(&subject->annotation, &view->geometry, walk->input, subject->label, klass, walk->arena, err);
    return view->truth ? 0 : -1;
}

int view_need_pass(const struct walk *walk, struct view *view, struct error *err)
{
    if (view->pass)
        return 0;
    view->pass = run_pass(walk, view, err);
    if (!view->pass)
        return -1;
    view->klass = class_of(walk, view);
    view->has_class = view->klass >= 0;
    if (view->has_class)
        cam_pass_set_class(view->pass, view->klass);
    view->curves =
        (struct curves){.pass = view->pass, .input = view->input, .shape = walk->input, .arena = walk->arena};
    memcpy(view->curves.black, walk->black, sizeof walk->black);
    memcpy(view->curves.white, walk->white, sizeof walk->white);
    return 0;
}

int view_pass(const struct walk *walk, struct view *view, struct error *err)
{
    return view_need_pass(walk, view, err) || find_truth(walk, view, cam_pass_class(view->pass), err) ? -1 : 0;
}

int view_recall(const struct walk *walk, struct view *view, const struct store_base *base, bool has_map,
                struct error *err)
{
    if (!base)
        return 0;
    const bool is_predicted = protocol_class(view->protocol->klass, NULL) == PROTOCOL_CLASS_RANK;
    if (!panel_keeps_class(view->protocol)) {
        view->klass = -1; /* the store does not have it */
        view->has_class = has_map;
        return has_map && !panel_needs_truth(walk->panel);
    }
    view->klass = is_predicted ? base->predicted : class_of(walk, view);
    view->has_class = view->klass >= 0;
    if (!view->has_class)
        return !panel_needs_truth(walk->panel);
    return find_truth(walk, view, view->klass, err) ? -1 : 1;
}

void walk_count_map(const struct walk *walk, const struct cost *cost)
{
    struct evaluate_made *made = &walk->evaluator->made;
    made->maps++;
    made->full += cost->full - 1;
    made->tail += cost->tail;
    made->backward += cost->backward;
}

void walk_count_passes(const struct walk *walk, int count)
{
    walk->evaluator->made.full += count;
}

static void use_known(const struct walk *walk, struct view *view, const struct store_map *known)
{
    view->raw = (struct cam_map){.form = {known->h, known->w, known->is_signed, known->is_normalised},
                                 .data = (float *)known->data, /* never written to */
                                 .cost = known->cost};
    walk->evaluator->made.kept_maps++;
}

int view_explain(const struct walk *walk, struct view *view, int method, const struct store_map *known,
                 struct error *err)
{
    const struct config_method *config = &walk->panel->methods[method];
    view->energy = (struct map){0};
    view->curves.kept = NULL;
    if (!view->has_class)
        return 0;
    if (known && known->data) {
        use_known(walk, view, known);
        return 0;
    }
    const int before = spent_switch(walk->evaluator->spent, spent_of_method(method));
    const int status = cam_explain(view->pass, config->method, config->params, 0, config->label, &view->raw, err);
    spent_switch(walk->evaluator->spent, before);
    if (status)
        return -1;
    walk_count_map(walk, &view->raw.cost);
    if (known && known->h)
        view->raw.cost = known->cost; /* a map keeps the cost of its first time */
    return 0;
}
