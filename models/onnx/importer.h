/*
 * models/onnx/importer.h - from the nodes of an ONNX file to a graph of the engine.
 *
 * Each ONNX value is a constant or an activation. Constants are computed while importing, so that chains of Shape,
 * Gather and Concat vanish. An activation is the value (C,h,w) of an engine's node and a layout, which says where the
 * axes of the ONNX value are in it: Transpose, Reshape, Squeeze and Unsqueeze change the layout alone, and an engine's
 * node moves values only if an operator cannot read the layout as it is (import_arrange). So graphs with channels last
 * cost nothing, and a channel shuffle becomes one node.
 *
 * Only nodes on which the chosen output depends are imported, and of an `If` those of one branch (branch.h). The steps:
 * constants that no activation affects are computed; groups of nodes that mean one operator are found (patterns); the
 * nodes are imported in the file's order.
 */
#ifndef MODELS_ONNX_IMPORTER_H
#define MODELS_ONNX_IMPORTER_H

#include "base/arena.h"
#include "models/onnx/name_map.h"
#include "models/onnx/onnx_file.h"
#include "nn/graph.h"

#define FACTORS_MAX 12
#define CONSTANT_COUNT_MAX ((size_t)1 << 28) /* elements of a constant that is computed */
#define SETTINGS_MAX 16

/* -- constants ------------------------------------------------------------------------------------------------------ */

struct onnx_constant {
    bool is_integer;
    int rank;
    int64_t dim[ONNX_RANK_MAX];
    size_t count;
    bool is_filled; /* all elements are `fill` */
    double fill;
    const struct onnx_tensor *tensor; /* the elements, row-major, in the file; NULL: they were computed */
    const double *values;             /* NULL: not read yet, or is_filled */
};

/* -- activations ---------------------------------------------------------------------------------------------------- */

enum axis { AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W, AXIS_COUNT };

/*
 * Axes are products of factors above 1, so that a Reshape that splits or joins axes keeps them. A batch that the file
 * fixes is a factor of every layout and of no value of the engine.
 */
struct layout {
    int rank, count;
    struct {
        enum axis axis; /* of the engine's value */
        int64_t size;
    } factor[FACTORS_MAX];        /* by axis; in an axis, the major one first */
    int order[FACTORS_MAX];       /* the factors in the order of ONNX's axes */
    int first[ONNX_RANK_MAX + 1]; /* axis i consists of order[first[i]] up to order[first[i + 1] - 1] */
};

struct value {
    const char *name;
    int producer;                         /* ONNX node; -1: none */
    int readers;                          /* ONNX nodes that read it, and the output */
    const struct onnx_constant *constant; /* NULL: an activation, or not known yet */
    int node;                             /* of the graph; -1: none yet */
    bool is_vector;                       /* the node is a flattened value */
    struct layout layout;
    int laid_by; /* ONNX node that gave it this layout; names the node that import_arrange() adds */
};

/* -- the importer --------------------------------------------------------------------------------------------------- */

/* A tensor of the graph: element (i,j,k,l) is constant[base + i * stride[0] + ...] * scale. */
struct import_weight {
    const char *name;
    int rank, dim[4];
    const struct onnx_constant *constant;
    size_t base;
    ptrdiff_t stride[4];
    double scale;
    bool is_reciprocal; /* scale / element */
};

/* An `If` whose branches are among the nodes. Branch 2 * i is the first one of choice i, 2 * i + 1 its second. */
struct import_choice {
    int node;
    int taken; /* 0: its first branch, 1: its second; -1: not known yet */
};

struct pattern_match;

