/*
 * methods/script_requests.c - the requests of docs/process-methods.md, one function each, and the loop that serves them.
 *
 * Scratch memory is given back after each request. Masks and activations are read from the script's descriptor where
 * the engine needs them, so that their number is not limited by memory.
 */
#include "methods/script_requests.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX (PARAM_NAMES_MAX + 4)
#define ITEMS_MAX (1 << 20) /* of a request for passes */
#define TAILS_AT_ONCE 256
#define MASKS_AT_ONCE 64
#define FLOATS_MAX ((size_t)256 << 20) /* of an array that is read at once */

/* The image that is being explained, and the request that is being served. */
struct call {
    struct script *script;
    struct cam *cam, *at; /* the image's context; the one that requests refer to: at another input, if not the same */
    struct arena_mark start;
    int count; /* words after the request's name */
    const char *words[WORDS_MAX];
    char reply[256];
    size_t written; /* floats of the reply */
};

/* -- replies -------------------------------------------------------------------------------------------------------- */

static int put_dim(struct call *call, int dim)
{
    const size_t used = strlen(call->reply);
    snprintf(call->reply + used, sizeof call->reply - used, " %d", dim);
    return 0;
}

static int put_floats(struct call *call, const float *data, size_t count)
{
    if (!data || script_write(call->script, call->written, data, count, cam_error(call->cam)))
        return -1;
    call->written += count;
    return 0;
}

static int put_tensors(struct call *call, const struct tensor *tensors, int count)
{
    for (int i = 0; i < count; i++) {
        put_dim(call, tensors[i].c), put_dim(call, tensors[i].h), put_dim(call, tensors[i].w);
        if (put_floats(call, tensors[i].data, tensor_size(&tensors[i])))
            return -1;
    }
    return 0;
}

static int put_tensor(struct call *call, const struct tensor *tensor)
{
    return tensor ? put_tensors(call, tensor, 1) : -1;
}

static int put_planes(struct call *call, const float *data)
{
    const struct shape shape = cam_input_shape(call->cam);
    return put_tensor(call, &(struct tensor){shape.c, shape.h, shape.w, data});
}

static int put_vector(struct call *call, const float *data)
{
    const int classes = cam_classes(call->cam);
    put_dim(call, classes);
    return put_floats(call, data, (size_t)classes);
}

/* -- what requests hold --------------------------------------------------------------------------------------------- */

/* Whether the script's array has so many floats. */
static int check_array(struct call *call, size_t count)
{
    if (script_holds(call->script, count))
        return 0;
    return cam_fail(call->cam, "descriptor 5 holds fewer than %zu floats", count);
}

/* Copies floats of the script's array into scratch memory. */
static float *read_array(struct call *call, size_t first, size_t count)
{
    float *data = NULL;
    if (first + count > FLOATS_MAX)
        cam_fail(call->cam, "more than %zu floats in one array", FLOATS_MAX);
    else if (check_array(call, first + count) == 0)
        data = cam_floats(call->cam, count);
    if (data && !script_read(call->script, first, data, count)) {
        check_array(call, first + count);
        return NULL;
    }
    return data;
}

static int read_count(struct call *call, int *count)
{
    long long number;
    if (text_to_int(call->words[0], &number) || number < 1 || number > ITEMS_MAX)
        return cam_fail(call->cam, "\"%s\" is not a number of items from 1 to %d", call->words[0], ITEMS_MAX);
    *count = (int)number;
    return 0;
}

static int read_choice(struct call *call, int word, const char *choices, int *choice)
{
    *choice = call->count > word ? text_choice(choices, call->words[word]) : 0;
    return *choice >= 0 ? 0 : cam_fail(call->cam, "\"%s\" is none of %s", call->words[word], choices);
}

static int read_rule(struct call *call, int word, enum gradient_rule *rule)
{
    int choice;
    if (read_choice(call, word, "plain|guided|deconvolution", &choice))
        return -1;
    *rule = (enum gradient_rule[]){GRADIENT_PLAIN, GRADIENT_GUIDED, GRADIENT_DECONVOLUTION}[choice];
    return 0;
}

