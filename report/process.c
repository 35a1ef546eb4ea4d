/* report/process.c - posix_spawn(), a pipe for the program's standard error, and a time limit. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np, pipe2, sigabbrev_np */
#include "report/process.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GLANCE_MS 50 /* between two looks at `stop` and at the program */
#define SAID_MAX 512

/* The program's standard error, of which the last line that is not empty is kept. */
struct said {
    char line[SAID_MAX], last[SAID_MAX];
    size_t used;
};

struct running {
    pid_t pid;
    int output; /* its standard error; -1: closed */
    int status; /* as waitpid() gives it */
    struct said said;
};

/* -- starting ------------------------------------------------------------------------------------------------------- */

/* The first program of that name in an absolute folder of PATH. */
static int find_program(const char *name, char path[PATH_MAX])
{
    struct error ignored;
    if (strchr(name, '/'))
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ? 0 : -1;
    const char *folders = getenv("PATH");
    for (const char *at = folders ? folders : "/usr/bin:/bin"; *at;) {
        const size_t length = strcspn(at, ":");
        char folder[PATH_MAX];
        if (*at == '/' && length < sizeof folder) {
            snprintf(folder, sizeof folder, "%.*s", (int)length, at);
            if (file_join(path, folder, name, &ignored) == 0 && access(path, X_OK) == 0)
                return 0;
        }
        at += length + (at[length] == ':');
    }
    return -1;
}

/* Starts it in its own process group, so that its children can be killed too, and with no signal ignored or blocked. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    int failed = posix_spawnattr_setsigdefault(attributes, &all);
    failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
    failed = failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
    const short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    return failed ? failed : posix_spawnattr_setflags(attributes, flags);
}

static int set_actions(posix_spawn_file_actions_t *actions, const char *folder, int output)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
    return failed ? failed : posix_spawn_file_actions_addchdir_np(actions, folder);
}

/* Returns 0, or the reason as errno. */
static int spawn(const struct process *process, const char *program, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int failed = set_attributes(&attributes);
    failed = failed ? failed : set_actions(&actions, process->folder, output);
    failed = failed ? failed : posix_spawn(pid, program, &actions, &attributes, process->argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* -- its output and its end ---------------------------------------------------------------------------------------- */

static void take_byte(struct said *said, char byte)
{
    if (byte != '\n') {
        if (said->used < SAID_MAX - 1)
            said->line[said->used++] = byte;
        return;
    }
    said->line[said->used] = 0;
    if (said->line[strspn(said->line, " \t\r")])
        memcpy(said->last, said->line, sizeof said->last);
    said->used = 0;
}

/* Reads the bytes that are available; false at the end. */
static bool listen_once(struct running *running)
{
    char bytes[4096];
    for (;;) {
        const ssize_t got = read(running->output, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN;
        if (got == 0)
            return false;
        for (ssize_t i = 0; i < got; i++)
            take_byte(&running->said, bytes[i]);
    }
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool has_ended(struct running *running)
{
    const pid_t got = waitpid(running->pid, &running->status, WNOHANG);
    return got == running->pid || (got < 0 && errno != EINTR);
}

static void glance(struct running *running)
{
    struct pollfd wait = {.fd = running->output, .events = POLLIN};
    poll(&wait, running->output >= 0, GLANCE_MS);
    if (running->output >= 0 && !listen_once(running)) {
        close(running->output);
        running->output = -1;
    }
}

/* Waits for the end of the program, whose children may keep the pipe open. */
static enum process_end wait_for(const struct process *process, struct running *running, struct error *err)
{
    const long end = now_ms() + process->patience_ms;
    while (!has_ended(running)) {
        const bool is_stopped = process->stop && *process->stop;
        if (!is_stopped && now_ms() < end) {
            glance(running);
            continue;
        }
        kill(-running->pid, SIGKILL);
        while (waitpid(running->pid, &running->status, 0) < 0 && errno == EINTR)
            ;
        error_set(err, is_stopped ? "it was interrupted" : "it did not end within %d s", process->patience_ms / 1000);
        return is_stopped ? PROCESS_STOPPED : PROCESS_HUNG;
    }
    if (running->output >= 0)
        listen_once(running);
    kill(-running->pid, SIGKILL); /* children that may still be running */
    return WIFEXITED(running->status) && WEXITSTATUS(running->status) == 0 ? PROCESS_DONE : PROCESS_FAILED;
}

static void describe(struct running *running, struct error *err)
{
    char shown[SAID_MAX];
    take_byte(&running->said, '\n');
    text_printable(running->said.last, shown, sizeof shown);
    const char *colon = *shown ? ": " : "";
    if (WIFSIGNALED(running->status))
        error_set(err, "it was ended by signal %d (%s)%s%s", WTERMSIG(running->status),
                  strsignal(WTERMSIG(running->status)), colon, shown);
    else
        error_set(err, "it failed with exit code %d%s%s", WEXITSTATUS(running->status), colon, shown);
}

/* -- both ----------------------------------------------------------------------------------------------------------- */

enum process_end process_run(const struct process *process, struct error *err)
{
    char program[PATH_MAX];
    struct running running = {.output = -1};
    int ends[2];
    if (find_program(process->argv[0], program)) {
        error_set(err, "%s", strerror(ENOENT));
        return PROCESS_MISSING;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
        error_set(err, "it could not be started: %s", strerror(errno));
        return PROCESS_FAILED;
    }
    const int failed = spawn(process, program, ends[1], &running.pid);
    close(ends[1]);
    running.output = ends[0];
    enum process_end end = PROCESS_FAILED;
    if (failed) {
        error_set(err, "it could not be started: %s", strerror(failed));
    } else {
        err->text[0] = 0;
        end = wait_for(process, &running, err);
        if (end == PROCESS_FAILED && !err->text[0])
            describe(&running, err);
    }
    if (running.output >= 0)
        close(running.output);
    return end;
}
