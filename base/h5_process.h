/*
 * base/h5_process.h - starts the child processes in which libhdf5 runs, and sends bytes both ways. Private to
 * base/h5*.c.
 *
 * A child holds nothing but its end of a socket pair. It ignores the signals that interrupt a run, and ends when its
 * parent closes the other end or dies.
 */
#ifndef BASE_H5_PROCESS_H
#define BASE_H5_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct h5_process {
    int connection; /* -1: none */
    pid_t child;    /* 0: none */
};

/*
 * Forks; the child never returns from `run`. On failure returns -1 with errno set, and *what names the thing that could
 * not be made: "a socket".
 */
int h5_process_start(struct h5_process *process, void (*run)(void *context), void *context, const char **what);
void h5_process_end(struct h5_process *process); /* kills the child and waits for it; harmless when there is none */

/* Send or receive all bytes; -1: the child has ended. */
int h5_process_send(const struct h5_process *process, const void *data, size_t size);
int h5_process_receive(const struct h5_process *process, void *out, size_t size);

/* The same in the child. Sending ends the process when the parent is gone; receiving then returns false. */
void h5_child_send(const void *data, size_t size);
bool h5_child_receive(void *out, size_t size);

#endif
