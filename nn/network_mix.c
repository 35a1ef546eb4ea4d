/*
 * nn/network_mix.c - a network whose steps are taken from two networks that differ in their weights alone. The weights
 * stay where they are packed, so that a network costs little more than its list of steps.
 */
#include "nn/network.h"

#include <stdlib.h>
#include <string.h>

/* Whether the networks have the same steps, so that those of one can stand for those of the other. */
static bool are_alike(const struct network *a, const struct network *b)
{
    if (a->set != b->set || a->node_count != b->node_count || a->step_count != b->step_count ||
        a->value_count != b->value_count || a->layer_count != b->layer_count || a->logits != b->logits)
        return false;
    for (int i = 0; i < a->step_count; i++) {
        const struct step *own = &a->steps[i], *other = &b->steps[i];
        if (own->node->op != other->node->op || own->output != other->output || own->part_count != other->part_count ||
            strcmp(own->node->name, other->node->name) != 0)
            return false;
    }
    return true;
}

/* A chain has no weights of its own: it refers to its parts, which are steps of the same list. */
static void mix_steps(struct network *mix, struct step *steps, bool *is_other, const bool *takes_other)
{
    for (int i = 0; i < mix->step_count; i++) {
        const struct network *from = mix->mixed[0];
        if (!from->steps[i].parts)
            is_other[i] = takes_other[from->steps[i].node - from->nodes];
        steps[i] = mix->mixed[is_other[i]]->steps[i];
        if (steps[i].parts)
            steps[i].parts = steps + (from->steps[i].parts - from->steps);
    }
    mix->steps = steps;
    mix->is_other = is_other;
}

struct network *network_mix(const struct network *network, const struct network *other, const bool *takes_other,
                            struct error *err)
{
    if (network->foreign || other->foreign || network->is_other || other->is_other || !are_alike(network, other)) {
        error_set(err, "networks that are not alike cannot be mixed");
        return NULL;
    }
    struct network *mix = malloc(sizeof *mix);
    if (!mix) {
        error_memory(err, "the network");
        return NULL;
    }
    *mix = *network;
    mix->late = NULL;
    mix->mixed[0] = network;
    mix->mixed[1] = other;
    arena_init(&mix->arena, 0);
    struct step *steps = arena_alloc(&mix->arena, (size_t)mix->step_count, sizeof *steps);
    bool *is_other = arena_alloc(&mix->arena, (size_t)mix->step_count, sizeof *is_other);
    if (!steps || !is_other) {
        error_memory(err, "the network");
        network_free(mix);
        return NULL;
    }
    mix_steps(mix, steps, is_other, takes_other);
    return mix;
}
