/*
 * tests/models/onnx_bytes.h - writes ONNX files byte by byte, for what no exporter writes. Field numbers are those of
 * models/onnx/onnx.proto; functions of a text do nothing for NULL.
 */
#ifndef TESTS_MODELS_ONNX_BYTES_H
#define TESTS_MODELS_ONNX_BYTES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ONNX_BYTES_MAX ((size_t)1 << 18)

struct bytes {
    size_t size;
    unsigned char data[ONNX_BYTES_MAX];
};

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* A field's number times 8, plus its wire type. */
enum {
    MODEL_IR = 1 << 3 | VARINT,
    MODEL_GRAPH = 7 << 3 | BYTES,
    GRAPH_NODE = 1 << 3 | BYTES,
    GRAPH_TENSOR = 5 << 3 | BYTES,
    GRAPH_INPUT = 11 << 3 | BYTES,
    GRAPH_SPARSE = 15 << 3 | BYTES,
    TENSOR_DIMS = 1 << 3 | VARINT,
    TENSOR_DIMS_PACKED = 1 << 3 | BYTES,
    TENSOR_TYPE = 2 << 3 | VARINT,
    TENSOR_SEGMENT = 3 << 3 | BYTES,
    TENSOR_FLOATS = 4 << 3 | BYTES,
    TENSOR_FLOATS_UNPACKED = 4 << 3 | FIXED32,
    TENSOR_INT32S = 5 << 3 | BYTES,
    TENSOR_INT64S = 7 << 3 | BYTES,
    TENSOR_NAME = 8 << 3 | BYTES,
    TENSOR_RAW = 9 << 3 | BYTES,
    TENSOR_EXTERNAL = 13 << 3 | BYTES,
    TENSOR_LOCATION = 14 << 3 | VARINT,
};

static inline void put(struct bytes *to, const void *data, size_t size)
{
    assert(size <= sizeof to->data - to->size);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static inline void put_varint(struct bytes *to, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        put(to, &(unsigned char){(unsigned char)(value | 128)}, 1);
    put(to, &(unsigned char){(unsigned char)value}, 1);
}

/* A number, or one of a fixed size. */
static inline void put_number(struct bytes *to, uint32_t tag, uint64_t value)
{
    put_varint(to, tag);
    if ((tag & 7) == VARINT)
        put_varint(to, value);
    else
        put(to, &value, (tag & 7) == FIXED32 ? 4 : 8);
}

static inline void put_float(struct bytes *to, float value)
{
    put(to, &value, sizeof value);
}

static inline void put_bytes(struct bytes *to, uint32_t tag, const struct bytes *part)
{
    put_varint(to, tag);
    put_varint(to, part->size);
    put(to, part->data, part->size);
}

static inline void put_text(struct bytes *to, uint32_t tag, const char *text)
{
    if (!text)
        return;
    put_varint(to, tag);
    put_varint(to, strlen(text));
    put(to, text, strlen(text));
}

static inline void put_pair(struct bytes *to, uint32_t tag, const char *key, const char *text)
{
    static struct bytes pair;
    if (!text)
        return;
    pair.size = 0;
    put_text(&pair, 1 << 3 | BYTES, key);
    put_text(&pair, 2 << 3 | BYTES, text);
    put_bytes(to, tag, &pair);
}

/* A model with this graph; it lives until the next call. */
static inline const struct bytes *model_of_graph(const struct bytes *graph)
{
    static struct bytes model;
    model.size = 0;
    put_number(&model, MODEL_IR, 8);
    put_bytes(&model, MODEL_GRAPH, graph);
    return &model;
}

/* A model with one message in its graph. */
static inline const struct bytes *model_of(uint32_t tag, const struct bytes *message)
{
    static struct bytes graph;
    graph.size = 0;
    put_bytes(&graph, tag, message);
    return model_of_graph(&graph);
}

/* A float tensor "w" without its elements. */
static inline struct bytes *new_tensor(const int64_t *dims, int rank)
{
    static struct bytes tensor;
    tensor.size = 0;
    for (int i = 0; i < rank; i++)
        put_number(&tensor, TENSOR_DIMS, (uint64_t)dims[i]);
    put_number(&tensor, TENSOR_TYPE, 1);
    put_text(&tensor, TENSOR_NAME, "w");
    return &tensor;
}

#endif
