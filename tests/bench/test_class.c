/* tests/bench/test_class.c - the explained class: words, ranks and names of a config, against the network's logits. */
#include "tests/bench/small_run.h"

#define KEYS "methods: [gradcam]\nmetrics: [average_drop]\nreport: {plots: false, overlays: 0}\n"

/* Opens the run and evaluates its image 0, whose label is 3. */
struct one {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
    struct evaluated evaluated;
};

static void begin(struct one *o, const char *keys)
{
    char text[512];
    bool is_unreadable;
    snprintf(text, sizeof text, "%s%s", keys, KEYS);
    small_begin(&o->small);
    small_open(&o->small, text);
    o->network = small_open_evaluator(&o->small, &o->evaluator);
    small_must(&o->small, run_evaluate(&o->evaluator, &o->small.run, 0, 0, (const int[]){0}, 1, &o->evaluated,
                                       &is_unreadable, &o->small.err));
}

static void end(struct one *o)
{
    small_close_evaluator(&o->evaluator, o->network);
    run_close(&o->small.run);
    small_end(&o->small);
}

static int explained(const char *keys)
{
    struct one o;
    begin(&o, keys);
    const int klass = o.evaluated.views[0].klass;
    end(&o);
    return klass;
}

/* The classes by falling probability, found by explaining each one. */
static void rank_classes(int order[SMALL_CLASSES])
{
    double p[SMALL_CLASSES];
    for (int k = 0; k < SMALL_CLASSES; k++) {
        char keys[32];
        struct one o;
        snprintf(keys, sizeof keys, "class: %d\n", k);
        begin(&o, keys);
        assert_int_equal(o.evaluated.views[0].klass, k);
        p[k] = o.evaluated.views[0].probability;
        end(&o);
        int at = k;
        for (; at > 0 && p[order[at - 1]] < p[k]; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

TEST(words_ranks_and_names_choose_the_class)
{
    int order[SMALL_CLASSES] = {0};
    rank_classes(order);
    assert_int_equal(explained(""), order[0]);
    assert_int_equal(explained("class: predicted\n"), order[0]);
    assert_int_equal(explained("class: second\n"), order[1]);
    assert_int_equal(explained("class: rank:3\n"), order[2]);
    assert_int_equal(explained("class: rank:5\n"), order[4]);
    assert_int_equal(explained("class: lowest\n"), order[4]);
    assert_int_equal(explained("class: label\n"), 3);
    assert_int_equal(explained("class: Cat\n"), 2);
    assert_int_equal(explained("class: \"4\"\n"), 4);
    assert_int_equal(explained("class: lowest\nprotocol: {preset: cambench, class: bee}\n"), 1);
}

TEST(top_k_is_k_protocols_with_maps_of_their_own)
{
    struct one o, alone;
    int order[SMALL_CLASSES] = {0};
    rank_classes(order);
    begin(&o, "class: top:3\n");
    const struct config *config = &o.small.run.config;
    assert_int_equal(config->protocol_count, 3);
    assert_string_equal(config->protocols[0].name, "cambench+class=rank:1");
    assert_string_equal(config->protocols[2].name, "cambench+class=rank:3");
    assert_int_equal(o.evaluated.views[0].klass, order[0]);
    for (int rank = 1; rank <= 3; rank++) {
        char keys[32];
        snprintf(keys, sizeof keys, "class: %d\n", order[rank - 1]);
        begin(&alone, keys);
        assert_true(o.evaluated.methods[0].values[rank - 1].number == alone.evaluated.methods[0].values[0].number);
        end(&alone);
    }
    end(&o);
}

TEST(a_label_gets_the_rank_and_other_protocols_keep_their_class)
{
    struct one o;
    begin(&o, "class: second\nprotocol: [{preset: cambench, label: mine, class: top:2}, poppi2021, "
              "{preset: reciprocam2024, label: theirs}]\n");
    const struct config *config = &o.small.run.config;
    assert_int_equal(config->protocol_count, 4);
    assert_string_equal(config->protocols[0].name, "mine rank:1");
    assert_string_equal(config->protocols[1].name, "mine rank:2");
    assert_string_equal(config->protocols[2].name, "poppi2021+class=second");
    assert_string_equal(config->protocols[3].name, "theirs");
    assert_string_equal(config->protocols[3].klass, "second");
    end(&o);
}

static void refused(const char *keys, const char *why)
{
    struct small_run s;
    char text[512];
    small_begin(&s);
    snprintf(text, sizeof text, "%s%s", keys, KEYS);
    assert_int_equal(small_try_open(&s, text), -1);
    if (!strstr(s.err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", s.err.text, why);
    small_end(&s);
}

TEST(classes_that_do_not_exist_are_named)
{
    refused("class: top:101\n", "class is \"top:101\"; allowed: top:1 to top:100");
    refused("class: rank:6\n", "backbone \"resnet18\": class: \"rank:6\": the network has 5 classes");
    refused("class: cow\n", "protocol \"cambench+class=cow\", backbone \"resnet18\": class: no class \"cow\"");
    refused("class: 5\n", "class: no class \"5\"");
    refused("class: {a: b}\n", "class is a mapping");
    refused("protocol: [{preset: cambench, class: top:2}, {preset: cambench, class: top:3}]\n",
            "\"cambench+class=rank:1\" is given twice");
}
