/* tests/models/test_process_model.c - networks that another process runs: passes, gradients, declarations, failures. */
#include "models/model.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXAMPLE "perl docs/examples/network.pl"

enum { INPUT = 3 * 64 * 64, LAYER = 4 * 8 * 8, CLASSES = 5 };

static struct model_spec spec_of(const char *command)
{
    return (struct model_spec){.model = MODEL_PROCESS, .command = command, .timeout = 20};
}

static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void must(const struct error *err, bool is_fine)
{
    if (!is_fine)
        fail_msg("%s", err->text);
}

/* A model with one layer and a session. */
struct opened {
    struct model *model;
    struct network *network;
    struct session *session;
};

static struct opened open_all(const struct model_spec *spec, const char *layer, int workers)
{
    struct error err = {0};
    struct opened all;
    all.model = model_open(spec, &err);
    must(&err, all.model);
    all.network = model_load(all.model, &layer, 1, NULL, &err);
    must(&err, all.network);
    all.session = session_create(all.network, workers, &err);
    must(&err, all.session);
    return all;
}

static void close_all(struct opened *all)
{
    session_free(all->session);
    network_free(all->network);
    model_close(all->model);
    assert_no_child();
}

/* The network of the example, with a base pass run. */
struct example {
    struct opened all;
    float x[INPUT], logits[CLASSES], act[LAYER];
};

static void example_open(struct example *example, int workers)
{
    struct error err = {0};
    const struct model_spec spec = spec_of(EXAMPLE);
    if (access("/usr/bin/perl", X_OK))
        skip();
    example->all = open_all(&spec, "blocks", workers);
    for (int i = 0; i < INPUT; i++)
        example->x[i] = (float)(i * 37 % 101) / 50 - 0.6f;
    session_base(example->all.session, example->x, example->logits, (float *[]){example->act});
    must(&err, session_take_error(example->all.session, &err) == 0);
}

TEST(a_model_is_what_its_process_declares)
{
    struct example example;
    struct error err;
    example_open(&example, 1);
    assert_string_equal(example.all.model->arch, "process");
    assert_string_equal(example.all.model->title, "Blocks");
    assert_string_equal(example.all.model->layer, "blocks");
    assert_int_equal(example.all.model->outputs, CLASSES);
    assert_true(example.all.model->is_foreign);
    assert_int_equal(example.all.model->input.h, 64);
    assert_true(example.all.model->input.mean[0] == 0.485); /* not declared */
    assert_int_equal(graph_node(example.all.model->graph, graph_find(example.all.model->graph, "blocks", &err)).shape.c,
                     4);
    assert_true(network_is_foreign(example.all.network));
    close_all(&example.all);
}

static void scaled_source(void *context, int index, float *out)
{
    const struct example *example = context;
    for (int i = 0; i < LAYER; i++)
        out[i] = example->act[i] * (float)index;
}

TEST(passes_from_a_layer_take_its_changed_value)
{
    struct example example;
    struct error err = {0};
    float logits[20 * CLASSES];
    for (int workers = 1; workers <= 3; workers++) {
        example_open(&example, workers);
        run_tail(example.all.session, 0, 20, scaled_source, &example, logits); /* batches of 8, 8 and 4 */
        must(&err, session_take_error(example.all.session, &err) == 0);
        for (int n = 0; n < 20; n++)
            for (int k = 0; k < CLASSES; k++)
                assert_true(fabsf(logits[n * CLASSES + k] - (float)n * example.logits[k]) <
                            1e-5f * (1 + fabsf((float)n)));
        close_all(&example.all);
    }
}

/* The input with one pixel moved by an amount. */
struct moved {
    const struct example *example;
    int pixel;
    float by;
};

static void moved_source(void *context, int index, float *out)
{
    const struct moved *moved = context;
    memcpy(out, moved->example->x, sizeof moved->example->x);
    out[moved->pixel] += index ? moved->by : -moved->by;
}

