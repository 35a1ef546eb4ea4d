/* bench/cli/cmd_fetch.c - cambench fetch weights: downloads published weights, verifies and imports them. */
#include "base/file.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/fetch/download.h"
#include "bench/process/interrupt.h"
#include "bench/run/notes.h"
#include "weights/published.h"
#include "weights/weights_import.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE_VARIABLE "CAMBENCH_WEIGHTS_URL"
#define STALL_SECONDS_MAX 86400
#define NAME_BYTES 128

struct fetch {
    struct options common;
    const char *kind, *arch, *training, *folder, *base, *file;
    int stall_seconds;
};

/* The file to fetch, and the paths of the download and the import. */
struct job {
    struct published what;
    char hash[PUBLISHED_HASH_MAX + 1];
    char url[DOWNLOAD_URL_MAX], path[PATH_MAX], out[PATH_MAX];
    struct file_folders folders; /* folders that had to be made for the files */
};

static const struct param rows[] = {
    OPTION_ROW(struct fetch, training, STRING, "weights", 0, .value = "V1|V2|...",
               .choices = "V1|V2|SWAG_E2E_V1|SWAG_LINEAR_V1",
               .help =
                   "which training: V1, that of the papers; V2, torchvision's later one; of RegNetY also SWAG_E2E_V1 "
                   "and SWAG_LINEAR_V1 (V1)"),
    OPTION_STRING(struct fetch, folder, "to", 0, "DIR", "where the files go (.)"),
    OPTION_STRING(
        struct fetch, file, "file", 0, "NAME",
        "another published file of that architecture; its SHA-256 begins with the digits after the last \"-\""),
    OPTION_STRING(struct fetch, base, "base", 0, "URL",
                  "a mirror (https, http or file), to which \"/NAME\" is added ($" BASE_VARIABLE " or " PUBLISHED_BASE
                  ")"),
    OPTION_INT(struct fetch, stall_seconds, "timeout", 0, "SECONDS", NULL, 1, STALL_SECONDS_MAX,
               "give up after so long with less than 1 kB/s (60)"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct fetch, kind), OPTIONS_WORD(struct fetch, arch), {0}};

static const struct options_usage usage = {
    .words = "weights ARCH",
    .doc =
        "Downloads the ImageNet weights that torchvision publishes, verifies the SHA-256 in the file's name and "
        "imports them: DIR/ARCH.h5, for other trainings than V1 with their name, as DIR/ARCH_v2.h5. The downloaded file stays beside it and may be deleted.\n\n"
        "A download that was cut goes on where it ended. Certificates are verified, proxies taken from the "
        "environment (https_proxy).\v"
        "Examples:\n"
        "  cambench fetch weights resnet50 --to data/weights\n"
        "  cambench fetch weights resnet50 --weights V2\n"
        "  cambench fetch weights vgg16 --base https://mirror.example.org/torchvision\n"
        "  cambench fetch weights resnet18 --file resnet18-5c106cde.pth\n",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 2,
    .word_rows = word_rows,
};

/* -- addresses and paths ------------------------------------------------------------------------------------------ */

static int choose(const struct fetch *fetch, struct published *what, struct error *err)
{
    const char *training = fetch->training ? fetch->training : "V1";
    const struct published *row =
        fetch->file ? published_find_file(fetch->arch, fetch->file) : published_find(fetch->arch, training, err);
    if (row)
        *what = *row;
    else if (fetch->file)
        *what = (struct published){.arch = fetch->arch, .training = "V1", .file = fetch->file, .accuracy = -1};
    return row || fetch->file ? 0 : -1;
}

/* "ARCH.h5", and of another training than V1 "ARCH_TRAINING.h5" in lower case. */
static void name_import(const struct published *what, char name[NAME_BYTES])
{
    const bool is_first = strcmp(what->training, "V1") == 0;
    snprintf(name, NAME_BYTES, "%.64s%s%s.h5", what->arch, is_first ? "" : "_", is_first ? "" : what->training);
    for (char *at = name + strnlen(what->arch, 64); *at; at++)
        *at = (char)tolower((unsigned char)*at);
}

