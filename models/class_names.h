/*
 * models/class_names.h - names of classes, of networks and of image sets, and whether both have the same classes.
 *
 * A name may hold synonyms ("tench, Tinca tinca") where the class has a synset; the first one is shown. Case, spaces,
 * underscores and hyphens do not count when names are compared.
 */
#ifndef MODELS_CLASS_NAMES_H
#define MODELS_CLASS_NAMES_H

#include "base/arena.h"
#include "base/error.h"
#include "datasets/imageset.h"

#include <stdbool.h>

struct class_names {
    int count;
    const char **names; /* (count) with synonyms; NULL: classes have numbers only */
    const char **ids;   /* (count) synsets, "" where there is none; NULL: none has one */
    const char **shown; /* (count) "golden retriever"; "crane (n02012849)" if two classes have the same name */
    bool is_assumed;    /* ImageNet's names, for a network with 1000 outputs and no names in its file */
};

/*
 * Names of a network's classes, copied to the arena: `names` (class_count(outputs)); NULL: ImageNet's if there are 1000
 * classes, else none. Error: no memory.
 */
int class_names_of_network(int outputs, const char *const *names, struct arena *arena, struct class_names *out,
                           struct error *err);

/* The same for an image set; count 0: it has no list of classes. */
int class_names_of_set(const struct imageset *set, struct arena *arena, struct class_names *out, struct error *err);

/* NULL: the class has only a number. */
const char *class_names_shown(const struct class_names *names, int k);

/*
 * Finds the class that `text` names: by name or synonym, by synset, else by number. Errors: no such class, with a near
 * name; several classes, which are listed.
 */
int class_names_find(const struct class_names *names, const char *text, struct arena *scratch, int *out,
                     struct error *err);

/*
 * Whether the classes of an image set are those of a network; false: `why` names the difference. A set with only the
 * first or some of the classes fits if all that have a name or a synset have the network's at their index.
 */
bool class_names_fit(const struct class_names *set, const struct class_names *network, struct error *why);

#endif
