/* tests/bench/test_store.c - what is committed comes back, to the bit; what does not fit is an error. */
#include "tests/bench/store_fixture.h"

#include <math.h>

TEST(items_are_known_after_opening_again)
{
    struct fixture f;
    begin(&f);
    open_store(&f, false);
    assert_false(store_has_item(f.store, 1, 2, 0));
    commit(&f, 1, 2, 0);
    commit(&f, 0, 1, 1);
    close_store(&f);
    open_store(&f, false);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++)
            for (int m = 0; m < 2; m++)
                assert_int_equal(store_has_item(f.store, b, i, m),
                                 (b == 1 && i == 2 && m == 0) || (b == 0 && i == 1 && m == 1));
    end(&f);
}

TEST(a_report_gets_the_committed_numbers_to_the_bit)
{
    static const struct report_backbone list[2] = {{.name = "r18", .top1 = 99}, {.name = "vgg"}};
    static const int ranks[2][3] = {{0, 4, 5}, {-1, 0, 0}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit(&f, 1, 2, 0);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++) {
            const struct store_base base = {b, i, 7, ranks[b][i], 0.25, 0};
            assert_int_equal(store_commit_base(f.store, &base, &f.err), 0);
            assert_int_equal(store_commit_base(f.store, &base, &f.err), 0); /* a resumed run does it again */
        }
    close_store(&f);
    open_store(&f, false);
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    close_store(&f);

    const size_t at = report_index(&report, 1, 0, 0, 0, 2), step = 3;
    assert_true(report.values[at] == 0.1);
    assert_int_equal(report.states[at], REPORT_DEFINED);
    assert_string_equal(report.notes[at], "flat");
    assert_int_equal(report.states[at + step], REPORT_UNDEFINED);
    assert_string_equal(report.notes[at + step], "zero_p");
    assert_true(report.values[at + 2 * step] == -DBL_MIN);
    assert_null(report.notes[at + 2 * step]);
    int present = 0;
    for (int i = 0; i < 2 * 2 * 3 * 3; i++)
        present += report.states[i] != REPORT_ABSENT;
    assert_int_equal(present, 3);
    const struct cost *cost = &report.costs[(1 * 2 + 0) * 3 + 2];
    assert_true(cost->seconds == 1.5 && cost->full == 1 && cost->tail == 2 && cost->backward == 3);
    assert_true(report.costs[0].seconds < 0);
    assert_string_equal(report.backbones[0].name, "r18");
    assert_int_equal(report.backbones[0].labelled, 3);
    assert_int_equal(report.backbones[0].top1, 1);
    assert_int_equal(report.backbones[0].top5, 2);
    assert_int_equal(report.backbones[1].labelled, 2);
    assert_int_equal(report.backbones[1].top1, 2);
    arena_release(&arena);
    end(&f);
}

/* Two images of a method with curves of metric 2; a third one whose network gave no numbers. */
static void commit_curves(struct fixture *f)
{
    static const double fraction[] = {0, 0.5, 1}, p[3][3] = {{0.25, 0.5, 1}, {0.75, 0, 0.5}, {0, NAN, 0}};
    for (int image = 0; image < 3; image++) {
        const struct store_curve curve = {NULL, 0, 2, 3, fraction, p[image]};
        struct store_item item = item_at(1, image, 0);
        item.curves = &curve;
        if (store_commit(f->store, &item, &f->err))
            fail_msg("%s", f->err.text);
    }
}

TEST(an_item_is_read_as_it_was_committed)
{
    struct fixture f;
    struct arena arena;
    struct store_item item;
    struct store_base base = {1, 2, 7, 3, 0.25, 0};
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit_curves(&f);
    assert_int_equal(store_commit_base(f.store, &base, &f.err), 0);
    assert_int_equal(store_read_item(f.store, 1, 1, 0, &arena, &item, &f.err), 0);
    assert_true(item.backbone == 1 && item.image == 1 && item.method == 0);
    assert_true(item.cost.seconds == 1.5 && item.cost.full == 1 && item.cost.tail == 2 && item.cost.backward == 3);
    assert_int_equal(item.value_count, 3);
    assert_true(item.values[0].number == 0.1 && item.values[2].number == -DBL_MIN && item.values[2].metric == 2);
    assert_string_equal(item.values[0].flag, "flat");
    assert_null(item.values[0].undefined);
    assert_string_equal(item.values[1].undefined, "zero_p");
    assert_non_null(item.curves);
    assert_null(item.curves->next);
    assert_int_equal(item.curves->metric, 2);
    assert_int_equal(item.curves->count, 3);
    assert_true(item.curves->fraction[1] == 0.5 && item.curves->probability[2] == 0.5);
    base = (struct store_base){0};
    assert_int_equal(store_read_base(f.store, 1, 1, &base, &f.err), 0);
    assert_int_equal(store_read_base(f.store, 1, 2, &base, &f.err), 1);
    assert_true(base.predicted == 7 && base.rank == 3 && base.probability == 0.25);
    arena_release(&arena);
    end(&f);
}

