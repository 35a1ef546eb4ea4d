/*
 * bench/run/manifest.c - writes manifest.json by jansson, with sorted keys, so that manifests can be compared by line.
 */
#include "bench/run/manifest.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "bench/process/json_build.h"
#include "bench/process/program.h"
#include "bench/run/manifest_times.h"
#include "bench/store/digests.h"
#include "bench/store/store.h"

#include <cblas.h>
#include <nettle/sha2.h>

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
#define COMPILER __VERSION__ /* begins with its name */
#else
#define COMPILER "GCC " __VERSION__
#endif

/* -- the machine --------------------------------------------------------------------------------------------------- */

/* Reads the text after "KEY : " in /proc/cpuinfo, for the first processor; false if there is none. */
static bool cpuinfo(const char *key, char *out, size_t size)
{
    char line[8192];
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof line, file)) {
        const size_t length = strlen(key);
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, length) != 0 || !strchr(" \t:", line[length]) || !colon)
            continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " "));
        is_found = true;
    }
    if (file)
        fclose(file);
    return is_found;
}

/* The processor's instruction sets, as far as they matter to the kernels. */
static json_t *instruction_sets(void)
{
    static const char *const wanted[] = {"sse2",     "sse4_2",   "avx",      "avx2",     "fma",
                                         "avx512f",  "avx512bw", "avx512vl", "avx512dq", "avx512_vnni",
                                         "avx_vnni", "asimd",    "sve"};
    char flags[8192], padded[sizeof flags + 2], word[64];
    json_t *list = json_array();
    if (!cpuinfo("flags", flags, sizeof flags) && !cpuinfo("Features", flags, sizeof flags))
        return list;
    snprintf(padded, sizeof padded, " %s ", flags);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        snprintf(word, sizeof word, " %s ", wanted[i]);
        if (strstr(padded, word))
            json_build_append(&list, json_string(wanted[i]));
    }
    return list;
}

/*
 * Seconds that a thread has run, and seconds that it has waited for a free processor; false: the kernel does not tell.
 */
static bool thread_times(const char *thread, double *ran, double *waited)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/self/task/%.32s/schedstat", thread);
    FILE *file = fopen(path, "r");
    const bool is_read = file && fscanf(file, "%lf %lf", ran, waited) == 2;
    if (file)
        fclose(file);
    return is_read;
}

/* The share of the threads' time that they waited for a processor; if it is large, measured times are unreliable. */
static json_t *processor_wait(void)
{
    double ran, waited, all_ran = 0, all_waited = 0;
    DIR *threads = opendir("/proc/self/task");
    for (struct dirent *entry; threads && (entry = readdir(threads));)
        if (entry->d_name[0] != '.' && thread_times(entry->d_name, &ran, &waited)) {
            all_ran += ran;
            all_waited += waited;
        }
    if (threads)
        closedir(threads);
    return all_ran > 0 ? json_real(all_waited / (all_ran + all_waited)) : json_null();
}

static json_t *machine(int threads)
{
    char model[256] = "unknown", host[256] = "unknown";
    if (!cpuinfo("model name", model, sizeof model))
        cpuinfo("CPU part", model, sizeof model);
    gethostname(host, sizeof host - 1);
    return json_pack("{s:o, s:o, s:o, s:I, s:i, s:o}", "host", json_build_text(host), "cpu", json_build_text(model),
                     "instruction_sets", instruction_sets(), "cores", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
                     "threads", threads, "processor_wait", processor_wait());
}

static json_t *blas(void)
{
    return json_pack("{s:o, s:o}", "config", json_build_text(openblas_get_config()), "core",
                     json_build_text(openblas_get_corename()));
}

/* null for an unknown value. */
static json_t *text_if_any(const char *text)
{
    return json_build_text(text && *text ? text : NULL);
}

/* {"nn": "1a2b...", ...}: the rooms, on which all numbers depend. */
static json_t *shared_digests(void)
{
    json_t *object = json_object();
    for (const struct digest *row = digests; row->kind; row++)
        if (strcmp(row->kind, "room") == 0)
            json_build_set(&object, row->name, json_string(row->sha256));
    return object;
}

