/*
 * bench/perf/serve.c - the engine on a pipe, for bench/peers/: it sleeps while another program is measured.
 *
 * Says "ready N" (inputs), then answers each line of stdin by one line:
 *     outputs FILE           logits (N,K) as float32                           -> "ok"
 *     values FILE LAYER      of a kept layer (N,C,h,w) as float32              -> "ok"
 *     gradients FILE LAYER   J^T q at a kept layer or at "input", q[k] = cos k -> "ok"
 *     forward BATCH SECONDS  calls that last at least so long                  -> images/s
 *     maps FILE METHOD       saliency maps (N,H,W) as float32                  -> "ok"
 *     map SECONDS METHOD     likewise, one input after another                 -> seconds per map
 * or "error TEXT". METHOD: "scorecam:max_channels=64,fill=blur" (mapper.h).
 */
#include "bench/perf/mapper.h"
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define INPUTS_MAX 4096
#define SECONDS_MAX 3600

struct server {
    struct subject subject;
    char word[PATH_MAX]; /* first argument of the request */
    char rest[1024];     /* what follows it; "" */
};

/* -- inputs -------------------------------------------------------------------------------------------------------- */

static int read_inputs(struct subject *subject, const char *path, FILE *file, struct error *err)
{
    const size_t size = subject_input_size(subject) * (size_t)subject->input_count;
    if (fread(subject->inputs, sizeof(float), size, file) != size || fgetc(file) != EOF)
        return error_set(err, "inputs \"%s\": not a whole number of inputs, at most %d", path, INPUTS_MAX);
    return 0;
}

/* How many inputs a file holds; 0: none. */
static int count_inputs(const struct subject *subject, FILE *file)
{
    const long bytes = fseek(file, 0, SEEK_END) ? 0 : ftell(file);
    rewind(file);
    const long count = bytes / (long)(subject_input_size(subject) * sizeof(float));
    return count > INPUTS_MAX ? 0 : (int)count;
}

static int take_inputs(struct subject *subject, const char *path, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, "could not open inputs \"%s\": %s", path, strerror(errno));
    const int count = count_inputs(subject, file);
    const int status =
        count ? status_of(subject_make_inputs(subject, count, err) || read_inputs(subject, path, file, err))
              : error_set(err, "inputs \"%s\" hold none, or more than %d", path, INPUTS_MAX);
    fclose(file);
    return status;
}

static int open_subject(struct subject *subject, const struct perf_options *options, struct error *err)
{
    const struct subject_source source = {options->archs.name[0], options->weights, options->channels,
                                          options->kernels};
    if (subject_open_for_methods(subject, &source, options->threads, 1, &options->layers, err))
        return -1;
    if (!options->inputs || take_inputs(subject, options->inputs, err) == 0)
        return 0;
    subject_close(subject);
    return -1;
}

/* -- answers --------------------------------------------------------------------------------------------------------- */

static int write_floats(const char *path, const float *values, size_t count, FILE *file, struct error *err)
{
    return fwrite(values, sizeof *values, count, file) == count ? 0 : error_set(err, "could not write \"%s\"", path);
}

static int say_ok(void)
{
    printf("ok\n");
    return 0;
}

static int write_outputs(struct server *server, struct error *err)
{
    const struct subject *subject = &server->subject;
    const size_t classes = (size_t)network_classes(subject->network);
    struct file_writer writer;
    if (file_create(&writer, server->word, err))
        return -1;
    subject_forward(subject, subject->input_count);
    if (write_floats(server->word, subject->logits, classes * (size_t)subject->input_count, writer.stream, err)) {
        file_abandon(&writer);
        return -1;
    }
    return file_commit(&writer, err) ? -1 : say_ok();
}

/* -- values and gradients of a layer ----------------------------------------------------------------------------------- */

/* A layer's values or gradients of one image, and room for all that the engine writes beside them. */
struct layer_work {
    const struct subject *subject;
    int layer;
    float *logits, *q, *out, *bases[SUBJECT_LAYERS_MAX]; /* out: of the layer; bases: of all layers */
};

static size_t layer_size(const struct network *network, int layer)
{
    const struct shape shape = layer == SESSION_INPUT ? network_input(network) : network_layer_shape(network, layer);
    return shape_size(shape);
}

static int layer_work_open(struct layer_work *work, struct arena *arena, const struct subject *subject,
                           const char *name, struct error *err)
{
    const struct network *network = subject->network;
    const int classes = network_classes(network);
    *work = (struct layer_work){.subject = subject, .layer = network_find_layer(network, name)};
    if (work->layer < 0 && strcmp(name, "input") != 0)
        return error_set(err, "layer \"%s\" is not kept", name);
    work->logits = arena_floats(arena, (size_t)classes);
    work->q = arena_floats(arena, (size_t)classes);
    work->out = arena_floats(arena, layer_size(network, work->layer));
    bool is_full = work->logits && work->q && work->out;
    for (int i = 0; i < network_layer_count(network) && is_full; i++)
        is_full = (work->bases[i] = arena_floats(arena, layer_size(network, i)));
    for (int k = 0; k < classes && is_full; k++)
        work->q[k] = (float)cos(k);
    return is_full ? 0 : error_memory(err, "the values of a layer");
}

/* Writes the value of the layer to work->out. */
static int find_value(struct layer_work *work, const float *input, struct error *err)
{
    if (work->layer == SESSION_INPUT)
        return error_set(err, "the input has no values");
    session_base(work->subject->session, input, work->logits, work->bases);
    memcpy(work->out, work->bases[work->layer], layer_size(work->subject->network, work->layer) * sizeof *work->out);
    return 0;
}

