/* report/process.c - fork(), a pipe for the program's standard error, and a time limit. */
#define _GNU_SOURCE /* pipe2, dup3, close_range, environ */
#include "report/process.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GLANCE_MS 50 /* interval at which `stop` and the program are checked */
#define SAID_MAX 512
#define FAILURE 3 /* the descriptor on which a child reports why the program could not be started */

/* The last line of the program's standard error that is not empty. */
struct said {
    char line[SAID_MAX], last[SAID_MAX];
    size_t used;
};

struct running {
    pid_t pid;
    int output; /* reads its standard error; -1: closed */
    int status; /* from wait4() */
    struct rusage usage;
    struct said said;
};

/* -- starting ------------------------------------------------------------------------------------------------------ */

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

/* Sets all signals to their default effects and blocks none. */
static void reset_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Makes /dev/null descriptors 0 and 1, `output` 2 and `failure` FAILURE, and closes all others. */
static void set_files(int output, int failure)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int kept = fcntl(output, F_DUPFD_CLOEXEC, FAILURE + 1);
    dup3(failure, FAILURE, O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(kept, STDERR_FILENO);
    if (close_range(FAILURE + 1, ~0u, 0))
        for (int fd = FAILURE + 1; fd < 65536; fd++) /* for kernels before 5.9 */
            close(fd);
}

/* Executes the program; if that fails, writes errno to FAILURE and exits. */
_Noreturn static void become(const struct process *process, const char *program)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(process->folder) == 0)
        execve(program, process->argv, environ);
    const int why = errno;
    const ssize_t written = write(FAILURE, &why, sizeof why);
    _exit(written == sizeof why ? 127 : 126);
}

static void kill_group(int number)
{
    (void)number;
    kill(0, SIGKILL);
}

/* Ends this process with the exit code or the signal with which the program has ended. */
_Noreturn static void end_like(int status)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (WIFSIGNALED(status))
        kill(getpid(), WTERMSIG(status));
    _exit(WIFSIGNALED(status) ? 126 : WEXITSTATUS(status));
}

/*
 * Runs in a process between cambench and the program, in one process group with the program and its children. The
 * kernel signals it when cambench ends in any way, and it then kills the group.
 */
_Noreturn static void guard(const struct process *process, const char *program, int output, int failure, pid_t parent)
{
    int status = 0;
    setpgid(0, 0);
    reset_signals();
    signal(SIGTERM, kill_group);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    set_files(output, failure);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        become(process, program);
    }
    const int why = errno;
    if (child < 0 && write(FAILURE, &why, sizeof why) != sizeof why)
        _exit(126);
    close(FAILURE);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    signal(SIGTERM, SIG_DFL);
    end_like(status);
}

/* Reads the errno that the child writes if it fails; 0 if execve() has closed its end of the pipe. */
static int read_failure(int failure)
{
    int why = 0;
    ssize_t got;
    while ((got = read(failure, &why, sizeof why)) < 0 && errno == EINTR)
        ;
    return got == sizeof why ? why : 0;
}

/* Starts the program; returns 0, or an errno. */
static int start(const struct process *process, const char *program, int output, pid_t *pid)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return errno;
    const pid_t parent = getpid();
    *pid = fork();
    if (*pid == 0)
        guard(process, program, output, ends[1], parent);
    int failed = *pid < 0 ? errno : 0;
    close(ends[1]);
    if (!failed && (failed = read_failure(ends[0])))
        while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
            ;
    close(ends[0]);
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
    const pid_t got = wait4(running->pid, &running->status, WNOHANG, &running->usage);
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
        while (wait4(running->pid, &running->status, 0, &running->usage) < 0 && errno == EINTR)
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

static double seconds_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* -- both ---------------------------------------------------------------------------------------------------------- */

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
    const int failed = start(process, program, ends[1], &running.pid);
    close(ends[1]);
    running.output = ends[0];
    enum process_end end = PROCESS_FAILED;
    if (failed) {
        error_set(err, "it could not be started: %s", strerror(failed));
    } else {
        err->text[0] = 0;
        end = wait_for(process, &running, err);
        if (process->seconds)
            *process->seconds += seconds_of(&running.usage);
        if (end == PROCESS_FAILED && !err->text[0])
            describe(&running, err);
    }
    if (running.output >= 0)
        close(running.output);
    return end;
}
