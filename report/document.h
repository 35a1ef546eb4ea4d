/*
 * report/document.h - the parts that the LaTeX documents of report/ have in common: they compile as they are, and their
 * tables fit the page.
 */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include <stdio.h>

/* From the name of the program to \begin{document}, with booktabs, graphicx and geometry; \end{document}. */
void document_begin(FILE *stream, const char *program);
void document_end(FILE *stream);

/* Begins a float; its caption follows. */
void document_float(FILE *stream);

/* The tabular between these two, from \begin{tabular} to the last row, is scaled if it is wider than the line. */
void document_fit(FILE *stream);
void document_fitted(FILE *stream);

/* Begins and ends a note under the tabular; ends the float. */
void document_note(FILE *stream);
void document_note_end(FILE *stream);
void document_float_end(FILE *stream);

#endif
