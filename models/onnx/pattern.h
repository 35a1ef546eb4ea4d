/* models/onnx/pattern.h - groups of nodes that mean one operator of the engine, or one that it runs faster. */
#ifndef MODELS_ONNX_PATTERN_H
#define MODELS_ONNX_PATTERN_H

#include "models/onnx/importer.h"

#define PATTERN_INPUTS_MAX 8
#define PATTERN_NODES_MAX 24
#define PATTERN_NUMBERS_MAX 4

/* What was found: the group's nodes but its last one are not imported. */
struct pattern_match {
    /* Imports the group; NULL: the last node's own function does, and reads its input 0 by pattern_input(). */
    int (*run)(struct importer *im, const struct onnx_node *node, const struct pattern_match *match, struct error *err);
    int input_count, node_count;
    const char *inputs[PATTERN_INPUTS_MAX]; /* values from outside */
    double numbers[PATTERN_NUMBERS_MAX];
    int nodes[PATTERN_NODES_MAX]; /* ONNX nodes */
};

/* A search for a group whose last node is `node`. */
struct pattern {
    const char *op; /* of the last node */
    bool (*find)(struct importer *im, const struct onnx_node *node, struct pattern_match *match);
};

/* The tables, each ending with {0}; the first pattern that is found is used. */
extern const struct pattern import_activation_patterns[], import_norm_patterns[], import_sum_patterns[];

/* Input 0 of the last node, or of the group if one was found. */
struct value *pattern_input(struct importer *im, const struct onnx_node *node, int i, struct error *err);

/* -- for searches --------------------------------------------------------------------------------------------------- */

/*
 * The node that makes a value, if it has this operator and the value has no other reader; it is added to the match.
 * NULL: it is another one.
 */
const struct onnx_node *pattern_step(struct importer *im, struct pattern_match *match, const char *value,
                                     const char *op);

/* The same for a value with this number of readers. */
const struct onnx_node *pattern_shared(struct importer *im, struct pattern_match *match, const char *value,
                                       const char *op, int readers);

/* The same with any number of readers; the node is not added. */
const struct onnx_node *pattern_maker(const struct importer *im, const char *value, const char *op);

/* Whether a value is one number, close to this one. */
bool pattern_is(struct importer *im, const char *value, double number);
bool pattern_number(struct importer *im, const char *value, double *number);

/* Of the two inputs of a node, the one that is an activation, with a number as the other: its index, or -1. */
int pattern_beside_number(struct importer *im, const struct onnx_node *node, double *number);

#endif
