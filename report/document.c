/* report/document.c - preamble, floats and notes of LaTeX documents. */
#include "report/document.h"

#include "report/escape.h"

void document_begin(FILE *stream, const char *program)
{
    fputs("% Made by ", stream);
    escape_tex(stream, program);
    fputs(".\n\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n"
          "\\usepackage[margin=25mm]{geometry}\n\\begin{document}\n",
          stream);
}

void document_end(FILE *stream)
{
    fputs("\n\\end{document}\n", stream);
}

void document_float(FILE *stream)
{
    fputs("\n\\begin{table}[p]\n\\centering\\footnotesize\n", stream);
}

void document_fit(FILE *stream)
{
    fputs("\\sbox0{%\n", stream);
}

void document_fitted(FILE *stream)
{
    fputs("\\bottomrule\n\\end{tabular}}%\n"
          "\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi\n",
          stream);
}

void document_note(FILE *stream)
{
    fputs("\\par\\vspace{2pt}\\parbox{\\linewidth}{\\footnotesize\\raggedright ", stream);
}

void document_note_end(FILE *stream)
{
    fputs("}\n", stream);
}

void document_float_end(FILE *stream)
{
    fputs("\\end{table}\n", stream);
}
