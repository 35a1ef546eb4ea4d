/* The CSV files: exact text, digits that come back, and hostile names as Python's csv module reads them. */
#include "report/csv.h"
#include "tests/report/sample.h"

static void write_all(const struct report *report)
{
    struct error err = {0};
    struct cell *cells = report_cells(report, &err);
    assert_non_null(cells);
    double scratch[16];
    if (report_csv(report, cells, &err) || report_costs_csv(report, scratch, &err))
        fail_msg("%s", err.text);
    free(cells);
}

/* One backbone, two methods with hostile names, metrics up to complexity, two images. */
static void hostile(struct sample_run *run)
{
    static const struct report_method methods[] = {{.name = "=cmd|' /C calc'!A0", .title = "t"},
                                                   {.name = "a\"b,\nc", .title = "t"}};
    static const char *const images[] = {"@evil.jpg", "plain.jpg"};
    sample_open(run);
    run->report.backbone_count = 1;
    run->report.method_count = 2;
    run->report.methods = methods;
    run->report.metric_count = 2;
    run->report.image_count = 2;
    run->report.images = images;
    run->report.bootstrap = 0;
    const double values[] = {0.5, 0.25, 1, 0, 0.1, 0.7, 0, 0};
    memcpy(run->values, values, sizeof values);
    memset(run->states, REPORT_DEFINED, 8);
    run->states[6] = REPORT_UNDEFINED;
    run->notes[6] = "zero_p";
    run->states[7] = REPORT_ABSENT;
    run->notes[0] = "-flag";
    for (int i = 0; i < 4; i++)
        run->costs[i] = (struct cost){.seconds = i == 3 ? -1 : 0.5 + i, .full = 1, .tail = 2, .backward = 3};
}

