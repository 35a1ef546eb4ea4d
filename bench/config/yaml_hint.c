/* bench/config/yaml_hint.c - finds the name around a bracket, and the key before it, in a text that is not YAML. */
#include "bench/config/yaml_hint.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 60 /* bytes of a name, so that the sentence fits */

/* Bytes of a UTF-8 text before a character. libyaml counts the byte order mark as no character. */
static size_t byte_of(const char *text, size_t size, size_t index)
{
    size_t byte = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (; index && byte < size; index--)
        do
            byte++;
        while (byte < size && ((unsigned char)text[byte] & 0xc0) == 0x80);
    return byte;
}

static bool is_of_name(char c)
{
    return c > ' ' && c < 0x7f && !strchr(",:[]{}\"'#", c);
}

static size_t begin_of_name(const char *text, size_t end)
{
    while (end && is_of_name(text[end - 1]))
        end--;
    return end;
}

/* Steps back over a list or mapping that ends at the byte. */
static size_t skip_brackets(const char *text, size_t byte)
{
    for (int depth = 0;; byte--) {
        depth += text[byte] == ']' || text[byte] == '}';
        depth -= text[byte] == '[' || text[byte] == '{';
        if (depth == 0 || byte == 0)
            return byte;
    }
}

/* The end of the key whose value is at the byte, or is a list around it; 0: none. */
static size_t end_of_key(const char *text, size_t byte)
{
    bool is_same_value = true; /* no comma lies between */
    while (byte-- > 0) {
        if (text[byte] == ']' || text[byte] == '}')
            byte = skip_brackets(text, byte);
        else if (text[byte] == '{')
            return 0;
        else if (text[byte] == '[')
            is_same_value = true;
        else if (text[byte] == ',')
            is_same_value = false;
        else if (text[byte] == ':' && text[byte + 1] == ' ' && is_same_value)
            return byte;
    }
    return 0;
}

/* The end of a name's bracket, "[-1]"; NULL: another list begins there. */
static const char *end_of_index(const char *text, size_t size, size_t bracket)
{
    size_t byte = bracket + 1;
    while (byte < size && is_of_name(text[byte]))
        byte++;
    return byte < size && text[bracket] == '[' && text[byte] == ']' ? text + byte + 1 : NULL;
}

bool yaml_hint_of_cut_name(const char *text, size_t size, size_t index, char hint[YAML_HINT_MAX])
{
    const size_t bracket = byte_of(text, size, index);
    const char *end = end_of_index(text, size, bracket);
    if (!end)
        return false;
    const size_t name = begin_of_name(text, bracket), key_end = end_of_key(text, name);
    const size_t key = begin_of_name(text, key_end);
    const int length = (int)(end - (text + name)), key_length = (int)(key_end - key);
    if (name == bracket || key == key_end || length > SHOWN_MAX || key_length > SHOWN_MAX)
        return false;
    snprintf(hint, YAML_HINT_MAX, "the value %.*s of key \"%.*s\" must be quoted inside [ ] and { }: \"%.*s\"", length,
             text + name, key_length, text + key, length, text + name);
    return true;
}
