/* bench/plugins/plugin.c - loads a library, finds the descriptors among its symbols, and adds them to the tables. */
#define _GNU_SOURCE /* dladdr() */
#include "bench/plugins/plugin.h"

#include "base/input.h"
#include "base/sha256.h"
#include "bench/plugins/elf_file.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loaded {
    struct loaded *next;
    struct plugin plugin;
    dev_t device;
    ino_t file;
    char *path, sha256[65];
    void *handle;
    struct elf_symbols symbols;
};

static struct loaded *all; /* newest first */

/* -- the kinds of descriptors -------------------------------------------------------------------------------------- */

static int add_method(const void *descriptor, struct error *err)
{
    return methods_add(descriptor, err);
}

static int add_metric(const void *descriptor, struct error *err)
{
    return metrics_add(descriptor, err);
}

/* A descriptor begins with the number of its interface; the rest is only looked at if that is this program's. */
static const struct kind {
    const char *name, *prefix, *header;
    int abi;
    size_t size, name_offset;
    int (*add)(const void *descriptor, struct error *err);
} kinds[] = {
    {"method", "method_", "methods/method.h", METHOD_ABI, sizeof(struct method), offsetof(struct method, name),
     add_method},
    {"metric", "metric_", "metrics/metric.h", METRIC_ABI, sizeof(struct metric), offsetof(struct metric, name),
     add_metric},
};

static const struct kind *kind_of(const char *symbol)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(symbol, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return &kinds[i];
    return NULL;
}

static int check_abi(const struct kind *kind, const void *descriptor, size_t size, struct error *err)
{
    int abi;
    if (size < sizeof abi)
        return error_set(err, "it is not a struct %s", kind->name);
    memcpy(&abi, descriptor, sizeof abi);
    if (abi != kind->abi)
        return error_set(err,
                         "it was built for version %d of %s, this program has %d; build it again with this "
                         "program's headers",
                         abi, kind->header, kind->abi);
    if (size != kind->size)
        return error_set(err,
                         "its descriptor has %zu bytes, this program's has %zu; build it again with this program's "
                         "headers",
                         size, kind->size);
    return 0;
}

/* The name is a key in configs, results and file names. */
static int check_name(const struct kind *kind, const void *descriptor, const char *name, struct error *err)
{
    const char *own;
    memcpy(&own, (const char *)descriptor + kind->name_offset, sizeof own);
    if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        return error_set(err, "a name has lower-case letters, digits and underscores");
    if (!own || strcmp(own, name) != 0)
        return error_set(err, "its .name is \"%.100s\"; it must be that of the symbol %s%s", own ? own : "",
                         kind->prefix, name);
    return 0;
}

static int add_descriptor(const struct loaded *library, const ElfW(Sym) * symbol, struct error *err)
{
    const char *symbol_name = library->symbols.names + symbol->st_name;
    const struct kind *kind = kind_of(symbol_name);
    const char *name = symbol_name + strlen(kind->prefix);
    const void *descriptor = dlsym(library->handle, symbol_name);
    if (!descriptor)
        return error_set(err, "%s", dlerror());
    if (check_abi(kind, descriptor, symbol->st_size, err) || check_name(kind, descriptor, name, err) ||
        kind->add(descriptor, err))
        return error_prefix(err, "%s \"%.100s\": ", kind->name, name);
    return 0;
}

/* -- symbols ------------------------------------------------------------------------------------------------------- */

static bool is_defined(const ElfW(Sym) * symbol, int type)
{
    return symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == type;
}

static bool is_descriptor(const struct loaded *library, const ElfW(Sym) * symbol)
{
    return is_defined(symbol, STT_OBJECT) && kind_of(library->symbols.names + symbol->st_name);
}

/*
 * Whether calls of this function inside the plugin reach another one of the same name, of the program or a library that
 * it uses, which the loader finds first.
 */