static json_t *program(void)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:s}", "name", "cambench", "version", CAMBENCH_VERSION, "commit",
                     text_if_any(program_commit), "digests", shared_digests(), "compiler", COMPILER);
}

/* The number of maps of a program; position -1: of programs that stored no digests. */
static size_t maps_of(const struct programs *programs, int position)
{
    size_t maps = 0;
    for (int i = 0; i < programs->use_count; i++)
        maps += programs->uses[i].program == position ? programs->uses[i].maps : 0;
    return maps;
}

/* The programs that measured the run's maps. */
static json_t *contributors(const struct programs *programs)
{
    static const struct program unknown = {0};
    json_t *array = json_array();
    for (int i = -1; programs && i < programs->count; i++) {
        const struct program *row = i < 0 ? &unknown : &programs->list[i];
        const size_t maps = maps_of(programs, i);
        if (maps)
            json_build_append(&array, json_pack("{s:o, s:o, s:o, s:I}", "version", text_if_any(row->version), "commit",
                                                text_if_any(row->commit), "kernels", text_if_any(row->kernels), "items",
                                                (json_int_t)maps));
    }
    return array;
}

static json_t *sentences(const char *const *list)
{
    json_t *array = json_array();
    for (; list && *list; list++)
        json_build_append(&array, json_build_text(*list));
    return array;
}

/* -- the run ------------------------------------------------------------------------------------------------------- */

/* "2026-11-21T10:34:29Z"; null for 0. */
static json_t *utc(time_t time)
{
    struct tm parts;
    char text[64];
    if (!time || !gmtime_r(&time, &parts))
        return json_null();
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static json_t *entries(const struct manifest_entry *list, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_build_append(&array, json_pack("{s:o, s:o, s:i, s:o}", "label",
                                            json_build_text(list[i].label ? list[i].label : list[i].name), "name",
                                            json_build_text(list[i].name), "version", list[i].version, "digest",
                                            text_if_any(list[i].digest)));
    return array;
}

/* Which kernel each step with a choice runs: {"layer1.0.conv2": "winograd F(4x4,3x3)", ...}. */
static json_t *plan(const struct manifest_backbone *backbone)
{
    json_t *object = json_object();
    for (int i = 0; i < backbone->step_count; i++)
        if (*backbone->steps[i].kernel)
            json_build_set(&object, backbone->steps[i].name, json_string(backbone->steps[i].kernel));
    return object;
}

static json_t *numbers(const double *values, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_build_append(&list, json_real(values[i]));
    return list;
}

static json_t *choice(const char *choices, int value)
{
    char word[16];
    text_choice_name(choices, value, word, sizeof word);
    return json_string(word);
}

/* A complete input. */
static json_t *input_of(const struct picture_input *input)
{
    const int channels = (int)strlen(input->channels);
    return json_pack("{s:[i, i], s:o, s:o, s:f, s:s, s:o, s:o, s:o, s:o}", "size", input->h, input->w, "mean",
                     numbers(input->mean, channels), "std", numbers(input->deviation, channels), "scale", input->scale,
                     "channels", input->channels, "resize", choice(PICTURE_RESIZE_CHOICES, (int)input->resize),
                     "interpolation", choice(PICTURE_INTERPOLATION_CHOICES, (int)input->interpolation), "crop",
                     input->crop > 0 ? json_real(input->crop) : json_string("protocol"), "layout",
                     choice(PICTURE_LAYOUT_CHOICES, (int)input->layout));
}

/* Adds the parts that only models have that are not a family's. */
static void add_model(json_t *row, const struct manifest_backbone *backbone)
{
    json_t *files = json_array();
    for (int i = 0; i < backbone->file_count; i++)
        json_build_append(&files, json_pack("{s:o, s:o}", "path", json_build_text(backbone->files[i]), "sha256",
                                            json_build_text(backbone->file_sha256[i])));
    if (backbone->file_count)
        json_object_set(row, "files", files);
    json_decref(files);
    if (backbone->model)
        json_object_set_new(row, "model", json_build_text(backbone->model));
    if (backbone->output)
        json_object_set_new(row, "output", json_build_text(backbone->output));
    if (backbone->command)
        json_object_set_new(row, "command", json_build_text(backbone->command));
}

static json_t *backbones(const struct manifest *manifest)
{
    json_t *array = json_array();
    for (int i = 0; i < manifest->backbone_count; i++) {
        const struct manifest_backbone *backbone = &manifest->backbones[i];
        json_t *weights = json_pack("{s:o, s:o}", "path", json_build_text(backbone->weights), "sha256",
                                    json_build_text(backbone->weights_sha256));
        json_t *row = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "label",
                                json_build_text(backbone->label), "arch", json_build_text(backbone->arch), "layer",
                                json_build_text(backbone->layer), "digest", text_if_any(backbone->digest), "weights",
                                weights, "input", input_of(&backbone->input), "workspace_bytes",
                                (json_int_t)backbone->workspace_bytes, "parameters", (json_int_t)backbone->parameters,
                                "kernels", json_build_text(backbone->kernels), "plan", plan(backbone));
        if (row)
            add_model(row, backbone);
        json_build_append(&array, row);
    }
    return array;
}

