/*
 * bench/config/config.h - the YAML config as a filled struct (docs/config.md).
 *
 * Every key is checked: unknown keys, wrong types, unknown names and values out of range are errors with file, line,
 * column and the nearest known name. Nothing below bench/ sees the config.
 */
#ifndef BENCH_CONFIG_CONFIG_H
#define BENCH_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "methods/method.h"
#include "metrics/metric.h"
#include "metrics/protocol.h"
#include "models/model.h"

#include <stdbool.h>
#include <stdint.h>

/* When a method has enough images: at a given width of its interval, or when two methods are told apart. */
struct config_until {
    const char *metric; /* NULL: all images are measured */
    double half_width;  /* as printed, in points for a percentage; 0: not given */
    int decided_count;
    const char **decided; /* labels of two methods */
    int min_images, block;
    double confidence; /* 0.95 */
    const char *where; /* its place in the file, for errors found later */
};

struct config_dataset {
    const char *path;
    int images; /* -1: all */
    bool shuffle;
    struct config_until until;
};

struct yaml;

struct config_backbone {
    const char *arch, *weights; /* NULL: not given; arch is known at the latest when the model is open */
    const char *model;          /* a file of a network, or MODEL_PROCESS; NULL: a family's, by arch and weights */
    const char *output;         /* name of the output; NULL: the only one */
    const char *command;        /* of MODEL_PROCESS */
    int file_count;             /* files that the model depends on besides its own */
    const char **files;         /* (file_count) */
    double timeout;             /* seconds for an answer of MODEL_PROCESS */
    const char *layer;          /* default: the model's own; NULL until it is open if no name gives it */
    const char *label;          /* name in results; default: arch, or the file's name without its end */
    enum transform_input transform_input; /* TRANSFORM_USUAL: not given */
    const char *stem;                     /* "small" or "small_pool"; NULL: not given */
    struct picture_input input;           /* what the config gives */
    const char *where;                    /* its place, for errors found later: "configs/demo.yaml:9:5" */
    const struct yaml *entry;             /* as read; NULL: not from a config */
};

struct config_method {
    const struct method *method;
    const char *label;               /* name in results; default: the method's name */
    const char *title;               /* as printed: the label if one is given, else the method's title */
    void *params;                    /* the method's struct, filled */
    const char *where;               /* its place */
    const struct yaml *params_given; /* as read; NULL: none */
};

struct config_metric {
    const struct metric *metric;
    void *params;
};

enum config_on_error { CONFIG_STOP, CONFIG_SKIP };
enum config_replicate { CONFIG_REPLICATE_AUTO, CONFIG_REPLICATE_OFF };

struct config_runtime {
    int threads;         /* 0: automatic */
    int batch, memory;   /* inputs in one pass of the network; MiB for networks and workspaces; 0: automatic */
    const char *kernels; /* "auto", "openblas", or a set of the engine's: nn/nn.h */
    bool exact_passes;   /* no short cuts */
    int replicate;       /* enum config_replicate: a copy of the weights for each NUMA node */
    int on_error;        /* enum config_on_error: what a run does when a method fails on an image */
};

struct config_report {
    bool plots, maps, meta;
    int overlays;      /* how many images */
    int bootstrap;     /* resamples */
    int split, digits; /* of tables/paper.tex: enum report_split; -1: automatic */
    bool intervals;
    const char *caption, *label;  /* NULL: the run's name */
    int column_count, row_count;  /* 0: all */
    const char **columns, **rows; /* names of metrics, labels of methods */
    int reference_count;
    const char **references;      /* tables of published numbers */
    const char *reference_method; /* label; NULL: the best method */
};

struct config {
    const char *path; /* of the file, for messages */
    const char *name, *output;
    uint64_t seed;
    const char *klass; /* explained class of protocols that name none; NULL: the preset's */
    struct config_dataset dataset;
    int backbone_count, method_count, metric_count, protocol_count;
    struct config_backbone *backbones;
    struct config_method *methods;
    struct config_metric *metrics;
    struct protocol *protocols;
    struct config_runtime runtime;
    struct config_report report;
    int plugin_count;
    const char **plugins; /* loaded */
};

/*
 * Reads a file into the arena and loads its plugins; `sets` are "key.path=value" from the command line, applied before checking (a list
 * element by its position: "backbones.0.layer=layer3"). Relative paths are relative to the working directory. Parts of
 * a combined metric (adcc_of_means) and of composites (adcc) need not be listed.
 */
int config_read(const char *path, const char *const *sets, int set_count, struct arena *arena, struct config *config,
                struct error *err);

/* The position of a method by its label, of a metric by its name; -1: the config does not list it. */
int config_method_position(const struct config *config, const char *label);
int config_metric_position(const struct config *config, const char *name);

/* A parameter as text, from a command line. */
struct config_given {
    const char *name, *text; /* not copied */
};

/* A method by its name, with parameters of which each is one of the method's or one that it takes besides. */
int config_method_with(const char *where, const char *name, const struct config_given *given, int given_count,
                       struct arena *arena, struct config_method *out, struct error *err);

/* A method by its name, with default parameters, in the arena. `where`, its place, begins the error about an unknown one. */
int config_default_method(const char *where, const char *name, struct arena *arena, struct config_method *out,
                          struct error *err);

/* "KEY=VALUE, KEY=VALUE": what differs from the protocol's preset, in the arena; "": nothing. NULL: no memory. */
const char *config_protocol_changes(const struct protocol *protocol, struct arena *arena);

/* Whether a word for a backbone is a file of a network and not an architecture. */
bool config_is_model_file(const char *word);

/* The file that holds the network: the weights or the model's file; NULL: there is none. */
const char *config_backbone_file(const struct config_backbone *backbone);

/* The model that an entry describes. */
struct model_spec config_backbone_spec(const struct config_backbone *backbone);

/* The place of a key of an entry, or of a parameter: in the file or on the command line; the entry's own place if it is absent. */
const char *config_backbone_where(const struct config_backbone *backbone, const char *key);
const char *config_param_where(const struct config_method *method, const char *param);

/* The resolved config as YAML: every default written out; reads back to the same struct. */
int config_write(const struct config *config, const char *path, struct error *err);

/*
 * The keys on which measured numbers depend (seed, data set, backbones, methods, metrics, protocols, kernels), as text
 * in the arena: equal texts mean that a run may be continued. NULL and an error: no memory.
 */
const char *config_identity(const struct config *config, struct arena *arena, struct error *err);

/*
 * What a run measures: the config's metrics, then the parts of combined ones that it does not list, with default
 * parameters. The list is in the arena.
 */
int config_all_metrics(const struct config *config, struct arena *arena, struct config_metric **list, int *count,
                       struct error *err);

#endif
