/*
 * tests/bench/test_compare.c - compares generated runs: equal code causes no difference, and a broken result is found and named
 */
#include "bench/compare/baseline.h"

#include "tests/bench/nights.h"

#include <expat.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The cells of metrics (all but seconds) and of times that both runs have. */
enum { CELLS = BACKBONES * METHODS * (METRICS - 1), TIMES = BACKBONES * METHODS };

TEST(a_hundred_nights_of_the_same_code_raise_no_alarm)
{
    struct fixture f;
    begin(&f);
    write_night(&f, 0, &(struct night){.noise = 1000});
    for (int n = 0; n < NIGHTS; n++) {
        write_night(&f, 1, &(struct night){.noise = (uint64_t)n});
        compare(&f, NULL);
        assert_int_equal(f.comparison.count, CELLS + TIMES);
        if (differences(&f) || f.comparison.missing)
            fail_msg("night %d: %d differences, %s", n, differences(&f), in_common(&f));
    }
    end(&f);
}

TEST(a_hundred_nights_with_another_seed_raise_no_alarm)
{
    struct fixture f;
    int within = 0;
    begin(&f);
    write_night(&f, 0, &(struct night){.seed = 1000});
    for (int n = 0; n < NIGHTS; n++) {
        write_night(&f, 1, &(struct night){.seed = (uint64_t)n, .noise = (uint64_t)n});
        compare(&f, NULL);
        within += f.comparison.results[COMPARE_WITHIN];
        if (differences(&f))
            fail_msg("night %d: %d differences, %s", n, differences(&f), in_common(&f));
    }
    assert_true(within >= NIGHTS * BACKBONES * 4); /* there were other numbers to compare: random maps */
    end(&f);
}

TEST(times_on_an_unsteady_machine_raise_no_alarm)
{
    static const struct night unsteady[] = {{.jitter = 0.3}, {.drift = 0.3}, {.drift = 0.3, .jitter = 0.1}};
    struct fixture f;
    begin(&f);
    for (size_t u = 0; u < sizeof unsteady / sizeof *unsteady; u++) {
        struct night night = unsteady[u];
        night.noise = 1000;
        write_night(&f, 0, &night);
        for (int n = 0; n < NIGHTS; n++) {
            night.noise = (uint64_t)n;
            write_night(&f, 1, &night);
            compare(&f, NULL);
            if (differences(&f))
                fail_msg("machine %zu, night %d: %d differences, %s", u, n, differences(&f), in_common(&f));
        }
    }
    end(&f);
}

/* Two real runs of three images once differed by "faster": the median of three times hardly moves in a bootstrap. */
TEST(times_of_a_handful_of_images_are_not_tested)
{
    struct fixture f;
    int within = 0;
    begin(&f);
    for (int images = 3; images <= 12; images += 9) {
        write_night(&f, 0, &(struct night){.noise = 1000, .images = images});
        for (int n = 0; n < NIGHTS; n++) {
            write_night(&f, 1, &(struct night){.noise = (uint64_t)n, .images = images, .jitter = 0.1});
            compare(&f, NULL);
            if (differences(&f))
                fail_msg("%d images, night %d: %d differences, %s", images, n, differences(&f), in_common(&f));
            within += f.comparison.results[COMPARE_WITHIN];
        }
        assert_true(has_note(&f, images == 3
                                     ? "times are not compared: 3 images are too few, at least 14 are needed"
                                     : "times are not compared: 12 images are too few, at least 14 are needed"));
    }
    assert_true(within > 0); /* there were times that looked different */
    end(&f);
}

TEST(a_wrong_sign_is_found_each_night_though_it_shows_on_one_image)
{
    struct fixture f;
    begin(&f);
    write_night(&f, 0, &(struct night){0});
    for (int n = 0; n < NIGHTS; n++) {
        const struct night night = {.noise = (uint64_t)n, .method = n % METHODS, .sign = 1e-7, .metric = -1};
        char wanted[64];
        snprintf(wanted, sizeof wanted, "method %s", methods[night.method]);
        write_night(&f, 1, &night);
        compare(&f, NULL);
        assert_int_equal(differences(&f), BACKBONES * 4); /* three metrics and the one made of them */
        assert_string_equal(in_common(&f), wanted);
        assert_int_equal(f.comparison.cells[0].changed, 1);
        assert_string_equal(f.comparison.cells[0].most, "n07.jpg");
    }
    end(&f);
}