static int read_score(struct call *call, enum cam_score *score)
{
    int choice;
    if (read_choice(call, 0, CAM_SCORE_CHOICES, &choice))
        return -1;
    *score = (enum cam_score)choice;
    return 0;
}

/* The context of the layer that a request's word names; without that word, of the target layer. */
static struct cam *layer_of(const struct call *call, int word)
{
    return call->count > word ? cam_layer(call->at, call->words[word]) : call->at;
}

/* -- requests: what the base pass has ------------------------------------------------------------------------------- */

static int serve_input(struct call *call)
{
    return put_planes(call, cam_input(call->at));
}

static int serve_activations(struct call *call)
{
    struct cam *cam = layer_of(call, 0);
    return cam ? put_tensor(call, cam_activations(cam)) : -1;
}

static int serve_logits(struct call *call)
{
    return put_vector(call, cam_logits(call->at));
}

static int serve_probabilities(struct call *call)
{
    return put_vector(call, cam_probabilities(call->at));
}

static int serve_black(struct call *call)
{
    return put_planes(call, cam_black_input(call->at));
}

static int serve_blurred(struct call *call)
{
    long long kernel;
    double sigma;
    if (text_to_int(call->words[0], &kernel) || kernel < 1 || kernel > 255 || kernel % 2 == 0 ||
        text_to_double(call->words[1], &sigma) || sigma <= 0 || sigma > 1000)
        return cam_fail(call->cam, "a blur has an odd kernel from 1 to 255 and a sigma above 0, up to 1000");
    return put_planes(call, cam_blurred_input(call->at, (int)kernel, sigma));
}

static int serve_upsample(struct call *call)
{
    int is_corners;
    const struct tensor *act = cam_activations(call->at);
    const struct shape shape = cam_input_shape(call->cam);
    if (read_choice(call, 0, "half_pixel|corners", &is_corners))
        return -1;
    const float *plane = read_array(call, 0, tensor_plane(act));
    float *out = plane ? cam_floats(call->cam, (size_t)shape.h * (size_t)shape.w) : NULL;
    if (!out)
        return -1;
    cam_upsample(call->at, plane, out, is_corners);
    put_dim(call, shape.h), put_dim(call, shape.w);
    return put_floats(call, out, (size_t)shape.h * (size_t)shape.w);
}

/* -- requests: gradients -------------------------------------------------------------------------------------------- */

static int serve_gradient(struct call *call)
{
    enum cam_score score;
    enum gradient_rule rule;
    if (read_score(call, &score) || read_rule(call, 1, &rule))
        return -1;
    struct param_names *names = cam_alloc(call->cam, 1, sizeof *names);
    if (!names)
        return -1;
    for (int i = 2; i < call->count && names->count < PARAM_NAMES_MAX; i++)
        snprintf(names->name[names->count++], PARAM_TEXT_MAX, "%s", call->words[i]);
    const struct tensor *gradients = cam_gradients(call->at, names, score, rule);
    return gradients ? put_tensors(call, gradients, names->count ? names->count : 1) : -1;
}

static int serve_gradient_of(struct call *call)
{
    struct cam *cam = layer_of(call, 0);
    const float *weights = cam ? read_array(call, 0, (size_t)cam_classes(cam)) : NULL;
    return weights ? put_tensor(call, cam_gradient_of(cam, weights)) : -1;
}

static int serve_input_gradient(struct call *call)
{
    enum cam_score score;
    enum gradient_rule rule;
    return status_of(read_score(call, &score) || read_rule(call, 1, &rule) ||
                     put_tensor(call, cam_input_gradient(call->at, score, rule)));
}

/* -- requests: further passes --------------------------------------------------------------------------------------- */

/* Items of the script's array, read when a pass needs them. */
struct items {
    const struct script *script;
    size_t first, size; /* floats before the first item, and of each */
};

/* Passes that a request asks for, and how some of them are run. */
struct passes {
    struct cam *cam;
    int count, most; /* most: that are run before the time limit is looked at */
    struct items items;
    const float *masks, *values, *baseline;
    const int *channels;
    struct cam_output *out;
    int (*run)(const struct passes *passes, int first, int count, struct cam_output *out);
};