TEST(summary_has_the_columns_and_escapes_names)
{
    struct sample_run run;
    hostile(&run);
    write_all(&run.report);
    char *text = sample_read(run.folder, "summary.csv", NULL);
    assert_string_equal(text, "backbone,method,protocol,metric,n,undefined,mean,ci_low,ci_high,unit\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,average_drop,2,0,37.5,,,%\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,average_increase,2,0,50,,,%\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,average_drop,2,0,40,,,%\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,average_increase,0,1,,,,%\n");
    free(text);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(values_per_image_carry_notes_and_skip_what_is_absent)
{
    struct sample_run run;
    hostile(&run);
    write_all(&run.report);
    char *text = sample_read(run.folder, "per_image.csv", NULL);
    assert_string_equal(text, "backbone,method,protocol,image,metric,value,note\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,'@evil.jpg,average_drop,50,'-flag\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,'@evil.jpg,average_increase,100,\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,plain.jpg,average_drop,25,\n"
                              "resnet18,'=cmd|' /C calc'!A0,cambench,plain.jpg,average_increase,0,\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,'@evil.jpg,average_drop,10,\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,'@evil.jpg,average_increase,,zero_p\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,plain.jpg,average_drop,70,\n");
    free(text);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(costs_have_median_mean_quartiles_and_passes)
{
    struct sample_run run;
    hostile(&run);
    write_all(&run.report);
    char *text = sample_read(run.folder, "costs.csv", NULL);
    assert_string_equal(text, "backbone,method,n,seconds_median,seconds_mean,seconds_q1,seconds_q3,full_passes,"
                              "tail_passes,backward_passes,activity,total_seconds,wall_seconds\n"
                              "resnet18,'=cmd|' /C calc'!A0,2,1,1,0.75,1.25,1,2,3,method,,\n"
                              "resnet18,\"a\"\"b,\nc\",1,2.5,2.5,2.5,2.5,1,2,3,method,,\n");
    free(text);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(costs_have_the_time_of_the_run_by_activity)
{
    static const struct report_spent spent[] = {{"reporting", false, -1, -1, 2, 2},
                                                {"base_passes", true, 0, -1, 4, 1},
                                                {"method", true, 0, 0, 8, 4},
                                                {"method", true, 0, 1, 1, 0.5}};
    struct sample_run run;
    hostile(&run);
    run.report.spent = spent;
    run.report.spent_count = 4;
    write_all(&run.report);
    char *text = sample_read(run.folder, "costs.csv", NULL);
    assert_non_null(strstr(text, ",3,method,8,4\nresnet18,\"a\"\"b,\nc\",1,2.5,2.5,2.5,2.5,1,2,3,method,1,0.5\n"
                                 ",,,,,,,,,,reporting,2,2\nresnet18,,,,,,,,,,base_passes,4,1\n"));
    free(text);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(numbers_come_back_to_the_last_bit)
{
    static const double numbers[] = {0.1, 1.0 / 3, 2.0 / 3, 1e-17, 123456789.123456789, 5e-324, 0.1 + 0.2, 1e22};
    static const struct report_metric plain = {"x", "X", "", false, true, false, -1e30, 1e30, {-1}, NULL, false};
    struct sample_run run;
    hostile(&run);
    run.report.metrics = &plain;
    run.report.metric_count = 1;
    run.report.method_count = 1;
    run.report.image_count = 8;
    run.report.images = sample_images;
    memcpy(run.values, numbers, sizeof numbers);
    memset(run.states, REPORT_DEFINED, 8);
    memset(run.notes, 0, 8 * sizeof *run.notes);
    write_all(&run.report);
    char *text = sample_read(run.folder, "per_image.csv", NULL), *at = text;
    for (int i = 0; i < 8; i++) {
        at = strstr(at, ",x,") + 3;
        assert_true(strtod(at, NULL) == numbers[i]);
    }
    assert_non_null(strstr(text, ",x,0.1,\n"));
    free(text);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(cost_metrics_stay_out_of_files_that_are_compared)
{
    struct sample_run run;
    struct report_metric metrics[SAMPLE_METRICS];
    sample_open(&run);
    memcpy(metrics, sample_metrics, sizeof metrics);
    metrics[SAMPLE_COHERENCY].is_cost = true;
    run.report.metrics = metrics;
    write_all(&run.report);
    for (int i = 0; i < 2; i++) {
        char *text = sample_read(run.folder, i ? "summary.csv" : "per_image.csv", NULL);
        assert_null(strstr(text, "coherency"));
        assert_non_null(strstr(text, "complexity"));
        free(text);
    }
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(same_rows_give_the_same_bytes)
{
    static const char *const names[] = {"summary.csv", "per_image.csv", "costs.csv"};
    struct sample_run run[2];
    for (int i = 0; i < 2; i++) {
        sample_open(&run[i]);
        write_all(&run[i].report);
    }
    for (int k = 0; k < 3; k++) {
        char *first = sample_read(run[0].folder, names[k], NULL), *second = sample_read(run[1].folder, names[k], NULL);
        assert_string_equal(first, second);
        free(first);
        free(second);
    }
    for (int i = 0; i < 2; i++) {
        sample_remove(run[i].folder);
        sample_close(&run[i]);
    }
}

TEST(a_folder_that_is_a_file_is_an_error_that_names_it)
{
    struct sample_run run;
    struct error err = {0};
    sample_open(&run);
    struct cell *cells = report_cells(&run.report, &err);
    run.report.folder = "/dev/null/run";
    assert_int_equal(report_csv(&run.report, cells, &err), -1);
    assert_non_null(strstr(err.text, "/dev/null"));
    assert_int_equal(report_tables(&run.report, cells, &err), -1);
    assert_non_null(strstr(err.text, "/dev/null"));
    free(cells);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(mean_curves_are_written_where_there_are_some_and_removed_where_there_are_none)
{
    struct sample_run run;
    double fraction[] = {0, 0.5, 1}, mean[] = {0.1, 0.25, 1};
    struct report_curve curves[4] = {[3] = {2, 3, fraction, mean}};
    hostile(&run);
    run.report.curves = curves;
    write_all(&run.report);
    char *text = sample_read(run.folder, "curves.csv", NULL);
    assert_string_equal(text, "backbone,method,protocol,metric,n,fraction,probability\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,average_increase,2,0,0.1\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,average_increase,2,0.5,0.25\n"
                              "resnet18,\"a\"\"b,\nc\",cambench,average_increase,2,1,1\n");
    free(text);
    curves[3].count = 0;
    write_all(&run.report);
    char path[128];
    snprintf(path, sizeof path, "%s/curves.csv", run.folder);
    assert_int_equal(access(path, F_OK), -1);
    sample_remove(run.folder);
    sample_close(&run);
}
