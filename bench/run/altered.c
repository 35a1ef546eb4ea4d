/* bench/run/altered.c - makes the networks with altered weights, each when it is first needed. */
#include "bench/run/altered.h"

#include "weights/weights_reset.h"

#include <pthread.h>
#include <stdlib.h>

struct mix {
    struct mix *next;
    struct evidence_altered of;
    struct network *network;
};

struct altered {
    const struct network *network; /* the backbone's */
    int node_count, stages, *stage;
    int draws;
    struct network **drawn; /* [draw]: all stages altered */
    struct arena arena;
    pthread_mutex_t lock; /* guards what follows */
    struct mix *mixes;
    size_t mixed_bytes;
};

int altered_draws(const struct run_backbone *backbone, int protocol_count)
{
    int draws = 0;
    for (int p = 0; p < protocol_count; p++)
        draws = backbone->evidence[p].requests.draws > draws ? backbone->evidence[p].requests.draws : draws;
    return draws;
}

static int draw_network(struct altered *altered, const struct run_backbone *backbone, const struct weights *weights,
                        uint64_t seed, const char *kernels, struct error *err)
{
    struct arena arena;
    struct weights reset;
    struct network *network = NULL;
    arena_init(&arena, 0);
    if (weights_reset(backbone->model->graph, weights, seed, altered->draws, &arena, &reset, err) == 0)
        network =
            network_create_with(backbone->model->graph, &reset, backbone->layers, backbone->layer_count, kernels, err);
    arena_release(&arena);
    altered->drawn[altered->draws] = network;
    altered->draws += network != NULL;
    return network ? 0 : -1;
}

static int draw_networks(struct altered *altered, const struct run_backbone *backbone, uint64_t seed, int draws,
                         const char *kernels, struct error *err)
{
    struct arena arena;
    struct weights weights;
    altered->drawn = arena_alloc(&altered->arena, (size_t)draws, sizeof *altered->drawn);
    altered->stage = arena_alloc(&altered->arena, (size_t)altered->node_count, sizeof *altered->stage);
    if (!altered->drawn || !altered->stage)
        return error_memory(err, "networks with altered weights");
    altered->stages = graph_stages(backbone->model->graph, altered->stage, err);
    if (altered->stages < 0)
        return -1;
    arena_init(&arena, 0);
    int status = model_read_weights(backbone->model, &arena, &weights, err);
    while (!status && altered->draws < draws)
        status = draw_network(altered, backbone, &weights, seed, kernels, err);
    arena_release(&arena);
    return status;
}

struct altered *altered_create(const struct run_backbone *backbone, const struct network *network, uint64_t seed,
                               int draws, const char *kernels, struct error *err)
{
    struct altered *altered = calloc(1, sizeof *altered);
    if (!altered) {
        error_memory(err, "networks with altered weights");
        return NULL;
    }
    altered->network = network;
    altered->node_count = graph_node_count(backbone->model->graph);
    arena_init(&altered->arena, 0);
    pthread_mutex_init(&altered->lock, NULL);
    if (draw_networks(altered, backbone, seed, draws, kernels, err)) {
        error_prefix(err, "backbone \"%s\": ", backbone->config->label);
        altered_free(altered);
        return NULL;
    }
    return altered;
}

void altered_free(struct altered *altered)
{
    if (!altered)
        return;
    for (const struct mix *mix = altered->mixes; mix; mix = mix->next)
        network_free(mix->network);
    for (int i = 0; i < altered->draws; i++)
        network_free(altered->drawn[i]);
    pthread_mutex_destroy(&altered->lock);
    arena_release(&altered->arena);
    free(altered);
}

int altered_stages(const struct altered *altered)
{
    return altered->stages;
}

size_t altered_bytes(const struct altered *altered)
{
    size_t bytes = altered ? altered->mixed_bytes : 0;
    for (int i = 0; altered && i < altered->draws; i++)
        bytes += network_bytes(altered->drawn[i]);
    return bytes;
}

static bool is_taken(const struct altered *altered, struct evidence_altered of, int stage)
{
    switch (of.order) {
    case EVIDENCE_TOP_DOWN:
        return stage > altered->stages - of.stage;
    case EVIDENCE_BOTTOM_UP:
        return stage > 0 && stage <= of.stage;
    default:
        return stage == of.stage;
    }
}

/* The lock is held. */
static struct network *make_mix(struct altered *altered, struct evidence_altered of, struct error *err)
{
    struct mix *mix = arena_alloc(&altered->arena, 1, sizeof *mix);
    bool *takes = calloc((size_t)altered->node_count, sizeof *takes);
    if (mix && takes) {
        for (int i = 0; i < altered->node_count; i++)
            takes[i] = is_taken(altered, of, altered->stage[i]);
        *mix = (struct mix){altered->mixes, of, network_mix(altered->network, altered->drawn[of.draw], takes, err)};
    } else {
        error_memory(err, "networks with altered weights");
    }
    free(takes);
    if (!mix || !mix->network)
        return NULL;
    altered->mixes = mix;
    altered->mixed_bytes += network_bytes(mix->network);
    return mix->network;
}

const struct network *altered_network(struct altered *altered, struct evidence_altered of, struct error *err)
{
    const struct network *found = NULL;
    if (of.stage == 0)
        return altered->network;
    pthread_mutex_lock(&altered->lock);
    for (const struct mix *mix = altered->mixes; mix && !found; mix = mix->next)
        if (mix->of.order == of.order && mix->of.stage == of.stage && mix->of.draw == of.draw)
            found = mix->network;
    if (!found)
        found = make_mix(altered, of, err);
    pthread_mutex_unlock(&altered->lock);
    return found;
}
