/*
 * bench/run/explain.h - maps over pictures that are in no image set: one network, some methods, a sheet for each picture.
 *
 * The walk is that of a run (bench/run/evaluate.h), without metrics, so that the maps are the same.
 */
#ifndef BENCH_RUN_EXPLAIN_H
#define BENCH_RUN_EXPLAIN_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* As on the command line; NULL: not given. */
struct explain_options {
    const char *backbone, *weights; /* neither: a demo network; weights: of any file, whatever its architecture */
    const char *methods;            /* "gradcam,layercam", "all" */
    const char *klass;              /* as a protocol's (metrics/protocol.h); NULL: "predicted" */
    const char *command;            /* of a network that another process runs; NULL: none */
    int param_count;
    const char *const *params; /* "KEY=VALUE", for the methods that have the parameter; live as long as the job */
    const char *layer, *protocol;
    const char *output; /* folder; NULL: the working directory */
    int threads;        /* 0: as many as there are cores */
    int picture_count;
    const char *const *pictures; /* files; live as long as the job */
};

struct explain;

struct explained {
    int klass, predicted;
    const char *class_name, *predicted_name; /* NULL: it has a number only; until explain_close() */
    double probability, predicted_probability;
    bool is_clipped;     /* a picture of 16-bit grey (datasets/decode.h) */
    char path[PATH_MAX]; /* of the sheet */
};

/* Opens and checks everything but the pictures. Errors: NULL, and err names the option or the file. */
struct explain *explain_open(const struct explain_options *options, struct error *err);
void explain_close(struct explain *explain); /* NULL is fine */

/* Prints assumptions about the network (bench/run/notes.h). */
void explain_notes(const struct explain *explain, FILE *stream);

/*
 * Explains the next picture and writes its sheet: FOLDER/PICTURE-ARCH.png, with the class behind ARCH if one was asked
 * for, and a number where two pictures have one name. No picture is ever written over. Errors name the picture.
 */
int explain_next(struct explain *explain, struct explained *out, struct error *err);

#endif
