/*
 * bench/run/until.h - the rule of dataset.until: looks at the values after each block of images and says which methods
 * have enough of them.
 *
 * A method ends by itself when the confidence sequence of its mean is narrow enough; or two methods end when that of
 * their paired difference leaves out 0. What the rule says follows from the values of the images in their order, so it
 * is the same in the runner, in a resumed run and in a report.
 */
#ifndef BENCH_RUN_UNTIL_H
#define BENCH_RUN_UNTIL_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "report/report.h"

struct until; /* of one backbone; in an arena */

/*
 * `images` is their number, in an order that the seed has shuffled. The rule's metric, with its parts, and methods must be
 * among those of the config. Errors: a metric whose values have no two bounds; no memory.
 */
struct until *until_create(const struct config *config, int images, struct arena *arena, struct error *err);

/* The next block: images first .. end-1; empty: no method goes on. */
struct until_block {
    int first, end;
};
struct until_block until_next(const struct until *until);
bool until_has_ended(const struct until *until); /* whether it is empty */

/* Whether a method is measured on the next block. */
bool until_is_open(const struct until *until, int method);

/* A value under the run's first protocol. */
struct until_value {
    enum report_state state;
    double number;
};
typedef int until_reader(void *context, int method, int metric, int image, struct until_value *value,
                         struct error *err);

/*
 * Takes the next block's values and looks at the rule. is_unreadable [image]: has no values. A method that lacks a value
 * of another image does not go on, and has not ended. 0, or the reader's -1.
 */
int until_look(struct until *until, until_reader *reader, void *context, const bool *is_unreadable, struct error *err);

/* What is known of each method, and of the pair that is compared. */
const struct report_end *until_end_of(const struct until *until, int method);
const struct report_end *until_end_of_pair(const struct until *until); /* NULL: no pair */

#endif
