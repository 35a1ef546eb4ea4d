/*
 * bench/class_names.h - what classes are called: of a network, of an image set, and whether the two are the same classes.
 *
 * A name may hold synonyms ("tench, Tinca tinca") where the class has a synset; the first one is shown. Case, spaces,
 * underscores and hyphens do not count when names are compared.
 */
#ifndef BENCH_CLASS_NAMES_H
#define BENCH_CLASS_NAMES_H

#include "backbones/weights_file.h"
#include "base/arena.h"
#include "base/error.h"
#include "datasets/imageset.h"

#include <stdbool.h>

struct class_names {
    int count;
    const char **names; /* (count) with synonyms; NULL: classes have numbers only */
    const char **ids;   /* (count) synsets, "" where there is none; NULL: none has one */
    const char **shown; /* (count) "golden retriever", "crane (n02012849)" where two would be called alike */
    bool is_assumed;    /* ImageNet's, of a network with as many outputs whose file holds no names */
};

/* Of a network: its file's own, ImageNet's for 1000 classes, else none. In the arena. Errors: no memory. */
int class_names_of_network(const struct weights_info *info, struct arena *arena, struct class_names *out,
                           struct error *err);

/* Of an image set; count 0: it has no list of classes. Likewise. */
int class_names_of_set(const struct imageset *set, struct arena *arena, struct class_names *out, struct error *err);

/* NULL: it has a number only. */
const char *class_names_shown(const struct class_names *names, int k);

/*
 * The class that `text` means: a name or a synonym, a synset, else a number. Errors: none, with a near name; several, which
 * are named.
 */
int class_names_find(const struct class_names *names, const char *text, struct arena *scratch, int *out,
                     struct error *err);

/*
 * Are the classes of an image set those of a network? False: `why` says what differs. A set of the first or of some classes
 * fits if all that have a name or a synset have the network's at their index.
 */
bool class_names_fit(const struct class_names *set, const struct class_names *network, struct error *why);

#endif
