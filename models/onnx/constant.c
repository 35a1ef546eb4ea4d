/* models/onnx/constant.c - constants: read from the file when needed, or computed. */
#include "models/onnx/importer.h"

#include <stdlib.h>
#include <string.h>

/* Elements that may be computed: as many as these, and those of the file's tensors this many times. */
#define COMPUTED_LEAST ((size_t)1 << 20)
#define COMPUTED_FACTOR 4

const struct onnx_constant *constant_input(const struct importer *im, const struct onnx_node *node, int i)
{
    const struct value *value = import_input(im, node, i);
    return value ? value->constant : NULL;
}

struct onnx_constant *constant_of_tensor(struct importer *im, const struct onnx_tensor *tensor, struct error *err)
{
    struct onnx_constant *constant = arena_alloc(im->arena, 1, sizeof *constant);
    if (!constant) {
        error_memory(err, "a constant");
        return NULL;
    }
    *constant = (struct onnx_constant){
        .is_integer = !onnx_is_float(tensor->type), .rank = tensor->rank, .count = tensor->count, .tensor = tensor};
    memcpy(constant->dim, tensor->dim, sizeof constant->dim);
    return constant;
}

struct onnx_constant *constant_new(struct importer *im, bool is_integer, int rank, const int64_t *dim,
                                   struct error *err)
{
    struct onnx_constant *constant = arena_alloc(im->arena, 1, sizeof *constant);
    if (!constant) {
        error_memory(err, "a model");
        return NULL;
    }
    *constant = (struct onnx_constant){.is_integer = is_integer, .rank = rank, .count = 1};
    for (int i = 0; i < rank; i++) {
        constant->dim[i] = dim[i];
        if (dim[i] < 0 || __builtin_mul_overflow(constant->count, (size_t)dim[i], &constant->count) ||
            constant->count > CONSTANT_COUNT_MAX) {
            import_refuse(im, err, "a constant is too large");
            return NULL;
        }
    }
    return constant;
}

double *constant_room(struct importer *im, struct onnx_constant *constant, struct error *err)
{
    size_t allowed = COMPUTED_LEAST;
    for (int i = 0; i < im->tensor_count; i++)
        allowed += COMPUTED_FACTOR * im->tensors[i].count;
    im->computed += constant->count;
    if (im->computed > allowed) {
        import_refuse(im, err, "its constants are too large");
        return NULL;
    }
    double *values = arena_alloc(im->arena, constant->count + 1, sizeof *values);
    if (!values)
        error_memory(err, "a constant");
    return values;
}

static int read_integers(struct importer *im, const struct onnx_constant *constant, double *out, struct error *err)
{
    int64_t *integers = malloc((constant->count ? constant->count : 1) * sizeof *integers);
    if (!integers)
        return error_memory(err, "a constant");
    const int status = onnx_read_ints(im->file, constant->tensor, integers, err);
    for (size_t i = 0; i < constant->count && !status; i++)
        out[i] = (double)integers[i];
    free(integers);
    return status;
}

static int read_floats(struct importer *im, const struct onnx_constant *constant, double *out, struct error *err)
{
    float *floats = malloc((constant->count ? constant->count : 1) * sizeof *floats);
    if (!floats)
        return error_memory(err, "a constant");
    const int status = onnx_read_floats(im->file, constant->tensor, floats, err);
    for (size_t i = 0; i < constant->count && !status; i++)
        out[i] = (double)floats[i];
    free(floats);
    return status;
}

const double *constant_values(struct importer *im, const struct onnx_constant *constant, struct error *err)
{
    static const double none = 0;
    if (constant->values || constant->is_filled || constant->count == 0)
        return constant->values ? constant->values : &none;
    struct onnx_constant *own = (struct onnx_constant *)constant; /* reading the elements does not change its meaning */
    double *values =
        constant->count <= CONSTANT_COUNT_MAX ? arena_alloc(im->arena, constant->count, sizeof *values) : NULL;
    if (!values) {
        error_memory(err, "a constant");
        return NULL;
    }
    if (constant->is_integer ? read_integers(im, constant, values, err) : read_floats(im, constant, values, err))
        return NULL;
    return own->values = values;
}

bool constant_uniform(struct importer *im, const struct onnx_constant *constant, double *number)
{
    struct error ignored;
    const double *values = constant && constant->count ? constant_values(im, constant, &ignored) : NULL;
    for (size_t i = 1; values && !constant->is_filled && i < constant->count; i++)
        if (values[i] != values[0])
            return false;
    if (values)
        *number = constant_at(constant, values, 0);
    return values != NULL;
}

bool constant_number(struct importer *im, const struct onnx_constant *constant, double *number)
{
    struct error ignored;
    const double *values = constant && constant->count == 1 ? constant_values(im, constant, &ignored) : NULL;
    if (values)
        *number = constant_at(constant, values, 0);
    return values != NULL;
}
