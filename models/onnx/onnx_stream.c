/* models/onnx/onnx_stream.c - reads for nanopb with pread(), by blocks. */
#include "models/onnx/onnx_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int onnx_pread(int fd, int64_t offset, size_t size, void *out, struct error *err)
{
    char *to = out;
    while (size > 0) {
        const ssize_t got = pread(fd, to, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system(err, "could not read: %s", strerror(errno));
        if (got == 0)
            return error_set(err, "it became shorter while it was read");
        to += got;
        offset += got;
        size -= (size_t)got;
    }
    return 0;
}

static bool fill(struct onnx_stream *stream)
{
    ssize_t got;
    do
        got = pread(stream->fd, stream->buffer, sizeof stream->buffer, stream->at);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    stream->begin = stream->at;
    stream->end = stream->at + got;
    return true;
}

/* nanopb's read function: exactly `count` bytes. */
static bool read_bytes(pb_istream_t *input, pb_byte_t *out, size_t count)
{
    struct onnx_stream *stream = input->state;
    while (count > 0) {
        if ((stream->at < stream->begin || stream->at >= stream->end) && !fill(stream))
            PB_RETURN_ERROR(input, "could not read");
        size_t part = (size_t)(stream->end - stream->at);
        part = part < count ? part : count;
        memcpy(out, stream->buffer + (stream->at - stream->begin), part);
        out += part;
        count -= part;
        stream->at += (int64_t)part;
    }
    return true;
}

pb_istream_t onnx_stream_range(struct onnx_stream *stream, int fd, int64_t offset, int64_t size)
{
    stream->fd = fd;
    stream->at = offset;
    stream->begin = stream->end = 0;
    return (pb_istream_t){.callback = read_bytes, .state = stream, .bytes_left = (size_t)size};
}

struct onnx_stream *onnx_stream_of(const pb_istream_t *input)
{
    return input->callback == read_bytes ? input->state : NULL;
}

bool onnx_stream_skip(pb_istream_t *input)
{
    struct onnx_stream *stream = onnx_stream_of(input);
    if (!stream)
        return pb_read(input, NULL, input->bytes_left);
    stream->at += (int64_t)input->bytes_left;
    input->bytes_left = 0;
    return true;
}
