/* tests/fuzz/replay.c - a main() that runs a harness on its seeds, once each, without libFuzzer. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) || !S_ISREG(status.st_mode))
        return 0;
    FILE *file = fopen(path, "rb");
    const size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size ? size : 1); /* exactly as large, so that a byte too much is seen */
    if (!file || !data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int replay_folder(const char *folder)
{
    int count = 0;
    DIR *stream = opendir(folder);
    if (!stream) {
        perror(folder);
        exit(1);
    }
    for (const struct dirent *entry; (entry = readdir(stream));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count += replay_file(path);
    }
    closedir(stream);
    return count;
}

/* Files that are given, or all seeds. The line has cmocka's form, for tools/run_tests.sh. */
int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_file(argv[i]);
    for (int i = 0; argc == 1 && fuzz_seeds[i]; i++)
        count += replay_folder(fuzz_seeds[i]);
    printf("[%s] %d inputs replayed\n", count ? "       OK " : "  FAILED  ", count);
    return count ? 0 : 1;
}
