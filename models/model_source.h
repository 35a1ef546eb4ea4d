/*
 * models/model_source.h - where models come from: a file for each source, and a row of the table in models/door.c.
 *
 * door.c holds what all sources share: normalisation, sizes, hashes, arenas. Private to models/.
 */
#ifndef MODELS_MODEL_SOURCE_H
#define MODELS_MODEL_SOURCE_H

#include "models/model.h"

struct model_source {
    const char *name;
    /*
     * Whether the spec is for this source; the first row that returns true opens it. May read the file's first bytes.
     */
    bool (*takes)(const struct model_spec *spec);
    int (*describe)(const struct model_spec *spec, struct model_facts *facts, struct error *err);
    /*
     * Fills arch, title, layer, graph, outputs, has_weights, classes, notes, state. Sets the input by model_set_input()
     * before it makes the graph. After a failure `close_files` is called too.
     */
    int (*open)(struct model *model, const struct model_spec *spec, struct error *err);
    int (*read)(const struct model *model, struct arena *arena, struct weights *weights, struct error *err);
    void (*close_files)(struct model *model); /* NULL: there are none; may be called twice */
    /* Makes the network of a model that the engine does not run (nn/foreign.h). NULL: from the graph and read(). */
    struct network *(*load)(const struct model *model, const char *const *layers, int layer_count, struct error *err);
    void (*close)(struct model *model); /* also after a failure of open(). NULL: nothing to close */
};

extern const struct model_source model_family, model_onnx, model_process;

/* The note of a network with a single output. */
extern const char model_note_one_output[];

/* Adds a path, which is not copied, to the files on which a model's numbers depend. Error: no memory. */
int model_add_file(struct model *model, const char *path, struct error *err);

/*
 * Sets model->own to a square of MODEL_SIDE, overridden by what the file gives, and model->input to model->own,
 * overridden by what the spec gives. model_open() completes both when the graph is there: picture_input_complete().
 */
void model_set_input(struct model *model, const struct picture_input *of_file, const struct model_spec *spec);

#endif
