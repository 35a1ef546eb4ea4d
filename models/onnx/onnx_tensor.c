/*
 * models/onnx/onnx_tensor.c - tensors: what a file says of them, and whether their elements are there.
 *
 * Elements are not read here. Those in raw data or in another file are a range of bytes; those in typed lists, which
 * need not be in one piece, are found again by decoding the tensor's message (onnx_elements.c).
 */
#include "base/text.h"
#include "models/onnx/onnx.pb.h"
#include "models/onnx/onnx_inside.h"

#include <stdio.h>
#include <string.h>

#define EXTERNAL 1 /* of data_location */

/* Numbers in a list, not kept. */
struct tally {
    struct onnx_reader *reader;
    int bytes; /* of a number; 0: varints */
    int64_t count;
};

/* Parts of a message that onnx_tensor does not show. */
struct tensor_parts {
    struct onnx_reader *reader;
    struct onnx_tensor *tensor;
    bool has_raw, has_segment;
    int64_t raw_offset, raw_bytes;
    struct tally floats, int32s, int64s, doubles, uint64s;
    struct onnx_external external;
};

int onnx_type_bytes(enum onnx_type type)
{
    static const int bytes[] = {
        [ONNX_FLOAT] = 4,  [ONNX_UINT8] = 1,  [ONNX_INT8] = 1,     [ONNX_UINT16] = 2,  [ONNX_INT16] = 2,
        [ONNX_INT32] = 4,  [ONNX_INT64] = 8,  [ONNX_BOOL] = 1,     [ONNX_FLOAT16] = 2, [ONNX_DOUBLE] = 8,
        [ONNX_UINT32] = 4, [ONNX_UINT64] = 8, [ONNX_BFLOAT16] = 2,
    };
    const int number = (int)type;
    return number < 0 || number >= (int)(sizeof bytes / sizeof *bytes) ? 0 : bytes[number];
}

static const struct tally *tally_of(const struct tensor_parts *parts)
{
    switch (parts->tensor->type) {
    case ONNX_FLOAT:
        return &parts->floats;
    case ONNX_DOUBLE:
        return &parts->doubles;
    case ONNX_INT64:
        return &parts->int64s;
    case ONNX_UINT32:
    case ONNX_UINT64:
        return &parts->uint64s;
    default:
        return &parts->int32s;
    }
}

/* -- callbacks ----------------------------------------------------------------------------------------------------- */

static bool take_dims(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct tensor_parts *parts = *arg;
    struct onnx_tensor *tensor = parts->tensor;
    while (input->bytes_left > 0) {
        if (tensor->rank == ONNX_RANK_MAX)
            return onnx_fail(parts->reader, "it has a tensor with more than %d dimensions", ONNX_RANK_MAX);
        if (!pb_decode_varint(input, (uint64_t *)&tensor->dim[tensor->rank++]))
            return false;
    }
    return true;
}

/* Varints end with a byte below 128. */
static bool count_varints(struct tally *tally, pb_istream_t *input)
{
    unsigned char bytes[256];
    bool is_whole = true;
    while (input->bytes_left > 0) {
        const size_t part = input->bytes_left < sizeof bytes ? input->bytes_left : sizeof bytes;
        if (!pb_read(input, bytes, part))
            return false;
        for (size_t i = 0; i < part; i++)
            tally->count += bytes[i] < 128;
        is_whole = bytes[part - 1] < 128;
    }
    return is_whole || onnx_fail(tally->reader, "it is damaged: a list of numbers is cut short");
}

static bool take_numbers(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct tally *tally = *arg;
    if (!tally->bytes)
        return count_varints(tally, input);
    if (input->bytes_left % (size_t)tally->bytes)
        return onnx_fail(tally->reader, "it is damaged: a list of numbers is cut short");
    tally->count += (int64_t)input->bytes_left / tally->bytes;
    return onnx_stream_skip(input);
}

static bool take_raw(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct tensor_parts *parts = *arg;
    const struct onnx_stream *stream = onnx_stream_of(input);
    if (!stream)
        return onnx_fail(parts->reader, "it is damaged: a number is in the place of raw data");
    parts->has_raw = true;
    parts->raw_offset = stream->at;
    parts->raw_bytes = (int64_t)input->bytes_left;
    return onnx_stream_skip(input);
}

static bool take_segment(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    *(bool *)*arg = true;
    return onnx_stream_skip(input);
}

