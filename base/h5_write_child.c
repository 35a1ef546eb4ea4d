/*
 * base/h5_write_child.c - the process that makes the structure of our own HDF5 files: groups, shapes, attributes,
 * texts.
 *
 * Numbers of datasets never pass through this process: the parent writes them to the places that it has reserved. Every
 * result of the library is checked, that of closing too; after a failure the process must end.
 */
#include "base/h5_driver.h"
#include "base/h5_process.h"
#include "base/h5_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static hid_t stored_type(hid_t half, enum h5_type type)
{
    switch (type) {
    case H5_FLOAT16:
        return half;
    case H5_FLOAT32:
        return H5T_IEEE_F32LE;
    case H5_FLOAT64:
        return H5T_IEEE_F64LE;
    case H5_UINT8:
        return H5T_STD_U8LE;
    case H5_INT32:
        return H5T_STD_I32LE;
    case H5_INT64:
        return H5T_STD_I64LE;
    case H5_UINT64:
        return H5T_STD_U64LE;
    default:
        return H5I_INVALID_HID;
    }
}

static hid_t create_space(const struct h5_order *order)
{
    hsize_t extent[H5_RANK_MAX];
    for (int i = 0; i < order->rank; i++)
        extent[i] = order->dim[i];
    return order->rank ? H5Screate_simple(order->rank, extent, NULL) : H5Screate(H5S_SCALAR);
}

static hid_t create_dataset(hid_t file, const struct h5_order *order, hid_t type, hid_t space)
{
    const hid_t link = H5Pcreate(H5P_LINK_CREATE), how = H5Pcreate(H5P_DATASET_CREATE);
    if (link < 0 || how < 0 || H5Pset_create_intermediate_group(link, 1) < 0 ||
        H5Pset_obj_track_times(how, false) < 0 || H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY) < 0)
        return H5I_INVALID_HID;
    /* the library refuses to leave variable-length elements as they are */
    if (order->kind == H5_ORDER_DEFINE && H5Pset_fill_time(how, H5D_FILL_TIME_NEVER) < 0)
        return H5I_INVALID_HID;
    const hid_t dataset = H5Dcreate2(file, order->path, type, space, link, how, H5P_DEFAULT);
    return H5Pclose(how) < 0 || H5Pclose(link) < 0 ? H5I_INVALID_HID : dataset;
}

static int write_attribute(hid_t file, const struct h5_order *order, hid_t type, hid_t space, const void *data)
{
    const hid_t attribute = H5Acreate2(file, order->path + 1, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || (data && H5Awrite(attribute, type, data) < 0))
        return -1;
    return status_of(H5Aclose(attribute) < 0);
}

static int write_dataset(hid_t file, const struct h5_order *order, hid_t type, hid_t space, const void *data)
{
    const hid_t dataset = create_dataset(file, order, type, space);
    if (dataset < 0 || (data && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        return -1;
    return status_of(H5Dclose(dataset) < 0);
}

static int define(hid_t file, const struct h5_order *order, hid_t type, hid_t space, uint64_t *place)
{
    const hid_t dataset = create_dataset(file, order, type, space);
    if (dataset < 0)
        return -1;
    const haddr_t offset = H5Dget_offset(dataset);
    *place = offset == HADDR_UNDEF ? H5_NOWHERE : offset;
    return status_of(H5Dclose(dataset) < 0);
}

static int write_numbers(hid_t file, hid_t half, const struct h5_order *order, const char *bytes, uint64_t *value)
{
    const hid_t space = create_space(order), type = stored_type(half, (enum h5_type)order->type);
    if (space < 0 || type < 0)
        return -1;
    const int status = order->kind == H5_ORDER_DEFINE ? define(file, order, type, space, value)
                                                      : write_attribute(file, order, type, space, bytes);
    return status_of(status || H5Sclose(space) < 0);
}

static hid_t create_text_type(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)
        return H5I_INVALID_HID;
    return type;
}

static int write_texts(hid_t file, const struct h5_order *order, const char *bytes)
{
    const uint64_t count = order->rank ? order->dim[0] : 1;
    const char **texts = calloc(count + 1, sizeof *texts);
    const hid_t type = create_text_type(), space = create_space(order);
    if (!texts || type < 0 || space < 0)
        return -1;
    for (uint64_t i = 0; i < count; i++) {
        texts[i] = bytes;
        bytes += strlen(bytes) + 1;
    }
    const int status = (order->path[0] == '@' ? write_attribute : write_dataset)(file, order, type, space,
                                                                                 count ? (const void *)texts : NULL);
    free(texts);
    return status_of(status || H5Sclose(space) < 0 || H5Tclose(type) < 0);
}

static int carry_out(hid_t file, hid_t half, const struct h5_order *order, const char *bytes, uint64_t *value)
{
    switch (order->kind) {
    case H5_ORDER_CLOSE:
        return status_of(H5Fclose(file) < 0);
    case H5_ORDER_TEXTS:
        return write_texts(file, order, bytes);
    default:
        return write_numbers(file, half, order, bytes, value);
    }
}

_Noreturn static void fail(void)
{
    const char *why = errno == ENOMEM ? "not enough memory" : "refused by the HDF5 library";
    const struct h5_step step = {.kind = H5_STEP_FAILED, .size = strlen(why)};
    h5_child_send(&step, sizeof step);
    h5_child_send(why, step.size);
    _exit(0);
}

static hid_t create_file(void)
{
    const hid_t access = h5_driver_access();
    const hid_t file = access < 0 ? access : H5Fcreate("parent", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    return file < 0 || H5Pclose(access) < 0 ? H5I_INVALID_HID : file;
}

_Noreturn void h5_write_child_run(void)
{
    struct h5_order order;
    errno = 0;
    /* a library that could not set itself up must not be called again */
    const bool is_ready = H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0;
    const hid_t half = is_ready ? h5_make_half() : H5I_INVALID_HID;
    const hid_t file = half < 0 ? half : create_file();
    while (h5_child_receive(&order, sizeof order)) {
        struct h5_step done = {.kind = H5_STEP_DONE};
        char *bytes = malloc(order.size + 1);
        if (!bytes || file < 0)
            fail();
        if (!h5_child_receive(bytes, order.size))
            _exit(0);
        errno = 0;
        if (carry_out(file, half, &order, bytes, &done.at))
            fail();
        free(bytes);
        h5_child_send(&done, sizeof done);
    }
    _exit(0);
}
