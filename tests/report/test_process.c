/* Programs that hang, leave processes running or are stopped: the messages are right, and no process stays. */
#include "report/process.h"

#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static enum process_end run_shell(const char *script, int patience_ms, struct error *err)
{
    char shell[] = "sh", flag[] = "-c", *text = strdup(script);
    char *const argv[] = {shell, flag, text, NULL};
    const struct process process = {argv, "/tmp", patience_ms, &stop, NULL};
    const enum process_end end = process_run(&process, err);
    free(text);
    return end;
}

/* Makes a duration that no other process sleeps for, so that this `sleep` can be found. */
static void sleep_time(char text[32])
{
    snprintf(text, 32, "1000%d", (int)getpid());
}

static bool is_running(const char *seconds)
{
    char command[128];
    snprintf(command, sizeof command, "ps -eo args | grep -q '^sleep %s'", seconds);
    return system(command) == 0;
}

TEST(the_end_of_a_program_is_told)
{
    struct error err;
    assert_int_equal(run_shell("exit 0", 5000, &err), PROCESS_DONE);
    assert_int_equal(run_shell("exit 3", 5000, &err), PROCESS_FAILED);
    assert_string_equal(err.text, "it failed with exit code 3");
    assert_int_equal(run_shell("echo one >&2; printf 'two\\001' >&2; exit 4", 5000, &err), PROCESS_FAILED);
    assert_string_equal(err.text, "it failed with exit code 4: two?");
    assert_int_equal(run_shell("kill -SEGV $$", 5000, &err), PROCESS_FAILED);
    assert_string_equal(err.text, "it was ended by signal 11 (Segmentation fault)");
}

TEST(a_program_that_says_much_is_not_held_up)
{
    struct error err;
    assert_int_equal(
        run_shell("i=0; while [ $i -lt 20000 ]; do echo 'a line of text' >&2; i=$((i + 1)); done; exit 1", 20000, &err),
        PROCESS_FAILED);
    assert_string_equal(err.text, "it failed with exit code 1: a line of text");
}

TEST(a_program_that_hangs_is_killed_with_what_it_has_started)
{
    struct error err;
    char script[128], seconds[32];
    sleep_time(seconds);
    snprintf(script, sizeof script, "trap '' TERM INT; sleep %s & sleep %s", seconds, seconds);
    assert_int_equal(run_shell(script, 300, &err), PROCESS_HUNG);
    assert_string_equal(err.text, "it did not end within 0 s");
    assert_false(is_running(seconds));
}

TEST(what_a_program_leaves_behind_goes_with_it)
{
    struct error err;
    char script[128], seconds[32];
    sleep_time(seconds);
    snprintf(script, sizeof script, "sleep %s & exit 0", seconds);
    assert_int_equal(run_shell(script, 5000, &err), PROCESS_DONE);
    for (int i = 0; i < 100 && is_running(seconds); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_false(is_running(seconds));
}

static void set_stop(int number)
{
    (void)number;
    stop = 1;
}

TEST(a_signal_that_sets_stop_ends_the_program_at_once)
{
    struct error err;
    struct timespec begin, end;
    stop = 0;
    signal(SIGALRM, set_stop);
    alarm(1);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_int_equal(run_shell("sleep 30", 20000, &err), PROCESS_STOPPED);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 5);
    stop = 0;
}

/* Ignored signals would be inherited: a closed pipe or a full disk must end even a program that does not check. */
TEST(ignored_signals_have_their_usual_effect_on_the_program)
{
    struct error err;
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(run_shell("kill -PIPE $$", 5000, &err), PROCESS_FAILED);
    assert_non_null(strstr(err.text, "signal 13"));
    assert_int_equal(run_shell("kill -XFSZ $$", 5000, &err), PROCESS_FAILED);
    assert_non_null(strstr(err.text, "signal 25"));
}

/* The process in whose middle a signal falls that nobody catches; its parent goes on. */
static void die_while_it_runs(const char *seconds, int number)
{
    struct error err;
    char script[128];
    const pid_t runner = fork();
    if (runner == 0) {
        signal(number, SIG_DFL);
        snprintf(script, sizeof script, "sleep %s & sleep %s; exit 0", seconds, seconds);
        run_shell(script, 60000, &err);
        _exit(0);
    }
    for (int i = 0; i < 500 && !is_running(seconds); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_true(is_running(seconds));
    kill(runner, number);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
    for (int i = 0; i < 500 && is_running(seconds); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_false(is_running(seconds));
}

TEST(no_program_outlives_the_one_that_runs_it)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGKILL, SIGSEGV};
    char seconds[32];
    sleep_time(seconds);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        die_while_it_runs(seconds, signals[i]);
}

TEST(what_cannot_be_started_says_why)
{
    struct error err;
    char name[] = "/dev/null";
    char *const argv[] = {name, NULL};
    const struct process process = {argv, "/tmp", 1000, NULL, NULL}, nowhere = {argv, "/nowhere", 1000, NULL, NULL};
    assert_int_equal(process_run(&process, &err), PROCESS_FAILED);
    assert_string_equal(err.text, "it could not be started: Permission denied");
    assert_int_equal(process_run(&nowhere, &err), PROCESS_FAILED);
    assert_string_equal(err.text, "it could not be started: No such file or directory");
}
