/*
 * bench/run/sheet.h - the contents of the overlay sheet of one image on one network, for both `run` and `explain`.
 */
#ifndef BENCH_RUN_SHEET_H
#define BENCH_RUN_SHEET_H

#include "methods/harness.h"
#include "report/report.h"

struct sheet {
    const char *image;      /* name */
    int klass;              /* the explained class; -1: none */
    const char *class_name; /* NULL: the class has a number only */
    double probability;     /* of that class, a fraction */
    const char *backbone;   /* title: "ResNet-18" */
    struct shape input;
    const uint8_t *pixels; /* 8-bit RGB (H,W,3): the network's input before normalisation */
};

/* Writes the class's name, or "class 281" if name is NULL, cut at `size`. Returns out. */
char *sheet_class(int klass, const char *name, char *out, size_t size);

/* The text for a map with this flag: "constant map"; NULL: a map without a flag. */
const char *sheet_flag(enum saliency_flag flag);

/*
 * Writes the PNG. panels[0] is the image; the caller may set its subtitle, and fills panels[1] to panels[count - 1],
 * the maps. Errors: those of report_overlay().
 */
int sheet_write(const char *path, const struct sheet *sheet, struct overlay_panel *panels, int count,
                struct error *err);

#endif