TEST(a_store_that_was_never_committed_to_holds_no_run)
{
    struct fixture f;
    begin(&f);
    run_sql(&f, "PRAGMA journal_mode = WAL");
    assert_int_equal(store_is_begun(f.folder, &f.err), 0);
    open_store(&f, false);
    close_store(&f);
    assert_int_equal(store_is_begun(f.folder, &f.err), 1);
    end(&f);
}

TEST(a_batch_is_committed_as_a_whole_or_not_at_all)
{
    struct fixture f;
    begin(&f);
    for (int is_ended = 0; is_ended < 2; is_ended++) {
        open_store(&f, false);
        assert_int_equal(store_begin_batch(f.store, &f.err), 0);
        commit(&f, 1, 2, 0);
        commit(&f, 0, 1, 1);
        assert_true(store_has_item(f.store, 1, 2, 0));
        if (is_ended)
            assert_int_equal(store_end_batch(f.store, &f.err), 0);
        close_store(&f);
        open_store(&f, false);
        assert_int_equal(store_has_item(f.store, 1, 2, 0), is_ended);
        assert_int_equal(store_has_item(f.store, 0, 1, 1), is_ended);
        close_store(&f);
    }
    end(&f);
}

TEST(a_report_gets_the_mean_of_the_curves)
{
    static const struct report_backbone list[2] = {{.name = "r18"}, {.name = "vgg"}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit_curves(&f);
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    const struct report_curve *curve = &report.curves[report_curve_index(&report, 1, 0, 0, 2)];
    assert_int_equal(curve->n, 2);
    assert_int_equal(curve->count, 3);
    assert_true(curve->fraction[1] == 0.5);
    assert_true(curve->mean[0] == 0.5 && curve->mean[1] == 0.25 && curve->mean[2] == 0.75);
    assert_int_equal(report.curves[report_curve_index(&report, 1, 1, 0, 2)].count, 0);
    arena_release(&arena);
    end(&f);
}

TEST(a_curve_that_does_not_fit_the_others_is_an_error)
{
    static const char *const changes[] = {
        "UPDATE curve SET fraction = x'00'",
        "UPDATE curve SET fraction = x'', probability = x''",
        "UPDATE curve SET protocol = 9",
        "UPDATE curve SET fraction = zeroblob(8), probability = zeroblob(8) WHERE image = 1",
    };
    static const struct report_backbone list[2] = {{.name = "r18"}, {.name = "vgg"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct fixture f;
        struct arena arena;
        begin(&f);
        arena_init(&arena, 0);
        open_store(&f, false);
        commit_curves(&f);
        close_store(&f);
        run_sql(&f, changes[i]);
        open_store(&f, false);
        struct report report = empty_report(list);
        assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), -1);
        assert_non_null(strstr(f.err.text, "curve"));
        arena_release(&arena);
        end(&f);
    }
}

TEST(a_failed_commit_leaves_nothing_behind)
{
    static const struct report_backbone list[2];
    static const struct store_value twice[] = {{.metric = 0, .number = 1, .flag = "new note"},
                                               {.metric = 0, .number = 2}};
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    struct store_item item = item_at(0, 0, 0);
    item.values = twice;
    item.value_count = 2;
    assert_int_equal(store_commit(f.store, &item, &f.err), -1);
    assert_non_null(strstr(f.err.text, "run store \""));
    assert_non_null(strstr(f.err.text, "UNIQUE constraint failed: value.backbone"));
    assert_false(store_has_item(f.store, 0, 0, 0));
    commit(&f, 0, 0, 0);
    close_store(&f);
    open_store(&f, false); /* the notes as the file has them */
    struct report report = empty_report(list);
    assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), 0);
    assert_string_equal(report.notes[report_index(&report, 0, 0, 0, 0, 0)], "flat");
    arena_release(&arena);
    end(&f);
}

