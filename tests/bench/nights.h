/*
 * tests/bench/nights.h - generated runs of a nightly job: what makes a night differ, its two folders, their comparison.
 */
#ifndef TESTS_BENCH_NIGHTS_H
#define TESTS_BENCH_NIGHTS_H

#include "bench/compare/compare_read.h"

#include "base/counts.h"
#include "base/random.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKBONES = 2, METHODS = 4, METRICS = 7, IMAGES = 32, NIGHTS = 100 };
enum { GRADCAM, SCORECAM, RECIPROCAM, RANDOM };
enum { DROP, COHERENCY, COMPLEXITY, OF_MEANS, PASSES, SECONDS, BOXES };

static const char *const backbones[] = {"VGG-16", "ResNet-18"};
static const char *const methods[] = {"gradcam", "scorecam", "reciprocam", "random"};
static const char *const metrics_of_run[] = {"average_drop",   "coherency",       "complexity", "adcc_of_means",
                                             "forward_passes", "seconds_per_map", "max_box_acc"};

/* What a night is made of; zero: as every night. */
struct night {
    uint64_t seed;                     /* of the config: random maps */
    uint64_t noise;                    /* of the times */
    double jitter;                     /* of single times, as a standard deviation; 0: 3 % */
    double drift;                      /* of the machine during an image, as a standard deviation */
    int method, metric;                /* of what follows */
    double shift;                      /* added to the metric's values, of all methods */
    double sign;                       /* added to one image of the method's values: a bit of what a wrong sign does */
    double slow;                       /* factor on the method's times; 0: 1 */
    int undefined;                     /* images of the method without the metric */
    int images, skip_method;           /* only so many images; 1: without the last method */
    int version;                       /* of the methods */
    const char *weights, *cpu, *label; /* of the first method */
    int unfinished;                    /* items left out */
    double wait;
};

struct fixture {
    char folder[2][64];
    struct arena arena;
    struct compared runs[2];
    struct comparison comparison;
    struct error err;
};

static inline void must(const struct fixture *f, int status)
{
    if (status)
        fail_msg("%s", f->err.text);
}

static inline struct random_stream stream_of(uint64_t seed, const char *what, int a, int b, int c)
{
    char purpose[64];
    struct random_stream stream;
    snprintf(purpose, sizeof purpose, "%s %d %d %d", what, a, b, c);
    random_init(&stream, seed, random_purpose(0, purpose));
    return stream;
}

static inline double value_of_night(const struct night *night, int b, int i, int m, int k)
{
    struct random_stream stream = stream_of(m == RANDOM ? night->seed + 1 : 1, metrics_of_run[k], b, i, m);
    double value = 0.2 + 0.1 * m + 0.3 * random_uniform(&stream);
    if (k == PASSES)
        return 1 + m;
    value += night->metric == k ? night->shift : 0;
    value += night->method == m && i == 7 ? night->sign : 0;
    return value;
}

static inline double seconds_of_night(const struct night *night, int b, int i, int m)
{
    struct random_stream image = stream_of(night->noise, "seconds", b, i, m);
    struct random_stream machine = stream_of(night->noise, "machine", 0, 0, 0);
    const double jitter = night->jitter > 0 ? night->jitter : 0.03;
    const double burst = random_uniform(&image) < 0.05 ? 1 : 0; /* now and then somebody else is at work */
    struct random_stream drift = stream_of(night->noise, "drift", b, i, 0);
    const double noise =
        0.01 * random_normal(&machine) + night->drift * random_normal(&drift) + jitter * random_normal(&image) + burst;
    return (0.01 + 0.02 * m) * (1 + b) * exp(noise) * (night->slow > 0 && m == night->method ? night->slow : 1);
}

enum { LEVELS = 256, OVERLAPS = 3 };

/* Whether the box of a level is a hit for the overlaps of 0.3, 0.5 and 0.7: near a level of the image. */
static inline bool is_hit(const struct night *night, int b, int i, int m, int overlap, int level)
{
    struct random_stream stream = stream_of(1, "level", b, i, m);
    return fabs(level - 64 - 128 * random_uniform(&stream)) <
           100 * value_of_night(night, b, i, m, BOXES) / (1 + overlap);
}

static inline struct store_curve boxes_of_night(const struct night *night, int b, int i, int m)
{
    static double first[OVERLAPS * LEVELS + 1], second[OVERLAPS * LEVELS + 1];
    uint32_t counts[OVERLAPS * LEVELS];
    for (int k = 0; k < OVERLAPS * LEVELS; k++)
        counts[k] = is_hit(night, b, i, m, k / LEVELS, k % LEVELS);
    counts_pack(counts, OVERLAPS * LEVELS, first, second);
    return (struct store_curve){
        .metric = BOXES, .count = counts_pairs(counts, OVERLAPS * LEVELS), .fraction = first, .probability = second};
}

static inline void commit_item(struct fixture *f, struct store *store, const struct night *night, int b, int i, int m)
{
    struct store_value values[METRICS];
    int count = 0;
    const double seconds = seconds_of_night(night, b, i, m);
    for (int k = 0; k < METRICS; k++) {
        const bool is_undefined = k == night->metric && m == night->method && i < night->undefined;
        if (k == OF_MEANS) {
            values[count++] = (struct store_value){.metric = k, .undefined = "combined"};
            continue;
        }
        values[count++] = (struct store_value){.metric = k,
                                               .number = k == SECONDS ? seconds : value_of_night(night, b, i, m, k),
                                               .undefined = is_undefined ? "zero_p" : NULL};
    }
    const struct store_curve boxes = boxes_of_night(night, b, i, m);
    const struct store_item item = {b, i, m, {.seconds = seconds, .full = 1 + m}, count, values, &boxes, 0, 0, NULL};
    must(f, store_commit(store, &item, &f->err));
}

