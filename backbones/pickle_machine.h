/*
 * backbones/pickle_machine.h - the pickle machine's inside: for backbones/pickle*.c alone.
 */
#ifndef BACKBONES_PICKLE_MACHINE_H
#define BACKBONES_PICKLE_MACHINE_H

#include "backbones/pickle.h"

struct pickle_machine {
    const unsigned char *bytes;
    size_t size, at;
    struct arena *arena;
    struct error *err;
    struct pickle_values stack, memo;
    struct pickle_values *storages;    /* NULL: nobody needs them */
    struct pickle_value *none, *other; /* what holds nothing is made once */
    bool has_stopped;
};

/* NULL, or -1, and an error: no memory. */
struct pickle_value *pickle_make(struct pickle_machine *machine, enum pickle_kind kind);
int pickle_append(struct pickle_machine *machine, struct pickle_value *list, struct pickle_value *item);
int pickle_no_memory(struct pickle_machine *machine);

/* "module.name" as a value, whatever it is. */
struct pickle_value *pickle_global(struct pickle_machine *machine, const char *module, const char *name);

/* What a call gives: of the functions that tensors need their result, of all else an object that is nothing but its name. */
struct pickle_value *pickle_call(struct pickle_machine *machine, const struct pickle_value *function,
                                 const struct pickle_value *args);

#endif
