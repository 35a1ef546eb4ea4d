/*
 * datasets/demo_class.h - the ten kinds of objects of the demo scenes: an outline and a pattern each.
 */
#ifndef DATASETS_DEMO_CLASS_H
#define DATASETS_DEMO_CLASS_H

#include "datasets/demo.h"

/* u,v are in units of the object's radius, v upwards; the outline lies inside the unit circle or slightly outside. */
struct demo_class {
    const char *name;
    double (*outline)(double u, double v);              /* approximate distance to the outline, negative inside */
    double (*pattern)(double u, double v, double blur); /* 0: first colour, 1: second; blur: width of the edges */
};

extern const struct demo_class demo_classes[DEMO_CLASSES];

#endif
