/*
 * Locks by name, for file systems without flock(); this file's own flock() fails with ENOSYS and the like on request.
 */
#include "bench/store/run_lock.h"

#include "tests/test.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int refusal; /* errno of flock(); 0: it works */

int flock(int fd, int operation)
{
    errno = refusal;
    return refusal ? -1 : (int)syscall(SYS_flock, fd, operation);
}

struct place {
    char folder[64];
    struct run_lock lock, other;
};

static void place_open(struct place *place, int reason)
{
    struct error err;
    strcpy(place->folder, "/tmp/cambench-lock-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    assert_int_equal(run_lock_init(&place->lock, place->folder, &err), 0);
    assert_int_equal(run_lock_init(&place->other, place->folder, &err), 0);
    refusal = reason;
}

static void place_close(struct place *place)
{
    refusal = 0;
    unlink(place->lock.path);
    assert_int_equal(rmdir(place->folder), 0);
}

static void write_lock(const struct place *place, const char *text)
{
    FILE *file = fopen(place->lock.path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void host_name(char host[128])
{
    gethostname(host, 127);
    host[127] = 0;
}

static void assert_refused(struct place *place, const char *what)
{
    struct error err;
    assert_int_equal(run_lock_take(&place->other, &err), -1);
    if (!strstr(err.text, what))
        fail_msg("\"%s\", expected \"%s\"", err.text, what);
}

TEST(a_second_process_is_refused_with_and_without_file_locks)
{
    static const int reasons[] = {0, ENOSYS, ENOLCK, EOPNOTSUPP};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct place place;
        struct error err;
        place_open(&place, reasons[i]);
        assert_int_equal(run_lock_take(&place.lock, &err), 0);
        assert_int_equal(place.lock.is_by_name, reasons[i] != 0);
        assert_refused(&place, "is in use by process ");
        run_lock_drop(&place.lock);
        assert_int_equal(access(place.lock.path, F_OK), -1);
        assert_int_equal(run_lock_take(&place.other, &err), 0);
        run_lock_drop(&place.other);
        place_close(&place);
    }
}

TEST(a_lock_of_a_process_that_has_ended_is_taken_over)
{
    struct place place;
    struct error err;
    char host[128], text[256];
    host_name(host);
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    place_open(&place, ENOSYS);
    snprintf(text, sizeof text, "process %ld on %s\nbegan 1\n", (long)child, host);
    write_lock(&place, text);
    assert_int_equal(run_lock_take(&place.lock, &err), 0);
    run_lock_drop(&place.lock);
    place_close(&place);
}

TEST(a_process_that_has_the_number_of_the_one_that_ended_holds_nothing)
{
    struct place place;
    struct error err;
    char host[128], text[256];
    host_name(host);
    place_open(&place, ENOLCK);
    snprintf(text, sizeof text, "process %ld on %s\nbegan 1\n", (long)getpid(), host);
    write_lock(&place, text);
    assert_int_equal(run_lock_take(&place.lock, &err), 0);
    run_lock_drop(&place.lock);
    place_close(&place);
}

TEST(a_lock_of_another_host_is_respected_and_how_to_remove_it_is_said)
{
    struct place place;
    place_open(&place, ENOSYS);
    write_lock(&place, "process 12 on elsewhere.example\nbegan 1\n");
    assert_refused(&place, "in use by process 12 on elsewhere.example, and its file system has no file locks");
    assert_refused(&place, "remove \"/tmp/cambench-lock-");
    write_lock(&place, "what is this");
    assert_refused(&place, "in use by another process");
    assert_int_equal(access(place.lock.path, F_OK), 0);
    place_close(&place);
}

TEST(a_reader_respects_a_lock_by_name)
{
    struct place place;
    struct error err;
    place_open(&place, ENOSYS);
    assert_int_equal(run_lock_share(&place.other, &err), 0);
    run_lock_drop(&place.other);
    assert_int_equal(run_lock_take(&place.lock, &err), 0);
    assert_int_equal(run_lock_share(&place.other, &err), -1);
    run_lock_drop(&place.other);
    assert_int_equal(access(place.lock.path, F_OK), 0);
    run_lock_drop(&place.lock);
    place_close(&place);
}

TEST(a_link_is_not_followed)
{
    static const int reasons[] = {0, ENOSYS};
    char victim[] = "/tmp/cambench-victim-XXXXXX", text[8] = "";
    const int fd = mkstemp(victim);
    assert_int_equal(write(fd, "whole", 5), 5);
    for (int i = 0; i < 2; i++) {
        struct place place;
        struct error err;
        place_open(&place, reasons[i]);
        assert_int_equal(symlink(victim, place.lock.path), 0);
        assert_int_equal(run_lock_take(&place.lock, &err), -1);
        assert_non_null(strstr(err.text, "is a symbolic link, which is not followed"));
        place_close(&place);
    }
    assert_int_equal(pread(fd, text, 7, 0), 5);
    assert_string_equal(text, "whole");
    close(fd);
    unlink(victim);
}