TEST(half_a_point_of_a_metric_is_found_each_night)
{
    struct fixture f;
    begin(&f);
    write_night(&f, 0, &(struct night){0});
    for (int n = 0; n < NIGHTS; n++) {
        /* every other night with other weights: then the bootstrap decides */
        const struct night night = {.noise = (uint64_t)n,
                                    .metric = COMPLEXITY,
                                    .shift = n % 4 < 2 ? 0.005 : -0.005,
                                    .weights = n % 2 ? "another" : NULL};
        write_night(&f, 1, &night);
        compare(&f, NULL);
        assert_true(f.comparison.results[COMPARE_CHANGED] >= BACKBONES * METHODS);
        for (int i = 0; i < BACKBONES * METHODS; i++) {
            const struct compare_cell *cell = &f.comparison.cells[i];
            assert_string_equal(cell->metric->name, "complexity"); /* before what is made of it */
            assert_true(fabs(cell->difference - night.shift) < 1e-12);
            assert_int_equal(cell->is_exact, n % 2 == 0);
        }
    }
    end(&f);
}

/* The mean over the overlaps of the largest share of images that one level hits. */
static double boxes_of_all(const struct night *night, int b, int m)
{
    double sum = 0;
    for (int overlap = 0; overlap < OVERLAPS; overlap++) {
        double most = 0;
        for (int level = 0; level < LEVELS; level++) {
            int hits = 0;
            for (int i = 0; i < IMAGES; i++)
                hits += is_hit(night, b, i, m, overlap, level);
            most = fmax(most, (double)hits / IMAGES);
        }
        sum += most;
    }
    return sum / OVERLAPS;
}

TEST(a_metric_made_of_counts_is_compared)
{
    struct fixture f;
    begin(&f);
    const struct night was = {0}, is = {.metric = BOXES, .shift = 0.5},
                       other = {.metric = BOXES, .shift = 0.5, .weights = "another"};
    compare_nights(&f, &was, &is);
    assert_int_equal(f.comparison.results[COMPARE_CHANGED], BACKBONES * METHODS);
    compare_nights(&f, &was, &other); /* the bootstrap decides */
    assert_int_equal(f.comparison.results[COMPARE_CHANGED], BACKBONES * METHODS);
    for (int i = 0; i < BACKBONES * METHODS; i++) {
        const struct compare_cell *cell = &f.comparison.cells[i];
        const int b = strcmp(cell->backbone, backbones[1]) == 0;
        int m = 0;
        while (strcmp(cell->method, methods[m]) != 0)
            m++;
        assert_string_equal(cell->metric->name, "max_box_acc");
        assert_int_equal(cell->n, IMAGES);
        assert_true(fabs(cell->value[0] - boxes_of_all(&was, b, m)) < 1e-12);
        assert_true(fabs(cell->value[1] - boxes_of_all(&other, b, m)) < 1e-12);
        assert_true(cell->low > 0 && cell->low <= cell->difference && cell->difference <= cell->high);
    }
    end(&f);
}

static void must_find_a_fifth(double drift, bool is_beside_others)
{
    struct fixture f;
    begin(&f);
    write_night(&f, 0, &(struct night){.noise = 1000, .jitter = 0.01, .drift = drift});
    for (int n = 0; n < NIGHTS; n++) {
        const bool is_slower = n % 2;
        const struct night night = {.noise = (uint64_t)n,
                                    .jitter = 0.01,
                                    .drift = drift,
                                    .method = n % METHODS,
                                    .slow = is_slower ? 1.2 : 1 / 1.2};
        char wanted[64];
        snprintf(wanted, sizeof wanted, "method %s, metric seconds", methods[night.method]);
        write_night(&f, 1, &night);
        compare(&f, NULL);
        assert_int_equal(f.comparison.results[is_slower ? COMPARE_SLOWER : COMPARE_FASTER], BACKBONES);
        assert_int_equal(differences(&f), BACKBONES);
        assert_string_equal(in_common(&f), wanted);
        assert_int_equal(f.comparison.cells[0].is_beside_others, is_beside_others);
    }
    end(&f);
}

/* Where single times scatter by 1 %; where each does so by itself by 3 %, no fifth stands out. */
TEST(a_method_a_fifth_slower_or_faster_is_found_each_night)
{
    must_find_a_fifth(0, false);
}

/* What moves all methods of an image alike hides none of them. */
TEST(a_method_a_fifth_slower_is_found_on_a_machine_whose_speed_drifts)
{
    must_find_a_fifth(0.3, true);
}

