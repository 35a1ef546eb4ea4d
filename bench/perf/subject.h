/*
 * bench/perf/subject.h - a network to measure: random weights or a file's, some inputs, a session of as many workers as threads.
 */
#ifndef BENCH_PERF_SUBJECT_H
#define BENCH_PERF_SUBJECT_H

#include "base/arena.h"
#include "bench/perf/perf.h"
#include "models/model.h"
#include "nn/nn.h"

#define SUBJECT_LAYERS_MAX 32

/* What a subject is made of, see subject_open(). */
struct subject_source {
    const char *arch, *weights;
    const char *channels; /* letters of the input's channels (backbones/picture_input.h); NULL: the usual */
    const char *kernels;  /* as network_create_with() takes them */
};

struct subject {
    const char *channels;
    const char *arch,
        *layers[SUBJECT_LAYERS_MAX]; /* layers: the architecture's usual target, then others that are kept */
    int layer_count;
    struct model *model;
    struct network *network;
    struct session *session;
    struct arena arena;
    double gflop; /* an image; of the direct algorithm: 2 x multiply-adds */
    int input_count;
    float *inputs; /* (input_count,C,H,W) */
    float *logits; /* (input_count,K) */
};

/*
 * arch: an architecture, or an ONNX file (.onnx). weights, a file, may be NULL: those of the ONNX file, or generated
 * ones, 1000 classes, 224x224. On failure nothing is left open. Errors: among others, no kernels of that name.
 */
int subject_open(struct subject *subject, const struct subject_source *source, int workers, int inputs,
                 struct error *err);

/*
 * The same for measuring methods: the network also keeps `layers`, and of the layers that methods use by default those
 * that it has. Further errors: the network lacks one of `layers`; there are too many.
 */
int subject_open_for_methods(struct subject *subject, const struct subject_source *source, int workers, int inputs,
                             const struct perf_names *layers, struct error *err);
void subject_close(struct subject *subject);

/* Other inputs, of which there are `count`, and places for their logits. */
int subject_make_inputs(struct subject *subject, int count, struct error *err);

size_t subject_input_size(const struct subject *subject); /* floats */

/* Logits of the first `batch` inputs, once; and images/s of calls that last at least so long. */
void subject_forward(const struct subject *subject, int batch);
double subject_rate(const struct subject *subject, int batch, double seconds);

#endif
