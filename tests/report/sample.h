/*
 * tests/report/sample.h - a made-up run with numbers like real ones, for the tests of report/.
 */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include "report/report.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLE_BACKBONES = 3, SAMPLE_METHODS = 12, SAMPLE_METRICS = 6, SAMPLE_IMAGES = 60 };
enum { SAMPLE_DROP, SAMPLE_INCREASE, SAMPLE_COHERENCY, SAMPLE_COMPLEXITY, SAMPLE_ADCC, SAMPLE_OF_MEANS };

struct sample_run {
    struct report report;
    char folder[64];
    double *values;
    uint8_t *states;
    const char **notes;
    struct cost *costs;
};

static inline double sample_harmonic(double a, double b, double c)
{
    return a > 0 && b > 0 && c > 0 ? 3 / (1 / a + 1 / b + 1 / c) : 0;
}

/* From the means of drop, coherency and complexity. */
static inline double sample_adcc(const double *means)
{
    return sample_harmonic(means[1], 1 - means[2], 1 - means[0]);
}

static const struct report_backbone sample_backbones[] = {
    {"resnet18", "ResNet-18", "resnet18", "layer4", 233, 279, 300},
    {"resnet50", "ResNet-50", "resnet50", "layer4", 246, 288, 300},
    {"mobilenet_v2", "MobileNetV2", "mobilenet_v2", "features.18", 240, 281, 300},
};
static const char *const sample_params[] = {"score=rest", "form=stable", NULL};
static const struct report_method sample_methods[] = {
    {"gradcam", "Grad-CAM", false, "gradcam", sample_params},
    {"gradcam_pp", "Grad-CAM++", false, "gradcam_pp", NULL},
    {"xgradcam", "XGrad-CAM", false, "xgradcam", NULL},
    {"layercam", "LayerCAM", false, "layercam", NULL},
    {"scorecam", "Score-CAM", false, "scorecam", NULL},
    {"ablationcam", "Ablation-CAM", false, "ablationcam", NULL},
    {"reciprocam", "Recipro-CAM", false, "reciprocam", NULL},
    {"reciprocam_3x3", "Recipro-CAM 3x3 (paper)", false, "reciprocam", NULL},
    {"clustercam", "Cluster-CAM", false, "clustercam", NULL},
    {"actmap", "Activation map", true, "actmap", NULL},
    {"fakecam", "Fake-CAM", true, "fakecam", NULL},
    {"random", "Random map", true, "random", NULL},
};
static const struct report_protocol sample_protocols[] = {{"cambench", "cambench", NULL}};
static const struct report_metric sample_metrics[] = {
    {"average_drop", "Average Drop", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"average_increase", "Average Increase", "%", true, true, false, 0, 1, {-1}, NULL, false},
    {"coherency", "Coherency", "%", true, true, false, 0, 1, {-1}, NULL, false},
    {"complexity", "Complexity", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"adcc", "ADCC", "%", true, true, false, 0, 1, {-1}, NULL, false},
    {"adcc_of_means",
     "ADCC of means",
     "%",
     true,
     true,
     false,
     0,
     1,
     {SAMPLE_DROP, SAMPLE_COHERENCY, SAMPLE_COMPLEXITY, -1},
     sample_adcc,
     false},
};
static const char *const sample_images[] = {
    "n00.jpg", "n01.jpg", "n02.jpg", "n03.jpg", "n04.jpg", "n05.jpg", "n06.jpg", "n07.jpg", "n08.jpg", "n09.jpg",
    "n10.jpg", "n11.jpg", "n12.jpg", "n13.jpg", "n14.jpg", "n15.jpg", "n16.jpg", "n17.jpg", "n18.jpg", "n19.jpg",
    "n20.jpg", "n21.jpg", "n22.jpg", "n23.jpg", "n24.jpg", "n25.jpg", "n26.jpg", "n27.jpg", "n28.jpg", "n29.jpg",
    "n30.jpg", "n31.jpg", "n32.jpg", "n33.jpg", "n34.jpg", "n35.jpg", "n36.jpg", "n37.jpg", "n38.jpg", "n39.jpg",
    "n40.jpg", "n41.jpg", "n42.jpg", "n43.jpg", "n44.jpg", "n45.jpg", "n46.jpg", "n47.jpg", "n48.jpg", "n49.jpg",
    "n50.jpg", "n51.jpg", "n52.jpg", "n53.jpg", "n54.jpg", "n55.jpg", "n56.jpg", "n57.jpg", "n58.jpg", "n59.jpg",
};

