/* bench/plugins/elf_file.c - reads the headers of a file, and the dynamic section of a library in memory. */
#define _GNU_SOURCE /* dlinfo() */
#include "bench/plugins/elf_file.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* This program's own header, which the linker provides. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* -- before loading ------------------------------------------------------------------------------------------------ */

static bool read_at(int fd, void *out, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, out, size, (off_t)offset) == (ssize_t)size;
}

static int check_head(const ElfW(Ehdr) * head, struct error *err)
{
    const ElfW(Ehdr) *own = &__ehdr_start;
    if (head->e_ident[EI_CLASS] != own->e_ident[EI_CLASS] || head->e_ident[EI_DATA] != own->e_ident[EI_DATA] ||
        head->e_machine != own->e_machine)
        return error_set(err, "it is a library for another processor");
    if (head->e_type != ET_DYN || head->e_phentsize != sizeof(ElfW(Phdr)))
        return error_set(err, "it is not a shared library; link it with -shared");
    return 0;
}

int elf_check(int fd, struct error *err)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) part;
    struct stat info;
    if (fstat(fd, &info) || !read_at(fd, &head, sizeof head, 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, "it is not a shared library");
    if (check_head(&head, err))
        return -1;
    const uint64_t size = (uint64_t)info.st_size;
    for (int i = 0; i < head.e_phnum; i++) {
        const uint64_t at = head.e_phoff + (uint64_t)i * sizeof part;
        if (at < head.e_phoff || !read_at(fd, &part, sizeof part, at) ||
            (part.p_type == PT_LOAD && (part.p_offset > size || part.p_filesz > size - part.p_offset)))
            return error_set(err, "it is cut short: its segments need more than its %llu bytes",
                             (unsigned long long)size);
    }
    return 0;
}

/* -- symbols ------------------------------------------------------------------------------------------------------- */

/* The number of symbols, which only the hash tables tell: the last chain ends with the last symbol. */
static size_t count_by_gnu_hash(const uint32_t *table)
{
    const uint32_t buckets = table[0], first = table[1], bloom_words = table[2];
    const uint32_t *bucket = table + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof *table), *chain = bucket + buckets;
    uint32_t last = 0;
    for (uint32_t i = 0; i < buckets; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < first)
        return first;
    while (!(chain[last - first] & 1))
        last++;
    return (size_t)last + 1;
}

/* The address that an entry of the dynamic section holds; the loader has relocated it, except in musl. */
static const void *address_of(const struct link_map *map, const ElfW(Dyn) * entry)
{
    const ElfW(Addr) address = entry->d_un.d_ptr;
    return (const void *)(address < map->l_addr ? address + map->l_addr : address); // NOLINT(performance-no-int-to-ptr)
}

int elf_symbols_of(void *handle, struct elf_symbols *symbols, struct error *err)
{
    struct link_map *map;
    const uint32_t *hash = NULL, *gnu_hash = NULL;
    *symbols = (struct elf_symbols){0};
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map))
        return error_set(err, "%s", dlerror());
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
        switch (entry->d_tag) {
        case DT_SYMTAB:
            symbols->list = address_of(map, entry);
            break;
        case DT_STRTAB:
            symbols->names = address_of(map, entry);
            break;
        case DT_HASH:
            hash = address_of(map, entry);
            break;
        case DT_GNU_HASH:
            gnu_hash = address_of(map, entry);
            break;
        default:
            break;
        }
    if (!symbols->list || !symbols->names || (!hash && !gnu_hash))
        return error_set(err, "it has no table of symbols");
    symbols->count = hash ? hash[1] : count_by_gnu_hash(gnu_hash);
    return 0;
}
