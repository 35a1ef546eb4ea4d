/*
 * metrics/protocol.c - the presets, their keys, and the numbers of the named post-processings.
 *
 * `cambench` is the project's own choice, the settings that most released code shares. `poppi2021` is the released ADCC
 * code of Poppi et al. (CVPR workshops 2021, aimagelab/ADCC) as far as the keys below describe it: the shorter side is
 * resized to the crop itself. The target layers and the crop that the paper's table used are not published. The other
 * presets follow the code or the text of their papers; docs/protocols-and-metrics.md marks what is a guess.
 */
#include "metrics/protocol.h"

#include "base/registry.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

/* 256/224 in 15 digits, which is the precision of a written config, so that it reads back to the same number. */
#define RATIO_256_224 1.14285714285714

#define BASELINES "blur|mean|black|image_mean|white"

const struct param protocol_params[] = {
    {.name = "class",
     .type = PARAM_TYPE_STRING,
     .offset = offsetof(struct protocol, klass),
     .fallback = "predicted",
     .allowed = "predicted, label, second, lowest, top:K, rank:R, or a class by number, name or synset",
     .help = "class that is explained; ranks are those of the unmasked image, label is the image set's"},
    PARAM_ENUM(struct protocol, resize, "shorter|squash", "shorter side, aspect kept, or both sides"),
    PARAM_FLOAT(struct protocol, resize_ratio, 1.14285714285714, 1, 4,
                "resized side / side of the centre crop, rounded to whole pixels"),
    PARAM_ENUM(struct protocol, interpolation, "bilinear|bicubic", "of resizing; antialiased, on 8-bit pixels"),
    PARAM_ENUM(struct protocol, post, "cambench|pytorch_grad_cam|torchcam|upsample_first",
               "from raw map to saliency: ReLU, min-max, enlargement"),
    PARAM_ENUM(struct protocol, relu, "method|always", "whether maps of methods that keep negative values lose them"),
    PARAM_ENUM(struct protocol, enlarge, "bilinear|bicubic",
               "of maps: half-pixel centres, or Pillow's bicubic, which may leave [0,1]"),
    PARAM_ENUM(struct protocol, mask, "product|top_half", "x*m, or the better half of the pixels as they are"),
    PARAM_ENUM(struct protocol, mask_space, "normalized|pixel",
               "where x*m is taken: removed pixels become the mean colour, or black"),
    PARAM_ENUM(struct protocol, compare_at, "input|layer", "size of the maps in coherency and complexity"),
    PARAM_ENUM(struct protocol, insertion_start, BASELINES, "what insertion begins with"),
    PARAM_ROW(struct protocol, deletion_fill, ENUM, .fallback = "mean", .choices = BASELINES,
              .help = "what takes the place of deleted pixels"),
    PARAM_ENUM(struct protocol, curve_order, "pixels|cells",
               "what insertion and deletion change: pixels, or the map's cells"),
    PARAM_INT_OR(struct protocol, curve_steps, "all", 28, 1, 100000,
                 "of insertion and deletion; all: one pixel or cell a step"),
    PARAM_ENUM(struct protocol, curve_spacing, "equal|rounded",
               "of steps: equal numbers of pixels but for the last, or state k has k/S of the pixels, rounded down"),
    PARAM_ENUM(struct protocol, curve_area, "trapezoid|reciprocam2024",
               "area under a curve: exact, or over points instead of intervals"),
    PARAM_ENUM(struct protocol, drop, "relative|absolute", "lost probability: divided by p + drop_eps, or as it is"),
    PARAM_FLOAT(struct protocol, drop_eps, 0, 0, 1, "added to the divisor p of a relative drop"),
    PARAM_FLOAT(struct protocol, coherency_eps, 0, 0, 1,
                "added to the divisor of the correlation in coherency; above 0, a flat map has a correlation of 0"),
    {0},
};

/* A preset begins with the values of `cambench`: the first choice of each key, except for those set here. */
#define PRESET(text, chosen) \
    .name = text, .preset = text, .version = 1, .klass = chosen, .deletion_fill = PROTOCOL_BASELINE_MEAN

