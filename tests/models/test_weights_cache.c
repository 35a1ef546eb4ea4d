/* tests/models/test_weights_cache.c - foreign weights are imported once and found again. */
#include "models/weights_cache.h"
#include "tests/safetensors.h"
#include "tests/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with a small network's safetensors file in it. */
static const char *make_folder_of(enum stem stem)
{
    static char folder[64];
    char path[128], names[160][128];
    struct arena arena;
    struct error err;
    struct weights weights;
    snprintf(folder, sizeof folder, "/tmp/cambench-cache-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    arena_init(&arena, 0);
    struct graph *graph = backbone_graph(
        "resnet18",
        &(struct backbone_options){.classes = 3, .width = 0.125, .height = 64, .width_px = 64, .stem = stem}, &err);
    if (!graph || weights_generate(graph, 1, &arena, &weights, &err))
        fail_msg("%s", err.text);
    assert_true(weights.count <= 160);
    for (int i = 0; i < weights.count; i++)
        snprintf(names[i], sizeof *names, "%s", weights.list[i].name);
    safetensors_write(path, weights.list, names, weights.count, "module.");
    graph_free(graph);
    arena_release(&arena);
    return folder;
}

static const char *make_folder(void)
{
    return make_folder_of(STEM_USUAL);
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void opens(const char *folder, const char *arch)
{
    char path[128];
    struct error err;
    struct weights_info info;
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    struct weights_file *file = weights_open_any(path, arch, STEM_USUAL, &info, &err);
    if (!file)
        fail_msg("%s", err.text);
    assert_string_equal(info.arch, "resnet18");
    assert_true(info.classes == 3 && info.width == 0.125 && strlen(info.sha256) == 64);
    weights_close(file);
}

/* The only import below a folder; "" if there is none. */
static const char *find_import(const char *folder, char out[PATH_MAX])
{
    char command[256];
    snprintf(command, sizeof command, "find %s -name '*.h5'", folder);
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    if (!fgets(out, PATH_MAX, stream))
        out[0] = 0;
    out[strcspn(out, "\n")] = 0;
    pclose(stream);
    return out;
}

static ino_t inode(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_ino;
}

TEST(a_foreign_file_is_imported_once_into_the_cache_folder)
{
    const char *folder = make_folder();
    char place[PATH_MAX], cache[128];
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("XDG_CACHE_HOME", cache, 1);
    opens(folder, "resnet18");
    assert_non_null(strstr(find_import(folder, place), "/cache/cambench/weights/"));
    const ino_t first = inode(place);
    opens(folder, "resnet18");
    opens(folder, NULL);
    assert_true(inode(place) == first);
    assert_int_equal(truncate(place, 1000), 0); /* a broken one is made again */
    opens(folder, "resnet18");
    assert_true(inode(place) != first);
    remove_folder(folder);
}

TEST(without_a_cache_folder_the_import_stands_beside_the_file)
{
    const char *folder = make_folder();
    char place[PATH_MAX];
    setenv("XDG_CACHE_HOME", "/proc/none", 1);
    opens(folder, NULL);
    assert_non_null(strstr(find_import(folder, place), "/x.safetensors."));
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "nowhere", 1);
    opens(folder, NULL);
    remove_folder(folder);
}

TEST(another_network_is_an_error_though_an_import_is_there)
{
    const char *folder = make_folder();
    char path[128], cache[128];
    struct error err;
    struct weights_info info;
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("XDG_CACHE_HOME", cache, 1);
    opens(folder, NULL);
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    assert_null(weights_open_any(path, "vgg11", STEM_USUAL, &info, &err));
    assert_non_null(strstr(err.text, "x.safetensors\": do not fit vgg11: tensor "));
    remove_folder(folder);
}

static void opens_with_stem(const char *path, enum stem stem)
{
    struct error err;
    struct weights_info info;
    struct weights_file *file = weights_open_any(path, NULL, stem, &info, &err);
    if (!file)
        fail_msg("%s", err.text);
    assert_int_equal(info.stem, stem);
    weights_close(file);
}

TEST(each_stem_has_an_import_of_its_own)
{
    const char *folder = make_folder_of(STEM_SMALL);
    char path[128], cache[128];
    struct error err;
    struct weights_info info;
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("XDG_CACHE_HOME", cache, 1);
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    for (int i = 0; i < 2; i++) {
        opens_with_stem(path, STEM_SMALL);
        opens_with_stem(path, STEM_SMALL_POOL);
        assert_null(weights_open_any(path, NULL, STEM_USUAL, &info, &err));
        assert_non_null(strstr(err.text, "or stem: in a config"));
    }
    remove_folder(folder);
    folder = make_folder();
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    assert_null(weights_open_any(path, "resnet18", STEM_SMALL, &info, &err));
    assert_non_null(strstr(err.text, "are of resnet18 with its usual stem; leave stem out"));
    remove_folder(folder);
}
