/* bench/run/until_store.c - reads items of a store for the rule. */
#include "bench/run/until_store.h"

struct item_source {
    struct store *store;
    int backbone;
    struct arena *scratch;
    int method, image; /* of `item`; -1: none */
    struct store_item item;
};

static int read_item(struct item_source *source, int method, int image, struct error *err)
{
    source->method = method;
    source->image = image;
    source->item.value_count = 0;
    arena_reset(source->scratch);
    return store_has_part(source->store, source->backbone, image, method)
               ? store_read_item(source->store, source->backbone, image, method, source->scratch, &source->item, err)
               : 0;
}

static int read_value(void *context, int method, int metric, int image, struct until_value *value, struct error *err)
{
    struct item_source *source = context;
    *value = (struct until_value){.state = REPORT_ABSENT};
    if ((source->method != method || source->image != image) && read_item(source, method, image, err))
        return -1;
    for (int i = 0; i < source->item.value_count; i++) {
        const struct store_value *of = &source->item.values[i];
        if (of->protocol == 0 && of->metric == metric)
            *value = (struct until_value){of->undefined ? REPORT_UNDEFINED : REPORT_DEFINED, of->number};
    }
    return 0;
}

int until_look_at_store(struct until *until, struct store *store, int backbone, const bool *is_unreadable,
                        struct arena *scratch, struct error *err)
{
    struct item_source source = {.store = store, .backbone = backbone, .scratch = scratch, .method = -1, .image = -1};
    const int status = until_look(until, read_value, &source, is_unreadable, err);
    arena_reset(scratch);
    return status;
}

struct until *until_of_store(const struct config *config, struct store *store, int backbone, int images,
                             const bool *is_unreadable, struct arena *arena, struct error *err)
{
    struct arena scratch;
    struct until *until = until_create(config, images, arena, err);
    arena_init(&scratch, 0);
    while (until && !until_has_ended(until))
        if (until_look_at_store(until, store, backbone, is_unreadable, &scratch, err))
            until = NULL;
    arena_release(&scratch);
    return until;
}
