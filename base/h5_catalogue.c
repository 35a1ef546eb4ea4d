/*
 * base/h5_catalogue.c - opens a foreign HDF5 file and lists its datasets and root attributes.
 *
 * Links that leave the file, external storage and virtual datasets are refused; the number of objects is bounded.
 */
#include "base/h5_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define CHUNK_CACHE_BYTES ((size_t)64 << 20)

struct group_walk {
    struct h5_child *child;
    const char *path; /* of the group, "" for the root */
    int depth;
};

static int describe_space(struct h5_child *child, hid_t space, struct h5_item *item)
{
    hsize_t dim[H5S_MAX_RANK] = {0};
    const H5S_class_t class = H5Sget_simple_extent_type(space);
    if (class == H5S_NULL) {
        item->rank = 1;
        return 0;
    }
    const int rank = H5Sget_simple_extent_ndims(space);
    if (class == H5S_NO_CLASS || rank < 0)
        return error_set(&child->err, "damaged (\"%s\" has no shape)", item->path);
    if (rank > H5_RANK_MAX)
        return error_set(&child->err, "\"%s\" has %d dimensions, at most %d are supported", item->path, rank,
                         H5_RANK_MAX);
    H5Sget_simple_extent_dims(space, dim, NULL);
    item->rank = rank;
    for (int i = 0; i < rank; i++)
        item->dim[i] = dim[i];
    return 0;
}

static struct h5_item *add_item(struct h5_child *child, const char *folder, const char *name)
{
    if (child->count == H5_ITEMS_MAX) {
        error_set(&child->err, "holds more than %d objects", H5_ITEMS_MAX);
        return NULL;
    }
    if (child->count == child->capacity) {
        const int capacity = child->capacity ? child->capacity * 2 : 64;
        struct h5_item *items = realloc(child->items, (size_t)capacity * sizeof *items);
        if (!items) {
            error_memory(&child->err, "its list of objects");
            return NULL;
        }
        child->items = items;
        child->capacity = capacity;
    }
    struct h5_item *item = &child->items[child->count++];
    memset(item, 0, sizeof *item);
    item->offset = -1;
    snprintf(item->path, sizeof item->path, "%s%s", folder, name);
    return item;
}

/* Finds where the bytes lie; an error if they are in other files. Must be called before H5Dget_space(). */
static int describe_storage(struct h5_child *child, hid_t dataset, struct h5_item *item)
{
    const hid_t how = H5Dget_create_plist(dataset);
    const H5D_layout_t layout = H5Pget_layout(how);
    const int outside = layout == H5D_CONTIGUOUS ? H5Pget_external_count(how) : 0;
    H5Pclose(how);
    if (layout == H5D_LAYOUT_ERROR)
        return error_set(&child->err, "damaged (dataset \"%s\" has no layout)", item->path);
    if (layout == H5D_VIRTUAL || outside)
        return error_set(&child->err, "dataset \"%s\" takes its data from other files; copy them into this one",
                         item->path);
    if (layout == H5D_CONTIGUOUS && item->is_exact) {
        const haddr_t offset = H5Dget_offset(dataset);
        item->offset = offset == HADDR_UNDEF || offset > INT64_MAX ? -1 : (int64_t)offset;
    }
    return 0;
}

static int add_dataset(struct h5_child *child, const char *path, hid_t dataset)
{
    struct h5_item *item = add_item(child, "", path);
    if (!item)
        return -1;
    const hid_t type = H5Dget_type(dataset);
    h5_describe_type(child, type, item);
    H5Tclose(type);
    if (describe_storage(child, dataset, item))
        return -1;
    const hid_t space = H5Dget_space(dataset);
    const int status = describe_space(child, space, item);
    H5Sclose(space);
    return status;
}

