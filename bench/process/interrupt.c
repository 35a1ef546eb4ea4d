/* bench/process/interrupt.c - the signal handlers, one that ends the process and one that sets a flag. */
#include "bench/process/interrupt.h"

#include "base/unfinished.h"
#include "bench/process/program.h"

#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#define TEXT "cambench: interrupted; run the same command again to finish\n"

volatile sig_atomic_t interrupt_has_come;
static pid_t process; /* in a child that has not set its own handlers yet, the handler must not remove our files */

static void set_timer(long ms)
{
    const struct itimerval timer = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void end(int number)
{
    (void)number;
    if (getpid() == process) {
        unfinished_remove_all();
        const ssize_t written = write(STDERR_FILENO, TEXT, sizeof TEXT - 1);
        (void)written;
    }
    _exit(EXIT_INTERRUPTED);
}

static void come(int number)
{
    (void)number;
    if (!interrupt_has_come)
        set_timer(INTERRUPT_PATIENCE_MS);
    interrupt_has_come = 1;
}

static void handle(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, last = {.sa_handler = end};
    process = getpid();
    set_timer(0);
    interrupt_has_come = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &last, NULL);
}

void interrupt_end_at_once(void)
{
    handle(end);
}

void interrupt_catch(void)
{
    handle(come);
}

int interrupt_code(void)
{
    if (!interrupt_has_come)
        return EXIT_USAGE;
    fputs(TEXT, stderr);
    return EXIT_INTERRUPTED;
}
