/* methods/script_requests.h - serves a script's requests for one image, until it answers with a map. */
#ifndef METHODS_SCRIPT_REQUESTS_H
#define METHODS_SCRIPT_REQUESTS_H

#include "base/script.h"
#include "methods/method.h"

/*
 * Has the script explain the context's image: sends the line `explain`, serves requests, reads the map (form.h,form.w).
 * 0, or -1 with the context's error; the script has then been ended, unless it has itself said why it has no map.
 */
int script_explain(struct script *script, struct cam *cam, const struct map_form *form, float *map);

#endif
