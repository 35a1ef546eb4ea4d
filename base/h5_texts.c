/* base/h5_texts.c - sends texts (strings of fixed and of variable length) and byte strings. */
#include "base/h5_child.h"

#include <stdlib.h>
#include <string.h>

#define FIXED_TEXT_MAX ((size_t)1 << 20)

/* Sends `count` variable-length strings, each with its NUL if `with_end`. */
static int send_variable_texts(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                               bool with_end)
{
    const hid_t stored = h5_type_of_open(child), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5Tget_cset(stored));
    H5Tclose(stored);
    char **texts = calloc(count, sizeof *texts);
    if (!texts) {
        H5Tclose(type);
        return h5_fail_item(child, item, "is too large");
    }
    const int status = h5_read_block(child, item, first, count, type, texts);
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *text = texts[i] ? texts[i] : "";
        h5_child_emit(child, text, strlen(text) + with_end);
    }
    for (uint64_t i = 0; i < count && !status; i++)
        H5free_memory(texts[i]);
    free(texts);
    H5Tclose(type);
    return status;
}

static int send_fixed_texts(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count,
                            bool with_end)
{
    const hid_t type = h5_type_of_open(child);
    const size_t width = H5Tget_size(type);
    const bool is_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *buffer = width && width <= FIXED_TEXT_MAX ? calloc(count, width) : NULL;
    if (!buffer) {
        H5Tclose(type);
        return h5_fail_item(child, item, "is too large");
    }
    const int status = h5_read_block(child, item, first, count, type, buffer);
    for (uint64_t i = 0; i < count && !status; i++) {
        const char *text = buffer + i * width;
        size_t length = strnlen(text, width);
        while (is_padded && length && text[length - 1] == ' ')
            length--;
        h5_child_emit(child, text, length);
        h5_child_emit(child, "", with_end);
    }
    free(buffer);
    H5Tclose(type);
    return status;
}

int h5_send_texts(struct h5_child *child, const struct h5_item *item, const struct h5_request *request)
{
    const hid_t type = h5_type_of_open(child);
    const bool is_variable = H5Tis_variable_str(type) > 0;
    const size_t width = is_variable ? sizeof(char *) : H5Tget_size(type);
    H5Tclose(type);
    uint64_t block = width && width < H5_BLOCK_BYTES / 8 ? H5_BLOCK_BYTES / 8 / width : 1;
    if (item->rank > 1 || (h5_is_attribute(item) && h5_rows(item) > H5_ATTRIBUTE_ROWS_MAX))
        return h5_fail_item(child, item, "is too large, or not a plain list of text");
    if (h5_is_attribute(item))
        block = h5_rows(item);
    int status = 0;
    for (uint64_t done = 0; done < request->count && !status; done += block) {
        const uint64_t rows = request->count - done < block ? request->count - done : block;
        status = (is_variable ? send_variable_texts : send_fixed_texts)(child, item, request->first + done, rows,
                                                                        request->kind == H5_REQUEST_TEXTS);
    }
    return status;
}

int h5_send_bytes(struct h5_child *child, const struct h5_item *item, const struct h5_request *request)
{
    if (item->rank > 1 || h5_is_attribute(item))
        return h5_fail_item(child, item, "is not a plain list of byte strings");
    const hid_t type = H5Tvlen_create(H5T_NATIVE_UINT8);
    hvl_t bytes = {0};
    int status = h5_read_block(child, item, request->first, 1, type, &bytes);
    if (!status && bytes.len > H5_ANSWER_BYTES_MAX / 2)
        status = h5_fail_item(child, item, "has elements of impossible size");
    if (!status)
        h5_child_emit(child, bytes.p ? bytes.p : "", bytes.p ? bytes.len : 0);
    H5free_memory(bytes.p);
    H5Tclose(type);
    return status;
}
