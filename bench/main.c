/* bench/main.c - the door of the program: help, version, dispatch, and the one line that says what went wrong. */
#include "bench/bench.h"

#include "base/text.h"

#include <cblas.h>
#include <hdf5.h>
#include <sqlite3.h>
#include <stdio.h>

#include <jpeglib.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMANDS_MAX 64
#define NAME_MAX_BYTES 64
#define QUOTE_TEXT(text) #text
#define QUOTE(macro) QUOTE_TEXT(macro)

static const char *const group_titles[] = {
    [COMMAND_MEASURE] = "Measure",
    [COMMAND_RESULTS] = "Results",
    [COMMAND_DATA] = "Data and weights",
    [COMMAND_KNOW] = "Look up and extend",
};

static const char examples[] = "Examples:\n"
                               "  cambench run configs/demo.yaml\n"
                               "  cambench explain dog.jpg\n"
                               "  cambench list methods\n"
                               "  cambench inspect resnet50 --plan\n"
                               "  cambench new method mycam\n";

static void print_group(size_t group)
{
    bool begun = false;
    for (const struct command *const *command = commands; *command; command++) {
        if ((*command)->group != group)
            continue;
        if (!begun)
            printf("%s:\n", group_titles[group]);
        printf("  %-10s %s\n", (*command)->name, (*command)->summary);
        begun = true;
    }
    if (begun)
        putchar('\n');
}

static void print_help(void)
{
    printf("Usage: cambench COMMAND [OPTION]...\n"
           "Benchmark class activation maps of convolutional networks.\n\n");
    for (size_t group = 0; group < sizeof group_titles / sizeof *group_titles; group++)
        print_group(group);
    printf("Options:\n"
           "  --help     show this and exit; cambench COMMAND --help shows a command's options\n"
           "  --version  show versions and exit\n\n"
           "%s\n"
           "Exit status:\n"
           "  0    done\n"
           "  1    compare: a difference, and nothing was missing\n"
           "  2    wrong usage, config or data: one line on stderr says what\n"
           "  3    finished, but some images could not be read (run: under --strict) or values were lost\n"
           "  130  interrupted; run the same command again to go on\n",
           examples);
}

static void print_version(void)
{
    static const char jpeg[] = QUOTE(LIBJPEG_TURBO_VERSION);
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    printf("%s\n\n%s, core %s\n", CAMBENCH_PROGRAM, openblas_get_config(), openblas_get_corename());
    printf("HDF5 %u.%u.%u\n", major, minor, release);
    printf("SQLite %s\n", sqlite3_libversion());
    printf("libjpeg-turbo %s\n\n", jpeg);
    printf("License Apache-2.0: <https://www.apache.org/licenses/LICENSE-2.0>\n"
           "This is free software; there is no warranty.\n");
}

static const struct command *find_command(const char *name, struct error *err)
{
    const char *names[COMMANDS_MAX];
    int count = 0;
    for (const struct command *const *command = commands; *command; command++) {
        if (strcmp((*command)->name, name) == 0)
            return *command;
        if (count < COMMANDS_MAX)
            names[count++] = (*command)->name;
    }
    char shown[NAME_MAX_BYTES];
    text_printable(name, shown, sizeof shown);
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        error_set(err, "unknown command \"%s\", did you mean \"%s\"? see cambench --help", shown, nearest);
    else
        error_set(err, "unknown command \"%s\"; see cambench --help", shown);
    return NULL;
}

static int dispatch(int argc, char **argv, struct error *err)
{
    const struct command *command = find_command(argv[1], err);
    if (!command)
        return EXIT_USAGE;
    char name[sizeof "cambench " + NAME_MAX_BYTES];
    snprintf(name, sizeof name, "cambench %s", command->name);
    argv[1] = name;
    return command->run(argc - 1, argv + 1, err);
}

static int obey(int argc, char **argv, struct error *err)
{
    if (argc < 2) {
        error_set(err, "no command given; see cambench --help");
        return EXIT_USAGE;
    }
    if (argv[1][0] != '-')
        return dispatch(argc, argv, err);
    if (argc > 2) {
        error_set(err, "stray argument \"%s\" after \"%s\"; see cambench --help", argv[2], argv[1]);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        print_help();
    else if (strcmp(argv[1], "--version") == 0)
        print_version();
    else {
        error_set(err, "unknown option \"%s\"; see cambench --help", argv[1]);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

/* A file that a command opens must never take the number of a closed stdin, stdout or stderr. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

static bool reader_has_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* Text that did not arrive is an error, except when nobody waits for it ("cambench list methods | head"). */
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
    hold_standard_descriptors();
    signal(SIGPIPE, SIG_IGN); /* a reader or a child that has left must not end a run */
    int code = obey(argc, argv, &err);
    struct error lost;
    if (close_stdout(&lost) && code != EXIT_USAGE) {
        code = EXIT_USAGE;
        err = lost;
    }
    if (err.text[0] && (code == EXIT_USAGE || code == EXIT_INCOMPLETE)) {
        char line[sizeof err.text];
        fprintf(stderr, "cambench: %s\n", text_printable(err.text, line, sizeof line));
    }
    return code;
}
