/*
 * bench/run/paper_numbers.h - reads published numbers from CSV files (docs/formats.md), to compare a run with them.
 */
#ifndef BENCH_RUN_PAPER_NUMBERS_H
#define BENCH_RUN_PAPER_NUMBERS_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "report/report.h"

/*
 * Reads the files of report.reference into report->published, in the arena. Errors, with file and line: not readable; a
 * column is missing; a value is not a number; an unknown unit; an empty field that must hold text.
 */
int paper_numbers_read(const struct config_report *config, struct arena *arena, struct report *report,
                       struct error *err);

#endif
