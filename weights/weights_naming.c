/* weights/weights_naming.c - tables of names, and the small language they are written in. */
#include "weights/weights_naming.h"

#include <stdio.h>
#include <string.h>

#define PARTS_MAX 12

/* -- tables ------------------------------------------------------------------------------------------------------- */

static const struct naming_rule own[] = {{0}};

/* torchvision's files of 2017 have the dots that its modules lost. */
static const struct naming_rule old_densenet[] = {
    {"features.*.*.norm.*", "features.$1.$2.norm$3", NAMING_MODULE},
    {"features.*.*.conv.*", "features.$1.$2.conv$3", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_vgg[] = {
    {"pre_logits.fc1", "classifier.0", NAMING_FLAT},
    {"pre_logits.fc2", "classifier.3", NAMING_FLAT},
    {"head.fc", "classifier.6", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_mobilenet_v2[] = {
    {"conv_stem", "features.0.0", NAMING_MODULE},
    {"bn1", "features.0.1", NAMING_MODULE},
    {"blocks.0.0.conv_dw", "features.1.conv.0.0", NAMING_MODULE},
    {"blocks.0.0.bn1", "features.1.conv.0.1", NAMING_MODULE},
    {"blocks.0.0.conv_pw", "features.1.conv.1", NAMING_MODULE},
    {"blocks.0.0.bn2", "features.1.conv.2", NAMING_MODULE},
    {"blocks.*.*.conv_pw", "features.%k.conv.0.0", NAMING_MODULE},
    {"blocks.*.*.bn1", "features.%k.conv.0.1", NAMING_MODULE},
    {"blocks.*.*.conv_dw", "features.%k.conv.1.0", NAMING_MODULE},
    {"blocks.*.*.bn2", "features.%k.conv.1.1", NAMING_MODULE},
    {"blocks.*.*.conv_pwl", "features.%k.conv.2", NAMING_MODULE},
    {"blocks.*.*.bn3", "features.%k.conv.3", NAMING_MODULE},
    {"conv_head", "features.%n.0", NAMING_MODULE},
    {"bn2", "features.%n.1", NAMING_MODULE},
    {"classifier", "classifier.1", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_mobilenet_v3[] = {
    {"conv_stem", "features.0.0", NAMING_MODULE},
    {"bn1", "features.0.1", NAMING_MODULE},
    {"blocks.0.0.conv_dw", "features.1.block.0.0", NAMING_MODULE},
    {"blocks.0.0.bn1", "features.1.block.0.1", NAMING_MODULE},
    {"blocks.0.0.se.conv_reduce", "features.1.block.1.fc1", NAMING_MODULE},
    {"blocks.0.0.se.conv_expand", "features.1.block.1.fc2", NAMING_MODULE},
    {"blocks.0.0.conv_pw", "features.1.block.%p.0", NAMING_MODULE},
    {"blocks.0.0.bn2", "features.1.block.%p.1", NAMING_MODULE},
    {"blocks.@.*.conv", "features.%k.0", NAMING_MODULE},
    {"blocks.@.*.bn1", "features.%k.1", NAMING_MODULE},
    {"blocks.*.*.conv_pw", "features.%k.block.0.0", NAMING_MODULE},
    {"blocks.*.*.bn1", "features.%k.block.0.1", NAMING_MODULE},
    {"blocks.*.*.conv_dw", "features.%k.block.1.0", NAMING_MODULE},
    {"blocks.*.*.bn2", "features.%k.block.1.1", NAMING_MODULE},
    {"blocks.*.*.se.conv_reduce", "features.%k.block.2.fc1", NAMING_MODULE},
    {"blocks.*.*.se.conv_expand", "features.%k.block.2.fc2", NAMING_MODULE},
    {"blocks.*.*.conv_pwl", "features.%k.block.%q.0", NAMING_MODULE},
    {"blocks.*.*.bn3", "features.%k.block.%q.1", NAMING_MODULE},
    {"conv_head", "classifier.0", NAMING_FLAT},
    {"classifier", "classifier.3", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_efficientnet[] = {
    {"conv_stem", "features.0.0", NAMING_MODULE},
    {"bn1", "features.0.1", NAMING_MODULE},
    {"blocks.0.*.conv_dw", "features.1.%j.block.0.0", NAMING_MODULE},
    {"blocks.0.*.bn1", "features.1.%j.block.0.1", NAMING_MODULE},
    {"blocks.0.*.se.conv_reduce", "features.1.%j.block.1.fc1", NAMING_MODULE},
    {"blocks.0.*.se.conv_expand", "features.1.%j.block.1.fc2", NAMING_MODULE},
    {"blocks.0.*.conv_pw", "features.1.%j.block.2.0", NAMING_MODULE},
    {"blocks.0.*.bn2", "features.1.%j.block.2.1", NAMING_MODULE},
    {"blocks.*.*.conv_pw", "features.%i.%j.block.0.0", NAMING_MODULE},
    {"blocks.*.*.bn1", "features.%i.%j.block.0.1", NAMING_MODULE},
    {"blocks.*.*.conv_dw", "features.%i.%j.block.1.0", NAMING_MODULE},
    {"blocks.*.*.bn2", "features.%i.%j.block.1.1", NAMING_MODULE},
    {"blocks.*.*.se.conv_reduce", "features.%i.%j.block.2.fc1", NAMING_MODULE},
    {"blocks.*.*.se.conv_expand", "features.%i.%j.block.2.fc2", NAMING_MODULE},
    {"blocks.*.*.conv_pwl", "features.%i.%j.block.%r.0", NAMING_MODULE},
    {"blocks.*.*.bn3", "features.%i.%j.block.3.1", NAMING_MODULE},
    {"blocks.0.*.conv", "features.1.%j.block.0.0", NAMING_MODULE}, /* of V2, as the next one */
    {"blocks.*.*.conv_exp", "features.%i.%j.block.0.0", NAMING_MODULE},
    {"conv_head", "features.%s.0", NAMING_MODULE},
    {"bn2", "features.%s.1", NAMING_MODULE},
    {"classifier", "classifier.1", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_regnet[] = {
    {"stem.conv", "stem.0", NAMING_MODULE},
    {"stem.bn", "stem.1", NAMING_MODULE},
    {"s*.b*.conv1.conv", "trunk_output.block$1.block$1-#2.f.a.0", NAMING_MODULE},
    {"s*.b*.conv1.bn", "trunk_output.block$1.block$1-#2.f.a.1", NAMING_MODULE},
    {"s*.b*.conv2.conv", "trunk_output.block$1.block$1-#2.f.b.0", NAMING_MODULE},
    {"s*.b*.conv2.bn", "trunk_output.block$1.block$1-#2.f.b.1", NAMING_MODULE},
    {"s*.b*.se.*", "trunk_output.block$1.block$1-#2.f.se.$3", NAMING_MODULE},
    {"s*.b*.conv3.conv", "trunk_output.block$1.block$1-#2.f.c.0", NAMING_MODULE},
    {"s*.b*.conv3.bn", "trunk_output.block$1.block$1-#2.f.c.1", NAMING_MODULE},
    {"s*.b*.downsample.conv", "trunk_output.block$1.block$1-#2.proj.0", NAMING_MODULE},
    {"s*.b*.downsample.bn", "trunk_output.block$1.block$1-#2.proj.1", NAMING_MODULE},
    {"head.fc", "fc", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_mnasnet[] = {
    {"conv_stem", "layers.0", NAMING_MODULE},
    {"bn1", "layers.1", NAMING_MODULE},
    {"blocks.0.0.conv_dw", "layers.3", NAMING_MODULE},
    {"blocks.0.0.bn1", "layers.4", NAMING_MODULE},
    {"blocks.0.0.conv_pw", "layers.6", NAMING_MODULE},
    {"blocks.0.0.bn2", "layers.7", NAMING_MODULE},
    {"blocks.*.*.conv_pw", "layers.%m.%j.layers.0", NAMING_MODULE},
    {"blocks.*.*.bn1", "layers.%m.%j.layers.1", NAMING_MODULE},
    {"blocks.*.*.conv_dw", "layers.%m.%j.layers.3", NAMING_MODULE},
    {"blocks.*.*.bn2", "layers.%m.%j.layers.4", NAMING_MODULE},
    {"blocks.*.*.conv_pwl", "layers.%m.%j.layers.6", NAMING_MODULE},
    {"blocks.*.*.bn3", "layers.%m.%j.layers.7", NAMING_MODULE},
    {"conv_head", "layers.14", NAMING_MODULE},
    {"bn2", "layers.15", NAMING_MODULE},
    {"classifier", "classifier.1", NAMING_MODULE},
    {0},
};

static const struct naming_rule timm_convnext[] = {
    {"stem.*", "features.0.$1", NAMING_MODULE},
    {"stages.*.downsample.*", "features.=1.$2", NAMING_MODULE},
    {"stages.*.blocks.*.conv_dw", "features.>1.$2.block.0", NAMING_MODULE},
    {"stages.*.blocks.*.norm", "features.>1.$2.block.2", NAMING_MODULE},
    {"stages.*.blocks.*.mlp.fc1", "features.>1.$2.block.3", NAMING_MODULE},
    {"stages.*.blocks.*.mlp.fc2", "features.>1.$2.block.5", NAMING_MODULE},
    {"stages.*.blocks.*.gamma", "features.>1.$2.layer_scale", NAMING_CHANNELS},
    {"head.norm", "classifier.0", NAMING_MODULE},
    {"head.fc", "classifier.2", NAMING_MODULE},
    {0},
};

/* Those of the paper's authors. */
static const struct naming_rule own_convnext[] = {
    {"downsample_layers.*.*", "features.=1.$2", NAMING_MODULE},
    {"stages.*.*.dwconv", "features.>1.$2.block.0", NAMING_MODULE},
    {"stages.*.*.norm", "features.>1.$2.block.2", NAMING_MODULE},
    {"stages.*.*.pwconv1", "features.>1.$2.block.3", NAMING_MODULE},
    {"stages.*.*.pwconv2", "features.>1.$2.block.5", NAMING_MODULE},
    {"stages.*.*.gamma", "features.>1.$2.layer_scale", NAMING_CHANNELS},
    {"norm", "classifier.0", NAMING_MODULE},
    {"head", "classifier.2", NAMING_MODULE},
    {0},
};

/* timm calls the tensors of ResNets and DenseNets as torchvision does. */
const struct naming namings[NAMING_COUNT] = {
    {"torchvision's names", own, 0},
    {"torchvision's names of 2017", old_densenet, 0},
    {"timm's names", timm_vgg, 0},
    {"timm's names", timm_mobilenet_v2, 0},
    {"timm's names", timm_mobilenet_v3, 1e-5},
    {"timm's names", timm_efficientnet, 1e-5},
    {"timm's names", timm_regnet, 0},
    {"timm's names", timm_mnasnet, 0},
    {"timm's names", timm_convnext, 0},
    {"its authors' names", own_convnext, 0},
};

/* -- names -------------------------------------------------------------------------------------------------------- */

struct part {
    const char *text;
    int length;
};

/* The parts between the dots; count 0: too many. */
struct parts {
    int count;
    struct part part[PARTS_MAX];
};

static struct parts split(const char *name)
{
    struct parts parts = {0};
    for (;; name++) {
        if (parts.count == PARTS_MAX)
            return (struct parts){0};
        const int length = (int)strcspn(name, ".");
        parts.part[parts.count++] = (struct part){name, length};
        name += length;
        if (!*name)
            return parts;
    }
}

static bool is_text(const struct part *part, const char *text)
{
    return strlen(text) == (size_t)part->length && strncmp(part->text, text, (size_t)part->length) == 0;
}

/* A number below max; -1: none. */
static int number_of(const struct part *part, int max)
{
    int number = 0;
    for (int i = 0; i < part->length; i++) {
        if (part->text[i] < '0' || part->text[i] > '9')
            return -1;
        number = 10 * number + part->text[i] - '0';
        if (number >= max)
            return -1;
    }
    return part->length ? number : -1;
}

/* "blocks.STAGE.INDEX...": false if the name has another form. */
static bool find_block(const struct parts *name, int *stage, int *index)
{
    if (name->count < 4 || !is_text(&name->part[0], "blocks"))
        return false;
    *stage = number_of(&name->part[1], NAMING_STAGES_MAX);
    *index = number_of(&name->part[2], NAMING_BLOCKS_MAX);
    return *stage >= 0 && *index >= 0;
}

void naming_see(struct naming_blocks *blocks, const char *name)
{
    const struct parts parts = split(name);
    int stage, index;
    if (!find_block(&parts, &stage, &index))
        return;
    if (stage >= blocks->stages)
        blocks->stages = stage + 1;
    if (index >= blocks->count[stage])
        blocks->count[stage] = index + 1;
    if (is_text(&parts.part[3], "se"))
        blocks->has_se[stage][index] = true;
}

/* -- rules -------------------------------------------------------------------------------------------------------- */

struct match {
    struct part star[PARTS_MAX];
    int stars;
};

static bool is_last_stage(const struct part *part, const struct naming_blocks *blocks)
{
    return blocks->stages > 0 && number_of(part, NAMING_STAGES_MAX) == blocks->stages - 1;
}

/* The last part of a tensor's name, "weight", is not a module; rules of NAMING_CHANNELS are for the whole name. */
static bool rule_fits(const struct naming_rule *rule, const struct naming_blocks *blocks, const struct parts *name,
                      struct match *match)
{
    const struct parts from = split(rule->from);
    match->stars = 0;
    if (from.count != name->count - (rule->kind != NAMING_CHANNELS))
        return false;
    for (int i = 0; i < from.count; i++) {
        const struct part *part = &name->part[i];
        const char kind = from.part[i].text[0];
        const int start = from.part[i].length - 1; /* before a star at the end */
        if (from.part[i].text[start] == '*') {
            if (part->length < start || memcmp(part->text, from.part[i].text, (size_t)start) != 0)
                return false;
            match->star[match->stars++] = (struct part){part->text + start, part->length - start};
        } else if (kind == '@' ? !is_last_stage(part, blocks)
                               : part->length != from.part[i].length ||
                                     memcmp(part->text, from.part[i].text, (size_t)part->length) != 0)
            return false;
    }
    return true;
}

static int blocks_before(const struct naming_blocks *blocks, int stage)
{
    int count = 0;
    for (int i = 0; i < stage; i++)
        count += blocks->count[i];
    return count;
}

/* The value of a letter after %. */
static int value_of(char letter, const struct naming_blocks *blocks, int stage, int index)
{
    switch (letter) {
    case 'i':
        return stage + 1;
    case 'j':
        return index;
    case 'k':
        return blocks_before(blocks, stage) + index + 1;
    case 'n':
        return blocks_before(blocks, blocks->stages) + 1;
    case 'm':
        return stage + 7;
    case 's':
        return blocks->stages + 1;
    case 'r':
        return blocks->has_se[stage][index] ? 3 : 1;
    default:
        return (letter == 'q' ? 2 : 1) + blocks->has_se[stage][index];
    }
}

static void put(char *out, size_t size, size_t *used, const char *text, int length)
{
    if (*used < size)
        *used += (size_t)snprintf(out + *used, size - *used, "%.*s", length, text);
}

static void write_name(const struct naming_rule *rule, const struct naming_blocks *blocks, const struct parts *name,
                       const struct match *match, char *out, size_t size)
{
    int stage = 0, index = 0;
    size_t used = 0;
    char number[16];
    if (!find_block(name, &stage, &index))
        stage = index = 0;
    for (const char *at = rule->to; *at; at++) {
        if (*at == '$') {
            const struct part *star = &match->star[*++at - '1'];
            put(out, size, &used, star->text, star->length);
        } else if (*at == '#' || *at == '=' || *at == '>') {
            const char kind = *at++;
            const int n = number_of(&match->star[*at - '1'], NAMING_BLOCKS_MAX);
            snprintf(number, sizeof number, "%d", kind == '#' ? n - 1 : 2 * n + (kind == '>'));
            put(out, size, &used, number, (int)strlen(number));
        } else if (*at == '%') {
            snprintf(number, sizeof number, "%d", value_of(*++at, blocks, stage, index));
            put(out, size, &used, number, (int)strlen(number));
        } else
            put(out, size, &used, at, 1);
    }
    if (rule->kind == NAMING_CHANNELS)
        return;
    const struct part *last = &name->part[name->count - 1];
    put(out, size, &used, ".", 1);
    put(out, size, &used, last->text, last->length);
}

const struct naming_rule *naming_apply(const struct naming *naming, const struct naming_blocks *blocks,
                                       const char *name, char *out, size_t size)
{
    const struct parts parts = split(name);
    struct match match;
    for (const struct naming_rule *rule = naming->rules; rule->from; rule++)
        if (rule_fits(rule, blocks, &parts, &match)) {
            write_name(rule, blocks, &parts, &match, out, size);
            return rule;
        }
    snprintf(out, size, "%s", name);
    return NULL;
}
