/* bench/cli/inspect_input.c - shows what a network's input is made of. */
#include "base/text.h"
#include "bench/cli/inspect.h"
#include "bench/process/json_build.h"

#include <string.h>

static json_t *pack_numbers(const double *values, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < (count ? count : 3); i++)
        json_build_append(&list, json_real(values[i]));
    return list;
}

/* The first choice says that nothing is given. */
static void add_choice(json_t *object, const char *key, const char *choices, int choice)
{
    char word[16];
    text_choice_name(choices, choice, word, sizeof word);
    if (choice)
        json_build_set(&object, key, json_string(word));
}

void inspect_add_input(json_t *object, const struct picture_input *input)
{
    if (input->has_mean)
        json_build_set(&object, "mean", pack_numbers(input->mean, input->mean_count));
    if (input->has_deviation)
        json_build_set(&object, "std", pack_numbers(input->deviation, input->deviation_count));
    if (input->scale > 0 && input->scale != 1)
        json_build_set(&object, "scale", json_real(input->scale));
    if (input->channels[0])
        json_build_set(&object, "channels", json_string(strcmp(input->channels, "l") ? input->channels : "gray"));
    add_choice(object, "resize", PICTURE_RESIZE_CHOICES, (int)input->resize);
    add_choice(object, "interpolation", PICTURE_INTERPOLATION_CHOICES, (int)input->interpolation);
    if (input->crop > 0)
        json_build_set(&object, "crop", json_real(input->crop));
    add_choice(object, "layout", PICTURE_LAYOUT_CHOICES, (int)input->layout);
}
