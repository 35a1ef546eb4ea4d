/* Markdown, LaTeX and terminal tables of a small run, against exact text. */
#include "report/escape.h"
#include "report/undefined.h"
#include "tests/report/sample.h"

enum { METHODS = 3 };

/* One backbone, three methods (the last a control), two metrics with given means. */
struct small {
    struct report report;
    struct cell cells[METHODS * 2];
    struct cost costs[METHODS];
    struct report_metric metrics[2];
    char folder[64];
};

static const struct report_method methods[METHODS] = {{.name = "a", .title = "Grad_CAM|1"},
                                                      {.name = "b", .title = "[B]"},
                                                      {.name = "c", .title = "Control", .is_control = true}};

static void small_open(struct small *small)
{
    static const struct report_backbone backbone = {"r", "ResNet_18", "resnet18", "layer4", 233, 279, 300};
    static const char *const images[] = {"i"};
    *small = (struct small){.cells = {{60, 0, .12345, .1, .15, 0},
                                      {59, 1, .8, .7, .9, 0},
                                      {60, 0, .2, .1, .3, 0},
                                      {60, 0, .9, .8, 1, 0},
                                      {60, 0, .01, 0, .02, 0},
                                      {0, 60, NAN, NAN, NAN, 0}},
                            .costs = {{.seconds = .0204, .full = 1, .backward = 1},
                                      {.seconds = 3.5, .full = 1, .tail = 512},
                                      {.seconds = -1}},
                            .metrics = {sample_metrics[SAMPLE_DROP], sample_metrics[SAMPLE_ADCC]},
                            .folder = "/tmp/cambench-report-XXXXXX"};
    assert_non_null(mkdtemp(small->folder));
    small->report = (struct report){.name = "demo",
                                    .folder = small->folder,
                                    .program = "cambench 0.1.0",
                                    .backbone_count = 1,
                                    .method_count = METHODS,
                                    .protocol_count = 1,
                                    .metric_count = 2,
                                    .image_count = 1,
                                    .backbones = &backbone,
                                    .methods = methods,
                                    .protocols = sample_protocols,
                                    .metrics = small->metrics,
                                    .images = images,
                                    .costs = small->costs,
                                    .bootstrap = 100};
}

static void check_file(const struct small *small, const char *name, const char *want)
{
    char *text = sample_read(small->folder, name, NULL);
    assert_string_equal(text, want);
    free(text);
}

static void check_terminal(const struct small *small, int columns, bool color, const char *want)
{
    char text[4096] = "";
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_int_equal(report_terminal(&small->report, small->cells, stream, columns, color), 0);
    fclose(stream);
    assert_string_equal(text, want);
}

TEST(markdown_has_blocks_arrows_intervals_and_notes)
{
    struct small small;
    struct error err = {0};
    small_open(&small);
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    check_file(
        &small, "tables/cambench.md",
        "# demo: protocol cambench\n\n"
        "Means over 60 images, with 95 % bootstrap intervals. Arrows: ↑ higher is better, ↓ lower is better; "
        "bold: the best method, controls left out. Made by cambench 0.1.0.\n\n"
        "## ResNet\\_18 (layer4)\n\n"
        "Top-1 77.67 %, top-5 93.00 % of 300 labelled images.\n\n"
        "| Method       |        Average Drop ↓ % |                 ADCC ↑ % |\n"
        "| ------------ | ----------------------: | -----------------------: |\n"
        "| Grad\\_CAM\\|1 | **12.35** (10.00–15.00) |    80.00 (70.00–90.00)\\* |\n"
        "| \\[B\\]        |     20.00 (10.00–30.00) | **90.00** (80.00–100.00) |\n"
        "| Control      |        1.00 (0.00–2.00) |                      –\\* |\n\n"
        "\\* Undefined values, left out of the mean: ADCC (Grad\\_CAM\\|1): 1 of 60; ADCC (Control): 60 of 60.\n");
    sample_remove(small.folder);
}

