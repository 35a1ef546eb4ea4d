/*
 * bench/process/progress.h - shows the progress of a long job: a bar on a terminal, a line every 30 seconds elsewhere.
 *
 * Work is measured in costs of any unit, because items may differ by orders of magnitude: the share done and the time
 * left are computed from costs, the rate from items. Calls are not locked; callers with several threads hold a lock.
 */
#ifndef BENCH_PROCESS_PROGRESS_H
#define BENCH_PROCESS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct progress {
    FILE *stream; /* NULL: prints nothing */
    bool is_terminal, is_drawn;
    double total, done; /* cost */
    double items;
    bool is_most;          /* the total is the most that may be needed; its owner lowers it when it knows more */
    const char *unit;      /* of items: "maps"; a constant string */
    double begun, drawn;   /* times of the begin and of the latest output, by the clock */
    double (*clock)(void); /* seconds since any fixed time; a test may replace it after progress_begin() */
};

/* Begins a job of cost `total`. stream NULL: prints nothing. */
void progress_begin(struct progress *progress, double total, const char *unit, FILE *stream, bool is_terminal);

/* One item of this cost is done. Draws at most 10 times a second on a terminal, writes every 30 s elsewhere. */
void progress_add(struct progress *progress, double cost);

/* The same for a part of an item or for several items, such as 0.25 MB of a file. */
void progress_add_items(struct progress *progress, double cost, double items);

/* Erases the bar, so that other text can be written; the next item draws it again. */
void progress_clear(struct progress *progress);

/* Erases the bar at the end of the job. */
void progress_end(struct progress *progress);

/* The line as it would be drawn `columns` wide, without a line end; with columns 0: the plain line, without a bar. */
void progress_line(const struct progress *progress, double now, int columns, char *line, size_t size);

#endif
