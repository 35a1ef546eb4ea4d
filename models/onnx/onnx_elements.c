/*
 * models/onnx/onnx_elements.c - reads the elements of tensors, as floats or as integers.
 *
 * Files are little-endian, and so are the machines that the program runs on.
 */
#include "base/numbers.h"
#include "base/text.h"
#include "models/onnx/onnx.pb.h"
#include "models/onnx/onnx_inside.h"

#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES (1 << 14)

/* Where elements go, one after the other. */
struct sink {
    enum onnx_type type;
    float *floats; /* or */
    int64_t *ints;
    size_t count, room;
};

/* -- numbers ------------------------------------------------------------------------------------------------------- */

/* `word`: an element's bits, whatever the bits above them. */
static int64_t int_of(enum onnx_type type, uint64_t word)
{
    switch (type) {
    case ONNX_UINT8:
        return (uint8_t)word;
    case ONNX_INT8:
        return (int8_t)word;
    case ONNX_UINT16:
        return (uint16_t)word;
    case ONNX_INT16:
        return (int16_t)word;
    case ONNX_UINT32:
        return (uint32_t)word;
    case ONNX_INT32:
        return (int32_t)word;
    case ONNX_BOOL:
        return (uint8_t)word != 0;
    default:
        return (int64_t)word;
    }
}

static float float_of(enum onnx_type type, uint64_t word)
{
    switch (type) {
    case ONNX_FLOAT:
        return float_from_bits((uint32_t)word);
    case ONNX_FLOAT16:
        return float_from_float16((uint16_t)word);
    case ONNX_BFLOAT16:
        return float_from_bfloat16((uint16_t)word);
    case ONNX_DOUBLE:
        return (float)double_from_bits(word);
    case ONNX_UINT64:
        return (float)word;
    default:
        return (float)int_of(type, word);
    }
}

static void put(struct sink *sink, uint64_t word)
{
    if (sink->floats)
        sink->floats[sink->count++] = float_of(sink->type, word);
    else
        sink->ints[sink->count++] = int_of(sink->type, word);
}

/* -- ranges of bytes ----------------------------------------------------------------------------------------------- */

static int read_range(int fd, const struct onnx_place *place, struct sink *sink, struct error *err)
{
    unsigned char block[BLOCK_BYTES];
    const size_t size = (size_t)onnx_type_bytes(sink->type);
    if (sink->floats && sink->type == ONNX_FLOAT)
        return onnx_pread(fd, place->offset, (size_t)place->bytes, sink->floats, err);
    for (int64_t done = 0; done < place->bytes;) {
        const int64_t left = place->bytes - done;
        const size_t part = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        if (onnx_pread(fd, place->offset + done, part, block, err))
            return -1;
        for (size_t i = 0; i < part; i += size) {
            uint64_t word = 0;
            memcpy(&word, block + i, size);
            put(sink, word);
        }
        done += (int64_t)part;
    }
    return 0;
}

/* -- typed lists --------------------------------------------------------------------------------------------------- */

static bool decode_word(pb_istream_t *input, enum onnx_type type, uint64_t *word)
{
    uint32_t low;
    if (type == ONNX_DOUBLE)
        return pb_decode_fixed64(input, word);
    if (type != ONNX_FLOAT)
        return pb_decode_varint(input, word);
    if (!pb_decode_fixed32(input, &low))
        return false;
    *word = low;
    return true;
}

static bool take_floats(pb_istream_t *input, struct sink *sink)
{
    const size_t count = input->bytes_left / sizeof(float);
    if (input->bytes_left % sizeof(float) || count > sink->room - sink->count)
        return false;
    sink->count += count;
    return pb_read(input, (pb_byte_t *)(sink->floats + sink->count - count), input->bytes_left);
}

static bool take_elements(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    struct sink *sink = *arg;
    if (sink->floats && sink->type == ONNX_FLOAT)
        return take_floats(input, sink);
    while (input->bytes_left > 0) {
        uint64_t word;
        if (sink->count == sink->room || !decode_word(input, sink->type, &word))
            return false;
        put(sink, word);
    }
    return true;
}

static pb_callback_t *list_of(onnx_pb_Tensor *message, enum onnx_type type)
{
    switch (type) {
    case ONNX_FLOAT:
        return &message->float_data;
    case ONNX_DOUBLE:
        return &message->double_data;
    case ONNX_INT64:
        return &message->int64_data;
    case ONNX_UINT32:
    case ONNX_UINT64:
        return &message->uint64_data;
    default:
        return &message->int32_data;
    }
}

static int read_lists(int fd, const struct onnx_place *place, struct sink *sink, struct error *err)
{
    struct onnx_stream stream;
    onnx_pb_Tensor message = onnx_pb_Tensor_init_zero;
    pb_istream_t input = onnx_stream_range(&stream, fd, place->offset, place->bytes);
    *list_of(&message, sink->type) = (pb_callback_t){.funcs.decode = take_elements, .arg = sink};
    if (!pb_decode(&input, onnx_pb_Tensor_fields, &message))
        return error_set(err, "its elements are damaged: byte %lld: %s", (long long)stream.at, PB_GET_ERROR(&input));
    if (sink->count != sink->room)
        return error_set(err, "it changed while it was read");
    return 0;
}

/* -- the door ------------------------------------------------------------------------------------------------------ */

static int read_place(const struct onnx_state *state, const struct onnx_place *place, struct sink *sink,
                      struct error *err)
{
    int64_t size;
    if (place->is_typed)
        return read_lists(state->fd, place, sink, err);
    if (place->file == 0)
        return read_range(state->fd, place, sink, err);
    const char *path = state->parts[place->file].path;
    const int fd = onnx_external_open(path, &size, err);
    const int status = fd < 0 ? -1 : read_range(fd, place, sink, err);
    if (fd >= 0)
        close(fd);
    return status ? error_prefix(err, "external data \"%s\": ", path) : 0;
}

static int read_elements(const struct onnx_file *file, const struct onnx_tensor *tensor, struct sink *sink,
                         bool is_right_type, struct error *err)
{
    sink->type = tensor->type;
    sink->room = tensor->count;
    const int status = !is_right_type || !tensor->place
                           ? error_set(err, "it has type %d, which is not read here", (int)tensor->type)
                           : read_place((const struct onnx_state *)file, tensor->place, sink, err);
    if (status)
        return error_prefix(err, "ONNX file \"%s\": tensor \"%s\": ", file->path, TEXT_SHOWN(tensor->name));
    return 0;
}

bool onnx_is_float(int64_t type)
{
    return type == ONNX_FLOAT || type == ONNX_FLOAT16 || type == ONNX_BFLOAT16 || type == ONNX_DOUBLE;
}

int onnx_read_floats(const struct onnx_file *file, const struct onnx_tensor *tensor, float *out, struct error *err)
{
    struct sink sink = {.floats = out};
    return read_elements(file, tensor, &sink, tensor->type != ONNX_BOOL, err);
}

int onnx_read_ints(const struct onnx_file *file, const struct onnx_tensor *tensor, int64_t *out, struct error *err)
{
    struct sink sink = {.ints = out};
    return read_elements(file, tensor, &sink, !onnx_is_float(tensor->type), err);
}
