/* bench/process/progress.c - draws the bar, or writes a line every 30 seconds. */
#include "bench/process/progress.h"

#include "base/clock.h"

#include <string.h>
#include <sys/ioctl.h>

#define REDRAW_SECONDS 0.1
#define LINE_SECONDS 30.0
#define COLUMNS_FALLBACK 80
#define BAR_MIN 10
#define LINE_MAX_BYTES 512
#define DURATION_MAX_SECONDS (1000L * 3600)

void progress_begin(struct progress *progress, double total, const char *unit, FILE *stream, bool is_terminal)
{
    *progress = (struct progress){
        .stream = stream, .is_terminal = is_terminal, .total = total, .unit = unit, .clock = seconds_now};
    progress->begun = progress->drawn = seconds_now();
}

/* Writes "1:02:03" or "2:03"; "?" for a duration that is unknown or too long. */
static const char *format_duration(double seconds, char *text, size_t size)
{
    const long s = seconds >= 0 && seconds < DURATION_MAX_SECONDS ? (long)(seconds + 0.5) : -1;
    if (s < 0)
        snprintf(text, size, "?");
    else if (s >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
    return text;
}

static double share_of(const struct progress *progress)
{
    const double share = progress->total > 0 ? progress->done / progress->total : 0;
    return share < 1 ? share : 1;
}

static void format_state(const struct progress *progress, double now, char *text, size_t size)
{
    const double elapsed = now - progress->begun, share = share_of(progress);
    const double left = share > 0 ? elapsed * (1 - share) / share : -1;
    const double rate = elapsed > 0 ? progress->items / elapsed : 0;
    char elapsed_text[32], left_text[32];
    /* rounded down, so that 100 % appears only when all is done */
    snprintf(text, size, "%3d %%  %.*f %s/s  %s elapsed  %s%s left", (int)(100 * share), rate < 10 ? 2 : 0, rate,
             progress->unit, format_duration(elapsed, elapsed_text, sizeof elapsed_text),
             progress->is_most ? "at most " : "", format_duration(left, left_text, sizeof left_text));
}

void progress_line(const struct progress *progress, double now, int columns, char *line, size_t size)
{
    char state[LINE_MAX_BYTES / 2];
    format_state(progress, now, state, sizeof state);
    const int bar = columns - (int)strlen(state) - 4; /* brackets, a space, the terminal's last column */
    if (columns == 0 || bar < BAR_MIN) {
        snprintf(line, size, "%.*s", columns ? columns - 1 : (int)sizeof state, state);
        return;
    }
    char cells[LINE_MAX_BYTES / 2];
    const int width = bar < (int)sizeof cells ? bar : (int)sizeof cells - 1;
    const int full = (int)(share_of(progress) * width);
    memset(cells, '=', (size_t)full);
    memset(cells + full, ' ', (size_t)(width - full));
    snprintf(line, size, "[%.*s] %s", width, cells, state);
}

static int terminal_columns(FILE *stream)
{
    struct winsize size;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS_FALLBACK;
}

void progress_add(struct progress *progress, double cost)
{
    progress_add_items(progress, cost, 1);
}

void progress_add_items(struct progress *progress, double cost, double items)
{
    progress->done += cost;
    progress->items += items;
    if (!progress->stream)
        return;
    const double now = progress->clock(), pause = progress->is_terminal ? REDRAW_SECONDS : LINE_SECONDS;
    if (now - progress->drawn < pause)
        return;
    char line[LINE_MAX_BYTES];
    progress_line(progress, now, progress->is_terminal ? terminal_columns(progress->stream) : 0, line, sizeof line);
    fprintf(progress->stream, progress->is_terminal ? "\r%s\033[K" : "%s\n", line);
    fflush(progress->stream);
    progress->is_drawn = progress->is_terminal;
    progress->drawn = now;
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_drawn)
        return;
    fputs("\r\033[K", progress->stream);
    fflush(progress->stream);
    progress->is_drawn = false;
}

void progress_end(struct progress *progress)
{
    progress_clear(progress);
    progress->stream = NULL;
}
