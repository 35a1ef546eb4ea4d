/*
 * tests/report/test_paper.c - tables/paper.tex, .md and .csv, costs and reference: their text, and that pdflatex sets them
 * without overfull boxes.
 */
#include "tests/report/sample.h"

struct paper {
    struct sample_run run;
    struct cell *cells;
};

static void open_paper(struct paper *paper)
{
    struct error err;
    sample_open(&paper->run);
    paper->cells = report_cells(&paper->run.report, &err);
    assert_non_null(paper->cells);
}

static void close_paper(struct paper *paper)
{
    free(paper->cells);
    sample_close(&paper->run);
    sample_remove(paper->run.folder);
}

static char *write_paper(const struct paper *paper, const struct report_paper *style)
{
    struct error err;
    if (report_paper(&paper->run.report, paper->cells, style, &err))
        fail_msg("%s", err.text);
    return sample_read(paper->run.folder, "tables/paper.tex", NULL);
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

TEST(rows_and_columns_are_those_that_the_style_names_in_its_order)
{
    static const char *const rows[] = {"scorecam", "gradcam"}, *const columns[] = {"adcc", "average_drop"};
    struct paper paper;
    open_paper(&paper);
    const struct report_paper style = {.digits = 1,
                                       .column_count = 2,
                                       .row_count = 2,
                                       .columns = columns,
                                       .rows = rows,
                                       .caption = "Ours & theirs",
                                       .label = "main"};
    char *text = write_paper(&paper, &style);
    assert_int_equal(count(text, "\\begin{table}"), 1);
    assert_non_null(strstr(text, "\\caption{Ours \\& theirs (protocol cambench)}\n\\label{tab:main-1}\n"));
    assert_non_null(strstr(text, "Method & \\shortstack[r]{ADCC (\\%) $\\uparrow$} & "
                                 "\\shortstack[r]{Average\\\\Drop (\\%) $\\downarrow$} \\\\\n"));
    const char *first = strstr(text, "\nScore-CAM & "), *second = strstr(text, "\nGrad-CAM & ");
    assert_true(first && second && first < second);
    assert_null(strstr(text, "LayerCAM"));
    assert_non_null(strstr(text, "Protocol cambench; means over 60 images; bold: the best method, controls left out."));
    free(text);
    close_paper(&paper);
}

TEST(markdown_and_csv_show_what_the_document_shows)
{
    static const char *const rows[] = {"scorecam", "gradcam"}, *const columns[] = {"adcc", "average_drop"};
    struct paper paper;
    open_paper(&paper);
    struct report_paper style = {.digits = 1, .column_count = 2, .row_count = 2, .columns = columns, .rows = rows};
    free(write_paper(&paper, &style));
    char *text = sample_read(paper.run.folder, "tables/paper.md", NULL);
    assert_int_equal(count(text, "\n| Method | ADCC ↑ % | Average Drop ↓ % |\n| --- | ---: | ---: |\n| Score-CAM | "),
                     SAMPLE_BACKBONES);
    assert_int_equal(count(text, "\n| Grad-CAM | "), SAMPLE_BACKBONES);
    assert_int_equal(count(text, "LayerCAM"), 0);
    free(text);
    text = sample_read(paper.run.folder, "tables/paper.csv", NULL);
    assert_int_equal(count(text, "backbone,protocol,method,adcc_n,adcc,average_drop_n,average_drop\n"), 1);
    assert_int_equal(count(text, "\n"), 1 + 2 * SAMPLE_BACKBONES);
    free(text);
    style.split = REPORT_SPLIT_METRIC;
    style.intervals = true;
    free(write_paper(&paper, &style));
    text = sample_read(paper.run.folder, "tables/paper.md", NULL);
    assert_int_equal(count(text, "| Method | ResNet-18 | ResNet-50 | MobileNetV2 |\n"), 2);
    free(text);
    text = sample_read(paper.run.folder, "tables/paper.csv", NULL);
    assert_int_equal(count(text, ",adcc_n,adcc,adcc_ci_low,adcc_ci_high,"), 1);
    free(text);
    close_paper(&paper);
}

TEST(costs_are_listed_by_backbone_and_method)
{
    struct paper paper;
    struct error err;
    open_paper(&paper);
    assert_int_equal(report_costs(&paper.run.report, &err), 0);
    char *text = sample_read(paper.run.folder, "tables/costs.md", NULL);
    assert_int_equal(count(text, "| Method | Images | Seconds | Full passes | Tail passes | Backward passes |\n"),
                     SAMPLE_BACKBONES);
    assert_int_equal(count(text, "\n| Grad-CAM | "), SAMPLE_BACKBONES);
    free(text);
    text = sample_read(paper.run.folder, "tables/costs.tex", NULL);
    assert_int_equal(count(text, "\\begin{table}"), SAMPLE_BACKBONES);
    free(text);
    close_paper(&paper);
}

TEST(tables_are_split_by_backbone_or_metric)
{
    struct paper paper;
    open_paper(&paper);
    char *text = write_paper(&paper, &(struct report_paper){.digits = -1, .split = REPORT_SPLIT_BACKBONE});
    assert_int_equal(count(text, "\\begin{table}"), SAMPLE_BACKBONES);
    free(text);
    text = write_paper(&paper, &(struct report_paper){.digits = -1, .split = REPORT_SPLIT_METRIC});
    assert_int_equal(count(text, "\\begin{table}"), SAMPLE_METRICS);
    assert_int_equal(count(text, "Method & ResNet-18 & ResNet-50 & MobileNetV2 \\\\"), SAMPLE_METRICS);
    assert_non_null(strstr(text, "\\caption{demo: Coherency (protocol cambench)}"));
    free(text);
    close_paper(&paper);
}

static void check_document(const struct paper *paper, const char *name)
{
    char command[256], path[64];
    snprintf(command, sizeof command, "cd %s/tables && pdflatex -interaction=batchmode %s.tex >/dev/null",
             paper->run.folder, name);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "tables/%s.log", name);
    char *log = sample_read(paper->run.folder, path, NULL);
    assert_null(strstr(log, "Overfull"));
    assert_null(strstr(log, "Float too large"));
    free(log);
}

