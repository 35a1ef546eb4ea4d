/* bench/run/pilot.c - tries the rule on images drawn with replacement from those that were measured. */
#include "bench/run/pilot.h"

#include "base/random.h"
#include "base/text.h"
#include "bench/run/until.h"

#include <stdlib.h>

#define TRIALS 9

struct pilot {
    const struct run *run;
    struct arena scratch;
    int count;                  /* images */
    struct until_value *values; /* [image][method][metric] */
    const int *drawn;           /* [image of the run]: an image of the pilot */
};

static struct until_value *value_at(const struct pilot *pilot, int image, int method, int metric)
{
    const struct config *config = &pilot->run->config;
    const size_t item = (size_t)image * (size_t)config->method_count + (size_t)method;
    return &pilot->values[item * (size_t)config->metric_count + (size_t)metric];
}

static int read_drawn(void *context, int method, int metric, int image, struct until_value *value, struct error *err)
{
    const struct pilot *pilot = context;
    (void)err;
    *value = *value_at(pilot, pilot->drawn[image], method, metric);
    if (value->state == REPORT_ABSENT) /* of a metric that the pilot lacks, it has no values to draw from */
        value->state = REPORT_UNDEFINED;
    return 0;
}

static bool has_all(const struct run *run, const struct store *store, int backbone, int image)
{
    for (int m = 0; m < run->config.method_count; m++)
        if (!store_has_item(store, backbone, image, m))
            return false;
    return true;
}

static int read_image(struct pilot *pilot, struct store *store, int backbone, int image, struct error *err)
{
    for (int m = 0; m < pilot->run->config.method_count; m++) {
        struct store_item item;
        arena_reset(&pilot->scratch);
        if (store_read_item(store, backbone, image, m, &pilot->scratch, &item, err))
            return -1;
        for (int i = 0; i < item.value_count; i++)
            if (item.values[i].protocol == 0)
                *value_at(pilot, pilot->count, m, item.values[i].metric) = (struct until_value){
                    item.values[i].undefined ? REPORT_UNDEFINED : REPORT_DEFINED, item.values[i].number};
    }
    pilot->count++;
    return 0;
}

static int read_values(struct pilot *pilot, struct store *store, int backbone, struct arena *arena, struct error *err)
{
    const struct run *run = pilot->run;
    const size_t values = (size_t)run->config.method_count * (size_t)run->config.metric_count;
    int count = 0;
    for (int image = 0; image < run->image_count; image++)
        count += has_all(run, store, backbone, image);
    pilot->count = 0;
    pilot->values = arena_alloc(arena, (size_t)count + 1, values * sizeof *pilot->values);
    if (!pilot->values)
        return error_memory(err, "the pilot");
    for (int image = 0; image < run->image_count; image++)
        if (has_all(run, store, backbone, image) && read_image(pilot, store, backbone, image, err))
            return -1;
    return 0;
}

/* One trial of the rule; writes the images that each method took. */
static int try_rule(struct pilot *pilot, int trial, int *drawn, const bool *is_unreadable, struct arena *arena,
                    int *taken, struct error *err)
{
    const struct run *run = pilot->run;
    struct random_stream stream;
    struct until *until = until_create(&run->config, run->image_count, arena, err);
    random_init(&stream, run->config.seed, random_purpose((uint64_t)trial, "pilot"));
    for (int i = 0; i < run->image_count; i++)
        drawn[i] = (int)random_below(&stream, (uint32_t)pilot->count);
    pilot->drawn = drawn;
    while (until && !until_has_ended(until))
        if (until_look(until, read_drawn, pilot, is_unreadable, err))
            until = NULL;
    for (int m = 0; until && m < run->config.method_count; m++)
        taken[m * TRIALS + trial] = until_end_of(until, m)->images;
    return until ? 0 : -1;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int try_backbone(struct pilot *pilot, struct store *store, int backbone, struct run_pilot *out,
                        struct arena *arena, struct error *err)
{
    const struct run *run = pilot->run;
    const size_t images = (size_t)run->image_count, count = (size_t)run->config.method_count;
    int *drawn = arena_alloc(arena, images, sizeof *drawn), *taken = arena_alloc(arena, count, TRIALS * sizeof *taken);
    bool *is_unreadable = arena_alloc(arena, images, sizeof *is_unreadable);
    if (!drawn || !taken || !is_unreadable)
        return error_memory(err, "the pilot");
    if (read_values(pilot, store, backbone, arena, err))
        return -1;
    out->images = pilot->count;
    for (int trial = 0; trial < TRIALS && pilot->count >= PILOT_IMAGES_LEAST; trial++)
        if (try_rule(pilot, trial, drawn, is_unreadable, arena, taken, err))
            return -1;
    for (size_t m = 0; m < count; m++) {
        qsort(taken + m * TRIALS, TRIALS, sizeof *taken, by_value);
        out->taken[m] = taken[m * TRIALS + TRIALS / 2];
    }
    return 0;
}

int pilot_read(struct run *run, struct store *store, struct error *err)
{
    const size_t backbones = (size_t)run->config.backbone_count, count = (size_t)run->config.method_count;
    struct pilot pilot = {.run = run};
    struct arena arena;
    int status = 0;
    if (!run->config.dataset.until.metric)
        return 0;
    struct run_pilot *rows = arena_alloc(&run->arena, backbones, sizeof *rows);
    int *taken = arena_alloc(&run->arena, backbones, count * sizeof *taken);
    if (!rows || !taken)
        return error_memory(err, "the pilot");
    arena_init(&arena, 0);
    arena_init(&pilot.scratch, 0);
    for (size_t b = 0; b < backbones && !status; b++) {
        rows[b].taken = taken + b * count;
        arena_reset(&arena);
        status = try_backbone(&pilot, store, (int)b, &rows[b], &arena, err);
    }
    arena_release(&pilot.scratch);
    arena_release(&arena);
    run->pilot = rows;
    return status;
}

static void print_backbone(const struct run *run, int b, FILE *stream)
{
    const struct run_pilot *pilot = &run->pilot[b];
    fprintf(stream, "  %-18s dataset.until, by the %d images so far:", TEXT_SHOWN(run->config.backbones[b].label),
            pilot->images);
    for (int m = 0; m < run->config.method_count; m++)
        fprintf(stream, "%s %s %d", m ? "," : "", TEXT_SHOWN(run->config.methods[m].label), pilot->taken[m]);
    fprintf(stream, " of %d images\n", run->image_count);
}

void pilot_print(const struct run *run, FILE *stream)
{
    bool has_any = false;
    if (!run->config.dataset.until.metric)
        return;
    fprintf(stream, "dataset.until: passes and times are those of all %d images, which is the most\n",
            run->image_count);
    for (int b = 0; run->pilot && b < run->config.backbone_count; b++)
        if (run->pilot[b].images >= PILOT_IMAGES_LEAST) {
            print_backbone(run, b, stream);
            has_any = true;
        }
    if (!has_any)
        fprintf(stream,
                "  how many are needed can be estimated from %d images that the run has measured: start it, stop "
                "it with Ctrl-C, and ask again\n",
                PILOT_IMAGES_LEAST);
}
