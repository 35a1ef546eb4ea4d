/* backbones/pickle.c - the pickle machine: a table of opcodes, a table of globals, a stack. */
#include "backbones/pickle.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>

#define ADVICE "nothing in the file is executed, only tensors are read: save the state_dict() alone"

/* A list of values that grows; old copies stay in the arena. */
struct values {
    struct pickle_value **items;
    int count, capacity;
};

struct machine {
    const unsigned char *bytes;
    size_t size, at;
    struct arena *arena;
    struct error *err;
    struct values stack, memo;
    bool has_stopped;
};

struct opcode {
    unsigned char code;
    int (*run)(struct machine *machine, int argument);
    int argument; /* bytes of what follows, how many items */
};

struct pickle_global {
    const char *module, *name;
    /* What calling it with these arguments gives; NULL: it is a storage's type. */
    struct pickle_value *(*call)(struct machine *machine, const struct pickle_value *args);
    const char *scalar; /* of a storage's type */
};

/* -- memory, input, stack ----------------------------------------------------------------------------------------- */

static int no_memory(struct machine *machine)
{
    return error_set(machine->err, "its pickle needs more memory than a network's names and shapes do");
}

static struct pickle_value *make(struct machine *machine, enum pickle_kind kind)
{
    struct pickle_value *value = arena_alloc(machine->arena, 1, sizeof *value);
    if (value)
        value->kind = kind;
    else
        no_memory(machine);
    return value;
}

static int grow(struct machine *machine, struct pickle_value ***items, int count, int *capacity)
{
    if (count < *capacity)
        return 0;
    if (*capacity > INT_MAX / 2)
        return no_memory(machine);
    const int larger = *capacity ? 2 * *capacity : 4;
    struct pickle_value **list = arena_alloc(machine->arena, (size_t)larger, sizeof *list);
    if (!list)
        return no_memory(machine);
    if (count)
        memcpy(list, *items, (size_t)count * sizeof *list);
    *items = list;
    *capacity = larger;
    return 0;
}

static int push(struct machine *machine, struct pickle_value *value)
{
    struct values *stack = &machine->stack;
    if (!value || grow(machine, &stack->items, stack->count, &stack->capacity))
        return -1;
    stack->items[stack->count++] = value;
    return 0;
}

/* NULL and an error: there is none, or only a mark. */
static struct pickle_value *top(struct machine *machine)
{
    struct values *stack = &machine->stack;
    if (stack->count && stack->items[stack->count - 1]->kind != PICKLE_MARK)
        return stack->items[stack->count - 1];
    error_set(machine->err, "its pickle is damaged: an operation finds nothing to work on");
    return NULL;
}

static struct pickle_value *pop(struct machine *machine)
{
    struct pickle_value *value = top(machine);
    if (value)
        machine->stack.count--;
    return value;
}

static int append(struct machine *machine, struct pickle_value *list, struct pickle_value *item)
{
    if (grow(machine, &list->items, list->count, &list->capacity))
        return -1;
    list->items[list->count++] = item;
    return 0;
}

/* The next bytes of the program; NULL and an error: it ends before. */
static const unsigned char *take(struct machine *machine, size_t size)
{
    if (size > machine->size - machine->at) {
        error_set(machine->err, "its pickle is cut short");
        return NULL;
    }
    machine->at += size;
    return machine->bytes + machine->at - size;
}

/* An unsigned number of 1 to 8 bytes, little-endian. */
static int take_number(struct machine *machine, int size, uint64_t *number)
{
    const unsigned char *bytes = take(machine, (size_t)size);
    *number = 0;
    for (int i = 0; bytes && i < size; i++)
        *number |= (uint64_t)bytes[i] << (8 * i);
    return bytes ? 0 : -1;
}

/* -- plain values ------------------------------------------------------------------------------------------------- */

static int push_none(struct machine *machine, int unused)
{
    (void)unused;
    return push(machine, make(machine, PICKLE_NONE));
}

static int push_number(struct machine *machine, int64_t number)
{
    struct pickle_value *value = make(machine, PICKLE_NUMBER);
    if (!value)
        return -1;
    value->number = number;
    return push(machine, value);
}

static int push_bool(struct machine *machine, int is_true)
{
    return push_number(machine, is_true);
}

static int push_unsigned(struct machine *machine, int size)
{
    uint64_t number;
    return take_number(machine, size, &number) ? -1 : push_number(machine, (int64_t)number);
}

static int push_signed(struct machine *machine, int size)
{
    uint64_t number;
    if (take_number(machine, size, &number))
        return -1;
    const int unused = 64 - 8 * size;
    return push_number(machine, size ? (int64_t)(number << unused) >> unused : 0);
}

