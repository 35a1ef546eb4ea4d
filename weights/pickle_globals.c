/* weights/pickle_globals.c - the few functions of a pickle that tensors need; any other global becomes an object. */
#include "weights/pickle_machine.h"

#include <stdio.h>
#include <string.h>

struct pickle_global {
    const char *module, *name;
    /* Calls it with these arguments; NULL: it is a storage's type. */
    struct pickle_value *(*call)(struct pickle_machine *machine, const struct pickle_value *args);
    const char *scalar; /* of a storage's type */
};

static struct pickle_value *wrong_arguments(struct pickle_machine *machine, const char *what)
{
    error_set(machine->err, "its pickle is damaged: wrong arguments of %s", what);
    return NULL;
}

/* OrderedDict(), or in Python 2's form OrderedDict([[key, value], ...]). */
static struct pickle_value *call_dict(struct pickle_machine *machine, const struct pickle_value *args)
{
    struct pickle_value *dict = pickle_make(machine, PICKLE_DICT);
    if (!dict || args->count == 0)
        return dict;
    const struct pickle_value *pairs = args->items[0];
    if (pairs->kind == PICKLE_DICT) {
        for (int i = 0; i < pairs->count; i++)
            if (pickle_append(machine, dict, pairs->items[i]))
                return NULL;
        return dict;
    }
    if (args->count != 1 || pairs->kind != PICKLE_LIST)
        return wrong_arguments(machine, "OrderedDict");
    for (int i = 0; i < pairs->count; i++) {
        const struct pickle_value *pair = pairs->items[i];
        if (pair->kind != PICKLE_LIST || pair->count != 2)
            return wrong_arguments(machine, "OrderedDict");
        if (pickle_append(machine, dict, pair->items[0]) || pickle_append(machine, dict, pair->items[1]))
            return NULL;
    }
    return dict;
}

static int take_numbers(const struct pickle_value *list, int64_t *out)
{
    if (list->kind != PICKLE_LIST || list->count > TENSOR_FILE_RANK_MAX)
        return -1;
    for (int i = 0; i < list->count; i++) {
        if (list->items[i]->kind != PICKLE_NUMBER)
            return -1;
        out[i] = list->items[i]->number;
    }
    return 0;
}

/* (storage, offset, size, stride, ...): their consistency is checked when the tensor gets its name. */
static struct pickle_value *call_tensor(struct pickle_machine *machine, const struct pickle_value *args)
{
    struct pickle_value *const *arg = args->items;
    if (args->kind != PICKLE_LIST || args->count < 4 || arg[0]->kind != PICKLE_STORAGE || arg[1]->kind != PICKLE_NUMBER)
        return wrong_arguments(machine, "a tensor");
    struct stored_tensor *view = arena_alloc(machine->arena, 1, sizeof *view);
    struct pickle_value *tensor = pickle_make(machine, PICKLE_TENSOR);
    if (!view || !tensor) {
        pickle_no_memory(machine);
        return NULL;
    }
    if (__builtin_add_overflow(arg[1]->number, arg[0]->storage.offset, &view->offset))
        return wrong_arguments(machine, "a tensor: its offset");
    if (take_numbers(arg[2], view->dim) || take_numbers(arg[3], view->stride) || arg[2]->count != arg[3]->count)
        return wrong_arguments(machine, "a tensor: its shape and strides");
    view->rank = arg[2]->count;
    tensor->tensor.storage = arg[0];
    tensor->tensor.view = view;
    return tensor;
}

/* (tensor, requires_grad, hooks): returns the tensor, or an object if its class is not supported. */
static struct pickle_value *call_parameter(struct pickle_machine *machine, const struct pickle_value *args)
{
    if (args->count < 1 || (args->items[0]->kind != PICKLE_TENSOR && args->items[0]->kind != PICKLE_OBJECT))
        return wrong_arguments(machine, "a parameter");
    return args->items[0];
}

