/*
 * report/font.h - a small bitmap font for picture sheets.
 */
#ifndef REPORT_FONT_H
#define REPORT_FONT_H

#include <stdbool.h>

#define FONT_DOTS 5    /* drawn columns of a character */
#define FONT_ADVANCE 6 /* from one character to the next */
#define FONT_ROWS 9    /* drawn rows */

/* Whether the character has ink at column x, row y; false outside of the drawing and of printable ASCII. */
bool font_dot(char c, int x, int y);

#endif
