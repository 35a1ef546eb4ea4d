/*
 * backbones/pickle.h - reads the pickles that PyTorch writes, and executes nothing.
 *
 * A pickle is a program for a stack machine that may call any Python function by name. This machine knows the opcodes
 * of protocols 2 to 4 that plain data and tensors need, and a table of globals that it stands for itself
 * (OrderedDict, the storages' types, the functions that rebuild a tensor). Any other opcode or global is an error that
 * names it. Work and memory grow with the length of the pickle alone.
 */
#ifndef BACKBONES_PICKLE_H
#define BACKBONES_PICKLE_H

#include "backbones/tensor_file.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_NUMBER, /* int or bool: number */
    PICKLE_REAL,   /* its value is not kept */
    PICKLE_TEXT,
    PICKLE_LIST, /* list or tuple: items */
    PICKLE_DICT, /* items: key, value, key, value ... */
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_GLOBAL,
    PICKLE_MARK,
};

struct pickle_global; /* a row of the table of what may be named */

struct pickle_value {
    enum pickle_kind kind;
    int count, capacity; /* of items */
    union {
        int64_t number;
        const char *text;            /* holds no NUL inside */
        struct pickle_value **items; /* a value may stand in several places, and in itself */
        struct tensor_storage storage;
        const struct pickle_global *global;
        struct {
            const struct pickle_value *storage;
            const struct stored_tensor *view; /* its name and storage's position are not set */
        } tensor;
    };
};

/*
 * Runs one pickle that starts at bytes[*at] and moves *at behind it. The value lives in the arena; NULL and an error:
 * cut short, wrong, not allowed, out of the arena's limit.
 */
const struct pickle_value *pickle_read(const unsigned char *bytes, size_t size, size_t *at, struct arena *arena,
                                       struct error *err);

/* The value of a dict under a text key; NULL: no dict, no such key. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);

#endif
