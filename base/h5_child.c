/*
 * base/h5_child.c - the process that opens a foreign HDF5 file and may die on it.
 *
 * It holds nothing but its socket and the file. Links that leave the file, external storage and virtual datasets are
 * refused; filter plugins are not loaded; the number of objects and all sizes are bounded.
 */
#include "base/h5_driver.h"
#include "base/h5_process.h"
#include "base/h5_wire.h"

#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEPTH_MAX 8
#define BLOCK_BYTES ((uint64_t)8 << 20) /* of rows that are read at once */
#define MEMORY_BYTES ((rlim_t)4 << 30)  /* more than the process had when it began */
#define CHUNK_CACHE_BYTES ((size_t)64 << 20)
#define FIXED_TEXT_MAX ((size_t)1 << 20)
#define OUTPUT_BYTES ((size_t)64 << 10) /* small pieces are sent together */

struct child {
    hid_t file, half; /* half: IEEE binary16, little-endian */
    struct h5_item *items;
    int count, capacity;
    int open_item; /* the dataset or attribute that is open, -1 none */
    hid_t open_id;
    struct error err;
    size_t output_size;
    char output[OUTPUT_BYTES];
};

struct walk {
    struct child *child;
    const char *path; /* of the group, "" for the root */
    int depth;
};

/* -- talking ------------------------------------------------------------------------------------------------------ */

static void send_piece(const void *data, uint64_t size)
{
    const struct h5_piece piece = {.size = size};
    if (size == 0)
        return;
    h5_child_send(&piece, sizeof piece);
    h5_child_send(data, size);
}

static void flush_output(struct child *child)
{
    send_piece(child->output, child->output_size);
    child->output_size = 0;
}

/* The next bytes of the answer. */
static void emit(struct child *child, const void *data, size_t size)
{
    if (size > OUTPUT_BYTES - child->output_size)
        flush_output(child);
    if (size > OUTPUT_BYTES) {
        send_piece(data, size);
        return;
    }
    memcpy(child->output + child->output_size, data, size);
    child->output_size += size;
}

static void end_answer(struct child *child, int status)
{
    const char *text = child->err.text[0] ? child->err.text : "damaged";
    const enum h5_failed failed = !status ? H5_FAILED_NOT : child->err.is_system ? H5_FAILED_SYSTEM : H5_FAILED_DATA;
    const struct h5_piece piece = {.failed = failed, .size = status ? strlen(text) : 0};
    flush_output(child);
    h5_child_send(&piece, sizeof piece);
    h5_child_send(text, piece.size);
    child->err = (struct error){0};
}

/* -- types -------------------------------------------------------------------------------------------------------- */

static bool is_half(const struct child *child, hid_t type)
{
    if (H5Tget_size(type) != 2)
        return false;
    const hid_t little = H5Tcopy(type);
    H5Tset_order(little, H5T_ORDER_LE);
    const bool same = H5Tequal(little, child->half) > 0;
    H5Tclose(little);
    return same;
}

static enum h5_type float_type(const struct child *child, hid_t type)
{
    if (is_half(child, type))
        return H5_FLOAT16;
    if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0)
        return H5_FLOAT32;
    if (H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0)
        return H5_FLOAT64;
    return H5_OTHER;
}

static enum h5_type integer_type(hid_t type)
{
    const size_t size = H5Tget_size(type);
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    if (H5Tget_precision(type) != size * CHAR_BIT)
        return H5_OTHER;
    if (size == 1 && !is_signed)
        return H5_UINT8;
    if (size == 4 && is_signed)
        return H5_INT32;
    if (size == 8)
        return is_signed ? H5_INT64 : H5_UINT64;
    return H5_OTHER;
}

static enum h5_type variable_type(hid_t type)
{
    const hid_t base = H5Tget_super(type);
    const bool is_bytes = H5Tget_class(base) == H5T_INTEGER && integer_type(base) == H5_UINT8;
    H5Tclose(base);
    return is_bytes ? H5_BYTES : H5_OTHER;
}

