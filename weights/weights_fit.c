/* weights/weights_fit.c - finds the network that fits exactly, or the nearest one, by names, heads and widths. */
#include "weights/weights_matcher.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FITS_MAX 8
#define NEAR 0.3 /* least share of names and shapes: with less it is another kind of network */

/* The kernel of the first convolution shows the channels of the input, and a stem for small pictures. */
static void read_first_layer(const struct network_names *network, struct fit *fit)
{
    const struct parameter *own = &network->list[0];
    const struct weight *weight = matcher_find(&fit->weights, own->name);
    if (!weight || weight->rank != 4 || own->rank != 4)
        return;
    if (weight->dim[1] <= PICTURE_CHANNELS_MAX)
        fit->options.channels = weight->dim[1];
    if (network->has_stem && weight->dim[2] == 3 && weight->dim[3] == 3)
        fit->options.stem = STEM_SMALL;
}

static int make_fit(struct matcher *matcher, int network, const struct name_index *indices, struct fit *fit,
                    struct error *err)
{
    double share;
    int naming;
    const struct network_names *names = &matcher->networks[network];
    const char *twin = fit->twin;
    *fit = (struct fit){.arch = names->arch, .is_timm = names->is_timm, .twin = twin};
    fit->known = matcher_likeness(matcher, network, indices, &share, &naming);
    fit->naming = &namings[naming];
    fit->weights = matcher->named[naming].weights;
    if (matcher_take_head(matcher->source, names, fit, err))
        return -1;
    fit->options = (struct backbone_options){.classes = matcher_find_classes(names, &fit->weights),
                                             .width = 1,
                                             .height = MATCHER_SIDE,
                                             .width_px = MATCHER_SIDE};
    read_first_layer(names, fit);
    return 0;
}

/* True if names and shapes are exactly those of the network, at any width. */
static bool is_exact(struct fit *fit, const struct network_names *network, struct error *lost)
{
    if (fit->weights.count != network->count || fit->known + (fit->head[0] ? 2 : 0) != fit->weights.count)
        return false;
    fit->options.width = matcher_find_width(fit->arch, &fit->options, &fit->weights, lost);
    return matcher_fits(fit->arch, &fit->options, &fit->weights, lost);
}

/* Finds the nearest network by names and shapes; there may be none. */
static int refuse_all(struct matcher *matcher, const struct name_index *indices, struct error *err)
{
    double most = 0;
    int nearest = 0;
    for (int n = 0; n < matcher->count; n++) {
        double share;
        int naming;
        matcher_likeness(matcher, n, indices, &share, &naming);
        share += matcher_shape_likeness(&matcher->networks[n], &matcher->named[naming].weights, matcher->source->arena);
        if (share > most) {
            most = share;
            nearest = n;
        }
    }
    struct fit fit = {0};
    struct error why;
    const struct weights *weights = &matcher->named[0].weights;
    char shown[128], shape[64];
    if (most > 2 * NEAR) {
        if (make_fit(matcher, nearest, indices, &fit, err))
            return -1;
        if (matcher_explain_misfit(&matcher->networks[nearest], &fit, &why))
            return error_set(err, "do not fit any network here; the nearest: they %s", why.text);
    }
    if (!weights->count)
        return error_set(err, "do not fit any network here: there are no tensors");
    return error_set(err, "do not fit any network here, and are not similar to one: %d tensors, the first \"%s\" %s",
                     weights->count, text_printable(weights->list[0].name, shown, sizeof shown),
                     matcher_shape_text(&weights->list[0], shape));
}

/* The networks that fit exactly. */
struct fits {
    int count;
    struct fit list[FITS_MAX];
};

/* Adds a fit; networks of width 1 come before others, of which the first counts. */
static void add_fit(struct fits *fits, const struct fit *fit)
{
    if (fits->count && fits->list[0].options.width != 1 && fit->options.width == 1)
        fits->count = 0;
    if (fits->count < FITS_MAX && (!fits->count || fit->options.width == 1))
        fits->list[fits->count++] = *fit;
}

static int refuse_several(const struct fits *fits, struct error *err)
{
    char names[512] = "";
    size_t used = 0;
    for (int i = 0; i < fits->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 i == 0                 ? ""
                                 : i == fits->count - 1 ? " and "
                                                        : ", ",
                                 fits->list[i].arch);
    return error_set(err, "fit %s%s, and no tensor shows which they are of: choose one with --arch",
                     fits->count == 2 ? "both " : "", names);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Of several networks that fit, the one with the longest name that is part of the file's name. */
static int choose_fit(const struct matcher *matcher, const struct fits *fits, struct fit *best, struct error *err)
{
    const char *name = file_name(matcher->source->file->path);
    size_t longest = 0;
    for (int i = 0; i < fits->count; i++) {
        const struct fit *fit = &fits->list[i];
        if (strlen(fit->arch) <= longest || !text_has_name(name, fit->arch))
            continue;
        longest = strlen(fit->arch);
        *best = *fit;
    }
    best->is_by_file_name = true;
    return longest ? 0 : refuse_several(fits, err);
}

/* timm's networks are found by timm's names of tensors, or by their own name in that of the file. */
static bool may_be(const struct matcher *matcher, const struct fit *fit)
{
    return !fit->is_timm || fit->naming != &namings[0] ||
           text_has_name(file_name(matcher->source->file->path), fit->arch);
}

/* Finds the only network that fits exactly; networks without a width multiplier come first. */
static int match_any(struct matcher *matcher, const struct name_index *indices, struct fit *best, struct error *err)
{
    struct fits fits = {0};
    for (int n = 0; n < matcher->count; n++) {
        struct fit fit = {.twin = best->twin};
        if (make_fit(matcher, n, indices, &fit, err))
            return -1;
        struct error lost = {0};
        const bool is_fit = is_exact(&fit, &matcher->networks[n], &lost);
        if (lost.is_system) {
            *err = lost;
            return -1;
        }
        if (is_fit && may_be(matcher, &fit))
            add_fit(&fits, &fit);
    }
    if (!fits.count)
        return refuse_all(matcher, indices, err);
    *best = fits.list[0];
    return fits.count == 1 ? 0 : choose_fit(matcher, &fits, best, err);
}

static int match(struct matcher *matcher, const char *key, struct fit *fit, struct error *err)
{
    struct name_index indices[NAMING_COUNT];
    if (matcher_add_networks(matcher, err) || source_collect(matcher->source, err) ||
        matcher_choose_group(matcher, key, fit, err) || matcher_index_names(matcher, indices, err))
        return -1;
    if (!matcher->arch)
        return match_any(matcher, indices, fit, err);
    return status_of(make_fit(matcher, 0, indices, fit, err) ||
                     matcher_explain_misfit(&matcher->networks[0], fit, err));
}

int weights_match(struct weights_source *source, const char *arch, const char *key, struct fit *fit, struct error *err)
{
    struct matcher matcher = {.source = source, .arch = arch};
    *fit = (struct fit){0};
    const int status = match(&matcher, key, fit, err);
    source->named_count = source->count;
    source->count = status ? source->count : fit->weights.count;
    return status;
}
