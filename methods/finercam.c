/*
 * methods/finercam.c - Finer-CAM. Zhang et al., "Finer-CAM: Spotting the Difference Reveals Finer Details for Visual
 * Explanation", CVPR 2025, arXiv:2501.11309. A gradient method explains the difference between the class and classes
 * that are hard to tell from it.
 *
 * The references D are the T other classes whose logits are nearest to the class's; of equal distances the lower index.
 *     mean:      f = y_c - gamma / T sum_d y_d
 *     weighted:  f = sum_d p_d (y_c - gamma y_d) / (sum_d p_d + 1e-9), with p differentiated too
 * f replaces the logit in the wrapped method. gamma 0, or no other class, leaves the logit.
 */
#include "methods/method.h"

#include <stdlib.h>

#define CLASSES_TEXT_MAX 256
#define WEIGHTED_EPS 1e-9

enum aggregate { AGGREGATE_MEAN, AGGREGATE_WEIGHTED };

struct finercam {
    struct param_named base;
    int references, aggregate;
    double gamma;
    char classes[CLASSES_TEXT_MAX];
};

extern const struct method method_finercam;

/* -- the objective -------------------------------------------------------------------------------------------------- */

struct objective {
    int klass, count;
    int *references; /* [count], in ascending order */
    double gamma;
    bool is_weighted;
};

/* With S = sum_d p_d r_d, r_d = y_c - gamma y_d, P = sum_d p_d + eps: f = S / P, and dp_d/dy_j = p_d ([d = j] - p_j). */
static void weighted_cotangent(const struct objective *o, const float *y, const float *p, int classes, float *q)
{
    double sum = 0, whole = 0;
    for (int i = 0; i < o->count; i++) {
        const int d = o->references[i];
        whole += p[d];
        sum += p[d] * (y[o->klass] - o->gamma * y[d]);
    }
    const double scale = whole + WEIGHTED_EPS, f = sum / scale;
    const double shift = (sum - f * whole) / scale; /* sum_d p_d (r_d - f) / P */
    for (int j = 0; j < classes; j++)
        q[j] = (float)(-p[j] * shift + (j == o->klass ? whole / scale : 0));
    for (int i = 0; i < o->count; i++) {
        const int d = o->references[i];
        const double r = y[o->klass] - o->gamma * y[d];
        q[d] = (float)(q[d] + p[d] * (r - f - o->gamma) / scale);
    }
}

static void cotangent(const void *context, const float *logits, const float *probabilities, int classes, float *q)
{
    const struct objective *o = context;
    const bool has_references = o->count > 0 && o->gamma > 0;
    if (has_references && o->is_weighted) {
        weighted_cotangent(o, logits, probabilities, classes, q);
        return;
    }
    for (int i = 0; i < o->count && has_references; i++)
        q[o->references[i]] = (float)(-o->gamma / o->count);
    q[o->klass] = 1;
}

/* -- references ----------------------------------------------------------------------------------------------------- */

/* Marks the other classes nearest to the class, at most `most`. */
static void mark_nearest(struct cam *cam, int most, bool *is_reference)
{
    const float *y = cam_logits(cam);
    const int c = cam_class(cam), classes = cam_classes(cam);
    for (int n = 0; n < most; n++) {
        int nearest = -1;
        for (int k = 0; k < classes; k++)
            if (k != c && !is_reference[k] && (nearest < 0 || fabsf(y[k] - y[c]) < fabsf(y[nearest] - y[c])))
                nearest = k;
        if (nearest < 0)
            return;
        is_reference[nearest] = true;
    }
}

/* The next number of "12,51", or -1: it is not one. */
static long next_class(const char **text)
{
    char *end;
    if (**text < '0' || **text > '9')
        return -1;
    const long klass = strtol(*text, &end, 10);
    if (*end && (*end != ',' || !end[1]))
        return -1;
    *text = end + (*end == ',');
    return klass;
}

/* Marks the classes that are given, without the one that is explained. */
static int mark_given(struct cam *cam, const char *text, bool *is_reference)
{
    while (*text) {
        const long klass = next_class(&text);
        if (klass < 0 || klass >= cam_classes(cam))
            return cam_fail(cam, "parameter \"classes\" names class %ld; the network has the classes 0 to %d", klass,
                            cam_classes(cam) - 1);
        is_reference[klass] = klass != cam_class(cam);
    }
    return 0;
}

