/* tests/report/test_reference.c - which published number meets which cell, and what is written of it. */
#include "tests/report/sample.h"

struct fixture {
    struct sample_run run;
    struct cell *cells;
    struct error err;
};

/* A number that the sample's first cells meet, to be changed by the tests. */
static struct report_published published(void)
{
    return (struct report_published){.paper = "P 2020",
                                     .table = "Table 1",
                                     .note = "no crop",
                                     .source = "key2020",
                                     .arch = "resnet18",
                                     .layer = "",
                                     .method = "gradcam",
                                     .params = "",
                                     .protocol = "cambench",
                                     .metric = "average_drop",
                                     .value = 0.2};
}

static void begin(struct fixture *f, const struct report_published *list, int count)
{
    sample_open(&f->run);
    f->run.report.published = list;
    f->run.report.published_count = count;
    f->cells = report_cells(&f->run.report, &f->err);
    assert_non_null(f->cells);
    if (report_reference(&f->run.report, f->cells, &f->err))
        fail_msg("%s", f->err.text);
}

static void end(struct fixture *f)
{
    free(f->cells);
    sample_remove(f->run.folder);
    sample_close(&f->run);
}

/* Lines of reference.csv behind its head. */
static int pairs(const struct report_published *list, int count)
{
    struct fixture f;
    begin(&f, list, count);
    char *text = sample_read(f.run.folder, "reference.csv", NULL);
    int lines = -1;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    free(text);
    end(&f);
    return lines;
}

static int pairs_of_one(struct report_published one)
{
    return pairs(&one, 1);
}

TEST(network_method_metric_and_protocol_must_be_the_same)
{
    struct report_published p = published();
    assert_int_equal(pairs_of_one(p), 1);
    p.arch = "resnet34";
    assert_int_equal(pairs_of_one(p), 0);
    p = published(), p.method = "hirescam";
    assert_int_equal(pairs_of_one(p), 0);
    p = published(), p.metric = "deletion";
    assert_int_equal(pairs_of_one(p), 0);
    p = published(), p.protocol = "poppi2021";
    assert_int_equal(pairs_of_one(p), 0);
}

TEST(an_empty_protocol_or_layer_asks_for_nothing)
{
    struct report_published p = published();
    p.protocol = "";
    assert_int_equal(pairs_of_one(p), 1);
    p = published(), p.layer = "layer4";
    assert_int_equal(pairs_of_one(p), 1);
    p.layer = "layer3";
    assert_int_equal(pairs_of_one(p), 0);
    p.layer = "unknown";
    assert_int_equal(pairs_of_one(p), 0);
}

TEST(parameters_that_are_named_must_all_be_the_methods)
{
    struct report_published p = published();
    p.params = "score=rest";
    assert_int_equal(pairs_of_one(p), 1);
    p.params = "form=stable;score=rest";
    assert_int_equal(pairs_of_one(p), 1);
    p.params = "score=logit";
    assert_int_equal(pairs_of_one(p), 0);
    p.params = "score=res"; /* the beginning of a value is another value */
    assert_int_equal(pairs_of_one(p), 0);
    p.params = "score=rest;form=torchcam";
    assert_int_equal(pairs_of_one(p), 0);
    p.method = "gradcam_pp"; /* has none */
    p.params = "score=rest";
    assert_int_equal(pairs_of_one(p), 0);
}

TEST(a_number_meets_every_variant_of_its_method_and_a_cell_every_number)
{
    struct report_published list[] = {published(), published(), published()};
    list[0].method = "reciprocam"; /* twice in the sample, under two labels */
    list[2].paper = "Q 2021";
    assert_int_equal(pairs(list, 3), 2 + 1 + 1);
}

TEST(a_preset_stands_for_what_was_changed_of_it)
{
    static const struct report_protocol changed[] = {{.name = "cambench+class=label", .preset = "cambench"}};
    const struct report_published one = published();
    struct fixture f;
    begin(&f, &one, 1);
    f.run.report.protocols = changed;
    assert_int_equal(report_reference(&f.run.report, f.cells, &f.err), 0);
    char *text = sample_read(f.run.folder, "reference.csv", NULL);
    assert_non_null(strstr(text, "\nresnet18,resnet18,layer4,gradcam,average_drop,cambench+class=label,60,"));
    free(text);
    end(&f);
}

