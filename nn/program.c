/* nn/program.c - plans a program: which steps run, and where their values lie in the workspace. */
#include "nn/network.h"

#include <stdlib.h>

#define ALIGN_FLOATS 16

/* The values that a step reads: its inputs, then the residual. */
static int step_reads(const struct step *step, int *values)
{
    int count = 0;
    for (int i = 0; i < step->input_count; i++)
        values[count++] = step->inputs[i];
    if (step->residual >= 0)
        values[count++] = step->residual;
    return count;
}

/* Lists the steps that depend on the start value, in order, and the side values that they read. */
static int list_steps(struct network *network, bool keep_all, struct program *program, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t values = (size_t)network->value_count;
    bool *is_inside = arena_alloc(arena, values, sizeof *is_inside);
    bool *is_side = arena_alloc(arena, values, sizeof *is_side);
    program->steps = arena_alloc(arena, (size_t)network->step_count, sizeof *program->steps);
    program->sides = arena_alloc(arena, values, sizeof *program->sides);
    if (!is_inside || !is_side || !program->steps || !program->sides)
        return error_memory(err, "the plan");
    is_inside[program->start] = true;
    for (int i = 0; i < network->step_count; i++) {
        const struct step *step = &network->steps[i];
        if (keep_all ? step->parts != NULL : step->is_part)
            continue;
        int reads[NODE_INPUTS_MAX + 1];
        const int count = step_reads(step, reads);
        bool depends = false;
        for (int k = 0; k < count; k++)
            depends |= is_inside[reads[k]];
        if (!depends)
            continue;
        program->steps[program->step_count++] = i;
        is_inside[step->output] = true;
        for (int k = 0; k < count; k++)
            if (!is_inside[reads[k]] && !is_side[reads[k]]) {
                is_side[reads[k]] = true;
                program->sides[program->side_count++] = reads[k];
            }
    }
    if (program->start == network->logits || !is_inside[network->logits])
        return error_set(err, "the logits do not depend on it");
    return 0;
}

/* Whether the step may run on several rows at once, each the vector of one image. */
static bool works_on_rows(const struct network *network, const struct step *step)
{
    return shape_positions(network->values[step->inputs[0]]) == 1 && step->node->op->works_on_rows;
}

static bool reads_only(const struct network *network, const struct program *program, int first, int boundary)
{
    for (int i = first; i < program->step_count; i++) {
        const struct step *step = &network->steps[program->steps[i]];
        int reads[NODE_INPUTS_MAX + 1];
        const int count = step_reads(step, reads);
        if (!works_on_rows(network, step))
            return false;
        for (int k = 0; k < count; k++) {
            bool is_inside = reads[k] == boundary;
            for (int before = first; before < i; before++)
                is_inside |= network->steps[program->steps[before]].output == reads[k];
            if (!is_inside)
                return false;
        }
    }
    return true;
}

/* The first step that begins rows (op->begins_rows) such that all steps after it work on rows and read nothing else. */
static void split_rows(const struct network *network, struct program *program)
{
    program->spatial_count = program->step_count;
    program->boundary = -1;
    for (int i = 0; i < program->step_count; i++) {
        const struct step *step = &network->steps[program->steps[i]];
        if (!step->node->op->begins_rows || !reads_only(network, program, i, step->inputs[0]))
            continue;
        program->spatial_count = i;
        program->boundary = step->inputs[0];
        return;
    }
}

struct place {
    size_t offset, size;
    int last; /* the last step that reads it */
};

static int last_reader(const struct network *network, const struct program *program, int value)
{
    int last = -1;
    for (int i = 0; i < program->spatial_count; i++) {
        int reads[NODE_INPUTS_MAX + 1];
        const int count = step_reads(&network->steps[program->steps[i]], reads);
        for (int k = 0; k < count; k++)
            if (reads[k] == value)
                last = i;
    }
    return last;
}

static size_t rounded(size_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

/* First fit: the lowest place that does not overlap a value which is still needed at step `now`. */
static size_t find_place(const struct place *places, int count, size_t size, int now)
{
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const struct place *p = &places[i];
            if (p->last >= now && offset < p->offset + p->size && p->offset < offset + size) {
                offset = p->offset + p->size;
                moved = true;
            }
        }
    }
    return offset;
}

/*
 * Finds the first step after which all maps are small. Small maps come with large weights, which a group of images then
 * reads once; large maps fill the caches with a single image. Steps that read side values run image by image.
 */
#define GROUP_POSITIONS (28 * 28)
#define GROUP_IMAGES 8

static bool is_small(const struct network *network, const struct step *step)
{
    int reads[NODE_INPUTS_MAX + 1];
    const int count = step_reads(step, reads);
    for (int k = 0; k < count; k++)
        if (shape_positions(network->values[reads[k]]) > GROUP_POSITIONS)
            return false;
    return true;
}

static void split_groups(const struct network *network, struct program *program)
{
    program->group_images = program->side_count ? 1 : GROUP_IMAGES;
    program->group_first = program->spatial_count;
    while (program->group_first > 0 && is_small(network, &network->steps[program->steps[program->group_first - 1]]))
        program->group_first--;
}

struct planner {
    const struct network *network;
    struct program *program;
    struct place *places;
    int count;
};

static void place_value(struct planner *planner, int value, int now, int last)
{
    struct program *program = planner->program;
    const size_t images = program->is_grouped[value] ? (size_t)program->group_images : 1;
    const size_t size = rounded(images * shape_size(planner->network->values[value]));
    const size_t offset = find_place(planner->places, planner->count, size, now);
    program->offset[value] = offset;
    planner->places[planner->count++] = (struct place){offset, size, last};
    if (offset + size > program->floats)
        program->floats = offset + size;
}

