/*
 * report/labels.h - positions for the names of a plot's points, so that names cover neither points nor each other.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <stdbool.h>

/* A point and the box of its name, in pixels, y up. */
struct label {
    double x, y;          /* the point */
    double width, height; /* of the text */
    /* written by labels_place(): */
    double left, middle; /* x of the text's left edge, y of its middle */
    bool is_far;         /* the text is away from its point, and a line connects them */
    double end_x, end_y; /* where that line meets the text */
};

/*
 * Places `count` labels, one after the other, inside the box (0..width, 0..height). Candidates are positions on rings
 * around the label's point. The one that covers the least area of points, lines and earlier labels is taken; a farther
 * ring must cover less than a nearer one.
 */
void labels_place(struct label *labels, int count, double width, double height);

#endif
