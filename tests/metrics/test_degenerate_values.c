/*
 * tests/metrics/test_degenerate_values.c - every metric on degenerate maps and networks: a documented value, or
 * undefined with a reason. The table is in docs/degenerate.md, which CAMBENCH_UPDATE=1 writes again.
 */
#include "metrics/evidence_probe.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 16
#define NATIVE 4
#define METRICS_MAX 128
#define PAGE "docs/degenerate.md"
#define BEGIN "<!-- written by tests/metrics/test_degenerate_values.c -->\n"

enum { ZERO, ONE, CONSTANT, PIXEL, NOT_FINITE, TINY, IMPOSSIBLE, CERTAIN, ONE_CLASS, CASES };

static const char *const titles[CASES] = {
    [ZERO] = "0 everywhere",    [ONE] = "1 everywhere",  [CONSTANT] = "0.5 everywhere",
    [PIXEL] = "one pixel",      [NOT_FINITE] = "NaN",    [TINY] = "1x1",
    [IMPOSSIBLE] = "p = o = 0", [CERTAIN] = "p = o = 1", [ONE_CLASS] = "one class"};

static float ramp(int y, int x, int h, int w)
{
    return (float)(y * w + x) / (float)(h * w - 1);
}

/* A map of the case; the last three have an ordinary one. */
static void draw(int what, float *map, int h, int w)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            map[y * w + x] = what == ONE                                       ? 1
                             : what == CONSTANT                                ? 0.5f
                             : what == PIXEL                                   ? y == h / 2 && x == w / 2
                             : what == ZERO || what == NOT_FINITE || h * w < 2 ? 0
                                                                               : ramp(y, x, h, w);
}

/* The object is the upper left quarter; another one has the right half. */
static void annotate(struct truth *truth, uint8_t *mask, uint8_t *box_mask, struct truth_box *box, int side)
{
    const int half = side > 1 ? side / 2 : 1;
    *box = (struct truth_box){0, 0, half, half};
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            const bool is_inside = x < half && y < half;
            mask[y * side + x] = is_inside ? TRUTH_LABELLED : x >= half ? TRUTH_OTHER : TRUTH_NOTHING;
            box_mask[y * side + x] = is_inside ? TRUTH_LABELLED : TRUTH_NOTHING;
        }
    *truth = (struct truth){.mask = {side, side, mask}, .boxes = {1, box}, .box_mask = {side, side, box_mask}};
}

/* One case: all metrics, measured on evidence of the case. */
struct bench {
    struct arena arena;
    struct evidence_probe probe;
    struct evidence evidence;
    struct evidence_metric list[METRICS_MAX];
    double params[METRICS_MAX][64];
    struct value values[METRICS_MAX];
    bool is_measured[METRICS_MAX];
    float map[SIDE * SIDE], native[NATIVE * NATIVE];
    uint8_t mask[SIDE * SIDE], box_mask[SIDE * SIDE];
    struct truth_box box;
    int count;
};

static void open_bench(struct bench *bench, int what)
{
    static const double ends[] = {0, 1};
    static double p[2];
    const int side = what == TINY ? 1 : SIDE, native = what == TINY ? 1 : NATIVE;
    p[0] = p[1] = what == IMPOSSIBLE ? 0 : what == CERTAIN || what == ONE_CLASS ? 1 : 0.5;
    memset(bench, 0, sizeof *bench);
    arena_init(&bench->arena, 0);
    draw(what, bench->map, side, side);
    draw(what, bench->native, native, native);
    for (; metrics[bench->count]; bench->count++) {
        const int k = bench->count;
        assert_true(k < METRICS_MAX && metrics[k]->params_size <= sizeof *bench->params);
        param_defaults(metrics[k]->params, bench->params[k]);
        bench->list[k] = (struct evidence_metric){metrics[k], bench->params[k]};
    }
    struct evidence_probe *probe = &bench->probe;
    probe->map = probe->energy = (struct map){side, side, what == NOT_FINITE ? NULL : bench->map};
    probe->native = (struct map){native, native, what == NOT_FINITE ? NULL : bench->native};
    for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
        probe->probability[kind] = probe->logit[kind] = p[0];
    for (int kind = 0; kind < CURVE_KINDS; kind++)
        probe->curve[kind] = (struct curve){2, ends, p};
    annotate(&probe->truth, bench->mask, bench->box_mask, &bench->box, side);
    const bool is_flat = what == ZERO || what == ONE || what == CONSTANT || what == TINY;
    static const float zeros[3 * 16 * 16];
    bench->evidence = (struct evidence){.ops = &evidence_probe_ops,
                                        .context = probe,
                                        .protocol = &protocols[0],
                                        .map = probe->map,
                                        .native = probe->native,
                                        .image = zeros,
                                        .channels = 3,
                                        .class_count = what == ONE_CLASS ? 1 : 10,
                                        .map_flag = is_flat ? "constant_map" : NULL,
                                        .image_name = "image",
                                        .arena = &bench->arena,
                                        .metric_count = bench->count,
                                        .metrics = bench->list,
                                        .values = bench->values,
                                        .is_measured = bench->is_measured};
}