static void item_source(void *context, int index, float *out)
{
    const struct items *items = context;
    script_read(items->script, items->first + (size_t)index * items->size, out, items->size);
}

/* The items from `first` on. */
static struct items items_from(const struct items *items, int first)
{
    return (struct items){items->script, items->first + (size_t)first * items->size, items->size};
}

static int run_tail(const struct passes *passes, int first, int count, struct cam_output *out)
{
    struct items items = items_from(&passes->items, first);
    return cam_tail(passes->cam, count, item_source, &items, out);
}

static int run_spatial_masks(const struct passes *passes, int first, int count, struct cam_output *out)
{
    const float *masks = passes->masks + (size_t)first * tensor_plane(cam_activations(passes->cam));
    return cam_tail_spatial_masks(passes->cam, count, masks, out);
}

static int run_channels(const struct passes *passes, int first, int count, struct cam_output *out)
{
    return cam_tail_channels(passes->cam, count, passes->channels + first, passes->values + first, out);
}

static int run_masked(const struct passes *passes, int first, int count, struct cam_output *out)
{
    struct items items = items_from(&passes->items, first);
    return cam_masked(passes->cam, count, item_source, &items, passes->baseline, out);
}

/* Reads the words N and LAYER, for passes from a layer on. */
static int begin_tails(struct call *call, struct passes *passes)
{
    passes->cam = layer_of(call, 1);
    passes->most = TAILS_AT_ONCE;
    return passes->cam ? read_count(call, &passes->count) : -1;
}

/* Runs all passes and puts their scores into the reply. */
static int serve_passes(struct call *call, struct passes *passes)
{
    passes->out = cam_alloc(call->cam, (size_t)passes->count, sizeof *passes->out);
    if (!passes->out)
        return -1;
    for (int first = 0; first < passes->count; first += passes->most) {
        const int left = passes->count - first;
        const struct arena_mark mark = cam_mark(call->cam);
        if (script_check_limit(call->script, cam_error(call->cam)) ||
            passes->run(passes, first, left < passes->most ? left : passes->most, passes->out + first))
            return -1;
        cam_release(call->cam, mark);
    }
    put_dim(call, passes->count), put_dim(call, 2);
    return put_floats(call, (const float *)passes->out, 2 * (size_t)passes->count);
}

static int serve_tail(struct call *call)
{
    struct passes passes = {.run = run_tail};
    if (begin_tails(call, &passes))
        return -1;
    passes.items = (struct items){call->script, 0, tensor_size(cam_activations(passes.cam))};
    return status_of(check_array(call, (size_t)passes.count * passes.items.size) || serve_passes(call, &passes));
}

static int serve_spatial_masks(struct call *call)
{
    struct passes passes = {.run = run_spatial_masks};
    if (begin_tails(call, &passes))
        return -1;
    passes.masks = read_array(call, 0, (size_t)passes.count * tensor_plane(cam_activations(passes.cam)));
    return passes.masks ? serve_passes(call, &passes) : -1;
}

/* Splits pairs of a channel and a value. */
static int split_pairs(struct call *call, const float *pairs, int count, int channels, int *channel, float *value)
{
    for (int i = 0; i < count; i++) {
        const float k = pairs[2 * (size_t)i];
        if (!(k >= 0 && k < (float)channels) || k != floorf(k))
            return cam_fail(call->cam, "%g is not a channel from 0 to %d", (double)k, channels - 1);
        channel[i] = (int)k;
        value[i] = pairs[2 * (size_t)i + 1];
    }
    return 0;
}

static int serve_channels(struct call *call)
{
    struct passes passes = {.run = run_channels};
    if (begin_tails(call, &passes))
        return -1;
    const float *pairs = read_array(call, 0, 2 * (size_t)passes.count);
    int *channels = pairs ? cam_alloc(call->cam, (size_t)passes.count, sizeof *channels) : NULL;
    float *values = channels ? cam_floats(call->cam, (size_t)passes.count) : NULL;
    passes.channels = channels;
    passes.values = values;
    return status_of(!values ||
                     split_pairs(call, pairs, passes.count, cam_activations(passes.cam)->c, channels, values) ||
                     serve_passes(call, &passes));
}

