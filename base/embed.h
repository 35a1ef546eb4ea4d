/*
 * base/embed.h - a file of the project inside the program, included unchanged by the assembler, with a NUL after it.
 *
 *     EMBED(references_text, "docs/references.bib");
 *     extern const char references_text[];
 *
 * The path is relative to the project's root. The Makefile must name the file as a prerequisite of the object, because
 * the compiler's dependency output does not list it.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#define EMBED(symbol, path) \
    __asm__(".pushsection .rodata\n" \
            ".global " #symbol "\n" #symbol ":\n" \
            ".incbin \"" path "\"\n" \
            ".byte 0\n" \
            ".popsection\n")

#endif