struct importer {
    const struct onnx_file *file;
    int node_count, tensor_count, choice_count;
    struct onnx_node *nodes; /* of the file and of the branches of `If`: branch.h */
    struct onnx_tensor *tensors;
    int *branch; /* of each node: the branch that contains it; -1: none */
    int *choice; /* of each node: its index in choices; -1: it is not an `If` */
    struct import_choice *choices;
    struct arena *arena;
    struct graph *graph;
    struct name_map value_index; /* by name */
    int value_count;
    struct value *values;
    int output; /* a value */
    int64_t batch;
    size_t computed;                    /* elements of computed constants */
    bool *is_needed;                    /* of each ONNX node */
    const struct pattern_match **match; /* of each ONNX node: the group that it is the last node of */
    const char **layer;                 /* of each ONNX node: the name of the graph's node */
    const char **path;                  /* of each ONNX node: the module that it belongs to; NULL: not known */
    struct name_map used;               /* names of the graph's nodes */
    int at;                             /* the ONNX node being imported */
    int weight_count, weight_capacity;
    struct import_weight *weights;
    const char *removed; /* the operator of a softmax or sigmoid at the end, which was left out; NULL: none */
};

typedef int import_function(struct importer *im, const struct onnx_node *node, struct error *err);

struct import_op {
    const char *op;
    import_function *run;
};

/* The tables of operators, each ending with {0}. */
extern const struct import_op import_constant_shape_folds[], import_shape_ops[], import_window_ops[],
    import_pointwise_ops[], import_binary_ops[], import_product_ops[], import_norm_ops[], import_reduce_ops[],
    import_part_ops[], import_join_ops[];

/* -- errors --------------------------------------------------------------------------------------------------------- */

