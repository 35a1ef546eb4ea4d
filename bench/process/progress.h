/*
 * bench/process/progress.h - how far a long job is: a bar on a terminal, a line every 30 seconds elsewhere.
 *
 * Work is measured in costs, so that the share and the time left are right although items differ by orders of
 * magnitude; the rate counts items. Calls are not locked: callers with several threads hold one lock of their own.
 */
#ifndef BENCH_PROCESS_PROGRESS_H
#define BENCH_PROCESS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct progress {
    FILE *stream; /* NULL: says nothing */
    bool is_terminal, is_drawn;
    double total, done; /* cost */
    double items;
    const char *unit;      /* of items: "maps"; a constant string */
    double begun, drawn;   /* seconds */
    double (*clock)(void); /* seconds from anywhere; a test may replace it after progress_begin() */
};

/* `total` cost lies ahead. stream NULL: quiet. */
void progress_begin(struct progress *progress, double total, const char *unit, FILE *stream, bool is_terminal);

/* One item of this cost is done. Draws at most 10 times a second on a terminal, writes every 30 s elsewhere. */
void progress_add(struct progress *progress, double cost);

/* The same for a part of an item, or several of them: 0.25 MB of a file. */
void progress_add_items(struct progress *progress, double cost, double items);

/* Takes the bar from the terminal, so that other text can be written; the next item draws it again. */
void progress_clear(struct progress *progress);

/* Takes the bar away for good. */
void progress_end(struct progress *progress);

/* The line as it would be drawn `columns` wide, without a line end; with columns 0: the plain line, without a bar. */
void progress_line(const struct progress *progress, double now, int columns, char *line, size_t size);

#endif