static int serve_masked(struct call *call)
{
    struct passes passes = {.cam = call->at, .most = MASKS_AT_ONCE, .run = run_masked};
    int has_baseline = 0;
    const struct shape shape = cam_input_shape(call->cam);
    const size_t plane = (size_t)shape.h * (size_t)shape.w, planes = (size_t)shape.c * plane;
    if (read_count(call, &passes.count) || read_choice(call, 1, "zero|baseline", &has_baseline))
        return -1;
    passes.items = (struct items){call->script, has_baseline ? planes : 0, plane};
    passes.baseline = has_baseline ? read_array(call, 0, planes) : NULL;
    if (has_baseline && !passes.baseline)
        return -1;
    return status_of(check_array(call, passes.items.first + (size_t)passes.count * plane) ||
                     serve_passes(call, &passes));
}

/* -- requests: other inputs ----------------------------------------------------------------------------------------- */

static int serve_at_image(struct call *call)
{
    call->at = call->cam;
    cam_release(call->cam, call->start);
    return 0;
}

static int serve_at_input(struct call *call)
{
    const struct shape shape = cam_input_shape(call->cam);
    serve_at_image(call);
    const float *input = read_array(call, 0, shape_size(shape));
    struct cam *at = input ? cam_at_input(call->cam, input) : NULL;
    if (!at)
        return -1;
    call->at = at;
    return 0;
}

/* -- the loop ------------------------------------------------------------------------------------------------------- */

static const struct request {
    const char *name, *usage;
    int least, most; /* words after the name */
    bool keeps_scratch;
    int (*serve)(struct call *call);
} requests[] = {
    {"input", "", 0, 0, false, serve_input},
    {"activations", " [LAYER]", 0, 1, false, serve_activations},
    {"logits", "", 0, 0, false, serve_logits},
    {"probabilities", "", 0, 0, false, serve_probabilities},
    {"gradient", " SCORE [RULE [LAYER]...]", 1, 2 + PARAM_NAMES_MAX, false, serve_gradient},
    {"gradient_of", " [LAYER]", 0, 1, false, serve_gradient_of},
    {"input_gradient", " SCORE [RULE]", 1, 2, false, serve_input_gradient},
    {"tail", " N [LAYER]", 1, 2, false, serve_tail},
    {"spatial_masks", " N [LAYER]", 1, 2, false, serve_spatial_masks},
    {"channels", " N [LAYER]", 1, 2, false, serve_channels},
    {"masked", " N [zero|baseline]", 1, 2, false, serve_masked},
    {"black", "", 0, 0, false, serve_black},
    {"blurred", " KERNEL SIGMA", 2, 2, false, serve_blurred},
    {"upsample", " [half_pixel|corners]", 0, 1, false, serve_upsample},
    {"at_input", "", 0, 0, true, serve_at_input},
    {"at_image", "", 0, 0, true, serve_at_image},
};

/* Splits script->line; returns its first word. */
static const char *split_line(struct call *call)
{
    char *left, *name = strtok_r(call->script->line, " ", &left), *word;
    call->count = 0;
    while (name && (word = strtok_r(NULL, " ", &left)) && call->count < WORDS_MAX)
        call->words[call->count++] = word;
    return name ? name : "";
}

static const struct request *find_request(const char *name)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (strcmp(requests[i].name, name) == 0)
            return &requests[i];
    return NULL;
}

/* Serves a request of a known name; fills call->reply. */
static int serve_known(struct call *call, const struct request *request)
{
    snprintf(call->reply, sizeof call->reply, "ok");
    call->written = 0;
    if (call->count < request->least || call->count > request->most)
        return cam_fail(call->cam, "the request is %s%s", request->name, request->usage);
    const struct arena_mark mark = cam_mark(call->cam);
    const int status = request->serve(call);
    if (!request->keeps_scratch)
        cam_release(call->cam, mark);
    return status;
}