/* A number whose length stands before it. */
static int push_long(struct machine *machine, int size)
{
    uint64_t length;
    if (take_number(machine, size, &length))
        return -1;
    if (length > sizeof(int64_t))
        return error_set(machine->err, "its pickle holds a number of %llu bytes; at most 8 are read",
                         (unsigned long long)length);
    return push_signed(machine, (int)length);
}

static int push_real(struct machine *machine, int size)
{
    return take(machine, (size_t)size) ? push(machine, make(machine, PICKLE_REAL)) : -1;
}

static int push_text_of(struct machine *machine, const unsigned char *bytes, size_t length)
{
    struct pickle_value *value = make(machine, PICKLE_TEXT);
    if (!value)
        return -1;
    if (memchr(bytes, 0, length))
        return error_set(machine->err, "its pickle holds a text with a zero byte");
    char *text = arena_alloc(machine->arena, length + 1, 1);
    if (!text)
        return no_memory(machine);
    memcpy(text, bytes, length);
    value->text = text;
    return push(machine, value);
}

static int push_text(struct machine *machine, int size)
{
    uint64_t length;
    if (take_number(machine, size, &length))
        return -1;
    const unsigned char *bytes = take(machine, (size_t)length);
    return bytes ? push_text_of(machine, bytes, (size_t)length) : -1;
}

/* -- lists and dicts ---------------------------------------------------------------------------------------------- */

static int push_empty(struct machine *machine, int kind)
{
    return push(machine, make(machine, (enum pickle_kind)kind));
}

/* The position behind the last mark; -1 and an error: there is none. */
static int find_mark(const struct machine *machine)
{
    for (int i = machine->stack.count; i > 0; i--)
        if (machine->stack.items[i - 1]->kind == PICKLE_MARK)
            return i;
    return error_set(machine->err, "its pickle is damaged: a mark is missing");
}

static struct pickle_value *list_of(struct machine *machine, int first)
{
    struct values *stack = &machine->stack;
    struct pickle_value *list = make(machine, PICKLE_LIST);
    for (int i = first; list && i < stack->count; i++)
        if (append(machine, list, stack->items[i]))
            return NULL;
    stack->count = first;
    return list;
}

/* `size` values become a tuple; -1: all behind the mark. */
static int push_tuple(struct machine *machine, int size)
{
    int first = machine->stack.count - size;
    if (size < 0) {
        first = find_mark(machine);
        if (first < 0)
            return -1;
    }
    for (int i = first; i < machine->stack.count; i++)
        if (i < 0 || machine->stack.items[i]->kind == PICKLE_MARK)
            return error_set(machine->err, "its pickle is damaged: a tuple lacks items");
    struct pickle_value *list = list_of(machine, first);
    if (list && size < 0)
        machine->stack.count--;
    return push(machine, list);
}

/* What stands behind the last mark goes into the list or dict before it. */
static int add_items(struct machine *machine, int kind)
{
    struct values *stack = &machine->stack;
    const int first = find_mark(machine);
    if (first < 0)
        return -1;
    const int end = stack->count;
    stack->count = first - 1;
    struct pickle_value *target = top(machine);
    if (!target)
        return -1;
    if ((int)target->kind != kind || (kind == PICKLE_DICT && (end - first) % 2))
        return error_set(machine->err, "its pickle is damaged: items are added to what cannot take them");
    for (int i = first; i < end; i++)
        if (append(machine, target, stack->items[i]))
            return -1;
    return 0;
}

static int add_item(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *item = pop(machine), *list = item ? top(machine) : NULL;
    if (!list)
        return -1;
    if (list->kind != PICKLE_LIST)
        return error_set(machine->err, "its pickle is damaged: an item is added to what is no list");
    return append(machine, list, item);
}

static int set_item(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *item = pop(machine), *key = item ? pop(machine) : NULL, *dict = key ? top(machine) : NULL;
    if (!dict)
        return -1;
    if (dict->kind != PICKLE_DICT)
        return error_set(machine->err, "its pickle is damaged: a key is set in what is no dict");
    return append(machine, dict, key) || append(machine, dict, item) ? -1 : 0;
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
    for (int i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->count; i += 2)
        if (dict->items[i]->kind == PICKLE_TEXT && strcmp(dict->items[i]->text, key) == 0)
            return dict->items[i + 1];
    return NULL;
}

/* -- memo --------------------------------------------------------------------------------------------------------- */

static int put_at(struct machine *machine, uint64_t place)
{
    struct values *memo = &machine->memo;
    struct pickle_value *value = top(machine);
    if (!value)
        return -1;
    if (place > machine->size) /* there are no more opcodes than bytes */
        return error_set(machine->err, "its pickle is damaged: it stores a value at place %llu",
                         (unsigned long long)place);
    while ((uint64_t)memo->count <= place) {
        if (grow(machine, &memo->items, memo->count, &memo->capacity))
            return -1;
        memo->items[memo->count++] = NULL;
    }
    memo->items[place] = value;
    return 0;
}

