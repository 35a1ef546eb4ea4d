/*
 * bench/run/manifest.h - manifest.json: the inputs of a run, and the program and machine that measured it.
 *
 * The runner fills the struct; manifest_write() adds program, compiler, CPU, BLAS and host.
 */
#ifndef BENCH_RUN_MANIFEST_H
#define BENCH_RUN_MANIFEST_H

#include "backbones/picture_input.h"
#include "base/error.h"
#include "base/json.h"
#include "bench/store/provenance.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct store_session;
struct store_spent;

/* A method, metric or protocol. */
struct manifest_entry {
    const char *label;  /* name in the results; NULL: the same as `name` */
    const char *name;   /* registered name */
    int version;        /* of the registered method, metric or preset */
    const char *digest; /* digest of its sources; NULL: none */
};

struct manifest_step {
    const char *name, *kernel; /* of the step's first layer; kernel "" if the operator has only one */
};

struct manifest_backbone {
    const char *label, *arch, *layer;
    const char *weights, *weights_sha256; /* path and file_sha256(); NULL: none */
    const char *model, *output, *command; /* of a model that is not a family's; NULL: not given */
    int file_count;                       /* further files of the model */
    const char *const *files, *const *file_sha256;
    size_t workspace_bytes;            /* of one worker */
    size_t parameters;                 /* numbers in the network */
    const char *kernels;               /* the engine's set; NULL: this run did not make the network */
    const struct manifest_step *steps; /* the plan */
    int step_count;
    const char *digest;         /* digest of its family's sources; NULL: none */
    struct picture_input input; /* complete */
};

/* A file that a method reads, or the plugin that a method or metric is from (bench/run/method_files.h). */
struct manifest_file {
    const char *owner, *what;
    const char *path, *sha256;
};

struct manifest_skipped {
    const char *image, *why;
};

/* A map that a method failed to make; the reason names backbone, image and method. */
struct manifest_failed {
    const char *backbone, *image, *method, *why;
};

struct manifest {
    const char *name;          /* of the run */
    const char *config_sha256; /* of the resolved config.yaml */
    uint64_t seed;
    int threads;
    time_t started, ended;              /* ended 0: not yet */
    const char *images, *images_sha256; /* the image set's path and file_sha256() */
    int image_count;                    /* chosen for the run */
    int item_count;                     /* measured items: one backbone, image and method each */
    int backbone_count, method_count, metric_count, protocol_count, skipped_count;
    const struct manifest_backbone *backbones;
    const struct manifest_entry *methods, *metrics, *protocols;
    const struct manifest_skipped *skipped;
    int failed_count;
    const struct manifest_failed *failed;
    int file_count;
    const struct manifest_file *files;
    const struct programs *programs; /* programs that measured the items; NULL: none */
    const char *const *mixture;      /* program_mixture(); NULL: none */
    int session_count;
    const struct store_session *sessions; /* calls of the program that measured something */
    int spent_count;
    const struct store_spent *spent; /* the time of these calls, by activity, backbone and method */
};

/* Writes the file under another name, then renames it. Invalid UTF-8 becomes '?'. Errors: not writable, no memory. */
int manifest_write(const char *path, const struct manifest *manifest, struct error *err);

/*
 * Reads manifest.json of a run's folder; the caller releases *json, which is NULL if the file does not exist, as after
 * an interruption. Errors: the file cannot be read.
 */
int manifest_read(const char *folder, json_t **json, struct error *err);

/*
 * Writes FOLDER/manifest.json for runs that were joined in FOLDER. It begins as the folder's manifest, or else as the
 * first one that a run has (a killed run has none). Added are the earliest begin and the latest end, a list of the runs
 * (joined_from), the backbones and methods of the other runs, and from `manifest` config_sha256, item_count, skipped, the times,
 * programs and the order of backbones and methods, by their labels. If no run has a manifest, none is
 * written. Errors: a manifest that exists and cannot be read; not writable; no memory.
 */
int manifest_join(const char *folder, const char *const *runs, int count, const struct manifest *manifest,
                  struct error *err);

#endif
