/* tests/bench/test_run.c - runs as a whole: resumed, with overlays and maps, on pictures that cannot be read. */
#include "tests/bench/small_run.h"

#include "base/h5.h"
#include "bench/process/interrupt.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* A file's bytes, NUL-terminated; the caller frees. */
static char *contents(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file %s", path);
    char *text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static bool exists(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    return access(path, F_OK) == 0;
}

static void forget_file(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    assert_int_equal(remove(path), 0);
}

/* Changes the store by SQL, as if less had been measured. */
static void forget(const struct small_run *s, const char *sql)
{
    char path[PATH_MAX];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/run.db", s->output);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char two_methods[] = "methods: [gradcam, {name: scorecam, params: {max_channels: 4}}]\n"
                                  "metrics: [average_drop, adcc]\n"
                                  "runtime: {threads: 2}\n"
                                  "report: {plots: false, overlays: 2, bootstrap: 20}\n";

/* An image that leaves an overlay is measured as a whole again: what the store has of it stays. */
TEST(a_run_stopped_between_the_methods_of_an_overlay_goes_on)
{
    struct small_run s;
    small_begin(&s);
    assert_int_equal(small_execute(&s, two_methods, (struct run_flags){0}), EXIT_DONE);
    char *before = contents(&s, "per_image.csv");
    forget(&s, "DELETE FROM item WHERE method = 1; DELETE FROM value WHERE method = 1");
    forget_file(&s, "overlays/resnet18-0001-colour_444.jpg.png");
    const int code = small_execute(&s, two_methods, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    char *after = contents(&s, "per_image.csv");
    assert_string_equal(before, after);
    assert_true(exists(&s, "overlays/resnet18-0001-colour_444.jpg.png"));
    free(before);
    free(after);
    small_end(&s);
}

/* Makes the store one of layout 3, as an earlier program would have left it. */
static void make_old(struct small_run *s, const char *keys)
{
    static const char old[] =
        "DROP TABLE listed; DROP TABLE map; DROP TABLE session; DELETE FROM name WHERE kind IN ('view', 'input');"
        "ALTER TABLE base RENAME TO new; CREATE TABLE base (backbone INTEGER NOT NULL, image INTEGER NOT NULL,"
        " predicted INTEGER NOT NULL, probability REAL NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (backbone, image))"
        " WITHOUT ROWID; INSERT INTO base SELECT backbone, image, predicted, probability, rank FROM new;"
        "DROP TABLE new; DELETE FROM manifest WHERE key LIKE 'identity%'; PRAGMA user_version = 3;";
    forget(s, old);
    small_open(s, keys);
    const char *identity = config_identity(&s->run.config, &s->run.arena, &s->err);
    char *sql = sqlite3_mprintf("INSERT INTO manifest VALUES ('identity', %Q)", identity);
    forget(s, sql);
    sqlite3_free(sql);
    run_close(&s->run);
}

TEST(a_run_of_layout_3_is_continued_and_grows)
{
    static const char more[] = "methods: [random, gradcam, {name: scorecam, params: {max_channels: 4}}]\n"
                               "metrics: [coherency, average_drop, adcc, forward_passes]\n"
                               "protocol: [{preset: cambench, class: label}, cambench]\n"
                               "report: {plots: false, overlays: 2, bootstrap: 20}\n";
    struct small_run s;
    small_begin(&s);
    assert_int_equal(small_execute(&s, more, (struct run_flags){0}), EXIT_DONE);
    char *scratch = contents(&s, "per_image.csv"), *summary = contents(&s, "summary.csv");
    assert_int_equal(small_execute(&s, two_methods, (struct run_flags){.is_fresh = true}), EXIT_DONE);
    make_old(&s, two_methods);
    int code = small_execute(&s, two_methods, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    code = small_execute(&s, more, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    char *grown = contents(&s, "per_image.csv"), *grown_summary = contents(&s, "summary.csv");
    assert_string_equal(grown, scratch);
    assert_string_equal(grown_summary, summary);
    free(scratch);
    free(summary);
    free(grown);
    free(grown_summary);
    small_end(&s);
}

static const char with_maps[] = "methods: [gradcam, {name: scorecam, label: few, params: {max_channels: 4}}]\n"
                                "metrics: [complexity]\n"
                                "protocol: [{preset: cambench, class: label}, cambench]\n"
                                "runtime: {threads: 2}\n"
                                "report: {plots: false, overlays: 0, bootstrap: 20, maps: true}\n";

static void read_rows(struct h5 *file, const char *path, int rank, const uint64_t *dim, enum h5_type type, void *out)
{
    struct error err;
    const struct h5_item *item = h5_find(file, path);
    assert_non_null(item);
    assert_int_equal(item->rank, rank);
    assert_memory_equal(item->dim, dim, (size_t)rank * sizeof *dim);
    assert_int_equal(item->type, type);
    assert_int_equal(h5_read(file, item, 0, dim[0], type, out, &err), 0);
}

/* The second picture has no label, and the protocol explains the label: class -1, zeros. */
TEST(maps_h5_holds_the_raw_maps_with_image_class_and_probability)
{
    struct small_run s;
    struct evaluator evaluator;
    char path[PATH_MAX];
    small_begin(&s);
    const int code = small_execute(&s, with_maps, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    snprintf(path, sizeof path, "%s/maps.h5", s.output);
    struct h5 *file = h5_open(path, "maps", &s.err);
    small_must(&s, file ? 0 : -1);
    small_open(&s, with_maps);
    struct network *network = small_open_evaluator(&s, &evaluator);
    for (int m = 0; m < 2; m++) {
        static const char *const groups[] = {"/resnet18/gradcam", "/resnet18/few"};
        const struct shape layer = network_layer_shape(network, 0);
        const size_t plane = (size_t)layer.h * (size_t)layer.w;
        const uint64_t dim[] = {3, (uint64_t)layer.h, (uint64_t)layer.w};
        int32_t images[3], classes[3];
        float probabilities[3], maps[64];
        assert_true(3 * plane <= 64);
        snprintf(path, sizeof path, "%s/map", groups[m]);
        read_rows(file, path, 3, dim, H5_FLOAT32, maps);
        snprintf(path, sizeof path, "%s/image", groups[m]);
        read_rows(file, path, 1, dim, H5_INT32, images);
        snprintf(path, sizeof path, "%s/class", groups[m]);
        read_rows(file, path, 1, dim, H5_INT32, classes);
        snprintf(path, sizeof path, "%s/probability", groups[m]);
        read_rows(file, path, 1, dim, H5_FLOAT32, probabilities);
        assert_int_equal(classes[0], 3);
        assert_int_equal(classes[1], -1);
        assert_int_equal(classes[2], 0);
        for (int i = 0; i < 3; i++) {
            struct evaluated evaluated;
            bool is_unreadable;
            small_must(&s, run_evaluate(&evaluator, &s.run, 0, i, &m, 1, &evaluated, &is_unreadable, &s.err));
            assert_int_equal(images[i], i);
            assert_int_equal(classes[i], evaluated.views[0].klass);
            assert_true(probabilities[i] == (float)evaluated.views[0].probability);
            for (size_t k = 0; k < plane; k++)
                assert_true(maps[(size_t)i * plane + k] == (i == 1 ? 0 : evaluated.methods[0].raws[0].data[k]));
        }
    }
    small_close_evaluator(&evaluator, network);
    run_close(&s.run);
    h5_close(file);
    small_end(&s);
}

/* Maps are not in the store: all are made again, and the numbers that are there stay. */
TEST(maps_asked_for_again_keep_what_was_measured)
{
    struct small_run s;
    small_begin(&s);
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_DONE);
    forget_file(&s, "maps.h5");
    forget(&s, "DELETE FROM item WHERE image = 1; DELETE FROM value WHERE image = 1; UPDATE item SET seconds = 77");
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_DONE);
    assert_true(exists(&s, "maps.h5"));
    assert_false(exists(&s, "run.db.old"));
    char *costs = contents(&s, "costs.csv");
    assert_non_null(strstr(costs, ",77,"));
    free(costs);
    small_end(&s);
}

static const struct method *real;

/* Ctrl-C while the first map is made. */
static int explain_interrupted(struct cam *cam, const void *params, float *map)
{
    raise(SIGINT);
    return real->explain(cam, params, map);
}

static ino_t file_number(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    return stat(path, &about) ? 0 : about.st_ino;
}

TEST(maps_h5_is_there_only_when_complete_and_is_then_not_made_again)
{
    struct small_run s;
    small_begin(&s);
    small_open(&s, with_maps);
    real = s.run.config.methods[0].method;
    struct method interrupting = *real;
    interrupting.explain = explain_interrupted;
    s.run.config.methods[0].method = &interrupting;
    interrupt_catch();
    assert_int_equal(run_execute(&s.run, &(struct run_flags){.is_quiet = true}, &s.err), EXIT_INTERRUPTED);
    run_close(&s.run);
    interrupt_catch();
    assert_false(exists(&s, "maps.h5"));
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_DONE);
    const ino_t first = file_number(&s, "maps.h5");
    assert_true(first > 0);
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_DONE);
    assert_true(file_number(&s, "maps.h5") == first);
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){.is_fresh = true}), EXIT_DONE);
    assert_true(exists(&s, "maps.h5"));
    small_end(&s);
}

