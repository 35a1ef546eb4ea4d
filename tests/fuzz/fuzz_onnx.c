/* tests/fuzz/fuzz_onnx.c - ONNX files: opens one, and reads every tensor of its graph and of attributes. */
#include "models/onnx/onnx_file.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

FUZZ_SEEDS("tests/golden/onnx_files", "tests/fuzz/corpus/onnx");

static volatile size_t text_bytes; /* keeps the compiler from leaving reads out */

/* What onnx_open() has let through may be allocated. */
static void read_tensor(const struct onnx_file *file, const struct onnx_tensor *tensor)
{
    struct error err;
    float *floats = malloc(tensor->count * sizeof *floats + 1);
    if (floats)
        onnx_read_floats(file, tensor, floats, &err);
    free(floats);
    int64_t *ints = malloc(tensor->count * sizeof *ints + 1);
    if (ints)
        onnx_read_ints(file, tensor, ints, &err);
    free(ints);
}

static void read_attributes(const struct onnx_file *file, const struct onnx_node *node)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].tensor)
            read_tensor(file, node->attributes[i].tensor);
}

/* Reads every byte of a text, so that a missing end is seen. */
static size_t length(const char *text)
{
    size_t size = 0;
    while (text[size])
        size++;
    return size;
}

static size_t read_texts(const struct onnx_node *node)
{
    size_t size = length(node->name) + length(node->op) + length(node->domain);
    for (int i = 0; i < node->input_count; i++)
        size += length(node->inputs[i]);
    for (int i = 0; i < node->output_count; i++)
        size += length(node->outputs[i]);
    for (int i = 0; i < node->attribute_count; i++)
        size += length(node->attributes[i].name) + length(node->attributes[i].s) + node->attributes[i].count;
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    const char *path = fuzz_file(data, size);
    onnx_looks_like(path);
    struct onnx_file *file = onnx_open(path, &err);
    for (int i = 0; file && i < file->graph.tensor_count; i++)
        read_tensor(file, &file->graph.tensors[i]);
    for (int i = 0; file && i < file->graph.node_count; i++) {
        read_attributes(file, &file->graph.nodes[i]);
        text_bytes += read_texts(&file->graph.nodes[i]);
    }
    onnx_close(file);
    return 0;
}