TEST(manifest_and_skipped_images_come_back)
{
    struct fixture f;
    struct arena arena;
    struct store_skipped *list;
    struct store_names found;
    int count;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    assert_null(store_manifest(f.store, "config", &arena));
    assert_int_equal(store_manifest_set(f.store, "config", "one", &f.err), 0);
    assert_int_equal(store_manifest_set(f.store, "config", "two 'lines'\n", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 2, "truncated", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 0, "not a JPEG", &f.err), 0);
    assert_int_equal(store_commit_skipped(f.store, 0, "not a JPEG or PNG", &f.err), 0);
    close_store(&f);
    f.store = store_open_run(f.folder, &arena, &found, &f.err);
    assert_non_null(f.store);
    assert_string_equal(store_manifest(f.store, "config", &arena), "two 'lines'\n");
    assert_int_equal(store_skipped_count(f.store, &count, &f.err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(store_read_skipped(f.store, &arena, &list, &count, &f.err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].image, 0);
    assert_string_equal(list[0].why, "not a JPEG or PNG");
    assert_int_equal(list[1].image, 2);
    assert_int_equal(found.lists[STORE_IMAGES].count, 3);
    assert_string_equal(found.lists[STORE_IMAGES].names[1], images[1]);
    assert_int_equal(found.lists[STORE_METRICS].versions[2], 7);
    assert_string_equal(found.lists[STORE_METHODS].names[1], "scorecam");
    assert_int_equal(store_clear_skipped(f.store, &f.err), 0);
    assert_int_equal(store_skipped_count(f.store, &count, &f.err), 0);
    assert_int_equal(count, 0);
    arena_release(&arena);
    end(&f);
}

TEST(many_images_are_named_and_found_again)
{
    enum { COUNT = 1000 };
    static char texts[COUNT][16];
    static const char *many[COUNT];
    struct store_names wide = names, found;
    struct fixture f;
    struct arena arena;
    begin(&f);
    arena_init(&arena, 0);
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "%d.jpg", i);
        many[i] = texts[i];
    }
    wide.lists[STORE_IMAGES].names = many;
    wide.lists[STORE_IMAGES].count = COUNT;
    for (int round = 0; round < 2; round++) {
        f.store = store_open(f.folder, &wide, false, &f.err);
        assert_non_null(f.store);
        close_store(&f);
    }
    f.store = store_open_run(f.folder, &arena, &found, &f.err);
    assert_int_equal(found.lists[STORE_IMAGES].count, COUNT);
    assert_string_equal(found.lists[STORE_IMAGES].names[COUNT - 1], "999.jpg");
    arena_release(&arena);
    end(&f);
}

