/*
 * bench/perf/mapper.h - one map from an input in memory, with everything around the method that a run does.
 */
#ifndef BENCH_PERF_MAPPER_H
#define BENCH_PERF_MAPPER_H

#include "bench/perf/subject.h"
#include "bench/run/panel.h"

struct mapper {
    const struct subject *subject;
    struct config_method method; /* its parameters in `held` */
    struct panel panel;          /* of this method alone */
    struct arena held;           /* as long as the mapper */
    struct arena image;
    struct cam_worker worker;
};

/*
 * A method and its parameters: "scorecam:scoring=pytorch_grad_cam,max_channels=64". A comma with no name and "=" after it
 * belongs to a list: "refinecam:base=layercam(score=prob),layers=layer3,layer4,mix=product". Errors: unknown names; no
 * memory. To be closed after a failure, too.
 */
int mapper_open(struct mapper *mapper, const struct subject *subject, const char *method, struct error *err);
void mapper_close(struct mapper *mapper);

/*
 * Base pass, method, post-processing as pytorch-grad-cam does it, of one input. The saliency map (H,W) lives until the
 * next call. `cost` may be NULL.
 */
int mapper_map(struct mapper *mapper, int input, struct saliency *saliency, struct cost *cost, struct error *err);

/* Full and tail passes that one map is expected to take. */
void mapper_passes(const struct mapper *mapper, double *full, double *tail);

#endif
