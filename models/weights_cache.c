/* models/weights_cache.c - opens weights of any kind, and keeps imports of files of other programs. */
#include "models/weights_cache.h"

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "weights/tensor_file.h"
#include "weights/weights_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT_VERSION 3 /* raised when the import of the same file changes */

/* Finds the cache folder and makes it if it does not exist. Error: no folder is named, or it cannot be made. */
static int find_folder(char out[PATH_MAX], struct error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char base[PATH_MAX];
    if (cache && cache[0] == '/') { /* the XDG specification ignores relative paths */
        if (file_join(out, cache, "cambench/weights", err))
            return -1;
    } else if (!home || home[0] != '/')
        return error_set(err, "neither XDG_CACHE_HOME nor HOME names a folder");
    else if (file_join(base, home, ".cache/cambench", err) || file_join(out, base, "weights", err))
        return -1;
    return file_make_folder(out, err);
}

/* Finds the path of a file's import: in the cache folder, or beside the file. */
static int find_place(const char *path, const char *sha256, enum stem stem, char out[PATH_MAX], struct error *err)
{
    static const char *const ends[] = {"", "-small", "-small_pool"};
    struct error unused;
    char folder[PATH_MAX], name[128];
    snprintf(name, sizeof name, "%s-%d%s.h5", sha256, IMPORT_VERSION, ends[stem]);
    if (find_folder(folder, &unused) == 0 && file_join(out, folder, name, &unused) == 0 &&
        (access(out, R_OK) == 0 || file_check_writable(out, &unused) == 0))
        return 0;
    const int length = snprintf(out, PATH_MAX, "%s.%.16s-%d%s.h5", path, sha256, IMPORT_VERSION, ends[stem]);
    return length < PATH_MAX ? 0 : error_set(err, "weights \"%s\": the path is too long", path);
}

/* Opens an existing import; NULL if there is none, or if it is damaged or of another network than `arch`. */
static struct weights_file *open_import(const char *place, const char *arch, struct weights_info *info)
{
    struct error unused;
    struct weights_file *file = access(place, R_OK) == 0 ? weights_open(place, info, &unused) : NULL;
    if (!file || !arch || text_same_name(arch, info->arch))
        return file;
    weights_close(file);
    return NULL;
}

struct weights_file *weights_open_any(const char *path, const char *arch, enum stem stem, struct weights_info *info,
                                      struct error *err)
{
    char sha256[65], place[PATH_MAX];
    struct weights_imported imported;
    const int is_own = tensor_file_is_hdf5(path, err);
    if (is_own != 0)
        return is_own < 0 ? NULL : weights_open(path, info, err);
    if (file_sha256(path, sha256, err) || find_place(path, sha256, stem, place, err))
        return NULL;
    struct weights_file *file = open_import(place, arch, info);
    if (file)
        return file;
    const struct weights_import what = {
        .path = path, .out = place, .arch = arch, .sha256 = sha256, .accuracy = -1, .stem = stem};
    return weights_import(&what, &imported, err) ? NULL : weights_open(place, info, err);
}
