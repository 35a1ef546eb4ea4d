/* methods/map_file.c - finds and reads maps in HDF5 files and folders of .npy files. */
#include "methods/map_file.h"

#include "base/file.h"
#include "base/npy.h"
#include "methods/files.h"

#include <stdlib.h>
#include <unistd.h>

#define KIND "maps"
#define SIDE_MAX 65536
#define PLACES 5

struct named_row {
    const char *name;
    int row;
};

/* A dataset of maps, with what says which image a row belongs to. */
struct group {
    struct group *next;
    char input[256]; /* looked up under this name of an input */
    const struct h5_item *maps;
    int count;
    char *texts;             /* of the names, end to end; NULL: none */
    struct named_row *names; /* (count), sorted by name; NULL: none */
    int32_t *positions;      /* (count), in the image set; NULL: a row is its position */
    int32_t *classes;        /* (count); NULL: unknown */
};

struct map_file {
    const char *path;
    struct arena *arena; /* for groups */
    struct arena array;  /* for the .npy file at hand */
    struct h5 *h5;       /* NULL: a folder */
    struct group *groups;
};

/* -- opening -------------------------------------------------------------------------------------------------------- */

struct map_file *map_file_open(const char *path, struct arena *arena, struct error *err)
{
    struct map_file *file = arena_alloc(arena, 1, sizeof *file);
    if (!file) {
        error_memory(err, "a method's state");
        return NULL;
    }
    *file = (struct map_file){.path = path, .arena = arena};
    if (!file_is_folder(path) && !(file->h5 = h5_open(path, KIND, err)))
        return NULL;
    return file;
}

void map_file_close(struct map_file *file)
{
    if (!file)
        return;
    for (const struct group *group = file->groups; group; group = group->next)
        free(group->texts);
    h5_close(file->h5);
    arena_release(&file->array);
}

/* -- a group of an HDF5 file ---------------------------------------------------------------------------------------- */

static bool is_maps(const struct h5_item *item)
{
    return item && item->rank == 3 && item->is_number;
}

/* The only dataset of maps in the file; NULL: none or several. */
static const struct h5_item *only_maps(const struct h5 *file)
{
    const struct h5_item *only = NULL;
    for (int i = 0; i < h5_count(file); i++) {
        if (!is_maps(h5_item(file, i)))
            continue;
        if (only)
            return NULL;
        only = h5_item(file, i);
    }
    return only;
}

/* Writes the folder, or group, number i in which maps of an input may be: most specific first. */
static void place_of(const struct cam *cam, const char *method, int i, char *out, size_t size)
{
    const char *input = cam_input_name(cam), *slash = *input ? "/" : "";
    const char *name = i % 2 ? cam_label(cam) : method;
    if (i < 2)
        snprintf(out, size, "/%s/%s%s%s", cam_network_name(cam), name, slash, input);
    else if (i < 4)
        snprintf(out, size, "/%s%s%s", name, slash, input);
    else
        snprintf(out, size, "%s%s", slash, input);
}

static const struct h5_item *find_maps(struct map_file *file, struct cam *cam, const char *method)
{
    static const char *const names[] = {"map", "maps"};
    for (int i = 0; i < PLACES; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            char place[2 * H5_PATH_MAX], path[3 * H5_PATH_MAX];
            place_of(cam, method, i, place, sizeof place);
            snprintf(path, sizeof path, "%s/%s", place, names[k]);
            const struct h5_item *item = h5_find(file->h5, path);
            if (is_maps(item))
                return item;
        }
    return *cam_input_name(cam) ? NULL : only_maps(file->h5);
}

/* The dataset `name` beside the maps, or at the top of the file; NULL: there is none. */
static const struct h5_item *beside(const struct map_file *file, const struct group *group, const char *name)
{
    char path[H5_PATH_MAX + 32];
    const int folder = (int)(strrchr(group->maps->path, '/') - group->maps->path);
    snprintf(path, sizeof path, "%.*s/%s", folder, group->maps->path, name);
    const struct h5_item *item = h5_find(file->h5, path);
    if (!item)
        item = h5_find(file->h5, path + folder);
    return item;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named_row *)a)->name, ((const struct named_row *)b)->name);
}

static int check_rows(const struct map_file *file, const struct group *group, const struct h5_item *item,
                      struct error *err)
{
    if (item->rank == 1 && item->dim[0] == (uint64_t)group->count)
        return 0;
    return error_set(err, KIND " \"%s\": %s must have %d values, as many as %s has maps", file->path, item->path,
                     group->count, group->maps->path);
}

