/* bench/run/additions.c - counts the base passes that are left, as the evaluator will make them, and says what for. */
#include "bench/run/additions.h"

#include "base/text.h"
#include "bench/run/estimate.h"
#include "bench/run/work.h"

/* A task: an image with all cheap methods, or with an expensive one. */
struct task {
    struct run *run;
    const struct store *store;
    int backbone, image;
    int method; /* the expensive one; -1: the cheap ones */
};

static bool has_method(const struct task *task, int m)
{
    return task->method < 0 ? !estimate_is_apart(&task->run->config.methods[m]) : task->method == m;
}

static bool lacks(const struct task *task, int m, int p, int k)
{
    return !store_has_value(task->store, task->backbone, task->image, m, p, k);
}

/* Whether a part takes the base pass of a protocol's input. Marks protocols whose map it lacks. */
static bool part_needs_base(const struct task *task, int m, int p)
{
    const struct run *run = task->run;
    const struct store_key key = {.backbone = task->backbone, .image = task->image, .method = m};
    const bool *needs = run->backbones[task->backbone].needs_base + p * run->config.metric_count;
    const bool is_kept = *work_kept(run->work, run, &key, panel_view_of(&run->panel, p));
    bool wants = false, is_needed = false;
    for (int k = 0; k < run->config.metric_count; k++)
        if (lacks(task, m, p, k)) {
            wants = true;
            is_needed |= needs[k];
        }
    run->work->lacks_map[p] |= wants && !is_kept;
    return wants &&
           (is_needed || !is_kept || (panel_needs_truth(&run->panel) && !panel_keeps_class(&run->panel.protocols[p])));
}

/* Adds a task's base passes; `inputs` is scratch: bit 0 for missing items, bit 1 for parts. */
static void count_task(const struct task *task, char *inputs)
{
    const struct run *run = task->run;
    const struct config *config = &run->config;
    const int count = panel_input_count(&run->panel);
    memset(inputs, 0, (size_t)count);
    if (task->method < 0 && !store_has_base(task->store, task->backbone, task->image))
        inputs[0] = 1;
    for (int m = 0; m < config->method_count; m++) {
        const bool is_done = store_has_item(task->store, task->backbone, task->image, m),
                   is_part = store_has_part(task->store, task->backbone, task->image, m);
        for (int p = 0; has_method(task, m) && !is_done && p < config->protocol_count; p++) {
            char *input = &inputs[panel_input_of(&run->panel, p)];
            *input |= !is_part ? 1 : part_needs_base(task, m, p) ? 2 : 0;
        }
    }
    for (int i = 0; i < count; i++) {
        run->work->bases[task->backbone] += inputs[i] != 0;
        run->work->part_bases[task->backbone] += inputs[i] == 2;
    }
}

static void count_image(struct task *task, char *inputs)
{
    task->method = -1;
    count_task(task, inputs);
    for (int m = 0; m < task->run->config.method_count; m++)
        if (estimate_is_apart(&task->run->config.methods[m])) {
            task->method = m;
            count_task(task, inputs);
        }
}

int additions_count(struct run *run, const struct store *store, struct error *err)
{
    struct work *work = run->work;
    const size_t backbones = (size_t)run->config.backbone_count;
    char *inputs = arena_alloc(&run->arena, (size_t)panel_input_count(&run->panel), 1);
    work->bases = arena_alloc(&run->arena, backbones, sizeof *work->bases);
    work->part_bases = arena_alloc(&run->arena, backbones, sizeof *work->part_bases);
    work->lacks_map = arena_alloc(&run->arena, (size_t)run->config.protocol_count, sizeof *work->lacks_map);
    if (!inputs || !work->bases || !work->part_bases || !work->lacks_map)
        return error_memory(err, "the run's items");
    if (work->is_kept && estimate_parts(run, err))
        return -1;
    struct task task = {.run = run, .store = store};
    for (task.backbone = 0; task.backbone < run->config.backbone_count; task.backbone++)
        for (task.image = 0; task.image < run->image_count; task.image++)
            if (shard_has(&run->shard, task.backbone, task.image, run->image_count))
                count_image(&task, inputs);
    return 0;
}

/* -- the lines ----------------------------------------------------------------------------------------------------- */

static bool needs_passes(const struct run *run, int p, int k)
{
    bool needs = run->work->lacks_map[p];
    for (int b = 0; b < run->config.backbone_count; b++)
        needs |= run->backbones[b].needs_base[p * run->config.metric_count + k];
    return needs;
}

static bool is_listed(const struct run *run, int p, int k, bool with_passes)
{
    return run->work->is_lacking[p * run->config.metric_count + k] && needs_passes(run, p, k) == with_passes;
}

/* Writes "complexity, average_drop (second)": under which protocols, unless it is all. Returns how many. */
static int list(const struct run *run, bool with_passes, FILE *stream)
{
    const struct config *config = &run->config;
    int said = 0;
    for (int k = 0; k < config->metric_count; k++) {
        int under = 0;
        for (int p = 0; p < config->protocol_count; p++)
            under += is_listed(run, p, k, with_passes);
        if (under == 0)
            continue;
        fprintf(stream, "%s%s", said++ ? ", " : "  ", TEXT_SHOWN(config->metrics[k].metric->name));
        const char *before = " (";
        for (int p = 0; under < config->protocol_count && p < config->protocol_count; p++)
            if (is_listed(run, p, k, with_passes)) {
                fprintf(stream, "%s%s", before, TEXT_SHOWN(config->protocols[p].name));
                before = ", ";
            }
        fputs(*before == ',' ? ")" : "", stream);
    }
    return said;
}

void additions_print(const struct run *run, FILE *stream)
{
    struct cost sum = {0};
    double bases = 0;
    if (!run->work->has_other_lists || !run->work->is_kept)
        return;
    for (int b = 0; b < run->config.backbone_count; b++) {
        sum = cost_plus(sum, estimate_part_passes(run, b));
        sum.full += estimate_part_shared(run, b);
        bases += run->work->part_bases[b];
    }
    if (list(run, false, stream))
        fputs(": computed from what is stored, without passes\n", stream);
    if (list(run, true, stream))
        fprintf(stream, ": %.0f base passes; %.0f full, %.0f tail, %.0f backward passes\n", bases, sum.full, sum.tail,
                sum.backward);
}
