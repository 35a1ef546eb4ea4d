/* bench/process/shipped.c - finding files that come with the program. */
#include "bench/process/shipped.h"

#include "base/file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders with these files, relative to the program's folder: `up` steps up, then the path `down`. */
static const struct {
    int up;
    const char *down;
} places[] = {
    {1, "/share/cambench"}, /* installed in bin/ */
    {1, ""},                /* in build/ of a checkout */
    {2, ""},                /* in a folder of build/, such as build/asan */
};

/* The folder `up` steps above the running program's folder, symbolic links resolved, followed by the path `down`. */
static int program_folder(int up, const char *down, char folder[PATH_MAX], struct error *err)
{
    const ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length < 0)
        return error_set(err, "could not find the program's folder (/proc/self/exe)");
    folder[length] = 0;
    for (char *slash; up >= 0 && (slash = strrchr(folder, '/')); up--)
        *slash = 0;
    const size_t used = strlen(folder);
    if (snprintf(folder + used, PATH_MAX - used, "%s", down) >= (int)(PATH_MAX - used))
        return error_set(err, "the path of the program's folder is too long");
    return 0;
}

/* Whether the folder has the file; if not, the folder is added to the list in `looked`. */
static bool try_folder(const char *folder, const char *name, char path[PATH_MAX], struct error *looked)
{
    struct error too_long;
    if (file_join(path, folder, name, &too_long) == 0 && access(path, F_OK) == 0)
        return true;
    const size_t used = strlen(looked->text);
    snprintf(looked->text + used, sizeof looked->text - used, "%s%.300s", used ? ", " : "", folder);
    return false;
}

int shipped_file(const char *name, char path[PATH_MAX], struct error *err)
{
    struct error looked = {0};
    char folder[PATH_MAX];
    const char *data = getenv("CAMBENCH_DATA");
    if (data && *data && try_folder(data, name, path, &looked))
        return 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (program_folder(places[i].up, places[i].down, folder, err))
            return -1;
        if (try_folder(folder, name, path, &looked))
            return 0;
    }
    return error_set(err, "\"%s\" is not there; looked in %s (CAMBENCH_DATA may name another folder)", name,
                     looked.text);
}

void shipped_set_python(void)
{
    char path[PATH_MAX];
    struct error missing;
    if (shipped_file("python/cambench.py", path, &missing))
        return;
    *strrchr(path, '/') = 0;
    setenv("CAMBENCH_PYTHON", path, 0);
}

int shipped_pkgconfig(char folder[PATH_MAX])
{
    char path[PATH_MAX];
    struct error unused;
    return status_of(program_folder(1, "/share/pkgconfig", folder, &unused) ||
                     file_join(path, folder, "cambench.pc", &unused) || access(path, F_OK));
}

bool shipped_is_own(const char *path)
{
    static const char *const folders[] = {"backbones/demo/", "configs/", "datasets/demo/", "results/reference/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* The path of the program's file of this name; NULL: no such file. */
static const char *find(const char *name, struct arena *arena)
{
    char path[PATH_MAX];
    struct error unused;
    const bool is_there = shipped_is_own(name) && shipped_file(name, path, &unused) == 0 && is_file(path);
    return is_there ? arena_string(arena, path) : NULL;
}

const char *shipped_or(const char *path, struct arena *arena)
{
    const char *found = access(path, F_OK) == 0 ? NULL : find(path, arena);
    return found ? found : path;
}

const char *shipped_config(const char *path, struct arena *arena)
{
    static const struct {
        const char *folder, *ending;
    } forms[] = {{"", ""}, {"configs/", ""}, {"configs/", ".yaml"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !is_file(path); i++) {
        const char *name = arena_format(arena, "%s%s%s", forms[i].folder, path, forms[i].ending);
        const char *found = name ? find(name, arena) : NULL;
        if (found)
            return found;
    }
    return path;
}
