/* models/onnx/onnx_message.c - memory of a file, and callbacks of nanopb for texts and lists. */
#include "models/onnx/onnx_inside.h"

#include <limits.h>
#include <stdalign.h>

#define BLOCK_BYTES ((size_t)8 << 10) /* from which small things are taken: the arena would align each to 64 bytes */
#define CHANGED "it changed while it was read"

static void *take_large(struct onnx_reader *reader, size_t count, size_t size)
{
    void *memory = arena_alloc(&reader->state->arena, count, size);
    if (!memory)
        onnx_fail(reader, "its description needs more than %zu bytes of memory, 4 times its size",
                  reader->state->arena.limit_bytes);
    return memory;
}

void *onnx_take(struct onnx_reader *reader, size_t count, size_t size)
{
    struct onnx_state *state = reader->state;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > BLOCK_BYTES / 4)
        return take_large(reader, count, size);
    const size_t gap = size > 1 ? (size_t)(-(uintptr_t)state->spare) % alignof(int64_t) : 0;
    if (!state->spare || gap > state->spare_bytes || bytes > state->spare_bytes - gap) {
        state->spare = take_large(reader, 1, BLOCK_BYTES);
        state->spare_bytes = state->spare ? BLOCK_BYTES : 0;
        if (!state->spare)
            return NULL;
        return onnx_take(reader, count, size);
    }
    char *memory = state->spare + gap;
    state->spare += gap + bytes;
    state->spare_bytes -= gap + bytes;
    return memory;
}

const char *onnx_text(struct onnx_reader *reader, pb_istream_t *input)
{
    if (!onnx_stream_of(input)) {
        onnx_fail(reader, "it is damaged: a number is in the place of a text");
        return NULL;
    }
    const size_t length = input->bytes_left;
    char *text = onnx_take(reader, length + 1, 1);
    return text && pb_read(input, (pb_byte_t *)text, length) ? text : NULL;
}

static bool take_text(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct onnx_text *to = *arg;
    if (to->reader->is_counting)
        return onnx_stream_skip(input);
    to->text = onnx_text(to->reader, input);
    return to->text != NULL;
}

pb_callback_t onnx_text_callback(struct onnx_text *text)
{
    return (pb_callback_t){.funcs.decode = take_text, .arg = text};
}

static void *next_item(const struct onnx_list *list)
{
    return (char *)list->items + list->count * list->size;
}

/* Numbers: a single one, or packed ones. */
static bool take_numbers(struct onnx_list *list, pb_istream_t *input)
{
    uint64_t unused;
    while (input->bytes_left > 0) {
        if (list->items && list->count == list->room)
            return onnx_fail(list->reader, CHANGED);
        if (!list->decode(list->reader, input, list->items ? next_item(list) : &unused))
            return false;
        list->count++;
    }
    return true;
}

static bool take_item(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct onnx_list *list = *arg;
    if (list->is_numbers)
        return take_numbers(list, input);
    if (!onnx_stream_of(input))
        return onnx_fail(list->reader, "it is damaged: a number is in the place of a list");
    if (!list->items) {
        list->count++;
        return onnx_stream_skip(input);
    }
    if (list->count == list->room)
        return onnx_fail(list->reader, CHANGED);
    void *item = next_item(list);
    list->count++;
    return list->decode(list->reader, input, item);
}

pb_callback_t onnx_list_callback(struct onnx_list *list)
{
    return (pb_callback_t){.funcs.decode = take_item, .arg = list};
}

/* An empty list gets a place too, so that `items` is NULL while the list is counted. */
static bool make_list(struct onnx_reader *reader, struct onnx_list *list)
{
    static char nothing[1];
    if (list->count > INT_MAX)
        return onnx_fail(reader, "it has a list of %zu elements", list->count);
    list->items = list->count ? onnx_take(reader, list->count, list->size) : nothing;
    list->room = list->count;
    list->count = 0;
    return list->items != NULL;
}

bool onnx_decode_twice(struct onnx_reader *reader, pb_istream_t *input, const pb_msgdesc_t *fields, void *message,
                       struct onnx_list *const *lists, size_t list_count)
{
    struct onnx_stream *stream = onnx_stream_of(input);
    const int64_t begin = stream->at;
    pb_istream_t first = *input;
    reader->is_counting = true;
    if (!pb_decode(&first, fields, message)) {
        input->errmsg = first.errmsg;
        return false;
    }
    reader->is_counting = false;
    for (size_t i = 0; i < list_count; i++)
        if (!make_list(reader, lists[i]))
            return false;
    stream->at = begin;
    return pb_decode(input, fields, message);
}
