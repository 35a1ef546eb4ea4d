/* bench/run/shard.c - finds a process's shard by --shard or by the environment variables of an engine. */
#include "bench/run/shard.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Rank from 0, and size. */
struct engine_rank {
    int rank, size;
};

/* A launcher that starts several processes and gives each its rank in environment variables. */
struct engine {
    const char *title, *rank, *size;
    bool rank_says_nothing_alone, size_says_nothing_alone;
};

/*
 * The first engine whose variables are set is used. MPI comes first: inside a Slurm job mpirun starts its daemons by
 * srun, and srun's variables then describe these daemons. Slurm sets SLURM_PROCID in batch scripts too. It sets
 * SLURM_STEP_NUM_TASKS only under srun, where it is correct even if srun was given another number of tasks than the job
 * (SLURM_NTASKS). Kubernetes does not set the number of pods, so users set it.
 */
static const struct engine engines[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", false, false},
    {"MPICH's mpirun", "PMI_RANK", "PMI_SIZE", false, false},
    {"srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", true, false},
    {"Kubernetes", "JOB_COMPLETION_INDEX", SHARD_COUNT_VARIABLE, false, true},
};

#define ENGINE_COUNT (sizeof engines / sizeof *engines)

/* Ends every error about the environment. */
#define REMEDY "; give --shard I/N (1/1: the whole run)"

typedef char *getter(const char *name);

/* An empty variable counts as not set. */
static const char *look_up(getter *get, const char *name)
{
    const char *text = get(name);
    return text && *text ? text : NULL;
}

static int read_number(getter *get, const char *name, int *number, struct error *err)
{
    const char *text = look_up(get, name);
    long long value;
    char shown[64];
    if (text_to_int(text, &value) || value < 0 || value > SHARD_COUNT_MAX)
        return error_set(err, "environment variable %s is \"%s\", not a number from 0 to %d" REMEDY, name,
                         text_printable(text, shown, sizeof shown), SHARD_COUNT_MAX);
    *number = (int)value;
    return 0;
}

static int half_set(const char *there, const char *missing, struct error *err)
{
    return error_set(err, "environment variable %s is set, %s is not" REMEDY, there, missing);
}

static int read_engine(const struct engine *engine, getter *get, struct engine_rank *place, bool *is_there,
                       struct error *err)
{
    const bool has_rank = look_up(get, engine->rank), has_size = look_up(get, engine->size);
    *is_there = has_rank && has_size;
    if (has_size && !has_rank && !engine->size_says_nothing_alone)
        return half_set(engine->size, engine->rank, err);
    if (has_rank && !has_size && !engine->rank_says_nothing_alone)
        return half_set(engine->rank, engine->size, err);
    if (!*is_there)
        return 0;
    if (read_number(get, engine->rank, &place->rank, err) || read_number(get, engine->size, &place->size, err))
        return -1;
    if (place->rank >= place->size)
        return error_set(err, "environment variable %s is %d, which is not below %s, %d" REMEDY, engine->rank,
                         place->rank, engine->size, place->size);
    return 0;
}

/* Reads the first engine whose variables are set. */
static int read_engines(getter *get, struct engine_rank *place, const char **title, struct error *err)
{
    bool is_there = false;
    for (size_t i = 0; i < ENGINE_COUNT && !is_there; i++) {
        if (read_engine(&engines[i], get, place, &is_there, err))
            return -1;
        *title = engines[i].title;
    }
    return is_there;
}

/* -- job arrays of Slurm ------------------------------------------------------------------------------------------- */

enum array_variable { ARRAY_ID, ARRAY_MIN, ARRAY_MAX, ARRAY_STEP, ARRAY_COUNT, ARRAY_VARIABLES };

static const char *const array_variables[ARRAY_VARIABLES] = {
    [ARRAY_ID] = "SLURM_ARRAY_TASK_ID",       [ARRAY_MIN] = "SLURM_ARRAY_TASK_MIN",
    [ARRAY_MAX] = "SLURM_ARRAY_TASK_MAX",     [ARRAY_STEP] = "SLURM_ARRAY_TASK_STEP",
    [ARRAY_COUNT] = "SLURM_ARRAY_TASK_COUNT",
};

/* Reads Slurm's variables: 1: all are set; 0: none is; -1: error, such as only some of them. */
static int read_array_variables(getter *get, int number[ARRAY_VARIABLES], struct error *err)
{
    const char *there = NULL, *missing = NULL;
    for (int i = 0; i < ARRAY_VARIABLES; i++)
        *(look_up(get, array_variables[i]) ? &there : &missing) = array_variables[i];
    if (there && missing)
        return half_set(there, missing, err);
    for (int i = 0; there && i < ARRAY_VARIABLES; i++)
        if (read_number(get, array_variables[i], &number[i], err))
            return -1;
    return there != NULL;
}

/*
 * An array whose tasks are not MIN to MAX by STEP (--array=1,5,6), or that has one task, most likely repeats a part of
 * another array. Nothing tells which part, so it is an error.
 */
