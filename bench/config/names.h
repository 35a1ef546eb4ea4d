/*
 * bench/config/names.h - methods and metrics by the names that people give them.
 *
 * Spellings count as text_same_name() compares, also those of titles: "Grad-CAM++", "AverageDrop". Where the name is
 * unknown, NULL and an error that begins with `where` it stands. It suggests what is a misspelling of the name and nothing
 * that is merely similar: "EigenCAM" is another method than "layercam".
 */
#ifndef BENCH_CONFIG_NAMES_H
#define BENCH_CONFIG_NAMES_H

#include "base/error.h"
#include "methods/method.h"
#include "metrics/metric.h"

const struct method *method_called(const char *where, const char *name, struct error *err);
const struct metric *metric_called(const char *where, const char *name, struct error *err);

#endif