/* Writes BASE/NAME, with one slash between them. */
static int make_url(const char *base, const char *file, char url[DOWNLOAD_URL_MAX], struct error *err)
{
    size_t length = strlen(base);
    char shown[NAME_BYTES];
    while (length && base[length - 1] == '/')
        length--;
    if (snprintf(url, DOWNLOAD_URL_MAX, "%.*s/%s", (int)length, base, file) >= DOWNLOAD_URL_MAX)
        return error_set(err, "the address of the weights has more than %d bytes", DOWNLOAD_URL_MAX - 1);
    if (!download_is_url(url))
        return error_set(err, "\"%s\" is not an address of https, http or file (https://HOST/FOLDER, file:///FOLDER)",
                         text_printable(base, shown, sizeof shown));
    return 0;
}

static const char *base_of(const struct fetch *fetch)
{
    const char *variable = getenv(BASE_VARIABLE);
    if (fetch->base)
        return fetch->base;
    return variable && *variable ? variable : PUBLISHED_BASE;
}

static int prepare(const struct fetch *fetch, struct job *job, struct error *err)
{
    const struct backbone_family *family;
    char name[NAME_BYTES];
    if (!backbone_find(fetch->arch, &family, err) || choose(fetch, &job->what, err) ||
        published_hash(job->what.file, job->hash, err) || make_url(base_of(fetch), job->what.file, job->url, err))
        return -1;
    name_import(&job->what, name);
    return file_make_folders(&job->folders, fetch->folder, err) ||
                   file_join(job->path, fetch->folder, job->what.file, err) ||
                   file_join(job->out, fetch->folder, name, err)
               ? -1
               : 0;
}

/* -- the work ----------------------------------------------------------------------------------------------------- */

/* Whether the file has been imported already: 1 or 0; -1: another file is in its place. */
static int is_imported(const struct job *job, struct error *err)
{
    struct weights_info info;
    if (access(job->out, F_OK))
        return 0;
    struct weights_file *file = weights_open(job->out, &info, err);
    weights_close(file);
    if (!file)
        return -1;
    if (strncmp(info.sha256, job->hash, strlen(job->hash)) == 0)
        return 1;
    return error_set(err, "\"%s\" exists and was not imported from \"%s\"; move it away, or choose another --to",
                     job->out, job->what.file);
}

static void show_download(const struct job *job, const struct download_result *result)
{
    if (result->was_there)
        printf("%s: exists already", TEXT_SHOWN(job->path));
    else
        printf("%s: %.2f MB", TEXT_SHOWN(job->path), (double)result->bytes / 1e6);
    if (!result->was_there && result->kept)
        printf(", the first %.2f MB from an earlier download", (double)result->kept / 1e6);
    printf("; its SHA-256 begins with %s\n", job->hash);
}

/* The side that the weights file must hold: 0 if it is the network's usual one, or not known. */
static int own_side(const struct published *what)
{
    const struct backbone_family *family;
    struct error unused;
    const struct backbone_variant *variant = backbone_find(what->arch, &family, &unused);
    return variant && what->side != (variant->input.h ? variant->input.h : MODEL_SIDE) ? what->side : 0;
}

