/*
 * datasets/import/matlab_read.c - MAT-files of level 5: a header of 128 bytes, then elements of type, size and data. A
 * matrix is an element made of elements: flags, dimensions, name, then its values; a struct's values are matrices
 * without names.
 */
#include "datasets/import/matlab_read.h"

#include <limits.h>
#include <string.h>

#include <zlib.h>

#define HEADER_BYTES 128
#define INFLATED_MAX ((size_t)64 << 20)

enum {
    MI_INT8 = 1,
    MI_UINT8,
    MI_INT16,
    MI_UINT16,
    MI_INT32,
    MI_UINT32,
    MI_SINGLE,
    MI_DOUBLE = 9,
    MI_INT64 = 12,
    MI_UINT64,
    MI_MATRIX,
    MI_COMPRESSED,
    MI_UTF8,
    MI_UTF16
};
enum { CLASS_STRUCT = 2, CLASS_CHAR = 4, CLASS_DOUBLE = 6, CLASS_UINT64 = 15 };

struct element {
    uint32_t type;
    struct matlab_piece data;
};

struct matrix {
    int class;
    uint64_t count; /* of its elements */
    struct matlab_piece name, rest;
};

static uint32_t little_32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int fail_damaged(struct error *err)
{
    return error_set(err, "damaged MATLAB file");
}

/* Takes the next element off the front of `from`. Up to 4 bytes of data are in the tag itself. */
static int take_element(struct matlab_piece *from, struct element *element, struct error *err)
{
    if (from->size < 8)
        return fail_damaged(err);
    const uint32_t first = little_32(from->bytes), small = first >> 16;
    const size_t size = small ? small : little_32(from->bytes + 4), start = small ? 4 : 8;
    element->type = small ? first & 0xffff : first;
    if (small > 4 || size > from->size - start)
        return fail_damaged(err);
    element->data = (struct matlab_piece){from->bytes + start, size};
    size_t whole = start + size;
    if (element->type != MI_COMPRESSED)
        whole = (whole + 7) / 8 * 8;
    if (whole > from->size) /* the padding of the last one may be left out */
        whole = from->size;
    from->bytes += whole;
    from->size -= whole;
    return 0;
}

static int take_typed(struct matlab_piece *from, uint32_t type, struct matlab_piece *data, struct error *err)
{
    struct element element;
    if (take_element(from, &element, err))
        return -1;
    *data = element.data;
    return element.type == type ? 0 : fail_damaged(err);
}

static int open_matrix(struct matlab_piece from, struct matrix *matrix, struct error *err)
{
    struct matlab_piece flags, dims;
    if (take_typed(&from, MI_UINT32, &flags, err) || take_typed(&from, MI_INT32, &dims, err) ||
        take_typed(&from, MI_INT8, &matrix->name, err))
        return -1;
    if (flags.size < 8)
        return fail_damaged(err);
    matrix->class = flags.bytes[0];
    matrix->count = 1;
    for (size_t i = 0; i + 4 <= dims.size; i += 4)
        if (__builtin_mul_overflow(matrix->count, (uint64_t)little_32(dims.bytes + i), &matrix->count))
            return fail_damaged(err);
    matrix->rest = from;
    return 0;
}

/* -- the struct array --------------------------------------------------------------------------------------------- */

static int read_fields(struct matlab_piece *from, struct arena *arena, struct matlab_structs *structs,
                       struct error *err)
{
    struct matlab_piece length, names;
    if (take_typed(from, MI_INT32, &length, err) || take_typed(from, MI_INT8, &names, err))
        return -1;
    const uint32_t step = length.size >= 4 ? little_32(length.bytes) : 0;
    if (step == 0 || step > sizeof *structs->fields || names.size % step || names.size / step > 1024)
        return fail_damaged(err);
    structs->field_count = (int)(names.size / step);
    char(*fields)[sizeof *structs->fields] = arena_alloc(arena, names.size / step + 1, sizeof *fields);
    if (!fields)
        return error_memory(err, "a MATLAB file");
    for (int i = 0; i < structs->field_count; i++)
        memcpy(fields[i], names.bytes + (size_t)i * step, step - 1);
    structs->fields = (const char(*)[sizeof *structs->fields])fields;
    return 0;
}

