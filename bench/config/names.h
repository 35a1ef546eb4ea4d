/*
 * bench/config/names.h - methods and metrics by the names that people give them.
 *
 * Spellings count as text_same_name() compares, also those of titles: "Grad-CAM++", "AverageDrop". Where the name is
 * unknown, NULL and an error that begins with `where`, its place. It suggests names of which this is a misspelling, and none
 * that are merely similar: "EigenCAM" is another method than "layercam".
 */
#ifndef BENCH_CONFIG_NAMES_H
#define BENCH_CONFIG_NAMES_H

#include "base/error.h"
#include "methods/method.h"
#include "metrics/metric.h"

const struct method *method_called(const char *where, const char *name, struct error *err);
const struct metric *metric_called(const char *where, const char *name, struct error *err);

#endif
