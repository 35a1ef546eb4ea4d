/* tests/base/test_file.c - folders, and files that appear whole or not at all. */
#include "base/file.h"

#include "tests/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];

static const char *inside(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void begin(void)
{
    snprintf(root, sizeof root, "/tmp/cambench-test-XXXXXX");
    assert_non_null(mkdtemp(root));
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void assert_holds(const char *path, const char *text)
{
    char got[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof got - 1, file), strlen(text));
    fclose(file);
    assert_string_equal(got, text);
}

TEST(a_file_appears_when_it_is_whole)
{
    begin();
    struct file_writer writer;
    struct error err;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(file_create(&writer, inside("x.txt"), &err), 0);
        fprintf(writer.stream, "round %d", round);
        assert_int_equal(access(inside("x.txt"), F_OK), round ? 0 : -1);
        assert_int_equal(file_commit(&writer, &err), 0);
        file_abandon(&writer); /* harmless now */
    }
    assert_holds(inside("x.txt"), "round 1");
    end();
}

TEST(an_abandoned_file_leaves_no_trace)
{
    begin();
    struct file_writer writer;
    struct error err;
    assert_int_equal(file_create(&writer, inside("x.txt"), &err), 0);
    fputs("half", writer.stream);
    file_abandon(&writer);
    assert_int_equal(access(writer.temporary, F_OK), -1);
    assert_int_equal(access(inside("x.txt"), F_OK), -1);
    end();
}

TEST(a_full_disk_is_an_error_and_the_old_file_stays)
{
    begin();
    struct file_writer writer;
    struct error err;
    assert_int_equal(file_create(&writer, inside("x.txt"), &err), 0);
    fclose(writer.stream);
    writer.stream = fopen("/dev/full", "w");
    fputs("lost", writer.stream);
    assert_int_equal(file_commit(&writer, &err), -1);
    assert_non_null(strstr(err.text, "x.txt\": No space left on device"));
    assert_int_equal(access(writer.temporary, F_OK), -1);
    end();
}

TEST(a_place_that_is_not_there_is_named)
{
    struct file_writer writer;
    struct error err;
    assert_int_equal(file_create(&writer, "/proc/nowhere/x.txt", &err), -1);
    assert_string_equal(err.text, "could not write \"/proc/nowhere/x.txt\": could not make folder "
                                  "\"/proc/nowhere\": No such file or directory");
}

TEST(the_folders_above_a_file_come_and_go_with_it)
{
    begin();
    struct file_writer writer;
    struct error err;
    assert_int_equal(file_make_folder(inside("old"), &err), 0);
    assert_int_equal(file_create(&writer, inside("old/a//b/x.txt"), &err), 0);
    assert_int_equal(access(inside("old/a/b"), F_OK), 0);
    file_abandon(&writer);
    assert_int_equal(access(inside("old/a"), F_OK), -1);
    assert_int_equal(access(inside("old"), F_OK), 0);
    assert_int_equal(file_create(&writer, inside("old/a/b/x.txt"), &err), 0);
    assert_int_equal(file_commit(&writer, &err), 0);
    assert_int_equal(access(inside("old/a/b/x.txt"), F_OK), 0);
    end();
}

TEST(folders_that_were_made_are_removed_unless_something_is_in_them)
{
    begin();
    struct file_folders folders;
    struct error err;
    assert_int_equal(file_make_folders(&folders, inside("a/b/c"), &err), 0);
    fclose(fopen(inside("a/kept"), "w"));
    file_remove_folders(&folders);
    assert_int_equal(access(inside("a/b"), F_OK), -1);
    assert_int_equal(access(inside("a/kept"), F_OK), 0);
    file_remove_folders(&folders);
    assert_int_equal(file_make_folders(&folders, inside("a/file/c"), &err), 0);
    file_remove_folders(&folders);
    assert_int_equal(file_make_folders(&folders, inside("a/d/kept/e"), &err), 0);
    file_remove_folders(&folders);
    fclose(fopen(inside("a/d"), "w"));
    assert_int_equal(file_make_folders(&folders, inside("a/d/e"), &err), -1);
    assert_non_null(strstr(err.text, "a/d\" is a file"));
    assert_int_equal(access(inside("a"), F_OK), 0);
    end();
}

TEST(a_folder_is_not_the_place_of_a_file)
{
    begin();
    struct file_writer writer;
    struct error err;
    assert_int_equal(file_make_folder(inside("a"), &err), 0);
    assert_int_equal(file_create(&writer, inside("a"), &err), -1);
    assert_non_null(strstr(err.text, "that is a folder"));
    assert_int_equal(file_create(&writer, inside("b/"), &err), -1);
    assert_int_equal(access(inside("b"), F_OK), -1);
    assert_int_equal(file_create(&writer, "", &err), -1);
    end();
}

