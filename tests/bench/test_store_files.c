/* tests/bench/test_store_files.c - run.db and its neighbours: old layouts, locks, crashes, files that are not stores, read-only folders. */
#include "tests/bench/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

TEST(a_run_of_layout_1_is_continued)
{
    struct fixture f;
    begin(&f);
    open_store(&f, false);
    commit(&f, 1, 2, 0);
    close_store(&f);
    run_sql(&f, "DROP TABLE curve; PRAGMA user_version = 1");
    open_store(&f, false);
    assert_true(store_has_item(f.store, 1, 2, 0));
    commit(&f, 1, 1, 0);
    end(&f);
}

TEST(a_change_of_versions_says_which)
{
    static const int other_versions[] = {1, 3};
    struct {
        struct store_names names;
        const char *want;
    } cases[] = {{names, "method 2 is \"scorecam\" version 2 in the store, \"scorecam\" version 3 now"},
                 {names, "protocol 1 is \"cambench\" version 1 in the store, \"cambench\" version 3 now"}};
    cases[0].names.lists[STORE_METHODS].versions = other_versions;
    cases[1].names.lists[STORE_PROTOCOLS].versions = other_versions + 1;
    struct fixture f;
    begin(&f);
    open_store(&f, false);
    close_store(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[512];
        snprintf(want, sizeof want, "run \"%s\": %s; use --fresh to start anew", f.folder, cases[i].want);
        assert_null(store_open(f.folder, &cases[i].names, false, &f.err));
        assert_string_equal(f.err.text, want);
    }
    end(&f);
}

TEST(fresh_keeps_the_old_run_beside)
{
    struct fixture f;
    char path[PATH_MAX];
    begin(&f);
    for (int round = 0; round < 3; round++) {
        open_store(&f, true);
        assert_false(store_has_item(f.store, 0, 0, 0));
        commit(&f, 0, 0, 0);
        close_store(&f);
    }
    snprintf(path, sizeof path, "%s/run.db.old", f.folder);
    assert_int_equal(access(path, F_OK), 0);
    end(&f);
}

/* A process that holds the store, has committed one item and waits to be killed. */
static pid_t start_holder(struct fixture *f)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* not left behind by a test that fails */
        const struct store_item item = item_at(0, 0, 1);
        struct store *store = store_open(f->folder, &names, false, &f->err);
        if (store && store_commit(store, &item, &f->err) == 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

TEST(a_second_process_is_told_who_is_at_work)
{
    struct fixture f;
    struct arena arena;
    struct store_names found;
    char want[256], host[128] = "";
    begin(&f);
    arena_init(&arena, 0);
    gethostname(host, sizeof host - 1);
    const pid_t pid = start_holder(&f);
    snprintf(want, sizeof want, "run directory \"%s\" is in use by process %ld on %s", f.folder, (long)pid, host);
    assert_null(store_open(f.folder, &names, false, &f.err));
    assert_string_equal(f.err.text, want);
    assert_null(store_open(f.folder, &names, true, &f.err));
    assert_string_equal(f.err.text, want);
    assert_null(store_open_run(f.folder, &arena, &found, &f.err));
    assert_string_equal(f.err.text, want);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    arena_release(&arena);
    end(&f);
}

TEST(after_a_crash_the_lock_is_free_and_committed_items_are_there)
{
    struct fixture f;
    begin(&f);
    const pid_t pid = start_holder(&f);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    open_store(&f, false);
    assert_true(store_has_item(f.store, 0, 0, 1));
    assert_false(store_has_item(f.store, 0, 0, 0));
    end(&f);
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs(text, file);
    fclose(file);
}

TEST(a_file_that_is_no_store_is_refused_by_name)
{
    struct fixture f;
    char want[256];
    begin(&f);
    write_file(&f, "run.db", "this is not a database\n");
    snprintf(want, sizeof want, "run store \"%s/run.db\": file is not a database", f.folder);
    assert_null(store_open(f.folder, &names, false, &f.err));
    assert_string_equal(f.err.text, want);
    write_file(&f, "run.db", "");
    snprintf(want, sizeof want, "run store \"%s/run.db\": nothing in it yet; its run was stopped as it began",
             f.folder);
    assert_null(store_open(f.folder, NULL, false, &f.err));
    assert_string_equal(f.err.text, want);
    run_sql(&f, "CREATE TABLE other (a)");
    snprintf(want, sizeof want, "run store \"%s/run.db\": layout version 0, this program reads 5", f.folder);
    assert_null(store_open(f.folder, &names, false, &f.err));
    assert_string_equal(f.err.text, want);
    end(&f);
}

/* What one finds who may only read, as bits; `file` is run.db, opened for writing before. */
enum { NOT_OPENED = 1, NOT_READ = 2, TOLD_OF_A_CHANGE = 4, CHANGE_MISSED = 8 };

static int read_only(const char *folder, int file)
{
    struct arena arena;
    struct store_names found;
    struct error err;
    arena_init(&arena, 0);
    struct store *store = store_open_to_read(folder, &arena, &found, &err);
    if (!store)
        return NOT_OPENED;
    const int wrong = (found.lists[STORE_IMAGES].count == 3 && store_has_item(store, 1, 2, 0) ? 0 : NOT_READ) |
                      (store_check_unchanged(store, &err) ? TOLD_OF_A_CHANGE : 0) |
                      (write(file, "x", 1) == 1 && store_check_unchanged(store, &err) ? 0 : CHANGE_MISSED);
    store_close(store);
    arena_release(&arena);
    return wrong;
}

TEST(a_folder_that_may_only_be_read_is_read_and_a_change_is_noticed)
{
    struct fixture f;
    char path[PATH_MAX];
    int status;
    begin(&f);
    open_store(&f, false);
    const struct store_item item = {.backbone = 1, .image = 2, .value_count = 3, .values = values};
    assert_int_equal(store_commit(f.store, &item, &f.err), 0);
    close_store(&f);
    snprintf(path, sizeof path, "%s/run.db", f.folder);
    const int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(chmod(path, 0444) | chmod(f.folder, 0555), 0);
    const pid_t pid = fork(); /* root may write everywhere */
    if (pid == 0)
        _exit(geteuid() == 0 && setuid(65534) ? NOT_OPENED : read_only(f.folder, file));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(file);
    assert_int_equal(chmod(f.folder, 0755), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    end(&f);
}

TEST(reading_ends_when_it_is_told_to)
{
    static const struct report_backbone list[2];
    volatile sig_atomic_t stop = 0;
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    struct report report = empty_report(list);
    store_stop_when(f.store, &stop);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    stop = 1;
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), -1);
    arena_release(&arena);
    end(&f);
}

TEST(a_missing_folder_or_run_is_named)
{
    struct error err;
    struct arena arena;
    struct store_names found;
    arena_init(&arena, 0);
    assert_null(store_open("/nonexistent/run", &names, false, &err));
    assert_string_equal(err.text, "could not write \"/nonexistent/run/run.lock\": No such file or directory");
    assert_null(store_open_run("/nonexistent/run", &arena, &found, &err));
    assert_string_equal(err.text, "no run in \"/nonexistent/run\": could not open \"/nonexistent/run/run.db\": "
                                  "No such file or directory");
    arena_release(&arena);
}