static int put(struct machine *machine, int size)
{
    uint64_t place;
    return take_number(machine, size, &place) ? -1 : put_at(machine, place);
}

static int put_next(struct machine *machine, int unused)
{
    (void)unused;
    return put_at(machine, (uint64_t)machine->memo.count);
}

static int get(struct machine *machine, int size)
{
    uint64_t place;
    if (take_number(machine, size, &place))
        return -1;
    if (place >= (uint64_t)machine->memo.count || !machine->memo.items[place])
        return error_set(machine->err, "its pickle is damaged: it asks for a value that was not stored");
    return push(machine, machine->memo.items[place]);
}

/* -- globals ------------------------------------------------------------------------------------------------------ */

static struct pickle_value *wrong_arguments(struct machine *machine, const char *what)
{
    error_set(machine->err, "its pickle is damaged: wrong arguments of %s", what);
    return NULL;
}

/* OrderedDict(), or as Python 2 wrote it, OrderedDict([[key, value], ...]). */
static struct pickle_value *call_dict(struct machine *machine, const struct pickle_value *args)
{
    struct pickle_value *dict = make(machine, PICKLE_DICT);
    if (!dict || args->count == 0)
        return dict;
    const struct pickle_value *pairs = args->items[0];
    if (args->count != 1 || pairs->kind != PICKLE_LIST)
        return wrong_arguments(machine, "OrderedDict");
    for (int i = 0; i < pairs->count; i++) {
        const struct pickle_value *pair = pairs->items[i];
        if (pair->kind != PICKLE_LIST || pair->count != 2)
            return wrong_arguments(machine, "OrderedDict");
        if (append(machine, dict, pair->items[0]) || append(machine, dict, pair->items[1]))
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

/* (storage, offset, size, stride, ...): whether they fit each other is asked when the tensor gets its name. */
static struct pickle_value *call_tensor(struct machine *machine, const struct pickle_value *args)
{
    struct pickle_value *const *arg = args->items;
    if (args->count < 4 || arg[0]->kind != PICKLE_STORAGE || arg[1]->kind != PICKLE_NUMBER)
        return wrong_arguments(machine, "a tensor");
    struct stored_tensor *view = arena_alloc(machine->arena, 1, sizeof *view);
    struct pickle_value *tensor = make(machine, PICKLE_TENSOR);
    if (!view || !tensor) {
        no_memory(machine);
        return NULL;
    }
    view->offset = arg[1]->number;
    if (take_numbers(arg[2], view->dim) || take_numbers(arg[3], view->stride) || arg[2]->count != arg[3]->count)
        return wrong_arguments(machine, "a tensor: its shape and strides");
    view->rank = arg[2]->count;
    tensor->tensor.storage = arg[0];
    tensor->tensor.view = view;
    return tensor;
}

/* (tensor, requires_grad, hooks): the tensor. */
static struct pickle_value *call_parameter(struct machine *machine, const struct pickle_value *args)
{
    if (args->count < 1 || args->items[0]->kind != PICKLE_TENSOR)
        return wrong_arguments(machine, "a parameter");
    return args->items[0];
}

static const struct pickle_global globals[] = {
    {"collections", "OrderedDict", call_dict, NULL},
    {"torch._utils", "_rebuild_tensor", call_tensor, NULL},
    {"torch._utils", "_rebuild_tensor_v2", call_tensor, NULL},
    {"torch._utils", "_rebuild_parameter", call_parameter, NULL},
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
};

static int push_global_named(struct machine *machine, const char *module, const char *name)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        if (strcmp(globals[i].module, module) != 0 || strcmp(globals[i].name, name) != 0)
            continue;
        struct pickle_value *value = make(machine, PICKLE_GLOBAL);
        if (!value)
            return -1;
        value->global = &globals[i];
        return push(machine, value);
    }
    char shown[128], shown_name[128];
    return error_set(machine->err, "its pickle names \"%s.%s\"; " ADVICE, text_printable(module, shown, sizeof shown),
                     text_printable(name, shown_name, sizeof shown_name));
}

/* A line of the program, without its end, pushed as text. */
static int push_line(struct machine *machine)
{
    const unsigned char *start = machine->bytes + machine->at;
    const unsigned char *end = memchr(start, '\n', machine->size - machine->at);
    if (!end)
        return error_set(machine->err, "its pickle is cut short");
    machine->at += (size_t)(end - start) + 1;
    return push_text_of(machine, start, (size_t)(end - start));
}

