/*
 * report/labels.h - where the names of points stand so that they do not cover points or each other.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <stdbool.h>

/* A point and the box of its name, in pixels, y up. */
struct label {
    double x, y;          /* the point */
    double width, height; /* of the text */
    double left, middle;  /* written by labels_place(): where the text begins, at half its height */
    bool is_far;          /* written: away from the point, so a line leads to it */
    double end_x, end_y;  /* written: where that line meets the text */
};

/*
 * Places `count` labels inside of the box (0..width, 0..height): each at that place on rings round its point that
 * covers least of points, lines and the labels before it, near places first.
 */
void labels_place(struct label *labels, int count, double width, double height);

#endif