/* "big-endian int32", "float16", "text" */
static void name_type(hid_t type, char *out, size_t size)
{
    static const struct {
        H5T_class_t class;
        const char *name;
    } others[] = {{H5T_STRING, "text"},         {H5T_VLEN, "a variable-length list"},
                  {H5T_ENUM, "an enumeration"}, {H5T_COMPOUND, "records"},
                  {H5T_ARRAY, "arrays"},        {H5T_BITFIELD, "bit fields"},
                  {H5T_OPAQUE, "opaque"},       {H5T_REFERENCE, "references"},
                  {H5T_TIME, "times"}};
    const H5T_class_t class = H5Tget_class(type);
    const size_t bytes = H5Tget_size(type);
    if (class == H5T_INTEGER || class == H5T_FLOAT) {
        const bool is_big = bytes > 1 && H5Tget_order(type) == H5T_ORDER_BE;
        const bool is_unsigned = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
        snprintf(out, size, "%s%s%s%zu", is_big ? "big-endian " : "", is_unsigned ? "u" : "",
                 class == H5T_INTEGER ? "int" : "float", bytes * CHAR_BIT);
        return;
    }
    snprintf(out, size, "another type");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].class == class)
            snprintf(out, size, "%s", others[i].name);
}

static void describe_type(const struct child *child, hid_t type, struct h5_item *item)
{
    name_type(type, item->stored, sizeof item->stored);
    const H5T_class_t class = H5Tget_class(type);
    item->is_number = class == H5T_INTEGER || class == H5T_FLOAT;
    switch (class) {
    case H5T_FLOAT:
        item->type = float_type(child, type);
        break;
    case H5T_INTEGER:
        item->type = integer_type(type);
        break;
    case H5T_STRING:
        item->type = H5_TEXT;
        return;
    case H5T_VLEN:
        item->type = variable_type(type);
        return;
    default:
        item->type = H5_OTHER;
        return;
    }
    item->is_exact = item->type != H5_OTHER && (H5Tget_size(type) == 1 || H5Tget_order(type) == H5T_ORDER_LE);
}

/* What a request's numbers look like in memory. */
static hid_t memory_type(const struct child *child, enum h5_type type)
{
    switch (type) {
    case H5_FLOAT16:
        return child->half;
    case H5_FLOAT32:
        return H5T_NATIVE_FLOAT;
    case H5_FLOAT64:
        return H5T_NATIVE_DOUBLE;
    case H5_UINT8:
        return H5T_NATIVE_UINT8;
    case H5_INT32:
        return H5T_NATIVE_INT32;
    case H5_INT64:
        return H5T_NATIVE_INT64;
    case H5_UINT64:
        return H5T_NATIVE_UINT64;
    default:
        return H5I_INVALID_HID;
    }
}

/* -- the catalogue ------------------------------------------------------------------------------------------------ */

static int describe_space(struct child *child, hid_t space, struct h5_item *item)
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

static struct h5_item *add_item(struct child *child, const char *folder, const char *name)
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

/* Where the bytes lie, and whether they lie in this file at all. To be called before the space is asked for. */
static int describe_storage(struct child *child, hid_t dataset, struct h5_item *item)
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

static int add_dataset(struct child *child, const char *path, hid_t dataset)
{
    struct h5_item *item = add_item(child, "", path);
    if (!item)
        return -1;
    const hid_t type = H5Dget_type(dataset);
    describe_type(child, type, item);
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
    struct child *child = data;
    if (strlen(name) + 2 > H5_PATH_MAX)
        return error_set(&child->err, "attribute \"%.40s...\" has too long a name", name);
    struct h5_item *item = add_item(child, "@", name);
    const hid_t attribute = item ? H5Aopen(root, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (attribute < 0)
        return -1;
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    describe_type(child, type, item);
    const int status = describe_space(child, space, item);
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return status;
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data);

static int visit_group(struct child *child, hid_t group, const char *path, int depth)
{
    struct walk walk = {child, path, depth};
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
    const struct walk *walk = data;
    struct child *child = walk->child;
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

/* -- opening ------------------------------------------------------------------------------------------------------ */

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

/* Finds a system error behind a failure of the library: the text of its driver for plain files contains errno. */
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

/* Must follow the failed call directly: the next call of the library clears the reason. */
static void note_refusal(struct child *child)
{
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_refusal, &child->err);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_lack_of_memory, &child->err);
}

static int open_file(struct child *child, const char *path)
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

static int read_catalogue(struct child *child, const char *path)
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

/* -- reading ------------------------------------------------------------------------------------------------------ */

