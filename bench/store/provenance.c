/* bench/store/provenance.c - compares parts of programs and describes the differences in words. */
#include "bench/store/provenance.h"

#include "bench/store/digests.h"
#include "bench/store/store.h"

#include <nettle/sha2.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VARIANTS_MAX = 8, WORDS_MAX = 4 };

const char *program_digest(const char *kind, const char *name)
{
    for (const struct digest *row = digests; row->kind; row++)
        if (strcmp(row->kind, kind) == 0 && strcmp(row->name, name) == 0)
            return row->sha256;
    return "";
}

/* -- comparing ----------------------------------------------------------------------------------------------------- */

bool program_counts(const struct program_part *part, const struct store_names *names, int backbone, int method)
{
    if (strcmp(part->kind, "backbone") == 0)
        return strcmp(part->name, names->lists[STORE_BACKBONES].names[backbone]) == 0;
    if (strcmp(part->kind, "method") == 0)
        return strcmp(part->name, names->lists[STORE_METHODS].names[method]) == 0;
    return true;
}

/* The program's digest of a part; NULL: it does not have the part, or it has no digests (program NULL). */
static const char *part_of(const struct program *program, const struct program_part *wanted)
{
    for (int i = 0; program && i < program->part_count; i++)
        if (strcmp(program->parts[i].kind, wanted->kind) == 0 && strcmp(program->parts[i].name, wanted->name) == 0)
            return program->parts[i].digest;
    return NULL;
}

static const struct program *program_of(const struct programs *programs, const struct program_use *use)
{
    return use->program < 0 ? NULL : &programs->list[use->program];
}

/*
 * Whether a program lacks a part because its run had another list of metrics: it measured no value of that metric, and a
 * run that has gained the metric measures it with other programs.
 */
static bool did_not_measure(const struct program *program, const struct program_part *part)
{
    return program && strcmp(part->kind, "metric") == 0 && !part_of(program, part);
}

static bool part_differs(const struct program *other, const struct program_part *part)
{
    const char *digest = part_of(other, part);
    return !did_not_measure(other, part) && (!digest || strcmp(digest, part->digest) != 0);
}

bool program_differs(const struct program *other, const struct program *here, const struct store_names *names,
                     int backbone, int method)
{
    for (int i = 0; i < here->part_count; i++)
        if (program_counts(&here->parts[i], names, backbone, method) && part_differs(other, &here->parts[i]))
            return true;
    return false;
}

/* -- texts --------------------------------------------------------------------------------------------------------- */

