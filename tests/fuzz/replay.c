/*
 * tests/fuzz/replay.c - a main() that runs a harness on its seeds without libFuzzer: once each, or damaged at random.
 *
 * Damage that is blind is the better way where the reader works in a child process: libFuzzer does not see what an input
 * reaches there and soon has none left that is like a file.
 */
#include "base/random.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SEEDS_MAX = 1000, CHANGES_MAX = 8, SECONDS_MAX = 1 };

struct seed {
    uint8_t *data; /* exactly as large as the file, so that a byte too much is seen */
    size_t size;
};

static struct seed seeds[SEEDS_MAX];
static int seed_count, slow_count;

static void read_file(const char *path)
{
    struct stat status;
    if (seed_count == SEEDS_MAX || stat(path, &status) || !S_ISREG(status.st_mode))
        return;
    FILE *file = fopen(path, "rb");
    struct seed *seed = &seeds[seed_count++];
    seed->size = (size_t)status.st_size;
    seed->data = malloc(seed->size ? seed->size : 1);
    if (!file || !seed->data || fread(seed->data, 1, seed->size, file) != seed->size) {
        perror(path);
        exit(1);
    }
    fclose(file);
}

static void read_folder(const char *folder)
{
    DIR *stream = opendir(folder);
    if (!stream) {
        perror(folder);
        exit(1);
    }
    for (const struct dirent *entry; (entry = readdir(stream));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        read_file(path);
    }
    closedir(stream);
}

static double processor_seconds(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Measures processor time, with that of children, so that a busy machine does not make an input slow. */
static void run(const uint8_t *data, size_t size)
{
    const double before = processor_seconds(RUSAGE_SELF) + processor_seconds(RUSAGE_CHILDREN);
    LLVMFuzzerTestOneInput(data, size);
    slow_count += processor_seconds(RUSAGE_SELF) + processor_seconds(RUSAGE_CHILDREN) - before > SECONDS_MAX;
}

/* Some bytes changed, now and then the end cut off. */
static void run_damaged(const struct seed *seed, struct random_stream *random)
{
    size_t size = seed->size;
    if (random_below(random, 8) == 0 && size)
        size = random_below(random, (uint32_t)size);
    uint8_t *data = malloc(size ? size : 1);
    if (!data)
        exit(1);
    memcpy(data, seed->data, size);
    for (uint32_t changes = 1 + random_below(random, CHANGES_MAX); changes && size; changes--)
        data[random_below(random, (uint32_t)size)] = (uint8_t)random_u32(random);
    run(data, size);
    free(data);
}

/*
 * PROGRAM [FILE...]: files that are given, or all seeds. PROGRAM --damage N [SEED]: N damaged seeds. The line has
 * cmocka's form, for tools/run_tests.sh.
 */
int main(int argc, char **argv)
{
    const bool is_damage = argc > 2 && strcmp(argv[1], "--damage") == 0;
    for (int i = 1; i < argc && !is_damage; i++)
        read_file(argv[i]);
    for (int i = 0; (argc == 1 || is_damage) && fuzz_seeds[i]; i++)
        read_folder(fuzz_seeds[i]);
    const long count = is_damage && seed_count ? atol(argv[2]) : seed_count;
    struct random_stream random;
    random_init(&random, argc > 3 ? (uint64_t)atol(argv[3]) : 1, random_purpose(0, "damage"));
    for (long i = 0; i < count; i++)
        if (is_damage)
            run_damaged(&seeds[random_below(&random, (uint32_t)seed_count)], &random);
        else
            run(seeds[i].data, seeds[i].size);
    for (int i = 0; i < seed_count; i++)
        free(seeds[i].data);
    const bool is_fine = count && !slow_count;
    printf("[%s] %ld inputs %s, %d took more than %d s\n", is_fine ? "       OK " : "  FAILED  ", count,
           is_damage ? "damaged" : "replayed", slow_count, SECONDS_MAX);
    return is_fine ? 0 : 1;
}