const struct protocol protocols[] = {
    {
        PRESET("cambench", "predicted"),
        .title = "cambench: predicted class, shorter side 256, crop 224",
        .resize_ratio = RATIO_256_224,
        .curve_steps = 28,
    },
    {
        PRESET("poppi2021", "predicted"),
        .title = "Poppi et al. 2021 (released ADCC code): predicted class, shorter side 224, crop 224",
        .source = "poppi2021revisiting",
        .resize_ratio = 1,
        .curve_steps = 28,
    },
    {
        PRESET("reciprocam2024", "label"),
        .title = "ReciproCAM (released metric code): label, squashed to 256, crop 224, maps compared at the layer",
        .source = "byun2022reciprocam",
        .resize = PROTOCOL_RESIZE_SQUASH,
        .resize_ratio = RATIO_256_224,
        .enlarge = PROTOCOL_ENLARGE_BICUBIC,
        .compare_at = PROTOCOL_COMPARE_AT_LAYER,
        .insertion_start = PROTOCOL_BASELINE_IMAGE_MEAN,
        .curve_order = PROTOCOL_CURVE_CELLS,
        .curve_steps = 0,
        .curve_area = PROTOCOL_AREA_RECIPROCAM2024,
    },
    {
        PRESET("scorecam2020", "predicted"),
        .title = "Score-CAM (paper): squashed to 224, the better half of the pixels is kept, curves in steps of 1 %",
        .source = "wang2020scorecam",
        .resize = PROTOCOL_RESIZE_SQUASH,
        .resize_ratio = 1,
        .post = PROTOCOL_POST_UPSAMPLE_FIRST,
        .relu = PROTOCOL_RELU_ALWAYS,
        .mask = PROTOCOL_MASK_TOP_HALF,
        .insertion_start = PROTOCOL_BASELINE_MEAN,
        .curve_steps = 100,
    },
    {
        PRESET("shapleycam2025", "predicted"),
        .title = "ShapleyCAM (released scripts): predicted class, shorter side 256, crop 224, maps of pytorch-grad-cam",
        .source = "cai2025shapleycam",
        .resize_ratio = RATIO_256_224,
        .post = PROTOCOL_POST_PYTORCH_GRAD_CAM,
        .relu = PROTOCOL_RELU_ALWAYS,
        .curve_steps = 28,
    },
    {
        PRESET("torchcam", "predicted"),
        .title =
            "torch-cam (torchcam.metrics): predicted class, shorter side 256, crop 224, curves of 20 steps from zeros",
        .source = "torchcam",
        .resize_ratio = RATIO_256_224,
        .post = PROTOCOL_POST_TORCHCAM,
        .insertion_start = PROTOCOL_BASELINE_MEAN,
        .curve_steps = 20,
        .drop_eps = 1e-7,
    },
    {
        PRESET("pytorch_grad_cam", "predicted"),
        .title =
            "pytorch-grad-cam (pytorch_grad_cam.metrics): predicted class, shorter side 256, crop 224, absolute drop",
        .source = "gildenblat2021pytorchcam",
        .resize_ratio = RATIO_256_224,
        .post = PROTOCOL_POST_PYTORCH_GRAD_CAM,
        .relu = PROTOCOL_RELU_ALWAYS,
        .curve_steps = 28,
        .drop = PROTOCOL_DROP_ABSOLUTE,
        .coherency_eps = 1e-8,
    },
    {0},
};

static const char *name_of(int i)
{
    return protocols[i].name;
}

const struct protocol *protocol_find(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown protocol", .name = name_of};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : &protocols[i];
}

/* The number after a prefix; 0: `text` is not of that form. */
static int number_after(const char *prefix, const char *text)
{
    const size_t length = strlen(prefix);
    long long number;
    if (strncmp(text, prefix, length) != 0 || text_to_int(text + length, &number) || number < 1 || number > INT_MAX)
        return 0;
    return (int)number;
}

enum protocol_class_kind protocol_class(const char *klass, int *number)
{
    static const struct {
        const char *word;
        enum protocol_class_kind kind;
        int number;
    } words[] = {{"predicted", PROTOCOL_CLASS_RANK, 1},
                 {"second", PROTOCOL_CLASS_RANK, 2},
                 {"lowest", PROTOCOL_CLASS_LOWEST, 0},
                 {"label", PROTOCOL_CLASS_LABEL, 0}};
    int ignored = 0;
    int *out = number ? number : &ignored;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(klass, words[i].word) == 0) {
            *out = words[i].number;
            return words[i].kind;
        }
    *out = number_after("rank:", klass);
    if (*out)
        return PROTOCOL_CLASS_RANK;
    *out = number_after("top:", klass);
    return *out ? PROTOCOL_CLASS_TOP : PROTOCOL_CLASS_NAMED;
}

struct protocol_post_steps protocol_post_steps(enum protocol_post post)
{
    static const struct protocol_post_steps steps[] = {
        [PROTOCOL_POST_CAMBENCH] = {.at_layer = true},
        [PROTOCOL_POST_PYTORCH_GRAD_CAM] = {.at_layer = true, .at_input = true, .eps = 1e-7f},
        [PROTOCOL_POST_TORCHCAM] = {.at_layer = true, .eps = 1e-8f},
        [PROTOCOL_POST_UPSAMPLE_FIRST] = {.at_input = true},
    };
    return steps[post];
}
