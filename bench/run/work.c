/* bench/run/work.c - compares the lists and items of a store with those that a run wants. */
#include "bench/run/work.h"

#include "base/text.h"

static int read_list(const struct store *store, enum store_list_kind kind, struct arena *arena, struct work_list *list)
{
    const int count = store_count(store, kind);
    for (int i = 0; i < count; i++)
        if (store_is_new(store, kind, i) && !list->gained++ &&
            !(list->name = arena_string(arena, store_entry_name(store, kind, i))))
            return -1;
    list->left_out = store_entry_count(store, kind) - (count - list->gained);
    return 0;
}

struct work *work_read_lists(struct run *run, const struct store *store, struct error *err)
{
    struct work *work = arena_alloc(&run->arena, 1, sizeof *work);
    bool is_short = !work;
    for (int kind = 0; kind < STORE_LISTS && !is_short; kind++)
        is_short = read_list(store, (enum store_list_kind)kind, &run->arena, &work->lists[kind]);
    if (is_short) {
        error_memory(err, "the run's lists");
        return NULL;
    }
    work->has_other_lists = !store_has_same_lists(store);
    return work;
}

/* -- items --------------------------------------------------------------------------------------------------------- */

/* A run, its store and the work that is filled. */
struct counting {
    const struct run *run;
    const struct store *store;
    struct work *work;
    int *view_of; /* [protocol] */
};

static struct work_items *items_of(const struct counting *of, int backbone, int method)
{
    return &of->work->items[backbone * of->run->config.method_count + method];
}

static bool lacks_value(const struct counting *of, int backbone, int image, int method, int protocol, int metric)
{
    return !store_has_value(of->store, backbone, image, method, protocol, metric);
}

/* Whether an item lacks values under a view. */
static bool wants_view(const struct counting *of, int backbone, int image, int method, int view)
{
    for (int p = 0; p < of->run->config.protocol_count; p++)
        for (int k = 0; k < of->run->config.metric_count; k++)
            if (of->view_of[p] == view && lacks_value(of, backbone, image, method, p, k))
                return true;
    return false;
}

/* Whether the store has the value under a protocol with the same curve, of which it then is another area. */
static bool has_curve(const struct counting *of, int backbone, int image, int method, int protocol, int metric)
{
    const struct panel *panel = &of->run->panel;
    const enum curve_kind kind = panel->metrics[metric].metric->curve;
    for (int p = 0; (kind == CURVE_INSERTION || kind == CURVE_DELETION) && p < panel->protocol_count; p++)
        if (panel_same_curve(&panel->protocols[p], &panel->protocols[protocol], kind) &&
            !lacks_value(of, backbone, image, method, p, metric))
            return true;
    return false;
}

static void add_part(const struct counting *of, int backbone, int image, int method)
{
    const struct config *config = &of->run->config;
    struct work_items *items = items_of(of, backbone, method);
    items->parts++;
    for (int p = 0; p < config->protocol_count; p++)
        for (int k = 0; k < config->metric_count; k++)
            if (lacks_value(of, backbone, image, method, p, k)) {
                of->work->is_lacking[p * config->metric_count + k] = true;
                of->work->needs_evidence[p * config->metric_count + k] |= !has_curve(of, backbone, image, method, p, k);
            }
    for (int v = 0; v < store_count(of->store, STORE_VIEWS); v++)
        items->part_maps += wants_view(of, backbone, image, method, v);
}

static void add_item(const struct counting *of, int backbone, int image, int method)
{
    struct work_items *items = items_of(of, backbone, method);
    if (store_has_item(of->store, backbone, image, method))
        items->there++;
    else if (store_has_part(of->store, backbone, image, method))
        add_part(of, backbone, image, method);
    else
        items->missing++;
}

static bool is_complete(const struct counting *of, int backbone, int image)
{
    for (int m = 0; m < of->run->config.method_count; m++)
        if (!store_has_item(of->store, backbone, image, m))
            return false;
    return store_has_base(of->store, backbone, image);
}

/* A part needs no map under a view of which the store has it. */
static int take_map(void *context, const struct store_key *key, int view, struct error *err)
{
    const struct counting *of = context;
    (void)err;
    if (of->work->is_kept)
        *work_kept(of->work, of->run, key, view) = true;
    if (shard_has(&of->run->shard, key->backbone, key->image, of->run->image_count) &&
        store_has_part(of->store, key->backbone, key->image, key->method) &&
        wants_view(of, key->backbone, key->image, key->method, view))
        items_of(of, key->backbone, key->method)->part_maps--;
    return 0;
}

