/*
 * base/script.h - a program that a config names, run as a child process: started, talked to, ended.
 *
 * The script has six descriptors: 0 is /dev/null, 1 and 2 are read by this program, 3 is a stream of text lines both
 * ways, 4 holds the numbers of this program's last answer, 5 holds the script's. 4 and 5 are shared memory. A script
 * ends when descriptor 3 ends or this program dies. docs/process-methods.md is the protocol of methods.
 */
#ifndef BASE_SCRIPT_H
#define BASE_SCRIPT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SCRIPT_LINE_BYTES 4096

struct script {
    const char *command; /* as the config gives it */
    double timeout;      /* seconds */
    char **words, **environment;
    pid_t child; /* 0: it does not run */
    int connection, answers, arrays, output, errors;
    double deadline;
    bool (*is_stopped)(const void *context); /* NULL: never */
    const void *context;
    size_t received; /* bytes in `input` */
    char input[SCRIPT_LINE_BYTES], line[SCRIPT_LINE_BYTES];
    size_t error_length;
    char error_line[256], last_error[256]; /* of descriptor 2: the line being read, the last one that is not empty */
};

/* Splits the command into words, prepares the environment. Lives in the arena. Errors: no word, an open quote, no memory. */
int script_init(struct script *script, const char *command, double timeout, struct arena *arena, struct error *err);

/*
 * Starts the process and begins a time limit. Errors: the program does not exist or cannot be run; no process,
 * descriptor or memory.
 */
int script_start(struct script *script, struct error *err);

/* Closes the connection, waits `grace` seconds, then ends the process and its children by signals. Harmless if it does not run. */
void script_end(struct script *script, double grace);

/* The time limit begins anew. Error: it is over. */
void script_begin_limit(struct script *script);
int script_check_limit(struct script *script, struct error *err);

/*
 * Sends a line without its line feed; receives one, which is then in script->line. Errors, after which the script has
 * been ended: the script has ended, wrote to its output, used up its time or sent bytes that are not a line of text; an
 * interruption.
 */
int script_send(struct script *script, const char *line, struct error *err);
int script_receive(struct script *script, struct error *err);

/* Error: the script has sent or printed something since its last answer. */
int script_check_idle(struct script *script, struct error *err);

/* Writes floats to descriptor 4, `first` floats behind its beginning. Error: no memory. */
int script_write(const struct script *script, size_t first, const float *data, size_t count, struct error *err);

/* Reads floats from descriptor 5. False: it does not hold so many. Any thread may call these two. */
bool script_read(const struct script *script, size_t first, float *out, size_t count);
bool script_holds(const struct script *script, size_t count);

/*
 * Fills err with `script "COMMAND" REASON: LAST LINE`: the last line that the script has written to stderr, unless the
 * reason has it. script_fail() also ends the process and returns -1.
 */
void script_describe(struct script *script, const char *reason, struct error *err);
int script_fail(struct script *script, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