/* A request that cannot be served is told to the script, which may have another. */
static int serve(struct call *call, const char *name)
{
    const struct request *request = find_request(name);
    struct error *err = cam_error(call->cam);
    char line[sizeof err->text + 8], shown[64];
    if (!request)
        return script_fail(call->script, err, "sent \"%s\", which is not a request",
                           text_printable(name, shown, sizeof shown));
    if (serve_known(call, request) == 0)
        return script_send(call->script, call->reply, err);
    if (err->is_system || !call->script->child) {
        script_end(call->script, 0);
        return -1;
    }
    snprintf(line, sizeof line, "error %s", err->text);
    *err = (struct error){0};
    for (char *c = line; *c; c++)
        if (*c == '\n')
            *c = ' ';
    return script_send(call->script, line, err);
}

/* "map H W" */
static int read_map(struct call *call, const struct map_form *form, float *map)
{
    struct error *err = cam_error(call->cam);
    const size_t count = (size_t)form->h * (size_t)form->w;
    long long h, w;
    if (call->count != 2 || text_to_int(call->words[0], &h) || text_to_int(call->words[1], &w))
        return script_fail(call->script, err, "answered without the map's size: map H W");
    if (h != form->h || w != form->w)
        return script_fail(call->script, err, "answered with a map of (%lld,%lld); it must be (%d,%d)", h, w, form->h,
                           form->w);
    if (!script_read(call->script, 0, map, count))
        return script_fail(call->script, err, "answered with a map, but descriptor 5 holds fewer than %zu floats",
                           count);
    for (size_t i = 0; i < count; i++) {
        const int y = (int)(i / (size_t)form->w), x = (int)(i % (size_t)form->w);
        if (!isfinite(map[i]))
            return script_fail(call->script, err, "answered with a map that is %g at (%d,%d)", map[i], y, x);
        if (form->is_normalised && (map[i] < 0 || map[i] > 1))
            return script_fail(call->script, err, "declared a normalised map, which is %g at (%d,%d)", map[i], y, x);
    }
    return 0;
}

static int serve_all(struct call *call, const struct map_form *form, float *map)
{
    struct error *err = cam_error(call->cam);
    for (;;) {
        if (script_receive(call->script, err))
            return -1;
        if (strncmp(call->script->line, "error", 5) == 0 && strchr(" ", call->script->line[5])) {
            const char *why = call->script->line + 5 + (call->script->line[5] == ' ');
            char shown[384], reason[512];
            snprintf(reason, sizeof reason, "has no map%s%s", *why ? ": " : "",
                     text_printable(why, shown, sizeof shown));
            script_describe(call->script, reason, err);
            return -1;
        }
        const char *name = split_line(call);
        if (strcmp(name, "map") == 0)
            return read_map(call, form, map);
        if (serve(call, name))
            return -1;
    }
}

/* The line "explain ..."; the image's name comes last, because it may hold blanks. */
static int send_explain(struct call *call, const struct map_form *form)
{
    struct cam *cam = call->cam;
    const struct tensor *act = cam_activations(cam);
    const struct shape shape = cam_input_shape(cam);
    struct random_stream stream = cam_random(cam);
    const uint64_t seed = ((uint64_t)random_u32(&stream) << 32) | random_u32(&stream);
    char line[SCRIPT_LINE_BYTES], name[1024];
    snprintf(line, sizeof line,
             "explain class=%d classes=%d index=%d seed=%" PRIu64 " layer=%dx%dx%d input=%dx%dx%d map=%dx%d image=%s",
             cam_class(cam), cam_classes(cam), cam_image_index(cam), seed, act->c, act->h, act->w, shape.c, shape.h,
             shape.w, form->h, form->w, text_printable(cam_image_name(cam), name, sizeof name));
    return script_send(call->script, line, cam_error(cam));
}

static bool is_stopped(const void *context)
{
    return cam_is_stopped(context);
}

int script_explain(struct script *script, struct cam *cam, const struct map_form *form, float *map)
{
    struct call call = {.script = script, .cam = cam, .at = cam, .start = cam_mark(cam)};
    if (!cam_activations(cam))
        return -1;
    script_begin_limit(script);
    script->is_stopped = is_stopped;
    script->context = cam;
    const int status = status_of(script_check_idle(script, cam_error(cam)) || send_explain(&call, form) ||
                                 serve_all(&call, form, map));
    script->is_stopped = NULL;
    return status;
}
