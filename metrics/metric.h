/*
 * metrics/metric.h - what a metric is and the evidence that it may request.
 *
 * A metric is one file that includes this header and defines `const struct metric metric_NAME`; the build finds that
 * line. It measures one map (`measure`), or combines data-set means of other metrics (`parts`, `combine`).
 * Evidence is computed when a metric requests it, once, and shared by all metrics and protocols. Percentages are stored
 * as fractions (`is_percent`). A value that does not exist is undefined, with a reason; it is never NaN.
 *
 * Requests do not depend on values: what a metric requests follows from its parameters, the protocol, the sizes of the
 * maps and whether there is truth, never from a map, a probability or a random number. So a run is estimated by
 * counting the requests of made-up evidence; metrics/evidence_probe.h checks the rule.
 */
#ifndef METRICS_METRIC_H
#define METRICS_METRIC_H

#include "base/cost.h"
#include "base/error.h"
#include "base/numbers.h"
#include "base/param.h"
#include "base/random.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evidence;

/* Version of struct metric and of the functions below; raised when metrics must be changed to fit them. */
#define METRIC_ABI 1

struct value {
    double number;
    const char *undefined; /* NULL: defined; else a short reason, a constant string: "zero_p" */
    const char *flag;      /* NULL, or the rule that gave the number: "flat_pearson" */
};

/* LIF: deletion in the reverse order, the map's worst pixels first. */
enum curve_kind { CURVE_NONE, CURVE_INSERTION, CURVE_DELETION, CURVE_STAGES, CURVE_LIF, CURVE_KINDS };

enum metric_direction { METRIC_HIGHER_IS_BETTER, METRIC_LOWER_IS_BETTER };

#define METRIC_PARTS_MAX 4

struct metric {
    int abi;           /* METRIC_ABI */
    const char *name;  /* key in configs and results; the file's name */
    const char *title; /* as printed: "Average Drop" */
    const char *unit;  /* "%", "s", "passes", "" */
    bool is_percent;   /* stored as fraction, printed times 100 */
    double min, max;   /* range of the stored number */
    enum metric_direction direction;
    int year;
    const char *source; /* key in docs/references.bib */
    int version;        /* raised when equal input gives other numbers */
    bool is_cost;       /* may differ from run to run: left out of summary.csv and printed as a cost */
    /*
     * Compares the map with masks or boxes, which the image set must have; report.meta ranks others by the first such.
     */
    bool is_truth;
    /*
     * The value is evidence_curve_area() of this kind, and the curve is stored too. STAGES: a curve that the metric
     * keeps by evidence_keep_curve(), of a number by the share of the stages of the network that are altered.
     */
    enum curve_kind curve;
    const struct param *params;
    size_t params_size;
    /* Fills value: one image, one method, one protocol. Returns 0, or -1 with err (not for undefined values). */
    int (*measure)(struct evidence *evidence, const void *params, struct value *value, struct error *err);
    const char *parts[METRIC_PARTS_MAX + 1]; /* metrics that it uses; a run measures them too; ends with NULL */
    /* Used if measure is NULL. means: those of `parts`, over the images where all of them are defined. */
    double (*combine)(const double *means);
    /*
     * For a number of the whole image set that is not a mean: measure() writes an image's counts (evidence_counts())
     * and a value, whose number is not used. combine_counts() makes the number from their sums over n images, also in
     * every bootstrap draw; NAN: undefined. Such a metric has no value per image, and no metric may request one.
     */
    size_t (*count_length)(const void *params);
    double (*combine_counts)(const void *params, const double *sums, int n);
    /*
     * For a metric of which a parameter decides what is measured: the title, unit, range and direction that these
     * parameters have, in a metric that is otherwise unused. NULL: its own.
     */
    const struct metric *(*form)(const void *params);
};

static inline const struct metric *metric_form(const struct metric *metric, const void *params)
{
    return metric->form ? metric->form(params) : metric;
}

/* The program's own metrics, sorted by name; written by the build; ends with NULL. Plugins add to metrics_all(). */
extern const struct metric *const metrics[];

/* One image (H,W) of floats, row-major. */
struct map {
    int h, w;
    const float *data;
};

