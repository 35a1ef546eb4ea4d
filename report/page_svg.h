/*
 * report/page_svg.h - axes and names of the page's plots. Colours come from classes of report/assets/page.css, so that
 * plots follow the reader's light or dark theme.
 */
#ifndef REPORT_PAGE_SVG_H
#define REPORT_PAGE_SVG_H

#include "report/page.h"

/* Units of the drawing, which is shown one to one on a narrow screen. */
enum { SVG_WIDTH = 360, SVG_NAME_COLUMNS = 18 };

/* An axis from `low` to `high`, drawn from `from` to `to`. */
struct svg_axis {
    double low, high, from, to;
    bool is_log;
};

/* Where a value is on the axis. */
double svg_at(const struct svg_axis *axis, double value);

/* Widens the axis so that it begins and ends a little outside of its values. */
void svg_pad(struct svg_axis *axis);

/* Writes lines across the plot at round values, from `top` to `bottom`, with the values under them, and a title. */
void svg_x_axis(const struct page *page, const struct svg_axis *axis, double top, double bottom, const char *title);
void svg_y_axis(const struct page *page, const struct svg_axis *axis, double left, double right);

/* Text of at most SVG_NAME_COLUMNS columns. */
void svg_name(const struct page *page, const char *name);

/* Begins and ends a drawing; `title` is read by screen readers. */
void svg_begin(const struct page *page, double height, const char *title, const char *subtitle);
void svg_end(const struct page *page);

#endif