static int find_gradient(struct layer_work *work, const float *input, struct error *err)
{
    struct session *session = work->subject->session;
    session_base(session, input, work->logits, work->bases);
    const int from = session_gradient_start(session, &work->layer, 1);
    const struct session_backward backward = {.cotangent = work->q,
                                              .from = from,
                                              .value = from == SESSION_INPUT ? input : work->bases[from],
                                              .layer_count = 1,
                                              .layers = &work->layer,
                                              .gradients = &work->out};
    return session_gradients(session, &backward, NULL, err);
}

typedef int layer_function(struct layer_work *work, const float *input, struct error *err);

static int write_images(struct server *server, struct layer_work *work, layer_function *find, FILE *file,
                        struct error *err)
{
    const struct subject *subject = work->subject;
    for (int i = 0; i < subject->input_count; i++)
        if (find(work, subject->inputs + (size_t)i * subject_input_size(subject), err) ||
            write_floats(server->word, work->out, layer_size(subject->network, work->layer), file, err))
            return -1;
    return 0;
}

static int write_layer(struct server *server, layer_function *find, struct error *err)
{
    struct arena arena;
    struct layer_work work;
    struct file_writer writer;
    arena_init(&arena, 0);
    int status = layer_work_open(&work, &arena, &server->subject, server->rest, err);
    if (!status && (status = file_create(&writer, server->word, err)) == 0) {
        status = write_images(server, &work, find, writer.stream, err);
        if (status)
            file_abandon(&writer);
        else
            status = file_commit(&writer, err);
    }
    arena_release(&arena);
    return status ? -1 : say_ok();
}

static int write_values(struct server *server, struct error *err)
{
    return write_layer(server, find_value, err);
}

static int write_gradients(struct server *server, struct error *err)
{
    return write_layer(server, find_gradient, err);
}

/* -- speed and maps ---------------------------------------------------------------------------------------------------- */

static int number_of(const char *word, double min, double max, double *number, struct error *err)
{
    return text_to_double(word, number) == 0 && *number >= min && *number <= max
               ? 0
               : error_set(err, "\"%s\" is not one of %g..%g", word, min, max);
}

static int say_forward(struct server *server, struct error *err)
{
    double batch, seconds;
    if (number_of(server->word, 1, server->subject.input_count, &batch, err) ||
        number_of(server->rest, 0, SECONDS_MAX, &seconds, err))
        return -1;
    printf("%.9g\n", subject_rate(&server->subject, (int)batch, seconds));
    return 0;
}

static int write_all_maps(struct mapper *mapper, const char *path, FILE *file, struct error *err)
{
    const struct shape shape = network_input(mapper->subject->network);
    for (int i = 0; i < mapper->subject->input_count; i++) {
        struct saliency saliency;
        if (mapper_map(mapper, i, &saliency, NULL, err))
            return -1;
        if (!saliency.data)
            return error_set(err, "the map is not finite");
        if (write_floats(path, saliency.data, (size_t)shape.h * (size_t)shape.w, file, err))
            return -1;
    }
    return 0;
}

static int write_maps(struct server *server, struct error *err)
{
    struct mapper mapper;
    struct file_writer writer;
    int status = mapper_open(&mapper, &server->subject, server->rest, err);
    if (!status && (status = file_create(&writer, server->word, err)) == 0) {
        status = write_all_maps(&mapper, server->word, writer.stream, err);
        if (status)
            file_abandon(&writer);
        else
            status = file_commit(&writer, err);
    }
    mapper_close(&mapper);
    return status ? -1 : say_ok();
}

static int time_maps(struct mapper *mapper, double seconds, double *each, struct error *err)
{
    const double start = seconds_now();
    double elapsed = 0;
    int maps = 0;
    while (maps == 0 || elapsed < seconds) {
        struct saliency saliency;
        if (mapper_map(mapper, maps % mapper->subject->input_count, &saliency, NULL, err))
            return -1;
        maps++;
        elapsed = seconds_now() - start;
    }
    *each = elapsed / maps;
    return 0;
}

static int say_map(struct server *server, struct error *err)
{
    struct mapper mapper;
    double seconds, each = 0;
    if (number_of(server->word, 0, SECONDS_MAX, &seconds, err))
        return -1;
    int status = mapper_open(&mapper, &server->subject, server->rest, err);
    if (!status)
        status = time_maps(&mapper, seconds, &each, err);
    mapper_close(&mapper);
    if (!status)
        printf("%.9g\n", each);
    return status;
}

/* -- requests ---------------------------------------------------------------------------------------------------------- */

static const struct request {
    const char *name;
    int (*answer)(struct server *server, struct error *err);
} requests[] = {
    {"outputs", write_outputs}, {"values", write_values}, {"gradients", write_gradients},
    {"forward", say_forward},   {"maps", write_maps},     {"map", say_map},
};

static int answer(struct server *server, const char *line, struct error *err)
{
    char name[32];
    server->word[0] = server->rest[0] = '\0';
    if (sscanf(line, "%31s %4095s %1023[^\n]", name, server->word, server->rest) >= 2)
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
            if (strcmp(name, requests[i].name) == 0)
                return requests[i].answer(server, err);
    return error_set(err, "request not understood");
}

int serve(const struct perf_options *options, struct error *err)
{
    static struct server server;
    char line[PATH_MAX + 1100];
    if (open_subject(&server.subject, options, err))
        return -1;
    printf("ready %d\n", server.subject.input_count);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        struct error failure;
        if (answer(&server, line, &failure))
            printf("error %s\n", failure.text);
        fflush(stdout);
    }
    subject_close(&server.subject);
    return 0;
}
