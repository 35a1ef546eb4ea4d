/* tests/base/test_input.c - regular files, pipes with and without a writer, devices. */
#include "base/input.h"

#include "tests/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64], path[128];
static struct arena arena;
static struct error err;
static char *bytes;
static size_t size;

static void begin(void)
{
    snprintf(root, sizeof root, "/tmp/cambench-test-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/input", root);
    arena_init(&arena, 0);
}

static void end(void)
{
    unlink(path);
    rmdir(root);
    arena_release(&arena);
}

/* Writes from a child process, so that each end of the pipe is closed at the right time. */
static void write_later(const char *text, int times, useconds_t delay)
{
    if (fork() != 0)
        return;
    usleep(delay);
    const int fd = open(path, O_WRONLY);
    for (int i = 0; i < times; i++)
        if (write(fd, text, strlen(text)) < 0)
            break;
    _exit(0);
}

TEST(only_regular_files_are_opened)
{
    begin();
    assert_int_equal(input_open(path, &err), -1);
    assert_string_equal(err.text, "No such file or directory");
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(input_open(path, &err), -1);
    assert_string_equal(err.text, "it is a FIFO, not a regular file");
    assert_int_equal(input_read_file(path, 10, &arena, &bytes, &size, &err), -1);
    assert_int_equal(input_check_regular(path, &err), -1);
    assert_null(input_stream("/dev/zero", &err));
    assert_string_equal(err.text, "it is a device, not a regular file");
    assert_int_equal(input_open("/tmp", &err), -1);
    assert_string_equal(err.text, "it is a folder, not a regular file");
    assert_int_equal(input_read_text("/dev/zero", 10, &arena, &bytes, &size, &err), -1);
    assert_int_equal(input_read_text("/tmp", 10, &arena, &bytes, &size, &err), -1);
    end();
}

TEST(a_text_comes_through_a_pipe_whose_writer_may_be_late)
{
    begin();
    assert_int_equal(mkfifo(path, 0666), 0);
    write_later("0123456789", 20000, 200000);
    assert_int_equal(input_read_text(path, 200000, &arena, &bytes, &size, &err), 0);
    assert_int_equal(size, 200000);
    assert_memory_equal(bytes + 199990, "0123456789", 11);
    end();
}

TEST(an_empty_pipe_is_an_empty_text)
{
    begin();
    assert_int_equal(mkfifo(path, 0666), 0);
    write_later("", 0, 50000);
    assert_int_equal(input_read_text(path, 100, &arena, &bytes, &size, &err), 0);
    assert_int_equal(size, 0);
    assert_string_equal(bytes, "");
    end();
}

TEST(a_pipe_without_a_writer_or_without_an_end_is_refused)
{
    begin();
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(input_read_text(path, 100, &arena, &bytes, &size, &err), -1);
    assert_string_equal(err.text, "it is a FIFO to which no process writes");
    write_later("0123456789", 1000000, 0);
    assert_int_equal(input_read_text(path, 1 << 20, &arena, &bytes, &size, &err), -1);
    assert_string_equal(err.text, "it has more than 1048576 bytes, which is the most supported");
    end();
}
