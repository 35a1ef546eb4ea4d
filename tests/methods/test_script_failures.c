/* tests/methods/test_script_failures.c - how scripts of method "process" fail, how they are started again and end. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/methods/scripted.h"

/* -- failures ------------------------------------------------------------------------------------------------------- */

#define ZEROS "head -c 168 /dev/zero >&5; "
#define NAN_AT_1 "printf \"\\0\\0\\0\\0\\0\\0\\300\\177\" | dd of=/dev/fd/5 conv=notrunc 2>/dev/null; "

TEST(a_failure_is_one_line_with_the_last_line_of_stderr)
{
    static const struct {
        const char *action, *error;
    } rows[] = {
        {"exit 4", "ended with exit code 4: last words"},
        {"kill -KILL $$", "was ended by signal 9 (Killed): last words"},
        {"sleep 100", "took more than 0.3 s (timeout): last words"},
        {"while :; do echo logits >&3; read -r x <&3; done", "took more than 0.3 s (timeout): last words"},
        {"echo map 7 6 >&3", "descriptor 5 holds fewer than 42 floats: last words"},
        {ZEROS "echo map 6 7 >&3", "answered with a map of (6,7); it must be (7,6): last words"},
        {ZEROS "echo map 7 >&3", "answered without the map's size: map H W: last words"},
        {ZEROS "echo map 7 x >&3", "answered without the map's size"},
        {ZEROS "echo hello; echo map 7 6 >&3", "prints \"hello\" to stdout; it may print to stderr: last words"},
        {"printf \"a\\000b\\n\" >&3", "sent bytes that are not text on descriptor 3: last words"},
        {"printf \"\\377\\376\\n\" >&3", "sent bytes that are not text on descriptor 3: last words"},
        {"head -c 5000 /dev/zero >&3", "sent a line of more than 4095 bytes on descriptor 3: last words"},
        {"echo >&3", "sent \"\", which is not a request: last words"},
        {"echo error >&3", "has no map: last words"},
        {"echo error it is dark >&3", "has no map: it is dark: last words"},
        {"echo errors >&3", "sent \"errors\", which is not a request"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        char command[512];
        snprintf(command, sizeof command, SH("", "echo first >&2; echo last words >&2; echo >&2; %s"), rows[i].action);
        script_open(&script, command);
        set(&script, "timeout", "0.3");
        must_fail(&script, rows[i].error);
        assert_null(strchr(script.bench.err.text, '\n'));
        script_close(&script);
    }
}

TEST(a_map_that_is_not_finite_is_an_error)
{
    struct scripted script;
    script_open(&script, SH("", ZEROS "printf \"\\000\\000\\300\\177\" >&5; echo map 7 6 >&3"));
    must_map(&script); /* the 43rd float is none of the map */
    script_close(&script);
    script_open(&script, SH("", "printf \"\\000\\000\\000\\000\\000\\000\\300\\177\" >&5; " ZEROS "echo map 7 6 >&3"));
    must_fail(&script, "answered with a map that is nan at (0,1)");
    script_close(&script);
    script_open(&script, SH("echo map layer normalised >&3; ",
                            "printf \"\\000\\000\\000\\100\" >&5; " ZEROS "echo map 7 6 >&3"));
    must_fail(&script, "declared a normalised map, which is 2 at (0,0)");
    script_close(&script);
}

TEST(a_script_that_cannot_be_started_is_an_error)
{
    static const struct {
        const char *command, *error;
    } rows[] = {
        {"/no/such/program", "script \"/no/such/program\" could not be started: No such file or directory"},
        {"no-such-program-anywhere -x", "could not be started: No such file or directory"},
        {"/", "could not be started: Permission denied"},
        {"  ", "command \"  \" names no program"},
        {"sh -c 'exit", "command \"sh -c 'exit\" has a quote that is not closed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        script_open(&script, rows[i].command);
        must_fail(&script, rows[i].error);
        script_close(&script);
    }
}

TEST(a_command_is_split_at_blanks_outside_quotes_and_read_by_no_shell)
{
    struct scripted script;
    script_open(&script, "  sh -c \"echo cambench 1 >&3; set -f; echo ready >&3; read -r x <&3; read -r x <&3; "
                         "echo error $#:$1:$2:$3 >&3; read -r x <&3\" name  'a b'   c$HOME'd;e'\"f g\" *");
    must_fail(&script, "has no map: 3:a b:c$HOMEd;ef g:*");
    script_close(&script);
}

TEST(the_script_is_started_again_after_a_failure_and_only_then)
{
    struct scripted script;
    char folder[] = "/tmp/test_process_XXXXXX", command[512], count[64];
    assert_non_null(mkdtemp(folder));
    snprintf(count, sizeof count, "%s/starts", folder);
    snprintf(command, sizeof command,
             "sh -c 'echo start >>%s; echo cambench 1 >&3; echo ready >&3; n=0; "
             "while read -r a b <&3; do [ $a = explain ] || continue; n=$((n + 1)); " ZEROS
             "if [ $n = 3 ]; then exit 1; fi; echo map 7 6 >&3; done'",
             count);
    script_open(&script, command);
    must_map(&script);
    must_map(&script);
    must_fail(&script, "ended with exit code 1");
    must_map(&script);
    must_map(&script);
    must_fail(&script, "ended with exit code 1");
    script_close(&script);
    FILE *file = fopen(count, "r");
    char line[32];
    int starts = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        starts++;
    assert_int_equal(starts, 2);
    fclose(file);
    remove(count);
    rmdir(folder);
}

TEST(lines_between_images_are_an_error)
{
    struct scripted script;
    script_open(&script, SH("", ZEROS "echo map 7 6 >&3; echo map 7 6 >&3"));
    must_map(&script);
    usleep(100000);
    must_fail(&script, "sent a line that was not expected");
    script_close(&script);
}

/* -- ends ----------------------------------------------------------------------------------------------------------- */

static bool is_running(long id)
{
    char path[64], state = 'Z', line[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", id);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    if (fgets(line, sizeof line, file) && strrchr(line, ')'))
        state = strrchr(line, ')')[2];
    fclose(file);
    return state != 'Z';
}

/* The process whose id the script sent as its reason. */
static long id_of(const struct scripted *script)
{
    const char *text = strstr(script->bench.err.text, "has no map: ");
    assert_non_null(text);
    return strtol(text + strlen("has no map: "), NULL, 10);
}

#define STUBBORN \
    "sh -c 'trap \"\" TERM; echo cambench 1 >&3; echo ready >&3; read -r x <&3; read -r x <&3; " \
    "echo error $$ >&3; while :; do sleep 1; done'"

TEST(the_script_and_its_children_end_with_the_worker)
{
    static const char *const scripts[] = {
        SH("", "sleep 1000 & echo error $! >&3"),
        SH("", "trap \"\" TERM; sleep 1000 & echo error $! >&3"),
        STUBBORN,
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct scripted script;
        script_open(&script, scripts[i]);
        must_fail(&script, "has no map");
        const long id = id_of(&script);
        assert_true(is_running(id));
        script_close(&script);
        for (int wait = 0; is_running(id) && wait < 200; wait++)
            usleep(10000);
        assert_false(is_running(id));
    }
}

/* The seventh is the folder that the shell lists. */
TEST(a_script_has_six_descriptors)
{
    struct scripted script;
    script_open(&script, "sh -c 'echo cambench 1 >&3; echo ready >&3; read -r x <&3; read -r x <&3; "
                         "for f in /proc/$$/fd/*; do s=$s.${f##*/}; done; "
                         "echo error $s $(readlink /proc/$$/fd/0) >&3; read -r x <&3'");
    must_fail(&script, "has no map: .0.1.2.3.4.5");
    const char *rest = strstr(script.bench.err.text, "has no map: ") + strlen("has no map: .0.1.2.3.4.5");
    assert_true(strcmp(rest, " /dev/null") == 0 || strcmp(rest, ".6 /dev/null") == 0);
    script_close(&script);
}
