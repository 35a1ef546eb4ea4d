/*
 * models/onnx/onnx_stream.h - a range of a file as a stream of nanopb's.
 *
 * Each read goes through a small buffer, so that the place of every byte is known and the bytes of tensors can be passed
 * over without being read.
 */
#ifndef MODELS_ONNX_ONNX_STREAM_H
#define MODELS_ONNX_ONNX_STREAM_H

#include "base/error.h"

#include <pb_decode.h>
#include <stdbool.h>
#include <stdint.h>

#define ONNX_BUFFER_BYTES 4096

struct onnx_stream {
    int fd;
    int64_t at;         /* offset of the next byte */
    int64_t begin, end; /* the part of the file that the buffer holds */
    unsigned char buffer[ONNX_BUFFER_BYTES];
};

/* Makes a stream of `size` bytes from `offset`; it reads through `stream`, which must live as long. */
pb_istream_t onnx_stream_range(struct onnx_stream *stream, int fd, int64_t offset, int64_t size);

/*
 * The stream from which nanopb reads; NULL: the callback was given a copy of a single number, because the file has a
 * number in the place of a text, a list or a message.
 */
struct onnx_stream *onnx_stream_of(const pb_istream_t *input);

/* Passes over the rest of a callback's bytes without reading them. */
bool onnx_stream_skip(pb_istream_t *input);

/* Reads a range of a file whole. Errors: it ends before, or cannot be read. */
int onnx_pread(int fd, int64_t offset, size_t size, void *out, struct error *err);

#endif
