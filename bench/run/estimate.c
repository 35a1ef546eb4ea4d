/* bench/run/estimate.c - estimates from the methods' declared costs, the metrics' requests and a calibration. */
#include "bench/run/estimate.h"

#include "base/text.h"
#include "bench/run/replicas.h"
#include "bench/run/work.h"
#include "report/escape.h"

/* Assumed if the number of images is not known yet. */
#define IMAGES_SHOWN 1000

/* The least slowdown that is mentioned. */
#define BUSY 1.2

/*
 * Bytes of the program, its libraries, SQLite's cache and the queue of results; of a worker's thread and heap, and of what
 * huge pages round up; of an image's names and tasks.
 */
#define PROGRAM_BYTES 25e6
#define THREAD_BYTES 1.8e6

/* A panel of an overlay sheet: its least side with the space around it, and measured bytes for each pixel. */
#define SHEET_SIDE 220
#define SHEET_PIXEL_BYTES 13
#define IMAGE_BYTES 400.0

/* Bytes on disk: of a value in run.db and the tables, of a panel of an overlay sheet. */
#define VALUE_BYTES 110.0
#define PANEL_BYTES 40e3

/* -- what the metrics request ------------------------------------------------------------------------------------- */

static struct evidence begin_probe(const struct run *run, const struct run_backbone *backbone)
{
    const struct picture_input *input = &backbone->model->input;
    return (struct evidence){.map = {input->h, input->w, NULL},
                             .channels = run_backbone_channels(backbone),
                             .class_count = class_count(backbone->model->outputs),
                             .native = {backbone->layer_shape.h, backbone->layer_shape.w, NULL},
                             .stages = backbone->stages,
                             .metric_count = run->panel.metric_count,
                             .metrics = run->panel.metrics};
}

/* Counts the requests under each protocol. is_lacking [protocol][metric]: the others are known; NULL: all are measured. */
static struct run_evidence *probe_evidence(struct run *run, const struct run_backbone *backbone, const bool *is_lacking,
                                           struct error *err)
{
    const struct panel *panel = &run->panel;
    const size_t protocol_count = (size_t)panel->protocol_count, metric_count = (size_t)panel->metric_count;
    struct evidence evidence = begin_probe(run, backbone);
    struct run_evidence *out = arena_alloc(&run->arena, protocol_count, sizeof *out);
    bool *is_known = is_lacking ? arena_alloc(&run->arena, metric_count, sizeof *is_known) : NULL;
    if (!out || (is_lacking && !is_known)) {
        error_memory(err, "the estimate");
        return NULL;
    }
    evidence.is_measured = is_known;
    for (size_t p = 0; p < protocol_count; p++) {
        for (size_t k = 0; is_lacking && k < metric_count; k++)
            is_known[k] = !is_lacking[p * metric_count + k];
        evidence.protocol = &panel->protocols[p];
        if (evidence_probe_metrics(&evidence, &out[p].requests, &out[p].seconds, err))
            return NULL;
    }
    return out;
}

int estimate_evidence(struct run *run, struct run_backbone *backbone, struct error *err)
{
    backbone->evidence = probe_evidence(run, backbone, NULL, err);
    return backbone->evidence ? 0 : -1;
}

/* Finds, for each metric that parts lack, whether it takes the base pass when all others are known. */
static int probe_bases(struct run *run, struct run_backbone *backbone, struct error *err)
{
    const struct panel *panel = &run->panel;
    const int metric_count = panel->metric_count;
    struct evidence evidence = begin_probe(run, backbone);
    bool *is_known = arena_alloc(&run->arena, (size_t)metric_count, sizeof *is_known);
    backbone->needs_base = arena_alloc(&run->arena, (size_t)panel->protocol_count, (size_t)metric_count * sizeof(bool));
    if (!is_known || !backbone->needs_base)
        return error_memory(err, "the estimate");
    evidence.is_measured = is_known;
    for (int i = 0; i < panel->protocol_count * metric_count; i++) {
        struct evidence_requests requests;
        double seconds;
        if (!run->work->needs_evidence[i])
            continue;
        for (int k = 0; k < metric_count; k++)
            is_known[k] = k != i % metric_count;
        evidence.protocol = &panel->protocols[i / metric_count];
        if (evidence_probe_metrics(&evidence, &requests, &seconds, err))
            return -1;
        backbone->needs_base[i] = requests.base > 0;
    }
    return 0;
}

