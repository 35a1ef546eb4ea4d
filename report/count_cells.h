/*
 * report/count_cells.h - cells of metrics whose number is made of counts summed over images (struct report_counts).
 */
#ifndef REPORT_COUNT_CELLS_H
#define REPORT_COUNT_CELLS_H

#include "report/report.h"

/*
 * Fills the cell of `metric` at a position of the report's order (report_curve_index()). In each draw of the bootstrap
 * the counts of the drawn images are summed and combined. The draws are those of other cells with as many values.
 * Errors: no memory; *stop was set.
 */
int count_cell(const struct report *report, const struct report_counted *metric, size_t position, struct cell *cell,
               struct error *err);

#endif
