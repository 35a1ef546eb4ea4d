/*
 * base/confidence.h - confidence sequences: intervals for a mean that hold after every observation at once, so that one
 * may look after each of them and stop at any time.
 *
 * The predictable plug-in empirical-Bernstein sequence of Waudby-Smith, Ramdas, "Estimating means of bounded random
 * variables by betting", JRSS B 2024, arXiv 2010.09686, with equal shares for both sides; its form for drawing without
 * replacement from a finite list is narrower near the list's end.
 */
#ifndef BASE_CONFIDENCE_H
#define BASE_CONFIDENCE_H

struct confidence {
    double low, high; /* the interval now: the intersection of those after each observation; 0 and 1 at first */
    int n;
    /* private */
    int list;
    double bound;                  /* ln(2/alpha) */
    double sum, spread;            /* of x, and of squared distances to the mean so far */
    double weighted, weights, fee; /* of x and its weights; of the variance term */
};

/* The true mean lies outside the interval at any time with probability `alpha` at most. list: 0, or how many there are. */
void confidence_begin(struct confidence *confidence, double alpha, int list);

/* The next observation, in [0,1]; with a list, drawn from it at random without replacement. */
void confidence_add(struct confidence *confidence, double x);

#endif