static herr_t visit_attribute(hid_t root, const char *name, const H5A_info_t *info, void *data)
{
    (void)info;
    struct h5_child *child = data;
    if (strlen(name) + 2 > H5_PATH_MAX)
        return error_set(&child->err, "attribute \"%.40s...\" has too long a name", name);
    struct h5_item *item = add_item(child, "@", name);
    const hid_t attribute = item ? H5Aopen(root, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (attribute < 0)
        return -1;
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    h5_describe_type(child, type, item);
    const int status = describe_space(child, space, item);
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return status;
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data);

static int visit_group(struct h5_child *child, hid_t group, const char *path, int depth)
{
    struct group_walk walk = {child, path, depth};
    if (depth > DEPTH_MAX)
        return error_set(&child->err, "groups are nested deeper than %d at \"%s\"", DEPTH_MAX, path);
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_link, &walk) >= 0)
        return 0;
    return child->err.text[0] ? -1 : error_set(&child->err, "damaged (group \"%s/\" cannot be listed)", path);
}

static bool is_printable(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < 32 || *name == 127)
            return false;
    return true;
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    const struct group_walk *walk = data;
    struct h5_child *child = walk->child;
    char path[H5_PATH_MAX];
    if (!is_printable(name))
        return error_set(&child->err, "an object in group \"%s/\" has control characters in its name", walk->path);
    if (snprintf(path, sizeof path, "%s/%s", walk->path, name) >= (int)sizeof path)
        return error_set(&child->err, "object \"%.60s/%.60s...\" has too long a name", walk->path, name);
    if (info->type != H5L_TYPE_HARD)
        return error_set(&child->err, "\"%s\" is a link that leads elsewhere; only data of the file itself are read",
                         path);
    const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return error_set(&child->err, "damaged (object \"%s\" cannot be opened)", path);
    int status = 0;
    const H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_GROUP)
        status = visit_group(child, object, path, walk->depth + 1);
    else if (kind == H5I_DATASET)
        status = add_dataset(child, path, object);
    H5Oclose(object);
    return status;
}

static herr_t find_truncation(unsigned n, const H5E_error2_t *entry, void *data)
{
    (void)n;
    unsigned long long has, base, wants;
    struct error *err = data;
    if (entry->min_num == H5E_TRUNCATED && entry->desc &&
        sscanf(entry->desc, "truncated file: eof = %llu, sblock->base_addr = %llu, stored_eof = %llu", &has, &base,
               &wants) == 3)
        error_set(err, "truncated: has %llu of %llu bytes", has, wants);
    return 0;
}

/* Finds the system error that made the library fail: the text of its driver for plain files contains errno. */
static herr_t find_refusal(unsigned n, const H5E_error2_t *entry, void *data)
{
    (void)n;
    int reason;
    struct error *err = data;
    const char *number = entry->desc ? strstr(entry->desc, "errno = ") : NULL;
    if (number && sscanf(number, "errno = %d", &reason) == 1 && reason)
        error_system(err, "could not read: %s", strerror(reason));
    return 0;
}

static herr_t find_lack_of_memory(unsigned n, const H5E_error2_t *entry, void *data)
{
    (void)n;
    if (entry->desc && strstr(entry->desc, "memory allocation failed"))
        error_memory((struct error *)data, "it");
    return 0;
}

void h5_note_refusal(struct h5_child *child)
{
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_refusal, &child->err);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_lack_of_memory, &child->err);
}

static int open_file(struct h5_child *child, const char *path)
{
    if (H5Fis_hdf5(path) == 0)
        return error_set(&child->err, "not an HDF5 file");
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, false, true); /* reading takes no lock: many file systems have none */
    H5Pset_cache(access, 0, 4001, CHUNK_CACHE_BYTES, 0.75);
    child->file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (child->file >= 0)
        return 0;
    error_set(&child->err, "damaged (the HDF5 library cannot open it)");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_truncation, &child->err);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_refusal, &child->err);
    return -1;
}

int h5_read_catalogue(struct h5_child *child, const char *path)
{
    if (open_file(child, path))
        return -1;
    const hid_t root = H5Gopen2(child->file, "/", H5P_DEFAULT);
    hsize_t start = 0;
    if (root < 0)
        return error_set(&child->err, "damaged (it has no root group)");
    if (H5Aiterate2(root, H5_INDEX_NAME, H5_ITER_NATIVE, &start, visit_attribute, child) < 0)
        return child->err.text[0] ? -1 : error_set(&child->err, "damaged (its attributes cannot be listed)");
    return visit_group(child, root, "", 0);
}
