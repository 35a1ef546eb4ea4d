/*
 * nn/layer_name.c - layers as people write them for PyTorch: with indices in brackets, from the end, with a wrapper's
 * name, or without the modules around them.
 */
#include "nn/graph.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256

static bool has_layer(const struct graph *graph, const char *name)
{
    return graph_find_exact(graph, name) >= 0;
}

/* Writes "layer4[-1].conv2" as "layer4.-1.conv2", without quotes. */
static void without_brackets(const char *name, char *out, size_t size)
{
    size_t used = 0;
    for (; *name && used + 1 < size; name++)
        if (*name == '[')
            out[used++] = '.';
        else if (*name != ']' && *name != '"' && *name != '\'')
            out[used++] = *name;
    out[used] = 0;
}

/* The highest number of a child of the module ("layer4" is the module of "layer4.1.conv2"); -1: none. */
static int last_child(const struct graph *graph, const char *module, size_t length)
{
    int last = -1;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const char *name = graph_node(graph, i).name;
        if (strncmp(name, module, length) != 0 || name[length] != '.' || name[length + 1] < '0' ||
            name[length + 1] > '9')
            continue;
        const int child = atoi(name + length + 1);
        last = child > last ? child : last;
    }
    return last;
}

/* Turns "layer4.-1" into "layer4.1", part by part; a part without numbered children is kept. */
static void count_from_end(const struct graph *graph, char *name, size_t size)
{
    char rest[NAME_MAX_BYTES];
    for (char *dot = strstr(name, ".-"); dot; dot = strstr(dot + 1, ".-")) {
        char *end;
        const long back = strtol(dot + 1, &end, 10);
        const int last = last_child(graph, name, (size_t)(dot - name));
        if (end == dot + 2 || last + 1 + back < 0 || last < 0)
            continue;
        snprintf(rest, sizeof rest, "%s", end);
        snprintf(dot, size - (size_t)(dot - name), ".%ld%s", last + 1 + back, rest);
    }
}

/* Names of wrappers around a network; another prefix might be a part of another network. */
static const char *without_wrapper(const char *name)
{
    static const char *const wrappers[] = {"self",    "model", "module",     "net",       "network", "backbone",
                                           "encoder", "cnn",   "base_model", "_orig_mod", "student"};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
        const size_t length = strlen(wrappers[i]);
        if (strncmp(name, wrappers[i], length) == 0 && name[length] == '.')
            return name + length + 1;
    }
    return NULL;
}

/* Whether `name` is the end of `full`, after a separator. */
static bool is_end_of(const char *name, const char *full)
{
    const size_t length = strlen(name), whole = strlen(full);
    return length > 0 && length < whole && strcmp(full + whole - length, name) == 0 &&
           strchr("./:", full[whole - length - 1]) != NULL;
}

/* The only node of which a name or alias ends in `name`, "Mixed_7c" of "model/Mixed_7c"; -1: none or several. */
static int node_by_end(const struct graph *graph, const char *name)
{
    int found = -1;
    for (int i = 0, node; i < graph_name_count(graph); i++) {
        if (!is_end_of(name, graph_name(graph, i, &node)) || node == found)
            continue;
        if (found >= 0)
            return -1;
        found = node;
    }
    return found;
}

const char *graph_layer_name(const struct graph *graph, const char *name, char *out, size_t size)
{
    char plain[NAME_MAX_BYTES] = "";
    if (has_layer(graph, name) || strlen(name) >= sizeof plain)
        return name;
    without_brackets(name, plain, sizeof plain);
    const char *at = plain, *inner;
    for (; (inner = without_wrapper(at)) && !has_layer(graph, at); at = inner)
        ;
    snprintf(out, size, "%s", at);
    count_from_end(graph, out, size);
    const int node = has_layer(graph, out) ? -1 : node_by_end(graph, out);
    if (node >= 0)
        snprintf(out, size, "%s", graph_node(graph, node).name);
    return out;
}
