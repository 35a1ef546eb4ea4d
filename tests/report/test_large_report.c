/*
 * The time and memory of a report of made-up values: CSV files, tables, pairs, plots and the page, which stays under 10 MB.
 * CAMBENCH_LARGE=1 makes 50000 images x 30 methods x 10 metrics, which must take less than 60 s and 2 GB; otherwise it is
 * a hundredth of the images.
 */
#include "tests/report/sample.h"

#include "base/arena.h"
#include "base/random.h"
#include "report/pairs.h"

#include <sys/resource.h>
#include <sys/stat.h>

enum { METHODS = 30, METRICS = 10 };

/* Of the page, and of a gallery with as many images, and pictures and maps as large, as bench/run/gallery.c allows. */
enum { PAGE_BYTES_MAX = 10000000, SHOWN = 60, PICTURE_BYTES = 18000, MAP_SIDE = 28 };

struct large {
    struct report report;
    struct report_method methods[METHODS];
    struct report_metric metrics[METRICS];
    char names[METHODS + METRICS][16], (*image_names)[16];
    const char **images, **notes;
    double *values;
    uint8_t *states;
    struct cost *costs;
};

/* Of the processor, so that other programs on the machine count less; gnuplot's are added. */
static double seconds(void)
{
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        struct rusage usage;
        getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
        sum += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
        sum += 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return sum;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

/* Every hundredth image has no value for the third metric, for all methods; the last metric combines means. */
static void fill(struct large *large)
{
    struct report *report = &large->report;
    struct random_stream stream;
    random_init(&stream, 1, 1);
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < report->image_count; i++) {
            for (int k = 0; k < METRICS - 1; k++) {
                const size_t at = report_index(report, 0, m, 0, k, i);
                const double value = random_uniform(&stream);
                large->values[at] = value * value * (1 - 0.01 * m);
                large->states[at] = k == 2 && i % 100 == 99 ? REPORT_UNDEFINED : REPORT_DEFINED;
            }
            large->costs[(size_t)m * (size_t)report->image_count + (size_t)i] =
                (struct cost){.seconds = 0.01, .full = 1};
        }
}

static void open_large(struct large *large, const char *folder, int images)
{
    const size_t items = (size_t)images * METHODS, values = items * METRICS;
    *large = (struct large){.report = {.name = "large",
                                       .folder = folder,
                                       .program = "cambench",
                                       .backbone_count = 1,
                                       .method_count = METHODS,
                                       .protocol_count = 1,
                                       .metric_count = METRICS,
                                       .image_count = images,
                                       .backbones = sample_backbones,
                                       .protocols = sample_protocols,
                                       .bootstrap = 2000,
                                       .seed = 1}};
    large->values = allocate(values, sizeof *large->values);
    large->states = allocate(values, 1);
    large->notes = allocate(values, sizeof *large->notes);
    large->costs = allocate(items, sizeof *large->costs);
    large->images = allocate((size_t)images, sizeof *large->images);
    large->image_names = allocate((size_t)images, sizeof *large->image_names);
    for (int i = 0; i < images; i++) {
        snprintf(large->image_names[i], sizeof *large->image_names, "%08d.jpg", i);
        large->images[i] = large->image_names[i];
    }
    for (int m = 0; m < METHODS; m++) {
        snprintf(large->names[m], sizeof *large->names, "method %d", m);
        large->methods[m] = (struct report_method){.name = large->names[m], .title = large->names[m]};
    }
    for (int k = 0; k < METRICS; k++) {
        char *name = large->names[METHODS + k];
        snprintf(name, sizeof *large->names, "metric%d", k);
        large->metrics[k] = sample_metrics[k == METRICS - 1 ? SAMPLE_OF_MEANS : SAMPLE_ADCC];
        large->metrics[k].name = large->metrics[k].title = name;
    }
    const int parts[] = {0, 1, 3, -1};
    memcpy(large->metrics[METRICS - 1].parts, parts, sizeof parts);
    large->report.methods = large->methods, large->report.metrics = large->metrics,
    large->report.images = large->images;
    large->report.values = large->values, large->report.states = large->states, large->report.notes = large->notes;
    large->report.costs = large->costs;
    fill(large);
}