TEST(a_caption_names_the_keys_that_the_config_changes)
{
    static const struct report_protocol changed = {"mine", "cambench", "class=label, resize_ratio=1"};
    struct small small;
    struct error err = {0};
    small_open(&small);
    small.report.protocols = &changed;
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    char *text = sample_read(small.folder, "tables/mine.md", NULL);
    assert_non_null(
        strstr(text, "# demo: protocol mine\n\nPreset cambench with class=label, resize\\_ratio=1.\n\nMeans"));
    free(text);
    text = sample_read(small.folder, "tables/mine.tex", NULL);
    assert_non_null(strstr(text,
                           "\\bottomrule\n\\multicolumn{3}{p{0.95\\linewidth}}{\\footnotesize protocol cambench with "
                           "class=label, resize\\_ratio=1} \\\\\n"));
    free(text);
    char screen[4096] = "";
    FILE *stream = fmemopen(screen, sizeof screen, "w");
    assert_int_equal(report_terminal(&small.report, small.cells, stream, 80, false), 0);
    fclose(stream);
    assert_memory_equal(screen, "protocol mine (cambench with class=label, resize_ratio=1), ResNet", 60);
    sample_remove(small.folder);
}

TEST(what_is_undefined_for_several_methods_alike_is_said_once)
{
    static const struct undefined_style style = {escape_markdown, "", "; ", "."};
    struct small small;
    char text[256];
    small_open(&small);
    for (int pass = 0; pass < 2; pass++) { /* average_drop is undefined alike for two methods, then for all */
        for (int m = 0; m < METHODS - 1 + pass; m++)
            small.cells[m * 2] = (struct cell){58, 2, .1, .1, .1, 0};
        FILE *stream = fmemopen(text, sizeof text, "w");
        assert_int_equal(undefined_list(&small.report, small.cells, 0, 0, stream, &style), 3);
        assert_int_equal(undefined_list(&small.report, small.cells, 0, 0, NULL, &style), 3);
        fclose(stream);
        assert_string_equal(text,
                            pass ? "Average Drop: 2 of 60.; ADCC (Grad\\_CAM\\|1): 1 of 60.; ADCC (Control): 60 of 60."
                                 : "Average Drop (Grad\\_CAM\\|1, \\[B\\]): 2 of 60.; ADCC (Grad\\_CAM\\|1): 1 of 60.; "
                                   "ADCC (Control): 60 of 60.");
    }
    sample_remove(small.folder);
}

TEST(latex_is_booktabs_with_one_block_per_backbone)
{
    struct small small;
    struct error err = {0};
    small_open(&small);
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    check_file(&small, "tables/cambench.tex",
               "% Needs \\usepackage{booktabs}. Made by cambench 0.1.0.\n"
               "\\begin{tabular}{lrr}\n\\toprule\n"
               "Method & Average Drop $\\downarrow$ (\\%) & ADCC $\\uparrow$ (\\%) \\\\\n\\midrule\n"
               "\\multicolumn{3}{l}{\\textit{ResNet\\_18 (layer4)}} \\\\\n"
               "Grad\\_CAM\\textbar{}1 & \\textbf{12.35} & 80.00\\textsuperscript{*} \\\\\n"
               "{[}B{]} & 20.00 & \\textbf{90.00} \\\\\n"
               "Control & 1.00 & --\\textsuperscript{*} \\\\\n\\bottomrule\n"
               "\\multicolumn{3}{p{0.95\\linewidth}}{\\footnotesize * undefined, left out of the mean (ResNet\\_18): "
               "ADCC (Grad\\_CAM\\textbar{}1): 1 of 60; ADCC (Control): 60 of 60} \\\\\n\\end{tabular}\n");
    sample_remove(small.folder);
}

TEST(latex_has_further_tabulars_for_columns_that_do_not_fit_a_line)
{
    struct small small;
    struct error err = {0};
    small_open(&small);
    small.metrics[0].title = "A metric with a title that takes most of a line";
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    char *text = sample_read(small.folder, "tables/cambench.tex", NULL);
    assert_non_null(strstr(text, "\\begin{tabular}{lr}\n\\toprule\nMethod & A metric"));
    assert_non_null(strstr(text, "Control & 1.00 \\\\\n\\bottomrule\n\\end{tabular}\n\\par\\medskip\\noindent\n"
                                 "\\begin{tabular}{lr}\n\\toprule\nMethod & ADCC"));
    assert_non_null(strstr(text, "\\multicolumn{2}{p{0.95\\linewidth}}{\\footnotesize * undefined"));
    free(text);
    sample_remove(small.folder);
}