int estimate_parts(struct run *run, struct error *err)
{
    for (int b = 0; b < run->config.backbone_count; b++) {
        struct run_backbone *backbone = &run->backbones[b];
        backbone->part_evidence = probe_evidence(run, backbone, run->work->needs_evidence, err);
        if (!backbone->part_evidence || probe_bases(run, backbone, err))
            return -1;
    }
    return 0;
}

/* -- passes ------------------------------------------------------------------------------------------------------- */

bool estimate_is_apart(const struct config_method *method)
{
    return cam_usual_cost(method->method, method->params).full > 1;
}

static struct cost declared_cost(const struct run_backbone *backbone, const struct config_method *config,
                                 struct shape input)
{
    struct tensor layers[PARAM_NAMES_MAX];
    if (config->method->cost_of_layers && run_backbone_method_layers(backbone, config, layers) > 0)
        return config->method->cost_of_layers(config->params, layers, input);
    return cam_cost(config->method, config->params, &backbone->layer_shape, input);
}

struct cost estimate_map(const struct run *run, int b, int m)
{
    const struct run_backbone *backbone = &run->backbones[b];
    const struct config_method *config = &run->config.methods[m];
    const struct shape input = {run_backbone_channels(backbone), backbone->model->input.h, backbone->model->input.w};
    struct cost map = declared_cost(backbone, config, input);
    map.full--;
    map.macs = map.full * backbone->full_macs + (map.tail + 2 * map.backward) * backbone->tail_macs;
    return map;
}

enum per_view { SHARED_PASSES, ALTERED_MAPS, CLASS_MAPS };

static int requested(const struct evidence_requests *requests, enum per_view what)
{
    return what == SHARED_PASSES ? requests->shared : what == ALTERED_MAPS ? requests->altered : requests->classes;
}

/* What the protocols of a view share: of each view the most that one of its protocols requests. */
static double per_view(const struct run *run, const struct run_evidence *evidence, enum per_view what)
{
    const struct panel *panel = &run->panel;
    double sum = 0;
    for (int p = 0; p < panel->protocol_count; p++) {
        int most = 0;
        for (int other = p; other < panel->protocol_count; other++)
            if (panel_is_first_of_view(panel, p) && panel_same_view(&panel->protocols[p], &panel->protocols[other]) &&
                requested(&evidence[other].requests, what) > most)
                most = requested(&evidence[other].requests, what);
        sum += most;
    }
    return sum;
}

/* The baselines of curves, each of which takes one pass for all methods and protocols of a view. */
static double ends_per_view(const struct run *run, const struct run_evidence *evidence)
{
    const struct panel *panel = &run->panel;
    double sum = 0;
    for (int p = 0; p < panel->protocol_count; p++) {
        unsigned ends = 0;
        for (int other = p; other < panel->protocol_count && panel_is_first_of_view(panel, p); other++)
            if (panel_same_view(&panel->protocols[p], &panel->protocols[other]))
                ends |= evidence[other].requests.ends;
        sum += __builtin_popcount(ends);
    }
    return sum;
}

/* The passes of `maps` maps, and of evidence. */
static struct cost passes_of(const struct run *run, int b, int m, double maps, const struct run_evidence *evidence)
{
    const struct run_backbone *backbone = &run->backbones[b];
    const struct cost map = estimate_map(run, b, m);
    double more = 0;
    maps += per_view(run, evidence, ALTERED_MAPS) + per_view(run, evidence, CLASS_MAPS);
    for (int p = 0; p < run->config.protocol_count; p++) {
        maps += evidence[p].requests.maps;
        more += evidence[p].requests.passes;
    }
    return cost_plus(cost_times(maps, map), (struct cost){.full = more, .macs = more * backbone->full_macs});
}

struct cost estimate_passes(const struct run *run, int b, int m)
{
    return passes_of(run, b, m, panel_view_count(&run->panel), run->backbones[b].evidence);
}

/* The number of tasks of an image: one for all cheap methods, and one for each expensive method. */
static int task_count(const struct run *run)
{
    int apart = 0;
    for (int m = 0; m < run->config.method_count; m++)
        apart += estimate_is_apart(&run->config.methods[m]);
    return apart + (apart < run->config.method_count);
}

static int images_shown(const struct run *run)
{
    return run->image_count ? run->image_count : IMAGES_SHOWN;
}

