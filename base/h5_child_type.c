/* base/h5_child_type.c - converts between libhdf5's types and ours, and describes them for people. */
#include "base/h5_child.h"

#include <limits.h>
#include <stdio.h>

static bool is_half(const struct h5_child *child, hid_t type)
{
    if (H5Tget_size(type) != 2)
        return false;
    const hid_t little = H5Tcopy(type);
    H5Tset_order(little, H5T_ORDER_LE);
    const bool same = H5Tequal(little, child->half) > 0;
    H5Tclose(little);
    return same;
}

static enum h5_type float_type(const struct h5_child *child, hid_t type)
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

void h5_describe_type(const struct h5_child *child, hid_t type, struct h5_item *item)
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

hid_t h5_memory_type(const struct h5_child *child, enum h5_type type)
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
