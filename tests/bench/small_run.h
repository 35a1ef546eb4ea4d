/*
 * tests/bench/small_run.h - a run on three small pictures and a narrow resnet18 with 5 classes at 64x64, in a folder of
 * its own: image set and weights are written, a config is read.
 */
#ifndef TESTS_BENCH_SMALL_RUN_H
#define TESTS_BENCH_SMALL_RUN_H

#include "base/file.h"
#include "bench/process/program.h"
#include "bench/run/run.h"
#include "datasets/encode.h"
#include "tests/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_SIDE 64
#define SMALL_CLASSES 5

struct small_run {
    char folder[64], set[96], weights[96], output[96], config[96];
    struct run run;
    struct error err;
};

static inline void small_must(const struct small_run *s, int status)
{
    if (status)
        fail_msg("%s", s->err.text);
}

/* Pictures of tests/golden/pictures with their labels, -1: none; masks (PNG, size 0: none) and boxes may be NULL. */
static inline void small_write_annotated(struct small_run *s, int count, const char *const *files, const int *labels,
                                         const struct encoded *masks, const int32_t (*boxes)[5], int box_count)
{
    static const char *const classes[SMALL_CLASSES] = {"ant", "bee", "cat", "dog", "elk"};
    char data[8][1 << 14];
    struct imageset_entry entries[8];
    for (int i = 0; i < count; i++) {
        char path[128];
        snprintf(path, sizeof path, "tests/golden/pictures/%s", files[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        entries[i] = (struct imageset_entry){.name = files[i],
                                             .label = labels[i],
                                             .bytes = fread(data[i], 1, sizeof data[i], file),
                                             .mask_bytes = masks ? masks[i].size : 0};
        fclose(file);
    }
    const struct imageset_description description = {.source = "test",
                                                     .created_by = "test",
                                                     .count = count,
                                                     .entries = entries,
                                                     .class_count = SMALL_CLASSES,
                                                     .class_names = classes,
                                                     .boxes = boxes,
                                                     .box_count = box_count};
    struct imageset_writer *writer = imageset_create(s->set, &description, &s->err);
    small_must(s, writer ? 0 : -1);
    for (int i = 0; i < count; i++) {
        small_must(s, imageset_write_file(writer, data[i], (size_t)entries[i].bytes, &s->err));
        if (masks)
            small_must(s, imageset_write_mask(writer, masks[i].bytes, masks[i].size, &s->err));
    }
    small_must(s, imageset_commit(writer, &s->err));
}

static inline void small_write_set(struct small_run *s, int count, const char *const *files, const int *labels)
{
    small_write_annotated(s, count, files, labels, NULL, NULL, 0);
}

/* Random weights; those of the last norm and of the last layer are multiplied by `factor`. */
static inline void small_write_weights(struct small_run *s, uint64_t seed, float factor)
{
    const struct weights_info info = {.arch = "resnet18",
                                      .classes = SMALL_CLASSES,
                                      .width = 0.125,
                                      .accuracy = -1,
                                      .input = {.h = SMALL_SIDE, .w = SMALL_SIDE}};
    const struct backbone_options options = {
        .classes = SMALL_CLASSES, .width = 0.125, .height = SMALL_SIDE, .width_px = SMALL_SIDE};
    struct graph *graph = backbone_graph("resnet18", &options, &s->err);
    small_must(s, graph ? 0 : -1);
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    small_must(s, weights_generate(graph, seed, &arena, &weights, &s->err));
    for (int i = 0; i < weights.count; i++)
        if (strcmp(weights.list[i].name, "fc.weight") == 0 || strcmp(weights.list[i].name, "layer4.1.bn2.weight") == 0)
            for (int k = 0; k < weights.list[i].dim[0] * (weights.list[i].rank > 1 ? weights.list[i].dim[1] : 1); k++)
                weights.list[i].data[k] *= factor;
    small_must(s, weights_write(s->weights, &info, &weights, &s->err));
    arena_release(&arena);
    graph_free(graph);
}

static inline void small_begin(struct small_run *s)
{
    memset(s, 0, sizeof *s);
    strcpy(s->folder, "/tmp/test_run_XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->set, sizeof s->set, "%s/set.h5", s->folder);
    snprintf(s->weights, sizeof s->weights, "%s/resnet18.h5", s->folder);
    snprintf(s->output, sizeof s->output, "%s/out", s->folder);
    snprintf(s->config, sizeof s->config, "%s/config.yaml", s->folder);
    small_write_set(s, 3, (const char *const[]){"colour_444.jpg", "rgb.png", "progressive.jpg"},
                    (const int[]){3, -1, 0});
    small_write_weights(s, 1, 1);
}

/* Opens a run: `keys` are lines of the config (methods, metrics ...) behind name, data set and backbone. */
static inline int small_try_open(struct small_run *s, const char *keys)
{
    FILE *file = fopen(s->config, "w");
    assert_non_null(file);
    fprintf(file, "name: small\noutput: %s\ndataset: {path: %s}\nbackbones: [{arch: resnet18, weights: %s}]\n%s",
            s->output, s->set, s->weights, keys);
    fclose(file);
    return run_open(&s->run, s->config, NULL, 0, false, &s->err);
}

static inline void small_open(struct small_run *s, const char *keys)
{
    small_must(s, small_try_open(s, keys));
}

static inline void small_end(struct small_run *s)
{
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", s->folder);
    assert_int_equal(system(command), 0);
}

/* What a worker has; the network is the caller's to free, behind small_close_evaluator(). */
static inline struct network *small_open_evaluator(struct small_run *s, struct evaluator *evaluator)
{
    struct network *network = run_backbone_load(&s->run.backbones[0], s->run.config.runtime.kernels, &s->err);
    small_must(s, network ? 0 : -1);
    *evaluator = (struct evaluator){.panel = &s->run.panel,
                                    .backbone = "resnet18",
                                    .named_class = s->run.backbones[0].named_class,
                                    .input = s->run.backbones[0].model->input,
                                    .worker.session = session_create(network, 1, &s->err)};
    return network;
}

static inline void small_close_evaluator(struct evaluator *evaluator, struct network *network)
{
    evaluator_release(evaluator);
    session_free(evaluator->worker.session);
    network_free(network);
}

/* Opens, executes quietly, closes; the exit code. */
static inline int small_execute(struct small_run *s, const char *keys, struct run_flags flags)
{
    flags.is_quiet = true;
    if (small_try_open(s, keys))
        return EXIT_USAGE;
    const int code = run_execute(&s->run, &flags, &s->err);
    run_close(&s->run);
    return code;
}

#endif
