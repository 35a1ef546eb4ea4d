/*
 * bench/plugins/elf_file.h - looks into shared libraries (ELF): a check before one is loaded, its symbols afterwards.
 */
#ifndef BENCH_PLUGINS_ELF_FILE_H
#define BENCH_PLUGINS_ELF_FILE_H

#include "base/error.h"

#include <link.h>
#include <stddef.h>

/*
 * Checks that a file is a shared library for this processor and complete; the loader maps a file that was cut short, and
 * the process dies when it touches the missing part. Errors: a reason, "it is not a shared library".
 */
int elf_check(int fd, struct error *err);

/* The dynamic symbols of a loaded library, defined and undefined ones. */
struct elf_symbols {
    size_t count;
    const ElfW(Sym) * list;
    const char *names; /* of symbol i: names + list[i].st_name */
};

/* `handle` is that of dlopen(). Error: the library has no table of symbols. */
int elf_symbols_of(void *handle, struct elf_symbols *symbols, struct error *err);

#endif
