/*
 * tests/methods/scripted.h - a script that runs as a process on the network gap, for one test.
 */
#ifndef TESTS_METHODS_SCRIPTED_H
#define TESTS_METHODS_SCRIPTED_H

#include "tests/methods/networks.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLANE (7 * 6) /* of gap's block2 */

static inline bool has_perl(void)
{
    return access("/usr/bin/perl", X_OK) == 0;
}

/* A script with its parameters. They live until the bench is closed. */
struct scripted {
    struct bench bench;
    void *params;
};

static inline void set(const struct scripted *script, const char *name, const char *text)
{
    const struct param *rows = bench_method("process")->params, *row = param_find(rows, name);
    struct error err;
    if (row ? param_parse(row, text, script->params, &err)
            : param_add_other(param_find_others(rows), name, text, script->params, &err))
        fail_msg("%s", err.text);
}

static inline void script_open(struct scripted *script, const char *command)
{
    const struct method *method = bench_method("process");
    bench_open(&script->bench, "gap");
    script->params = calloc(1, method->params_size);
    assert_non_null(script->params);
    param_defaults(method->params, script->params);
    set(script, "command", command);
    set(script, "timeout", "20");
}

static inline void script_close(struct scripted *script)
{
    bench_close(&script->bench);
    free(script->params);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
}

static inline int script_map(struct scripted *script, struct cam_map *map)
{
    return cam_explain(script->bench.pass, bench_method("process"), script->params, 0, "script", map,
                       &script->bench.err);
}

static inline struct cam_map must_map(struct scripted *script)
{
    struct cam_map map;
    if (script_map(script, &map))
        fail_msg("%s", script->bench.err.text);
    return map;
}

/* The script fails, and the error holds this text. */
static inline void must_fail(struct scripted *script, const char *text)
{
    struct cam_map map;
    if (script_map(script, &map) == 0)
        fail_msg("no error; wanted \"%s\"", text);
    if (!strstr(script->bench.err.text, text))
        fail_msg("\n got %s\nwant ...%s...", script->bench.err.text, text);
}

/* A script in sh: its declaration, then what it does for each image. */
#define SH(declaration, action) \
    "sh -c 'echo cambench 1 T >&3; " declaration "echo ready >&3; " \
    "while read -r a b <&3; do if [ \"$a\" = explain ]; then " action "; fi; done'"

#endif