/* -- inputs: the original image and changed ones ---------------------------------------------------------------- */

/*
 * Writes changed input `index` (C,H,W) of the image x (C,H,W), both normalised. The same index gives the same input;
 * keeps no state, since several threads may call it at once.
 */
typedef void evidence_source(void *context, int index, const float *x, float *out);

enum evidence_kind {
    EVIDENCE_OF_ORIGINAL,
    EVIDENCE_OF_EXPLANATION,
    EVIDENCE_OF_REST,
    EVIDENCE_OF_SOURCE,
    EVIDENCE_OF_SHARED,
    EVIDENCE_KINDS
};

struct evidence_input {
    enum evidence_kind kind;
    /* for EVIDENCE_OF_SOURCE and EVIDENCE_OF_SHARED: inputs first..first+count-1 of the source */
    evidence_source *source;
    void *context;
    int first, count;
};

#define EVIDENCE_ORIGINAL ((struct evidence_input){.kind = EVIDENCE_OF_ORIGINAL})       /* x */
#define EVIDENCE_EXPLANATION ((struct evidence_input){.kind = EVIDENCE_OF_EXPLANATION}) /* x*m, as the protocol masks */
#define EVIDENCE_REST ((struct evidence_input){.kind = EVIDENCE_OF_REST})               /* x*(1-m), likewise */
#define EVIDENCE_SOURCE(source, context, first, count) \
    ((struct evidence_input){EVIDENCE_OF_SOURCE, source, context, first, count})
/*
 * A source whose inputs follow from x, the metric's parameters and evidence_random() alone, never from a map, a method
 * or the protocol: what the network says of them is measured once for all methods and protocols of the image. The source
 * is called in that case only. It has no maps.
 */
#define EVIDENCE_SHARED(source, context, first, count) \
    ((struct evidence_input){EVIDENCE_OF_SHARED, source, context, first, count})

/* The network's input x (C,H,W), normalised. */
const float *evidence_image(struct evidence *evidence);

/* -- maps --------------------------------------------------------------------------------------------------------- */

/* The saliency map m (H,W) of the image, after the protocol's post-processing; in [0,1] unless enlarged bicubically. */
struct map evidence_map(struct evidence *evidence);

/* Channels of the network's input x, whose sides are those of this map. */
int evidence_channels(struct evidence *evidence);

/* The map before enlargement (h,w), after ReLU; in [0,1] where the protocol does min-max at this size. */
struct map evidence_map_native(struct evidence *evidence);

/* The one of these two that the protocol compares (compare_at), for coherency and complexity. */
struct map evidence_map_compared(struct evidence *evidence);

enum evidence_size { EVIDENCE_AT_INPUT, EVIDENCE_AT_LAYER, EVIDENCE_COMPARED }; /* as the three above */

/*
 * The map of another input: the method is run there, for the class explained on the image. A source must have count 1;
 * its map lives until the next one is requested. map->data is NULL if the map is not finite. 0, or -1 with err. It
 * fails for a method that has maps of the original image only; the metric returns -1 as after any failure, and the
 * harness makes its value undefined ("original_only").
 */
int evidence_map_of(struct evidence *evidence, struct evidence_input input, enum evidence_size size, struct map *map,
                    struct error *err);

/* Classes of the network; 2 for a network with one output. */
int evidence_class_count(struct evidence *evidence);

/* Another class than the explained one: 0..class_count-2 in their order, or by its logit. */
enum { EVIDENCE_SECOND_CLASS = -1, EVIDENCE_LOWEST_CLASS = -2 };

/*
 * The method's map of the image for another class, made once for all protocols of the view. Which class it is may be
 * drawn or depend on logits; how many maps are requested may not. Only where there are two classes. Otherwise as
 * evidence_map_of().
 */
int evidence_map_of_class(struct evidence *evidence, int other, enum evidence_size size, struct map *map,
                          struct error *err);

/*
 * The method's map (H,W) after ReLU and enlargement only. Under every protocol, no minimum is subtracted and nothing is
 * scaled, so ratios of sums are those of the method's own map. 0, or -1 with err.
 */
