/* tests/bench/test_replicas.c - NUMA nodes as a folder lists them, and a run that has a network for each. */
#include "bench/process/nodes.h"
#include "bench/run/replicas.h"
#include "tests/bench/small_run.h"

#include <sys/stat.h>

#define CORES 12

/* Writes the list of cores of a node. */
static void write_node(const char *folder, int node, const char *cores)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/nodes", folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/nodes/node%d", folder, node);
    assert_int_equal(mkdir(path, 0777), 0);
    strcat(path, "/cpulist");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", cores);
    fclose(file);
}

TEST(nodes_are_numbered_without_gaps_and_memory_alone_is_none)
{
    char folder[] = "/tmp/test_nodes_XXXXXX", nodes[64], command[64];
    int node[CORES];
    assert_non_null(mkdtemp(folder));
    write_node(folder, 0, "0-2,8-9");
    write_node(folder, 1, "");
    write_node(folder, 4, "3,10-40");
    snprintf(nodes, sizeof nodes, "%s/nodes", folder);
    assert_int_equal(nodes_read(nodes, node, CORES), 2);
    const int expected[CORES] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1};
    assert_memory_equal(node, expected, sizeof expected);
    assert_in_range(nodes_here(node, CORES), 0, 1);
    assert_int_equal(nodes_read("/nowhere", node, CORES), 1);
    assert_int_equal(nodes_here(node, CORES), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Each core of this machine is a node of its own. */
static void split_machine(const struct small_run *s, char *nodes, size_t size)
{
    char cores[16];
    for (int n = 0; n < 8; n++) {
        snprintf(cores, sizeof cores, n < 7 ? "%d" : "%d-4095", n);
        write_node(s->folder, n, cores);
    }
    snprintf(nodes, size, "%s/nodes", s->folder);
}

static char *read_table(const struct small_run *s, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->output, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 18);
    assert_true(fread(text, 1, (1 << 18) - 1, file) > 0);
    fclose(file);
    return text;
}

static char *measure(struct small_run *s, const char *replicate)
{
    char keys[512];
    snprintf(keys, sizeof keys,
             "methods: [gradcam, reciprocam, {name: scorecam, params: {max_channels: 8}}]\n"
             "metrics: [average_drop, adcc]\nruntime: {threads: 4, replicate: %s}\n"
             "report: {plots: false, overlays: 0, bootstrap: 20}\n",
             replicate);
    if (small_execute(s, keys, (struct run_flags){.is_fresh = true}))
        fail_msg("%s", s->err.text);
    return read_table(s, "per_image.csv");
}

TEST(a_network_for_each_node_gives_the_same_bytes)
{
    struct small_run s;
    char nodes[128];
    small_begin(&s);
    char *one = measure(&s, "auto");
    split_machine(&s, nodes, sizeof nodes);
    replicas_nodes = nodes;
    char *several = measure(&s, "auto"), *off = measure(&s, "off");
    replicas_nodes = NODES_FOLDER;
    assert_string_equal(one, several);
    assert_string_equal(one, off);
    free(one);
    free(several);
    free(off);
    small_end(&s);
}

TEST(the_first_network_serves_the_node_of_the_caller)
{
    struct small_run s;
    struct evaluator evaluator;
    struct replicas *replicas;
    char nodes[128];
    small_begin(&s);
    small_open(&s, "methods: [gradcam]\nmetrics: [complexity]\nruntime: {threads: 4}\n");
    struct network *network = small_open_evaluator(&s, &evaluator);
    small_must(&s, replicas_create(&s.run, 0, network, &replicas, &s.err));
    assert_ptr_equal(replicas_here(replicas, network), network);
    replicas_free(replicas);
    split_machine(&s, nodes, sizeof nodes);
    replicas_nodes = nodes;
    assert_int_equal(replicas_count(&s.run), 3); /* no more nodes than threads */
    small_must(&s, replicas_create(&s.run, 0, network, &replicas, &s.err));
    assert_non_null(replicas);
    assert_int_equal(replicas_bytes(replicas) % network_bytes(network), 0);
    replicas_free(replicas);
    replicas_nodes = NODES_FOLDER;
    small_close_evaluator(&evaluator, network);
    run_close(&s.run);
    small_end(&s);
}