TEST(overlays_asked_for_later_or_lost_are_made)
{
    static const char none[] = "methods: [gradcam]\nmetrics: [complexity]\n"
                               "report: {plots: false, overlays: 0, bootstrap: 20}\n",
                      two[] = "methods: [gradcam]\nmetrics: [complexity]\n"
                              "report: {plots: false, overlays: 2, bootstrap: 20}\n";
    struct small_run s;
    small_begin(&s);
    assert_int_equal(small_execute(&s, none, (struct run_flags){0}), EXIT_DONE);
    assert_false(exists(&s, "overlays"));
    assert_int_equal(small_execute(&s, two, (struct run_flags){0}), EXIT_DONE);
    assert_true(exists(&s, "overlays/resnet18-0001-colour_444.jpg.png"));
    assert_true(exists(&s, "overlays/resnet18-0002-rgb.png.png"));
    assert_false(exists(&s, "overlays/resnet18-0003-progressive.jpg.png"));
    small_end(&s);
}

TEST(a_run_begun_anew_has_no_pictures_of_the_old_one)
{
    static const char three[] = "methods: [gradcam]\nmetrics: [complexity]\n"
                                "report: {plots: false, overlays: 3, maps: true, bootstrap: 20}\n",
                      one[] = "methods: [gradcam]\nmetrics: [complexity]\n"
                              "report: {plots: false, overlays: 1, bootstrap: 20}\n";
    struct small_run s;
    char path[PATH_MAX];
    small_begin(&s);
    assert_int_equal(small_execute(&s, three, (struct run_flags){0}), EXIT_DONE);
    assert_true(exists(&s, "overlays/resnet18-0003-progressive.jpg.png") && exists(&s, "maps.h5"));
    snprintf(path, sizeof path, "%s/overlays/mine.txt", s.output);
    fclose(fopen(path, "w"));
    assert_int_equal(small_execute(&s, one, (struct run_flags){.is_fresh = true}), EXIT_DONE);
    assert_true(exists(&s, "overlays/resnet18-0001-colour_444.jpg.png"));
    assert_false(exists(&s, "overlays/resnet18-0002-rgb.png.png"));
    assert_false(exists(&s, "overlays/resnet18-0003-progressive.jpg.png") || exists(&s, "maps.h5"));
    assert_true(exists(&s, "overlays/mine.txt"));
    assert_int_equal(remove(path), 0);
    small_end(&s);
}