int evidence_map_energy(struct evidence *evidence, struct map *map, struct error *err);

/* -- networks with altered weights -------------------------------------------------------------------------------- */

enum evidence_order {
    EVIDENCE_TOP_DOWN,   /* the stages from the output on, one after the other, and those before them too */
    EVIDENCE_BOTTOM_UP,  /* likewise from the input on */
    EVIDENCE_INDEPENDENT /* one stage alone, counted from the input */
};

/*
 * The network of which so many stages (nn/graph.h) have the weights of layers before training; stage 0 is the network
 * itself. `draw` numbers independent draws of these weights, from 0.
 */
struct evidence_altered {
    enum evidence_order order;
    int stage, draw;
};

/*
 * The number of stages. 0, and *value undefined, where there are no maps on altered networks: "original_only" (the
 * method's maps do not come from the network), "foreign_network" (others run it and have its weights), "no_stages".
 */
int evidence_stages(struct evidence *evidence, struct value *value);

/*
 * The method's map on an altered network, for the class explained on the image, after ReLU and enlargement as the
 * protocol sets them, without min-max. Of ORIGINAL, or of a source: the mean of the maps (before enlargement) of its
 * inputs, which must not depend on the map, the method or the protocol. The passes are made once for all methods. The
 * map lives until the next one of an altered network or of another input is requested; map->data is NULL if it is not
 * finite. 0, or -1 with err.
 */
int evidence_map_altered(struct evidence *evidence, struct evidence_altered altered, struct evidence_input input,
                         enum evidence_size size, struct map *map, struct error *err);

/* -- outputs for the explained class ------------------------------------------------------------------------------ */

/* Writes one probability, for a source `count` of them: p for ORIGINAL, o for EXPLANATION. 0, or -1 with err. */
int evidence_probability(struct evidence *evidence, struct evidence_input input, double *probability,
                         struct error *err);

enum evidence_score { EVIDENCE_SCORE_PROB, EVIDENCE_SCORE_LOGIT };

/* evidence_probability(), or the logits of the same passes. */
int evidence_scores(struct evidence *evidence, struct evidence_input input, enum evidence_score score, double *values,
                    struct error *err);

/*
 * Scores that a metric has measured on inputs that depend on `key` (and image, class, parameters) alone, so that a map
 * with an equal key need not measure them again. evidence_kept() is NULL where nothing is kept; evidence_keep() copies. 0,
 * or -1 with err: no memory.
 */
const double *evidence_kept(struct evidence *evidence, const void *key, size_t bytes);
int evidence_keep(struct evidence *evidence, const void *key, size_t bytes, const double *scores, int count,
                  struct error *err);

/*
 * `count` floats, zeroed at first, that all maps of the image with an equal key get. What a metric writes there depends
 * on the image, its parameters, the key and evidence_random() alone. NULL and err: no memory.
 */
float *evidence_shared_floats(struct evidence *evidence, const void *key, size_t bytes, size_t count,
                              struct error *err);

/*
 * p of the original, and o of another input, for metrics that divide by p. *value becomes undefined if one of them is
 * not finite or p < 1e-12; otherwise it is left unchanged. 0, or -1 with err.
 */
int evidence_probabilities(struct evidence *evidence, struct evidence_input input, double *p, double *o,
                           struct value *value, struct error *err);

/*
 * The probability lost on another input, max(0, p - o), divided as the protocol says (keys drop and drop_eps); *value
 * becomes undefined if p or o is not finite, or the divisor is p and below 1e-12. 0, or -1 with err.
 */
int evidence_drop(struct evidence *evidence, struct evidence_input input, struct value *value, struct error *err);

/* What the protocol adds to the divisor of a correlation; 0: nothing. */
double evidence_coherency_eps(const struct evidence *evidence);

/* -- curves: p while pixels are changed in the order of the map ------------------------------------------------- */

/* The probability of the explained class, state by state. */
struct curve {
    int count;
    const double *fraction, *probability; /* (count); fraction of the pixels, or cells, changed: 0..1 */
};

