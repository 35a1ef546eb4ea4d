/* base/h5_rows.c - reads rows of one item at a time, which stays open for the next request. */
#include "base/h5_child.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool h5_is_attribute(const struct h5_item *item)
{
    return item->path[0] == '@';
}

static const char *what_is(const struct h5_item *item)
{
    return h5_is_attribute(item) ? "attribute" : "dataset";
}

int h5_fail_item(struct h5_child *child, const struct h5_item *item, const char *why)
{
    return error_set(&child->err, "%s \"%s\" %s", what_is(item), item->path, why);
}

static void close_item(struct h5_child *child)
{
    if (child->open_item < 0)
        return;
    if (h5_is_attribute(&child->items[child->open_item]))
        H5Aclose(child->open_id);
    else
        H5Dclose(child->open_id);
    child->open_item = -1;
}

int h5_open_item(struct h5_child *child, int i)
{
    if (child->open_item == i)
        return 0;
    close_item(child);
    const struct h5_item *item = &child->items[i];
    child->open_id = h5_is_attribute(item) ? H5Aopen(child->file, item->path + 1, H5P_DEFAULT)
                                           : H5Dopen2(child->file, item->path, H5P_DEFAULT);
    if (child->open_id < 0)
        return h5_fail_item(child, item, "cannot be opened");
    child->open_item = i;
    return 0;
}

hid_t h5_type_of_open(struct h5_child *child)
{
    return h5_is_attribute(&child->items[child->open_item]) ? H5Aget_type(child->open_id) : H5Dget_type(child->open_id);
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
static int fail_reading(struct h5_child *child, const struct h5_item *item, bool has_loss)
{
    if (child->err.is_system)
        return error_prefix(&child->err, "%s \"%s\": ", what_is(item), item->path);
    if (has_loss)
        return error_set(&child->err, "%s \"%s\" (%s) holds values that do not fit", what_is(item), item->path,
                         item->stored);
    const hid_t how = h5_is_attribute(item) ? H5I_INVALID_HID : H5Dget_create_plist(child->open_id);
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
    return h5_fail_item(child, item, "could not be read: damaged");
}

int h5_read_block(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count, hid_t type,
                  void *out)
{
    bool has_loss = false;
    if (h5_is_attribute(item)) {
        if (first != 0 || count != h5_rows(item))
            return h5_fail_item(child, item, "can only be read as a whole");
        if (H5Aread(child->open_id, type, out) >= 0)
            return 0;
        h5_note_refusal(child);
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
        h5_note_refusal(child);
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
static int read_whole_numbers(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                              enum h5_type type, void *out)
{
    const uint64_t elements = count * h5_row_elements(item);
    double *values = elements <= H5_ANSWER_BYTES_MAX ? calloc(elements, sizeof *values) : NULL;
    if (!values)
        return h5_fail_item(child, item, "is too large to be read");
    int status = h5_read_block(child, item, first, count, H5T_NATIVE_DOUBLE, values);
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

static int read_numbers(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                        enum h5_type type, void *out)
{
    const hid_t stored = h5_type_of_open(child);
    const bool is_float = H5Tget_class(stored) == H5T_FLOAT;
    H5Tclose(stored);
    if (is_float && integer_ranges[type].beyond > 0)
        return read_whole_numbers(child, item, first, count, type, out);
    return h5_read_block(child, item, first, count, h5_memory_type(child, type), out);
}

int h5_send_rows(struct h5_child *child, const struct h5_item *item, const struct h5_request *request)
{
    const enum h5_type type = (enum h5_type)request->type;
    const uint64_t row = h5_row_elements(item) * h5_type_size(type);
    if (h5_memory_type(child, type) < 0 || !item->is_number)
        return error_set(&child->err, "%s \"%s\" holds %s, numbers are needed", what_is(item), item->path,
                         item->stored);
    if (row == 0 || row > H5_ANSWER_BYTES_MAX)
        return h5_fail_item(child, item, "has rows of impossible size");
    uint64_t block = h5_is_attribute(item) || row > H5_BLOCK_BYTES ? 1 : H5_BLOCK_BYTES / row;
    if (h5_is_attribute(item))
        block = h5_rows(item) <= H5_ATTRIBUTE_ROWS_MAX ? h5_rows(item) : 0;
    void *buffer = block ? malloc(block * row) : NULL;
    if (block && !buffer)
        return error_memory(&child->err, item->path);
    if (!buffer)
        return h5_fail_item(child, item, "is too large to be read");
    int status = 0;
    for (uint64_t done = 0; done < request->count && !status; done += block) {
        const uint64_t rows = request->count - done < block ? request->count - done : block;
        status = read_numbers(child, item, request->first + done, rows, type, buffer);
        if (!status)
            h5_child_emit(child, buffer, rows * row);
    }
    free(buffer);
    return status;
}
