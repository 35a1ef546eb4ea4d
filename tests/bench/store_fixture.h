/* tests/bench/store_fixture.h - a small store in a folder of its own. */
#ifndef TESTS_BENCH_STORE_FIXTURE_H
#define TESTS_BENCH_STORE_FIXTURE_H

#include "bench/run/results_table.h"
#include "bench/store/store.h"
#include "tests/test.h"

#include <float.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static inline void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "/tmp/test_store_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
}

static inline void open_store(struct fixture *f, bool fresh)
{
    f->store = store_open(f->folder, &names, fresh, &f->err);
    if (!f->store)
        fail_msg("%s", f->err.text);
}

static inline void close_store(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static inline void end(struct fixture *f)
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

static inline struct store_item item_at(int backbone, int image, int method)
{
    return (struct store_item){
        backbone, image, method, {.seconds = 1.5, .full = 1, .tail = 2, .backward = 3}, 3, values, NULL, 0, 0, NULL};
}

static inline void commit(struct fixture *f, int backbone, int image, int method)
{
    const struct store_item item = item_at(backbone, image, method);
    if (store_commit(f->store, &item, &f->err))
        fail_msg("%s", f->err.text);
}

static inline void run_sql(const struct fixture *f, const char *sql)
{
    char path[PATH_MAX];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/run.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static inline struct report empty_report(const struct report_backbone *list)
{
    return (struct report){.backbone_count = 2,
                           .method_count = 2,
                           .protocol_count = 1,
                           .metric_count = 3,
                           .image_count = 3,
                           .backbones = list};
}

#endif
