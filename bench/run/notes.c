/* bench/run/notes.c - prints assumptions about a network. */
#include "bench/run/notes.h"

#include "base/text.h"

void notes_print(const char *name, const struct weights_info *info, FILE *stream)
{
    if (info->classes == 1)
        fprintf(
            stream,
            "note: %s has one output, read as the logit of a sigmoid: class 1 has p = sigmoid(z), class 0 has 1 - p\n",
            TEXT_SHOWN(name));
    if (info->transform_input == TRANSFORM_USUAL && backbone_has_transform(info->arch))
        fprintf(
            stream,
            "note: %s: transform_input=yes is assumed, as in torchvision's pretrained weights; cambench import weights "
            "--transform-input no, or transform_input: false in a config, says otherwise\n",
            TEXT_SHOWN(name));
    if (info->note[0])
        fprintf(stream, "note: %s: %s\n", TEXT_SHOWN(name), TEXT_SHOWN(info->note));
}