TEST(times_are_compared_on_the_same_idle_machine_only)
{
    struct fixture f;
    const struct night slow = {.method = GRADCAM, .slow = 2}, other = {.method = GRADCAM, .slow = 2, .cpu = "Xeon"};
    const struct night busy = {.method = GRADCAM, .slow = 2, .wait = 0.5};
    begin(&f);
    compare_nights(&f, &(struct night){0}, &slow);
    assert_int_equal(differences(&f), BACKBONES);
    compare_nights(&f, &(struct night){0}, &other);
    assert_int_equal(differences(&f), 0);
    assert_true(has_note(&f, "times are not compared: EPYC, threads 2 in the base, now Xeon, threads 2"));
    compare_nights(&f, &(struct night){0}, &busy);
    assert_int_equal(differences(&f), 0);
    assert_true(has_note(&f, "times are not compared: the machine was busy, the new run waited 50 % of its time"));
    end(&f);
}

TEST(what_cannot_be_equal_is_said_and_not_asked_to_be)
{
    struct fixture f;
    const struct night rounded = {.method = GRADCAM, .sign = 1e-7, .metric = -1, .version = 1};
    begin(&f);
    compare_nights(&f, &(struct night){0}, &rounded);
    assert_int_equal(differences(&f), 0);
    assert_int_equal(f.comparison.results[COMPARE_WITHIN], BACKBONES * 4);
    assert_true(has_note(&f, "method \"gradcam\": version 1 in the base, now version 2"));
    compare_nights(&f, &(struct night){0}, &(struct night){.weights = "another", .cpu = "Xeon"});
    assert_true(has_note(&f, "backbone \"VGG-16\": weights 1234567890ab in the base, now weights another"));
    assert_true(has_note(&f, "processor EPYC, kernels for X in the base, now processor Xeon, kernels for X"));
    end(&f);
}

TEST(values_that_are_gone_or_come_are_a_difference)
{
    struct fixture f;
    const struct night undefined = {.method = RECIPROCAM, .metric = COHERENCY, .undefined = 1};
    begin(&f);
    compare_nights(&f, &(struct night){0}, &undefined);
    assert_int_equal(f.comparison.results[COMPARE_UNDEFINED], BACKBONES * 2);
    assert_string_equal(in_common(&f), "method reciprocam");
    assert_int_equal(f.comparison.cells[0].undefined[0], 0);
    assert_int_equal(f.comparison.cells[0].undefined[1], 1);
    end(&f);
}

TEST(missing_and_new_cells_are_no_difference_and_are_counted)
{
    struct fixture f;
    begin(&f);
    compare_nights(&f, &(struct night){0}, &(struct night){.skip_method = 1});
    assert_int_equal(differences(&f), 0);
    assert_int_equal(f.comparison.missing, BACKBONES * (METRICS - 1));
    compare_nights(&f, &(struct night){.skip_method = 1}, &(struct night){0});
    assert_int_equal(f.comparison.missing, 0);
    assert_int_equal(f.comparison.results[COMPARE_NEW], BACKBONES * (METRICS - 1));
    compare_nights(&f, &(struct night){0}, &(struct night){.unfinished = 3});
    assert_int_equal(f.comparison.results[COMPARE_INCOMPLETE], 3 * (METRICS - 1));
    assert_int_equal(f.comparison.missing, 3 * (METRICS - 1));
    assert_int_equal(f.runs[1].items, f.runs[1].items_wanted - 3);
    end(&f);
}

TEST(other_images_are_compared_on_the_common_ones)
{
    struct fixture f;
    begin(&f);
    compare_nights(&f, &(struct night){0}, &(struct night){.images = 20});
    assert_int_equal(differences(&f), 0);
    assert_int_equal(f.comparison.missing, 0);
    assert_int_equal(f.comparison.images, 20);
    assert_true(has_note(&f, "compared on 20 images; 12 more in the base, 0 more now"));
    end(&f);
}

TEST(a_tolerance_takes_the_place_of_equality)
{
    static const struct compare_tolerance rows[] = {{NULL, 0.4}, {"complexity", 0.6}, {"adcc_of_means", 5}};
    struct fixture f;
    begin(&f);
    write_night(&f, 0, &(struct night){0});
    write_night(&f, 1, &(struct night){.metric = COMPLEXITY, .shift = 0.005});
    compare(&f, &(struct compare_options){.tolerance_count = 3, .tolerances = rows, .bootstrap = 100});
    assert_int_equal(differences(&f), 0);
    compare(&f, &(struct compare_options){.tolerance_count = 1, .tolerances = rows, .bootstrap = 100});
    assert_true(f.comparison.results[COMPARE_CHANGED] >= BACKBONES * METHODS);
    end(&f);
}