/* (function, class, arguments, state): a tensor of a subclass. */
static struct pickle_value *call_typed(struct pickle_machine *machine, const struct pickle_value *args)
{
    if (args->count < 3 || args->items[0]->kind != PICKLE_GLOBAL || args->items[2]->kind != PICKLE_LIST)
        return wrong_arguments(machine, "a tensor of a class of its own");
    return pickle_call(machine, args->items[0], args->items[2]);
}

static const struct pickle_global globals[] = {
    {"collections", "OrderedDict", call_dict, NULL},
    {"torch._utils", "_rebuild_tensor", call_tensor, NULL},
    {"torch._utils", "_rebuild_tensor_v2", call_tensor, NULL},
    {"torch._utils", "_rebuild_qtensor", call_tensor, NULL},
    {"torch._utils", "_rebuild_parameter", call_parameter, NULL},
    {"torch._utils", "_rebuild_parameter_with_state", call_parameter, NULL},
    {"torch._tensor", "_rebuild_from_type_v2", call_typed, NULL},
    {"torch._tensor", "_rebuild_from_type", call_typed, NULL},
    {"torch", "FloatStorage", NULL, "float32"},
    {"torch", "HalfStorage", NULL, "float16"},
    {"torch", "BFloat16Storage", NULL, "bfloat16"},
    {"torch", "DoubleStorage", NULL, "float64"},
    {"torch", "LongStorage", NULL, "int64"},
    {"torch", "IntStorage", NULL, "int32"},
    {"torch", "ShortStorage", NULL, "int16"},
    {"torch", "CharStorage", NULL, "int8"},
    {"torch", "ByteStorage", NULL, "uint8"},
    {"torch", "BoolStorage", NULL, "bool"},
    {"torch", "QUInt8Storage", NULL, "quint8"},
    {"torch", "QInt8Storage", NULL, "qint8"},
    {"torch", "QInt32Storage", NULL, "qint32"},
    {"torch", "QUInt4x2Storage", NULL, "quint4x2"},
    {"torch", "QUInt2x4Storage", NULL, "quint2x4"},
    {"torch", "ComplexFloatStorage", NULL, "complex64"},
    {"torch", "ComplexDoubleStorage", NULL, "complex128"},
    {"torch.storage", "UntypedStorage", NULL, "bytes"},
};

struct pickle_value *pickle_global(struct pickle_machine *machine, const char *module, const char *name)
{
    struct pickle_value *value = pickle_make(machine, PICKLE_GLOBAL);
    if (!value)
        return NULL;
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (strcmp(globals[i].module, module) == 0 && strcmp(globals[i].name, name) == 0) {
            value->global.row = &globals[i];
            value->global.scalar = globals[i].scalar;
        }
    const size_t size = strlen(module) + strlen(name) + 2;
    char *full = arena_alloc(machine->arena, size, 1);
    if (!full) {
        pickle_no_memory(machine);
        return NULL;
    }
    snprintf(full, size, "%s%s%s", module, *module ? "." : "", name);
    value->global.name = full;
    return value;
}

struct pickle_value *pickle_call(struct pickle_machine *machine, const struct pickle_value *function,
                                 const struct pickle_value *args)
{
    const struct pickle_global *row = function->kind == PICKLE_GLOBAL ? function->global.row : NULL;
    if (row && row->call && args->kind == PICKLE_LIST)
        return row->call(machine, args);
    if (row || args->kind != PICKLE_LIST || (function->kind != PICKLE_GLOBAL && function->kind != PICKLE_OBJECT)) {
        error_set(machine->err, "its pickle is damaged: it calls a value that is not a function");
        return NULL;
    }
    struct pickle_value *object = pickle_make(machine, PICKLE_OBJECT);
    if (object)
        object->object.name = function->kind == PICKLE_GLOBAL ? function->global.name : function->object.name;
    return object;
}