/* The files of a method or metric. */
static json_t *files(const struct manifest *manifest, const char *owner)
{
    json_t *array = json_array();
    for (int i = 0; i < manifest->file_count; i++)
        if (strcmp(manifest->files[i].owner, owner) == 0)
            json_build_append(&array, json_pack("{s:o, s:o, s:o}", "param", json_build_text(manifest->files[i].what),
                                                "path", json_build_text(manifest->files[i].path), "sha256",
                                                json_build_text(manifest->files[i].sha256)));
    return array;
}

/* Entries of methods or metrics, with the files that they depend on; the owner of a metric's files is "metric NAME". */
static json_t *entries_with_files(const struct manifest *manifest, const struct manifest_entry *rows, int count,
                                  const char *prefix)
{
    json_t *array = entries(rows, count);
    char owner[512];
    for (int i = 0; i < count; i++) {
        snprintf(owner, sizeof owner, "%s%s", prefix, rows[i].label ? rows[i].label : rows[i].name);
        json_t *list = files(manifest, owner);
        if (json_array_size(list) > 0)
            json_object_set(json_array_get(array, (size_t)i), "files", list);
        json_decref(list);
    }
    return array;
}

static json_t *skipped(const struct manifest *manifest)
{
    json_t *array = json_array();
    for (int i = 0; i < manifest->skipped_count; i++)
        json_build_append(&array, json_pack("{s:o, s:o}", "image", json_build_text(manifest->skipped[i].image), "why",
                                            json_build_text(manifest->skipped[i].why)));
    return array;
}

static json_t *failed(const struct manifest *manifest)
{
    json_t *array = json_array();
    for (int i = 0; i < manifest->failed_count; i++) {
        const struct manifest_failed *row = &manifest->failed[i];
        json_build_append(&array, json_pack("{s:o, s:o, s:o, s:o}", "backbone", json_build_text(row->backbone), "image",
                                            json_build_text(row->image), "method", json_build_text(row->method), "why",
                                            json_build_text(row->why)));
    }
    return array;
}

/* JSON's integers are signed here; a seed from 2^63 on is written as text. */
static json_t *seed(uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return number > INT64_MAX ? json_string(text) : json_integer((json_int_t)number);
}

static json_t *dataset(const struct manifest *manifest)
{
    return json_pack("{s:o, s:o, s:i, s:o}", "path", json_build_text(manifest->images), "sha256",
                     json_build_text(manifest->images_sha256), "images", manifest->image_count, "skipped",
                     skipped(manifest));
}

/* What each call of the program has measured. */
static json_t *sessions(const struct manifest *manifest)
{
    json_t *array = json_array();
    for (int i = 0; i < manifest->session_count; i++) {
        const struct store_session *session = &manifest->sessions[i];
        json_build_append(&array,
                          json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "started",
                                    utc((time_t)session->started), "ended", utc((time_t)session->ended), "items",
                                    (json_int_t)session->items, "values", (json_int_t)session->values, "maps",
                                    (json_int_t)session->maps, "kept_maps", (json_int_t)session->kept_maps,
                                    "base_passes", session->base_passes, "full_passes", session->full, "tail_passes",
                                    session->tail, "backward_passes", session->backward));
    }
    return array;
}

