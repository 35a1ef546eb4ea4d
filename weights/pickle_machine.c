/* weights/pickle_machine.c - the pickle machine: a table of opcodes, a table of globals, a stack. */
#include "weights/pickle_machine.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>

#define ADVICE "nothing in the file is executed, only tensors are read: save the state_dict() alone"

struct opcode {
    unsigned char code;
    int (*run)(struct pickle_machine *machine, int argument);
    int argument; /* bytes that follow, or number of items */
};

/* -- memory, input, stack ----------------------------------------------------------------------------------------- */

int pickle_no_memory(struct pickle_machine *machine)
{
    return error_set(machine->err, "its pickle needs more memory than a network's names and shapes do");
}

struct pickle_value *pickle_make(struct pickle_machine *machine, enum pickle_kind kind)
{
    struct pickle_value **single = kind == PICKLE_NONE ? &machine->none : kind == PICKLE_OTHER ? &machine->other : NULL;
    struct pickle_value *made = single ? *single : NULL;
    if (made)
        return made;
    struct pickle_value *value = arena_alloc(machine->arena, 1, sizeof *value);
    if (single)
        *single = value;
    if (value)
        value->kind = kind;
    else
        pickle_no_memory(machine);
    return value;
}

static int grow(struct pickle_machine *machine, struct pickle_value ***items, int count, int *capacity)
{
    if (count < *capacity)
        return 0;
    if (*capacity > INT_MAX / 2)
        return pickle_no_memory(machine);
    const int larger = *capacity ? 2 * *capacity : 4;
    struct pickle_value **list = arena_alloc(machine->arena, (size_t)larger, sizeof *list);
    if (!list)
        return pickle_no_memory(machine);
    if (count)
        memcpy(list, *items, (size_t)count * sizeof *list);
    *items = list;
    *capacity = larger;
    return 0;
}

static int push(struct pickle_machine *machine, struct pickle_value *value)
{
    struct pickle_values *stack = &machine->stack;
    if (!value || grow(machine, &stack->items, stack->count, &stack->capacity))
        return -1;
    stack->items[stack->count++] = value;
    return 0;
}

/* Takes the top of the stack. NULL and an error: the stack is empty, or its top is a mark. */
static struct pickle_value *top(struct pickle_machine *machine)
{
    struct pickle_values *stack = &machine->stack;
    if (stack->count && stack->items[stack->count - 1]->kind != PICKLE_MARK)
        return stack->items[stack->count - 1];
    error_set(machine->err, "its pickle is damaged: an operation has no operand");
    return NULL;
}

static struct pickle_value *pop(struct pickle_machine *machine)
{
    struct pickle_value *value = top(machine);
    if (value)
        machine->stack.count--;
    return value;
}

int pickle_append(struct pickle_machine *machine, struct pickle_value *list, struct pickle_value *item)
{
    if (grow(machine, &list->items, list->count, &list->capacity))
        return -1;
    list->items[list->count++] = item;
    return 0;
}

/* Returns the next bytes of the program; NULL and an error if it ends before. */
static const unsigned char *take(struct pickle_machine *machine, size_t size)
{
    if (size > machine->size - machine->at) {
        error_set(machine->err, "its pickle is cut short");
        return NULL;
    }
    machine->at += size;
    return machine->bytes + machine->at - size;
}

/* An unsigned number of 1 to 8 bytes, little-endian. */
static int take_number(struct pickle_machine *machine, int size, uint64_t *number)
{
    const unsigned char *bytes = take(machine, (size_t)size);
    *number = 0;
    for (int i = 0; bytes && i < size; i++)
        *number |= (uint64_t)bytes[i] << (8 * i);
    return bytes ? 0 : -1;
}

/* -- plain values ------------------------------------------------------------------------------------------------- */

static int push_none(struct pickle_machine *machine, int unused)
{
    (void)unused;
    return push(machine, pickle_make(machine, PICKLE_NONE));
}

static int push_number(struct pickle_machine *machine, int64_t number)
{
    struct pickle_value *value = pickle_make(machine, PICKLE_NUMBER);
    if (!value)
        return -1;
    value->number = number;
    return push(machine, value);
}

