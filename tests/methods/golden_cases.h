/*
 * tests/methods/golden_cases.h - compares methods with an independent PyTorch implementation.
 *
 * The cases are data, tests/golden/FAMILY_cases.txt, which the golden script FAMILY.py runs too.
 */
#ifndef TESTS_METHODS_GOLDEN_CASES_H
#define TESTS_METHODS_GOLDEN_CASES_H

#include "tests/methods/networks.h"

#include <math.h>

#define RAW_RELATIVE 1e-4 /* of the largest value */
#define MAP_ABSOLUTE 1e-3

struct row {
    char name[64], network[16], layer[32], klass, method[32], params[160];
};

static inline void read_row(const char *line, struct row *row)
{
    int used = 0;
    row->params[0] = '\0';
    if (sscanf(line, "%63s %15s %31s %c %31s %n", row->name, row->network, row->layer, &row->klass, row->method,
               &used) < 5)
        fail_msg("a case that cannot be read: %s", line);
    snprintf(row->params, sizeof row->params, "%s", line + used);
}

static inline int class_of(struct bench *bench, char klass)
{
    const float *p = cam_pass_probabilities(bench->pass);
    int lowest = 0;
    if (klass == 'p')
        return -1;
    if (klass != 'l')
        return klass - '0';
    for (int k = 1; k < network_classes(bench->network); k++)
        lowest = p[k] < p[lowest] ? k : lowest;
    return lowest;
}

static inline void check_row(const struct golden *golden, struct bench *bench, const struct row *row)
{
    const struct cam_map map = bench_explain(bench, row->method, row->params, row->layer, class_of(bench, row->klass));
    char key[80];
    snprintf(key, sizeof key, "%s.raw", row->name);
    golden_check(golden, key, map.data, (size_t)map.form.h * (size_t)map.form.w, RAW_RELATIVE, 1e-9);
    const struct saliency saliency = bench_finish(bench, &map);
    const struct shape shape = network_input(bench->network);
    assert_true(saliency.flag != SALIENCY_NOT_FINITE);
    snprintf(key, sizeof key, "%s.map", row->name);
    golden_check(golden, key, saliency.data, (size_t)shape.h * (size_t)shape.w, 0, MAP_ABSOLUTE);
}

/* Checks all cases of one method. `family`: of the files tests/golden/FAMILY_cases.txt and FAMILY.txt. */
static inline void check_cases(const char *family, const char *method)
{
    struct golden *golden = golden_open(family);
    char path[128], *line = NULL, open[16] = "";
    snprintf(path, sizeof path, "tests/golden/%s_cases.txt", family);
    FILE *file = fopen(path, "r");
    size_t room = 0, cases = 0;
    struct bench bench;
    struct row row;
    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        if (line[0] == '#')
            continue;
        read_row(line, &row);
        if (strcmp(row.method, method) != 0)
            continue;
        if (strcmp(open, row.network) != 0) {
            if (open[0])
                bench_close(&bench);
            bench_open(&bench, row.network);
            snprintf(open, sizeof open, "%s", row.network);
        }
        check_row(golden, &bench, &row);
        cases++;
    }
    assert_true(cases > 0);
    bench_close(&bench);
    free(line);
    fclose(file);
    golden_close(golden);
}

#endif
