/*
 * methods/maps.c - maps that another program has made, so that they stand in one table with others. One forward pass, for
 * the class.
 *
 * `file` holds maps of the images, and `explained` maps of the inputs that `cambench export-explanations` wrote for
 * metrics such as coherency. methods/map_file.h says what both may be.
 */
#include "methods/map_file.h"

struct maps {
    char file[PARAM_PATH_MAX], explained[PARAM_PATH_MAX];
    char method[PARAM_TEXT_MAX];
    bool relu;
};

static const struct param params[] = {
    PARAM_FOLDER(struct maps, file, 1,
                 "maps.h5 of a run, another HDF5 file with maps (n,h,w), or a folder of .npy files"),
    PARAM_FOLDER(struct maps, explained, 0,
                 "the same for the inputs of export-explanations; without it, metrics of such inputs have no value"),
    PARAM_TEXT(struct maps, method, "", "method's name in the files; empty: the label"),
    PARAM_BOOL(struct maps, relu, true, "false: negative values are not cut off before min-max"),
    {0},
};

struct state {
    struct map_file *maps, *explained;
};

static void close_files(void *context)
{
    struct state *state = context;
    map_file_close(state->maps);
    map_file_close(state->explained);
}

static void *open_files(const void *values, struct arena *arena, struct error *err)
{
    const struct maps *p = values;
    struct state *state = arena_alloc(arena, 1, sizeof *state);
    if (!state) {
        error_memory(err, "a method's state");
        return NULL;
    }
    state->maps = map_file_open(p->file, arena, err);
    if (state->maps && p->explained[0])
        state->explained = map_file_open(p->explained, arena, err);
    if (state->maps && (state->explained || !p->explained[0]))
        return state;
    close_files(state);
    return NULL;
}

static bool has_other_maps(const void *values)
{
    return ((const struct maps *)values)->explained[0];
}

/* The file that has the maps of the explained input. Names of changed inputs have a slash, a protocol's label has none. */
static struct map_file *file_for(struct cam *cam)
{
    const struct state *state = cam_state(cam);
    return strchr(cam_input_name(cam), '/') ? state->explained : state->maps;
}

static int find(struct cam *cam, const struct maps *p, struct map_found *found)
{
    struct map_file *file = file_for(cam);
    if (!file)
        return cam_fail(cam, "has no maps of input \"%s\"", cam_input_name(cam));
    return map_file_find(file, cam, p->method[0] ? p->method : cam_label(cam), found);
}

static int form(struct cam *cam, const void *values, struct map_form *form)
{
    const struct maps *p = values;
    struct map_found found = {0};
    if (find(cam, p, &found))
        return -1;
    form->h = found.h;
    form->w = found.w;
    form->is_signed = !p->relu;
    return 0;
}

static int explain(struct cam *cam, const void *values, float *map)
{
    struct map_found found;
    if (find(cam, values, &found))
        return -1;
    return map_file_read(file_for(cam), cam, &found, map);
}

const struct method method_maps = {
    .abi = METHOD_ABI,
    .name = "maps",
    .title = "Maps from a file",
    .version = 1,
    .group = METHOD_META,
    .passes = "1 forward",
    .flags = METHOD_ORIGINAL_ONLY,
    .has_other_maps = has_other_maps,
    .params = params,
    .params_size = sizeof(struct maps),
    .explain = explain,
    .form = form,
    .open = open_files,
    .close = close_files,
};
