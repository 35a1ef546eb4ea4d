/*
 * tests/methods/test_kmeans.c - k-means against the best of all partitions, and its promises on points that lie badly.
 */
#include "methods/kmeans.h"
#include "tests/methods/networks.h"

#include <math.h>

#define N 9
#define D 3

/* What a test gives to k-means and gets back, through a method's context. */
struct job {
    struct points points;
    int clusters, restarts, largest;
    const char *label;
    int out[64];
    double inertia;
};

static void run_job(struct cam *cam, void *context)
{
    struct job *job = context;
    struct random_stream random = cam_random(cam);
    struct k_means *work = k_means_create(cam, job->points, job->largest ? job->largest : job->clusters);
    assert_non_null(work);
    job->inertia = k_means(work, job->clusters, job->restarts, &random, job->out);
}

static void run(struct bench *bench, struct job *job)
{
    bench_run_probe(bench, "features.7", job->label ? job->label : "k_means", (struct bench_probe){run_job, job});
}

/* Sum of squared distances to the means of the labels' groups. */
static double inertia_of(struct points points, int clusters, const int *label)
{
    double inertia = 0;
    for (int c = 0; c < clusters; c++)
        for (int j = 0; j < points.d; j++) {
            double sum = 0, squares = 0;
            int count = 0;
            for (int i = 0; i < points.n; i++) {
                const double x = label[i] == c ? (double)points.data[i * points.d + j] : 0;
                count += label[i] == c;
                sum += x;
                squares += x * x;
            }
            inertia += count ? squares - sum * sum / count : 0;
        }
    return inertia;
}

/* The least inertia of all partitions of n points into at most `clusters` groups. */
static double best_inertia(struct points points, int clusters)
{
    int label[N] = {0}, codes = 1;
    double best = INFINITY;
    for (int i = 0; i < points.n; i++)
        codes *= clusters;
    for (int code = 0; code < codes; code++) {
        for (int i = 0, rest = code; i < points.n; i++, rest /= clusters)
            label[i] = rest % clusters;
        best = fmin(best, inertia_of(points, clusters, label));
    }
    return best;
}

/* Labels are numbered by first appearance and none of 0..clusters-1 is missing. */
static void assert_labels(const struct job *job)
{
    int used = 0;
    for (int i = 0; i < job->points.n; i++) {
        assert_true(job->out[i] >= 0 && job->out[i] <= used);
        used += job->out[i] == used;
    }
    assert_int_equal(used, job->clusters);
}

TEST(many_seedings_find_the_best_partition)
{
    struct bench bench;
    float data[N * D];
    bench_open(&bench, "vgg");
    for (uint32_t seed = 1; seed <= 6; seed++)
        for (int clusters = 2; clusters <= 4; clusters++) {
            golden_fill(data, N * D, seed);
            struct job job = {.points = {N, D, data}, .clusters = clusters, .restarts = 100};
            run(&bench, &job);
            const double best = best_inertia(job.points, clusters);
            assert_labels(&job);
            if (!(fabs(job.inertia - best) <= 1e-5 * best))
                fail_msg("seed %u, %d clusters: inertia %g, the best is %g", seed, clusters, job.inertia, best);
            assert_true(fabs(inertia_of(job.points, clusters, job.out) - best) <= 1e-5 * best);
        }
    bench_close(&bench);
}

TEST(groups_that_lie_apart_are_found)
{
    struct bench bench;
    float data[40 * D];
    bench_open(&bench, "vgg");
    golden_fill(data, 40 * D, 5);
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < D; j++)
            data[i * D + j] += 10 * (float)((i % 5) * (j + 1) % 5);
    struct job job = {.points = {40, D, data}, .clusters = 5, .restarts = 10};
    run(&bench, &job);
    for (int i = 0; i < 40; i++)
        assert_int_equal(job.out[i], i % 5);
    bench_close(&bench);
}

TEST(as_many_clusters_as_points_leave_each_alone)
{
    struct bench bench;
    float data[N * D];
    bench_open(&bench, "vgg");
    golden_fill(data, N * D, 8);
    struct job job = {.points = {N, D, data}, .clusters = N, .restarts = 1};
    run(&bench, &job);
    for (int i = 0; i < N; i++)
        assert_int_equal(job.out[i], i);
    assert_true(job.inertia == 0);
    bench_close(&bench);
}

TEST(one_cluster_holds_all)
{
    struct bench bench;
    float data[N * D];
    bench_open(&bench, "vgg");
    golden_fill(data, N * D, 8);
    struct job job = {.points = {N, D, data}, .clusters = 1, .restarts = 1};
    run(&bench, &job);
    assert_labels(&job);
    assert_true(fabs(job.inertia - best_inertia(job.points, 1)) < 1e-5);
    bench_close(&bench);
}

TEST(no_cluster_is_empty_when_points_coincide)
{
    struct bench bench;
    float data[20 * D] = {0};
    bench_open(&bench, "vgg");
    for (int different = 0; different < 3; different++) {
        data[different * D] = (float)different;
        for (int clusters = 1; clusters <= 20; clusters++) {
            struct job job = {.points = {20, D, data}, .clusters = clusters, .restarts = 2};
            run(&bench, &job);
            assert_labels(&job);
        }
    }
    bench_close(&bench);
}

TEST(points_that_are_not_finite_do_no_harm)
{
    static const float wrong[] = {NAN, INFINITY, -INFINITY, 3e38f};
    struct bench bench;
    float data[N * D];
    bench_open(&bench, "vgg");
    for (int k = 0; k < 4; k++) {
        golden_fill(data, N * D, 8);
        data[4] = data[13] = wrong[k];
        struct job job = {.points = {N, D, data}, .clusters = 3, .restarts = 3};
        run(&bench, &job);
        for (int i = 0; i < N; i++)
            assert_true(job.out[i] >= 0 && job.out[i] < 3);
    }
    bench_close(&bench);
}

TEST(a_result_depends_on_the_stream_and_not_on_earlier_work)
{
    struct bench bench;
    float data[40 * D];
    bench_open(&bench, "vgg");
    golden_fill(data, 40 * D, 21);
    struct job one = {.points = {40, D, data}, .clusters = 6, .restarts = 1}, again = one, wide = one;
    wide.largest = 12;
    run(&bench, &one);
    run(&bench, &wide);
    bench_run(&bench);
    run(&bench, &again);
    assert_memory_equal(one.out, again.out, 40 * sizeof *one.out);
    assert_memory_equal(one.out, wide.out, 40 * sizeof *one.out);
    assert_true(one.inertia == again.inertia && one.inertia == wide.inertia);
    bench_close(&bench);
}