TEST(gradients_of_a_process_agree_with_its_finite_differences)
{
    static const float q[CLASSES] = {1, -2, 0.5f, 0, 3};
    struct example example;
    struct error err = {0};
    const int layers[2] = {SESSION_INPUT, 0};
    float at_input[INPUT], at_layer[LAYER], logits[2 * CLASSES];
    example_open(&example, 1);
    const struct session_backward given = {.cotangent = q,
                                           .from = SESSION_INPUT,
                                           .value = example.x,
                                           .layer_count = 2,
                                           .layers = layers,
                                           .gradients = (float *[]){at_input, at_layer}};
    must(&err, session_gradients(example.all.session, &given, logits, &err) == 0);
    for (int k = 0; k < CLASSES; k++)
        assert_true(fabsf(logits[k] - example.logits[k]) < 1e-6f);
    for (int pixel = 5; pixel < INPUT; pixel += 1777) {
        struct moved moved = {&example, pixel, 0.05f};
        run_forward(example.all.session, 2, moved_source, &moved, logits);
        double slope = 0;
        for (int k = 0; k < CLASSES; k++)
            slope += q[k] * (logits[CLASSES + k] - logits[k]) / 0.1;
        assert_true(fabs(slope - at_input[pixel]) < 2e-3 * (fabs(slope) + 1e-2));
    }
    for (int i = 0; i < LAYER; i++)
        assert_true(fabsf(at_layer[i] - at_layer[i / 64 * 64]) < 1e-9f); /* the mean treats places alike */
    close_all(&example.all);
}

/* -- declarations --------------------------------------------------------------------------------------------------- */

/* A process in sh that says these lines. */
#define SAYS(lines) "sh -c 'for line in " lines "; do echo \"$line\" >&3; done; read -r x <&3'"

static void assert_says(const struct error *err, const char *why)
{
    if (!strstr(err->text, why) || strchr(err->text, '\n'))
        fail_msg("\n got %s\nwant ...%s...", err->text, why);
}

static void assert_refused(const char *command, const char *why)
{
    struct error err = {0};
    struct model_spec spec = spec_of(command);
    spec.timeout = 5;
    struct model *model = model_open(&spec, &err);
    if (model)
        fail_msg("no error; wanted \"%s\"", why);
    assert_says(&err, why);
    assert_no_child();
}

#define START "\"network 1 T\" \"input 3 8 8\" \"classes 2\" "