static const char *backbone_label(const void *context, int i)
{
    return ((const struct manifest *)context)->backbones[i].label;
}

static const char *method_label(const void *context, int i)
{
    return ((const struct manifest *)context)->methods[i].label;
}

static json_t *times(const struct manifest *manifest)
{
    const struct manifest_labels labels = {manifest, backbone_label, method_label};
    return manifest_times(manifest->spent, manifest->spent_count, &labels);
}

/* NULL: no memory somewhere below (json_pack gives NULL when a part is NULL). */
static json_t *whole(const struct manifest *m)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:i}", "name",
        json_build_text(m->name), "program", program(), "programs", contributors(m->programs), "mixture",
        sentences(m->mixture), "machine", machine(m->threads), "blas", blas(), "seed", seed(m->seed), "started",
        utc(m->started), "ended", utc(m->ended), "config_sha256", json_build_text(m->config_sha256), "dataset",
        dataset(m), "backbones", backbones(m), "methods", entries_with_files(m, m->methods, m->method_count, ""),
        "metrics", entries_with_files(m, m->metrics, m->metric_count, "metric "), "protocols",
        entries(m->protocols, m->protocol_count), "sessions", sessions(m), "time", times(m), "items", m->item_count,
        "failed", failed(m), "format_version", 1);
}

/* Takes the JSON. NULL: no memory. */
static int write_json(const char *path, json_t *json, struct error *err)
{
    if (!json)
        return error_memory(err, "the manifest");
    const int status = json_write_file(path, json, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15), err);
    json_decref(json);
    return status;
}

int manifest_write(const char *path, const struct manifest *manifest, struct error *err)
{
    return write_json(path, whole(manifest), err);
}

/* -- of several runs ----------------------------------------------------------------------------------------------- */

int manifest_read(const char *folder, json_t **json, struct error *err)
{
    char path[PATH_MAX];
    *json = NULL;
    return status_of(file_join(path, folder, "manifest.json", err) || json_read_file(path, json, err));
}

/* Takes over the earlier (sign -1) or later (1) time. In this format texts sort as the times do; null: no time. */
static int take_time(json_t *whole, const json_t *part, const char *key, int sign)
{
    const char *have = json_string_value(json_object_get(whole, key));
    json_t *new = json_object_get(part, key);
    const char *text = json_string_value(new);
    return text && (!have || sign * strcmp(text, have) > 0) ? json_object_set(whole, key, new) : 0;
}

/* Appends a row for the run in `folder` to `runs`, and takes over its times. -1 here and below: no memory. */
static int take_part(json_t *whole, json_t *runs, const char *folder, json_t *part)
{
    static const char *const keys[] = {"machine", "started", "ended", "items", "failed", "programs", "sessions"};
    json_t *row = json_pack("{s:o}", "folder", json_build_text(folder));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(part, keys[i]);
        if (value && json_object_set(row, keys[i], value)) {
            json_decref(row);
            return -1;
        }
    }
    return json_array_append_new(runs, row) || take_time(whole, part, "started", -1) ||
                   take_time(whole, part, "ended", 1)
               ? -1
               : 0;
}

/* Takes over the rows of an earlier merge into the folder, except for runs that are joined again. */
static int take_rows_of_before(json_t *rows, const json_t *before, const char *const *folders, int count)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(before, "joined_from"), i, row)
    {
        const char *folder = json_string_value(json_object_get(row, "folder"));
        bool is_again = !folder;
        for (int k = 0; k < count && !is_again; k++)
            is_again = strcmp(folders[k], folder) == 0;
        if (!is_again && json_array_append(rows, row))
            return -1;
    }
    return 0;
}

/* The entry of a list with this label; NULL: none. */
static json_t *find_entry(const json_t *list, const char *label)
{
    json_t *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *own = json_string_value(json_object_get(entry, "label"));
        if (own && strcmp(own, label) == 0)
            return entry;
    }
    return NULL;
}