static int push_bool(struct pickle_machine *machine, int is_true)
{
    return push_number(machine, is_true);
}

static int push_unsigned(struct pickle_machine *machine, int size)
{
    uint64_t number;
    return take_number(machine, size, &number) ? -1 : push_number(machine, (int64_t)number);
}

static int push_signed(struct pickle_machine *machine, int size)
{
    uint64_t number;
    if (take_number(machine, size, &number))
        return -1;
    const int unused = 64 - 8 * size;
    return push_number(machine, size ? (int64_t)(number << unused) >> unused : 0);
}

/* Values that tensors do not need: real numbers, large integers, bytes. */
static int push_other_of(struct pickle_machine *machine, uint64_t length)
{
    return take(machine, (size_t)length) ? push(machine, pickle_make(machine, PICKLE_OTHER)) : -1;
}

static int push_real(struct pickle_machine *machine, int size)
{
    return push_other_of(machine, (uint64_t)size);
}

/* Bytes after their length. */
static int push_bytes(struct pickle_machine *machine, int size)
{
    uint64_t length;
    return take_number(machine, size, &length) ? -1 : push_other_of(machine, length);
}

/* A number that follows its length. */
static int push_long(struct pickle_machine *machine, int size)
{
    uint64_t length;
    if (take_number(machine, size, &length))
        return -1;
    if (length > sizeof(int64_t))
        return push_other_of(machine, length);
    return push_signed(machine, (int)length);
}

static int push_text_of(struct pickle_machine *machine, const unsigned char *bytes, size_t length)
{
    if (memchr(bytes, 0, length)) /* not a tensor's name */
        return push(machine, pickle_make(machine, PICKLE_OTHER));
    struct pickle_value *value = pickle_make(machine, PICKLE_TEXT);
    if (!value)
        return -1;
    char *text = arena_alloc(machine->arena, length + 1, 1);
    if (!text)
        return pickle_no_memory(machine);
    memcpy(text, bytes, length);
    value->text = text;
    return push(machine, value);
}

static int push_text(struct pickle_machine *machine, int size)
{
    uint64_t length;
    if (take_number(machine, size, &length))
        return -1;
    const unsigned char *bytes = take(machine, (size_t)length);
    return bytes ? push_text_of(machine, bytes, (size_t)length) : -1;
}

/* -- lists and dicts ---------------------------------------------------------------------------------------------- */

static int push_empty(struct pickle_machine *machine, int kind)
{
    return push(machine, pickle_make(machine, (enum pickle_kind)kind));
}

/* Returns the position after the last mark; -1 and an error if there is none. */
static int find_mark(const struct pickle_machine *machine)
{
    for (int i = machine->stack.count; i > 0; i--)
        if (machine->stack.items[i - 1]->kind == PICKLE_MARK)
            return i;
    return error_set(machine->err, "its pickle is damaged: a mark is missing");
}

static struct pickle_value *list_of(struct pickle_machine *machine, int first)
{
    struct pickle_values *stack = &machine->stack;
    struct pickle_value *list = pickle_make(machine, PICKLE_LIST);
    for (int i = first; list && i < stack->count; i++)
        if (pickle_append(machine, list, stack->items[i]))
            return NULL;
    stack->count = first;
    return list;
}

/* Makes a tuple of `size` values; -1: of all after the mark. */
static int push_tuple(struct pickle_machine *machine, int size)
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

/* A dict of an unknown class is an object with items. */
static bool takes(const struct pickle_value *target, int kind)
{
    return (int)target->kind == kind || (target->kind == PICKLE_OBJECT && kind == PICKLE_DICT);
}