static int import(const struct fetch *fetch, const struct job *job, const struct download_result *result,
                  struct error *err)
{
    char source[sizeof((struct weights_info *)0)->source];
    const struct weights_import what = {.path = job->path,
                                        .out = job->out,
                                        .arch = job->what.arch,
                                        .sha256 = result->sha256,
                                        .source = download_show_url(job->url, source, sizeof source),
                                        .accuracy = job->what.accuracy,
                                        .input = {.h = own_side(&job->what), .w = own_side(&job->what)},
                                        .transform_input =
                                            backbone_has_transform(job->what.arch) ? TRANSFORM_YES : TRANSFORM_USUAL};
    struct weights_imported imported;
    if (weights_import(&what, &imported, err))
        return EXIT_USAGE;
    if (!fetch->common.quiet) {
        printf("%s: %s, %d tensors, %d classes\n", TEXT_SHOWN(job->out), imported.info.arch, imported.tensor_count,
               class_count(imported.info.classes));
        struct model_note notes[MODEL_NOTES_MAX];
        notes_print(job->out, notes, model_weights_notes(&imported.info, notes), stdout);
    }
    return EXIT_DONE;
}

/* If no server could be reached, adds to the error how to import a file that was downloaded elsewhere. */
static int say_what_helps(const struct job *job, const struct download_result *result, struct error *err)
{
    const struct error why = *err;
    if (result->is_unreachable && strncmp(job->url, "http", 4) == 0)
        error_set(err, "%s; bring the file by other means, then: cambench import weights %s --arch %s --out %s",
                  why.text, job->what.file, job->what.arch, job->out);
    return EXIT_USAGE;
}

static int fetch_weights(const struct fetch *fetch, const struct job *job, struct error *err)
{
    struct download_result result;
    const struct download download = {.url = job->url,
                                      .path = job->path,
                                      .sha256 = job->hash,
                                      .stall_seconds = fetch->stall_seconds,
                                      .stop = &interrupt_has_come,
                                      .stream = fetch->common.quiet ? NULL : stderr,
                                      .is_terminal = isatty(STDERR_FILENO)};
    switch (download_file(&download, &result, err)) {
    case DOWNLOAD_DONE:
        if (!fetch->common.quiet)
            show_download(job, &result);
        return import(fetch, job, &result, err);
    case DOWNLOAD_STOPPED:
        fprintf(stderr, "cambench: interrupted; the same command goes on from %.2f MB\n", (double)result.bytes / 1e6);
        return EXIT_INTERRUPTED;
    default:
        return say_what_helps(job, &result, err);
    }
}

static int obtain(const struct fetch *fetch, const struct job *job, struct error *err)
{
    const int imported = is_imported(job, err);
    if (imported < 0)
        return EXIT_USAGE;
    if (imported == 0)
        return fetch_weights(fetch, job, err);
    if (!fetch->common.quiet)
        printf("%s: exists already, imported from %s\n", TEXT_SHOWN(job->out), job->what.file);
    return EXIT_DONE;
}

static int check(const struct fetch *fetch, struct error *err)
{
    char shown[NAME_BYTES];
    if (strcmp(fetch->kind, "weights") != 0)
        return error_set(err, "cannot fetch \"%s\"; allowed: weights",
                         text_printable(fetch->kind, shown, sizeof shown));
    if (!fetch->arch)
        return error_set(err, "fetch weights needs an architecture (cambench list backbones)");
    if (fetch->file && fetch->training)
        return error_set(err, "either --weights or --file says which file is meant");
    return 0;
}

static int run(int argc, char **argv, struct error *err)
{
    struct fetch fetch = {.folder = ".", .stall_seconds = DOWNLOAD_STALL_SECONDS};
    struct job job = {0};
    const int status = options_parse(&usage, argc, argv, &fetch.common, &fetch, err);
    if (status)
        return options_exit(status);
    if (check(&fetch, err))
        return EXIT_USAGE;
    if (prepare(&fetch, &job, err)) {
        file_remove_folders(&job.folders);
        return EXIT_USAGE;
    }
    interrupt_catch();
    const int code = obtain(&fetch, &job, err);
    file_remove_folders(&job.folders); /* removes only empty ones */
    return code;
}

const struct command command_fetch = {
    .name = "fetch",
    .summary = "download published weights, verify and import them",
    .group = COMMAND_DATA,
    .run = run,
};
