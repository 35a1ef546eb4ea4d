/* bench/run/manifest_times.c - `time` of manifest.json: seconds of all threads and wall time, by activity. */
#include "bench/run/manifest_times.h"

#include "bench/process/json_build.h"
#include "bench/run/spent.h"

#include <math.h>

static json_t *activity(const struct manifest_labels *labels, const struct store_spent *row)
{
    const char *backbone = row->backbone < 0 ? NULL : labels->backbone(labels->context, row->backbone);
    const char *method = row->method < 0 ? NULL : labels->method(labels->context, row->method);
    return json_pack("{s:s, s:o, s:o, s:f, s:f}", "activity", row->activity, "backbone", json_build_text(backbone),
                     "method", json_build_text(method), "seconds", row->seconds, "wall_seconds", row->wall);
}

json_t *manifest_times(const struct store_spent *rows, int count, const struct manifest_labels *labels)
{
    struct spent_sum sums[SPENT_ACTIVITIES], whole = {0};
    json_t *list = json_array();
    spent_sum_up(rows, count, sums);
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        whole.seconds += sums[i].seconds;
        whole.wall += sums[i].wall;
    }
    for (int i = 0; i < count; i++)
        json_build_append(&list, activity(labels, &rows[i]));
    const double share = spent_serial_share(sums);
    return json_pack("{s:f, s:f, s:o, s:o}", "seconds", whole.seconds, "wall_seconds", whole.wall, "serial_share",
                     isfinite(share) ? json_real(share) : json_null(), "activities", list);
}