static bool has_parts(const struct run *run, const struct work *work)
{
    for (int i = 0; i < run->config.backbone_count * run->config.method_count; i++)
        if (work->items[i].parts)
            return true;
    return false;
}

static int make_kept(struct run *run, struct work *work, struct error *err)
{
    const size_t items =
        (size_t)run->config.backbone_count * (size_t)run->image_count * (size_t)run->config.method_count;
    work->is_kept = arena_alloc(&run->arena, items, (size_t)panel_view_count(&run->panel) * sizeof *work->is_kept);
    return work->is_kept ? 0 : error_memory(err, "the run's items");
}

int work_read_items(struct run *run, struct store *store, struct work *work, struct error *err)
{
    const struct config *config = &run->config;
    struct counting of = {.run = run, .store = store, .work = work};
    const size_t backbones = (size_t)config->backbone_count;
    work->items = arena_alloc(&run->arena, backbones * (size_t)config->method_count, sizeof *work->items);
    work->images = arena_alloc(&run->arena, backbones, sizeof *work->images);
    work->is_lacking = arena_alloc(&run->arena, (size_t)config->protocol_count * (size_t)config->metric_count,
                                   sizeof *work->is_lacking);
    work->needs_evidence = arena_alloc(&run->arena, (size_t)config->protocol_count * (size_t)config->metric_count,
                                       sizeof *work->needs_evidence);
    of.view_of = arena_alloc(&run->arena, (size_t)config->protocol_count, sizeof *of.view_of);
    if (!work->items || !work->images || !work->is_lacking || !work->needs_evidence || !of.view_of)
        return error_memory(err, "the run's items");
    for (int p = 0; p < config->protocol_count; p++)
        of.view_of[p] = panel_view_of(&run->panel, p);
    for (int b = 0; b < config->backbone_count; b++)
        for (int image = 0; image < run->image_count; image++) {
            if (!shard_has(&run->shard, b, image, run->image_count))
                continue;
            work->images[b] += !is_complete(&of, b, image);
            for (int m = 0; m < config->method_count; m++)
                add_item(&of, b, image, m);
        }
    if (has_parts(run, work) && make_kept(run, work, err))
        return -1;
    return store_each_kept_map(store, take_map, &of, err);
}

/* -- the line ------------------------------------------------------------------------------------------------------ */

/* The lists that a config has, in the order of the line. */
static const struct {
    enum store_list_kind kind;
    const char *one, *many;
} shown[] = {{STORE_BACKBONES, "backbone", "backbones"},
             {STORE_METHODS, "method", "methods"},
             {STORE_METRICS, "metric", "metrics"},
             {STORE_PROTOCOLS, "protocol", "protocols"},
             {STORE_IMAGES, "image", "images"}};

static void print_gained(const struct work *work, FILE *stream)
{
    const char *before = " adds";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct work_list *list = &work->lists[shown[i].kind];
        if (!list->gained)
            continue;
        fprintf(stream, "%s %d %s", before, list->gained, list->gained == 1 ? shown[i].one : shown[i].many);
        if (list->gained == 1)
            fprintf(stream, " (%s)", TEXT_SHOWN(list->name));
        before = ",";
    }
    if (*before == ',')
        putc(';', stream);
}

static void print_left_out(const struct work *work, FILE *stream)
{
    const char *before = " leaves out";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct work_list *list = &work->lists[shown[i].kind];
        if (list->left_out)
            fprintf(stream, "%s %d %s", before, list->left_out, list->left_out == 1 ? shown[i].one : shown[i].many);
        before = list->left_out ? "," : before;
    }
    if (*before == ',')
        putc(';', stream);
}

void work_print(const struct run *run, const struct work *work, FILE *stream)
{
    struct work_items sum = {0};
    if (!work->has_other_lists)
        return;
    for (int i = 0; i < run->config.backbone_count * run->config.method_count; i++) {
        sum.there += work->items[i].there;
        sum.parts += work->items[i].parts;
        sum.missing += work->items[i].missing;
    }
    fprintf(stream, "%s:", TEXT_SHOWN(run->config.output));
    print_gained(work, stream);
    print_left_out(work, stream);
    fprintf(stream, " %d maps are there, %d get more values, %d are to be measured\n", sum.there, sum.parts,
            sum.missing);
}
