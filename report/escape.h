/*
 * report/escape.h - text from outside (file names, labels) made safe for each format.
 *
 * Invalid UTF-8, control characters and marks that turn the direction of writing become a replacement sign in
 * every format, so that no name can move a cursor or reorder a line. Each writer returns the width of its output in
 * columns; with `stream` NULL it only measures.
 */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * One CSV cell (RFC 4180). Text that a spreadsheet would take for a formula (= + - @ tab) gets an apostrophe in front.
 */
int escape_csv(FILE *stream, const char *text);

/* Inside a cell of a Markdown table (GFM): no markup, no HTML, no cell border. */
int escape_markdown(FILE *stream, const char *text);

/* Inside a cell of a LaTeX tabular. Characters beyond Latin need XeLaTeX or LuaLaTeX. */
int escape_tex(FILE *stream, const char *text);

/* Text or a quoted attribute of XML 1.0. */
int escape_xml(FILE *stream, const char *text);

/* A string of JSON inside an HTML element, quotes included; returns the width without them. */
int escape_script(FILE *stream, const char *text);

/*
 * A single-quoted gnuplot string, quotes included, at most `columns` wide (0: no limit); use it with `noenhanced`.
 * Characters beyond Latin, Greek and Cyrillic, which a plot's font may lack, become '?'.
 */
int escape_gnuplot(FILE *stream, const char *text, int columns);

/* Plain text in one line, at most `columns` wide (0: no limit), cut with an ellipsis. */
int escape_terminal(FILE *stream, const char *text, int columns);

/* Printable ASCII, one byte per character, everything else '?'; cut at `size`. Returns out. */
char *escape_ascii(const char *text, char *out, size_t size);

/* A file name of [A-Za-z0-9._-] that is not hidden; cut at `size`. Returns out. */
char *escape_file_name(const char *text, char *out, size_t size);

#endif
