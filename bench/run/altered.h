/*
 * bench/run/altered.h - the networks with altered weights of a backbone, for metrics that compare a method's maps on
 * them.
 *
 * Of each draw of random weights there is one network in which all stages have them. The others, with some stages
 * altered, are mixes (nn/nn.h) of it and the backbone's network: their weights are not copied. So the memory grows with
 * the draws and not with the stages. All workers share the networks.
 */
#ifndef BENCH_RUN_ALTERED_H
#define BENCH_RUN_ALTERED_H

#include "bench/run/run_backbone.h"

struct altered;

/*
 * Reads the model's weights and makes the networks of draws 0 .. draws-1, with the layers of `network`, which must
 * outlive them. `kernels`: nn/nn.h. NULL with err: no memory; read errors.
 */
struct altered *altered_create(const struct run_backbone *backbone, const struct network *network, uint64_t seed,
                               int draws, const char *kernels, struct error *err);
void altered_free(struct altered *altered); /* NULL is fine */

/* The draws that the metrics of a run request of this backbone; 0: no altered network is needed. */
int altered_draws(const struct run_backbone *backbone, int protocol_count);

int altered_stages(const struct altered *altered);
size_t altered_bytes(const struct altered *altered); /* NULL: 0 */

/* The network with these stages altered. Several threads may call. NULL with err: no memory. */
const struct network *altered_network(struct altered *altered, struct evidence_altered of, struct error *err);

#endif
