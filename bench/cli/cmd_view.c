/* bench/cli/cmd_view.c - cambench view RUN: opens the page of a run in a browser. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct arguments {
    struct options common;
    const char *run;
    bool is_path;
};

static const struct param rows[] = {
    OPTION_FLAG(struct arguments, is_path, "path", 'p', "print the path of the page instead of opening it"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct arguments, run), {0}};

static const struct options_usage usage = {
    .words = "RUN",
    .doc = "Opens index.html of a run, or of a folder that `cambench report --output` has made, with the program that "
           "BROWSER names, or else with xdg-open. Where neither can be started it prints the path of the page.\v"
           "Example:\n  cambench view results/demo",
    .rows = rows,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

/* The absolute path of the page. */
static int find_page(const char *folder, char page[PATH_MAX], struct error *err)
{
    char path[PATH_MAX], shown[PATH_MAX];
    if (!file_is_folder(folder))
        return error_set(err, "\"%s\" is not a folder; cambench view takes a run's folder",
                         text_printable(folder, shown, sizeof shown));
    if (file_join(path, folder, "index.html", err))
        return -1;
    if (realpath(path, page))
        return 0;
    if (errno != ENOENT)
        return error_system(err, "could not open \"%s\": %s", text_printable(path, shown, sizeof shown),
                            strerror(errno));
    return error_set(err, "\"%s\" has no index.html; cambench run and cambench report make it",
                     text_printable(folder, shown, sizeof shown));
}

/* Whether the browser was started and did not fail. What it writes to stderr is dropped. */
static bool open_with(const char *program, char *page)
{
    pid_t pid;
    int status;
    char *const words[] = {(char *)program, page, NULL};
    posix_spawn_file_actions_t actions;
    if (!program || !*program || posix_spawn_file_actions_init(&actions))
        return false;
    status = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) ||
             posix_spawnp(&pid, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int view(const struct arguments *arguments, struct error *err)
{
    char page[PATH_MAX];
    if (find_page(arguments->run, page, err))
        return EXIT_USAGE;
    if (arguments->is_path || (!open_with(getenv("BROWSER"), page) && !open_with("xdg-open", page)))
        printf("%s\n", TEXT_SHOWN(page));
    return EXIT_DONE;
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {0};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    return status ? options_exit(status) : view(&arguments, err);
}

const struct command command_view = {
    .name = "view",
    .summary = "open the page of a run in a browser",
    .group = COMMAND_RESULTS,
    .run = run,
};