TEST(maps_that_a_rule_decided_are_counted)
{
    struct small small;
    struct error err = {0};
    small_open(&small);
    small.cells[0].noted = 2;
    small.cells[1].noted = 5;
    small.cells[3].noted = 1;
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    char *text = sample_read(small.folder, "tables/cambench.md", NULL);
    assert_non_null(strstr(text, "\nConstant maps, or values set by a rule (notes in per_image.csv): "
                                 "Grad\\_CAM\\|1: 5 of 59; \\[B\\]: 1 of 60.\n"));
    free(text);
    char shown[4096] = "";
    FILE *stream = fmemopen(shown, sizeof shown, "w");
    assert_int_equal(report_terminal(&small.report, small.cells, stream, 80, false), 0);
    fclose(stream);
    assert_non_null(strstr(shown, "\nGrad_CAM|1: 5 of 59 maps constant, or compared with a constant one\n"
                                  "[B]: 1 of 60 maps constant, or compared with a constant one\n"));
    sample_remove(small.folder);
}

TEST(absurdly_large_numbers_are_written)
{
    struct small small;
    struct error err = {0};
    small_open(&small);
    small.metrics[0].is_percent = false;
    small.cells[0] = (struct cell){1, 1, -1e308, -1e308, 1e308, 0};
    assert_int_equal(report_tables(&small.report, small.cells, &err), 0);
    char *text = sample_read(small.folder, "tables/cambench.md", NULL);
    assert_non_null(strstr(text, "**-1000000000000000010979063629440455417404923096773118463368106829031575854049"));
    free(text);
    FILE *stream = fopen("/dev/null", "w");
    assert_int_equal(report_terminal(&small.report, small.cells, stream, 80, true), 0);
    fclose(stream);
    sample_remove(small.folder);
}

TEST(protocols_whose_file_names_are_alike_do_not_overwrite_each_other)
{
    static const struct report_protocol protocols[] = {{.name = "a/b"}, {.name = "a:b"}, {.name = "..x"}};
    struct small small;
    struct error err = {0};
    struct cell cells[METHODS * 2 * 3] = {{0}};
    small_open(&small);
    small.report.protocols = protocols;
    small.report.protocol_count = 3;
    assert_int_equal(report_tables(&small.report, cells, &err), 0);
    free(sample_read(small.folder, "tables/a_b.md", NULL));
    free(sample_read(small.folder, "tables/a_b-2.tex", NULL));
    free(sample_read(small.folder, "tables/_.x.md", NULL));
    sample_remove(small.folder);
}

TEST(terminal_table_is_aligned)
{
    struct small small;
    small_open(&small);
    check_terminal(&small, 0, false,
                   "ResNet_18 (layer4): top-1 77.67 %, top-5 93.00 % of 300 labelled images\n"
                   "             Average                          \n"
                   "Method      Drop ↓ %  ADCC ↑ %   s/map  passes\n"
                   "Grad_CAM|1    12.35     80.00*  0.0204     2.0\n"
                   "[B]           20.00     90.00   3.5000   513.0\n"
                   "Control        1.00         –*       –       –\n"
                   "* ADCC (Grad_CAM|1): 1 of 60 undefined\n"
                   "* ADCC (Control): 60 of 60 undefined\n");
    sample_remove(small.folder);
}

TEST(narrow_terminal_gets_the_rest_below)
{
    struct small small;
    small_open(&small);
    check_terminal(&small, 30, false,
                   "ResNet_18 (layer4): top-1 77.67 %, top-5 93.00 % of 300 labelled images\n"
                   "             Average          \n"
                   "Method      Drop ↓ %  ADCC ↑ %\n"
                   "Grad_CAM|1    12.35     80.00*\n"
                   "[B]           20.00     90.00 \n"
                   "Control        1.00         –*\n\n"
                   "Method       s/map  passes\n"
                   "Grad_CAM|1  0.0204     2.0\n"
                   "[B]         3.5000   513.0\n"
                   "Control          –       –\n"
                   "* ADCC (Grad_CAM|1): 1 of 60 undefined\n"
                   "* ADCC (Control): 60 of 60 undefined\n");
    sample_remove(small.folder);
}

TEST(best_is_bold_and_controls_are_dim_in_color)
{
    char text[4096] = "";
    struct small small;
    small_open(&small);
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_int_equal(report_terminal(&small.report, small.cells, stream, 0, true), 0);
    fclose(stream);
    assert_non_null(strstr(text, "\033[1m  12.35 \033[0m"));
    assert_non_null(strstr(text, "\033[1m  90.00 \033[0m"));
    assert_non_null(strstr(text, "\033[2mControl"));
    assert_null(strstr(text, "\033[1m  20.00"));
    sample_remove(small.folder);
}
