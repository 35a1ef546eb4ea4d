/* tests/bench/test_explain.c - pictures explained one by one, against a run on the same pictures in an image set. */
#include "tests/bench/small_run.h"

#include "bench/process/shipped.h"
#include "bench/run/explain.h"
#include "datasets/decode.h"
#include "report/report.h"

#include <sys/stat.h>

#define PICTURE "tests/golden/pictures/progressive.jpg" /* the run's third, of label 0 */
#define TEXT_ROWS 74 /* of a sheet with one row of panels: titles, and the time that differs from run to run */

static struct explain_options options_of(const struct small_run *s, const char *const *pictures, int count)
{
    return (struct explain_options){.weights = s->weights,
                                    .methods = "gradcam,reciprocam",
                                    .output = s->folder,
                                    .threads = 2,
                                    .picture_count = count,
                                    .pictures = pictures};
}

static void read_png(const char *path, struct arena *arena, struct picture *picture)
{
    struct error err;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = arena_alloc(arena, 1, 1 << 20);
    const size_t size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    if (decode_picture(bytes, size, arena, picture, &err))
        fail_msg("%s", err.text);
}

/* Draws what a run measures of the picture, and returns what it explains. */
static struct evaluated_view draw_run(struct small_run *s, const char *path)
{
    struct evaluated evaluated;
    struct evaluator evaluator;
    bool is_unreadable;
    struct network *network = small_open_evaluator(s, &evaluator);
    small_must(s, run_evaluate(&evaluator, &s->run, 0, 2, (const int[]){0, 1}, 2, &evaluated, &is_unreadable, &s->err));
    const struct overlay_panel panels[] = {
        {.title = "image"}, {.map = evaluated.methods[0].saliency.data}, {.map = evaluated.methods[1].saliency.data}};
    const struct overlay_sheet sheet = {
        .h = SMALL_SIDE, .w = SMALL_SIDE, .image = evaluated.pixels, .panel_count = 3, .panels = panels};
    small_must(s, report_overlay(path, &sheet, &s->err));
    const struct evaluated_view view = evaluated.views[0];
    small_close_evaluator(&evaluator, network);
    return view;
}

static void same_maps(const char *protocol, const char *klass, const char *run_protocol)
{
    struct small_run s;
    struct explained explained;
    struct picture got, want;
    struct arena arena;
    char keys[256], path[128];
    small_begin(&s);
    arena_init(&arena, 0);
    snprintf(keys, sizeof keys, "methods: [gradcam, reciprocam]\nmetrics: [complexity]\nprotocol: %s\n", run_protocol);
    small_open(&s, keys);
    snprintf(path, sizeof path, "%s/run.png", s.folder);
    const struct evaluated_view view = draw_run(&s, path);
    struct explain_options options = options_of(&s, (const char *const[]){PICTURE}, 1);
    options.protocol = protocol;
    options.klass = klass;
    struct explain *explain = explain_open(&options, &s.err);
    small_must(&s, explain ? explain_next(explain, &explained, &s.err) : -1);
    read_png(path, &arena, &want);
    read_png(explained.path, &arena, &got);
    assert_true(got.h == want.h && got.w == want.w && got.h > TEXT_ROWS);
    const size_t row = 3 * (size_t)got.w;
    assert_memory_equal(got.data + TEXT_ROWS * row, want.data + TEXT_ROWS * row, (size_t)(got.h - TEXT_ROWS) * row);
    assert_int_equal(explained.klass, view.klass);
    assert_true(explained.probability == view.probability);
    explain_close(explain);
    arena_release(&arena);
    run_close(&s.run);
    small_end(&s);
}

TEST(the_sheet_shows_the_maps_of_a_run)
{
    same_maps(NULL, NULL, "cambench");
    same_maps("poppi2021", NULL, "poppi2021");
}

TEST(a_class_that_is_asked_for_is_explained_as_a_label_is)
{
    same_maps(NULL, "0", "{preset: cambench, class: label}");
}