/* Moves the values after the last mark into the list or dict before it. */
static int add_items(struct pickle_machine *machine, int kind)
{
    struct pickle_values *stack = &machine->stack;
    const int first = find_mark(machine);
    if (first < 0)
        return -1;
    const int end = stack->count;
    stack->count = first - 1;
    struct pickle_value *target = top(machine);
    if (!target)
        return -1;
    if (kind == PICKLE_LIST && target->kind == PICKLE_OBJECT) /* a list of an unknown class */
        return 0;
    if (!takes(target, kind) || (kind == PICKLE_DICT && (end - first) % 2))
        return error_set(machine->err, "its pickle is damaged: items are added to a value that cannot hold them");
    for (int i = first; i < end; i++)
        if (pickle_append(machine, target, stack->items[i]))
            return -1;
    return 0;
}

static int add_item(struct pickle_machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *item = pop(machine), *list = item ? top(machine) : NULL;
    if (!list)
        return -1;
    if (list->kind == PICKLE_OBJECT)
        return 0;
    if (list->kind != PICKLE_LIST)
        return error_set(machine->err, "its pickle is damaged: an item is added to a value that is not a list");
    return pickle_append(machine, list, item);
}

static int set_item(struct pickle_machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *item = pop(machine), *key = item ? pop(machine) : NULL, *dict = key ? top(machine) : NULL;
    if (!dict)
        return -1;
    if (!takes(dict, PICKLE_DICT))
        return error_set(machine->err, "its pickle is damaged: a key is set in a value that is not a dict");
    return status_of(pickle_append(machine, dict, key) || pickle_append(machine, dict, item));
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
    const bool has_keys = dict->kind == PICKLE_DICT || dict->kind == PICKLE_OBJECT;
    for (int i = 0; has_keys && i + 1 < dict->count; i += 2)
        if (dict->items[i]->kind == PICKLE_TEXT && strcmp(dict->items[i]->text, key) == 0)
            return dict->items[i + 1];
    return NULL;
}

/* -- memo --------------------------------------------------------------------------------------------------------- */