static bool take_external(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct tensor_parts *parts = *arg;
    struct onnx_text key = {parts->reader, NULL}, value = {parts->reader, NULL};
    onnx_pb_Pair message = onnx_pb_Pair_init_zero;
    message.key = onnx_text_callback(&key);
    message.value = onnx_text_callback(&value);
    if (!onnx_stream_of(input) || !pb_decode(input, onnx_pb_Pair_fields, &message))
        return false;
    const struct {
        const char *key;
        const char **value;
    } known[] = {{"location", &parts->external.location},
                 {"offset", &parts->external.offset},
                 {"length", &parts->external.length},
                 {"checksum", &parts->external.checksum}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (key.text && strcmp(key.text, known[i].key) == 0)
            *known[i].value = value.text;
    return true;
}

static bool decode_message(struct tensor_parts *parts, pb_istream_t *input, onnx_pb_Tensor *message)
{
    struct onnx_text name = {parts->reader, NULL};
    message->name = onnx_text_callback(&name);
    message->dims = (pb_callback_t){.funcs.decode = take_dims, .arg = parts};
    message->raw_data = (pb_callback_t){.funcs.decode = take_raw, .arg = parts};
    message->segment = (pb_callback_t){.funcs.decode = take_segment, .arg = &parts->has_segment};
    message->external_data = (pb_callback_t){.funcs.decode = take_external, .arg = parts};
    message->float_data = (pb_callback_t){.funcs.decode = take_numbers, .arg = &parts->floats};
    message->int32_data = (pb_callback_t){.funcs.decode = take_numbers, .arg = &parts->int32s};
    message->int64_data = (pb_callback_t){.funcs.decode = take_numbers, .arg = &parts->int64s};
    message->double_data = (pb_callback_t){.funcs.decode = take_numbers, .arg = &parts->doubles};
    message->uint64_data = (pb_callback_t){.funcs.decode = take_numbers, .arg = &parts->uint64s};
    if (!pb_decode(input, onnx_pb_Tensor_fields, message))
        return false;
    parts->tensor->name = name.text ? name.text : "";
    parts->tensor->type = (enum onnx_type)message->type;
    return true;
}

/* -- checks -------------------------------------------------------------------------------------------------------- */

static int count_elements(struct onnx_tensor *tensor, struct error *err)
{
    int64_t count = 1, most = INT64_MAX / 8; /* bytes of an element */
    for (int i = 0; i < tensor->rank; i++)
        if (tensor->dim[i] < 0)
            return error_set(err, "dimension %d is %lld", i, (long long)tensor->dim[i]);
    for (int i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(count, tensor->dim[i], &count) || count > most)
            return error_set(err, "its shape has more than %lld elements", (long long)most);
    tensor->count = (size_t)count;
    return 0;
}

/* Types that are not read stay in the list, for graphs that do not need them; their count is limited, too. */
static int check_unread(const struct onnx_tensor *tensor, int64_t message_bytes, struct error *err)
{
    if ((int64_t)tensor->count / 2 <= message_bytes)
        return 0;
    return error_set(err, "its shape has %zu elements, more than the file holds", tensor->count);
}

static int find_elements(struct tensor_parts *parts, int location, const struct onnx_place *message,
                         struct onnx_place *place, struct error *err)
{
    const struct onnx_tensor *tensor = parts->tensor;
    const int64_t count = (int64_t)tensor->count, bytes = count * onnx_type_bytes(tensor->type);
    *place = *message;
    if (parts->has_segment)
        return error_set(err, "it is in segments, which are not supported");
    if (location == EXTERNAL)
        return onnx_external_place(parts->reader->state, &parts->external, bytes, place, err);
    if (parts->has_raw) {
        *place = (struct onnx_place){.offset = parts->raw_offset, .bytes = parts->raw_bytes};
        if (parts->raw_bytes == bytes)
            return 0;
        return error_set(err, "it has %lld bytes, its shape needs %lld", (long long)parts->raw_bytes, (long long)bytes);
    }
    if (tally_of(parts)->count == count)
        return 0;
    return error_set(err, "it has %lld elements, its shape needs %lld", (long long)tally_of(parts)->count,
                     (long long)count);
}

bool onnx_tensor_decode(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    struct onnx_tensor *tensor = to;
    struct error *err = reader->err;
    onnx_pb_Tensor message = onnx_pb_Tensor_init_zero;
    struct tensor_parts parts = {
        .reader = reader,
        .tensor = tensor,
        .floats = {reader, 4, 0},
        .int32s = {reader, 0, 0},
        .int64s = {reader, 0, 0},
        .doubles = {reader, 8, 0},
        .uint64s = {reader, 0, 0},
    };
    const struct onnx_place whole = {
        .is_typed = true, .offset = onnx_stream_of(input)->at, .bytes = (int64_t)input->bytes_left};
    *tensor = (struct onnx_tensor){.name = ""};
    struct onnx_place *place = onnx_take(reader, 1, sizeof *place);
    if (!place || !decode_message(&parts, input, &message))
        return false;
    int status = count_elements(tensor, err);
    if (!status && !onnx_type_bytes(tensor->type))
        status = check_unread(tensor, whole.bytes, err);
    else if (!status) {
        status = find_elements(&parts, message.data_location, &whole, place, err);
        tensor->place = place;
    }
    if (status) {
        error_prefix(err, "tensor \"%s\": ", TEXT_SHOWN(tensor->name));
        return onnx_failed(reader);
    }
    return true;
}