static int read_names(struct map_file *file, struct group *group, const struct h5_item *item, struct error *err)
{
    if (check_rows(file, group, item, err))
        return -1;
    group->names = arena_alloc(file->arena, (size_t)group->count, sizeof *group->names);
    if (!group->names)
        return error_memory(err, "the names of maps");
    if (h5_read_texts(file->h5, item, &group->texts, NULL, err))
        return -1;
    const char *name = group->texts;
    for (int i = 0; i < group->count; i++, name += strlen(name) + 1)
        group->names[i] = (struct named_row){name, i};
    qsort(group->names, (size_t)group->count, sizeof *group->names, compare_names);
    for (int i = 1; i < group->count; i++)
        if (compare_names(&group->names[i - 1], &group->names[i]) == 0)
            return error_set(err, KIND " \"%s\": %s holds image \"%s\" twice", file->path, item->path,
                             TEXT_SHOWN(group->names[i].name));
    return 0;
}

static int read_numbers(struct map_file *file, const struct group *group, const char *name, int32_t **out,
                        struct error *err)
{
    const struct h5_item *item = beside(file, group, name);
    if (!item || !item->is_number)
        return 0;
    if (check_rows(file, group, item, err))
        return -1;
    *out = arena_alloc(file->arena, (size_t)group->count, sizeof **out);
    if (!*out)
        return error_memory(err, "the rows of maps");
    return h5_read(file->h5, item, 0, (uint64_t)group->count, H5_INT32, *out, err);
}

static int read_rows(struct map_file *file, struct group *group, struct error *err)
{
    static const char *const names[] = {"name", "names", "image_name", "image_names", "image"};
    for (size_t k = 0; k < sizeof names / sizeof *names && !group->names; k++) {
        const struct h5_item *item = beside(file, group, names[k]);
        if (item && item->type == H5_TEXT && read_names(file, group, item, err))
            return -1;
    }
    if (!group->names && read_numbers(file, group, "image", &group->positions, err))
        return -1;
    return read_numbers(file, group, "class", &group->classes, err);
}

static int check_size(struct map_file *file, struct cam *cam, const struct h5_item *maps)
{
    for (int d = 0; d < 3; d++)
        if (maps->dim[d] < 1 || maps->dim[d] > (d ? (uint64_t)SIDE_MAX : (uint64_t)INT32_MAX))
            return cam_fail(cam, KIND " \"%s\": dimension %d of %s is %llu", file->path, d, maps->path,
                            (unsigned long long)maps->dim[d]);
    return 0;
}

/* The group of the input that is explained, opened at the first call. NULL and the context's error. */
static struct group *group_of(struct map_file *file, struct cam *cam, const char *method)
{
    const char *input = cam_input_name(cam);
    struct group *group = file->groups;
    struct error err;
    while (group && strcmp(group->input, input) != 0)
        group = group->next;
    if (group)
        return group;
    const struct h5_item *maps = find_maps(file, cam, method);
    if (!maps) {
        char place[2 * H5_PATH_MAX];
        place_of(cam, method, 0, place, sizeof place);
        cam_fail(cam,
                 KIND " \"%s\": no dataset of maps (n,h,w) at \"%s/map\"%s%s%s; parameter \"method\" names the group",
                 file->path, TEXT_SHOWN(place), *input ? " or \"/" : ", \"/map\" or \"/maps\"", input,
                 *input ? "/map\"" : "");
        return NULL;
    }
    group = check_size(file, cam, maps) ? NULL : arena_alloc(file->arena, 1, sizeof *group);
    if (!group)
        return NULL;
    *group = (struct group){.next = file->groups, .maps = maps, .count = (int)maps->dim[0]};
    snprintf(group->input, sizeof group->input, "%s", input);
    file->groups = group; /* now, so that map_file_close() frees its texts */
    if (read_rows(file, group, &err)) {
        group->input[0] = '\n'; /* never looked up */
        cam_fail(cam, "%s", err.text);
        return NULL;
    }
    return group;
}

/* The image's row; -1: none. */
static int row_of(const struct cam *cam, const struct group *group)
{
    const int index = cam_image_index(cam);
    if (group->names) {
        const struct named_row key = {cam_image_name(cam), 0};
        const struct named_row *found =
            bsearch(&key, group->names, (size_t)group->count, sizeof *group->names, compare_names);
        return found ? found->row : -1;
    }
    for (int i = 0; group->positions && i < group->count; i++)
        if (group->positions[i] == index)
            return i;
    return group->positions || index < 0 || index >= group->count ? -1 : index;
}

