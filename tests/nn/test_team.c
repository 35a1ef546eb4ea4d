/*
 * tests/nn/test_team.c - threads that have no work left help others: each part runs once, and results are those of one
 * thread, to the last bit.
 */
#include "nn/team.h"

#include "tests/nn/engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define MOST_THREADS 8
#define PARTS 37
#define ROUNDS 20

/* -- jobs ----------------------------------------------------------------------------------------------------------- */

struct crew {
    struct team *team;
    atomic_int started; /* members; none offers a job before all have */
    int members;
    atomic_int runs[MOST_THREADS][PARTS]; /* of each part of a member's job */
    atomic_int by_others;
};

struct job {
    struct crew *crew;
    int member;
};

static void rest(long nanoseconds)
{
    nanosleep(&(struct timespec){0, nanoseconds}, NULL);
}

static void run_part(void *context, int member, int part)
{
    const struct job *job = context;
    atomic_fetch_add(&job->crew->runs[job->member][part], 1);
    if (member != job->member)
        atomic_fetch_add(&job->crew->by_others, 1);
    if (part % 5 == 0)
        rest(50000);
}

/* Member m offers as many jobs as there are members after it, so the last one only helps. */
static void *work_and_help(void *context)
{
    struct job *job = context;
    struct crew *crew = job->crew;
    atomic_fetch_add(&crew->started, 1);
    while (atomic_load(&crew->started) < crew->members)
        rest(1000);
    for (int i = job->member + 1; i < crew->members || i == 1; i++)
        team_share(crew->team, job->member, PARTS, run_part, job);
    team_help(crew->team, job->member);
    return NULL;
}

static void run_crew(int members)
{
    static struct crew crew;
    struct job jobs[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    struct error err = {0};
    memset(&crew, 0, sizeof crew);
    crew.members = members;
    crew.team = team_create(members, &err);
    assert_non_null(crew.team);
    for (int i = 0; i < members; i++) {
        jobs[i] = (struct job){&crew, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work_and_help, &jobs[i]), 0);
    }
    for (int i = 0; i < members; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < members; i++)
        for (int part = 0; part < PARTS; part++)
            assert_int_equal(atomic_load(&crew.runs[i][part]), members == 1 ? 1 : members - 1 - i);
    team_free(crew.team);
}

TEST(each_part_of_a_job_runs_once_however_many_help)
{
    for (int members = 1; members <= MOST_THREADS; members++)
        for (int round = 0; round < ROUNDS; round++)
            run_crew(members);
}

static void wait_for_another(void *context, int member, int part)
{
    struct job *job = context;
    (void)part;
    if (member != job->member)
        atomic_store(&job->crew->by_others, 1);
    while (!atomic_load(&job->crew->by_others))
        rest(10000);
}

/* The member's part ends only when another one has come. */
static void *work_with_another(void *context)
{
    struct job *job = context;
    if (job->member == 0) {
        const double seconds = team_share(job->crew->team, 0, 2, wait_for_another, job);
        assert_true(seconds > -1 && seconds < 1);
    }
    team_help(job->crew->team, job->member);
    return NULL;
}

TEST(a_thread_without_work_helps_one_that_has_some)
{
    for (int late = 0; late < 2; late++) {
        struct crew crew = {.members = 2};
        struct job jobs[2] = {{&crew, 0}, {&crew, 1}};
        pthread_t thread;
        struct error err = {0};
        crew.team = team_create(2, &err);
        assert_non_null(crew.team);
        assert_int_equal(team_hands(crew.team), 1);
        assert_int_equal(pthread_create(&thread, NULL, work_with_another, &jobs[late]), 0);
        work_with_another(&jobs[1 - late]);
        pthread_join(thread, NULL);
        team_free(crew.team);
    }
}

/* -- sessions ------------------------------------------------------------------------------------------------------- */

#define BATCHES 8
static const int sizes[] = {1, 2, 3, 17, 300};

/* What a member computes: base passes and batches at the input and at layers, as many as its place in the team. */
struct answers {
    float *logits[BATCHES];
};

struct hand {
    struct fixture *f;
    struct session *session;
    int batches;
    const struct answers *want;
    bool is_equal;
};

static void pooled_source(void *context, int index, float *out)
{
    const struct fixture *f = context;
    golden_fill(out, (size_t)network_layer_shape(f->network, 0).c, (uint32_t)index);
}

