/* tests/bench/test_paper_numbers.c - CSV files of published numbers: what is read, what is refused and how. */
#include "bench/paper_numbers.h"

#include "tests/test.h"

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