static int push_global_of_stack(struct machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *name = pop(machine), *module = name ? pop(machine) : NULL;
    if (!module)
        return -1;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return error_set(machine->err, "its pickle is damaged: the name of a global is no text");
    return push_global_named(machine, module->text, name->text);
}

static int push_global(struct machine *machine, int unused)
{
    for (int line = 0; line < 2; line++) /* module, name */
        if (push_line(machine))
            return -1;
    return push_global_of_stack(machine, unused);
}

static int call(struct machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *args = pop(machine), *function = args ? pop(machine) : NULL;
    if (!function)
        return -1;
    if (function->kind != PICKLE_GLOBAL || !function->global->call || args->kind != PICKLE_LIST)
        return error_set(machine->err, "its pickle is damaged: it calls what is no function");
    return push(machine, function->global->call(machine, args));
}

/* The state of an object: a state dict's own has versions of its modules, which nobody needs. */
static int drop_state(struct machine *machine, int unused)
{
    (void)unused;
    return pop(machine) && top(machine) ? 0 : -1;
}

/* ("storage", type, key, place, count, view): the data stand elsewhere in the file. */
static int push_storage(struct machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *id = pop(machine);
    if (!id)
        return -1;
    struct pickle_value *const *part = id->items;
    if (id->kind != PICKLE_LIST || id->count < 5 || part[0]->kind != PICKLE_TEXT ||
        strcmp(part[0]->text, "storage") != 0 || part[1]->kind != PICKLE_GLOBAL || !part[1]->global->scalar ||
        part[2]->kind != PICKLE_TEXT || part[4]->kind != PICKLE_NUMBER)
        return error_set(machine->err, "its pickle is damaged: a reference to data is no storage");
    if (id->count > 5 && part[5]->kind != PICKLE_NONE)
        return error_set(machine->err, "its pickle has a view of a storage, as PyTorch before 0.4 wrote: not read");
    struct pickle_value *storage = make(machine, PICKLE_STORAGE);
    if (!storage)
        return -1;
    storage->storage = (struct tensor_storage){
        .key = part[2]->text, .scalar = scalar_find(part[1]->global->scalar), .count = part[4]->number, .offset = -1};
    return push(machine, storage);
}

/* -- the program -------------------------------------------------------------------------------------------------- */

static int skip(struct machine *machine, int size)
{
    return take(machine, (size_t)size) ? 0 : -1;
}

static int stop(struct machine *machine, int unused)
{
    (void)unused;
    machine->has_stopped = true;
    return 0;
}

static const struct opcode opcodes[] = {
    {0x80, skip, 1}, /* protocol */
    {0x95, skip, 8}, /* frame */
    {'.', stop, 0},
    {'(', push_empty, PICKLE_MARK},
    {'N', push_none, 0},
    {0x88, push_bool, 1},
    {0x89, push_bool, 0},
    {'K', push_unsigned, 1},
    {'M', push_unsigned, 2},
    {'J', push_signed, 4},
    {0x8a, push_long, 1},
    {'G', push_real, 8},
    {'X', push_text, 4},
    {'U', push_text, 1},
    {'T', push_text, 4},
    {0x8c, push_text, 1},
    {0x8d, push_text, 8},
    {')', push_empty, PICKLE_LIST},
    {']', push_empty, PICKLE_LIST},
    {'}', push_empty, PICKLE_DICT},
    {0x85, push_tuple, 1},
    {0x86, push_tuple, 2},
    {0x87, push_tuple, 3},
    {'t', push_tuple, -1},
    {'a', add_item, 0},
    {'e', add_items, PICKLE_LIST},
    {'s', set_item, 0},
    {'u', add_items, PICKLE_DICT},
    {'q', put, 1},
    {'r', put, 4},
    {0x94, put_next, 0},
    {'h', get, 1},
    {'j', get, 4},
    {'c', push_global, 0},
    {0x93, push_global_of_stack, 0},
    {'Q', push_storage, 0},
    {'R', call, 0},
    {'b', drop_state, 0},
};

static int step(struct machine *machine)
{
    const unsigned char *code = take(machine, 1);
    if (!code)
        return -1;
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        if (opcodes[i].code == *code)
            return opcodes[i].run(machine, opcodes[i].argument);
    return error_set(machine->err, "its pickle has opcode 0x%02x, which tensors do not need; " ADVICE, *code);
}

const struct pickle_value *pickle_read(const unsigned char *bytes, size_t size, size_t *at, struct arena *arena,
                                       struct error *err)
{
    struct machine machine = {.bytes = bytes, .size = size, .at = *at, .arena = arena, .err = err};
    while (!machine.has_stopped)
        if (step(&machine))
            return NULL;
    *at = machine.at;
    return pop(&machine);
}
