/*
 * report/escape.c - one loop over UTF-8 text, and a table of replacements for each format.
 */
#include "report/escape.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define INVALID 0xfffdu

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}
#define IS_IN(code, ranges) is_in(code, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* Combining marks, joiners, variation selectors. */
static const struct range zero_wide[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                                         {0x610, 0x61a},   {0x64b, 0x65f},   {0x200b, 0x200d},
                                         {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
/* East Asian wide and full-width characters, emoji. */
static const struct range double_wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};

/*
 * Characters of every font for European languages: Latin, Greek, Cyrillic, punctuation, arrows. For any character that
 * no font has, Pango, which draws gnuplot's PNG, may draw a box as large as the picture.
 */
static const struct range drawable[] = {{0x20, 0x17f},    {0x391, 0x3a1},  {0x3a3, 0x3a9}, {0x3b1, 0x3c9},
                                        {0x401, 0x40c},   {0x40e, 0x44f},  {0x451, 0x45c}, {0x45e, 0x45f},
                                        {0x2010, 0x2026}, {0x2190, 0x2193}};

static int width_of(uint32_t code)
{
    return IS_IN(code, zero_wide) ? 0 : IS_IN(code, double_wide) ? 2 : 1;
}

struct rules {
    const char *replaced;   /* replaces unsafe characters */
    const char *ascii[128]; /* replacements of ASCII characters; NULL: written unchanged */
    bool is_drawn;          /* gnuplot draws the text, so characters that are not `drawable` are replaced too */
};

/* Writes the next character, or its replacement, and its width in columns; returns the text after it. */
static const char *next(const char *text, const struct rules *rules, char out[32], int *columns)
{
    uint32_t code;
    const int length = text_decode(text, &code);
    const char *replaced = NULL;
    if (length && code < 128)
        replaced = rules->ascii[code];
    if (!replaced && (!length || code == INVALID || !text_is_harmless(code)))
        replaced = rules->replaced;
    if (!replaced && rules->is_drawn && !IS_IN(code, drawable))
        replaced = rules->replaced;
    if (replaced)
        snprintf(out, 32, "%s", replaced);
    else
        snprintf(out, 32, "%.*s", length, text);
    *columns = 0;
    for (const char *c = out; *c; c += text_decode(c, &code)) {
        text_decode(c, &code);
        *columns += width_of(code);
    }
    return text + (length ? length : 1);
}

static int measure(const char *text, const struct rules *rules)
{
    char piece[32];
    int columns, sum = 0;
    while (*text) {
        text = next(text, rules, piece, &columns);
        sum += columns;
    }
    return sum;
}

/* Text wider than `limit` columns is cut, and an ellipsis takes the last column; limit 0: never. */
static int put(FILE *stream, const char *text, const struct rules *rules, int limit)
{
    const bool is_cut = limit > 0 && measure(text, rules) > limit;
    char piece[32];
    int columns, sum = 0;
    while (*text) {
        text = next(text, rules, piece, &columns);
        if (is_cut && sum + columns > limit - 1)
            break;
        sum += columns;
        if (stream)
            fputs(piece, stream);
    }
    if (is_cut && stream)
        fputs("…", stream);
    return sum + is_cut;
}

static const struct rules csv_rules = {
    .replaced = "\xef\xbf\xbd",
    .ascii = {['"'] = "\"\"", ['\n'] = "\n", ['\r'] = "\r", ['\t'] = "\t"},
};

int escape_csv(FILE *stream, const char *text)
{
    const bool is_formula = *text && strchr("=+-@\t\r", *text);
    const bool is_quoted = strpbrk(text, ",\"\r\n") || *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
    const int marks = 2 * is_quoted + is_formula;
    if (stream)
        fprintf(stream, "%s%s", is_quoted ? "\"" : "", is_formula ? "'" : "");
    const int columns = put(stream, text, &csv_rules, 0);
    if (stream && is_quoted)
        putc('"', stream);
    return columns + marks;
}

static const struct rules markdown_rules = {
    .replaced = "\xef\xbf\xbd",
    .ascii =
        {['\\'] = "\\\\", ['`'] = "\\`",  ['*'] = "\\*",   ['_'] = "\\_",   ['{'] = "\\{", ['}'] = "\\}", ['['] = "\\[",
         [']'] = "\\]",   ['<'] = "&lt;", ['>'] = "&gt;",  ['&'] = "&amp;", ['#'] = "\\#", ['|'] = "\\|", ['~'] = "\\~",
         ['!'] = "\\!",   ['$'] = "\\$",  ['@'] = "&#64;", ['\n'] = " ",    ['\r'] = " ",  ['\t'] = " "},
};

int escape_markdown(FILE *stream, const char *text)
{
    return put(stream, text, &markdown_rules, 0);
}

/*
 * Brackets and stars get braces, because at the start of a row LaTeX would take them for arguments of the `\\` before.
 */
static const struct rules tex_rules = {
    .replaced = "?",
    .ascii = {['\\'] = "\\textbackslash{}",
              ['~'] = "\\textasciitilde{}",
              ['^'] = "\\textasciicircum{}",
              ['<'] = "\\textless{}",
              ['>'] = "\\textgreater{}",
              ['|'] = "\\textbar{}",
              ['"'] = "{\\char34}",
              ['`'] = "{\\char96}",
              ['\''] = "{\\char39}",
              ['#'] = "\\#",
              ['$'] = "\\$",
              ['%'] = "\\%",
              ['&'] = "\\&",
              ['_'] = "\\_",
              ['{'] = "\\{",
              ['}'] = "\\}",
              ['['] = "{[}",
              [']'] = "{]}",
              ['*'] = "{*}",
              ['\n'] = " ",
              ['\r'] = " ",
              ['\t'] = " "},
};

int escape_tex(FILE *stream, const char *text)
{
    return put(stream, text, &tex_rules, 0);
}

static const struct rules xml_rules = {
    .replaced = "\xef\xbf\xbd",
    .ascii = {['<'] = "&lt;",
              ['>'] = "&gt;",
              ['&'] = "&amp;",
              ['"'] = "&quot;",
              ['\''] = "&apos;",
              ['\n'] = " ",
              ['\r'] = " ",
              ['\t'] = " "},
};

int escape_xml(FILE *stream, const char *text)
{
    return put(stream, text, &xml_rules, 0);
}

/* Characters with a meaning in HTML are escaped too, so that no text ends the element that holds the script's data. */
static const struct rules script_rules = {
    .replaced = "\xef\xbf\xbd",
    .ascii = {['<'] = "\\u003c",
              ['>'] = "\\u003e",
              ['&'] = "\\u0026",
              ['"'] = "\\\"",
              ['\\'] = "\\\\",
              ['\n'] = " ",
              ['\r'] = " ",
              ['\t'] = " "},
};

int escape_script(FILE *stream, const char *text)
{
    if (stream)
        putc('"', stream);
    const int columns = put(stream, text, &script_rules, 0);
    if (stream)
        putc('"', stream);
    return columns;
}

/* A quote is not written as two quotes: gnuplot 5.4 ends the string at two quotes that begin it. */
static const struct rules gnuplot_rules = {
    .replaced = "?",
    .is_drawn = true,
    .ascii = {['\''] = "’", ['\n'] = " ", ['\r'] = " ", ['\t'] = " "},
};

int escape_gnuplot(FILE *stream, const char *text, int columns)
{
    if (stream)
        putc('\'', stream);
    const int filled = put(stream, text, &gnuplot_rules, columns);
    if (stream)
        putc('\'', stream);
    return filled;
}

static const struct rules terminal_rules = {
    .replaced = "?",
    .ascii = {['\n'] = " ", ['\r'] = " ", ['\t'] = " "},
};

int escape_terminal(FILE *stream, const char *text, int columns)
{
    return put(stream, text, &terminal_rules, columns);
}

char *escape_ascii(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text && used + 1 < size) {
        uint32_t code;
        const int length = text_decode(text, &code);
        out[used++] = length == 1 && code >= ' ' && code < 0x7f ? (char)code : '?';
        text += length ? length : 1;
    }
    out[used] = 0;
    return out;
}

char *escape_file_name(const char *text, char *out, size_t size)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t used = 0;
    for (; *text && used + 1 < size; text++, used++)
        out[used] = !strchr(safe, *text) || (used == 0 && *text == '.') ? '_' : *text;
    out[used] = 0;
    return out;
}
