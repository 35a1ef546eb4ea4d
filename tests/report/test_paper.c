/* tests/report/test_paper.c - tables/paper.tex: its text, and that pdflatex sets it without overfull boxes. */
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

TEST(pdflatex_sets_every_split_without_overfull_boxes)
{
    if (system("command -v pdflatex >/dev/null") != 0) {
        print_message("pdflatex is not installed\n");
        skip();
    }
    struct paper paper;
    open_paper(&paper);
    for (int split = REPORT_SPLIT_NONE; split <= REPORT_SPLIT_METRIC; split++) {
        char command[256];
        free(write_paper(&paper, &(struct report_paper){.digits = -1, .split = split, .intervals = true}));
        snprintf(command, sizeof command, "cd %s/tables && pdflatex -interaction=batchmode paper.tex >/dev/null",
                 paper.run.folder);
        assert_int_equal(system(command), 0);
        char *log = sample_read(paper.run.folder, "tables/paper.log", NULL);
        assert_null(strstr(log, "Overfull"));
        assert_null(strstr(log, "Float too large"));
        free(log);
    }
    close_paper(&paper);
}