static int put_at(struct pickle_machine *machine, uint64_t place)
{
    struct pickle_values *memo = &machine->memo;
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

static int put(struct pickle_machine *machine, int size)
{
    uint64_t place;
    return take_number(machine, size, &place) ? -1 : put_at(machine, place);
}

static int put_next(struct pickle_machine *machine, int unused)
{
    (void)unused;
    return put_at(machine, (uint64_t)machine->memo.count);
}

static int get(struct pickle_machine *machine, int size)
{
    uint64_t place;
    if (take_number(machine, size, &place))
        return -1;
    if (place >= (uint64_t)machine->memo.count || !machine->memo.items[place])
        return error_set(machine->err, "its pickle is damaged: it refers to a value that was not stored");
    return push(machine, machine->memo.items[place]);
}

/* A line of the program, without its end, pushed as text. */
static int push_line(struct pickle_machine *machine)
{
    const unsigned char *start = machine->bytes + machine->at;
    const unsigned char *end = memchr(start, '\n', machine->size - machine->at);
    if (!end)
        return error_set(machine->err, "its pickle is cut short");
    machine->at += (size_t)(end - start) + 1;
    return push_text_of(machine, start, (size_t)(end - start));
}

static int push_global_of_stack(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *name = pop(machine), *module = name ? pop(machine) : NULL;
    if (!module)
        return -1;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return error_set(machine->err, "its pickle is damaged: the name of a global is not text");
    return push(machine, pickle_global(machine, module->text, name->text));
}

static int push_global(struct pickle_machine *machine, int unused)
{
    for (int line = 0; line < 2; line++) /* module, name */
        if (push_line(machine))
            return -1;
    return push_global_of_stack(machine, unused);
}

static int call(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *args = pop(machine), *function = args ? pop(machine) : NULL;
    return function ? push(machine, pickle_call(machine, function, args)) : -1;
}

/* (class, arguments, keywords) */
static int call_with_keywords(struct pickle_machine *machine, int unused)
{
    return pop(machine) ? call(machine, unused) : -1;
}

/* Turns the values after the last mark into one object: a set. */
static int push_object_of_items(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const int first = find_mark(machine);
    if (first < 0)
        return -1;
    machine->stack.count = first - 1;
    return push(machine, pickle_make(machine, PICKLE_OTHER));
}

/* The values after the last mark belong to a set, which is not kept. */
static int drop_items(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const int first = find_mark(machine);
    if (first < 0)
        return -1;
    machine->stack.count = first - 1;
    return top(machine) ? 0 : -1;
}

static int drop(struct pickle_machine *machine, int unused)
{
    (void)unused;
    return pop(machine) ? 0 : -1;
}

static int duplicate(struct pickle_machine *machine, int unused)
{
    (void)unused;
    return push(machine, top(machine));
}

/* An object keeps its state; that of a state dict, the versions of its modules, is not needed. */
static int set_state(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *state = pop(machine);
    struct pickle_value *object = state ? top(machine) : NULL;
    if (object && object->kind == PICKLE_OBJECT)
        object->object.state = state;
    return object ? 0 : -1;
}

/* ("storage", type, key, place, count, view): the data are elsewhere in the file. view: (key, first element, count). */
static int push_storage(struct pickle_machine *machine, const struct pickle_value *id)
{
    struct pickle_value *const *part = id->items;
    const struct pickle_value *view = id->count > 5 && part[5]->kind == PICKLE_LIST ? part[5] : NULL;
    if (id->count < 5 || part[1]->kind != PICKLE_GLOBAL || part[2]->kind != PICKLE_TEXT ||
        part[4]->kind != PICKLE_NUMBER || (view && (view->count < 2 || view->items[1]->kind != PICKLE_NUMBER)))
        return error_set(machine->err, "its pickle is damaged: a reference to data is not a storage");
    if (!part[1]->global.scalar)
        return error_set(machine->err, "its pickle has data of the unknown type \"%s\"", part[1]->global.name);
    struct pickle_value *storage = pickle_make(machine, PICKLE_STORAGE);
    if (!storage)
        return -1;
    storage->storage = (struct tensor_storage){.key = part[2]->text,
                                               .scalar = scalar_find(part[1]->global.scalar),
                                               .count = part[4]->number,
                                               .offset = view ? view->items[1]->number : 0};
    struct pickle_values *all = machine->storages;
    if (all) {
        if (grow(machine, &all->items, all->count, &all->capacity))
            return -1;
        all->items[all->count++] = storage;
    }
    return push(machine, storage);
}

/* A storage, or in the old format ("module", class, file, source) for a network's class. */
static int push_persistent(struct pickle_machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *id = pop(machine);
    if (!id)
        return -1;
    const bool is_named = id->kind == PICKLE_LIST && id->count >= 2 && id->items[0]->kind == PICKLE_TEXT;
    if (is_named && strcmp(id->items[0]->text, "storage") == 0)
        return push_storage(machine, id);
    if (is_named && strcmp(id->items[0]->text, "module") == 0)
        return push(machine, id->items[1]);
    return error_set(machine->err, "its pickle is damaged: a reference to data is not a storage");
}

/* -- the program -------------------------------------------------------------------------------------------------- */

static int skip(struct pickle_machine *machine, int size)
{
    return take(machine, (size_t)size) ? 0 : -1;
}

static int stop(struct pickle_machine *machine, int unused)
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
    {'Q', push_persistent, 0},
    {'R', call, 0},
    {0x81, call, 0}, /* a new object of a class */
    {0x92, call_with_keywords, 0},
    {'b', set_state, 0},
    {'0', drop, 0},
    {'2', duplicate, 0},
    {'B', push_bytes, 4},
    {'C', push_bytes, 1},
    {0x8e, push_bytes, 8},
    {0x96, push_bytes, 8},
    {0x8b, push_long, 4},
    {0x8f, push_empty, PICKLE_OTHER},
    {0x90, drop_items, 0},
    {0x91, push_object_of_items, 0},
};

static int step(struct pickle_machine *machine)
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
                                       struct pickle_values *storages, struct error *err)
{
    struct pickle_machine machine = {
        .bytes = bytes, .size = size, .at = *at, .arena = arena, .err = err, .storages = storages};
    while (!machine.has_stopped)
        if (step(&machine))
            return NULL;
    *at = machine.at;
    return pop(&machine);
}