/* Sets `operator OP of node "x": ...`; -1. */
int import_refuse(const struct importer *im, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -- values --------------------------------------------------------------------------------------------------------- */

struct value *import_value(const struct importer *im, const char *name); /* NULL: no such value */

/* Input i of a node; NULL: it is left out. */
struct value *import_input(const struct importer *im, const struct onnx_node *node, int i);

/* The same for an activation and a constant that the node must have; NULL and an error. */
struct value *import_activation(const struct importer *im, const struct onnx_node *node, int i, struct error *err);
const struct onnx_constant *import_constant(const struct importer *im, const struct onnx_node *node, int i,
                                            struct error *err);

/* Defines output i as a constant, or as an activation. */
int import_set_constant(struct importer *im, const struct onnx_node *node, int i, const struct onnx_constant *constant);
int import_set_activation(struct importer *im, const struct onnx_node *node, int i, int graph_node,
                          const struct layout *layout, bool is_vector);
int import_pass(struct importer *im, const struct onnx_node *node, int i, const struct value *value); /* as `value` */
int import_same(struct importer *im, const struct onnx_node *node, const struct value *value);        /* output 0 */

/* Defines output 0 as an activation of `rank` axes, 3 or 4: (N,C,h) or (N,C,h,w). */
int import_set_planes(struct importer *im, const struct onnx_node *node, int graph_node_index, int rank);

/* -- attributes ----------------------------------------------------------------------------------------------------- */

int64_t import_int(const struct onnx_node *node, const char *name, int64_t otherwise);
double import_float(const struct onnx_node *node, const char *name, double otherwise);
const char *import_text(const struct onnx_node *node, const char *name, const char *otherwise);

/*
 * A list of integers that is an attribute in old opsets and input `i` in new ones. Returns their number, at most `most`;
 * -1 with err unset: there is none; -2 and an error.
 */
int import_list(struct importer *im, const struct onnx_node *node, const char *name, int i, int64_t *list, int most,
                struct error *err);

/* An axis counted from the front, or -1 and an error. */
int import_axis(const struct importer *im, int64_t axis, int rank, struct error *err);

/* -- constants ------------------------------------------------------------------------------------------------------ */

/* The elements; NULL and an error: they cannot be read, no memory. */
const double *constant_values(struct importer *im, const struct onnx_constant *constant, struct error *err);

/* Element i of constant_values(). */
static inline double constant_at(const struct onnx_constant *constant, const double *values, size_t i)
{
    return constant->is_filled ? constant->fill : values[i];
}

/* The constant that is input i; NULL: it is none. */
const struct onnx_constant *constant_input(const struct importer *im, const struct onnx_node *node, int i);

/* The constant that a tensor of the file is; NULL and an error: no memory. */
struct onnx_constant *constant_of_tensor(struct importer *im, const struct onnx_tensor *tensor, struct error *err);

/* A constant of these dimensions, without values; NULL and an error: too large, no memory. */
struct onnx_constant *constant_new(struct importer *im, bool is_integer, int rank, const int64_t *dim,
                                   struct error *err);

/*
 * Room for the elements of a computed constant. NULL and an error: all computed constants together have too many
 * elements for the file's size, no memory.
 */
double *constant_room(struct importer *im, struct onnx_constant *constant, struct error *err);

/* What an operator of two constants gives, such as "Add"; NULL and an error. */
const struct onnx_constant *constant_pair(struct importer *im, const char *op, const struct onnx_constant *a,
                                          const struct onnx_constant *b, struct error *err);

/* Whether all elements are one number, which is written to `number`; it has at least one. */
bool constant_uniform(struct importer *im, const struct onnx_constant *constant, double *number);

/* Whether it is one number, which is written to `number`. */
bool constant_number(struct importer *im, const struct onnx_constant *constant, double *number);

/* -- layouts -------------------------------------------------------------------------------------------------------- */

void layout_init(struct layout *layout, int rank, const enum axis *axes, const int64_t *dim);
int64_t layout_dim(const struct layout *layout, int axis);
void layout_dims(const struct layout *layout, int64_t *dim); /* of all axes */
int64_t layout_size(const struct layout *layout);            /* their product */

/* The axis of the engine's value that consists of ONNX's axis; AXIS_COUNT: several, or a part; *is_one: its size is 1. */
enum axis layout_axis(const struct layout *layout, int axis, bool *is_one);

/* -1: a size in `dim` is not a product of consecutive factors, of which the last may be split. */
int layout_reshape(struct layout *layout, int rank, const int64_t *dim);

void layout_transpose(struct layout *layout, const int *from); /* axis i of the result was axis from[i] */

/* Removes an axis of size 1, or one that was reduced to size 1; inserts an axis of size 1. */
void layout_remove(struct layout *layout, int axis);
int layout_insert(struct layout *layout, int axis);

/* Sets the size of an axis that is one axis of the engine. */
int layout_resize(struct layout *layout, int axis, enum axis of, int64_t size);

/* Whether the axes are exactly these axes of the engine. */
bool layout_is(const struct layout *layout, const enum axis *axes);
bool layout_same(const struct layout *a, const struct layout *b);

/* (N,C,h,w), as far as there are axes; (C,h,w) if the first axis is not that of images. */
void layout_usual(const struct layout *layout, enum axis *axes);

/* Adds a node that moves the values so that ONNX's axis i is the engine's axes[i], unless it is. */
int import_arrange(struct importer *im, struct value *value, const enum axis *axes, struct error *err);

/* (N,C,h,w); a value of rank 3 is (N,C,h). Error: another rank. */
int import_planes(struct importer *im, struct value *value, struct error *err);

/* Makes ONNX's axis one axis of the engine, and returns it. */
int import_plain_axis(struct importer *im, struct value *value, int axis, enum axis *out, struct error *err);

/* Makes ONNX's axis the channels. */
int import_as_channels(struct importer *im, struct value *value, int axis, struct error *err);

/* Makes each of ONNX's axes one axis of the engine, and writes them. */
int import_plain_axes(struct importer *im, struct value *value, enum axis *axes, struct error *err);

/*
 * The value with four axes: images, those before `axis`, the `count` axes from it on, those after. It is for values
 * whose axes are not those of the engine. Error: the axes are in an order in which that cannot be.
 */
int import_view(struct importer *im, const struct value *value, int axis, int count, struct value *view,
                struct error *err);

/* Whether each of ONNX's axes can be made one axis of the engine. */
bool layout_is_plain(const struct layout *layout);

/* A flattened value of (N,C). */
int import_vector(struct importer *im, struct value *value, struct error *err);

/* -- nodes of the graph --------------------------------------------------------------------------------------------- */

struct setting {
    const char *name;
    double number;
};

/* A node to be added; its name is that of the ONNX node, and `suffix` if several are added. */
struct emission {
    const char *op, *suffix;
    int count, inputs[NODE_INPUTS_MAX];
    struct setting set[SETTINGS_MAX]; /* ends with {0} */
};

int import_emit(struct importer *im, const struct emission *emission, struct error *err);

/* Emits a node with one input and defines output 0, whose layout is the input's. */
int import_unary(struct importer *im, const struct onnx_node *node, struct value *value,
                 const struct emission *emission, struct error *err);

/* Gives a tensor of a node, row-major in `dim`; `weight` has constant, base, stride and scale. */
int import_give(struct importer *im, int graph_node, const char *tensor, struct import_weight weight,
                struct error *err);

/* The same for all elements of a constant in their order, and one number repeated. */
int import_give_all(struct importer *im, int graph_node, const char *tensor, const struct onnx_constant *constant,
                    int rank, const int *dim, struct error *err);

/* -- parts of operators that others use ----------------------------------------------------------------------------- */

/* Finds how a constant that is broadcast to an activation lies along the engine's axes; scale is 1. */
int import_place_constant(struct importer *im, const struct layout *layout, const struct onnx_constant *constant,
                          struct import_weight *weight, struct error *err);

/*
 * Emits an operator of a value and a tensor "value", the elements of a constant times scale, or scale by them, and writes
 * its result, whose axes of size 1 grow to those of the constant.
 */
struct constant_step {
    const char *op, *suffix; /* suffix: see struct emission */
    const struct onnx_constant *constant;
    double scale;
    bool is_reciprocal;
};
int import_constant_step(struct importer *im, struct value *value, const struct constant_step *step, struct value *out,
                         struct error *err);

/* Emits an operator of a value and a number, and writes its result. */
int import_number_step(struct importer *im, struct value *value, const char *op, double number, const char *suffix,
                       struct value *out, struct error *err);

/* Imports a node whose output 0 is a value between two bounds. */
int import_clip(struct importer *im, const struct onnx_node *node, struct value *value, double low, double high,
                struct error *err);

/* The product of two values by name; bias: NULL, or one element for each column. */
int import_matmul(struct importer *im, const struct onnx_node *node, const char *input, const char *weight_name,
                  const struct onnx_constant *bias, struct error *err);

/* Layer norm over the axes from `first_axis` on; scale and bias may be NULL. */
int import_layer_norm(struct importer *im, const struct onnx_node *node, struct value *value, int first_axis,
                      double eps, const struct onnx_constant *scale, const struct onnx_constant *bias,
                      struct error *err);

/* Adds nodes that join `count` nodes along an axis of the engine; returns the last one, which has the suffix, or -1. */
int import_join(struct importer *im, enum axis axis, const int *nodes, int count, const char *suffix,
                struct error *err);

/* What a Pad adds before and after each axis, or takes away if it is negative. */
int import_read_pads(struct importer *im, const struct onnx_node *node, int rank, int64_t *before, int64_t *after,
                     struct error *err);

/* -- the parts of an import ----------------------------------------------------------------------------------------- */

int import_fold(struct importer *im, int node, bool *is_folded, struct error *err);
int import_find_patterns(struct importer *im, struct error *err);
int import_name_nodes(struct importer *im, struct error *err);
int import_add_aliases(struct importer *im, struct error *err);

struct import_request {
    const char *output; /* NULL: the only one */
    int h, w;           /* 0: the file's */
};

/*
 * Imports a file; im->graph and im->weights are then complete. Everything is in the arena but the graph, which the
 * caller frees, also after an error.
 */
int onnx_import(struct importer *im, const struct onnx_file *file, const struct import_request *request,
                struct arena *arena, struct error *err);

#endif
