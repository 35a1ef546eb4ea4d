/*
 * methods/script_declaration.h - what a script says about itself when it starts: title, parameters, form of its map.
 */
#ifndef METHODS_SCRIPT_DECLARATION_H
#define METHODS_SCRIPT_DECLARATION_H

#include "base/param.h"
#include "base/script.h"

#define SCRIPT_PROTOCOL 1

enum script_type { SCRIPT_INT, SCRIPT_FLOAT, SCRIPT_BOOL, SCRIPT_TEXT };

struct script_param {
    char name[PARAM_TEXT_MAX], fallback[1024];
    enum script_type type;
    bool is_required; /* has no default */
};

struct script_declaration {
    char title[64]; /* "": none */
    int param_count;
    struct script_param params[PARAM_OTHERS_MAX];
    bool has_map, is_input, is_signed, is_normalised; /* is_input: the map has the input's size */
};

/*
 * Reads the declaration of a script that was just started, and sends it the values of its parameters and the names of
 * `layers`. `own` are the rows of the method, whose names a script cannot use. Errors, after which the script has been
 * ended: another protocol, lines that are none of a declaration; a value of another type; a parameter that the script
 * does not declare, or that is missing.
 */
int script_declare(struct script *script, const struct param *own, const struct param_others *given,
                   const struct param_names *layers, struct script_declaration *declared, struct error *err);

#endif