/* What is left to be measured of a backbone and a method. */
static struct work_items items_left(const struct run *run, int b, int m)
{
    return run->work ? run->work->items[b * run->config.method_count + m]
                     : (struct work_items){.missing = images_shown(run)};
}

static int images_left(const struct run *run, int b)
{
    return run->work ? run->work->images[b] : images_shown(run);
}

/* The passes for all methods of the images that lack something. */
static double shared_passes(const struct run *run, int b, const struct run_evidence *evidence)
{
    return (double)images_left(run, b) * task_count(run) *
           (per_view(run, evidence, SHARED_PASSES) + ends_per_view(run, evidence));
}

/* All of them, if a method lacks all of an item. */
static double shared_passes_left(const struct run *run, int b)
{
    const struct run_backbone *backbone = &run->backbones[b];
    bool has_missing = false;
    for (int m = 0; m < run->config.method_count; m++)
        has_missing = has_missing || items_left(run, b, m).missing > 0;
    return shared_passes(run, b,
                         has_missing || !backbone->part_evidence ? backbone->evidence : backbone->part_evidence);
}

static double bases_left(const struct run *run, int b)
{
    return run->work ? run->work->bases[b]
                     : (double)images_shown(run) * task_count(run) * panel_input_count(&run->panel);
}

struct cost estimate_part_passes(const struct run *run, int b)
{
    struct cost sum = {0};
    for (int m = 0; m < run->config.method_count; m++) {
        const struct work_items items = items_left(run, b, m);
        if (items.parts)
            sum = cost_plus(sum, cost_times(items.parts, passes_of(run, b, m, items.part_maps / items.parts,
                                                                   run->backbones[b].part_evidence)));
    }
    return sum;
}

double estimate_part_shared(const struct run *run, int b)
{
    bool has_parts = false;
    for (int m = 0; m < run->config.method_count; m++)
        has_parts = has_parts || items_left(run, b, m).parts > 0;
    return has_parts ? shared_passes(run, b, run->backbones[b].part_evidence) : 0;
}

static struct cost backbone_passes(const struct run *run, int b)
{
    const double base = bases_left(run, b) + shared_passes_left(run, b);
    struct cost sum = {.full = base, .macs = base * run->backbones[b].full_macs};
    for (int m = 0; m < run->config.method_count; m++) {
        const struct work_items items = items_left(run, b, m);
        sum = cost_plus(sum, cost_times(items.missing, estimate_passes(run, b, m)));
    }
    return cost_plus(sum, estimate_part_passes(run, b));
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void describe_images(const struct run *run, FILE *stream)
{
    char shown[PATH_MAX];
    const char *path = text_printable(run->config.dataset.path, shown, sizeof shown);
    if (run->images)
        fprintf(stream, "%d of %d images of %s", run->image_count, imageset_count(run->images), path);
    else if (run->image_count)
        fprintf(stream, "%d images of %s", run->image_count, path);
    else
        fprintf(stream, "all images of %s, figures for %d", path, IMAGES_SHOWN);
}

void estimate_describe(const struct run *run, FILE *stream)
{
    const struct config *config = &run->config;
    fprintf(stream, "run \"%s\": ", TEXT_SHOWN(config->name));
    describe_images(run, stream);
    fprintf(stream, ", %d backbone%s, %d method%s, %d metric%s, %d thread%s\n", config->backbone_count,
            plural(config->backbone_count), config->method_count, plural(config->method_count), config->metric_count,
            plural(config->metric_count), run->threads, plural(run->threads));
    for (int b = 0; b < config->backbone_count; b++) {
        const struct run_backbone *backbone = &run->backbones[b];
        const struct cost sum = backbone_passes(run, b);
        fprintf(stream, "  %-18s layer %s (%d,%d,%d): %.0f full, %.0f tail, %.0f backward passes",
                TEXT_SHOWN(config->backbones[b].label), backbone->layer, backbone->layer_shape.c,
                backbone->layer_shape.h, backbone->layer_shape.w, sum.full, sum.tail, sum.backward);
        if (!backbone->model->is_foreign)
            fprintf(stream, ", %.0f GFLOP", sum.macs * 2e-9);
        fputc('\n', stream);
    }
}

/* -- time --------------------------------------------------------------------------------------------------------- */

/* Seconds of a method under one protocol after its raw map: post-processing and evidence. */
static double judged_seconds(const struct run_evidence *evidence, const struct calibrated *speed, int m)
{
    return speed->finish + evidence->seconds + evidence->requests.passes * speed->masked +
           evidence->requests.maps * (speed->explain[m] + speed->finish);
}

/* Seconds of a method's maps and its evidence under all protocols. */
static double item_seconds(const struct run *run, const struct calibrated *speed, int m, double maps,
                           const struct run_evidence *evidence)
{
    double seconds =
        (maps + per_view(run, evidence, ALTERED_MAPS) + per_view(run, evidence, CLASS_MAPS)) * speed->explain[m];
    for (int p = 0; p < run->config.protocol_count; p++)
        seconds += judged_seconds(&evidence[p], speed, m);
    return seconds;
}

/* Seconds of a backbone on one worker. */
static double backbone_seconds(const struct run *run, const struct calibrated *speed, int b)
{
    const struct run_backbone *backbone = &run->backbones[b];
    double seconds =
        bases_left(run, b) / panel_input_count(&run->panel) * speed->task + shared_passes_left(run, b) * speed->masked;
    for (int m = 0; m < run->config.method_count; m++) {
        const struct work_items items = items_left(run, b, m);
        seconds += items.missing * item_seconds(run, speed, m, panel_view_count(&run->panel), backbone->evidence);
        if (items.parts)
            seconds +=
                items.parts * item_seconds(run, speed, m, items.part_maps / items.parts, backbone->part_evidence);
    }
    return seconds;
}

/* Formats seconds as "3.4 h". Returns text. */
static const char *duration(double seconds, char text[32])
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    snprintf(text, 32, "%.*f %s", seconds < 20 * units[i].seconds ? 1 : 0, seconds / units[i].seconds, units[i].unit);
    return text;
}

