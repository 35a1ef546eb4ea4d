/* tests/bench/test_paper_numbers.c - CSV files of published numbers: what is read, what is refused and how. */
#include "bench/run/paper_numbers.h"

#include "backbones/backbone.h"
#include "bench/cli/references.h"
#include "tests/test.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "paper,table,arch,layer,method,params,metric,value,unit,protocol,note,source\n"
#define ROW "P 2020,T 1,resnet18,layer4,gradcam,score=rest,average_drop,42.90,%,cambench,a note,key\n"

struct fixture {
    char path[64];
    struct arena arena;
    struct report report;
    struct error err;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/test_paper_numbers_%ld.csv", (long)getpid());
    arena_init(&f->arena, 0);
}

static void end(struct fixture *f)
{
    arena_release(&f->arena);
    unlink(f->path);
}

static int read_text(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    const char *paths[] = {f->path, f->path};
    const struct config_report config = {.reference_count = 2, .references = paths};
    return paper_numbers_read(&config, &f->arena, &f->report, &f->err);
}

/* `want` is the end of the sentence. */
static void must_refuse(struct fixture *f, const char *text, const char *want)
{
    assert_int_equal(read_text(f, text), -1);
    assert_memory_equal(f->err.text, "published numbers: ", 19);
    const size_t length = strlen(f->err.text);
    if (length < strlen(want) || strcmp(f->err.text + length - strlen(want), want) != 0)
        fail_msg("\n got %s\nwant ... %s", f->err.text, want);
}

TEST(rows_of_all_files_are_read)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(read_text(&f, HEAD ROW "\"P, 2\",,vgg16,,gradcam,,coherency,0.5,fraction,,,\n"), 0);
    assert_int_equal(f.report.published_count, 4);
    const struct report_published *a = &f.report.published[0], *b = &f.report.published[3];
    assert_string_equal(a->layer, "layer4");
    assert_string_equal(a->params, "score=rest");
    assert_string_equal(a->source, "key");
    assert_true(fabs(a->value - 0.429) < 1e-12);
    assert_string_equal(b->paper, "P, 2");
    assert_string_equal(b->protocol, "");
    assert_true(b->value == 0.5);
    end(&f);
}

TEST(columns_may_stand_in_any_order_and_those_of_no_use_are_left_alone)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(read_text(&f, "unit,value,images,metric,method,arch,paper\n%,5,50000,adcc,gradcam,vgg16,P\n"), 0);
    assert_string_equal(f.report.published[0].arch, "vgg16");
    assert_string_equal(f.report.published[0].note, "");
    end(&f);
}

TEST(many_rows_are_read)
{
    struct fixture f;
    static char text[1 << 18];
    char *out = text;
    begin(&f);
    out += sprintf(out, HEAD);
    for (int i = 0; i < 1000; i++)
        out += sprintf(out, "P,,a%d,,m,,k,%d,fraction,,,\n", i, i);
    assert_int_equal(read_text(&f, text), 0);
    assert_int_equal(f.report.published_count, 2000);
    assert_string_equal(f.report.published[1999].arch, "a999");
    assert_true(f.report.published[999].value == 999);
    end(&f);
}

TEST(what_is_wrong_is_said_with_file_and_line)
{
    struct fixture f;
    begin(&f);
    must_refuse(&f, "", "has no column \"metric\" in its first line");
    must_refuse(&f, "paper,arch,method,metric,value\n", "has no column \"unit\" in its first line");
    must_refuse(&f, HEAD ROW "P,T\n", "line 3 has 2 fields, the first line has 12");
    must_refuse(&f, HEAD ",,a,,m,,k,1,%,,,\n", "line 2: nothing in column \"paper\"");
    must_refuse(&f, HEAD "P,,a,,m,,k,1e999,%,,,\n", "line 2: value is not a number: \"1e999\"");
    must_refuse(&f, HEAD "P,,a,,m,,k,nan,%,,,\n", "line 2: value is not a number: \"nan\"");
    must_refuse(&f, HEAD "P,,a,,m,,k,1,percent,,,\n", "line 2: unit must be % or fraction, not \"percent\"");
    must_refuse(&f, HEAD "P,\"T", "line 2: a quote is not closed");
    end(&f);
}

TEST(a_file_that_is_not_there_is_named)
{
    const char *path = "/tmp/no such file.csv";
    const struct config_report config = {.reference_count = 1, .references = &path};
    struct fixture f;
    begin(&f);
    assert_int_equal(paper_numbers_read(&config, &f.arena, &f.report, &f.err), -1);
    assert_non_null(strstr(f.err.text, path));
    end(&f);
}

/* -- results/reference ------------------------------------------------------------------------------------------- */

static const struct method *method_called(const char *name)
{
    for (const struct method *const *method = methods; *method; method++)
        if (strcmp((*method)->name, name) == 0)
            return *method;
    return NULL;
}

/* Each "key=value" is one that the method could have. */
static void check_params(const struct report_published *row)
{
    const struct method *method = method_called(row->method);
    char text[128], params[4096], *rest = text;
    if (!method)
        return; /* of methods that do not exist yet the names stand for themselves */
    assert_true(strlen(row->params) < sizeof text && method->params_size <= sizeof params);
    strcpy(text, row->params);
    for (char *token; (token = strsep(&rest, ";"));) {
        char *value = strchr(token, '=');
        struct error err;
        if (!*token)
            continue;
        assert_non_null(value);
        *value++ = 0;
        const struct param *param = param_find(method->params, token);
        if (!param || (param->type != PARAM_TYPE_NAMES && param_parse(param, value, params, &err)))
            fail_msg("method %s: %s=%s", row->method, token, value);
    }
}

static void check_layer(const struct report_published *row)
{
    struct error err;
    const struct backbone_options options = {.classes = 1000, .width = 1, .height = 224, .width_px = 224};
    if (!*row->layer || strcmp(row->layer, "unknown") == 0)
        return;
    struct graph *graph = backbone_graph(row->arch, &options, &err);
    if (!graph || graph_find(graph, row->layer, &err) < 0)
        fail_msg("%s", err.text);
    graph_free(graph);
}

static bool is_like(const struct report_published *row, const struct report_published *last)
{
    return last && strcmp(row->arch, last->arch) == 0 && strcmp(row->layer, last->layer) == 0 &&
           strcmp(row->method, last->method) == 0 && strcmp(row->params, last->params) == 0;
}

TEST(numbers_of_the_project_name_what_exists)
{
    struct fixture f;
    glob_t found;
    begin(&f);
    assert_int_equal(glob("results/reference/*.csv", 0, NULL, &found), 0);
    const struct config_report config = {.reference_count = (int)found.gl_pathc,
                                         .references = (const char **)found.gl_pathv};
    if (paper_numbers_read(&config, &f.arena, &f.report, &f.err))
        fail_msg("%s", f.err.text);
    assert_true(f.report.published_count > 2000);
    const struct report_published *last = NULL;
    for (int i = 0; i < f.report.published_count; i++) {
        const struct report_published *row = &f.report.published[i];
        size_t size;
        assert_true(row->value >= 0 && row->value <= 1);
        if (!references_find(row->source, &size))
            fail_msg("docs/references.bib has no \"%s\"", row->source);
        if (!is_like(row, last)) {
            check_params(row);
            check_layer(row);
        }
        last = row;
    }
    globfree(&found);
    end(&f);
}