static void place_all(struct planner *planner, bool keep_all, const bool *pinned)
{
    const struct network *network = planner->network;
    struct program *program = planner->program;
    const int end = program->spatial_count;
    for (int pass = 0; pass < 2; pass++) /* first the values that wait for the other images of the group */
        for (int i = -1; i < end; i++) {
            const int value = i < 0 ? program->start : network->steps[program->steps[i]].output;
            const bool is_result = value == program->boundary || value == network->logits;
            const int last = last_reader(network, program, value);
            const bool stays = keep_all || is_result || (pinned && pinned[value]);
            program->is_grouped[value] =
                !keep_all && (is_result || i >= program->group_first || last >= program->group_first);
            const bool waits = program->is_grouped[value] && i < program->group_first;
            if (waits == (pass == 0))
                place_value(planner, value, waits ? -1 : i, stays ? end : last);
        }
    for (int i = 0; keep_all && i < end; i++)
        if (network->steps[program->steps[i]].before >= 0)
            place_value(planner, network->steps[program->steps[i]].before, end, end);
    for (int i = 0; keep_all && i < program->side_count; i++)
        place_value(planner, program->sides[i], end, end);
}

static enum operand operand_of(const struct step *step, int value)
{
    int reads[NODE_INPUTS_MAX + 1];
    const int count = step_reads(step, reads);
    enum operand operand = OPERAND_NONE;
    for (int k = 0; k < count; k++)
        if (reads[k] == value)
            operand = operand != OPERAND_NONE  ? OPERAND_OTHER
                      : k == 0                 ? OPERAND_X
                      : k == step->input_count ? OPERAND_RESIDUAL
                                               : OPERAND_OTHER;
    return operand;
}

/*
 * Whether the step that writes a value and all that read it allow panels of this width; all must be on one side of
 * group_first.
 */
static bool all_take_panels(const struct network *network, const struct program *program, int writer, int panel)
{
    const struct step *step = &network->steps[program->steps[writer]];
    const int value = step->output, channels = network->values[value].c, last = last_reader(network, program, value);
    if (last < 0 || !step_takes_panels(step, OPERAND_Y, channels, panel))
        return false;
    for (int i = writer + 1; i <= last; i++) {
        const struct step *reader = &network->steps[program->steps[i]];
        const enum operand operand = operand_of(reader, value);
        if (operand == OPERAND_NONE)
            continue;
        if (operand == OPERAND_OTHER || (writer < program->group_first) != (i < program->group_first) ||
            !step_takes_panels(reader, operand, channels, panel))
            return false;
    }
    return true;
}

/* Chooses wide panels if there is more than one of them, else narrow ones. */
static void choose_panels(const struct network *network, struct program *program, const bool *pinned)
{
    for (int i = 0; i < program->spatial_count; i++) {
        const int value = network->steps[program->steps[i]].output;
        const int narrow = network->set ? network->set->panel : 0;
        if (value == program->boundary || value == network->logits || (pinned && pinned[value]) || narrow == 0)
            continue;
        if (network->values[value].c > PRODUCT_DEPTH && all_take_panels(network, program, i, PRODUCT_DEPTH))
            program->panel[value] = PRODUCT_DEPTH;
        else if (all_take_panels(network, program, i, narrow))
            program->panel[value] = narrow;
    }
}

static size_t scratch_floats(const struct network *network, const struct program *program, bool with_backward)
{
    size_t largest = 0;
    for (int i = 0; i < program->step_count; i++) {
        const struct step *step = &network->steps[program->steps[i]];
        struct shape in[NODE_INPUTS_MAX];
        for (int k = 0; k < step->input_count; k++)
            in[k] = network->values[step->inputs[k]];
        for (int backward = 0; backward <= with_backward && step->node->op->scratch; backward++) {
            const size_t need = step->node->op->scratch(step, in, network->values[step->output], backward);
            if (need > largest)
                largest = need;
        }
    }
    return largest;
}

int program_build(struct network *network, int start, bool keep_all, const bool *pinned, struct program *program,
                  struct error *err)
{
    *program = (struct program){.start = start};
    program->offset = arena_alloc(&network->arena, (size_t)network->value_count, sizeof *program->offset);
    program->is_grouped = arena_alloc(&network->arena, (size_t)network->value_count, sizeof *program->is_grouped);
    program->panel = arena_alloc(&network->arena, (size_t)network->value_count, sizeof *program->panel);
    struct place *places = calloc((size_t)network->value_count + 1, sizeof *places);
    if (!program->offset || !program->is_grouped || !program->panel || !places) {
        free(places);
        return error_memory(err, "the plan");
    }
    int status = list_steps(network, keep_all, program, err);
    if (!status) {
        for (int v = 0; v < network->value_count; v++)
            program->offset[v] = NO_PLACE;
        split_rows(network, program);
        if (keep_all) {
            program->spatial_count = program->step_count;
            program->boundary = -1;
        }
        split_groups(network, program);
        struct planner planner = {.network = network, .program = program, .places = places};
        place_all(&planner, keep_all, pinned);
        if (!keep_all)
            choose_panels(network, program, pinned);
        program->scratch = program->floats;
        program->floats += rounded(scratch_floats(network, program, keep_all));
        for (int i = program->spatial_count; i < program->step_count; i++) {
            const int value = network->steps[program->steps[i]].output;
            program->offset[value] = program->floats;
            program->floats += rounded(CHUNK_IMAGES * shape_size(network->values[value]));
        }
    }
    free(places);
    return status;
}