static int read_array(getter *get, struct engine_rank *place, struct error *err)
{
    int n[ARRAY_VARIABLES];
    const int is_there = read_array_variables(get, n, err);
    if (is_there < 1)
        return is_there;
    const int behind = n[ARRAY_ID] - n[ARRAY_MIN];
    if (n[ARRAY_STEP] < 1 || n[ARRAY_MAX] < n[ARRAY_MIN] || behind < 0 || n[ARRAY_ID] > n[ARRAY_MAX] ||
        behind % n[ARRAY_STEP] || (n[ARRAY_MAX] - n[ARRAY_MIN]) / n[ARRAY_STEP] + 1 != n[ARRAY_COUNT])
        return error_set(err,
                         "Slurm's array has %d tasks from %d to %d by %d, this is %d: which shard this is cannot be "
                         "determined" REMEDY,
                         n[ARRAY_COUNT], n[ARRAY_MIN], n[ARRAY_MAX], n[ARRAY_STEP], n[ARRAY_ID]);
    if (n[ARRAY_COUNT] == 1 && !look_up(get, SHARD_COUNT_VARIABLE))
        return error_set(err,
                         "Slurm's array has one task, %d: whether it is the whole run or one shard cannot be "
                         "determined" REMEDY,
                         n[ARRAY_ID]);
    *place = (struct engine_rank){behind / n[ARRAY_STEP], n[ARRAY_COUNT]};
    return 1;
}

/* -- all together -------------------------------------------------------------------------------------------------- */

/* Error: CAMBENCH_SHARDS, which users set, differs from the number of shards that the engine gives. */
static int check_count(getter *get, const struct shard *shard, struct error *err)
{
    int count;
    if (!look_up(get, SHARD_COUNT_VARIABLE))
        return 0;
    if (read_number(get, SHARD_COUNT_VARIABLE, &count, err))
        return -1;
    if (!shard->origin[0])
        return error_set(err,
                         "environment variable " SHARD_COUNT_VARIABLE
                         " is %d, but nothing tells which shard this process is" REMEDY,
                         count);
    return shard->count == count
               ? 0
               : error_set(err, "environment variable " SHARD_COUNT_VARIABLE " is %d, but %s tells of %d shards" REMEDY,
                           count, shard->origin, shard->count);
}

/* If a task of an array consists of several processes, they divide the task's part among them. */
static int read_environment(getter *get, struct shard *shard, struct error *err)
{
    struct engine_rank array = {0, 1}, process = {0, 1};
    const char *title = NULL;
    const int has_array = read_array(get, &array, err);
    const int has_process = has_array < 0 ? -1 : read_engines(get, &process, &title, err);
    if (has_process < 0)
        return -1;
    const long long count = (long long)array.size * process.size;
    if (count > SHARD_COUNT_MAX)
        return error_set(err, "Slurm's array and %s make %lld shards; there can be %d" REMEDY, title, count,
                         SHARD_COUNT_MAX);
    shard->number = array.rank * process.size + process.rank + 1;
    shard->count = (int)count;
    const bool names_process = has_process && (process.size > 1 || !has_array);
    snprintf(shard->origin, sizeof shard->origin, "%s%s%s", has_array ? "Slurm's array" : "",
             has_array && names_process ? " and " : "", names_process ? title : "");
    return check_count(get, shard, err);
}

int shard_parse(const char *text, struct shard *shard)
{
    int used = 0;
    *shard = (struct shard){0};
    if (!isdigit((unsigned char)*text) || sscanf(text, "%7d/%n", &shard->number, &used) != 1 || used == 0 ||
        !isdigit((unsigned char)text[used]))
        return -1;
    text += used;
    if (sscanf(text, "%7d%n", &shard->count, &used) != 1 || text[used])
        return -1;
    return shard->number >= 1 && shard->number <= shard->count && shard->count <= SHARD_COUNT_MAX ? 0 : -1;
}

int shard_find(const char *option, char *(*get)(const char *name), struct shard *shard, struct error *err)
{
    char shown[64];
    *shard = (struct shard){0};
    if (!option)
        return read_environment(get, shard, err);
    if (shard_parse(option, shard))
        return error_set(err, "--shard is \"%s\"; it is I/N, with I from 1 to N: 3/8",
                         text_printable(option, shown, sizeof shown));
    snprintf(shard->origin, sizeof shard->origin, "--shard");
    return 0;
}

/* -- pairs of a shard ---------------------------------------------------------------------------------------------- */

int shard_of(int count, int backbone, int image, int image_count)
{
    const size_t pair = (size_t)backbone * (size_t)image_count + (size_t)image;
    return (int)(pair % (size_t)count) + 1;
}

bool shard_has(const struct shard *shard, int backbone, int image, int image_count)
{
    if (!shard_is_part(shard))
        return true;
    return shard->number == (shard->by_backbone ? shard_of(shard->count, backbone, 0, 1)
                                                : shard_of(shard->count, backbone, image, image_count));
}

size_t shard_size(const struct shard *shard, int backbone_count, int image_count)
{
    const size_t together = shard->by_backbone ? (size_t)image_count : 1;
    const size_t pairs = (size_t)backbone_count * (size_t)image_count, dealt = pairs / (together ? together : 1);
    if (!shard_is_part(shard))
        return pairs;
    const size_t number = (size_t)shard->number, count = (size_t)shard->count;
    return (dealt / count + (number <= dealt % count)) * together;
}

#define FOLDER_PREFIX "shard-"
#define FOLDER_MIDDLE "-of-"

const char *shard_folder(const struct shard *shard, const char *folder, struct arena *arena)
{
    return arena_format(arena, "%s/" FOLDER_PREFIX "%d" FOLDER_MIDDLE "%d", folder, shard->number, shard->count);
}

int shard_from_folder(const char *name, struct shard *shard)
{
    char text[32];
    const char *middle = strstr(name, FOLDER_MIDDLE);
    if (strncmp(name, FOLDER_PREFIX, strlen(FOLDER_PREFIX)) != 0 || !middle || strlen(name) >= sizeof text)
        return -1;
    name += strlen(FOLDER_PREFIX);
    snprintf(text, sizeof text, "%.*s/%s", (int)(middle - name), name, middle + strlen(FOLDER_MIDDLE));
    return middle < name ? -1 : shard_parse(text, shard);
}