static double put_times(const struct run *run, const struct calibration *calibration, FILE *stream)
{
    double total = 0;
    char text[32];
    for (int b = 0; b < run->config.backbone_count; b++) {
        const struct calibrated *speed = &calibration->backbones[b];
        const double seconds = backbone_seconds(run, speed, b) / calibration->workers;
        total += seconds;
        fprintf(stream, "  %-18s %s", TEXT_SHOWN(run->config.backbones[b].label), duration(seconds, text));
        if (!run->backbones[b].model->is_foreign)
            fprintf(stream, ", %.1f GFLOP/s a worker", 2e-9 * run->backbones[b].full_macs / speed->masked);
        fputs(speed->is_measured ? "\n" : " (derived from the others)\n", stream);
    }
    return total;
}

/* -- memory and disk ---------------------------------------------------------------------------------------------- */

const char *estimate_size(double bytes, char text[32])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    for (bytes /= 1024; bytes >= 1024 && i < 3; i++)
        bytes /= 1024;
    snprintf(text, 32, "%.*f %s", bytes < 10 ? 1 : 0, bytes, units[i]);
    return text;
}

/* Memory of the report's table: for every value of every image its number, state and note. */
static double table_bytes(const struct run *run)
{
    const struct config *config = &run->config;
    const double item = sizeof(struct cost) +
                        (sizeof(double) + 1 + sizeof(char *)) * config->protocol_count * (double)config->metric_count;
    return images_shown(run) * (IMAGE_BYTES + item * config->backbone_count * config->method_count);
}

static double largest_worker(const struct run *run, const struct calibration *calibration)
{
    double worker = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        worker = fmax(worker, (double)calibration->backbones[b].worker_bytes);
    return worker;
}

/* Mean maps on altered networks that a worker keeps until the next image. */
static double altered_map_bytes(const struct run *run, int b)
{
    const struct run_backbone *backbone = &run->backbones[b];
    const double input = (double)backbone->model->input.h * backbone->model->input.w;
    const double layer = (double)backbone->layer_shape.h * backbone->layer_shape.w;
    double floats = 0;
    for (int m = 0; m < run->config.method_count; m++)
        floats += run->config.methods[m].method->map == METHOD_MAP_INPUT ? input : layer;
    return sizeof(float) * floats * per_view(run, backbone->evidence, ALTERED_MAPS);
}

/* Overlay sheets that workers draw at the same time, with what libpng takes. */
static double sheet_bytes(const struct run *run, int b, int workers)
{
    const struct picture_input *input = &run->backbones[b].model->input;
    const double panel = fmax(input->h, SHEET_SIDE) * fmax(input->w, SHEET_SIDE);
    const int sheets =
        run->config.report.overlays < images_shown(run) ? run->config.report.overlays : images_shown(run);
    return SHEET_PIXEL_BYTES * panel * (run->config.method_count + 1) * (sheets < workers ? sheets : workers);
}