/* The row's numbers again from the cell. */
TEST(the_row_holds_cell_difference_and_whether_the_number_lies_inside)
{
    struct report_published list[] = {published(), published()};
    struct fixture f;
    begin(&f, list, 2);
    const struct cell cell = report_cell(&f.run.report, 0, 0, 0, SAMPLE_DROP);
    list[0].value = (cell.ci_low + cell.ci_high) / 2;
    list[1].value = cell.ci_high + 0.001;
    assert_int_equal(report_reference(&f.run.report, f.cells, &f.err), 0);
    char *text = sample_read(f.run.folder, "reference.csv", NULL);
    const char *line = text;
    for (int i = 0; i < 2; i++) {
        double measured, low, high, value, difference;
        char inside[8];
        int n;
        line = strchr(line, '\n') + 1;
        assert_int_equal(sscanf(line,
                                "resnet18,resnet18,layer4,gradcam,average_drop,cambench,%d,%lf,%lf,%lf,%lf,%lf,%7[^,]",
                                &n, &measured, &low, &high, &value, &difference, inside),
                         7);
        assert_int_equal(n, 60);
        assert_true(fabs(measured - 100 * cell.mean) < 1e-9);
        assert_true(fabs(low - 100 * cell.ci_low) < 1e-9 && fabs(high - 100 * cell.ci_high) < 1e-9);
        assert_true(fabs(value - 100 * list[i].value) < 1e-9);
        assert_true(fabs(difference - (measured - value)) < 1e-9);
        assert_string_equal(inside, i ? "no" : "yes");
        assert_non_null(strstr(line, ",%,P 2020,Table 1,no crop,key2020\n"));
    }
    free(text);
    end(&f);
}

TEST(without_intervals_nothing_lies_inside)
{
    const struct report_published one = published();
    struct fixture f;
    begin(&f, &one, 1);
    free(f.cells);
    f.run.report.bootstrap = 0;
    f.cells = report_cells(&f.run.report, &f.err);
    assert_int_equal(report_reference(&f.run.report, f.cells, &f.err), 0);
    char *text = sample_read(f.run.folder, "tables/reference.md", NULL);
    assert_non_null(strstr(text, "1 comparison; no interval was measured.\n"));
    assert_non_null(strstr(text, " | – | P 2020 | Table 1 | key2020 |\n"));
    free(text);
    end(&f);
}

TEST(costs_are_the_machines_and_not_compared)
{
    static struct report_metric metrics[SAMPLE_METRICS];
    memcpy(metrics, sample_metrics, sizeof metrics);
    metrics[SAMPLE_DROP].is_cost = true;
    const struct report_published one = published();
    struct fixture f;
    begin(&f, &one, 1);
    f.run.report.metrics = metrics;
    assert_int_equal(report_reference(&f.run.report, f.cells, &f.err), 0);
    char *text = sample_read(f.run.folder, "tables/reference.md", NULL);
    assert_non_null(strstr(text, "None of 1 published numbers"));
    free(text);
    end(&f);
}

TEST(hostile_text_stays_text_in_each_form)
{
    struct report_published one = published();
    one.paper = "=cmd|x\n\033[31m<b>";
    one.note = "a | b\n# c";
    struct fixture f;
    begin(&f, &one, 1);
    char *csv = sample_read(f.run.folder, "reference.csv", NULL);
    char *markdown = sample_read(f.run.folder, "tables/reference.md", NULL);
    char screen[1 << 14];
    FILE *stream = fmemopen(screen, sizeof screen, "w");
    report_reference_terminal(&f.run.report, f.cells, stream);
    fclose(stream);
    assert_null(strstr(csv, "\033"));
    assert_null(strstr(csv, ",=cmd"));
    assert_null(strstr(markdown, "\033"));
    assert_null(strstr(markdown, "<b>"));
    assert_null(strstr(markdown, "\n# c"));
    assert_null(strstr(screen, "\033"));
    free(csv);
    free(markdown);
    end(&f);
}

TEST(each_note_is_said_once_behind_its_paper)
{
    struct report_published list[] = {published(), published(), published(), published()};
    list[1].metric = "coherency";
    list[2].paper = "Q 2021";
    list[3].arch = "vgg16", list[3].note = "not met";
    struct fixture f;
    begin(&f, list, 4);
    char *text = sample_read(f.run.folder, "tables/reference.md", NULL);
    const char *notes = strstr(text, "## Notes on the published numbers");
    assert_non_null(notes);
    assert_string_equal(notes, "## Notes on the published numbers\n\n- P 2020: no crop\n- Q 2021: no crop\n");
    free(text);
    end(&f);
}

TEST(the_terminal_is_cut_and_says_where_the_rest_is)
{
    struct report_published list[50];
    for (int i = 0; i < 50; i++)
        list[i] = published();
    struct fixture f;
    begin(&f, list, 50);
    char screen[1 << 14];
    FILE *stream = fmemopen(screen, sizeof screen, "w");
    report_reference_terminal(&f.run.report, f.cells, stream);
    fclose(stream);
    assert_non_null(strstr(screen, "Measured beside published: 50 comparisons; "));
    assert_non_null(strstr(screen, "\n... and 10 more: tables/reference.md\n"));
    end(&f);
}
