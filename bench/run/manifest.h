/*
 * bench/run/manifest.h - what a run was made with and of: manifest.json.
 *
 * The runner fills what it knows; manifest_write() adds what the machine knows (program, compiler, CPU, BLAS, host).
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

/* A method, metric or protocol: its name in the results, what it is, and that one's version. */
struct manifest_entry {
    const char *label; /* NULL: the name */
    const char *name;
    int version;
    const char *digest; /* digest of its sources; NULL: none */
};

struct manifest_step {
    const char *name, *kernel; /* of the first layer in it; "" where there is no choice */
};

struct manifest_backbone {
    const char *label, *arch, *layer;
    const char *weights, *weights_sha256; /* path and file_sha256(); NULL: none */
    size_t workspace_bytes;               /* of one worker */
    size_t parameters;                    /* numbers in the network */
    const char *kernels;                  /* the engine's set; NULL: the network was not made in this run */
    const struct manifest_step *steps;    /* the plan */
    int step_count;
    const char *digest;         /* digest of its family's sources; NULL: none */
    struct picture_input input; /* complete */
};

/* A file that a method reads. */
struct manifest_file {
    const char *method, *param; /* label, name */
    const char *path, *sha256;
};

struct manifest_skipped {
    const char *image, *why;
};

struct manifest {
    const char *name;          /* of the run */
    const char *config_sha256; /* of the resolved config.yaml */
    uint64_t seed;
    int threads;
    time_t started, ended;              /* ended 0: not yet */
    const char *images, *images_sha256; /* the image set's path and file_sha256() */
    int image_count;                    /* chosen for the run */
    int item_count;                     /* measured: one backbone, image and method each */
    int backbone_count, method_count, metric_count, protocol_count, skipped_count;
    const struct manifest_backbone *backbones;
    const struct manifest_entry *methods, *metrics, *protocols;
    const struct manifest_skipped *skipped;
    int file_count;
    const struct manifest_file *files;
    const struct programs *programs; /* programs that measured the items; NULL: none */
    const char *const *mixture;      /* program_mixture(); NULL: none */
};

/* Writes the file (beside, then renamed). Errors: not writable, no memory. Text that is not UTF-8 is shown with '?'. */
int manifest_write(const char *path, const struct manifest *manifest, struct error *err);

/* manifest.json of a run's folder, the caller's to release; *json NULL: there is none, as after an interruption. */
int manifest_read(const char *folder, json_t **json, struct error *err);

/*
 * FOLDER/manifest.json of runs that were joined there: what the folder or else the first run has (a killed one has none),
 * with begin and end of them all, a list of what each was (joined_from), and of `manifest` what is true now: config_sha256,
 * item_count, skipped, programs. Without any manifest nothing is written.
 * Errors: a manifest that exists and cannot be read, not writable, no memory.
 */
int manifest_join(const char *folder, const char *const *runs, int count, const struct manifest *manifest,
                  struct error *err);

#endif