static bool is_hidden_by_program(const struct loaded *library, const ElfW(Sym) * symbol)
{
    const char *name = library->symbols.names + symbol->st_name;
    if (!is_defined(symbol, STT_FUNC) || ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || name[0] == '_')
        return false;
    const void *theirs = dlsym(RTLD_DEFAULT, name);
    return theirs && theirs != dlsym(library->handle, name);
}

static int add_descriptors(const struct loaded *library, struct error *err)
{
    const struct elf_symbols *symbols = &library->symbols;
    int count = 0;
    for (size_t i = 0; i < symbols->count; i++)
        if (is_hidden_by_program(library, &symbols->list[i]))
            return error_set(err, "it defines %.100s(), and so does the program or a library of it; declare it static",
                             symbols->names + symbols->list[i].st_name);
    for (size_t i = 0; i < symbols->count; i++) {
        if (!is_descriptor(library, &symbols->list[i]))
            continue;
        if (add_descriptor(library, &symbols->list[i], err))
            return -1;
        count++;
    }
    return count ? 0
                 : error_set(err, "it has no method and no metric: it must define const struct method method_NAME or "
                                  "const struct metric metric_NAME");
}

/* -- files --------------------------------------------------------------------------------------------------------- */

/* The reason that the loader gives, without the file's name, which is in the error already. */
static int explain_loader(const char *path, struct error *err)
{
    const char *why = dlerror();
    const size_t length = strlen(path);
    if (why && strncmp(why, path, length) == 0 && strncmp(why + length, ": ", 2) == 0)
        why += length + 2;
    return error_set(err, "could not be loaded: %s", why ? why : "no reason given");
}

static int open_library(struct loaded *library, struct error *err)
{
    library->path = realpath(library->plugin.path, NULL);
    if (!library->path)
        return error_system(err, "its path cannot be resolved");
    if (file_sha256(library->path, library->sha256, err))
        return -1;
    library->handle = dlopen(library->path, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle)
        return explain_loader(library->path, err);
    return status_of(elf_symbols_of(library->handle, &library->symbols, err) || add_descriptors(library, err));
}

static struct loaded *find_file(const struct stat *info)
{
    struct loaded *library = all;
    while (library && (library->device != info->st_dev || library->file != info->st_ino))
        library = library->next;
    return library;
}

/* Once its handle is open a library stays in memory, also after an error: a table may refer to it. */
static struct loaded *load(const char *path, const struct stat *info, struct error *err)
{
    struct loaded *library = calloc(1, sizeof *library);
    char *copy = strdup(path);
    if (!library || !copy) {
        error_memory(err, "a plugin");
    } else {
        *library = (struct loaded){.plugin = {copy, library->sha256}, .device = info->st_dev, .file = info->st_ino};
        if (open_library(library, err) == 0) {
            library->next = all;
            all = library;
            return library;
        }
        free(library->path);
    }
    free(copy);
    free(library);
    return NULL;
}

static struct loaded *find_or_load(const char *path, struct error *err)
{
    struct stat info;
    struct loaded *library = NULL;
    const int fd = input_open(path, err);
    if (fd < 0) {
        error_prefix(err, "could not be opened: ");
        return NULL;
    }
    if (fstat(fd, &info))
        error_system(err, "could not be opened");
    else if (!(library = find_file(&info)) && elf_check(fd, err) == 0)
        library = load(path, &info, err);
    close(fd);
    return library;
}

const struct plugin *plugin_load(const char *path, struct error *err)
{
    const struct loaded *library = find_or_load(path, err);
    if (library)
        return &library->plugin;
    error_prefix(err, "plugin \"%s\": ", path);
    return NULL;
}

/* Both addresses lie in the same loaded file. */
static bool is_same_file(const void *a, const void *b)
{
    Dl_info of_a, of_b;
    return dladdr(a, &of_a) && dladdr(b, &of_b) && of_a.dli_fbase == of_b.dli_fbase;
}

const struct plugin *plugin_of(const void *descriptor)
{
    for (const struct loaded *library = all; library; library = library->next)
        if (is_same_file(descriptor, library->symbols.names))
            return &library->plugin;
    return NULL;
}
