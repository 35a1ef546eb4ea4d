/*
 * models/onnx/onnx_file.h - an ONNX file as it is written: nodes, values, tensors, metadata.
 *
 * Reading a file checks its encoding, not its meaning. Texts and lists live as long as the file is open. The elements of
 * tensors stay in the file, or in a file beside it, until they are read.
 */
#ifndef MODELS_ONNX_ONNX_FILE_H
#define MODELS_ONNX_ONNX_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONNX_RANK_MAX 8

/* Numbers of TensorProto.DataType. */
enum onnx_type {
    ONNX_UNDEFINED = 0,
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT8 = 3,
    ONNX_UINT16 = 4,
    ONNX_INT16 = 5,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_STRING = 8,
    ONNX_BOOL = 9,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
    ONNX_UINT32 = 12,
    ONNX_UINT64 = 13,
    ONNX_BFLOAT16 = 16,
};

/* Whether a number of TensorProto.DataType is that of floats which are read: FLOAT, FLOAT16, BFLOAT16, DOUBLE. */
bool onnx_is_float(int64_t type);

/* A constant tensor; row-major. */
struct onnx_tensor {
    const char *name; /* "" for a tensor in an attribute */
    enum onnx_type type;
    int rank; /* 0: a scalar */
    int64_t dim[ONNX_RANK_MAX];
    size_t count;                   /* elements; the product of dim */
    const struct onnx_place *place; /* of the elements; private to the reader; NULL: a type that is not read */
};

enum onnx_attribute_type {
    ONNX_ATTRIBUTE_FLOAT = 1,
    ONNX_ATTRIBUTE_INT = 2,
    ONNX_ATTRIBUTE_STRING = 3,
    ONNX_ATTRIBUTE_TENSOR = 4,
    ONNX_ATTRIBUTE_GRAPH = 5, /* of control flow */
    ONNX_ATTRIBUTE_FLOATS = 6,
    ONNX_ATTRIBUTE_INTS = 7,
    ONNX_ATTRIBUTE_OTHER = 8,
};

struct onnx_attribute {
    const char *name;
    enum onnx_attribute_type type;
    float f;
    int64_t i;
    const char *s; /* ends with 0 */
    const struct onnx_tensor *tensor;
    const struct onnx_graph *graph; /* NULL: none, several, or one inside of too many others */
    size_t count;                   /* of floats or ints */
    const float *floats;
    const int64_t *ints;
};

struct onnx_node {
    const char *name;        /* "" if there is none */
    const char *op, *domain; /* "Conv"; "" is ONNX's own domain */
    int input_count, output_count, attribute_count;
    const char **inputs, **outputs; /* names of values; "" is an optional input that is left out */
    const struct onnx_attribute *attributes;
};

/* What a file declares of a value. */
struct onnx_value {
    const char *name;
    enum onnx_type type;        /* ONNX_UNDEFINED: not declared, or not a tensor */
    int rank;                   /* -1: not declared */
    int64_t dim[ONNX_RANK_MAX]; /* -1: not fixed, such as a batch size */
};

struct onnx_graph {
    const char *name; /* "" if there is none */
    int node_count, tensor_count, input_count, output_count, value_count;
    const struct onnx_node *nodes;
    const struct onnx_tensor *tensors; /* initializers; some files list them among the inputs as well */
    const struct onnx_value *inputs, *outputs;
    const struct onnx_value *values; /* declared shapes of values inside the graph, if any */
};

struct onnx_metadata {
    const char *key, *text;
};

struct onnx_file {
    const char *path;
    int64_t ir_version, opset; /* opset: of ONNX's own domain; 0: not declared */
    const char *producer;      /* "" if there is none */
    struct onnx_graph graph;
    int metadata_count;
    const struct onnx_metadata *metadata;
};

/*
 * Opens and reads a file. NULL and an error that names it: it cannot be read, is not an ONNX file, is damaged, has no
 * graph, has an IR version before 3, sparse tensors or a tensor in segments; a tensor's shape does not fit its elements
 * or has more than ONNX_RANK_MAX dimensions; elements outside the file are not in a plain file beside it (no link, no
 * folder, no ".."), which is too short or has another SHA-1 than the model says; the description needs more memory
 * than 4 times the file and 4 MiB. Texts with a 0 byte end there.
 */
struct onnx_file *onnx_open(const char *path, struct error *err);
void onnx_close(struct onnx_file *file); /* NULL is fine */

/* Whether the file begins like an ONNX model, with its IR version and then a graph. */
bool onnx_looks_like(const char *path);

/*
 * Read `tensor->count` elements as float32 from FLOAT, FLOAT16, BFLOAT16, DOUBLE and integers; as integers from integers
 * and BOOL. Any thread may call. Errors: another type; a damaged number; a read error. onnx_open() has checked that there
 * are as many elements, so a buffer for them is not larger than the file allows.
 */
int onnx_read_floats(const struct onnx_file *file, const struct onnx_tensor *tensor, float *out, struct error *err);
int onnx_read_ints(const struct onnx_file *file, const struct onnx_tensor *tensor, int64_t *out, struct error *err);

/* The attribute of that name; NULL: the node has none. */
const struct onnx_attribute *onnx_attribute(const struct onnx_node *node, const char *name);

/*
 * The files that hold the model: the file itself, then those of external data, each once. Returns the number. All of
 * them belong to the model's identity.
 */
int onnx_paths(const struct onnx_file *file, const char *const **paths);

#endif
