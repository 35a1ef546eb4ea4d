/* tests/bench/test_shard.c - what an environment says about shards, and that they share the work evenly */
#include "bench/run/shard.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "NAME=TEXT" of the case at hand, ends with NULL. */
static const char *const *environment;

static char *get(const char *name)
{
    const size_t length = strlen(name);
    for (int i = 0; environment[i]; i++)
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
            return (char *)(uintptr_t)environment[i] + length + 1;
    return NULL;
}

#define OMPI(rank, size) "OMPI_COMM_WORLD_RANK=" rank, "OMPI_COMM_WORLD_SIZE=" size
#define PMI(rank, size) "PMI_RANK=" rank, "PMI_SIZE=" size
#define SRUN(rank, size) "SLURM_PROCID=" rank, "SLURM_STEP_NUM_TASKS=" size
#define ARRAY(id, min, max, step, count) \
    "SLURM_ARRAY_TASK_ID=" id, "SLURM_ARRAY_TASK_MIN=" min, "SLURM_ARRAY_TASK_MAX=" max, \
        "SLURM_ARRAY_TASK_STEP=" step, "SLURM_ARRAY_TASK_COUNT=" count

TEST(engines_say_which_shard_a_process_is)
{
    static const struct {
        const char *environment[12];
        int number, count;
        const char *origin;
    } cases[] = {
        {{NULL}, 1, 1, ""},
        {{OMPI("0", "4")}, 1, 4, "Open MPI's mpirun"},
        {{OMPI("3", "4")}, 4, 4, "Open MPI's mpirun"},
        {{OMPI("0", "1")}, 1, 1, "Open MPI's mpirun"},
        {{PMI("1", "2")}, 2, 2, "MPICH's mpirun"},
        {{SRUN("2", "8"), "SLURM_NTASKS=16"}, 3, 8, "srun"},
        {{SRUN("0", "1")}, 1, 1, "srun"},
        /* a batch script is not a task of srun, nor is a shell of salloc */
        {{"SLURM_PROCID=0", "SLURM_NTASKS=4"}, 1, 1, ""},
        {{"SLURM_PROCID=", "SLURM_STEP_NUM_TASKS="}, 1, 1, ""},
        /* under mpirun in a job, srun's variables are those of mpirun's daemons */
        {{OMPI("5", "8"), SRUN("1", "2")}, 6, 8, "Open MPI's mpirun"},
        {{PMI("1", "4"), SRUN("1", "4")}, 2, 4, "MPICH's mpirun"},
        {{ARRAY("0", "0", "3", "1", "4"), "SLURM_PROCID=0"}, 1, 4, "Slurm's array"},
        {{ARRAY("8", "1", "8", "1", "8")}, 8, 8, "Slurm's array"},
        {{ARRAY("5", "1", "7", "2", "4")}, 3, 4, "Slurm's array"},
        {{ARRAY("4", "1", "4", "1", "4"), SRUN("1", "3")}, 11, 12, "Slurm's array and srun"},
        {{ARRAY("4", "1", "4", "1", "4"), SRUN("0", "1")}, 4, 4, "Slurm's array"},
        {{ARRAY("2", "1", "2", "1", "2"), OMPI("0", "2")}, 3, 4, "Slurm's array and Open MPI's mpirun"},
        {{ARRAY("1", "1", "1", "1", "1"), "CAMBENCH_SHARDS=1"}, 1, 1, "Slurm's array"},
        {{"JOB_COMPLETION_INDEX=2", "CAMBENCH_SHARDS=3"}, 3, 3, "Kubernetes"},
        {{OMPI("1", "2"), "CAMBENCH_SHARDS=2"}, 2, 2, "Open MPI's mpirun"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shard shard;
        struct error err;
        environment = cases[i].environment;
        if (shard_find(NULL, get, &shard, &err))
            fail_msg("case %zu: %s", i, err.text);
        if (shard.number != cases[i].number || shard.count != cases[i].count ||
            strcmp(shard.origin, cases[i].origin) != 0)
            fail_msg("case %zu: %d of %d by \"%s\"", i, shard.number, shard.count, shard.origin);
    }
}

TEST(environments_that_contradict_themselves_are_refused_by_name)
{
    static const struct {
        const char *environment[12];
        const char *message; /* begins with */
    } cases[] = {
        {{"OMPI_COMM_WORLD_RANK=0"}, "environment variable OMPI_COMM_WORLD_RANK is set, OMPI_COMM_WORLD_SIZE is not"},
        {{"OMPI_COMM_WORLD_SIZE=2"}, "environment variable OMPI_COMM_WORLD_SIZE is set, OMPI_COMM_WORLD_RANK is not"},
        {{"PMI_RANK=0"}, "environment variable PMI_RANK is set, PMI_SIZE is not"},
        {{"SLURM_STEP_NUM_TASKS=2"}, "environment variable SLURM_STEP_NUM_TASKS is set, SLURM_PROCID is not"},
        {{"JOB_COMPLETION_INDEX=0"}, "environment variable JOB_COMPLETION_INDEX is set, CAMBENCH_SHARDS is not"},
        {{"SLURM_ARRAY_TASK_ID=1"}, "environment variable SLURM_ARRAY_TASK_ID is set, SLURM_ARRAY_TASK_COUNT is not"},
        {{OMPI("x", "4")}, "environment variable OMPI_COMM_WORLD_RANK is \"x\", not a number from 0 to 1000000"},
        {{OMPI("-1", "4")}, "environment variable OMPI_COMM_WORLD_RANK is \"-1\", not a number"},
        {{OMPI("0", "99999999999999999999")}, "environment variable OMPI_COMM_WORLD_SIZE is \"999"},
        {{OMPI("0", "4\033[1m")}, "environment variable OMPI_COMM_WORLD_SIZE is \"4?[1m\""},
        {{OMPI("4", "4")},
         "environment variable OMPI_COMM_WORLD_RANK is 4, which is not below OMPI_COMM_WORLD_SIZE, 4"},
        {{SRUN("0", "0")}, "environment variable SLURM_PROCID is 0, which is not below SLURM_STEP_NUM_TASKS, 0"},
        {{ARRAY("3", "3", "3", "1", "1")}, "Slurm's array has one task, 3"},
        {{ARRAY("3", "1", "6", "1", "3")}, "Slurm's array has 3 tasks from 1 to 6 by 1, this is 3"},
        {{ARRAY("4", "1", "7", "2", "4")}, "Slurm's array has 4 tasks from 1 to 7 by 2, this is 4"},
        {{ARRAY("9", "1", "7", "2", "4")}, "Slurm's array has 4 tasks from 1 to 7 by 2, this is 9"},
        {{ARRAY("1", "1", "7", "0", "4")}, "Slurm's array has 4 tasks from 1 to 7 by 0"},
        {{ARRAY("1", "1", "2000", "1", "2000"), SRUN("0", "2000")},
         "Slurm's array and srun make 4000000 shards; there can be 1000000"},
        {{"CAMBENCH_SHARDS=4"}, "environment variable CAMBENCH_SHARDS is 4, but nothing tells which shard"},
        {{ARRAY("1", "1", "2", "1", "2"), "CAMBENCH_SHARDS=4"},
         "environment variable CAMBENCH_SHARDS is 4, but Slurm's array tells of 2 shards"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shard shard;
        struct error err;
        environment = cases[i].environment;
        assert_int_equal(shard_find(NULL, get, &shard, &err), -1);
        if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0 || !strstr(err.text, "--shard"))
            fail_msg("case %zu: %s", i, err.text);
        assert_int_equal(shard_find("1/1", get, &shard, &err), 0); /* whatever the environment holds */
        assert_false(shard_is_part(&shard));
    }
}

TEST(the_option_wins_and_is_checked)
{
    static const char *const surroundings[] = {OMPI("0", "2"), NULL};
    static const char *const wrong[] = {"",     "3",    "3/",   "/3",        "0/3",   "4/3",
                                        "-1/3", "1/0",  "a/b",  "1/3x",      "1 /3",  "1/ 3",
                                        " 1/3", "+1/3", "1/+3", "1/1000001", "1/3/3", "99999999999/99999999999"};
    struct shard shard;
    struct error err;
    environment = surroundings;
    assert_int_equal(shard_find("3/8", get, &shard, &err), 0);
    assert_int_equal(shard.number, 3);
    assert_int_equal(shard.count, 8);
    assert_string_equal(shard.origin, "--shard");
    assert_int_equal(shard_find("1000000/1000000", get, &shard, &err), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (shard_find(wrong[i], get, &shard, &err) != -1)
            fail_msg("\"%s\" is taken for %d of %d", wrong[i], shard.number, shard.count);
}

static void split(int shards, int backbones, int images)
{
    int *of_backbone = calloc((size_t)shards * (size_t)backbones, sizeof *of_backbone);
    int *all = calloc((size_t)shards, sizeof *all);
    assert_true(of_backbone && all);
    for (int b = 0; b < backbones; b++)
        for (int i = 0; i < images; i++) {
            int owners = 0;
            for (int s = 0; s < shards; s++) {
                const struct shard shard = {.number = s + 1, .count = shards};
                if (!shard_has(&shard, b, i, images))
                    continue;
                owners++;
                all[s]++;
                of_backbone[s * backbones + b]++;
            }
            assert_int_equal(owners, 1);
        }
    for (int s = 0; s < shards; s++) {
        const struct shard shard = {.number = s + 1, .count = shards};
        assert_int_equal(shard_size(&shard, backbones, images), all[s]);
        assert_in_range(all[s], backbones * images / shards, (backbones * images + shards - 1) / shards);
        for (int b = 0; b < backbones; b++)
            assert_in_range(of_backbone[s * backbones + b], images / shards, (images + shards - 1) / shards);
    }
    free(of_backbone);
    free(all);
}

TEST(every_pair_has_one_shard_and_shards_have_equally_many_of_each_backbone)
{
    static const int counts[] = {1, 2, 3, 4, 7, 8, 64, 100};
    for (size_t s = 0; s < sizeof counts / sizeof *counts; s++)
        for (int backbones = 1; backbones < 5; backbones++)
            for (int images = 1; images < 70; images += 6)
                split(counts[s], backbones, images);
}

TEST(names_of_folders_are_read_back)
{
    static const char *const wrong[] = {
        "shard-", "shard-1",    "shard-1-of-",    "shard-0-of-2", "shard-3-of-2",      "shard-1-of-2.old",
        "-of-2",  "shard-of-2", "shard-1-2-of-3", "Shard-1-of-2", "shard-1-of-2-of-3", "overlays"};
    struct shard shard = {.number = 12, .count = 345}, back;
    struct arena arena;
    arena_init(&arena, 0);
    const char *folder = shard_folder(&shard, "results/x", &arena);
    assert_string_equal(folder, "results/x/shard-12-of-345");
    assert_int_equal(shard_from_folder(strrchr(folder, '/') + 1, &back), 0);
    assert_true(back.number == 12 && back.count == 345);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (shard_from_folder(wrong[i], &back) != -1)
            fail_msg("%s", wrong[i]);
    arena_release(&arena);
}
