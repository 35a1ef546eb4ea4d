/* models/onnx/metadata.h - what a file's metadata says of classes and of the input's size. */
#ifndef MODELS_ONNX_METADATA_H
#define MODELS_ONNX_METADATA_H

#include "base/arena.h"
#include "models/onnx/onnx_file.h"

struct onnx_facts {
    int class_count;
    const char *const *classes; /* (class_count); NULL: not given */
    int h, w;                   /* 0: not given */
};

/*
 * Reads the keys "names", "classes", "labels", "class_names" (a list or a numbered dictionary, in JSON's or Python's
 * notation, or names separated by commas or lines) and "imgsz" ([h, w] or a number). What cannot be read is left out.
 * -1: no memory.
 */
int onnx_facts_read(const struct onnx_file *file, struct arena *arena, struct onnx_facts *facts);

#endif
