/* base/script.c - starts a user's program, exchanges lines and arrays with it, ends it. */
#define _GNU_SOURCE /* memfd_create, execvpe, close_range */
#include "base/script.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 100      /* between looks for an interruption */
#define DEATH_SECONDS 1  /* to exit after the connection was closed */
#define SIGNAL_SECONDS 1 /* to exit after SIGTERM */

/* -- command and environment ---------------------------------------------------------------------------------------- */

/* Copies the next word of *text to `out` and moves behind it. A part in quotes is kept together. False: an open quote. */
static bool next_word(const char **text, char *out)
{
    const char *c = *text;
    char quote = 0;
    for (; *c && (quote || *c != ' '); c++) {
        if (quote ? *c == quote : *c == '"' || *c == '\'')
            quote = quote ? 0 : *c;
        else
            *out++ = *c;
    }
    *out = 0;
    *text = c + strspn(c, " ");
    return !quote;
}

static int split(struct script *script, struct arena *arena, struct error *err)
{
    const size_t length = strlen(script->command);
    char *words = arena_alloc(arena, 2 * length + 2, 1);
    script->words = arena_alloc(arena, length + 2, sizeof *script->words);
    if (!words || !script->words)
        return error_memory(err, "a script's command");
    const char *text = script->command + strspn(script->command, " ");
    for (size_t count = 0; *text; count++) {
        if (!next_word(&text, words))
            return error_set(err, "command \"%s\" has a quote that is not closed", script->command);
        script->words[count] = words;
        words += strlen(words) + 1;
    }
    return script->words[0] && script->words[0][0] ? 0
                                                   : error_set(err, "command \"%s\" names no program", script->command);
}

