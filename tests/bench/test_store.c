/* tests/bench/test_store.c - what is committed comes back, to the bit, also after a crash; what does not fit is said */
#include "bench/run/results_table.h"
#include "bench/store/store.h"

#include "tests/test.h"

#include <fcntl.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const backbones[] = {"r18", "vgg"}, *const methods[] = {"gradcam", "scorecam"};
static const char *const protocols[] = {"cambench"}, *const metrics[] = {"average_drop", "complexity", "x"};
static const char *const images[] = {"a.jpg", "b 'quoted\".jpg", "c.jpg"};
static const int method_versions[] = {1, 2}, protocol_versions[] = {1}, metric_versions[] = {1, 1, 7};

static const struct store_names names = {{[STORE_BACKBONES] = {2, backbones, NULL},
                                          [STORE_METHODS] = {2, methods, method_versions},
                                          [STORE_PROTOCOLS] = {1, protocols, protocol_versions},
                                          [STORE_METRICS] = {3, metrics, metric_versions},
                                          [STORE_IMAGES] = {3, images, NULL}}};

static const struct store_value values[] = {
    {.metric = 0, .number = 0.1, .flag = "flat"},
    {.metric = 1, .undefined = "zero_p"},
    {.metric = 2, .number = -DBL_MIN},
};

struct fixture {
    char folder[64];
    struct store *store;
    struct error err;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "/tmp/test_store_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
}

static void open_store(struct fixture *f, bool fresh)
{
    f->store = store_open(f->folder, &names, fresh, &f->err);
    if (!f->store)
        fail_msg("%s", f->err.text);
}

