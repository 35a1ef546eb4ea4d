/* bench/interrupt.c - two signal handlers. */
#include "bench/interrupt.h"

#include "bench/bench.h"

#include <stdio.h>
#include <unistd.h>

volatile sig_atomic_t interrupt_has_come;

static void come(int number)
{
    (void)number;
    if (!interrupt_has_come)
        alarm(INTERRUPT_PATIENCE_S);
    interrupt_has_come = 1;
}

static void end(int number)
{
    static const char text[] = "cambench: interrupted, and not done in time; the same command begins again\n";
    const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)number, (void)written;
    _exit(EXIT_INTERRUPTED);
}

void interrupt_catch(void)
{
    const struct sigaction action = {.sa_handler = come, .sa_flags = SA_RESTART}, last = {.sa_handler = end};
    alarm(0);
    interrupt_has_come = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &last, NULL);
}

int interrupt_code(void)
{
    if (!interrupt_has_come)
        return EXIT_USAGE;
    fputs("cambench: interrupted; the same command begins again\n", stderr);
    return EXIT_INTERRUPTED;
}