static bool is_set_to(const char *variable, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

/* Sets a variable in the script's environment; `replace` false: an existing value is kept. NULL values come from arenas. */
static bool set_variable(struct script *script, const char *name, const char *variable, bool replace)
{
    char **place = script->environment;
    while (*place && !is_set_to(*place, name))
        place++;
    if (variable && (replace || !*place))
        *place = (char *)variable;
    return variable;
}

/* One thread each, because there are as many scripts as threads. */
static int prepare_environment(struct script *script, struct arena *arena, struct error *err)
{
    static const char *const threads[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"};
    const char *python = getenv("CAMBENCH_PYTHON"), *path = getenv("PYTHONPATH");
    size_t count = 0;
    while (environ[count])
        count++;
    script->environment = arena_alloc(arena, count + 8, sizeof *script->environment);
    if (!script->environment)
        return error_memory(err, "a script's environment");
    memcpy(script->environment, environ, count * sizeof *environ);
    bool is_fine = set_variable(script, "CAMBENCH_PROTOCOL", "CAMBENCH_PROTOCOL=1", true);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        is_fine &= set_variable(script, threads[i], arena_format(arena, "%s=1", threads[i]), false);
    if (python && *python)
        is_fine &= set_variable(
            script, "PYTHONPATH",
            arena_format(arena, "PYTHONPATH=%s%s%s", python, path && *path ? ":" : "", path && *path ? path : ""),
            true);
    return is_fine ? 0 : error_memory(err, "a script's environment");
}

int script_init(struct script *script, const char *command, double timeout, struct arena *arena, struct error *err)
{
    *script = (struct script){.command = command,
                              .timeout = timeout,
                              .connection = -1,
                              .answers = -1,
                              .arrays = -1,
                              .output = -1,
                              .errors = -1};
    return status_of(split(script, arena, err) || prepare_environment(script, arena, err));
}

/* -- start ---------------------------------------------------------------------------------------------------------- */

enum { FD_INPUT, FD_OUTPUT, FD_ERRORS, FD_CONNECTION, FD_ANSWERS, FD_ARRAYS, FD_STATUS, FD_COUNT };

static void reset_signals(void)
{
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves given[i] to descriptor i and closes all others. Only FD_STATUS closes when the program is executed. */
static void arrange_descriptors(const int *given)
{
    int copy[FD_COUNT];
    for (int i = 0; i < FD_COUNT; i++)
        copy[i] = fcntl(given[i], F_DUPFD, FD_COUNT);
    for (int i = 0; i < FD_COUNT; i++)
        dup3(copy[i], i, i == FD_STATUS ? O_CLOEXEC : 0);
    if (close_range(FD_COUNT, ~0u, 0) == 0)
        return;
    for (int fd = FD_COUNT; fd < 65536; fd++) /* for kernels before 5.9 */
        close(fd);
}

/* Calls only functions that are safe after fork() in a process with several threads. */
_Noreturn static void be_script(const struct script *script, const int *given, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0); /* signals of the terminal are not for the script, and its children are ended with it */
    reset_signals();
    arrange_descriptors(given);
    execvpe(script->words[0], script->words, script->environment);
    const int why = errno;
    (void)!write(FD_STATUS, &why, sizeof why);
    _exit(127);
}

/* The parent's ends; the script's are in `given`. -1 with errno set. */
static int open_descriptors(struct script *script, int *given, int *status)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC))
        return -1;
    script->output = pair[0], given[FD_OUTPUT] = pair[1];
    if (pipe2(pair, O_CLOEXEC))
        return -1;
    script->errors = pair[0], given[FD_ERRORS] = pair[1];
    if (pipe2(pair, O_CLOEXEC))
        return -1;
    *status = pair[0], given[FD_STATUS] = pair[1];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -1;
    script->connection = pair[0], given[FD_CONNECTION] = pair[1];
    given[FD_INPUT] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    script->answers = given[FD_ANSWERS] = memfd_create("cambench-answers", MFD_CLOEXEC);
    script->arrays = given[FD_ARRAYS] = memfd_create("cambench-arrays", MFD_CLOEXEC);
    if (given[FD_INPUT] < 0 || script->answers < 0 || script->arrays < 0)
        return -1;
    return fcntl(script->output, F_SETFL, O_NONBLOCK) || fcntl(script->errors, F_SETFL, O_NONBLOCK) ? -1 : 0;
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Waits until the program is executed. -1 with errno: it cannot be. */
static int await_execution(int status)
{
    int why = 0;
    ssize_t got;
    do
        got = read(status, &why, sizeof why);
    while (got < 0 && errno == EINTR);
    errno = why;
    return got == sizeof why ? -1 : 0;
}

/* -1 with errno set, and *what says what failed. */
static int start(struct script *script, int *given, int *status, const char **what)
{
    *what = "could not be given descriptors";
    if (open_descriptors(script, given, status))
        return -1;
    *what = "could not be given a process";
    const pid_t parent = getpid(), child = fork();
    if (child == 0)
        be_script(script, given, parent);
    if (child < 0)
        return -1;
    setpgid(child, child);
    script->child = child;
    close_if_open(&given[FD_STATUS]);
    *what = "could not be started";
    return await_execution(*status);
}

int script_start(struct script *script, struct error *err)
{
    int given[FD_COUNT] = {-1, -1, -1, -1, -1, -1, -1}, status = -1;
    const char *what;
    script->received = script->error_length = 0;
    script->last_error[0] = 0;
    const int failed = start(script, given, &status, &what), why = errno;
    given[FD_ANSWERS] = given[FD_ARRAYS] = -1; /* are the script's and ours */
    for (int i = 0; i < FD_COUNT; i++)
        close_if_open(&given[i]);
    close_if_open(&status);
    script_begin_limit(script);
    if (!failed)
        return 0;
    script_end(script, 0);
    return error_system(err, "script \"%s\" %s: %s", script->command, what, strerror(why));
}

void script_begin_limit(struct script *script)
{
    script->deadline = seconds_now() + script->timeout;
}

/* -- end ------------------------------------------------------------------------------------------------------------ */

/* Waits for the process's end, which stays to be collected. */
static bool has_exited(pid_t child, double seconds)
{
    const double end = seconds_now() + seconds;
    const struct timespec moment = {.tv_nsec = 1000000};
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid)
            return true;
        if (seconds_now() >= end)
            return false;
        nanosleep(&moment, NULL);
    }
}

