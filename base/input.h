/*
 * base/input.h - opens files that other programs have made: regular files, and pipes for texts.
 *
 * A FIFO without a writer or a device without an end would block a command for ever, so they are refused at once.
 * Errors are reasons, such as "it is a FIFO, not a regular file"; the caller names the file.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

/* Opens a regular file for reading; returns its descriptor, or -1. Never waits for a writer. */
int input_open(const char *path, struct error *err);

/* Opens a regular file as a stream for reading, or returns NULL. */
FILE *input_stream(const char *path, struct error *err);

/* Reads a regular file of at most `most` bytes into the arena, with a NUL after it. */
int input_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

/*
 * Reads a text that may also come through a pipe, as from the shell's <(command) or /dev/stdin. Waits one second for a
 * first writer, then until the last one closes the pipe; a signal must be able to end the process meanwhile.
 */
int input_read_text(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

/*
 * Checks that a path, with links followed, is a regular file or does not exist. For paths that a library opens by name.
 */
int input_check_regular(const char *path, struct error *err);

/*
 * What a file of this mode is, if it is not a regular file: "a folder", "a FIFO", "a device" ...; NULL: a regular file.
 */
const char *input_irregular(mode_t mode);

#endif
