/* tests/fuzz/fuzz_onnx_graph.c - networks of ONNX files: imports the graph, and reads the weights of small ones. */
#include "models/model.h"
#include "models/onnx/onnx_file.h"
#include "tests/fuzz/fuzz.h"

FUZZ_SEEDS("tests/golden/onnx_models", "tests/golden/onnx_files");

#define WEIGHTS_MAX 1000000 /* constants may stand for more elements than the file has bytes */

static size_t weight_count(const struct graph *graph)
{
    size_t count = 0;
    for (int i = 0; i < graph_node_count(graph); i++)
        count += graph_node(graph, i).parameters;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    const struct model_spec spec = {.model = fuzz_file(data, size)};
    if (!onnx_looks_like(spec.model))
        return 0;
    struct model *model = model_open(&spec, &err);
    if (model && weight_count(model->graph) <= WEIGHTS_MAX) {
        struct arena arena;
        struct weights weights;
        arena_init(&arena, 0);
        model_read_weights(model, &arena, &weights, &err);
        arena_release(&arena);
    }
    model_close(model);
    return 0;
}