/* The leader is collected last, so that its group's number stays its own. */
void script_end(struct script *script, double grace)
{
    close_if_open(&script->connection);
    close_if_open(&script->output);
    close_if_open(&script->errors);
    close_if_open(&script->answers);
    close_if_open(&script->arrays);
    if (script->child <= 0)
        return;
    if (!has_exited(script->child, grace)) {
        kill(-script->child, SIGTERM);
        has_exited(script->child, SIGNAL_SECONDS);
    }
    kill(-script->child, SIGKILL);
    while (waitpid(script->child, NULL, 0) < 0 && errno == EINTR)
        ;
    script->child = 0;
}

/* -- output and errors ---------------------------------------------------------------------------------------------- */

static void end_error_line(struct script *script)
{
    if (script->error_length) {
        memcpy(script->last_error, script->error_line, script->error_length);
        script->last_error[script->error_length] = 0;
    }
    script->error_length = 0;
}

/* Reads what the script has written to descriptor 2 and keeps the last line that is not empty. */
static void read_errors(struct script *script)
{
    char bytes[4096];
    ssize_t got = 1;
    for (int round = 0; round < 64 && script->errors >= 0 && got > 0; round++) {
        got = read(script->errors, bytes, sizeof bytes);
        for (ssize_t i = 0; i < got; i++)
            if (bytes[i] == '\n')
                end_error_line(script);
            else if (script->error_length < sizeof script->error_line - 1)
                script->error_line[script->error_length++] = bytes[i] ? bytes[i] : '?';
        if (got == 0)
            close_if_open(&script->errors);
    }
}

void script_describe(struct script *script, const char *reason, struct error *err)
{
    char last[sizeof script->last_error];
    read_errors(script);
    end_error_line(script);
    text_printable(script->last_error, last, sizeof last);
    const bool is_told = !last[0] || strstr(reason, last);
    error_set(err, "script \"%s\" %s%s%s", script->command, reason, is_told ? "" : ": ", is_told ? "" : last);
}

int script_fail(struct script *script, struct error *err, const char *format, ...)
{
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    script_describe(script, reason, err);
    script_end(script, 0);
    return -1;
}

/* Error: the script has written to descriptor 1. */
static int check_output(struct script *script, struct error *err)
{
    char bytes[256], shown[sizeof bytes];
    const ssize_t got = script->output < 0 ? -1 : read(script->output, bytes, sizeof bytes - 1);
    if (got == 0)
        close_if_open(&script->output);
    if (got <= 0)
        return 0;
    bytes[got] = 0;
    bytes[strcspn(bytes, "\n")] = 0;
    return script_fail(script, err, "prints \"%s\" to stdout; it may print to stderr",
                       text_printable(bytes, shown, sizeof shown));
}

/* -- lines ---------------------------------------------------------------------------------------------------------- */

int script_check_limit(struct script *script, struct error *err)
{
    if (seconds_now() < script->deadline)
        return 0;
    return script_fail(script, err, "took more than %g s (timeout)", script->timeout);
}

/* Waits until the connection is ready; reads descriptors 1 and 2 meanwhile. */
static int await(struct script *script, short events, struct error *err)
{
    for (;;) {
        const double left = script->deadline - seconds_now();
        struct pollfd fds[] = {
            {script->connection, events, 0}, {script->output, POLLIN, 0}, {script->errors, POLLIN, 0}};
        if (script_check_limit(script, err))
            return -1;
        const int ready = poll(fds, 3, left * 1000 < LOOK_MS ? (int)(left * 1000) + 1 : LOOK_MS);
        if (ready < 0 && errno != EINTR)
            return error_system(err, "could not wait for script \"%s\": %s", script->command, strerror(errno));
        if (script->is_stopped && script->is_stopped(script->context))
            return script_fail(script, err, "was interrupted");
        read_errors(script);
        if (check_output(script, err))
            return -1;
        if (ready > 0 && fds[0].revents)
            return 0;
    }
}

