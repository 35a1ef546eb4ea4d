/*
 * methods/method_table.h - the methods that configs can name: the program's, and those that plugins have added.
 */
#ifndef METHODS_METHOD_TABLE_H
#define METHODS_METHOD_TABLE_H

#include "methods/method.h"

/* Sorted by name; ends with NULL. */
const struct method *const *methods_all(void);

/* The method of exactly that name; NULL: there is none. */
const struct method *methods_find(const char *name);

/*
 * Adds a method, which must stay where it is. Only before other threads are started. Errors: it was written for another
 * METHOD_ABI, it is incomplete, its name is taken, no memory.
 */
int methods_add(const struct method *method, struct error *err);

#endif
