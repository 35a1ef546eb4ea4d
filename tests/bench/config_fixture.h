/* tests/bench/config_fixture.h - reads a config from a text. */
#ifndef TESTS_BENCH_CONFIG_FIXTURE_H
#define TESTS_BENCH_CONFIG_FIXTURE_H

#include "backbones/backbone.h"
#include "bench/config/config.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL \
    "name: small\n" \
    "dataset: {path: a.h5}\n" \
    "backbones: [resnet18]\n" \
    "methods: [gradcam]\n" \
    "metrics: [complexity]\n"

struct fixture {
    char path[64], written[64];
    struct arena arena;
    struct config config;
    struct error err;
};

static inline void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/test_config_%ld.yaml", (long)getpid());
    snprintf(f->written, sizeof f->written, "/tmp/test_config_%ld.out.yaml", (long)getpid());
    arena_init(&f->arena, 0);
}

static inline void end(struct fixture *f)
{
    arena_release(&f->arena);
    unlink(f->path);
    unlink(f->written);
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline int read_with(struct fixture *f, const char *text, int set_count, const char *const *sets)
{
    write_bytes(f->path, text, strlen(text));
    f->err.text[0] = 0;
    return config_read(f->path, sets, set_count, &f->arena, &f->config, &f->err);
}

static inline void must_read(struct fixture *f, const char *text)
{
    if (read_with(f, text, 0, NULL))
        fail_msg("%s", f->err.text);
}

/* `want` is the sentence behind the file's name. */
static inline void must_refuse(struct fixture *f, const char *text, const char *want)
{
    if (read_with(f, text, 0, NULL) == 0)
        fail_msg("accepted, but wanted \"%s\":\n%s", want, text);
    const size_t length = strlen(f->path);
    if (strncmp(f->err.text, f->path, length) != 0 || strcmp(f->err.text + length, want) != 0)
        fail_msg("\n got %s\nwant FILE%s", f->err.text, want);
}

static const char full[] =
    "name: full run\n"
    "output: \"out/some where\"\n"
    "seed: 18446744073709551615\n"
    "dataset:\n"
    "  path: 'a: b.h5'\n"
    "  images: 64\n"
    "  shuffle: true\n"
    "backbones:\n"
    "  - {arch: resnet18, weights: w/r.h5, layer: layer3, label: \"R \\\"18\\\" \\u00e9\\u2028x\"}\n"
    "  - vgg16\n"
    "methods:\n"
    "  - gradcam\n"
    "  - {name: scorecam, label: Score-CAM paper, params: {scoring: paper}}\n"
    "  - {name: scorecam, label: \"null\"}\n"
    "metrics: [{name: average_drop}, adcc_of_means, {name: adcc, params: {}}, energy_pointing_game]\n"
    "protocol:\n"
    "  - cambench\n"
    "  - {preset: poppi2021, class: label}\n"
    "  - {preset: cambench, label: mine, resize_ratio: 1.25, post: torchcam}\n"
    "runtime: {threads: 2, batch: 4, memory: 1024, kernels: openblas, exact_passes: true, on_error: skip}\n"
    "report: {plots: false, overlays: 0, maps: true, meta: true, bootstrap: 0, reference: r.csv}\n"
    "plugins: []\n";

#endif
