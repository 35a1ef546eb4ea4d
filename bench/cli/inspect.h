/*
 * bench/cli/inspect.h - the contents of an architecture or a file as JSON; cmd_inspect.c prints it.
 *
 * Each function returns an object that the caller releases (json_decref), or NULL and err. Plain values come first and
 * are printed as lines; arrays of objects ("nodes", "steps", "tensors", "first_images") are printed as tables.
 */
#ifndef BENCH_CLI_INSPECT_H
#define BENCH_CLI_INSPECT_H

#include "base/error.h"
#include "models/model.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Nodes, shapes, operations and bytes; with_plan: "steps" as the engine runs them, instead of "nodes". Of a network that
 * another process runs: its "layers", and --plan is an error.
 */
json_t *inspect_architecture(const struct model_spec *spec, bool with_plan, struct error *err);

/* A PyTorch or safetensors file: its keys, and names, shapes and types of the tensors that an import takes. */
json_t *inspect_foreign(const char *path, struct error *err);

/*
 * A file of any supported kind: weights, image set, PyTorch, safetensors. Errors: the file cannot be opened, is
 * damaged, or has another format; with_plan for an image set.
 */
json_t *inspect_file(const char *path, bool with_plan, struct error *err);

/* Adds what is given of an input: mean, std, scale, channels, resize, interpolation, crop, layout. */
void inspect_add_input(json_t *object, const struct picture_input *input);

#endif