static inline void write_config(const char *folder, const struct night *night, int method_count)
{
    char path[128];
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "name: nightly\nseed: %d\nbackbones:\n", (int)night->seed);
    for (int b = 0; b < BACKBONES; b++)
        fprintf(file, "  - {arch: resnet18, label: %s}\n", backbones[b]);
    fputs("methods:\n", file);
    for (int m = 0; m < method_count; m++)
        fprintf(file, "  - {name: %s, label: \"%s\", params: {score: logit, relu: true}}\n", methods[m],
                m == 0 && night->label ? night->label : methods[m]);
    fputs("metrics:\n", file);
    for (int k = 0; k < METRICS; k++)
        fprintf(file, "  - {name: %s, params: {}}\n", metrics_of_run[k]);
    fputs("protocol:\n  - {preset: cambench, label: cambench, class: predicted}\n"
          "runtime: {kernels: auto, exact_passes: false}\n",
          file);
    fclose(file);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "{\"machine\": {\"cpu\": \"%s\", \"threads\": 2, \"processor_wait\": %g}, \"blas\": {\"core\": \"X\"}, "
            "\"started\": \"2026-11-21T10:34:29Z\"}\n",
            night->cpu ? night->cpu : "EPYC", night->wait);
    fclose(file);
}

static inline void write_night(struct fixture *f, int which, const struct night *night)
{
    static const char *const protocol_list[] = {"cambench"};
    static const int ones[METRICS] = {1, 1, 1, 1, 1, 1, 1};
    char names_of_images[IMAGES][32];
    const char *images[IMAGES], *labels[METHODS];
    int versions[METHODS];
    for (int i = 0; i < IMAGES; i++) {
        snprintf(names_of_images[i], sizeof names_of_images[i], "n%02d.jpg", i);
        images[i] = names_of_images[i];
    }
    for (int m = 0; m < METHODS; m++) {
        labels[m] = m == 0 && night->label ? night->label : methods[m];
        versions[m] = 1 + night->version;
    }
    const int image_count = night->images ? night->images : IMAGES, method_count = METHODS - night->skip_method;
    const struct store_names names = {{[STORE_BACKBONES] = {BACKBONES, backbones, NULL},
                                       [STORE_METHODS] = {method_count, labels, versions},
                                       [STORE_PROTOCOLS] = {1, protocol_list, ones},
                                       [STORE_METRICS] = {METRICS, metrics_of_run, ones},
                                       [STORE_IMAGES] = {image_count, images, NULL}}};
    struct store *store = store_open(f->folder[which], &names, true, &f->err);
    must(f, store ? 0 : -1);
    int left = BACKBONES * image_count * method_count - night->unfinished;
    for (int b = 0; b < BACKBONES; b++) {
        char key[64];
        snprintf(key, sizeof key, "sha256 of weights of %s", backbones[b]);
        must(f, store_manifest_set(store, key, night->weights ? night->weights : "1234567890abcdef", &f->err));
        for (int i = 0; i < image_count; i++)
            for (int m = 0; m < method_count; m++)
                if (left-- > 0)
                    commit_item(f, store, night, b, i, m);
    }
    must(f, store_manifest_set(store, "sha256 of images", "fedcba0987654321", &f->err));
    store_close(store);
    write_config(f->folder[which], night, method_count);
}

static inline void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    for (int i = 0; i < 2; i++) {
        /* in memory where there is such a place: a store syncs each item to the disk */
        sprintf(f->folder[i], "%s/test_compare_XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
        assert_non_null(mkdtemp(f->folder[i]));
    }
    arena_init(&f->arena, 0);
}

static inline void end(struct fixture *f)
{
    char command[160];
    arena_release(&f->arena);
    snprintf(command, sizeof command, "rm -r %s %s", f->folder[0], f->folder[1]);
    assert_int_equal(system(command), 0);
}

/* Reads the runs in the two folders and compares them. */
static inline void compare(struct fixture *f, const struct compare_options *options)
{
    static const struct compare_options usual = {.speed = 1.1, .bootstrap = 400, .seed = 1};
    arena_reset(&f->arena);
    for (int i = 0; i < 2; i++)
        must(f, compared_read(f->folder[i], &f->arena, &f->runs[i], &f->err));
    must(f, compare_runs(&f->runs[0].side, &f->runs[1].side, options ? options : &usual, &f->arena, &f->comparison,
                         &f->err));
}

static inline void compare_nights(struct fixture *f, const struct night *base, const struct night *now)
{
    write_night(f, 0, base);
    write_night(f, 1, now);
    compare(f, NULL);
}

static inline int differences(const struct fixture *f)
{
    return compare_differences(&f->comparison);
}

static inline const char *in_common(struct fixture *f)
{
    const char *text = compare_in_common(&f->comparison, &f->arena);
    return text ? text : "";
}

static inline bool has_note(const struct fixture *f, const char *text)
{
    for (int i = 0; i < f->comparison.note_count; i++)
        if (strcmp(f->comparison.notes[i], text) == 0)
            return true;
    return false;
}

#endif
