/* bench/cli/main.c - the program's entry: runs the command and prints the one line of an error. */
#include "bench/cli/command.h"
#include "bench/cli/commands.h"
#include "bench/process/startup.h"

#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/process/shipped.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Options that are other names of commands. */
static const struct {
    const char *option, *command;
} spellings[] = {{"--help", "help"}, {"-h", "help"}, {"--version", "version"}, {"-V", "version"}};

static int obey(int argc, char **argv, struct error *err)
{
    if (argc < 2) {
        error_set(err, "no command given; see cambench --help");
        return EXIT_USAGE;
    }
    if (argv[1][0] != '-')
        return commands_dispatch(argc, argv, err);
    if (argc > 2) {
        error_set(err, "stray argument \"%s\" after \"%s\"; see cambench --help", argv[2], argv[1]);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(argv[1], spellings[i].option) == 0)
            return commands_dispatch(2, (char *[]){argv[0], (char *)spellings[i].command, NULL}, err);
    error_set(err, "unknown option \"%s\"; see cambench --help", argv[1]);
    return EXIT_USAGE;
}

static bool reader_has_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/*
 * Error: output was lost. A reader that closes the pipe early, as in "cambench list methods | head", is not an error.
 */
static int close_stdout(struct error *err)
{
    const bool is_left = reader_has_left(), was_lost = ferror(stdout);
    errno = 0;
    const bool is_lost = fclose(stdout) != 0 || was_lost;
    if (!is_lost || is_left)
        return 0;
    return error_set(err, "could not write to standard output: %s", errno ? strerror(errno) : "some of it was lost");
}

int main(int argc, char **argv)
{
    struct error err = {0};
    const int begun = startup_begin("cambench", &err);
    interrupt_end_at_once();
    shipped_set_python();
    int code = begun ? EXIT_USAGE : obey(argc, argv, &err);
    struct error lost;
    if (close_stdout(&lost) && code != EXIT_USAGE) {
        code = EXIT_USAGE;
        err = lost;
    }
    if (err.text[0] && (code == EXIT_USAGE || code == EXIT_INCOMPLETE)) {
        char line[sizeof err.text];
        fprintf(stderr, "cambench: %s\n", text_printable(err.text, line, sizeof line));
    }
    return startup_end(code);
}
