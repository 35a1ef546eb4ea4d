/* Unfinished runs: the number of images of each method, and the images for comparison. Values were computed by hand. */
#include "report/completeness.h"
#include "report/stats.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { METHODS = 3, IMAGES = 4 };

static const struct report_backbone backbones[] = {{.name = "r18", .title = "ResNet-18"}};
static const struct report_method methods[] = {
    {.name = "a", .title = "A"}, {.name = "b", .title = "B"}, {.name = "c", .title = "C"}};
static const struct report_protocol protocols[] = {{"cambench", "cambench", NULL}};
static const struct report_metric metrics[] = {
    {.name = "drop", .title = "Drop", .unit = "", .max = 1, .parts = {-1}}}; /* lower is better */

struct fixture {
    struct arena arena;
    struct error err;
    double values[METHODS * IMAGES];
    uint8_t states[METHODS * IMAGES], has[METHODS * IMAGES], is_unreadable[IMAGES];
    struct report report, compared;
};

/* values: a row for each method; negative: not measured. */
static void begin(struct fixture *f, const double values[METHODS][IMAGES], int unreadable)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, 0);
    for (int i = 0; i < METHODS * IMAGES; i++) {
        f->values[i] = values[i / IMAGES][i % IMAGES];
        f->has[i] = f->values[i] >= 0;
        f->states[i] = f->has[i] ? REPORT_DEFINED : REPORT_ABSENT;
    }
    if (unreadable >= 0)
        f->is_unreadable[unreadable] = 1;
    f->report = (struct report){.name = "run",
                                .backbone_count = 1,
                                .method_count = METHODS,
                                .protocol_count = 1,
                                .metric_count = 1,
                                .image_count = IMAGES,
                                .backbones = backbones,
                                .methods = methods,
                                .protocols = protocols,
                                .metrics = metrics,
                                .values = f->values,
                                .states = f->states};
    assert_int_equal(report_count_progress(&f->report, f->has, f->is_unreadable, &f->arena, &f->err), 0);
    assert_int_equal(report_compared(&f->report, &f->arena, &f->compared, &f->err), 0);
}

static void assert_best(const struct fixture *f, int wanted)
{
    struct error err;
    struct cell *cells = report_cells(&f->compared, &err);
    assert_non_null(cells);
    for (int m = 0; m < METHODS; m++)
        assert_int_equal(cell_is_best(&f->compared, cells, 0, m, 0, 0), m == wanted);
    free(cells);
}

static void assert_text(const struct fixture *f, const char *wanted)
{
    char text[COMPLETENESS_MAX];
    assert_string_equal(incomplete_text(&f->report, 0, text), wanted);
}

TEST(a_finished_run_is_not_touched)
{
    struct fixture f;
    begin(&f, (const double[METHODS][IMAGES]){{.1, .2, .3, .4}, {.2, .2, .3, .4}, {.3, .2, .3, .4}}, -1);
    assert_false(is_incomplete_anywhere(&f.report));
    assert_ptr_equal(f.compared.states, f.report.states);
    assert_text(&f, "");
    assert_best(&f, 0);
    arena_release(&f.arena);
}

TEST(the_only_method_with_values_is_not_the_best)
{
    struct fixture f;
    char text[COMPLETENESS_MAX];
    begin(&f, (const double[METHODS][IMAGES]){{.1, .2, -1, -1}, {-1, -1, -1, -1}, {-1, -1, -1, -1}}, -1);
    assert_text(&f, "incomplete: 2 of 4 images, of one method alone");
    assert_string_equal(measured_text_of(&f.report, 0, 0, " of ", text), "2 of 4");
    assert_string_equal(measured_text_of(&f.report, 0, 1, " of ", text), "0 of 4");
    assert_best(&f, -1);
    arena_release(&f.arena);
}

/* Over its own images B would be the best; on the two images that both have, A is. */
TEST(methods_are_compared_on_the_images_that_they_share)
{
    struct fixture f;
    begin(&f, (const double[METHODS][IMAGES]){{.1, .1, .9, .9}, {.2, .2, -1, -1}, {-1, -1, -1, -1}}, -1);
    assert_text(&f, "incomplete: means over the 2 of 4 images that 2 of 3 methods share; the others have none");
    assert_float_equal(report_cell(&f.compared, 0, 0, 0, 0).mean, .1, 1e-12);
    assert_float_equal(report_cell(&f.report, 0, 0, 0, 0).mean, .5, 1e-12);
    assert_best(&f, 0);
    arena_release(&f.arena);
}

TEST(images_that_could_not_be_read_leave_a_run_complete_and_are_counted)
{
    struct fixture f;
    char text[COMPLETENESS_MAX];
    begin(&f, (const double[METHODS][IMAGES]){{.1, .2, -1, .4}, {.2, .2, -1, .4}, {.3, .2, -1, .4}}, 2);
    assert_text(&f, "");
    assert_string_equal(unreadable_text(&f.report, 0, text), "1 of 4 images could not be read");
    assert_best(&f, 0);
    arena_release(&f.arena);
}