/* The connection has ended: says how the process did. */
static int report_end(struct script *script, struct error *err)
{
    const double end = seconds_now() + DEATH_SECONDS;
    bool has_ended;
    do {
        has_ended = has_exited(script->child, 0.001);
        read_errors(script);
        if (check_output(script, err))
            return -1;
    } while (!has_ended && seconds_now() < end);
    siginfo_t info = {0};
    if (!has_ended || waitid(P_PID, (id_t)script->child, &info, WEXITED | WNOWAIT | WNOHANG))
        return script_fail(script, err, "closed descriptor 3");
    if (info.si_code == CLD_EXITED)
        return script_fail(script, err, "ended with exit code %d", info.si_status);
    return script_fail(script, err, "was ended by signal %d (%s)", info.si_status, strsignal(info.si_status));
}

int script_send(struct script *script, const char *line, struct error *err)
{
    char bytes[SCRIPT_LINE_BYTES];
    const size_t length = strlen(line);
    if (length + 1 > sizeof bytes)
        return error_set(err, "a line for script \"%s\" is longer than %d bytes", script->command, SCRIPT_LINE_BYTES);
    memcpy(bytes, line, length + 1);
    bytes[length] = '\n';
    for (size_t done = 0; done < length + 1;) {
        const ssize_t sent = send(script->connection, bytes + done, length + 1 - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            done += (size_t)sent;
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (await(script, POLLOUT, err))
                return -1;
        } else if (errno != EINTR)
            return report_end(script, err);
    }
    return 0;
}

/* Moves the first line of `input` to `line`. */
static int take_line(struct script *script, size_t length, struct error *err)
{
    memcpy(script->line, script->input, length);
    script->line[length] = 0;
    script->received -= length + 1;
    memmove(script->input, script->input + length + 1, script->received);
    if (strlen(script->line) < length || !text_is_utf8(script->line))
        return script_fail(script, err, "sent bytes that are not text on descriptor 3");
    return check_output(script, err);
}

int script_receive(struct script *script, struct error *err)
{
    for (;;) {
        const char *end = memchr(script->input, '\n', script->received);
        if (end)
            return take_line(script, (size_t)(end - script->input), err);
        if (script->received == sizeof script->input)
            return script_fail(script, err, "sent a line of more than %d bytes on descriptor 3", SCRIPT_LINE_BYTES - 1);
        if (await(script, POLLIN, err))
            return -1;
        const ssize_t got = recv(script->connection, script->input + script->received,
                                 sizeof script->input - script->received, MSG_DONTWAIT);
        if (got > 0)
            script->received += (size_t)got;
        else if (got == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
            return report_end(script, err);
    }
}

int script_check_idle(struct script *script, struct error *err)
{
    char byte;
    if (script->received || recv(script->connection, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0)
        return script_fail(script, err, "sent a line that was not expected");
    return check_output(script, err);
}

/* -- arrays --------------------------------------------------------------------------------------------------------- */

int script_write(const struct script *script, size_t first, const float *data, size_t count, struct error *err)
{
    const char *bytes = (const char *)data;
    const size_t size = count * sizeof *data;
    for (size_t done = 0; done < size;) {
        const ssize_t put = pwrite(script->answers, bytes + done, size - done, (off_t)(first * sizeof *data + done));
        if (put <= 0 && errno != EINTR)
            return error_memory(err, "a script's arrays");
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

bool script_holds(const struct script *script, size_t count)
{
    struct stat info;
    return fstat(script->arrays, &info) == 0 && (uint64_t)info.st_size / sizeof(float) >= count;
}

bool script_read(const struct script *script, size_t first, float *out, size_t count)
{
    char *bytes = (char *)out;
    const size_t size = count * sizeof *out;
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(script->arrays, bytes + done, size - done, (off_t)(first * sizeof *out + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            memset(bytes + done, 0, size - done);
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}
