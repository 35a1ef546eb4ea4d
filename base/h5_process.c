/* base/h5_process.c - starts the child processes in which libhdf5 runs, and sends bytes both ways. */
#define _GNU_SOURCE /* close_range */
#include "base/h5_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTION 3

static void close_others(int connection)
{
    if (connection != CONNECTION)
        dup2(connection, CONNECTION);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < CONNECTION; fd++)
        dup2(nothing, fd);
    if (close_range(CONNECTION + 1, ~0u, 0) == 0)
        return;
    for (int fd = CONNECTION + 1; fd < 65536; fd++) /* for kernels before 5.9 */
        close(fd);
}

/*
 * The parent's handlers must not run here. An interrupted run finishes its current step, so the child ignores Ctrl-C.
 */
static void reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2};
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void be_child(int connection, pid_t parent, void (*run)(void *), void *context)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    reset_signals();
    close_others(connection);
    run(context);
    _exit(0);
}

int h5_process_start(struct h5_process *process, void (*run)(void *context), void *context, const char **what)
{
    int pair[2];
    *process = (struct h5_process){.connection = -1};
    *what = "a socket";
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -1;
    const pid_t parent = getpid(), child = fork();
    if (child == 0)
        be_child(pair[1], parent, run, context);
    const int why = errno;
    close(pair[1]);
    *process = (struct h5_process){.connection = pair[0], .child = child > 0 ? child : 0};
    if (child > 0)
        return 0;
    h5_process_end(process);
    *what = "a process";
    errno = why;
    return -1;
}

void h5_process_end(struct h5_process *process)
{
    if (process->connection >= 0)
        close(process->connection);
    process->connection = -1;
    if (process->child > 0) {
        kill(process->child, SIGKILL);
        while (waitpid(process->child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    process->child = 0;
}

static int send_all(int connection, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t sent = send(connection, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        done += (size_t)sent;
    }
    return 0;
}

static int receive_all(int connection, void *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = recv(connection, (char *)out + done, size - done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        done += (size_t)got;
    }
    return 0;
}

int h5_process_send(const struct h5_process *process, const void *data, size_t size)
{
    return send_all(process->connection, data, size);
}

int h5_process_receive(const struct h5_process *process, void *out, size_t size)
{
    return receive_all(process->connection, out, size);
}

void h5_child_send(const void *data, size_t size)
{
    if (send_all(CONNECTION, data, size))
        _exit(0); /* the parent has closed its end */
}

bool h5_child_receive(void *out, size_t size)
{
    return receive_all(CONNECTION, out, size) == 0;
}