/* Appends to a text in the arena; the text becomes NULL if there is no memory. */
__attribute__((format(printf, 3, 4))) static void append(struct arena *arena, const char **text, const char *format,
                                                         ...)
{
    char more[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(more, sizeof more, format, list);
    va_end(list);
    *text = *text ? arena_format(arena, "%s%s", *text, more) : NULL;
}

/* Appends `the source of method "gradcam"` or `the shared source of nn/`. */
static void append_part(struct arena *arena, const char **text, const struct program_part *part)
{
    if (strcmp(part->kind, "room") == 0)
        append(arena, text, "the shared source of %s/", part->name);
    else
        append(arena, text, "the source of %s \"%.200s\"", part->kind, part->name);
}

static bool changes_maps(const struct programs *programs, const struct program_part *part,
                         const struct store_names *names)
{
    for (int i = 0; i < programs->use_count; i++) {
        const struct program_use *use = &programs->uses[i];
        if (use->program >= 0 && program_counts(part, names, use->backbone, use->method) &&
            part_differs(program_of(programs, use), part))
            return true;
    }
    return false;
}

int program_changes(const struct programs *programs, const struct program *here, const struct store_names *names,
                    struct arena *arena, const char **words, size_t *maps, struct error *err)
{
    int said = 0;
    size_t unknown = 0;
    *maps = 0;
    *words = "";
    for (int i = 0; i < programs->use_count; i++) {
        const struct program_use *use = &programs->uses[i];
        if (program_differs(program_of(programs, use), here, names, use->backbone, use->method))
            *maps += use->maps;
        unknown += use->program < 0 ? use->maps : 0;
    }
    if (unknown) {
        append(arena, words, "they were measured by a program that left no digests of its sources");
        said++;
    }
    for (int i = 0; i < here->part_count; i++) {
        if (!changes_maps(programs, &here->parts[i], names))
            continue;
        if (said++ < WORDS_MAX) {
            append(arena, words, "%s", said > 1 ? ", " : "");
            append_part(arena, words, &here->parts[i]);
            append(arena, words, " has changed");
        }
    }
    if (said > WORDS_MAX)
        append(arena, words, " and %d more", said - WORDS_MAX);
    if (!*words)
        return error_memory(err, "what has changed");
    if (*maps == 0)
        *words = NULL;
    return 0;
}

/* -- maps of several programs -------------------------------------------------------------------------------------- */

/* The different digests of a part (or sets of kernels), and the number of maps measured with each. */
struct variants {
    int count;
    struct {
        const char *what;
        size_t maps;
    } list[VARIANTS_MAX];
};

static void add_variant(struct variants *variants, const char *what, size_t maps)
{
    int i = 0;
    while (i < variants->count && strcmp(variants->list[i].what, what) != 0)
        i++;
    if (i == VARIANTS_MAX)
        return;
    if (i == variants->count)
        variants->list[variants->count++].what = what;
    variants->list[i].maps += maps;
}

/* Lists the variants of a part; part NULL: the known sets of kernels. */
static void find_variants(const struct programs *programs, const struct program_part *part,
                          const struct store_names *names, struct variants *out)
{
    *out = (struct variants){0};
    for (int i = 0; i < programs->use_count; i++) {
        const struct program_use *use = &programs->uses[i];
        const struct program *program = program_of(programs, use);
        if (part && did_not_measure(program, part))
            continue;
        if (part && program_counts(part, names, use->backbone, use->method)) {
            const char *digest = part_of(program, part);
            add_variant(out, digest ? digest : "unknown", use->maps);
        } else if (!part && program && *program->kernels) {
            add_variant(out, program->kernels, use->maps);
        }
    }
}

/* Appends "1a2b3c4d5e6f (12 maps), unknown (12 maps)". */
static void append_variants(struct arena *arena, const char **text, const struct variants *variants)
{
    for (int i = 0; i < variants->count; i++)
        append(arena, text, "%s%.*s (%zu map%s)", i ? ", " : "", DIGEST_SHOWN, variants->list[i].what,
               variants->list[i].maps, variants->list[i].maps == 1 ? "" : "s");
}

/* Whether an earlier program of the list, or an earlier part of this one, has the same part. */
static bool is_known(const struct programs *programs, int program, int part)
{
    for (int i = 0; i < program; i++)
        if (part_of(&programs->list[i], &programs->list[program].parts[part]))
            return true;
    return false;
}

/*
 * Returns `2 programs contributed: the source of method "gradcam" is 1a2b3c4d5e6f (12 maps), ...`; "" if only one did.
 */
static const char *say_sources(const struct programs *programs, const struct store_names *names, struct arena *arena)
{
    int said = 0, most = 0;
    const char *text = "";
    struct variants variants;
    for (int p = 0; p < programs->count; p++)
        for (int i = 0; i < programs->list[p].part_count; i++) {
            const struct program_part *part = &programs->list[p].parts[i];
            if (is_known(programs, p, i))
                continue;
            find_variants(programs, part, names, &variants);
            if (variants.count < 2)
                continue;
            most = variants.count > most ? variants.count : most;
            if (said++ >= WORDS_MAX)
                continue;
            append(arena, &text, "%s", said > 1 ? "; " : "");
            append_part(arena, &text, part);
            append(arena, &text, " is ");
            append_variants(arena, &text, &variants);
        }
    if (said > WORDS_MAX)
        append(arena, &text, "; and %d more differ", said - WORDS_MAX);
    return said && text ? arena_format(arena, "%d programs contributed: %s", most, text) : text;
}

static const char *say_kernels(const struct programs *programs, struct arena *arena)
{
    const char *text = "";
    struct variants variants;
    find_variants(programs, NULL, NULL, &variants);
    if (variants.count < 2)
        return text;
    append(arena, &text, "%d sets of kernels contributed, whose bits differ: ", variants.count);
    append_variants(arena, &text, &variants);
    return text;
}

int program_mixture(const struct programs *programs, const struct store_names *names, struct arena *arena,
                    const char *const **sentences, struct error *err)
{
    const char **list = arena_alloc(arena, 3, sizeof *list);
    const char *all[] = {say_sources(programs, names, arena), say_kernels(programs, arena)};
    int count = 0;
    if (!list || !all[0] || !all[1])
        return error_memory(err, "the run's programs");
    for (int i = 0; i < 2; i++)
        if (*all[i])
            list[count++] = all[i];
    *sentences = list;
    return 0;
}

/* -- two runs ------------------------------------------------------------------------------------------------------ */

/* The digest to show; "several" if maps were measured with different ones; "" if it is not known. */
static const char *shown_variant(const struct variants *variants)
{
    return variants->count == 0 ? "" : variants->count > 1 ? "several" : variants->list[0].what;
}

static const char *say_cause(const struct program_part *part, const char *was, const char *is, struct arena *arena)
{
    const char *text = "";
    append_part(arena, &text, part);
    append(arena, &text, " has changed: %.*s in the base, now %.*s", DIGEST_SHOWN, was, DIGEST_SHOWN, is);
    return text;
}

/* Lists the parts whose digests differ; the new run's first program is assumed to have all parts. */
static int list_causes(const struct programs *base, const struct store_names *base_names, const struct programs *now,
                       const struct store_names *now_names, struct arena *arena, const char **list)
{
    int count = 0;
    for (int i = 0; i < now->list[0].part_count; i++) {
        const struct program_part *part = &now->list[0].parts[i];
        struct variants was, is;
        find_variants(base, part, base_names, &was);
        find_variants(now, part, now_names, &is);
        const char *before = shown_variant(&was), *after = shown_variant(&is);
        if (!part_of(&base->list[0], part) || !*before || !*after || strcmp(before, after) == 0)
            continue;
        if (!(list[count++] = say_cause(part, before, after, arena)))
            return -1;
    }
    return 0;
}

int program_causes(const struct programs *base, const struct store_names *base_names, const struct programs *now,
                   const struct store_names *now_names, struct arena *arena, const char *const **sentences,
                   struct error *err)
{
    const int most = now->count ? now->list[0].part_count : 0;
    const char **list = arena_alloc(arena, (size_t)most + 2, sizeof *list);
    *sentences = list;
    if (!list)
        return error_memory(err, "the comparison");
    if (base->count && now->count)
        return list_causes(base, base_names, now, now_names, arena, list) ? error_memory(err, "the comparison") : 0;
    if (base->count || now->count)
        list[0] = base->count ? "the new run has no digests of the sources that it was measured with"
                              : "the base has no digests of the sources that it was measured with";
    return 0;
}

const char *program_kernels(const struct programs *programs, struct arena *arena)
{
    struct variants variants;
    const char *text = "";
    find_variants(programs, NULL, NULL, &variants);
    for (int i = 0; i < variants.count; i++)
        append(arena, &text, "%s%s", i ? " and " : "", variants.list[i].what);
    return text;
}

/* The first digits of the SHA-256 of all parts, written as lines in the order of their list. */
static void whole_digest(const struct program *program, char text[DIGEST_SHOWN + 1])
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    sha256_init(&context);
    for (int i = 0; i < program->part_count; i++) {
        const char *const words[] = {program->parts[i].kind, program->parts[i].name, program->parts[i].digest};
        for (int w = 0; w < 3; w++)
            sha256_update(&context, strlen(words[w]) + 1, (const unsigned char *)words[w]);
    }
    sha256_digest(&context, sizeof digest, digest);
    for (int i = 0; i < DIGEST_SHOWN / 2; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static bool has_maps(const struct programs *programs, int position)
{
    for (int i = 0; i < programs->use_count; i++)
        if (programs->uses[i].program == position)
            return true;
    return false;
}

const char *program_text(const struct programs *programs, struct arena *arena)
{
    const char *text = "";
    for (int i = 0; i < programs->count && text; i++) {
        const struct program *program = &programs->list[i];
        char digest[DIGEST_SHOWN + 1];
        if (!has_maps(programs, i))
            continue;
        whole_digest(program, digest);
        append(arena, &text, "%scambench %.64s%s%.64s, sources %s", *text ? " and " : "", program->version,
               *program->commit ? ", commit " : "", program->commit, digest);
    }
    return text;
}