static bool is_attribute(const struct h5_item *item)
{
    return item->path[0] == '@';
}

static const char *what_is(const struct h5_item *item)
{
    return is_attribute(item) ? "attribute" : "dataset";
}

static int fail_item(struct child *child, const struct h5_item *item, const char *why)
{
    return error_set(&child->err, "%s \"%s\" %s", what_is(item), item->path, why);
}

static void close_item(struct child *child)
{
    if (child->open_item < 0)
        return;
    if (is_attribute(&child->items[child->open_item]))
        H5Aclose(child->open_id);
    else
        H5Dclose(child->open_id);
    child->open_item = -1;
}

static int open_item(struct child *child, int i)
{
    if (child->open_item == i)
        return 0;
    close_item(child);
    const struct h5_item *item = &child->items[i];
    child->open_id = is_attribute(item) ? H5Aopen(child->file, item->path + 1, H5P_DEFAULT)
                                        : H5Dopen2(child->file, item->path, H5P_DEFAULT);
    if (child->open_id < 0)
        return fail_item(child, item, "cannot be opened");
    child->open_item = i;
    return 0;
}

static hid_t type_of_open(struct child *child)
{
    return is_attribute(&child->items[child->open_item]) ? H5Aget_type(child->open_id) : H5Dget_type(child->open_id);
}

/* Values that do not fit are errors, not clipped. */
static H5T_conv_ret_t refuse_loss(H5T_conv_except_t what, hid_t from, hid_t to, void *source, void *target, void *data)
{
    (void)from, (void)source, (void)target;
    const bool to_integer = H5Tget_class(to) == H5T_INTEGER;
    const bool is_loss =
        what == H5T_CONV_EXCEPT_RANGE_HI || what == H5T_CONV_EXCEPT_RANGE_LOW || what == H5T_CONV_EXCEPT_TRUNCATE ||
        (to_integer && (what == H5T_CONV_EXCEPT_NAN || what == H5T_CONV_EXCEPT_PINF || what == H5T_CONV_EXCEPT_NINF));
    if (!is_loss)
        return H5T_CONV_UNHANDLED;
    *(bool *)data = true;
    return H5T_CONV_ABORT;
}

/* Why a dataset could not be read: a filter that this HDF5 does not have, or damage. */
static int fail_reading(struct child *child, const struct h5_item *item, bool has_loss)
{
    if (child->err.is_system)
        return error_prefix(&child->err, "%s \"%s\": ", what_is(item), item->path);
    if (has_loss)
        return error_set(&child->err, "%s \"%s\" (%s) holds values that do not fit", what_is(item), item->path,
                         item->stored);
    const hid_t how = is_attribute(item) ? H5I_INVALID_HID : H5Dget_create_plist(child->open_id);
    const int filters = how < 0 ? 0 : H5Pget_nfilters(how);
    for (int i = 0; i < filters; i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        const H5Z_filter_t filter = H5Pget_filter2(how, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
        if (filter > 0 && H5Zfilter_avail(filter) <= 0)
            return error_set(&child->err,
                             "dataset \"%s\" is compressed by filter %d, which is not built in; write it "
                             "with gzip or without compression",
                             item->path, (int)filter);
    }
    return fail_item(child, item, "could not be read: damaged");
}

/* Rows of the open item, as `type` of memory; an attribute only as a whole. */
static int read_block(struct child *child, const struct h5_item *item, uint64_t first, uint64_t count, hid_t type,
                      void *out)
{
    bool has_loss = false;
    if (is_attribute(item)) {
        if (first != 0 || count != h5_rows(item))
            return fail_item(child, item, "can only be read as a whole");
        if (H5Aread(child->open_id, type, out) >= 0)
            return 0;
        note_refusal(child);
        return fail_reading(child, item, false);
    }
    hsize_t start[H5_RANK_MAX] = {first}, extent[H5_RANK_MAX] = {count};
    for (int i = 1; i < item->rank; i++)
        extent[i] = item->dim[i];
    const hid_t space = H5Dget_space(child->open_id);
    const hid_t memory = item->rank ? H5Screate_simple(item->rank, extent, NULL) : H5Screate(H5S_SCALAR);
    const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    herr_t status = H5Pset_type_conv_cb(transfer, refuse_loss, &has_loss);
    if (status >= 0 && item->rank)
        status = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL);
    if (status >= 0)
        status = H5Dread(child->open_id, type, memory, space, transfer, out);
    if (status < 0)
        note_refusal(child);
    H5Pclose(transfer);
    H5Sclose(memory);
    H5Sclose(space);
    return status < 0 ? fail_reading(child, item, has_loss) : 0;
}