TEST(junit_is_well_formed_whatever_the_names)
{
    struct fixture f;
    const char *const label = "<script>\\\"'&]]>\\e[31m\\n\\uFFFE`id`=cmd()";
    char *text = NULL;
    size_t size = 0;
    begin(&f);
    write_night(&f, 0, &(struct night){0});
    write_night(&f, 1, &(struct night){.metric = COMPLEXITY, .shift = 0.005});
    compare(&f, NULL);
    struct compare_cell *cell = &f.comparison.cells[0];
    cell->method = "<script>\"'&]]>\033[31m\n\xef\xbf\xbe\xff`id`=cmd()";
    cell->most = label;
    f.comparison.notes = (const char *[]){"\033[2J"};
    f.comparison.note_count = 1;
    FILE *stream = open_memstream(&text, &size);
    compare_junit(&f.comparison, stream);
    fclose(stream);
    XML_Parser parser = XML_ParserCreate(NULL);
    if (XML_Parse(parser, text, (int)size, true) != XML_STATUS_OK)
        fail_msg("%s: %s", XML_ErrorString(XML_GetErrorCode(parser)), text);
    XML_ParserFree(parser);
    free(text);
    stream = open_memstream(&text, &size);
    compare_terminal(&f.comparison, stream, false, &f.arena);
    fclose(stream);
    assert_null(strchr(text, '\033'));
    free(text);
    end(&f);
}

static void must_say(const struct compare_cell *cell, const char *want)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    compare_sentence(stream, cell);
    fclose(stream);
    if (strncmp(text, want, strlen(want)) != 0)
        fail_msg("\n got %s\nwant %s", text, want);
    free(text);
}

TEST(different_values_are_printed_differently)
{
    const struct report_metric plain = {.name = "coherency", .unit = ""}, percent = {.unit = "%", .is_percent = true};
    struct compare_cell cell = {.result = COMPARE_CHANGED, .n = 8, .metric = &percent, .low = NAN, .high = NAN};
    const struct {
        double was, is;
        const char *percent, *plain, *seconds;
    } cases[] = {
        {0.47, 0.48, "47.00, now 48.00 (", "0.4700, now 0.4800 (", "0.47 s, now 0.48 s ("},
        {0.47, 0.47, "47.00, now 47.00 (", "0.4700, now 0.4700 (", "0.47 s, now 0.47 s ("},
        {0.47, 0.470001, "47.0000, now 47.0001 (", "0.470000, now 0.470001 (", "0.47 s, now 0.470001 s ("},
        {0.470049, 0.470051, "47.00, now 47.01 (", "0.4700, now 0.4701 (", "0.47 s, now 0.4701 s ("},
        {0.5, 0.5 + 0x1p-52, "50.00000000000000, now 50.00000000000002 (",
         "0.5000000000000000, now 0.5000000000000002 (", "0.5 s, now 0.5000000000000002 s ("},
        {NAN, 0.25, "–, now 25.00 (", "–, now 0.2500 (", "–, now 0.25 s ("},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cell.value[0] = cases[i].was;
        cell.value[1] = cases[i].is;
        cell.metric = &percent;
        must_say(&cell, cases[i].percent);
        cell.metric = &plain;
        must_say(&cell, cases[i].plain);
        cell.metric = NULL;
        must_say(&cell, cases[i].seconds);
    }
}

static bool is_there(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

TEST(a_baseline_is_replaced_whole_and_no_run_is_lost)
{
    struct fixture f;
    char part[96];
    begin(&f);
    snprintf(part, sizeof part, "%s.part", f.folder[0]);
    write_night(&f, 0, &(struct night){0});
    write_night(&f, 1, &(struct night){.metric = COMPLEXITY, .shift = 0.005});
    assert_int_equal(mkdir(part, 0777), 0); /* left by a process that was killed */
    must(&f, baseline_update(f.folder[0], f.folder[1], &f.err));
    compare(&f, NULL);
    assert_int_equal(differences(&f), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/summary.csv", f.folder[0]);
    fclose(fopen(path, "w"));
    assert_int_equal(baseline_update(f.folder[0], f.folder[1], &f.err), -1);
    assert_true(is_there(f.folder[0], "run.db"));
    assert_non_null(strstr(f.err.text, "is not a saved baseline: it holds \"summary.csv\""));
    assert_int_equal(baseline_update(f.folder[1], f.folder[1], &f.err), -1);
    assert_true(is_there(f.folder[1], "run.db"));
    end(&f);
}