struct curve_request {
    enum curve_kind kind;
    int order, baseline; /* enum protocol_curve_order, protocol_curve_baseline */
    int steps;           /* upper limit; 0: one pixel or cell a step */
    int spacing;         /* enum protocol_curve_spacing */
};

/* Measures the curve; equal requests of all metrics and protocols are measured once. 0, or -1 with err. */
int evidence_curve(struct evidence *evidence, const struct curve_request *request, struct curve *curve,
                   struct error *err);

/*
 * The area under the protocol's curve of that kind, which is kept with the image's values; undefined if a probability
 * is not finite. 0, or -1 with err.
 */
int evidence_curve_area(struct evidence *evidence, enum curve_kind kind, struct value *value, struct error *err);

/* Keeps a curve with the image's values; its arrays live as long as the image. */
void evidence_keep_curve(struct evidence *evidence, enum curve_kind kind, struct curve curve);

/* The area of the protocol's deletion curve in reverse order, less that in order, by trapezoids. NaN: not finite. */
int evidence_curve_gain(struct evidence *evidence, double *gain, struct error *err);

/* -- truth: where the label's object is, at the network's input -------------------------------------------------- */

enum truth_pixel { TRUTH_NOTHING, TRUTH_OTHER, TRUTH_LABELLED }; /* OTHER: an object of another class */

/* (H,W) of enum truth_pixel; at least one is TRUTH_LABELLED. */
struct truth_mask {
    int h, w;
    const uint8_t *data;
};

/* In pixels of the input, half-open, never empty. */
struct truth_box {
    int x0, y0, x1, y1;
};
struct truth_boxes {
    int count;
    const struct truth_box *list;
};

enum truth_source { TRUTH_AUTO, TRUTH_MASK, TRUTH_BOX }; /* AUTO: the mask where the image has one, else the boxes */
#define PARAM_TRUTH(settings) \
    PARAM_ENUM(settings, truth, "auto|mask|box", "the object's mask, its boxes, or the mask where there is one")

/*
 * The mask; for boxes, their union. Only for metrics with is_truth. Where the explained class has no truth, *value
 * becomes undefined: "no_truth" (the image has none of this kind), "no_label", "other_class" (the explained class is
 * not the label) or "no_box" (cropped away). Otherwise it is left unchanged. 0, or -1 with err.
 */
int evidence_truth_mask(struct evidence *evidence, enum truth_source source, struct truth_mask *mask,
                        struct value *value, struct error *err);

/* The boxes; if the image has a mask and no boxes, the box around the mask. Otherwise as above. */
int evidence_truth_boxes(struct evidence *evidence, struct truth_boxes *boxes, struct value *value, struct error *err);

/* -- costs, other metrics, random numbers, memory ---------------------------------------------------------------- */

/* The cost of the map, base pass included; `macs` is not set. */
struct cost evidence_cost(const struct evidence *evidence);

/* Another metric's value for this image under the same protocol, for composites. 0, or -1 with err. */
int evidence_value(struct evidence *evidence, const char *metric, struct value *value, struct error *err);

/*
 * Random stream `index` of the metric being measured. It depends only on the run's seed, the image's name and the
 * metric's name, so all methods and protocols are measured with the same numbers.
 */
struct random_stream evidence_random(const struct evidence *evidence, int index);

/* The image's counts (count_length), zeroed, of the metric being measured. NULL and err: no memory. */
uint32_t *evidence_counts(struct evidence *evidence, size_t length, struct error *err);

/* `count` zeroed elements of `size` bytes, until the next image. NULL and err: no memory. */
void *evidence_alloc(struct evidence *evidence, size_t count, size_t size, struct error *err);

struct value value_of(double number);             /* a defined value */
struct value value_undefined(const char *reason); /* `reason` is a constant string */

/* The harmonic mean of three numbers; 0 if one of them is not positive (Poppi 2021, eq. 4). */
double harmonic_mean3(double a, double b, double c);

/*
 * Spearman's rank correlation of n finite values each, equal ones having the mean of their ranks; NAN if all values of
 * `a` or of `b` are equal. 0, or -1 with err: no memory.
 */
int rank_correlation(struct evidence *evidence, const double *a, const double *b, size_t n, double *rho,
                     struct error *err);

#endif