static int read_structs(const struct matrix *matrix, struct arena *arena, struct matlab_structs *structs,
                        struct error *err)
{
    struct matlab_piece from = matrix->rest;
    uint64_t values;
    if (read_fields(&from, arena, structs, err))
        return -1;
    if (__builtin_mul_overflow(matrix->count, (uint64_t)structs->field_count, &values) || values > from.size / 8)
        return fail_damaged(err);
    structs->count = (int)matrix->count;
    structs->values = arena_alloc(arena, values + 1, sizeof *structs->values);
    if (!structs->values)
        return error_memory(err, "a MATLAB file");
    for (uint64_t i = 0; i < values; i++)
        if (take_typed(&from, MI_MATRIX, &structs->values[i], err))
            return -1;
    return 0;
}

/* An element of the file as a matrix; what is compressed is inflated into the arena. */
static int inflate_element(struct element *element, struct arena *arena, struct error *err)
{
    z_stream stream = {.next_in = (z_const Bytef *)element->data.bytes, .avail_in = (uInt)element->data.size};
    uint8_t tag[8] = {0};
    stream.next_out = tag;
    stream.avail_out = sizeof tag;
    if (inflateInit(&stream) != Z_OK)
        return error_memory(err, "a MATLAB file");
    int status = inflate(&stream, Z_SYNC_FLUSH);
    const size_t size = little_32(tag + 4);
    uint8_t *bytes = NULL;
    if (stream.avail_out || (status != Z_OK && status != Z_STREAM_END) || size > INFLATED_MAX)
        fail_damaged(err);
    else if (!(bytes = arena_alloc(arena, size + 1, 1)))
        error_memory(err, "a MATLAB file");
    if (bytes) {
        stream.next_out = bytes;
        stream.avail_out = (uInt)size;
        inflate(&stream, Z_FINISH);
        status = stream.avail_out ? fail_damaged(err) : 0;
    }
    inflateEnd(&stream);
    *element = (struct element){little_32(tag), {bytes, size}};
    return bytes && status == 0 ? 0 : -1;
}

bool matlab_is_file(const void *bytes, size_t size)
{
    return size >= HEADER_BYTES && memcmp(bytes, "MATLAB ", 7) == 0;
}

static int check_header(const uint8_t *bytes, size_t size, struct error *err)
{
    if (!matlab_is_file(bytes, size))
        return error_set(err, "is not a MATLAB file");
    if (bytes[125] == 2)
        return error_set(err, "is a MATLAB file of version 7.3; needed: version 5 to 7, as the development kit has it");
    if (bytes[125] != 1 || memcmp(bytes + 126, "IM", 2) != 0)
        return error_set(err, "is a MATLAB file of another byte order or version; needed: little-endian, 5 to 7");
    return 0;
}

int matlab_read_structs(const void *bytes, size_t size, const char *name, struct arena *arena,
                        struct matlab_structs *structs, struct error *err)
{
    if (check_header(bytes, size, err))
        return -1;
    struct matlab_piece from = {(const uint8_t *)bytes + HEADER_BYTES, size - HEADER_BYTES};
    while (from.size) {
        struct element element;
        struct matrix matrix;
        if (take_element(&from, &element, err) ||
            (element.type == MI_COMPRESSED && inflate_element(&element, arena, err)))
            return -1;
        if (element.type != MI_MATRIX)
            continue;
        if (open_matrix(element.data, &matrix, err))
            return -1;
        if (matrix.class == CLASS_STRUCT && matrix.name.size == strlen(name) &&
            memcmp(matrix.name.bytes, name, matrix.name.size) == 0)
            return read_structs(&matrix, arena, structs, err);
    }
    return error_set(err, "holds no array of structs \"%s\"", name);
}

