/*
 * report/compare/junit.c - writes a comparison as JUnit's XML, which CI servers show, with a test case per cell.
 */
#include "report/compare/comparison.h"
#include "report/escape.h"

#include <stdlib.h>

static void put_attribute(FILE *stream, const char *name, const char *text)
{
    fprintf(stream, " %s=\"", name);
    escape_xml(stream, text);
    putc('"', stream);
}

/* The child element for the result of a test case; NULL: passed. */
static const char *child_of(enum compare_result result)
{
    if (compare_is_difference(result))
        return "failure";
    if (result == COMPARE_MISSING || result == COMPARE_INCOMPLETE)
        return "error";
    return result == COMPARE_NEW ? "skipped" : NULL;
}

static void put_message(FILE *stream, const struct compare_cell *cell)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory) {
        compare_sentence(memory, cell);
        if (fclose(memory) == 0 && text)
            put_attribute(stream, "message", text);
    }
    free(text);
}

static void put_case(FILE *stream, const struct compare_cell *cell)
{
    const char *child = child_of(cell->result);
    fputs("    <testcase classname=\"", stream);
    escape_xml(stream, cell->backbone);
    putc('.', stream);
    escape_xml(stream, cell->method);
    fputs("\" name=\"", stream);
    if (cell->metric) {
        escape_xml(stream, cell->protocol);
        putc(' ', stream);
    }
    escape_xml(stream, cell->metric ? cell->metric->name : "seconds");
    if (!child) {
        fputs("\"/>\n", stream);
        return;
    }
    fprintf(stream, "\">\n      <%s", child);
    put_message(stream, cell);
    if (cell->result != COMPARE_NEW)
        put_attribute(stream, "type", compare_result_name(cell->result));
    fputs("/>\n    </testcase>\n", stream);
}

void compare_junit(const struct comparison *comparison, FILE *stream)
{
    char counts[160];
    snprintf(counts, sizeof counts,
             "name=\"cambench compare\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", comparison->count,
             compare_differences(comparison),
             comparison->results[COMPARE_MISSING] + comparison->results[COMPARE_INCOMPLETE],
             comparison->results[COMPARE_NEW]);
    fprintf(stream, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite %s>\n", counts);
    for (int i = 0; i < comparison->count; i++)
        put_case(stream, &comparison->cells[i]);
    fputs("  </testsuite>\n</testsuites>\n", stream);
}
