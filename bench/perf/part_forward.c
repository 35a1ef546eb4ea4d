/* bench/perf/part_forward.c - images/s of each network and batch, beside the FMA peak and sgemm of the same rounds. */
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "bench/perf/subject.h"

#define PEAK_SECONDS 0.05

static const char *const usual_archs[] = {"vgg16", "resnet18", "resnet50", "resnext50_32x4d", "mobilenet_v2", NULL};
static const struct perf_numbers usual_batches = {3, {1, 8, 32}};

static const struct column columns[] = {
    {"network", "network", -16, 0},
    {"batch", "batch", 5, 0},
    {"images_per_second", "images/s", 9, 2},
    {"gflop_per_second", "GFLOP/s", 8, 1},
    {"percent_of_peak", "% of peak", 9, 1},
    {"percent_of_sgemm", "% of sgemm", 10, 1},
    {"spread_percent", "spread %", 8, 1},
    {"peak_gflop_per_second", "peak", 7, 1},
    {"sgemm_gflop_per_second", "sgemm", 7, 1},
    {0},
};

struct forward {
    struct rounds peak, sgemm, rate[PERF_LIST_MAX]; /* rate[batch] */
};

static void measure(const struct perf *perf, const struct subject *subject, const struct perf_numbers *batches,
                    struct forward *forward)
{
    const struct perf_options *options = perf->options;
    for (int b = 0; b < batches->count; b++)
        subject_forward(subject, batches->number[b]); /* warms up */
    for (int round = 0; round < options->rounds; round++) {
        rounds_add(&forward->peak, machine_fma(options->threads, PEAK_SECONDS));
        rounds_add(&forward->sgemm, machine_sgemm(perf->machine));
        for (int b = 0; b < batches->count; b++)
            rounds_add(&forward->rate[b], subject_rate(subject, batches->number[b], options->round_seconds));
    }
}

static void print(struct perf *perf, const struct subject *subject, const struct perf_numbers *batches,
                  const struct forward *forward)
{
    const double peak = rounds_median(&forward->peak), sgemm = rounds_median(&forward->sgemm);
    for (int b = 0; b < batches->count; b++) {
        const double rate = rounds_median(&forward->rate[b]), gflops = rate * subject->gflop;
        output_row(&perf->output,
                   (const struct cell[]){
                       cell_text(subject->arch), cell_number(batches->number[b]), cell_number(rate),
                       cell_number(gflops), cell_number(100 * gflops / peak), cell_number(100 * gflops / sgemm),
                       cell_number(rounds_spread(&forward->rate[b])), cell_number(peak), cell_number(sgemm)});
    }
}

static int measure_arch(struct perf *perf, const char *arch, const struct perf_numbers *batches, struct error *err)
{
    const struct subject_source source = {.arch = arch, .kernels = perf->options->kernels};
    struct subject subject;
    struct forward forward = {0};
    int most = 1;
    for (int b = 0; b < batches->count; b++)
        most = batches->number[b] > most ? batches->number[b] : most;
    if (subject_open(&subject, &source, perf->options->threads, most, err))
        return -1;
    measure(perf, &subject, batches, &forward);
    print(perf, &subject, batches, &forward);
    subject_close(&subject);
    return 0;
}

int part_forward(struct perf *perf, struct error *err)
{
    const struct perf_names archs = perf_names_or(&perf->options->archs, usual_archs);
    const struct perf_numbers *batches = perf->options->batches.count ? &perf->options->batches : &usual_batches;
    output_table(&perf->output, "forward", "Forward passes, GFLOP/s of the direct algorithm", columns);
    for (int i = 0; i < archs.count; i++)
        if (measure_arch(perf, archs.name[i], batches, err))
            return -1;
    return 0;
}
