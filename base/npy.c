/* base/npy.c - the header, a Python literal, and the elements. */
#include "base/npy.h"

#include "base/input.h"
#include "base/text.h"

#include <byteswap.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 65536
#define PREAMBLE_MAX 12 /* magic, version, length of the header */

/* The value behind 'key': in the header; NULL: there is none. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *at = strstr(header, quoted);
    if (!at)
        return NULL;
    at += strlen(quoted);
    at += strspn(at, " ");
    return *at == ':' ? at + 1 + strspn(at + 1, " ") : NULL;
}

struct element {
    char order, kind; /* '<', '>', '|' and 'f', 'i', 'u', 'b' */
    int bytes;
};

static int read_type(const char *header, struct element *type, struct error *err)
{
    char text[16] = "";
    const char *value = value_of(header, "descr");
    if (!value || sscanf(value, "'%15[^']'", text) != 1)
        return error_set(err, "its element type is not a simple one");
    type->order = text[0];
    type->kind = text[0] ? text[1] : '\0';
    type->bytes = type->kind ? atoi(text + 2) : 0;
    const int bytes = type->bytes;
    const bool is_power = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    const bool is_known =
        (type->kind == 'f' && bytes >= 2) || strchr("iu", type->kind) || (type->kind == 'b' && bytes == 1);
    if (!is_power || !type->kind || !is_known || !strchr("<>|=", type->order))
        return error_set(err, "its elements are \"%s\"; allowed: floats, integers, truth values", TEXT_SHOWN(text));
    return 0;
}

static int read_shape(const char *header, struct npy *out, struct error *err)
{
    const char *at = value_of(header, "shape");
    if (!at || *at != '(')
        return error_set(err, "its header has no shape");
    out->rank = 0;
    for (at++; *at && *at != ')';) {
        char *end;
        at += strspn(at, " ,");
        if (*at == ')')
            break;
        const unsigned long long dim = strtoull(at, &end, 10);
        if (end == at || *at == '-' || out->rank == NPY_RANK_MAX)
            return error_set(err, "its shape cannot be read");
        out->dim[out->rank++] = dim;
        at = end;
    }
    return *at == ')' ? 0 : error_set(err, "its shape cannot be read");
}

/* The number of elements; -1: more than `most`. */
static int64_t count_elements(const struct npy *npy, uint64_t most)
{
    uint64_t count = 1;
    for (int i = 0; i < npy->rank; i++) {
        if (npy->dim[i] && count > most / npy->dim[i])
            return -1;
        count *= npy->dim[i];
    }
    return count > most ? -1 : (int64_t)count;
}

/* IEEE 754 binary16: 1 sign bit, 5 bits of exponent, 10 of fraction. */
static float half_to_float(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double sign = bits >> 15 ? -1 : 1;
    if (exponent == 31)
        return (float)(fraction ? NAN : sign * INFINITY);
    return (float)(sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24)));
}

static float element_at(const char *bytes, const struct element *type)
{
    uint64_t word = 0;
    const bool swaps = type->order == '>';
    memcpy(&word, bytes, (size_t)type->bytes);
    if (swaps && type->bytes > 1)
        word = bswap_64(word) >> (64 - 8 * type->bytes);
    const int unused = 64 - 8 * type->bytes;
    if (type->kind == 'f' && type->bytes == 2)
        return half_to_float((uint16_t)word);
    if (type->kind == 'f' && type->bytes == 4) {
        float value;
        const uint32_t low = (uint32_t)word;
        memcpy(&value, &low, sizeof value);
        return value;
    }
    if (type->kind == 'f') {
        double value;
        memcpy(&value, &word, sizeof value);
        return (float)value;
    }
    return type->kind == 'i' ? (float)((int64_t)(word << unused) >> unused) : (float)word;
}

/* Finds the header; its text is ended with a NUL. Returns the offset of the elements, 0: not a .npy file. */
static size_t find_header(char *bytes, size_t size, const char **header)
{
    if (size < PREAMBLE_MAX || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
        return 0;
    const unsigned char *at = (const unsigned char *)bytes + 8;
    const size_t begin = bytes[6] == 1 ? 10 : 12;
    const size_t length =
        at[0] | (size_t)at[1] << 8 | (begin == 12 ? (size_t)at[2] << 16 | (size_t)at[3] << 24 : (size_t)0);
    if (length == 0 || length > HEADER_MAX || begin + length > size)
        return 0;
    bytes[begin + length - 1] = '\0'; /* a line feed */
    *header = bytes + begin;
    return begin + length;
}

int npy_read(const char *path, uint64_t most, struct arena *arena, struct npy *out, struct error *err)
{
    char *bytes;
    const char *header;
    struct element type;
    size_t size;
    if (input_read_file(path, most * sizeof(double) + HEADER_MAX + PREAMBLE_MAX, arena, &bytes, &size, err))
        return -1;
    const size_t begin = find_header(bytes, size, &header);
    if (!begin)
        return error_set(err, "it is not a .npy file");
    const char *fortran = value_of(header, "fortran_order");
    if (read_type(header, &type, err) || read_shape(header, out, err))
        return -1;
    if (!fortran || strncmp(fortran, "False", 5) != 0)
        return error_set(err, "its array is in Fortran order; save numpy.ascontiguousarray(array)");
    const int64_t count = count_elements(out, most);
    if (count < 0)
        return error_set(err, "it has more than %llu elements", (unsigned long long)most);
    if (size - begin < (size_t)count * (size_t)type.bytes)
        return error_set(err, "it has fewer bytes than its shape needs");
    out->data = arena_floats(arena, (size_t)count);
    if (!out->data)
        return error_memory(err, "an array");
    for (int64_t i = 0; i < count; i++)
        out->data[i] = element_at(bytes + begin + (size_t)i * (size_t)type.bytes, &type);
    return 0;
}