TEST(rows_outside_the_lists_are_an_error_not_a_crash)
{
    static const struct report_backbone list[2];
    static const struct {
        const char *sql, *table;
    } cases[] = {
        {"INSERT INTO item VALUES (0, 3, 0, 1, 1, 1, 1)", "item"},
        {"INSERT INTO item VALUES (-1, 0, 0, 1, 1, 1, 1)", "item"},
        {"INSERT INTO value VALUES (0, 0, 0, 0, 3, 1.0, NULL, NULL)", "value"},
        {"INSERT INTO value VALUES (0, 0, 0, 0, 0, NULL, 4000, NULL)", "value"},
        {"INSERT INTO base VALUES (2, 0, -1, 0, 1, 1)", "base"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        char want[256];
        begin(&f);
        open_store(&f, false);
        close_store(&f);
        run_sql(&f, cases[i].sql);
        snprintf(want, sizeof want, "run store \"%s/run.db\": a row of table \"%s\" is outside the run's lists",
                 f.folder, cases[i].table);
        struct report report = empty_report(list);
        f.store = store_open(f.folder, &names, false, &f.err);
        if (f.store)
            assert_int_equal(results_fill_table(f.store, &arena, &report, &f.err), -1);
        assert_string_equal(f.err.text, want);
        end(&f);
    }
    arena_release(&arena);
}

/* The fixture's lists without their first method and image, with new ones before the others. */
static const char *const grown_methods[] = {"new", "scorecam"}, *const grown_images[] = {"c.jpg", "0.jpg",
                                                                                         "b 'quoted\".jpg"};
static const char *const grown_metrics[] = {"x", "average_drop", "more", "complexity"};
static const int grown_method_versions[] = {1, 2}, grown_metric_versions[] = {7, 1, 1, 1};

static struct store_names grown_names(void)
{
    struct store_names grown = names;
    grown.lists[STORE_METHODS] = (struct store_list){2, grown_methods, grown_method_versions};
    grown.lists[STORE_IMAGES] = (struct store_list){3, grown_images, NULL};
    grown.lists[STORE_METRICS] = (struct store_list){4, grown_metrics, grown_metric_versions};
    return grown;
}

TEST(lists_grow_shrink_and_change_their_order)
{
    const struct store_names grown = grown_names();
    const struct store_value more = {.metric = 2, .number = 5};
    struct fixture f;
    struct arena arena;
    struct store_item item;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit(&f, 1, 2, 1); /* vgg, c.jpg, scorecam */
    commit(&f, 1, 0, 1);
    close_store(&f);
    f.store = store_open(f.folder, &grown, false, &f.err);
    assert_non_null(f.store);
    assert_false(store_has_same_lists(f.store));
    assert_true(store_is_new(f.store, STORE_METHODS, 0) && !store_is_new(f.store, STORE_METHODS, 1));
    assert_int_equal(store_keep_lists(f.store, -1, -1, &f.err), 0);
    assert_true(store_has_same_lists(f.store));
    assert_int_equal(store_entry(f.store, STORE_METHODS, 0), 2);
    assert_int_equal(store_entry(f.store, STORE_IMAGES, 0), 2);
    assert_false(store_has_item(f.store, 1, 0, 1));
    assert_true(store_has_part(f.store, 1, 0, 1) && !store_has_part(f.store, 1, 2, 1));
    assert_true(store_has_value(f.store, 1, 0, 1, 0, 0) && !store_has_value(f.store, 1, 0, 1, 0, 2));
    item = (struct store_item){.backbone = 1, .method = 1, .cost = {.seconds = 9}, .value_count = 1, .values = &more};
    assert_int_equal(store_commit(f.store, &item, &f.err), 0);
    assert_true(store_has_item(f.store, 1, 0, 1));
    assert_int_equal(store_read_item(f.store, 1, 0, 1, &arena, &item, &f.err), 0);
    assert_int_equal(item.value_count, 4);
    assert_true(item.values[0].number == -DBL_MIN && item.values[1].number == 0.1 && item.values[2].number == 5);
    close_store(&f);

    open_store(&f, false); /* as it was */
    assert_int_equal(store_keep_lists(f.store, -1, -1, &f.err), 0);
    assert_true(store_has_item(f.store, 1, 2, 1) && store_has_item(f.store, 1, 0, 1));
    assert_int_equal(store_read_item(f.store, 1, 2, 1, &arena, &item, &f.err), 0);
    assert_int_equal(item.value_count, 3);
    arena_release(&arena);
    end(&f);
}

TEST(lists_that_are_not_kept_stay_as_they_were)
{
    const struct store_names grown = grown_names();
    struct fixture f;
    begin(&f);
    open_store(&f, false);
    commit(&f, 1, 2, 0);
    close_store(&f);
    f.store = store_open(f.folder, &grown, false, &f.err);
    assert_non_null(f.store);
    assert_int_equal(store_begin_batch(f.store, &f.err), 0);
    assert_int_equal(store_keep_lists(f.store, -1, -1, &f.err), 0);
    close_store(&f); /* without store_end_batch() */
    open_store(&f, false);
    assert_true(store_has_same_lists(f.store));
    assert_true(store_has_item(f.store, 1, 2, 0));
    end(&f);
}

TEST(maps_and_sessions_come_back)
{
    static const float data[] = {1, -2, 3, 4, 5, 6};
    static const char *const views[] = {"view a", "view b"};
    struct store_names with_views = names;
    with_views.lists[STORE_VIEWS] = (struct store_list){2, views, NULL};
    const struct store_map maps[] = {
        {.view = 1, .h = 2, .w = 3, .is_signed = true, .cost = {.seconds = 2, .full = 1, .repeated = 4}, .data = data},
        {.view = 0, .h = 100, .w = 100, .is_normalised = true, .cost = {.seconds = 3}}};
    struct fixture f;
    struct arena arena;
    struct store_session *sessions;
    int count;
    begin(&f);
    arena_init(&arena, 0);
    f.store = store_open(f.folder, &with_views, false, &f.err);
    assert_non_null(f.store);
    store_begin_session(f.store, 1000)->full = 7;
    struct store_item item = item_at(0, 1, 1);
    item.maps = maps;
    item.map_count = 2;
    assert_int_equal(store_commit(f.store, &item, &f.err), 0);
    assert_int_equal(store_end_session(f.store, 1010, &f.err), 0);
    store_begin_session(f.store, 2000);
    assert_int_equal(store_end_session(f.store, 2010, &f.err), 0); /* has measured nothing */
    close_store(&f);
    f.store = store_open(f.folder, &with_views, false, &f.err);
    assert_int_equal(store_read_item(f.store, 0, 1, 1, &arena, &item, &f.err), 0);
    assert_int_equal(item.map_count, 2);
    for (int i = 0; i < 2; i++) {
        const struct store_map *map = &item.maps[i], *want = &maps[map->view == 0];
        assert_true(map->h == want->h && map->w == want->w && map->is_signed == want->is_signed);
        assert_true(map->is_normalised == want->is_normalised && map->cost.repeated == want->cost.repeated);
        assert_int_equal(map->data != NULL, want->data != NULL);
        if (map->data)
            assert_memory_equal(map->data, data, sizeof data);
    }
    assert_int_equal(store_read_sessions(f.store, &arena, &sessions, &count, &f.err), 0);
    assert_int_equal(count, 1);
    assert_true(sessions[0].started == 1000 && sessions[0].ended == 1010 && sessions[0].full == 7);
    close_store(&f);
    run_sql(&f, "UPDATE map SET w = 4");
    f.store = store_open(f.folder, &with_views, false, &f.err);
    assert_int_equal(store_read_item(f.store, 0, 1, 1, &arena, &item, &f.err), -1);
    assert_non_null(strstr(f.err.text, "table \"map\""));
    arena_release(&arena);
    end(&f);
}

TEST(a_store_can_be_read_in_the_positions_of_other_lists)
{
    static const int backbones_of[] = {-1, 1, 0}, methods_of[] = {1, -1, -1, 0}, images_of[] = {2, 0};
    static const int metrics_of[] = {2, -1, 0};
    static const struct store_places places[STORE_LISTS] = {[STORE_BACKBONES] = {3, backbones_of},
                                                            [STORE_METHODS] = {4, methods_of},
                                                            [STORE_METRICS] = {3, metrics_of},
                                                            [STORE_IMAGES] = {2, images_of}};
    struct fixture f;
    struct arena arena;
    struct store_item item;
    begin(&f);
    arena_init(&arena, 0);
    open_store(&f, false);
    commit(&f, 1, 2, 0);
    commit(&f, 0, 1, 0); /* of an image that is not in the lists */
    assert_int_equal(store_arrange(f.store, places, &f.err), 0);
    for (int b = 0; b < 3; b++)
        for (int i = 0; i < 2; i++)
            for (int m = 0; m < 4; m++)
                assert_int_equal(store_has_item(f.store, b, i, m), b == 1 && i == 0 && m == 3);
    assert_true(store_has_value(f.store, 1, 0, 3, 0, 0));
    assert_false(store_has_value(f.store, 1, 0, 3, 0, 1)); /* a metric that the run lacks */
    assert_int_equal(store_read_item(f.store, 1, 0, 3, &arena, &item, &f.err), 0);
    assert_int_equal(item.value_count, 2);
    assert_true(item.values[0].metric == 0 && item.values[0].number == -DBL_MIN);
    assert_true(item.values[1].metric == 2 && item.values[1].number == 0.1);
    assert_int_equal(store_read_item(f.store, 0, 0, 3, &arena, &item, &f.err), 0);
    assert_int_equal(item.value_count, 0);
    arena_release(&arena);
    end(&f);
}
