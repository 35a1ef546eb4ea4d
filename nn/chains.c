/* nn/chains.c - finds the steps of a network that can run as one chain (nn/conv_chain.c). */
#include "nn/conv.h"
#include "nn/network.h"

/* Counts the steps that read each value; being a target layer counts as a reader. */
static void count_readers(const struct network *network, int *readers)
{
    for (int i = 0; i < network->step_count; i++) {
        const struct step *step = &network->steps[i];
        for (int k = 0; k < step->input_count; k++)
            readers[step->inputs[k]]++;
        if (step->residual >= 0)
            readers[step->residual]++;
    }
    for (int i = 0; i < network->layer_count; i++)
        readers[network->layer_values[i]]++;
    readers[network->logits]++;
}

/* Number of steps, from `first` on, that can run as one chain; 0: none. */
static int chain_length(const struct network *network, const int *readers, int first)
{
    const struct step *steps = &network->steps[first];
    const int length = conv_chain_length(steps, network->step_count - first, network->values[steps[0].inputs[0]]);
    for (int i = 0; i < length - 1; i++)
        if (readers[steps[i].output] != 1)
            return 0;
    return length;
}

int network_find_chains(struct network *network, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t count = (size_t)network->step_count;
    int *readers = arena_alloc(arena, (size_t)network->value_count, sizeof *readers), out = 0;
    struct step *steps = arena_alloc(arena, count + count / 2, sizeof *steps);
    struct node *nodes = arena_alloc(arena, count / 2 + 1, sizeof *nodes);
    if (!readers || !steps || !nodes)
        return error_memory(err, "the plan");
    count_readers(network, readers);
    for (int i = 0, length; i < network->step_count; i += length) {
        const int found = chain_length(network, readers, i);
        length = found ? found : 1;
        for (int k = 0; k < length; k++) {
            steps[out + k] = network->steps[i + k];
            steps[out + k].is_part = found > 0;
        }
        out += length;
        if (found) {
            steps[out] = conv_chain_step(&steps[out - found], found, nodes++);
            out++;
        }
    }
    network->steps = steps;
    network->step_count = out;
    return 0;
}
