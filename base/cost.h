/*
 * base/cost.h - the cost of a map, an item or a plan: time, passes of the network, and multiply-adds.
 *
 * Passes are those that were requested, as if the method ran alone: the base pass and shared gradients are included.
 * Fields are doubles, because estimates and means are not whole numbers.
 */
#ifndef BASE_COST_H
#define BASE_COST_H

struct cost {
    double seconds;  /* wall time, end to end; negative: not measured */
    double full;     /* forward passes of the whole network */
    double tail;     /* forward passes from the target layer */
    double backward; /* backward passes of the tail */
    double repeated; /* passes that were not run, because another one has the same answer, bit for bit */
    double macs;     /* multiply-adds; estimates only */
};

static inline struct cost cost_plus(struct cost a, struct cost b)
{
    return (struct cost){a.seconds + b.seconds,   a.full + b.full,         a.tail + b.tail,
                         a.backward + b.backward, a.repeated + b.repeated, a.macs + b.macs};
}

static inline struct cost cost_times(double factor, struct cost c)
{
    return (struct cost){factor * c.seconds,  factor * c.full,     factor * c.tail,
                         factor * c.backward, factor * c.repeated, factor * c.macs};
}

#endif