/* The run's weights once more, with names of classes. */
static void name_classes(struct small_run *s)
{
    static const char *const names[SMALL_CLASSES] = {"ant", "bee", "Cat", "4", "elk"};
    struct weights_info info;
    struct weights weights;
    struct arena arena;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(s->weights, &info, &s->err);
    small_must(s, file ? weights_read(file, &arena, &weights, &s->err) : -1);
    weights_close(file);
    info.class_names = names;
    small_must(s, weights_write(s->weights, &info, &weights, &s->err));
    arena_release(&arena);
}

static void class_is(const struct small_run *s, const char *klass, int want, const char *name)
{
    struct error err = {0};
    struct explained explained = {0};
    struct explain_options options = options_of(s, (const char *const[]){PICTURE}, 1);
    options.klass = klass;
    struct explain *explain = explain_open(&options, &err);
    if (!explain || explain_next(explain, &explained, &err))
        fail_msg("%s", err.text);
    assert_int_equal(explained.klass, want);
    assert_string_equal(explained.class_name, name);
    assert_non_null(explained.predicted_name);
    explain_close(explain);
}

TEST(a_class_is_asked_for_by_name_or_index)
{
    struct small_run s;
    small_begin(&s);
    name_classes(&s);
    class_is(&s, "bee", 1, "bee");
    class_is(&s, "cat", 2, "Cat");
    class_is(&s, "0", 0, "ant");
    class_is(&s, "4", 3, "4"); /* a name first */
    struct explain_options options = options_of(&s, (const char *const[]){PICTURE}, 1);
    options.klass = "bea";
    assert_null(explain_open(&options, &s.err));
    assert_string_equal(s.err.text, "--class: no class \"bea\", did you mean \"bee\"? allowed: 0..4 or a class's name");
    small_end(&s);
}

TEST(the_number_of_threads_changes_no_pixel)
{
    struct small_run s;
    struct arena arena;
    struct picture sheets[2];
    small_begin(&s);
    arena_init(&arena, 0);
    for (int i = 0; i < 2; i++) {
        struct explained explained;
        struct explain_options options = options_of(&s, (const char *const[]){PICTURE}, 1);
        options.methods = "scorecam,reciprocam";
        options.threads = i ? 3 : 1;
        struct explain *explain = explain_open(&options, &s.err);
        small_must(&s, explain ? explain_next(explain, &explained, &s.err) : -1);
        read_png(explained.path, &arena, &sheets[i]);
        explain_close(explain);
    }
    const size_t row = 3 * (size_t)sheets[0].w;
    assert_memory_equal(sheets[0].data + TEXT_ROWS * row, sheets[1].data + TEXT_ROWS * row,
                        (size_t)(sheets[0].h - TEXT_ROWS) * row);
    arena_release(&arena);
    small_end(&s);
}

static void make_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_make_folder(folder, &(struct error){0}), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

TEST(a_shipped_file_is_found_below_cambench_data_first)
{
    struct error err;
    char folder[] = "/tmp/test_shipped_XXXXXX", below[128], path[PATH_MAX], want[PATH_MAX];
    assert_non_null(mkdtemp(folder));
    setenv("CAMBENCH_DATA", folder, 1);
    assert_int_equal(shipped_file("docs/nothing.h5", path, &err), -1);
    assert_non_null(strstr(err.text, "\"docs/nothing.h5\" is not there; looked in /tmp/test_shipped_"));
    assert_non_null(strstr(err.text, "/share/cambench, /"));
    snprintf(below, sizeof below, "%s/docs", folder);
    make_file(below, "nothing.h5");
    assert_int_equal(shipped_file("docs/nothing.h5", path, &err), 0);
    snprintf(want, sizeof want, "%s/docs/nothing.h5", folder);
    assert_string_equal(path, want);
    unlink(want);
    rmdir(below);
    rmdir(folder);
    unsetenv("CAMBENCH_DATA");
}
