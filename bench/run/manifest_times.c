/* bench/run/manifest_times.c - `time` of manifest.json: seconds of all threads and wall time, by activity. */
#include "bench/run/manifest_times.h"

#include "bench/process/json_build.h"
#include "bench/run/spent.h"

#include <math.h>

static json_t *activity(const struct manifest *manifest, const struct store_spent *row)
{
    const char *backbone = row->backbone < 0 ? NULL : manifest->backbones[row->backbone].label;
    const char *method = row->method < 0 ? NULL : manifest->methods[row->method].label;
    return json_pack("{s:s, s:o, s:o, s:f, s:f}", "activity", row->activity, "backbone", json_build_text(backbone),
                     "method", json_build_text(method), "seconds", row->seconds, "wall_seconds", row->wall);
}

json_t *manifest_times(const struct manifest *manifest)
{
    struct spent_sum sums[SPENT_ACTIVITIES], whole = {0};
    json_t *list = json_array();
    spent_sum_up(manifest->spent, manifest->spent_count, sums);
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        whole.seconds += sums[i].seconds;
        whole.wall += sums[i].wall;
    }
    for (int i = 0; i < manifest->spent_count; i++)
        json_build_append(&list, activity(manifest, &manifest->spent[i]));
    const double share = spent_serial_share(sums);
    return json_pack("{s:f, s:f, s:o, s:o}", "seconds", whole.seconds, "wall_seconds", whole.wall, "serial_share",
                     isfinite(share) ? json_real(share) : json_null(), "activities", list);
}