static int find_in_h5(struct map_file *file, struct cam *cam, const char *method, struct map_found *found)
{
    const struct group *group = group_of(file, cam, method);
    if (!group)
        return -1;
    const int row = row_of(cam, group);
    if (row < 0 || (group->classes && group->classes[row] < 0))
        return cam_fail(cam, KIND " \"%s\": %s has no map of this image", file->path, group->maps->path);
    if (group->classes && group->classes[row] != cam_class(cam))
        return cam_fail(cam, KIND " \"%s\": %s explains class %d here, the run explains class %d", file->path,
                        group->maps->path, group->classes[row], cam_class(cam));
    *found = (struct map_found){(int)group->maps->dim[1], (int)group->maps->dim[2], group, row, NULL};
    return 0;
}

/* -- a folder of .npy files ----------------------------------------------------------------------------------------- */

/* Finds IMAGE.npy, or the same without the image's own extension; false: there is none. */
static bool find_npy(const struct map_file *file, struct cam *cam, const char *method, char path[PATH_MAX])
{
    const char *name = cam_image_name(cam), *dot = strrchr(name, '.');
    const int stem = dot && !strchr(dot, '/') ? (int)(dot - name) : (int)strlen(name);
    for (int i = 0; i < PLACES; i++)
        for (int cut = 0; cut < 2; cut++) {
            char place[2 * H5_PATH_MAX];
            place_of(cam, method, i, place, sizeof place);
            const int length = snprintf(path, PATH_MAX, "%s%s%s/%.*s.npy", file->path, *place == '/' ? "" : "/", place,
                                        cut ? stem : (int)strlen(name), name);
            if (length > 0 && length < PATH_MAX && access(path, F_OK) == 0)
                return true;
        }
    return false;
}

static bool leaves_folder(const char *name)
{
    return strncmp(name, "../", 3) == 0 || strstr(name, "/../");
}

static int find_in_folder(struct map_file *file, struct cam *cam, const char *method, struct map_found *found)
{
    char path[PATH_MAX];
    struct npy array;
    struct error err;
    if (leaves_folder(cam_image_name(cam)) || !find_npy(file, cam, method, path)) {
        char place[2 * H5_PATH_MAX];
        place_of(cam, method, PLACES - 1, place, sizeof place);
        return cam_fail(cam, KIND " \"%s%s\": no .npy file of this image", file->path, TEXT_SHOWN(place));
    }
    const struct shape input = cam_input_shape(cam);
    arena_reset(&file->array);
    if (npy_read(path, (uint64_t)input.h * (uint64_t)input.w, &file->array, &array, &err))
        return cam_fail(cam, KIND " \"%s\": %s", path, err.text);
    const int first = array.rank == 3 && array.dim[0] == 1;
    if (array.rank - first != 2 || array.dim[first] < 1 || array.dim[first + 1] < 1)
        return cam_fail(cam, KIND " \"%s\": an array of rank %d; it must be (h,w)", path, array.rank);
    *found = (struct map_found){(int)array.dim[first], (int)array.dim[first + 1], NULL, 0, array.data};
    return 0;
}

/* -- both ----------------------------------------------------------------------------------------------------------- */

int map_file_find(struct map_file *file, struct cam *cam, const char *method, struct map_found *found)
{
    const struct shape input = cam_input_shape(cam);
    if (file->h5 ? find_in_h5(file, cam, method, found) : find_in_folder(file, cam, method, found))
        return -1;
    if (found->h > input.h || found->w > input.w)
        return cam_fail(cam, KIND " \"%s\": the map is (%d,%d), larger than the input (%d,%d)", file->path, found->h,
                        found->w, input.h, input.w);
    return 0;
}

int map_file_read(struct map_file *file, struct cam *cam, const struct map_found *found, float *map)
{
    struct error err;
    if (found->data) {
        memcpy(map, found->data, (size_t)found->h * (size_t)found->w * sizeof *map);
        return 0;
    }
    const struct group *group = found->group;
    if (h5_read(file->h5, group->maps, (uint64_t)found->row, 1, H5_FLOAT32, map, &err))
        return cam_fail(cam, "%s", err.text);
    return 0;
}
