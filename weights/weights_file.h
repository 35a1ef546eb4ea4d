/*
 * weights/weights_file.h - weights in HDF5 (docs/formats.md), and seeded random ones.
 *
 * Root attributes: format = "cambench-weights", version = 1, arch, classes, width, source, sha256 (of the file that
 * they came from). If known: accuracy (top-1 %), height and width_px (of the input), mean and std (three numbers each,
 * of pixels in [0,1]), input_channels (other than 3), stem ("small" or "small_pool"), resize ("shorter" or "squash"),
 * note (assumptions of their import), transform_input (1 or 0; GoogLeNet's), seed and script_sha256 (of their training).
 * There is one dataset /tensor/NAME per tensor with torchvision's name, float32 or float16, and, if known, /class/name
 * (class_count() of classes).
 */
#ifndef WEIGHTS_WEIGHTS_FILE_H
#define WEIGHTS_WEIGHTS_FILE_H

#include "backbones/backbone.h"
#include "backbones/picture_input.h"
#include "base/arena.h"

struct weights_info {
    char arch[64];
    int classes; /* outputs; class_count() of them are the classes */
    double width;
    char source[256], sha256[72];
    double accuracy;                      /* top-1 %, if the file says so; negative otherwise */
    struct picture_input input;           /* that the network was trained with, as far as the file gives it */
    char note[512];                       /* assumptions of their import, for display; "": none */
    enum transform_input transform_input; /* TRANSFORM_USUAL if the file does not say */
    int channels;                         /* of the input; 0: 3 */
    enum stem stem;
    /* (classes), NULL if the file does not say; as read, they live until weights_close() */
    const char *const *class_names;
    /* of a training of the project's own; read only: weights_write() leaves them out */
    int seed;               /* negative if the file does not say */
    char script_sha256[72]; /* of the script */
};

struct weights_file; /* an open file */

/*
 * Opens and checks a file in a child process (base/h5.h). Errors: not HDF5, damaged, another format or version, an
 * architecture that is not known, a transform_input that it does not have, a mean or std out of its range, class names
 * that are not one for each class. network_check_weights() checks whether the tensors fit.
 */
struct weights_file *weights_open(const char *path, struct weights_info *info, struct error *err);
void weights_close(struct weights_file *file);

/* Options of the network that the weights belong to; its input has sides of `side` pixels if the file has no size. */
struct backbone_options weights_options(const struct weights_info *info, int side);

/* Names and shapes without data (data NULL): for checks before a run starts. In the arena. */
int weights_read_shapes(struct weights_file *file, struct arena *arena, struct weights *weights, struct error *err);

/*
 * All tensors as float32 in the arena. Errors: no memory, read errors, values that are not finite, negative variances
 * (tensor named).
 */
int weights_read(struct weights_file *file, struct arena *arena, struct weights *weights, struct error *err);

/*
 * Check that no variance of a batch norm is negative, which would make every output of a network NaN; the error names
 * the tensor. The first checks tensors that were read; the second reads only the variances, before a run starts.
 */
int weights_check_variances(const struct weights *weights, struct error *err);
int weights_read_variances(struct weights_file *file, struct error *err);

/* Writes a file, whole or not at all (base/file.h). Errors: not writable, no memory. */
int weights_write(const char *path, const struct weights_info *info, const struct weights *weights, struct error *err);

/*
 * Deterministic random weights for a graph, in the arena: fan-in scaled so that signals neither vanish nor explode,
 * batch-norm scales, shifts, means and variances that are not trivial. Same seed, same bytes, on any machine.
 */
int weights_generate(const struct graph *graph, uint64_t seed, struct arena *arena, struct weights *weights,
                     struct error *err);

#endif
