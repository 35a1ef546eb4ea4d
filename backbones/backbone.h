/*
 * backbones/backbone.h - what a family of networks is.
 *
 * A family is one file that includes this header and defines `backbone_FAMILY`; the build finds that line. A variant is
 * a row of its table. Nodes carry torchvision's names, so that weights, target layers and papers agree.
 */
#ifndef BACKBONES_BACKBONE_H
#define BACKBONES_BACKBONE_H

#include "backbones/picture_input.h"
#include "nn/nn.h"
#include "nn/ops.h"

/*
 * True if a network first brings its input, normalised by the usual means and deviations, to (x - 0.5) / 0.5:
 * torchvision's transform_input. It is a choice of training that no tensor shows.
 */
enum transform_input {
    TRANSFORM_USUAL, /* not given: as in the family's published weights, which have it */
    TRANSFORM_YES,
    TRANSFORM_NO
};

/*
 * The first layers of a network that usually begins with a 7x7 convolution of stride 2 and a max pool, and differently
 * if it was made for small pictures. The convolution's tensor shows its size; no tensor shows its stride or the pool.
 */
#define STEM_CHOICES "usual|small|small_pool"
enum stem {
    STEM_USUAL,
    STEM_SMALL,     /* 3x3, stride 1, no max pool */
    STEM_SMALL_POOL /* 3x3, stride 1, and the max pool */
};

/* What may differ between networks of one architecture; read from the weights or given by the user. */
struct backbone_options {
    int classes;  /* 1000 */
    double width; /* 1.0; multiplier of the channels, where the family has one */
    int height;   /* 224; of the input */
    int width_px; /* 224 */
    enum transform_input transform_input;
    int channels; /* of the input; 0: 3 */
    enum stem stem;
};

struct backbone_variant {
    const char *name;   /* key in configs: "resnet50" */
    const char *title;  /* as printed: "ResNet-50" */
    const char *layer;  /* default target layer */
    const void *config; /* the family's own row; NULL: none */
    /*
     * What torchvision's published weights (the first row of weights/published.c), or timm's, take other than 224x224
     * and ImageNet's mean and deviation. A weights file and a config override it.
     */
    struct picture_input input;
    /*
     * A network that only timm has. Its tensors may be those of one of torchvision's networks too, which timm's names or
     * the file's name then distinguish from it, or nothing does.
     */
    bool is_timm;
    /* Ends of names of trainings that differ in nothing but their weights: "_ns" of "tf_efficientnet_b0_ns"; ends with
     * NULL. NULL: none. */
    const char *const *trainings;
};

/* The node that holds the picture, (channels,height,width_px), when build() is called. */
enum { BACKBONE_INPUT = 0 };

struct backbone_family {
    const char *name;
    const char *source;                      /* key in docs/references.bib */
    const struct backbone_variant *variants; /* ends with {0} */
    bool has_width;                          /* takes options.width */
    bool has_transform;                      /* takes options.transform_input; timm's variants do not */
    bool has_stem;                           /* takes options.stem */
    /* Beginnings of names of tensors that torchvision's files hold for training alone; ends with NULL. NULL: none. */
    const char *const *ignored;
    /* Adds the nodes after BACKBONE_INPUT; errors stay in the graph and are reported by graph_finish(). */
    void (*build)(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options);
};

/* All families, sorted by name; written by the build; ends with NULL. */
extern const struct backbone_family *const backbone_families[];

/* The variant of that name, or with a training of that name, and its family; NULL and an error with the nearest name. */
const struct backbone_variant *backbone_find(const char *name, const struct backbone_family **family,
                                             struct error *err);

/* True if the network of that name, or of one of its trainings, takes options.transform_input. */
bool backbone_has_transform(const char *name);

/* Whether networks of this architecture may have a stem for small pictures. */
bool backbone_has_stem(const char *name);

/* True if a family ignores tensors of that name: importers leave them out. */
bool backbone_ignores(const char *tensor);

/* A formatted name of a node: node_name("%s.conv%d", block, 1).text. Cut at its size. */
struct node_name {
    char text[64];
};
struct node_name node_name(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Channels of a layer of changed width: the nearest multiple of 8, at least 8, never less than 0.9 of the given
 * number. torchvision's _make_divisible(channels, 8).
 */
int backbone_channels(double channels);

/* The first convolution of a network that takes options.stem. */
struct conv2d backbone_stem(enum stem stem, int channels);

/*
 * The graph, finished. The caller frees it. Errors: options outside the family's range; an input that is too small,
 * with the layer that says so.
 */
struct graph *backbone_graph(const char *name, const struct backbone_options *options, struct error *err);

#endif
