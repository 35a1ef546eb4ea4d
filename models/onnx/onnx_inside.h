/*
 * models/onnx/onnx_inside.h - the state of an open ONNX file, and what the parts of the reader share.
 *
 * A message is decoded twice: the first time its lists are counted, the second time they are filled. So a list is one
 * block without spare room, and the memory of a file is limited to a multiple of the file's size.
 */
#ifndef MODELS_ONNX_ONNX_INSIDE_H
#define MODELS_ONNX_ONNX_INSIDE_H

#include "base/arena.h"
#include "models/onnx/onnx_file.h"
#include "models/onnx/onnx_stream.h"

/* Where the elements of a tensor are. */
struct onnx_place {
    int file;       /* position in parts; 0: the model's file */
    bool is_typed;  /* the range is the whole tensor's message, with its elements in lists of numbers */
    int64_t offset; /* of the first byte */
    int64_t bytes;
};

/* A file that holds elements. */
struct onnx_part {
    const char *path;
    int64_t size;
    char checksum[41]; /* SHA-1 in hexadecimal; "": not computed */
};

struct onnx_state {
    struct onnx_file file; /* first: the caller's pointer is this struct's */
    int fd;
    int64_t size;
    struct arena arena; /* holds all but the struct itself */
    char *spare;        /* the rest of a block from which small things are taken */
    size_t spare_bytes;
    struct onnx_part *parts; /* the model's file, then others in its folder */
    int part_count, part_room;
    const char **paths; /* of the parts */
};

/* One decoding of a file. */
struct onnx_reader {
    struct onnx_state *state;
    bool is_counting; /* lists are counted; texts and messages are passed over */
    bool has_failed;  /* err is set: nanopb's own reason does not count */
    int depth;        /* graphs around the one that is decoded */
    struct error *err;
};

/* Sets the error of a reader; false, as callbacks of nanopb return it. */
#define onnx_fail(reader, ...) (error_write((reader)->err, __VA_ARGS__), onnx_failed(reader))

static inline bool onnx_failed(struct onnx_reader *reader)
{
    reader->has_failed = true;
    return false;
}

/* Memory of the file, zeroed, aligned for `size`'s natural type; NULL: the limit, with the reader's error set. */
void *onnx_take(struct onnx_reader *reader, size_t count, size_t size);

/* The text of a callback's bytes, ended with 0; NULL: no text, no memory. One that contains a 0 byte ends there. */
const char *onnx_text(struct onnx_reader *reader, pb_istream_t *input);

/* A callback for a text: sets *text. */
struct onnx_text {
    struct onnx_reader *reader;
    const char *text;
};
pb_callback_t onnx_text_callback(struct onnx_text *text);

/* A list that is counted, then filled. */
struct onnx_list {
    struct onnx_reader *reader;
    size_t size; /* of an element */
    /* Decodes one element; for numbers, called while the list has bytes. */
    bool (*decode)(struct onnx_reader *reader, pb_istream_t *input, void *element);
    bool is_numbers; /* may be packed */
    size_t count, room;
    void *items; /* NULL while the list is counted */
};
pb_callback_t onnx_list_callback(struct onnx_list *list);

/* Decodes a message twice. `lists` are those of the message. */
bool onnx_decode_twice(struct onnx_reader *reader, pb_istream_t *input, const pb_msgdesc_t *fields, void *message,
                       struct onnx_list *const *lists, size_t list_count);

/* Decodes a tensor, and checks that its elements are there: onnx_tensor.c. */
bool onnx_tensor_decode(struct onnx_reader *reader, pb_istream_t *input, void *tensor);

/* Adds a file to parts; NULL: no memory. The path must live as long as the file is open. */
struct onnx_part *onnx_add_part(struct onnx_state *state, const char *path, int64_t size);

/* What a file says of elements in another file. */
struct onnx_external {
    const char *location, *offset, *length, *checksum; /* NULL: not given */
};

/* Finds `bytes` bytes in a file beside the model: onnx_external.c. Errors: those of onnx_open(). */
int onnx_external_place(struct onnx_state *state, const struct onnx_external *external, int64_t bytes,
                        struct onnx_place *place, struct error *err);

/* Opens a plain file beside the model, which may not be a link; returns its descriptor, or -1. */
int onnx_external_open(const char *path, int64_t *size, struct error *err);

/* Bytes of an element of raw data; 0: a type that is not read. */
int onnx_type_bytes(enum onnx_type type);

#endif
