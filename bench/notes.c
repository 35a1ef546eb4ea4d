/* bench/notes.c - prints assumptions about a network. */
#include "bench/notes.h"

#include "base/text.h"

void notes_print(const char *name, const struct weights_info *info, FILE *stream)
{
    if (info->classes == 1)
        fprintf(
            stream,
            "note: %s has one output, read as the logit of a sigmoid: class 1 has p = sigmoid(z), class 0 has 1 - p\n",
            TEXT_SHOWN(name));
    if (info->note[0])
        fprintf(stream, "note: %s: %s\n", TEXT_SHOWN(name), TEXT_SHOWN(info->note));
}
