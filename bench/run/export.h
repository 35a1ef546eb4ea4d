/*
 * bench/run/export.h - writes the inputs of which metrics need a method's maps, for a program that makes maps
 * elsewhere (docs/maps.md).
 *
 * The file has, for each backbone, method and kind of input, a group /BACKBONE/METHOD/INPUT (cam_input_name()) with
 * `input` float32 (N,C,H,W), normalised, and `name` and `class` (N), the class to explain; -1: the input does not exist.
 * The images' own inputs are in /BACKBONE/METHOD.
 */
#ifndef BENCH_RUN_EXPORT_H
#define BENCH_RUN_EXPORT_H

#include "bench/run/run.h"

struct export_options {
    const char *path;    /* of the file */
    const char *methods; /* labels, "a,b"; NULL: those without maps of changed inputs */
};

struct export_count {
    int groups, images; /* written; images of the largest group */
};

/*
 * Evaluates each image with each method, and writes its input and those that metrics ask maps of. Errors: no such
 * method, no method without such maps, those of the evaluation.
 */
int export_explanations(struct run *run, const struct export_options *options, struct export_count *count,
                        struct error *err);

#endif