static int find_references(struct cam *cam, const struct finercam *p, struct objective *out)
{
    const int classes = cam_classes(cam);
    bool *is_reference = cam_alloc(cam, (size_t)classes, sizeof *is_reference);
    out->references = cam_alloc(cam, (size_t)classes, sizeof *out->references);
    if (!is_reference || !out->references)
        return -1;
    if (p->classes[0]) {
        if (mark_given(cam, p->classes, is_reference))
            return -1;
    } else {
        mark_nearest(cam, p->references, is_reference);
    }
    for (int k = 0; k < classes; k++)
        if (is_reference[k])
            out->references[out->count++] = k;
    return 0;
}

/* -- the method ----------------------------------------------------------------------------------------------------- */

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    return cam_base_form(cam, &((const struct finercam *)params)->base, form);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct finercam *p = params;
    struct objective objective = {
        .klass = cam_class(cam), .gamma = p->gamma, .is_weighted = p->aggregate == AGGREGATE_WEIGHTED};
    struct base_map own;
    if (find_references(cam, p, &objective))
        return -1;
    struct cam *finer = cam_with_objective(cam, cotangent, &objective);
    if (!finer || cam_explain_base(finer, &p->base, &own))
        return -1;
    memcpy(map, own.data, (size_t)own.form.h * (size_t)own.form.w * sizeof *map);
    return 0;
}

/* Whether a method's map follows from the gradient of a score, or from maps that do. */
static bool is_gradient_method(const struct param_named *base)
{
    const struct method *method = cam_base_method(base);
    if (method == &method_finercam)
        return false;
    for (const struct param *row = method->params; method->group == METHOD_META && row && row->name; row++)
        if (row->type == PARAM_TYPE_NAMED)
            return is_gradient_method(param_named(row, base->params));
    return method->group == METHOD_GRADIENT;
}

static int check_score(void *context, const struct param *row, const void *in, const struct param *top,
                       struct error *err)
{
    char score[32];
    (void)context, (void)top;
    if (strcmp(row->name, "score") != 0)
        return 0;
    param_format(row, in, score, sizeof score);
    return strcmp(score, "logit") == 0
               ? 0
               : error_set(err, "finercam replaces the logit; score of its base must be logit, not %s", score);
}

static int check(const void *params, struct error *err)
{
    const struct finercam *p = params;
    for (const char *text = p->classes; *text;)
        if (next_class(&text) < 0)
            return error_set(err, "parameter \"classes\" is \"%s\"; it must be class numbers, \"12,51\"", p->classes);
    if (!is_gradient_method(&p->base))
        return error_set(err, "parameter \"base\" of finercam is \"%s\"; it must be a gradient method such as gradcam",
                         p->base.name);
    return param_visit(p->base.rows, p->base.params, check_score, NULL, err);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    return cam_base_cost(&((const struct finercam *)params)->base, layer, input);
}

static const struct param params[] = {
    PARAM_METHOD(struct finercam, base, "gradcam", "the gradient method that explains the difference"),
    PARAM_INT(struct finercam, references, 3, 1, 65535, "number of other classes, those with the nearest logits"),
    PARAM_FLOAT(struct finercam, gamma, 0.6, 0, 5, "weight of the other classes' logits; 0: the base's map"),
    PARAM_ENUM(struct finercam, aggregate, "mean|weighted",
               "the other classes' logits count equally, or by their probabilities"),
    PARAM_TEXT(struct finercam, classes, "", "the other classes by number, such as \"12,51\", instead of the nearest"),
    {0}};

const struct method method_finercam = {
    .abi = METHOD_ABI,
    .name = "finercam",
    .title = "Finer-CAM",
    .year = 2025,
    .source = "zhang2025finercam",
    .version = 1,
    .group = METHOD_META,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam FinerCAM; torch-cam FinerCAM; authors' Finer-CAM",
    .passes = "those of its base",
    .params = params,
    .params_size = sizeof(struct finercam),
    .cost = cost,
    .check = check,
    .explain = explain,
    .form = form,
};