/* The whole numbers, as doubles, that fit into the integer type in memory. */
static const struct {
    double least, beyond; /* least <= value < beyond */
} integer_ranges[H5_OTHER + 1] = {
    [H5_UINT8] = {0, 256}, [H5_INT32] = {-0x1p31, 0x1p31}, [H5_INT64] = {-0x1p63, 0x1p63}, [H5_UINT64] = {0, 0x1p64}};

static void put_integer(void *out, uint64_t i, enum h5_type type, double value)
{
    if (type == H5_UINT8)
        ((uint8_t *)out)[i] = (uint8_t)value;
    else if (type == H5_INT32)
        ((int32_t *)out)[i] = (int32_t)value;
    else if (type == H5_INT64)
        ((int64_t *)out)[i] = (int64_t)value;
    else
        ((uint64_t *)out)[i] = (uint64_t)value;
}

/* Converts floats that are whole numbers; libhdf5's own conversion reports a loss for all of them. */
static int read_whole_numbers(struct child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                              enum h5_type type, void *out)
{
    const uint64_t elements = count * h5_row_elements(item);
    double *values = elements <= H5_ANSWER_BYTES_MAX ? malloc(elements * sizeof *values) : NULL;
    if (!values)
        return fail_item(child, item, "is too large to be read");
    int status = read_block(child, item, first, count, H5T_NATIVE_DOUBLE, values);
    for (uint64_t i = 0; i < elements && !status; i++) {
        const double value = values[i];
        const bool is_in_range = value >= integer_ranges[type].least && value < integer_ranges[type].beyond;
        if (is_in_range && value == trunc(value))
            put_integer(out, i, type, value);
        else
            status = error_set(&child->err, "%s \"%s\" (%s) holds %g; whole numbers are needed%s", what_is(item),
                               item->path, item->stored, value, type == H5_UINT8 ? " (0 to 255)" : "");
    }
    free(values);
    return status;
}

static int read_numbers(struct child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                        enum h5_type type, void *out)
{
    const hid_t stored = type_of_open(child);
    const bool is_float = H5Tget_class(stored) == H5T_FLOAT;
    H5Tclose(stored);
    if (is_float && integer_ranges[type].beyond > 0)
        return read_whole_numbers(child, item, first, count, type, out);
    return read_block(child, item, first, count, memory_type(child, type), out);
}

static int send_rows(struct child *child, const struct h5_item *item, const struct h5_request *request)
{
    const enum h5_type type = (enum h5_type)request->type;
    const uint64_t row = h5_row_elements(item) * h5_type_size(type);
    if (memory_type(child, type) < 0 || !item->is_number)
        return error_set(&child->err, "%s \"%s\" holds %s, numbers are needed", what_is(item), item->path,
                         item->stored);
    if (row == 0 || row > H5_ANSWER_BYTES_MAX)
        return fail_item(child, item, "has rows of impossible size");
    uint64_t block = is_attribute(item) || row > BLOCK_BYTES ? 1 : BLOCK_BYTES / row;
    if (is_attribute(item))
        block = h5_rows(item) <= H5_ATTRIBUTE_ROWS_MAX ? h5_rows(item) : 0;
    void *buffer = block ? malloc(block * row) : NULL;
    if (block && !buffer)
        return error_memory(&child->err, item->path);
    if (!buffer)
        return fail_item(child, item, "is too large to be read");
    int status = 0;
    for (uint64_t done = 0; done < request->count && !status; done += block) {
        const uint64_t rows = request->count - done < block ? request->count - done : block;
        status = read_numbers(child, item, request->first + done, rows, type, buffer);
        if (!status)
            emit(child, buffer, rows * row);
    }
    free(buffer);
    return status;
}