TEST(a_wrong_declaration_is_refused_in_one_line)
{
    static const struct {
        const char *command, *why;
    } rows[] = {
        {SAYS("\"cambench 1 T\""), "declares \"cambench 1 T\": the first line of a network must be network 1 TITLE"},
        {SAYS("\"network 2 T\""), "this program has protocol 1"},
        {SAYS("\"network 1 T\" \"input 3 8\""), "an input is input C H W"},
        {SAYS("\"network 1 T\" \"input 3 0 8\""), "an input is input C H W"},
        {SAYS("\"network 1 T\" \"input 3 99999 8\""), "an input is input C H W"},
        {SAYS("\"network 1 T\" \"classes 0\""), "that is not a number that it can be"},
        {SAYS("\"network 1 T\" \"classes many\""), "that is not a number that it can be"},
        {SAYS("\"network 1 T\" \"batch 5000\""), "that is not a number that it can be"},
        {SAYS("\"network 1 T\" \"class a\""), "names follow the line classes"},
        {SAYS(START "\"class a\" \"class b\" \"class c\""), "names follow the line classes"},
        {SAYS(START "\"class a\" \"layer a 1 2 2\" ready"), "there are fewer names than classes"},
        {SAYS(START "\"layer input 1 2 2\""), "a name other than input"},
        {SAYS(START "\"layer a 1 2\""), "a layer is layer NAME C H W"},
        {SAYS(START "\"layer a 99999999 9999 9999\""), "a layer is layer NAME C H W"},
        {SAYS(START "\"layer a 1 2 2\" \"layer a 1 2 2\""), "that layer is declared twice"},
        {SAYS(START "\"layer a 1 2 2\" \"target b\" ready"), "the target is not one of the layers"},
        {SAYS(START "ready"), "before it come input, classes and at least one layer"},
        {SAYS("\"network 1 T\" \"mean\""), "a number for each channel is needed"},
        {SAYS("\"network 1 T\" \"std 1 x\""), "a number for each channel is needed"},
        {SAYS("\"network 1 T\" \"input 17 8 8\""), "there are too many channels"},
        {SAYS("\"network 1 T\" \"scale big\""), "a number is needed"},
        {SAYS("\"network 1 T\" \"channels rgx\""), "channels"},
        {SAYS("\"network 1 T\" \"input 3 8 8\" \"mean 0.1 0.2\" \"classes 2\" \"layer a 1 2 2\" ready"), "mean"},
        {SAYS("\"network 1 T\" \"mean 1024 116 104\""), "mean"},
        {SAYS("\"network 1 T\" \"resize often\""), "it is one of protocol|shorter|squash"},
        {SAYS("\"network 1 T\" \"colour blue\""), "expected input, classes, class"},
        {"sh -c 'echo no torch >&2; exit 3'", "ended with exit code 3: no torch"},
        {"sh -c 'echo hello; sleep 100'", "prints \"hello\" to stdout"},
        {"/no/such/program", "could not be started: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].command, rows[i].why);
}

/* -- failures of passes --------------------------------------------------------------------------------------------- */

/* A network of one layer (1,1,2) with two classes; `action` answers each request. */
#define ACTS(action) \
    "sh -c 'printf \"network 1 T\\ninput 3 1 2\\nclasses 2\\nlayer a 1 1 2\\nready\\n\" >&3; " \
    "while read -r word rest <&3; do if [ $word = start ]; then continue; fi; echo last words >&2; " action "; done'"

#define ZEROS "head -c 64 /dev/zero >&5; "

static void assert_fails(const char *command, const char *why)
{
    struct error err = {0};
    const struct model_spec spec = spec_of(command);
    float x[6] = {0}, logits[2] = {1, 1}, act[2];
    struct opened all = open_all(&spec, "a", 1);
    session_base(all.session, x, logits, (float *[]){act});
    if (session_take_error(all.session, &err) == 0)
        fail_msg("no error; wanted \"%s\"", why);
    assert_says(&err, why);
    assert_true(logits[0] == 0);
    close_all(&all);
}

TEST(a_failed_pass_is_one_line_with_the_last_line_of_stderr)
{
    static const struct {
        const char *command, *why;
    } rows[] = {
        {ACTS("exit 4"), "ended with exit code 4: last words"},
        {ACTS("kill -KILL $$"), "was ended by signal 9 (Killed): last words"},
        {ACTS("echo ok 1x2 1x1x2 >&3"), "descriptor 5 holds fewer than 2 floats: last words"},
        {ACTS(ZEROS "echo ok 1x3 1x1x2 >&3"),
         "answered forward 1 a with \"ok 1x3 1x1x2\"; it must be \"ok 1x2 1x1x2\": last words"},
        {ACTS(ZEROS "echo ok 1x2 >&3"), "it must be \"ok 1x2 1x1x2\": last words"},
        {ACTS(ZEROS "echo yes >&3"), "answered forward 1 a with \"yes\""},
        {ACTS(ZEROS "echo hello; echo ok 1x2 1x1x2 >&3"), "prints \"hello\" to stdout"},
        {ACTS("printf \"\\377\\376\\n\" >&3"), "sent bytes that are not text on descriptor 3: last words"},
        {ACTS("echo error it is dark >&3"), "could not serve forward 1 a: it is dark: last words"},
        {ACTS("printf \"\\0\\0\\0\\0\\0\\0\\300\\177\" >&5; " ZEROS "echo ok 1x2 1x1x2 >&3"),
         "answered with logits that are nan at position 1: last words"},
        {ACTS("printf \"\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\200\\177\" >&5; " ZEROS "echo ok 1x2 1x1x2 >&3"),
         "answered with activations that are inf at position 0: last words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_fails(rows[i].command, rows[i].why);
}

TEST(a_process_that_hangs_or_fails_is_ended_and_started_again)
{
    struct error err = {0};
    struct model_spec spec =
        spec_of(ACTS("case $rest in \"1 a\") " ZEROS "echo ok 1x2 1x1x2 >&3;; *) sleep 100;; esac"));
    float x[6] = {0}, logits[2], act[2];
    spec.timeout = 0.5;
    struct opened all = open_all(&spec, "a", 1);
    struct session *session = all.session;
    for (int round = 0; round < 2; round++) {
        session_base(session, x, logits, (float *[]){act});
        must(&err, session_take_error(session, &err) == 0);
        session_run(session, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, 0, NULL, NULL}, logits);
        assert_int_equal(
            session_gradients(
                session,
                &(struct session_backward){.cotangent = logits, .from = SESSION_INPUT, .value = x, .layer_count = 0},
                NULL, &err),
            -1);
        assert_non_null(strstr(err.text, "took more than 0.5 s (timeout): last words"));
    }
    close_all(&all);
}