static void close_large(struct large *large)
{
    report_paired_free((struct paired *)large->report.paired);
    free(large->values);
    free(large->states);
    free(large->notes);
    free(large->costs);
    free(large->images);
    free(large->image_names);
}

/* Writes the page, with a full gallery whose pictures and maps are of zeros. Returns its bytes. */
static double write_page(const struct large *large, const struct cell *cells)
{
    static const uint8_t bytes[PICTURE_BYTES];
    static struct page_map maps[METHODS];
    static struct page_image images[SHOWN];
    const struct page_picture picture = {bytes, sizeof bytes};
    const struct page_view view = {.picture = 0, .klass = 1, .probability = 0.5, .maps = maps};
    struct arena arena;
    struct error err;
    struct stat info;
    char path[128];
    int *shown;
    arena_init(&arena, 0);
    const int count = report_gallery(&large->report, SHOWN, &arena, &shown);
    assert_in_range(count, 1, SHOWN);
    for (int m = 0; m < METHODS; m++)
        maps[m] = (struct page_map){MAP_SIDE, MAP_SIDE, bytes};
    for (int i = 0; i < count; i++)
        images[i] = (struct page_image){.image = shown[i], .picture_count = 1, .pictures = &picture, .views = &view};
    const struct page_sources sources = {.image_count = count, .images = images};
    assert_int_equal(report_page(&large->report, cells, NULL, &sources, &err), 0);
    snprintf(path, sizeof path, "%s/index.html", large->report.folder);
    assert_int_equal(stat(path, &info), 0);
    arena_release(&arena);
    return (double)info.st_size;
}

TEST(a_large_report_is_made_in_time_and_memory)
{
    const bool is_large = getenv("CAMBENCH_LARGE");
    char folder[] = "/tmp/cambench-report-XXXXXX";
    struct error err = {0}, warning;
    struct large large;
    struct rusage usage;
    assert_non_null(mkdtemp(folder));
    open_large(&large, folder, is_large ? 50000 : 500);
    const double start = seconds();
    struct cell *cells = report_cells(&large.report, &err);
    assert_non_null(cells);
    const double has_cells = seconds();
    large.report.paired = report_pair_up(&large.report, &err);
    assert_non_null(large.report.paired);
    const double has_pairs = seconds();
    assert_int_equal(report_csv(&large.report, cells, &err), 0);
    assert_int_equal(report_tables(&large.report, cells, &err), 0);
    assert_int_equal(report_pairs(&large.report, &err), 0);
    const double has_files = seconds();
    assert_int_equal(report_plots(&large.report, cells, NULL, &warning, &err), 0);
    const double has_plots = seconds(), page_bytes = write_page(&large, cells), end = seconds();
    getrusage(RUSAGE_SELF, &usage);
    print_message("cells %.1f s, pairs %.1f s, files %.1f s, plots %.1f s, page %.1f s and %.1f MB; %.2f GB\n",
                  has_cells - start, has_pairs - has_cells, has_files - has_pairs, has_plots - has_files,
                  end - has_plots, 1e-6 * page_bytes, (double)usage.ru_maxrss / (1 << 20));
    assert_true(page_bytes < PAGE_BYTES_MAX);
    assert_int_equal(family_size(&large.report, 0, 0, METRICS - 1), METHODS * (METHODS - 1) / 2);
    assert_true(pair_at(&large.report, 0, 0, 0, 0, METHODS - 1).p_holm < PAIRS_ALPHA);
    if (is_large) {
        assert_true(end - start < 60);
        assert_true(usage.ru_maxrss < 2 << 20);
    }
    free(cells);
    sample_remove(folder);
    close_large(&large);
}