/* Activations of which few are not 0, so that a linear layer of many features takes its short way. */
static void sparse_source(void *context, int index, float *out)
{
    const struct fixture *f = context;
    memset(out, 0, f->layer_size[0] * sizeof *out);
    golden_fill(out, 5 + (size_t)index % 7, (uint32_t)index);
}

static size_t room(const struct fixture *f)
{
    return (size_t)300 * f->classes;
}

/* Batch b of a member; logits has room(). */
static void run_one(const struct fixture *f, struct session *session, int b, float *logits)
{
    const int n = sizes[b % 5];
    float *values[LAYERS];
    if (b == 0) {
        for (int i = 0; i < f->layers; i++)
            values[i] = floats(f->layer_size[i]);
        session_base(session, f->x, logits, values);
        for (int i = 0; i < f->layers; i++)
            free(values[i]);
    } else if (b == 5 && network_pooled_linear(f->network, 0))
        run_tail_pooled(session, 0, n, pooled_source, (void *)f, logits);
    else if (b == 5)
        run_tail(session, 0, n, sparse_source, (void *)f, logits);
    else
        run_batch(session, f, b % 2 ? -1 : b / 2 % f->layers, (uint32_t)b, n, logits);
}

static struct answers run_alone(const struct fixture *f)
{
    struct answers answers;
    for (int b = 0; b < BATCHES; b++) {
        answers.logits[b] = floats(room(f));
        run_one(f, f->session, b, answers.logits[b]);
    }
    return answers;
}

static void *run_and_help(void *context)
{
    struct hand *hand = context;
    float *logits = floats(room(hand->f));
    hand->is_equal = true;
    for (int b = 0; b < hand->batches; b++) {
        memset(logits, 0, room(hand->f) * sizeof *logits);
        run_one(hand->f, hand->session, b, logits);
        hand->is_equal &= memcmp(logits, hand->want->logits[b], room(hand->f) * sizeof *logits) == 0;
    }
    session_help(hand->session);
    free(logits);
    return NULL;
}

/* The last member has nothing to do at all, the first one the most. */
static void run_team(struct fixture *f, const struct answers *want, int threads)
{
    struct session *sessions[MOST_THREADS] = {NULL};
    struct hand hands[MOST_THREADS];
    pthread_t started[MOST_THREADS];
    struct error err = {0};
    for (int i = 0; i < threads; i++) {
        sessions[i] = make_session(f->network, 1);
        session_allow_differences(sessions[i], true);
    }
    struct session_team *team = session_team_create(sessions, threads, &err);
    assert_non_null(team);
    for (int i = 0; i < threads; i++)
        hands[i] = (struct hand){f, sessions[i], i == 0 ? BATCHES : (threads - 1 - i) * BATCHES / threads, want, false};
    for (int i = threads - 1; i >= 0; i--)
        assert_int_equal(pthread_create(&started[i], NULL, run_and_help, &hands[i]), 0);
    for (int i = 0; i < threads; i++) {
        pthread_join(started[i], NULL);
        if (!hands[i].is_equal)
            fail_msg("member %d of %d has other logits", i, threads);
    }
    session_team_free(team);
    for (int i = 0; i < threads; i++)
        session_free(sessions[i]);
}

static void check_teams(struct graph *graph, const char *const *layers, int count)
{
    struct fixture f = open_fixture(graph, layers, count);
    session_allow_differences(f.session, true);
    struct answers want = run_alone(&f);
    for (int threads = 1; threads <= MOST_THREADS; threads += threads < 4 ? 1 : 4)
        run_team(&f, &want, threads);
    for (int b = 0; b < BATCHES; b++)
        free(want.logits[b]);
    close_fixture(&f);
}

/* A linear layer of many features, to which the short way of nn/difference.c applies. */
static struct graph *many_features_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 21, 21});
    x = graph_relu(graph, "layer",
                   graph_conv2d(graph, "conv", x, (struct conv2d){.out = 48, .kernel = 3, .stride = 2}));
    x = graph_relu(graph, "relu", graph_linear(graph, "hidden", graph_flatten(graph, "flat", x), 70, true));
    graph_linear(graph, "fc", x, 9, true);
    return graph;
}

TEST(logits_do_not_depend_on_the_threads_that_help)
{
    const char *const layer = "layer";
    check_teams(mixed_graph(), mixed_layers, LAYERS);
    check_teams(vgg_graph(), vgg_layers, 1);
    check_teams(many_features_graph(), &layer, 1);
}
