/*
 * base/error.h - how a function reports a failure.
 *
 * A function that can fail takes `struct error *err` last and returns 0, or -1 with one sentence in err: the kind of
 * thing, its name in quotes, what is wrong, and what would be right; lower case, no full stop. A caller adds only
 * information that the callee lacks (the file, the line) with error_prefix() and passes it on. main() prints it, once.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

struct error {
    char text[1024];
    bool is_system; /* no memory, a failing disk, no permission: the data may be valid */
};

/*
 * error_set(err, format, ...) writes the sentence; error_prefix(err, format, ...) puts text before it. A sentence that
 * does not fit into `text` loses the middle of its longest quoted names, so that the reason is kept. Both macros have
 * the value -1, which compilers and analysers can see, so that a check is one line.
 */
#define error_set(err, ...) (error_write((err), __VA_ARGS__), error_status())
#define error_prefix(err, ...) (error_write_before((err), __VA_ARGS__), error_status())

static inline int error_status(void)
{
    return -1;
}

/* -1 for true, 0 for false: for functions that are a chain of calls, `return status_of(a(err) || b(err));`. */
static inline int status_of(bool has_failed)
{
    return has_failed ? -1 : 0;
}

void error_write(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_write_before(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* error_write() for callers with a va_list. */
void error_write_list(struct error *err, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* error_set() for an error of the system: also sets is_system. */
#define error_system(err, ...) (error_write_system((err), __VA_ARGS__), error_status())

void error_write_system(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes "not enough memory for WHAT", an error of the system; -1. */
#define error_memory(err, what) error_system((err), "not enough memory for %s", (what))

#endif