/*
 * The memory of the backbone that needs most, or of the report, when all networks are gone. While a network is made, its
 * weights exist twice. Each draw of altered weights is a network more.
 */
double estimate_memory(const struct run *run, const struct calibration *calibration)
{
    double all = table_bytes(run);
    for (int b = 0; b < run->config.backbone_count; b++) {
        const struct calibrated *speed = &calibration->backbones[b];
        const int draws = altered_draws(&run->backbones[b], run->config.protocol_count);
        const double networks = (1 + draws + replicas_count(run)) * (double)speed->network_bytes;
        const double made = networks + (draws ? 2 : 1) * (double)speed->weights_bytes;
        const double used =
            networks + calibration->workers * (THREAD_BYTES + (double)speed->worker_bytes + altered_map_bytes(run, b));
        const double sheets = sheet_bytes(run, b, calibration->workers);
        all = fmax(all, fmax(made, used + sheets) + IMAGE_BYTES * images_shown(run));
    }
    return all + PROGRAM_BYTES;
}

static void put_memory(const struct run *run, const struct calibration *calibration, FILE *stream)
{
    char texts[2][32];
    fprintf(stream, "memory: %s a worker, %s in all\n", estimate_size(largest_worker(run, calibration), texts[0]),
            estimate_size(estimate_memory(run, calibration), texts[1]));
}

static double map_bytes(const struct run *run)
{
    double bytes = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        for (int m = 0; m < run->config.method_count; m++) {
            const struct run_backbone *backbone = &run->backbones[b];
            const bool is_input = run->config.methods[m].method->map == METHOD_MAP_INPUT;
            const int h = is_input ? backbone->model->input.h : backbone->layer_shape.h;
            const int w = is_input ? backbone->model->input.w : backbone->layer_shape.w;
            bytes += sizeof(float) * (double)h * w + 3 * sizeof(int32_t);
        }
    return bytes;
}

struct disk {
    double values, maps, overlays;
};

static struct disk disk_bytes(const struct run *run)
{
    const struct config *config = &run->config;
    const double images = images_shown(run), items = (double)config->backbone_count * config->method_count;
    const double sheets = config->report.overlays < images ? config->report.overlays : images;
    return (struct disk){.values = VALUE_BYTES * images * items * config->protocol_count * config->metric_count,
                         .maps = config->report.maps ? images * map_bytes(run) : 0,
                         .overlays = PANEL_BYTES * sheets * (items + config->backbone_count)};
}

double estimate_disk(const struct run *run)
{
    const struct disk disk = disk_bytes(run);
    return disk.values + disk.maps + disk.overlays;
}

static void put_disk(const struct run *run, FILE *stream)
{
    const struct disk disk = disk_bytes(run);
    char texts[4][32];
    fprintf(stream, "disk: %s (values %s, maps %s, overlays %s)\n", estimate_size(estimate_disk(run), texts[0]),
            estimate_size(disk.values, texts[1]), estimate_size(disk.maps, texts[2]),
            estimate_size(disk.overlays, texts[3]));
}

void estimate_costs(const struct run *run, const struct calibration *calibration, FILE *stream)
{
    char texts[2][32];
    fprintf(stream, "estimate for this machine, calibrated in %s, %d worker%s:\n",
            duration(calibration->seconds, texts[0]), calibration->workers, plural(calibration->workers));
    const double seconds = put_times(run, calibration, stream);
    fprintf(stream, "time: %s", duration(seconds, texts[0]));
    if (calibration->slowdown > BUSY)
        fprintf(stream, "; %s while the machine is as busy as now",
                duration(seconds * calibration->slowdown, texts[1]));
    putc('\n', stream);
    put_memory(run, calibration, stream);
    put_disk(run, stream);
}

void estimate_missing(const struct run *run, FILE *stream)
{
    for (int i = 0; i < run->missing_count; i++) {
        fprintf(stream, "missing %s: ", run->missing[i].what);
        escape_terminal(stream, run->missing[i].path, 0);
        fputs("\n    ", stream);
        escape_terminal(stream, run->missing[i].command, 0);
        putc('\n', stream);
    }
}
