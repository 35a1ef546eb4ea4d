/*
 * bench/run/sheet.h - the overlay sheet of one image on one network: its contents, the same for `run` and `explain`.
 */
#ifndef BENCH_RUN_SHEET_H
#define BENCH_RUN_SHEET_H

#include "methods/harness.h"
#include "report/report.h"

struct sheet {
    const char *image;      /* name */
    int klass;              /* that is explained; -1: none */
    const char *class_name; /* NULL: the class has a number only */
    double probability;     /* of that class, a fraction */
    const char *backbone;   /* title: "ResNet-18" */
    struct shape input;
    const uint8_t *pixels; /* (H,W,3), what the network sees */
};

/* The name, or "class 281"; cut at `size`. Returns out. */
char *sheet_class(int klass, const char *name, char *out, size_t size);

/* What is to be said of such a map; NULL: nothing. */
const char *sheet_flag(enum saliency_flag flag);

/*
 * Writes the PNG. The caller has filled panels[1] to panels[count - 1], the maps, and perhaps the subtitle of panels[0],
 * the image. Errors: those of report_overlay().
 */
int sheet_write(const char *path, const struct sheet *sheet, struct overlay_panel *panels, int count,
                struct error *err);

#endif