static const char enlarged[] =
    "methods: [gradcam]\nmetrics: [complexity]\nprotocol: {preset: cambench, resize_ratio: 2}\n"
    "report: {plots: false, bootstrap: 20}\n";

/* Two pictures of 1x16384, as an array: enlarged to 128 they would have two million pixels a row. */
TEST(a_picture_that_cannot_be_resized_is_skipped_by_name)
{
    struct small_run s;
    small_begin(&s);
    const uint64_t dim[] = {2, 1, 16384, 3}, labels = 2;
    static const uint8_t pixels[2 * 16384 * 3];
    struct h5_writer *writer = h5_create(s.set, &s.err);
    small_must(&s, h5_write(writer, "/images", H5_UINT8, 4, dim, pixels, &s.err) ||
                       h5_write(writer, "/label", H5_INT32, 1, &labels, (const int32_t[]){1, 2}, &s.err) ||
                       h5_commit(writer, &s.err));
    const int code = small_execute(&s, enlarged, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    char *manifest = contents(&s, "manifest.json");
    assert_non_null(strstr(manifest, "image \\\"#1\\\": a picture of 16384x1 pixels is too narrow to be resized"));
    free(manifest);
    assert_int_equal(small_execute(&s, enlarged, (struct run_flags){.is_strict = true}), EXIT_INCOMPLETE);
    small_end(&s);
}

TEST(a_run_is_not_continued_with_other_weights_or_images_under_the_same_name)
{
    static const char keys[] = "methods: [gradcam]\nmetrics: [complexity]\nreport: {plots: false, overlays: 0}\n";
    struct small_run s;
    char want[512];
    small_begin(&s);
    assert_int_equal(small_execute(&s, keys, (struct run_flags){0}), EXIT_DONE);
    small_write_weights(&s, 2, 1);
    assert_int_equal(small_execute(&s, keys, (struct run_flags){0}), EXIT_USAGE);
    snprintf(
        want, sizeof want,
        "run directory \"%s\": was begun with other contents of \"%s\"; give the backbone another label, or use --fresh to start anew",
        s.output, s.weights);
    assert_string_equal(s.err.text, want);
    small_write_weights(&s, 1, 1);
    assert_int_equal(small_execute(&s, keys, (struct run_flags){0}), EXIT_DONE);
    small_write_set(&s, 3, (const char *const[]){"colour_444.jpg", "rgb.png", "progressive.jpg"},
                    (const int[]){3, -1, 1});
    assert_int_equal(small_execute(&s, keys, (struct run_flags){0}), EXIT_USAGE);
    assert_non_null(strstr(s.err.text, s.set));
    assert_int_equal(small_execute(&s, keys, (struct run_flags){.is_fresh = true}), EXIT_DONE);
    small_end(&s);
}

/* Makes variance 1 of a batch norm of the run's network -0.5. */
static void spoil_variance(struct small_run *s)
{
    struct arena arena;
    struct weights weights;
    struct weights_info info;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(s->weights, &info, &s->err);
    small_must(s, file ? weights_read(file, &arena, &weights, &s->err) : -1);
    for (int i = 0; i < weights.count; i++)
        if (strcmp(weights.list[i].name, "bn1.running_var") == 0)
            weights.list[i].data[1] = -0.5f;
    small_must(s, weights_write(s->weights, &info, &weights, &s->err));
    weights_close(file);
    arena_release(&arena);
}

TEST(a_negative_variance_is_named_before_a_run_begins)
{
    struct small_run s;
    char want[PATH_MAX + 128];
    small_begin(&s);
    spoil_variance(&s);
    assert_int_equal(small_try_open(&s, "methods: [gradcam]\nmetrics: [complexity]\n"), -1);
    snprintf(want, sizeof want,
             "weights \"%s\": tensor \"bn1.running_var\": variance 1 is -0.5, it must not be negative", s.weights);
    assert_string_equal(s.err.text, want);
    small_end(&s);
}

/* A full disk, or a file in the folder's place: nothing is lost but the time. */
TEST(an_overlay_that_cannot_be_written_ends_the_run_which_then_goes_on)
{
    struct small_run s;
    char path[PATH_MAX];
    small_begin(&s);
    small_must(&s, file_make_folder(s.output, &s.err));
    snprintf(path, sizeof path, "%s/overlays", s.output);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(small_execute(&s, two_methods, (struct run_flags){0}), EXIT_USAGE);
    assert_non_null(strstr(s.err.text, path));
    assert_false(exists(&s, "summary.csv"));
    assert_int_equal(remove(path), 0);
    const int code = small_execute(&s, two_methods, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, s.err.text);
    assert_true(exists(&s, "overlays/resnet18-0001-colour_444.jpg.png"));
    assert_true(exists(&s, "overlays/resnet18-0002-rgb.png.png"));
    small_end(&s);
}

TEST(maps_that_cannot_be_written_leave_no_file_and_are_an_error)
{
    struct small_run s;
    char path[PATH_MAX];
    small_begin(&s);
    small_must(&s, file_make_folder(s.output, &s.err));
    snprintf(path, sizeof path, "%s/maps.h5", s.output);
    small_must(&s, file_make_folder(path, &s.err));
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_USAGE);
    assert_non_null(strstr(s.err.text, "maps.h5"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(small_execute(&s, with_maps, (struct run_flags){0}), EXIT_DONE);
    assert_true(exists(&s, "maps.h5"));
    small_end(&s);
}
