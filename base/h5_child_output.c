/* base/h5_child_output.c - sends answers to the parent in pieces (base/h5_wire.h). */
#include "base/h5_child.h"

#include "base/h5_process.h"

#include <string.h>

void h5_child_send_piece(const void *data, uint64_t size)
{
    const struct h5_piece piece = {.size = size};
    if (size == 0)
        return;
    h5_child_send(&piece, sizeof piece);
    h5_child_send(data, size);
}

static void flush_output(struct h5_child *child)
{
    h5_child_send_piece(child->output, child->output_size);
    child->output_size = 0;
}

void h5_child_emit(struct h5_child *child, const void *data, size_t size)
{
    if (size > OUTPUT_BYTES - child->output_size)
        flush_output(child);
    if (size > OUTPUT_BYTES) {
        h5_child_send_piece(data, size);
        return;
    }
    memcpy(child->output + child->output_size, data, size);
    child->output_size += size;
}

void h5_child_end_answer(struct h5_child *child, int status)
{
    const char *text = child->err.text[0] ? child->err.text : "damaged";
    const enum h5_failed failed = !status ? H5_FAILED_NOT : child->err.is_system ? H5_FAILED_SYSTEM : H5_FAILED_DATA;
    const struct h5_piece piece = {.failed = failed, .size = status ? strlen(text) : 0};
    flush_output(child);
    h5_child_send(&piece, sizeof piece);
    h5_child_send(text, piece.size);
    child->err = (struct error){0};
}