/* -- values ------------------------------------------------------------------------------------------------------- */

int matlab_field(const struct matlab_structs *structs, const char *name)
{
    for (int i = 0; i < structs->field_count; i++)
        if (strcmp(structs->fields[i], name) == 0)
            return i;
    return -1;
}

static int fail_value(const struct matlab_structs *structs, int i, int field, const char *needed, struct error *err)
{
    return error_set(err, "entry %d: \"%.63s\" is not a %s", i + 1, structs->fields[field], needed);
}

static int open_value(const struct matlab_structs *structs, int i, int field, struct matrix *matrix,
                      struct element *element, struct error *err)
{
    const struct matlab_piece value = structs->values[(size_t)i * (size_t)structs->field_count + (size_t)field];
    return status_of(open_matrix(value, matrix, err) || take_element(&matrix->rest, element, err));
}

static double double_of(const struct element *element)
{
    const uint8_t *at = element->data.bytes;
    const uint64_t wide = element->data.size >= 8 ? little_32(at) | (uint64_t)little_32(at + 4) << 32 : 0;
    double value;
    switch (element->type) {
    case MI_INT8:
        return (int8_t)at[0];
    case MI_UINT8:
        return at[0];
    case MI_INT16:
        return (int16_t)(at[0] | at[1] << 8);
    case MI_UINT16:
        return at[0] | at[1] << 8;
    case MI_INT32:
        return (int32_t)little_32(at);
    case MI_UINT32:
        return little_32(at);
    case MI_INT64:
    case MI_UINT64:
        return (double)(int64_t)wide;
    default:
        memcpy(&value, &wide, sizeof value);
        return value;
    }
}

int matlab_number(const struct matlab_structs *structs, int i, int field, double *value, struct error *err)
{
    static const uint8_t sizes[] = {[MI_INT8] = 1,   [MI_UINT8] = 1,  [MI_INT16] = 2, [MI_UINT16] = 2, [MI_INT32] = 4,
                                    [MI_UINT32] = 4, [MI_DOUBLE] = 8, [MI_INT64] = 8, [MI_UINT64] = 8};
    struct matrix matrix;
    struct element element;
    if (open_value(structs, i, field, &matrix, &element, err))
        return -1;
    const size_t size = element.type < sizeof sizes ? sizes[element.type] : 0;
    if (matrix.class < CLASS_DOUBLE || matrix.class > CLASS_UINT64 || size == 0 || element.data.size < size)
        return fail_value(structs, i, field, "number", err);
    *value = double_of(&element);
    return 0;
}

static size_t put_utf8(unsigned c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

int matlab_text(const struct matlab_structs *structs, int i, int field, struct arena *arena, const char **text,
                struct error *err)
{
    struct matrix matrix;
    struct element element;
    if (open_value(structs, i, field, &matrix, &element, err))
        return -1;
    const struct matlab_piece data = element.data;
    const size_t step = element.type == MI_UINT16 || element.type == MI_UTF16 ? 2 : 1;
    const bool is_text = step == 2 || element.type == MI_UTF8 || element.type == MI_UINT8 || element.type == MI_INT8;
    if (matrix.class != CLASS_CHAR || !is_text || data.size > INT_MAX)
        return fail_value(structs, i, field, "text", err);
    char *out = arena_alloc(arena, data.size * 2 + 1, 1);
    if (!out)
        return error_memory(err, "a MATLAB file");
    size_t length = 0;
    for (size_t k = 0; element.type != MI_UTF8 && k + step <= data.size; k += step)
        length += put_utf8(data.bytes[k] | (step == 2 ? (unsigned)data.bytes[k + 1] << 8 : 0), out + length);
    if (element.type == MI_UTF8)
        memcpy(out, data.bytes, data.size);
    *text = out;
    return 0;
}
