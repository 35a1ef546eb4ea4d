/* tests/bench/test_download.c - the table of published weights, names with a SHA-256, and where a server may send on to. */
#include "backbones/backbone.h"
#include "bench/fetch/download.h"
#include "weights/published.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

TEST(the_table_is_torchvisions)
{
    FILE *file = fopen("tests/golden/published.txt", "r");
    assert_non_null(file);
    const struct published *row = published_weights;
    char arch[64], training[32], name[64];
    double accuracy;
    int side;
    for (; fscanf(file, "%63s %31s %63s %lf %d", arch, training, name, &accuracy, &side) == 5; row++) {
        assert_non_null(row->arch);
        assert_string_equal(row->arch, arch);
        assert_string_equal(row->training, training);
        assert_string_equal(row->file, name);
        assert_true(row->accuracy == accuracy);
        assert_int_equal(row->side, side);
    }
    assert_null(row->arch);
    fclose(file);
}

TEST(every_network_of_torchvision_has_published_weights_and_every_row_a_network)
{
    struct error err;
    const struct backbone_family *family;
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++)
            if (!variant->is_timm && !published_find(variant->name, "V1", &err) &&
                !published_find(variant->name, "SWAG_E2E_V1", &err))
                fail_msg("%s", err.text);
    for (const struct published *row = published_weights; row->arch; row++)
        if (!backbone_find(row->arch, &family, &err))
            fail_msg("%s", err.text);
}

TEST(the_first_weights_of_a_network_have_the_networks_side)
{
    struct error err;
    const struct backbone_family *family;
    for (const struct published *row = published_weights; row->arch; row++) {
        const struct backbone_variant *variant = backbone_find(row->arch, &family, &err);
        assert_non_null(variant);
        if (strcmp(row->training, "V1") == 0 && row->side != (variant->input.h ? variant->input.h : 224))
            fail_msg("%s: %d, published for %d", row->arch, variant->input.h, row->side);
    }
}

TEST(the_trainings_of_a_network_are_listed)
{
    struct error err;
    assert_null(published_find("regnet_y_128gf", "V1", &err));
    assert_string_equal(err.text, "torchvision publishes no V1 weights of \"regnet_y_128gf\", only SWAG_E2E_V1, "
                                  "SWAG_LINEAR_V1");
    assert_int_equal(published_find("regnet_y_16gf", "SWAG_E2E_V1", &err)->side, 384);
}

TEST(weights_are_found_by_training_and_by_file)
{
    struct error err;
    char hash[PUBLISHED_HASH_MAX + 1];
    assert_string_equal(published_find("resnet50", "V1", &err)->file, "resnet50-0676ba61.pth");
    assert_string_equal(published_find("resnet50", "V2", &err)->file, "resnet50-11ad3fa6.pth");
    assert_string_equal(published_find_file("resnet50", "resnet50-11ad3fa6.pth")->training, "V2");
    assert_null(published_find_file("resnet18", "resnet50-11ad3fa6.pth"));
    for (const struct published *row = published_weights; row->arch; row++)
        assert_int_equal(published_hash(row->file, hash, &err), 0);
    assert_int_equal(published_hash("efficientnet_b0_rwightman-7f5810bc.pth", hash, &err), 0);
    assert_string_equal(hash, "7f5810bc");
}

TEST(names_that_hold_no_hash_or_lead_elsewhere_are_refused)
{
    static const char *const wrong[] = {"",
                                        "resnet18.pth",
                                        "resnet18-f37072f.pth",
                                        "resnet18-f37072fg.pth",
                                        "resnet18-F37072FD.pth",
                                        "resnet18-f37072fd",
                                        "-",
                                        "../resnet18-f37072fd.pth",
                                        ".resnet18-f37072fd.pth",
                                        "a b-f37072fd.pth",
                                        "x?y-f37072fd.pth",
                                        "%2e-f37072fd.pth",
                                        "r-00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0.pth"};
    char hash[PUBLISHED_HASH_MAX + 1];
    struct error err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (published_hash(wrong[i], hash, &err) == 0)
            fail_msg("\"%s\" was taken", wrong[i]);
}

TEST(nothing_leads_away_from_https_nor_from_the_web)
{
    static const struct {
        const char *from, *to;
        bool may;
    } cases[] = {
        {"https://a/x", "https://b/y", true},
        {"http://a/x", "https://b/y", true},
        {"http://a/x", "http://b/y", true},
        {"https://a/x", "http://a/x", false},
        {"HTTPS://a/x", "http://a/x", false},
        {"https://a/x", "file:///etc/passwd", false},
        {"http://a/x", "file:///etc/passwd", false},
        {"http://a/x", "ftp://b/y", false},
        {"file:///a", "http://b/y", false},
        {"https://a/x", "gopher://b/y", false},
        {"https://a/x", "", false},
        {"https://a/x", "y", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (download_may_follow(cases[i].from, cases[i].to) != cases[i].may)
            fail_msg("from %s to %s", cases[i].from, cases[i].to);
}

TEST(addresses_are_shown_without_passwords)
{
    char shown[64];
    assert_string_equal(download_show_url("https://me:secret@host:8080/a/b", shown, sizeof shown),
                        "https://host:8080/a/b");
    assert_string_equal(download_show_url("file:///a/b", shown, sizeof shown), "file:///a/b");
    assert_null(strstr(download_show_url("me:secret@host", shown, sizeof shown), "secret"));
    assert_false(download_is_url("me:secret@host"));
}