/* Takes over the entries of a list that `whole` lacks. */
static int take_entries(json_t *whole, const json_t *part, const char *key)
{
    json_t *list = json_object_get(whole, key), *entry;
    size_t i;
    json_array_foreach(json_object_get(part, key), i, entry)
    {
        const char *label = json_string_value(json_object_get(entry, "label"));
        if (label && json_is_array(list) && !find_entry(list, label) && json_array_append(list, entry))
            return -1;
    }
    return 0;
}

/* Joins a run's manifest to *whole, which begins as a copy of the first one. */
static int join_run(json_t **whole, json_t *rows, const char *folder, struct error *err)
{
    json_t *part;
    if (manifest_read(folder, &part, err))
        return -1;
    if (!part)
        return 0;
    if (!*whole)
        *whole = json_deep_copy(part);
    const int status = !*whole || take_entries(*whole, part, "backbones") || take_entries(*whole, part, "methods") ||
                       take_part(*whole, rows, folder, part);
    json_decref(part);
    return status ? error_memory(err, "the manifest") : 0;
}

/* Joins the manifests of all runs; *whole is NULL if there is none. The caller releases it, also after a failure. */
static int join(const char *folder, const char *const *folders, int count, json_t **whole, struct error *err)
{
    json_t *rows = json_array();
    int status = manifest_read(folder, whole, err);
    if (!status && (!rows || take_rows_of_before(rows, *whole, folders, count) ||
                    (*whole && !json_object_get(*whole, "joined_from") && take_part(*whole, rows, folder, *whole))))
        status = error_memory(err, "the manifest");
    for (int i = 0; i < count && !status; i++)
        status = join_run(whole, rows, folders[i], err);
    if (!status && *whole && json_object_set(*whole, "joined_from", rows))
        status = error_memory(err, "the manifest");
    json_decref(rows);
    return status;
}

/* Sorts the entries of a list; those whose labels are not listed are left out. */
static int sort_entries(json_t *joined, const char *key, const char *(*label)(const void *, int), int count,
                        const struct manifest *manifest)
{
    json_t *sorted = json_array();
    int status = sorted ? 0 : -1;
    for (int i = 0; i < count && !status; i++) {
        json_t *entry = find_entry(json_object_get(joined, key), label(manifest, i));
        status = entry ? json_array_append(sorted, entry) : 0;
    }
    status = status || json_object_set(joined, key, sorted);
    json_decref(sorted);
    return status;
}

static int set_facts(json_t *joined, const struct manifest *manifest)
{
    json_t *images = json_object_get(joined, "dataset");
    return sort_entries(joined, "backbones", backbone_label, manifest->backbone_count, manifest) ||
                   sort_entries(joined, "methods", method_label, manifest->method_count, manifest) ||
                   json_object_set_new(joined, "config_sha256", json_build_text(manifest->config_sha256)) ||
                   json_object_set_new(joined, "items", json_integer(manifest->item_count)) ||
                   json_object_set_new(joined, "failed", failed(manifest)) ||
                   json_object_set_new(joined, "programs", contributors(manifest->programs)) ||
                   json_object_set_new(joined, "time", times(manifest)) ||
                   json_object_set_new(joined, "mixture", sentences(manifest->mixture)) ||
                   (json_is_object(images) && json_object_set_new(images, "skipped", skipped(manifest)))
               ? -1
               : 0;
}

int manifest_join(const char *folder, const char *const *runs, int count, const struct manifest *manifest,
                  struct error *err)
{
    char path[PATH_MAX];
    json_t *joined;
    int status = join(folder, runs, count, &joined, err) || file_join(path, folder, "manifest.json", err) ? -1 : 0;
    if (joined)
        json_object_del(joined, "sessions"); /* the first run's; each row of joined_from has its own */
    if (!status && joined && set_facts(joined, manifest))
        status = error_memory(err, "the manifest");
    if (!status && joined)
        return write_json(path, joined, err);
    json_decref(joined);
    return status;
}