static inline void sample_fill(struct sample_run *run)
{
    static const double drop[] = {.18, .17, .18, .16, .15, .19, .2, .17, .24, .28, .04, .62};
    static const double coherency[] = {.91, .93, .91, .94, .92, .9, .87, .92, .85, .95, .97, .5};
    static const double complexity[] = {.31, .35, .31, .36, .3, .33, .26, .34, .19, .42, .98, .5};
    static const double seconds[] = {.021, .021, .022, .021, 3.4, 2.9, .05, .05, .4, .011, .01, .0101};
    const struct report *report = &run->report;
    float noise[5];
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int i = 0; i < report->image_count; i++) {
                const int item = (b * SAMPLE_METHODS + m) * SAMPLE_IMAGES + i;
                golden_fill(noise, 5, (uint32_t)item * 5 + 1);
                const double d = fmin(1, fmax(0, drop[m] + .02 * b + .17 * noise[0]));
                const double value[] = {
                    d,
                    d < .05,
                    fmin(1, fmax(0, coherency[m] + .05 * noise[1] * (1 + b))),
                    fmin(1, fmax(0, complexity[m] + .03 * b + .1 * noise[2])),
                };
                for (int k = 0; k < 4; k++)
                    run->values[report_index(report, b, m, 0, k, i)] = value[k];
                run->values[report_index(report, b, m, 0, SAMPLE_ADCC, i)] =
                    sample_harmonic(value[2], 1 - value[3], 1 - value[0]);
                for (int k = 0; k < 5; k++)
                    run->states[report_index(report, b, m, 0, k, i)] = REPORT_DEFINED;
                run->costs[item] = (struct cost){.seconds = seconds[m] * (1 + b) * (1.1 + .1 * noise[3]),
                                                 .full = 1,
                                                 .tail = m == 4 || m == 5 ? 512 : 0,
                                                 .backward = m < 4};
            }
}

/* The whole sample in a new folder under /tmp; sample_close() removes neither folder nor files. */
static inline void sample_open(struct sample_run *run)
{
    const size_t items = (size_t)SAMPLE_BACKBONES * SAMPLE_METHODS * SAMPLE_IMAGES;
    snprintf(run->folder, sizeof run->folder, "/tmp/cambench-report-XXXXXX");
    assert_non_null(mkdtemp(run->folder));
    run->values = calloc(items * SAMPLE_METRICS, sizeof *run->values);
    run->states = calloc(items * SAMPLE_METRICS, sizeof *run->states);
    run->notes = calloc(items * SAMPLE_METRICS, sizeof *run->notes);
    run->costs = calloc(items, sizeof *run->costs);
    run->report = (struct report){.name = "demo",
                                  .folder = run->folder,
                                  .program = "cambench 0.1.0",
                                  .backbone_count = SAMPLE_BACKBONES,
                                  .method_count = SAMPLE_METHODS,
                                  .protocol_count = 1,
                                  .metric_count = SAMPLE_METRICS,
                                  .image_count = SAMPLE_IMAGES,
                                  .backbones = sample_backbones,
                                  .methods = sample_methods,
                                  .protocols = sample_protocols,
                                  .metrics = sample_metrics,
                                  .images = sample_images,
                                  .values = run->values,
                                  .states = run->states,
                                  .notes = run->notes,
                                  .costs = run->costs,
                                  .bootstrap = 200,
                                  .seed = 1};
    sample_fill(run);
}

static inline void sample_close(struct sample_run *run)
{
    free(run->values);
    free(run->states);
    free(run->notes);
    free(run->costs);
}

/* A file of the run's folder as text, in malloc'd memory; fails the test if there is none. */
static inline char *sample_read(const char *folder, const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file \"%s\"", path);
    char *text = calloc(1, 1 << 22);
    const size_t got = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    if (size)
        *size = got;
    return text;
}

/* Removes a folder that sample_open() made, by `rm`, since plots may leave files of any name. */
static inline void sample_remove(const char *folder)
{
    char command[128];
    assert_memory_equal(folder, "/tmp/cambench-report-", 21);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

#endif
