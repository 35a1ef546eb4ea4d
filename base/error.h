/*
 * base/error.h - how a function says what went wrong.
 *
 * A function that can fail takes `struct error *err` last and returns 0, or -1 with one sentence in err: the kind of
 * thing, its name in quotes, what is, and what would be right; lower case, no full stop. A caller adds only what it
 * alone knows (the file, the line) with error_prefix() and passes it on. main() prints it, once.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    char text[1024];
};

/* Formats the sentence, cut at the size of `text`. Returns -1, so that a check is one line. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts text before the sentence that is there. Returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "not enough memory for WHAT". Returns -1. */
int error_memory(struct error *err, const char *what);

#endif
