/*
 * bench/run/schedule.h - the unmeasured items of a backbone as tasks: an image with all cheap methods, or with one
 * expensive method (masked passes).
 *
 * Tasks are sorted by falling cost, so that no core waits for a long one at the end. If pictures of an image are needed
 * and do not all exist, the image is measured by all methods again.
 */
#ifndef BENCH_RUN_SCHEDULE_H
#define BENCH_RUN_SCHEDULE_H

#include "bench/run/pictures.h"
#include "bench/run/run.h"
#include "bench/run/until.h"

struct task {
    int image, group; /* positions in the run's images and in the schedule's groups */
    double cost;      /* multiply-adds */
};

/* Methods that one task measures together. */
struct task_group {
    int count, *methods;
};

struct schedule {
    const struct run *run;
    const struct store *store;
    const struct pictures *pictures;
    int backbone;
    const struct until *until; /* NULL: all images and methods; else the rule's next block and the methods that go on */
    int group_count, task_count;
    struct task_group *groups;
    struct task *tasks;
};

/* Fills in groups and tasks, in the arena, from the first five fields. Error: no memory. */
int schedule_make(struct schedule *schedule, struct arena *arena, struct error *err);

/*
 * Writes the methods of a group that an image lacks to `which` (room for all methods of the run). Returns their number.
 */
int schedule_methods(const struct schedule *schedule, int group, int image, int *which);

/* Whether the image's base pass on the first input is missing; it belongs to the first group. */
bool schedule_needs_base(const struct schedule *schedule, int group, int image);

/* Whether an image of a backbone belongs to the run's shard, and how many do. */
bool schedule_has_image(const struct run *run, int backbone, int image);
int schedule_image_count(const struct run *run, int backbone);

/*
 * Multiply-adds of all items that the store lacks; if maps.h5 is written (has_maps), of all items, since it is always
 * made whole. Images that a resumed run measures again for their pictures are not counted.
 */
double schedule_cost_ahead(const struct run *run, const struct store *store, bool has_maps);

/* The same of one backbone and method, from an image on. */
double schedule_method_ahead(const struct run *run, const struct store *store, bool has_maps, int backbone, int method,
                             int first);

#endif