TEST(pdflatex_sets_every_split_without_overfull_boxes)
{
    if (system("command -v pdflatex >/dev/null") != 0) {
        print_message("pdflatex is not installed\n");
        skip();
    }
    struct paper paper;
    open_paper(&paper);
    for (int split = REPORT_SPLIT_NONE; split <= REPORT_SPLIT_METRIC; split++) {
        free(write_paper(&paper, &(struct report_paper){.digits = -1, .split = split, .intervals = true}));
        check_document(&paper, "paper");
    }
    struct report_published published[100];
    for (int i = 0; i < 100; i++)
        published[i] = (struct report_published){.paper = "A & B_2020",
                                                 .table = "Table 1 #2",
                                                 .arch = "resnet18",
                                                 .layer = "",
                                                 .method = "gradcam",
                                                 .params = "",
                                                 .metric = "coherency",
                                                 .value = 0.01 * i,
                                                 .protocol = "",
                                                 .note = "",
                                                 .source = "key"};
    struct error err;
    paper.run.report.published = published;
    paper.run.report.published_count = 100;
    assert_int_equal(report_reference(&paper.run.report, paper.cells, &err), 0);
    assert_int_equal(report_costs(&paper.run.report, &err), 0);
    char *text = sample_read(paper.run.folder, "tables/reference.tex", NULL);
    assert_int_equal(count(text, "\\begin{table}"), 3);
    assert_int_equal(count(text, "A \\& B\\_2020, Table 1 \\#2"), 100);
    free(text);
    check_document(&paper, "reference");
    check_document(&paper, "costs");
    close_paper(&paper);
}