static void close_store(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static void end(struct fixture *f)
{
    static const char *const files[] = {"run.db", "run.db-wal", "run.db.old", "run.db.old-wal", "run.lock"};
    store_close(f->store);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", f->folder, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was left there */
}

static struct store_item item_at(int backbone, int image, int method)
{
    return (struct store_item){backbone, image,  method, {.seconds = 1.5, .full = 1, .tail = 2, .backward = 3},
                               3,        values, NULL,   0};
}

static void commit(struct fixture *f, int backbone, int image, int method)
{
    const struct store_item item = item_at(backbone, image, method);
    if (store_commit(f->store, &item, &f->err))
        fail_msg("%s", f->err.text);
}

static void run_sql(const struct fixture *f, const char *sql)
{
    char path[PATH_MAX];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/run.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

TEST(items_are_known_after_opening_again)
{
    struct fixture f;
    begin(&f);
    open_store(&f, false);
    assert_false(store_has_item(f.store, 1, 2, 0));
    commit(&f, 1, 2, 0);
    commit(&f, 0, 1, 1);
    close_store(&f);
    open_store(&f, false);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++)
            for (int m = 0; m < 2; m++)
                assert_int_equal(store_has_item(f.store, b, i, m),
                                 (b == 1 && i == 2 && m == 0) || (b == 0 && i == 1 && m == 1));
    end(&f);
}

static struct report empty_report(const struct report_backbone *list)
{
    return (struct report){.backbone_count = 2,
                           .method_count = 2,
                           .protocol_count = 1,
                           .metric_count = 3,
                           .image_count = 3,
                           .backbones = list};
}

TEST(a_report_gets_the_committed_numbers_to_the_bit)
{
    static const struct report_backbone list[2] = {{.name = "r18", .top1 = 99}, {.name = "vgg"}};
    static const int ranks[2][3] = {{0, 4, 5}, {-1, 0, 0}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit(&f, 1, 2, 0);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++) {
            const struct store_base base = {b, i, 7, ranks[b][i], 0.25};
            assert_int_equal(store_commit_base(f.store, &base, &f.err), 0);
            assert_int_equal(store_commit_base(f.store, &base, &f.err), 0); /* a resumed run does it again */
        }
    close_store(&f);
    open_store(&f, false);
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    close_store(&f);

    const size_t at = report_index(&report, 1, 0, 0, 0, 2), step = 3;
    assert_true(report.values[at] == 0.1);
    assert_int_equal(report.states[at], REPORT_DEFINED);
    assert_string_equal(report.notes[at], "flat");
    assert_int_equal(report.states[at + step], REPORT_UNDEFINED);
    assert_string_equal(report.notes[at + step], "zero_p");
    assert_true(report.values[at + 2 * step] == -DBL_MIN);
    assert_null(report.notes[at + 2 * step]);
    int present = 0;
    for (int i = 0; i < 2 * 2 * 3 * 3; i++)
        present += report.states[i] != REPORT_ABSENT;
    assert_int_equal(present, 3);
    const struct cost *cost = &report.costs[(1 * 2 + 0) * 3 + 2];
    assert_true(cost->seconds == 1.5 && cost->full == 1 && cost->tail == 2 && cost->backward == 3);
    assert_true(report.costs[0].seconds < 0);
    assert_string_equal(report.backbones[0].name, "r18");
    assert_int_equal(report.backbones[0].labelled, 3);
    assert_int_equal(report.backbones[0].top1, 1);
    assert_int_equal(report.backbones[0].top5, 2);
    assert_int_equal(report.backbones[1].labelled, 2);
    assert_int_equal(report.backbones[1].top1, 2);
    arena_release(&arena);
    end(&f);
}

/* Two images of a method with curves of metric 2; a third one whose network gave no numbers. */
static void commit_curves(struct fixture *f)
{
    static const double fraction[] = {0, 0.5, 1}, p[3][3] = {{0.25, 0.5, 1}, {0.75, 0, 0.5}, {0, NAN, 0}};
    for (int image = 0; image < 3; image++) {
        const struct store_curve curve = {NULL, 0, 2, 3, fraction, p[image]};
        struct store_item item = item_at(1, image, 0);
        item.curves = &curve;
        if (store_commit(f->store, &item, &f->err))
            fail_msg("%s", f->err.text);
    }
}

TEST(an_item_is_read_as_it_was_committed)
{
    struct fixture f;
    struct arena arena;
    struct store_item item;
    struct store_base base = {1, 2, 7, 3, 0.25};
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit_curves(&f);
    assert_int_equal(store_commit_base(f.store, &base, &f.err), 0);
    assert_int_equal(store_read_item(f.store, 1, 1, 0, &arena, &item, &f.err), 0);
    assert_true(item.backbone == 1 && item.image == 1 && item.method == 0);
    assert_true(item.cost.seconds == 1.5 && item.cost.full == 1 && item.cost.tail == 2 && item.cost.backward == 3);
    assert_int_equal(item.value_count, 3);
    assert_true(item.values[0].number == 0.1 && item.values[2].number == -DBL_MIN && item.values[2].metric == 2);
    assert_string_equal(item.values[0].flag, "flat");
    assert_null(item.values[0].undefined);
    assert_string_equal(item.values[1].undefined, "zero_p");
    assert_non_null(item.curves);
    assert_null(item.curves->next);
    assert_int_equal(item.curves->metric, 2);
    assert_int_equal(item.curves->count, 3);
    assert_true(item.curves->fraction[1] == 0.5 && item.curves->probability[2] == 0.5);
    base = (struct store_base){0};
    assert_int_equal(store_read_base(f.store, 1, 1, &base, &f.err), 0);
    assert_int_equal(store_read_base(f.store, 1, 2, &base, &f.err), 1);
    assert_true(base.predicted == 7 && base.rank == 3 && base.probability == 0.25);
    arena_release(&arena);
    end(&f);
}

TEST(a_store_that_was_never_committed_to_holds_no_run)
{
    struct fixture f;
    begin(&f);
    run_sql(&f, "PRAGMA journal_mode = WAL");
    assert_int_equal(store_is_begun(f.folder, &f.err), 0);
    open_store(&f, false);
    close_store(&f);
    assert_int_equal(store_is_begun(f.folder, &f.err), 1);
    end(&f);
}

TEST(a_batch_is_committed_as_a_whole_or_not_at_all)
{
    struct fixture f;
    begin(&f);
    for (int is_ended = 0; is_ended < 2; is_ended++) {
        open_store(&f, false);
        assert_int_equal(store_begin_batch(f.store, &f.err), 0);
        commit(&f, 1, 2, 0);
        commit(&f, 0, 1, 1);
        assert_true(store_has_item(f.store, 1, 2, 0));
        if (is_ended)
            assert_int_equal(store_end_batch(f.store, &f.err), 0);
        close_store(&f);
        open_store(&f, false);
        assert_int_equal(store_has_item(f.store, 1, 2, 0), is_ended);
        assert_int_equal(store_has_item(f.store, 0, 1, 1), is_ended);
        close_store(&f);
    }
    end(&f);
}

TEST(a_report_gets_the_mean_of_the_curves)
{
    static const struct report_backbone list[2] = {{.name = "r18"}, {.name = "vgg"}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit_curves(&f);
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    const struct report_curve *curve = &report.curves[report_curve_index(&report, 1, 0, 0, 2)];
    assert_int_equal(curve->n, 2);
    assert_int_equal(curve->count, 3);
    assert_true(curve->fraction[1] == 0.5);
    assert_true(curve->mean[0] == 0.5 && curve->mean[1] == 0.25 && curve->mean[2] == 0.75);
    assert_int_equal(report.curves[report_curve_index(&report, 1, 1, 0, 2)].count, 0);
    arena_release(&arena);
    end(&f);
}

TEST(a_curve_that_does_not_fit_the_others_is_an_error)
{
    static const char *const changes[] = {
        "UPDATE curve SET fraction = x'00'",
        "UPDATE curve SET fraction = x'', probability = x''",
        "UPDATE curve SET protocol = 9",
        "UPDATE curve SET fraction = zeroblob(8), probability = zeroblob(8) WHERE image = 1",
    };
    static const struct report_backbone list[2] = {{.name = "r18"}, {.name = "vgg"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct fixture f;
        struct arena arena;
        begin(&f);
        arena_init(&arena, 0);
        open_store(&f, false);
        commit_curves(&f);
        close_store(&f);
        run_sql(&f, changes[i]);
        open_store(&f, false);
        struct report report = empty_report(list);
        assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), -1);
        assert_non_null(strstr(f.err.text, "curve"));
        arena_release(&arena);
        end(&f);
    }
}

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

TEST(a_change_of_names_or_versions_says_which)
{
    static const char *const other_methods[] = {"gradcam", "layercam"}, *const other_images[] = {"a.jpg", "x.jpg"};
    static const int other_versions[] = {1, 3};
    struct {
        struct store_names names;
        const char *want;
    } cases[] = {{names, "method 2 is \"scorecam\" version 2 in the store, \"layercam\" version 2 now"},
                 {names, "method 2 is \"scorecam\" version 2 in the store, \"scorecam\" version 3 now"},
                 {names, "image 2 is \"b 'quoted\".jpg\" in the store, \"x.jpg\" now"},
                 {names, "the number of metrics is 3 in the store, 2 now"},
                 {names, "protocol 1 is \"cambench\" version 1 in the store, \"cambench\" version 3 now"}};
    cases[0].names.lists[STORE_METHODS].names = other_methods;
    cases[1].names.lists[STORE_METHODS].versions = other_versions;
    cases[2].names.lists[STORE_IMAGES].names = other_images;
    cases[2].names.lists[STORE_IMAGES].count = 2;
    cases[3].names.lists[STORE_METRICS].count = 2;
    cases[4].names.lists[STORE_PROTOCOLS].versions = other_versions + 1;
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

TEST(a_failed_commit_leaves_nothing_behind)
{
    static const struct report_backbone list[2];
    static const struct store_value twice[] = {{.metric = 0, .number = 1, .flag = "new note"},
                                               {.metric = 0, .number = 2}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    struct store_item item = item_at(0, 0, 0);
    item.values = twice;
    item.value_count = 2;
    assert_int_equal(store_commit(f.store, &item, &f.err), -1);
    assert_non_null(strstr(f.err.text, "run store \""));
    assert_non_null(strstr(f.err.text, "UNIQUE constraint failed: value.backbone"));
    assert_false(store_has_item(f.store, 0, 0, 0));
    commit(&f, 0, 0, 0);
    close_store(&f);
    open_store(&f, false); /* the notes as the file has them */
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    assert_string_equal(report.notes[report_index(&report, 0, 0, 0, 0, 0)], "flat");
    arena_release(&arena);
    end(&f);
}

TEST(manifest_and_skipped_images_come_back)
{
    struct fixture f;
    struct arena arena;
    struct store_skipped *list;
    struct store_names found;
    int count;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    assert_null(store_manifest(f.store, "config", &arena));
    assert_int_equal(store_manifest_set(f.store, "config", "one", &f.err), 0);
    assert_int_equal(store_manifest_set(f.store, "config", "two 'lines'\n", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 2, "truncated", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 0, "not a JPEG", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 0, "not a JPEG or PNG", &f.err), 0);
    close_store(&f);
    f.store = store_open_run(f.folder, &arena, &found, &f.err);
    assert_non_null(f.store);
    assert_string_equal(store_manifest(f.store, "config", &arena), "two 'lines'\n");
    assert_int_equal(store_skipped_count(f.store, &count, &f.err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_read_skipped(f.store, &arena, &list, &count, &f.err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].image, 0);
    assert_string_equal(list[0].why, "not a JPEG or PNG");
    assert_int_equal(list[1].image, 2);
    assert_int_equal(found.lists[STORE_IMAGES].count, 3);
    assert_string_equal(found.lists[STORE_IMAGES].names[1], images[1]);
    assert_int_equal(found.lists[STORE_METRICS].versions[2], 7);
    assert_string_equal(found.lists[STORE_METHODS].names[1], "scorecam");
    assert_int_equal(store_clear_skipped(f.store, &f.err), 0);
    assert_int_equal(store_skipped_count(f.store, &count, &f.err), 0);
    assert_int_equal(count, 0);
    arena_release(&arena);
    end(&f);
}

TEST(many_images_are_named_and_found_again)
{
    enum { COUNT = 1000 };
    static char texts[COUNT][16];
    static const char *many[COUNT];
    struct store_names wide = names, found;
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%d.jpg", i);
        many[i] = texts[i];
    }
    wide.lists[STORE_IMAGES].names = many;
    wide.lists[STORE_IMAGES].count = COUNT;
    for (int round = 0; round < 2; round++) {
        f.store = store_open(f.folder, &wide, false, &f.err);
        assert_non_null(f.store);
        close_store(&f);
    }
    f.store = store_open_run(f.folder, &arena, &found, &f.err);
    assert_int_equal(found.lists[STORE_IMAGES].count, COUNT);
    assert_string_equal(found.lists[STORE_IMAGES].names[COUNT - 1], "999.jpg");
    arena_release(&arena);
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
    snprintf(want, sizeof want, "run store \"%s/run.db\": layout version 0, this program knows 3", f.folder);
    assert_null(store_open(f.folder, &names, false, &f.err));
    assert_string_equal(f.err.text, want);
    end(&f);
}

TEST(rows_outside_the_lists_are_an_error_not_a_crash)
{
    static const struct report_backbone list[2];
    static const struct {
        const char *sql, *table;
    } cases[] = {
        {"INSERT INTO item VALUES (0, 3, 0, 1, 1, 1, 1)", "item"},
        {"INSERT INTO item VALUES (-1, 0, 0, 1, 1, 1, 1)", "item"},
        {"INSERT INTO value VALUES (0, 0, 0, 0, 3, 1.0, NULL, NULL)", "value"},
        {"INSERT INTO value VALUES (0, 0, 0, 0, 0, NULL, 4000, NULL)", "value"},
        {"INSERT INTO base VALUES (2, 0, 0, 1, 1)", "base"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        char want[256];
        begin(&f);
        open_store(&f, false);
        close_store(&f);
        run_sql(&f, cases[i].sql);
        snprintf(want, sizeof want, "run store \"%s/run.db\": a row of table \"%s\" is outside the run's lists",
                 f.folder, cases[i].table);
        struct report report = empty_report(list);
        f.store = store_open(f.folder, &names, false, &f.err);
        if (f.store)
            assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), -1);
        assert_string_equal(f.err.text, want);
        end(&f);
    }
    arena_release(&arena);
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
