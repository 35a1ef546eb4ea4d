/* report/page_svg.c - axes and names of the page's plots. */
#include "report/page_svg.h"

#include "base/text.h"
#include "report/escape.h"

#include <math.h>
#include <string.h>

enum { TICKS_MAX = 12 };

double svg_at(const struct svg_axis *axis, double value)
{
    const double low = axis->is_log ? log10(axis->low) : axis->low,
                 high = axis->is_log ? log10(axis->high) : axis->high;
    return axis->from + ((axis->is_log ? log10(value) : value) - low) / (high - low) * (axis->to - axis->from);
}

void svg_pad(struct svg_axis *axis)
{
    if (axis->is_log) {
        axis->low /= 1.3;
        axis->high *= 1.3;
        return;
    }
    const double range = axis->high > axis->low ? axis->high - axis->low : fmax(fabs(axis->high), 1);
    axis->low -= range * 0.04;
    axis->high += range * 0.04;
}

/* A round distance of ticks: 1, 2 or 5 times a power of ten, at most five in the range. */
static double step_of(double range)
{
    const double power = pow(10, floor(log10(range / 5)));
    const double ratio = range / 5 / power;
    return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
}

static double power_of(double first, int more)
{
    return pow(10, first + more);
}

/* Tick number `i` of a logarithmic axis: powers of ten, or on a short axis also twice and five times these. */
static double log_tick(const struct svg_axis *axis, int i)
{
    static const double parts[] = {1, 2, 5};
    const int count = axis->high / axis->low < 100 ? 3 : 1;
    const double first = floor(log10(axis->low));
    int at = 0;
    while (power_of(first, at / count) * parts[at % count] < axis->low)
        at++;
    at += i;
    return power_of(first, at / count) * parts[at % count];
}

/* The value of tick `i`, counted from 0; NAN: the axis has fewer ticks. */
static double tick_at(const struct svg_axis *axis, int i)
{
    const double step = step_of(axis->high - axis->low);
    const double tick = axis->is_log ? log_tick(axis, i) : (ceil(axis->low / step) + i) * step;
    return i < TICKS_MAX && tick <= axis->high ? fabs(tick) < 1e-9 * step ? 0 : tick : NAN;
}

void svg_x_axis(const struct page *page, const struct svg_axis *axis, double top, double bottom, const char *title)
{
    for (int i = 0; isfinite(tick_at(axis, i)); i++) {
        const double tick = tick_at(axis, i);
        const double x = svg_at(axis, tick);
        fprintf(page->stream,
                "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g"
                "</text>\n",
                x, top, bottom, x, bottom + 15, tick);
    }
    fprintf(page->stream, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", (axis->from + axis->to) / 2,
            bottom + 32);
    page_text(page, title);
    fputs("</text>\n", page->stream);
}

void svg_y_axis(const struct page *page, const struct svg_axis *axis, double left, double right)
{
    for (int i = 0; isfinite(tick_at(axis, i)); i++) {
        const double tick = tick_at(axis, i);
        const double y = svg_at(axis, tick);
        fprintf(page->stream,
                "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g"
                "</text>\n",
                left, y, right, left - 5, y + 4, tick);
    }
}

void svg_name(const struct page *page, const char *name)
{
    char text[4 * SVG_NAME_COLUMNS + 8];
    size_t used = 0;
    int columns = 0;
    uint32_t code;
    while (*name && columns < SVG_NAME_COLUMNS - 1) {
        const int length = text_decode(name, &code);
        const size_t bytes = length ? (size_t)length : 1;
        memcpy(text + used, name, bytes);
        used += bytes;
        name += bytes;
        columns++;
    }
    text[used] = 0;
    page_text(page, text);
    fputs(*name ? "…" : "", page->stream);
}

void svg_begin(const struct page *page, double height, const char *title, const char *subtitle)
{
    fprintf(page->stream, "<svg viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" role=\"img\" aria-label=\"",
            SVG_WIDTH, height, SVG_WIDTH, height);
    page_text(page, title);
    fputs(", ", page->stream);
    page_text(page, subtitle);
    fputs("\">\n", page->stream);
}

void svg_end(const struct page *page)
{
    fputs("</svg>\n", page->stream);
}
