/* bench/run/replicas.c - each node's network is read by a thread that runs there. */
#include "bench/run/replicas.h"

#include "bench/process/nodes.h"
#include "bench/run/run_backbone.h"

#include <omp.h>

#define CORES_MOST 4096

struct replicas {
    int node[CORES_MOST]; /* [core] */
    struct network *networks[NODES_MOST];
    struct network *first; /* one of them; not freed here */
};

const char *replicas_nodes = NODES_FOLDER;

int replicas_count(const struct run *run)
{
    int node[CORES_MOST];
    const int nodes =
        run->config.runtime.replicate == CONFIG_REPLICATE_OFF ? 1 : nodes_read(replicas_nodes, node, CORES_MOST);
    return (nodes < run->threads ? nodes : run->threads) - 1;
}

static int fill(const struct run *run, int backbone, struct replicas *replicas, struct error *err)
{
    int status = 0;
#pragma omp parallel num_threads(run->threads)
#pragma omp critical(replicas)
    {
        const int here = nodes_here(replicas->node, CORES_MOST);
        if (!replicas->networks[here] && !status) {
            replicas->networks[here] = run_backbone_load(&run->backbones[backbone], run->config.runtime.kernels, err);
            status = replicas->networks[here] ? 0 : -1;
        }
    }
    return status;
}

int replicas_create(const struct run *run, int backbone, struct network *first, struct replicas **out,
                    struct error *err)
{
    *out = NULL;
    if (replicas_count(run) < 1 || network_is_foreign(first))
        return 0;
    struct replicas *replicas = calloc(1, sizeof *replicas);
    if (!replicas)
        return error_memory(err, "the networks");
    nodes_read(replicas_nodes, replicas->node, CORES_MOST);
    replicas->first = replicas->networks[nodes_here(replicas->node, CORES_MOST)] = first;
    *out = replicas;
    return fill(run, backbone, replicas, err);
}

void replicas_free(struct replicas *replicas)
{
    for (int n = 0; replicas && n < NODES_MOST; n++)
        if (replicas->networks[n] != replicas->first)
            network_free(replicas->networks[n]);
    free(replicas);
}

const struct network *replicas_here(const struct replicas *replicas, const struct network *first)
{
    const struct network *own = replicas ? replicas->networks[nodes_here(replicas->node, CORES_MOST)] : NULL;
    return own ? own : first;
}

size_t replicas_bytes(const struct replicas *replicas)
{
    size_t sum = 0;
    for (int n = 0; replicas && n < NODES_MOST; n++)
        if (replicas->networks[n] && replicas->networks[n] != replicas->first)
            sum += network_bytes(replicas->networks[n]);
    return sum;
}