TEST(folders_are_made_with_those_above)
{
    begin();
    struct error err;
    struct stat info;
    assert_int_equal(file_make_folder(inside("a/b/c"), &err), 0);
    assert_int_equal(file_make_folder(inside("a/b/c"), &err), 0);
    assert_true(stat(inside("a/b/c"), &info) == 0 && S_ISDIR(info.st_mode));
    fclose(fopen(inside("file"), "w"));
    assert_int_equal(file_make_folder(inside("file/below"), &err), -1);
    assert_non_null(strstr(err.text, "file\" is a file"));
    end();
}

TEST(paths_too_long_are_refused)
{
    static char name[PATH_MAX], out[PATH_MAX];
    struct error err;
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(file_join(out, "folder", name, &err), -1);
    name[100] = 0;
    assert_int_equal(file_join(out, "folder", name, &err), 0);
    assert_int_equal(strlen(out), 107);
}

TEST(what_a_killed_writer_left_is_removed_and_nothing_else)
{
    begin();
    const pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    assert_int_equal(waitpid(gone, NULL, 0), gone);
    char names[5][64];
    snprintf(names[0], sizeof names[0], "a.h5.part-%ld", (long)gone);
    snprintf(names[1], sizeof names[1], "a.h5.part-%ld", (long)getpid());
    snprintf(names[2], sizeof names[2], "b.h5.part-%ld", (long)gone);
    snprintf(names[3], sizeof names[3], "a.h5.part-%ldx", (long)gone);
    snprintf(names[4], sizeof names[4], "a.h5.part-");
    for (int i = 0; i < 5; i++)
        fclose(fopen(inside(names[i]), "w"));
    file_remove_left(inside("a.h5"));
    for (int i = 0; i < 5; i++)
        assert_int_equal(access(inside(names[i]), F_OK), i == 0 ? -1 : 0);
    file_remove_left("/no/such/folder/a.h5");
    end();
}

TEST(what_is_unfinished_in_a_folder_is_removed_whoever_began_it)
{
    begin();
    static const char *const names[] = {"a.csv.part-1", "b.png.part-4194303", "a.csv", "a.csv.part-x", "part-1"};
    for (int i = 0; i < 5; i++)
        fclose(fopen(inside(names[i]), "w"));
    file_remove_unfinished(inside("."));
    for (int i = 0; i < 5; i++)
        assert_int_equal(access(inside(names[i]), F_OK), i < 2 ? -1 : 0);
    end();
}

TEST(a_link_that_the_user_gives_stays_one_and_others_are_replaced)
{
    begin();
    struct file_writer writer;
    struct error err;
    char target[PATH_MAX], link[PATH_MAX];
    snprintf(link, sizeof link, "%s", inside("link"));
    assert_int_equal(symlink("real.txt", link), 0);
    assert_int_equal(file_follow(link, target, &err), 0);
    assert_string_equal(target, inside("real.txt"));
    assert_int_equal(file_create_given(&writer, link, &err), 0);
    fputs("given", writer.stream);
    assert_int_equal(file_commit(&writer, &err), 0);
    assert_true(readlink(link, target, sizeof target) > 0);
    assert_holds(inside("real.txt"), "given");
    assert_int_equal(file_create(&writer, link, &err), 0);
    fputs("own", writer.stream);
    assert_int_equal(file_commit(&writer, &err), 0);
    assert_int_equal(readlink(link, target, sizeof target), -1);
    assert_holds(inside("real.txt"), "given");
    end();
}

TEST(a_pipe_is_not_replaced_and_is_written_to_where_the_user_names_it)
{
    begin();
    struct file_writer writer;
    struct error err;
    struct stat info;
    char path[PATH_MAX], got[16] = "";
    snprintf(path, sizeof path, "%s", inside("pipe"));
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(file_create(&writer, path, &err), -1);
    assert_non_null(strstr(err.text, "it is a FIFO, not a regular file"));
    assert_int_equal(file_create_given(&writer, path, &err), -1);
    assert_non_null(strstr(err.text, "it is a FIFO from which no process reads"));
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(file_create_given(&writer, path, &err), 0);
    fputs("through", writer.stream);
    assert_int_equal(file_commit(&writer, &err), 0);
    assert_int_equal(read(reader, got, sizeof got - 1), 7);
    assert_string_equal(got, "through");
    close(reader);
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    end();
}
