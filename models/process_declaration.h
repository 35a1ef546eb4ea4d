/* models/process_declaration.h - what a network that another process runs says about itself when it starts. */
#ifndef MODELS_PROCESS_DECLARATION_H
#define MODELS_PROCESS_DECLARATION_H

#include "backbones/picture_input.h"
#include "base/script.h"
#include "nn/foreign.h"

#define PROCESS_PROTOCOL 1

struct process_declaration {
    char title[64]; /* "": none */
    struct shape input;
    struct picture_input picture; /* h, w and what the process gives besides */
    int outputs, batch;
    const char **names; /* of the classes; NULL: none are given */
    int layer_count;
    const struct foreign_layer *layers;
    const char *target; /* one of the layers */
};

/*
 * Reads the declaration of a process that was just started, into the arena. Errors, after which the process has been
 * ended: another protocol; lines that are none of a declaration; sizes and names that no network has.
 */
int process_declare(struct script *script, struct arena *arena, struct process_declaration *out, struct error *err);

/* Whether both declare the same input, outputs and layers. */
bool process_declares_same(const struct process_declaration *a, const struct process_declaration *b);

#endif
