/*
 * weights/pickle.h - reads the pickles that PyTorch writes, and executes nothing.
 *
 * A pickle is a program for a stack machine that may call any Python function by name. This machine has the opcodes of
 * protocols 2 to 5 and a table of globals that it implements itself (OrderedDict, the storages' types, the functions
 * that rebuild a tensor). Any other global becomes an object with only its name, its state and its items, because
 * training programs put arguments, counters and whole modules beside the tensors. Any other opcode is an error that
 * names it. Work and memory grow only with the length of the pickle.
 */
#ifndef WEIGHTS_PICKLE_H
#define WEIGHTS_PICKLE_H

#include "weights/tensor_file.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_NUMBER, /* int or bool: number */
    PICKLE_OTHER,  /* a real number, bytes, a set: its value is not kept */
    PICKLE_TEXT,
    PICKLE_LIST, /* list or tuple: items */
    PICKLE_DICT, /* items: key, value, key, value ... */
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_GLOBAL, /* a function or class by its name */
    PICKLE_OBJECT, /* of another class: its name, state, and items as a dict's */
    PICKLE_MARK,
};

struct pickle_global; /* a row of the table of known globals */

/* A list of values that grows; old copies stay in the arena. */
struct pickle_values {
    struct pickle_value **items;
    int count, capacity;
};

struct pickle_value {
    enum pickle_kind kind;
    int count, capacity;         /* of items */
    struct pickle_value **items; /* of lists, dicts, objects; a value may appear in several places, also in itself */
    union {
        int64_t number;
        const char *text;              /* without a NUL inside */
        struct tensor_storage storage; /* its offset is added to a tensor's, in elements */
        struct {
            const char *name, *scalar;       /* "torch.FloatStorage"; scalar: a storage's type of elements */
            const struct pickle_global *row; /* NULL: not in the table */
        } global;
        struct {
            const char *name;                 /* "argparse.Namespace" */
            const struct pickle_value *state; /* NULL: none */
        } object;
        struct {
            const struct pickle_value *storage;
            const struct stored_tensor *view; /* its name and storage's position are not set */
        } tensor;
    };
};

/*
 * Runs one pickle that starts at bytes[*at] and moves *at past its end. The value lives in the arena, and so do all
 * storages that it refers to, which are added to `storages` (NULL: not needed). Returns NULL with an error if the
 * pickle is cut short or damaged, has an unknown opcode, or exceeds the arena's limit.
 */
const struct pickle_value *pickle_read(const unsigned char *bytes, size_t size, size_t *at, struct arena *arena,
                                       struct pickle_values *storages, struct error *err);

/* The value of a dict (or of an object's items) under a text key; NULL: not a dict, or the key does not exist. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);

#endif
