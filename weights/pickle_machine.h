/*
 * weights/pickle_machine.h - internals of the pickle machine, only for weights/pickle*.c.
 */
#ifndef WEIGHTS_PICKLE_MACHINE_H
#define WEIGHTS_PICKLE_MACHINE_H

#include "weights/pickle.h"

struct pickle_machine {
    const unsigned char *bytes;
    size_t size, at;
    struct arena *arena;
    struct error *err;
    struct pickle_values stack, memo;
    struct pickle_values *storages;    /* NULL: not needed */
    struct pickle_value *none, *other; /* values without content are made once */
    bool has_stopped;
};

/* Return NULL, or -1, and an error if there is no memory. */
struct pickle_value *pickle_make(struct pickle_machine *machine, enum pickle_kind kind);
int pickle_append(struct pickle_machine *machine, struct pickle_value *list, struct pickle_value *item);
int pickle_no_memory(struct pickle_machine *machine);

/* Returns any "module.name" as a value. */
struct pickle_value *pickle_global(struct pickle_machine *machine, const char *module, const char *name);

/* Calls a global: returns the result of a function that tensors need, else an object with only the global's name. */
struct pickle_value *pickle_call(struct pickle_machine *machine, const struct pickle_value *function,
                                 const struct pickle_value *args);

#endif
