/*
 * base/input.h - opening what others have made: regular files, and pipes for texts.
 *
 * A FIFO that nobody writes to and a device without an end would hold a command for ever, so they are refused at once.
 * Errors are reasons, such as "it is a FIFO, not a regular file"; the caller names the file.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

/* A regular file to read from: its descriptor, or -1. Never waits for a writer. */
int input_open(const char *path, struct error *err);

/* The same as a stream, or NULL. */
FILE *input_stream(const char *path, struct error *err);

/* A regular file of at most `most` bytes, into the arena with a NUL after it. */
int input_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

/*
 * A text that may also come through a pipe, as from the shell's <(command) or /dev/stdin. Waits for its writer as long as
 * there is one, and a second for it to come; a signal must be able to end the process meanwhile.
 */
int input_read_text(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

/* Is nothing there, or a regular file, behind links too? For paths that a library opens by name. */
int input_check_regular(const char *path, struct error *err);

/* "a folder", "a FIFO", "a device" ...; NULL: a regular file. */
const char *input_irregular(mode_t mode);

#endif
