/*
 * models/model.h - what a model is, and the only door through which the program gets one.
 *
 * A model is a network that can be measured: its graph, its weights, how a picture becomes its input, its classes. It
 * comes from a source (models/model_source.h), today a family of backbones/ with a weights file. A caller states what
 * it needs in a spec and does not see the source.
 */
#ifndef MODELS_MODEL_H
#define MODELS_MODEL_H

#include "backbones/backbone.h"
#include "backbones/picture_input.h"
#include "models/class_names.h"
#include "weights/weights_file.h"

#define MODEL_SIDE 224     /* of the input, where neither spec nor file gives one */
#define MODEL_CLASSES 1000 /* of a model without weights, where the spec gives none */
#define MODEL_NOTES_MAX 3
#define MODEL_PROCESS "process" /* the word for a network that another process runs */
#define MODEL_TIMEOUT 600       /* usual seconds for an answer of that process; as text: */
#define MODEL_TIMEOUT_TEXT "600"

/* A request for a model; zero fields: not given. Texts belong to the caller and must live as long as the model. */
struct model_spec {
    const char *arch;                     /* in any spelling; NULL: the one that the file holds */
    const char *weights;                  /* a file; NULL: none, the model has a graph alone */
    const char *model;                    /* instead of arch: a file with a whole network, or MODEL_PROCESS */
    const char *output;                   /* of a model with several; NULL: the only one */
    const char *command;                  /* of MODEL_PROCESS */
    int file_count;                       /* further files that the model depends on */
    const char *const *files;             /* (file_count) */
    double timeout;                       /* seconds for an answer of MODEL_PROCESS */
    int classes;                          /* without a file: outputs of the network */
    double width;                         /* without a file: multiplier of the channels */
    int channels;                         /* without a file: of the input; 0: 3 */
    enum stem stem;                       /* a file of the project gives its own, which must be this */
    enum transform_input transform_input; /* used if the file gives none */
    struct picture_input input;           /* overrides the file's, which overrides the source's default */
    /* Places where these were given, for errors about a file that contradicts them: "a.yaml:3:20" */
    const char *arch_where, *transform_where, *stem_where;
};

/* Facts about a model that are known before its files are opened. */
struct model_facts {
    const char *arch, *title; /* registered name; as printed */
    const char *family;       /* unit of the sources that the program's digests hold; NULL: none */
    const char *layer;        /* default target layer; NULL: not known before the model is open */
    bool has_transform;       /* takes transform_input */
    bool has_stem;            /* takes stem */
};

/* A fact that the reader of results needs and that they do not show; printed as NAME, link, text. */
struct model_note {
    const char *link, *text;
};

struct model {
    const char *arch, *title;
    const char *layer;          /* default target layer */
    struct graph *graph;        /* input (3,input.h,input.w) */
    int outputs;                /* class_count() of them are the classes */
    bool is_foreign;            /* the engine does not run it (nn/foreign.h): the graph has names and shapes alone */
    bool has_weights;           /* they can be read; false from model_close_files() on */
    struct picture_input input; /* complete */
    struct picture_input own;   /* the input if the spec gave nothing */
    struct class_names classes; /* a model without weights has none with names */
    int note_count;
    struct model_note notes[MODEL_NOTES_MAX];
    const char *path, *sha256; /* of model_spec_file(); NULL: none, or model_sha256() was not called */
    int file_count;            /* further files that the numbers depend on: the spec's, then the source's own */
    const char **files;        /* (file_count) paths; a source adds to them by model_add_file() */
    struct arena arena;        /* holds the model and all that it points to */
    const struct model_source *source;
    void *state; /* the source's */
};

/* The file that holds the network: the weights, or the model's file. NULL: there is none. */
const char *model_spec_file(const struct model_spec *spec);

/*
 * Finds the source and looks up names; opens no file. The facts are constants and texts of the spec; arch is NULL where
 * only the file tells it. Errors: an unknown architecture (the nearest name is suggested).
 */
int model_describe(const struct model_spec *spec, struct model_facts *facts, struct error *err);

/*
 * Opens and checks a model; of its tensors only variances are read. NULL and an error: an unknown architecture; a file
 * that cannot be opened, is damaged, is of another architecture or has tensors that do not fit; an input size that the
 * network cannot have; no memory.
 */
struct model *model_open(const struct model_spec *spec, struct error *err);
void model_close(struct model *model); /* NULL is fine */

/*
 * SHA-256 of the file at `path`, in hexadecimal, computed at the first call. NULL and an error: the file cannot be
 * read.
 */
const char *model_sha256(struct model *model, struct error *err);

/* All tensors as float32, in the arena. Errors: no memory, read errors, values that are not finite. */
int model_read_weights(const struct model *model, struct arena *arena, struct weights *weights, struct error *err);

/*
 * Reads the weights and makes the network, with these layers kept (nn/nn.h); the caller frees it. Errors: those of
 * model_read_weights() and of the set of kernels.
 */
struct network *model_load(const struct model *model, const char *const *layers, int layer_count, const char *kernels,
                           struct error *err);

/* Closes the weights file, after which weights cannot be read; the rest of the model stays. */
void model_close_files(struct model *model);

/*
 * Notes about weights without a model, as after an import: a single output is read as the logit of a sigmoid; the
 * input's transform is assumed; the note that the import left. Returns how many; texts are constants or belong to info.
 */
int model_weights_notes(const struct weights_info *info, struct model_note notes[MODEL_NOTES_MAX]);

#endif
