/*
 * bench/run/run_backbone.h - a network to evaluate: its model, target layer, the layers whose values are kept, its plan.
 */
#ifndef BENCH_RUN_RUN_BACKBONE_H
#define BENCH_RUN_RUN_BACKBONE_H

#include "bench/run/manifest.h"
#include "bench/run/panel.h"
#include "metrics/evidence_probe.h"
#include "models/model.h"

/* The requests of a run's metrics for one map under one protocol. */
struct run_evidence {
    struct evidence_requests requests;
    double seconds; /* computing the metrics, without the requests */
};

struct run_backbone {
    struct config_backbone *config; /* run_backbone_open() removes from its input what equals the network's own */
    const char *title;              /* in the heads of overlays: the label if one is given, else the model's */
    const char *layer;
    struct model *model;
    struct class_names classes; /* for display: the image set's if they fit, else the network's own */
    const char *misfit;         /* how the classes of the image set differ from the network's; NULL: they fit */
    int *named_class;           /* [protocol] of a run: run_backbone_find_class() */
    int layer_count;            /* layers whose values are kept: the target layer, then those that methods name */
    const char **layers;
    struct tensor layer_shape;          /* of the target layer, without data */
    int stages;                         /* of its weights (nn/graph.h); 0 also if others run the network */
    double full_macs, tail_macs;        /* multiply-adds of a full pass and of a tail pass, for estimates */
    struct run_evidence *evidence;      /* [protocol] */
    struct run_evidence *part_evidence; /* [protocol]: estimate_parts() */
    bool *needs_base;                   /* [protocol][metric]: likewise; whether the metric takes the base pass */
    /* known when the network has been made: */
    size_t workspace_bytes;      /* of one worker */
    const char *kernels;         /* the engine's set */
    struct manifest_step *steps; /* the plan */
    int step_count;
    const char *weights_sha256; /* set by record_open() */
    const char **file_sha256;   /* likewise, of the model's further files; NULL: the file is not there */
};

/*
 * Opens and checks the model that backbone->config names, for the panel's methods, and fills in what the config leaves
 * open. `has_file`: false in a dry run without the weights file: a model without weights. The caller closes backbone->model,
 * also after a failure. Errors: those of model_open(); a layer that the network does not have; no memory.
 */
int run_backbone_open(struct run_backbone *backbone, bool has_file, const struct panel *panel, struct arena *arena,
                      struct error *err);

/* Channels of the network's input. */
static inline int run_backbone_channels(const struct run_backbone *backbone)
{
    return graph_node(backbone->model->graph, BACKBONE_INPUT).shape.c;
}

/* The file of the network, or the word for one that has none, for messages. */
const char *run_backbone_source(const struct run_backbone *backbone);

/*
 * Finds the class of the network that a protocol's `klass` names; *out is -1 if it is not a named one. Errors: the
 * network has no such class, or fewer classes than the rank; no memory.
 */
int run_backbone_find_class(const struct run_backbone *backbone, const char *klass, struct arena *arena, int *out,
                            struct error *err);

/* Writes the shapes, without data, of the layers that a method names in its parameters; returns how many. */
int run_backbone_method_layers(const struct run_backbone *backbone, const struct config_method *method,
                               struct tensor layers[PARAM_NAMES_MAX]);

/* Reads the weights of an open backbone; the caller frees the network. `kernels`: nn/nn.h. */
struct network *run_backbone_load(const struct run_backbone *backbone, const char *kernels, struct error *err);

#endif
