/*
 * bench/plugins/plugin.h - shared libraries with methods and metrics of the user's own.
 *
 * A plugin is the file of a method or metric as the build would compile it in, or several, linked with -shared:
 * everything that it exports as `const struct method method_NAME` or `const struct metric metric_NAME` is added to
 * methods_all() and metrics_all(). It calls functions of the program, which exports those of the installed headers
 * (tools/plugin_api.sh). A plugin stays loaded until the program ends.
 */
#ifndef BENCH_PLUGINS_PLUGIN_H
#define BENCH_PLUGINS_PLUGIN_H

#include "base/error.h"

struct plugin {
    const char *path;   /* as given when it was loaded */
    const char *sha256; /* of the file */
};

/*
 * Loads a library; NULL with an error that begins with `plugin "PATH": `. A path without a slash is a file of the
 * working directory. A file that is loaded already is not loaded again. Only before other threads are started. Errors:
 * it cannot be read, is not a complete shared library, needs a symbol that nothing defines, defines a name that the
 * program has, has no method and no metric, or one that was built with other headers or is incomplete.
 */
const struct plugin *plugin_load(const char *path, struct error *err);

/* The plugin that a method or metric is from; NULL: it is the program's own. */
const struct plugin *plugin_of(const void *descriptor);

#endif