/* `count` variable-length strings; each is sent with its NUL if `with_end`. */
static int send_variable_texts(struct child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                               bool with_end)
{
    const hid_t stored = type_of_open(child), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5Tget_cset(stored));
    H5Tclose(stored);
    char **texts = calloc(count, sizeof *texts);
    int status = texts ? read_block(child, item, first, count, type, texts) : fail_item(child, item, "is too large");
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *text = texts[i] ? texts[i] : "";
        emit(child, text, strlen(text) + with_end);
    }
    for (uint64_t i = 0; i < count && !status; i++)
        H5free_memory(texts[i]);
    free(texts);
    H5Tclose(type);
    return status;
}

static int send_fixed_texts(struct child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                            bool with_end)
{
    const hid_t type = type_of_open(child);
    const size_t width = H5Tget_size(type);
    const bool is_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *buffer = width && width <= FIXED_TEXT_MAX ? calloc(count, width) : NULL;
    int status = buffer ? read_block(child, item, first, count, type, buffer) : fail_item(child, item, "is too large");
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *text = buffer + i * width;
        size_t length = strnlen(text, width);
        while (is_padded && length && text[length - 1] == ' ')
            length--;
        emit(child, text, length);
        emit(child, "", with_end);
    }
    free(buffer);
    H5Tclose(type);
    return status;
}

static int send_texts(struct child *child, const struct h5_item *item, const struct h5_request *request)
{
    const hid_t type = type_of_open(child);
    const bool is_variable = H5Tis_variable_str(type) > 0;
    const size_t width = is_variable ? sizeof(char *) : H5Tget_size(type);
    H5Tclose(type);
    uint64_t block = width && width < BLOCK_BYTES / 8 ? BLOCK_BYTES / 8 / width : 1;
    if (item->rank > 1 || (is_attribute(item) && h5_rows(item) > H5_ATTRIBUTE_ROWS_MAX))
        return fail_item(child, item, "is too large, or not a plain list of text");
    if (is_attribute(item))
        block = h5_rows(item);
    int status = 0;
    for (uint64_t done = 0; done < request->count && !status; done += block) {
        const uint64_t rows = request->count - done < block ? request->count - done : block;
        status = (is_variable ? send_variable_texts : send_fixed_texts)(child, item, request->first + done, rows,
                                                                        request->kind == H5_REQUEST_TEXTS);
    }
    return status;
}

/* One element of variable-length bytes. */
static int send_bytes(struct child *child, const struct h5_item *item, const struct h5_request *request)
{
    if (item->rank > 1 || is_attribute(item))
        return fail_item(child, item, "is not a plain list of byte strings");
    const hid_t type = H5Tvlen_create(H5T_NATIVE_UINT8);
    hvl_t bytes = {0};
    int status = read_block(child, item, request->first, 1, type, &bytes);
    if (!status && bytes.len > H5_ANSWER_BYTES_MAX / 2)
        status = fail_item(child, item, "has elements of impossible size");
    if (!status)
        emit(child, bytes.p ? bytes.p : "", bytes.p ? bytes.len : 0);
    H5free_memory(bytes.p);
    H5Tclose(type);
    return status;
}

static int answer(struct child *child, const struct h5_request *request)
{
    const struct h5_item *item = &child->items[request->item];
    if (open_item(child, (int)request->item))
        return -1;
    if (request->kind == H5_REQUEST_ROWS)
        return send_rows(child, item, request);
    return item->type == H5_TEXT ? send_texts(child, item, request) : send_bytes(child, item, request);
}

/* -- the process -------------------------------------------------------------------------------------------------- */

static void limit_memory(void)
{
    long data = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    const bool is_known = file && fscanf(file, "%*d %*d %*d %*d %*d %ld", &data) == 1;
    if (file)
        fclose(file);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!is_known)
        return;
    struct rlimit limit;
    getrlimit(RLIMIT_DATA, &limit);
    const rlim_t wanted = (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY_BYTES;
    if (wanted < limit.rlim_cur) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_DATA, &limit);
    }
}

_Noreturn void h5_child_run(const char *path)
{
    limit_memory();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    struct child child = {.open_item = -1, .half = h5_make_half()};
    const int status = read_catalogue(&child, path);
    if (!status)
        send_piece(child.items, (uint64_t)child.count * sizeof *child.items);
    end_answer(&child, status);
    struct h5_request request;
    while (!status && h5_child_receive(&request, sizeof request))
        end_answer(&child, answer(&child, &request));
    _exit(0);
}
