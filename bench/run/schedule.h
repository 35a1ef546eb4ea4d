/*
 * bench/run/schedule.h - what a backbone still lacks, as tasks: an image with the methods that are cheap, or with one that
 * is expensive (masked passes).
 *
 * Tasks are sorted by falling cost, so that no core waits for a long one at the end. An image of which pictures are wanted
 * is measured by all methods again, or, when all are there, by none.
 */
#ifndef BENCH_RUN_SCHEDULE_H
#define BENCH_RUN_SCHEDULE_H

#include "bench/run/pictures.h"
#include "bench/run/run.h"

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
    int group_count, task_count;
    struct task_group *groups;
    struct task *tasks;
};

/* Fills in groups and tasks, in the arena, from the four fields above them. Errors: no memory. */
int schedule_make(struct schedule *schedule, struct arena *arena, struct error *err);

/* Writes the methods of a group that an image lacks to `which` (room for all methods of the run). Returns their number. */
int schedule_methods(const struct schedule *schedule, int group, int image, int *which);

/* The images of a backbone that belong to the run's shard. */
bool schedule_has_image(const struct run *run, int backbone, int image);
int schedule_image_count(const struct run *run, int backbone);

/*
 * Multiply-adds of all items that the store lacks; with maps those of all items, since maps.h5 is made whole. The pictures
 * of a resumed run may take a little more.
 */
double schedule_cost_ahead(const struct run *run, const struct store *store, bool has_maps);

#endif