static int position_of(const struct bench *bench, const char *name)
{
    for (int k = 0; k < bench->count; k++)
        if (strcmp(metrics[k]->name, name) == 0)
            return k;
    fail_msg("no metric %s", name);
    return -1;
}

/* The number of one image alone, for a metric of means or of counts. */
static struct value of_set(struct bench *bench, int k, struct value value)
{
    const struct metric *metric = metrics[k];
    if (metric->combine) {
        double means[METRIC_PARTS_MAX] = {0};
        value = value_of(0);
        for (int j = 0; metric->parts[j]; j++) {
            const struct value part = bench->values[position_of(bench, metric->parts[j])];
            means[j] = part.number;
            value = part.undefined && !value.undefined ? part : value;
        }
        value.number = value.undefined ? 0 : metric->combine(means);
        return value;
    }
    const struct evidence_counts *counts = bench->evidence.counts;
    while (counts && counts->metric != metric)
        counts = counts->next;
    if (metric->combine_counts && !value.undefined) {
        double *sums = arena_alloc(&bench->arena, counts->length, sizeof *sums);
        assert_non_null(sums);
        for (size_t i = 0; i < counts->length; i++)
            sums[i] = counts->data[i];
        value.number = metric->combine_counts(bench->params[k], sums, 1);
    }
    return value;
}

static void put(FILE *out, struct value value)
{
    if (value.undefined) {
        assert_true(value.undefined[0] != '\0');
        fprintf(out, " undefined: %s |", value.undefined);
        return;
    }
    assert_true(isfinite(value.number));
    fprintf(out, " %.4g%s%s%s |", value.number, value.flag ? " (" : "", value.flag ? value.flag : "",
            value.flag ? ")" : "");
}

static void put_table(FILE *out)
{
    static struct value table[CASES][METRICS_MAX];
    static struct bench bench;
    struct error err = {0};
    for (int what = 0; what < CASES; what++) {
        open_bench(&bench, what);
        for (int k = 0; k < bench.count; k++)
            if (evidence_measure(&bench.evidence, k, &table[what][k], &err))
                fail_msg("%s, %s: %s", metrics[k]->name, titles[what], err.text);
        for (int k = 0; k < bench.count; k++)
            table[what][k] = of_set(&bench, k, table[what][k]);
        arena_release(&bench.arena);
    }
    fputs("| metric |", out);
    for (int what = 0; what < CASES; what++)
        fprintf(out, " %s |", titles[what]);
    fputs("\n| --- |", out);
    for (int what = 0; what < CASES; what++)
        fputs(" --- |", out);
    putc('\n', out);
    for (int k = 0; k < bench.count; k++) {
        if (metrics[k]->is_cost)
            continue;
        fprintf(out, "| `%s` |", metrics[k]->name);
        for (int what = 0; what < CASES; what++)
            put(out, table[what][k]);
        putc('\n', out);
    }
}

/* The page; the text after the mark is the table. */
static char *read_page(void)
{
    static char text[1 << 16];
    FILE *file = fopen(PAGE, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *mark = strstr(text, BEGIN);
    assert_non_null(mark);
    return text;
}

TEST(every_metric_has_the_documented_value_on_degenerate_maps_and_networks)
{
    char *page = read_page(), *table = strstr(page, BEGIN) + strlen(BEGIN), *made;
    size_t size;
    FILE *out = open_memstream(&made, &size);
    assert_non_null(out);
    put_table(out);
    fclose(out);
    if (getenv("CAMBENCH_UPDATE")) {
        *table = '\0';
        FILE *file = fopen(PAGE, "w");
        assert_non_null(file);
        fprintf(file, "%s%s", page, made);
        fclose(file);
    } else if (strcmp(table, made) != 0) {
        for (char *want = strtok(table, "\n"), *rest = made; want; want = strtok(NULL, "\n")) {
            const size_t length = strcspn(rest, "\n");
            if (strlen(want) != length || memcmp(want, rest, length) != 0)
                fail_msg("%s has\n%s\nbut it is\n%.*s", PAGE, want, (int)length, rest);
            rest += length + (rest[length] == '\n');
        }
        fail_msg("%s lacks the last rows", PAGE);
    }
    free(made);
}
