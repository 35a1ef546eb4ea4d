/* weights/published.c - torchvision's table of weights (torchvision/models, WeightsEnum). */
#include "weights/published.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define HASH_MIN 8

/* efficientnet_b0 to b7: the files' names since torchvision 0.16.1; the older names did not contain their SHA-256 */
const struct published published_weights[] = {
    {"alexnet", "V1", "alexnet-owt-7be5be79.pth", 56.522, 224},
    {"convnext_base", "V1", "convnext_base-6075fbad.pth", 84.062, 224},
    {"convnext_large", "V1", "convnext_large-ea097f82.pth", 84.414, 224},
    {"convnext_small", "V1", "convnext_small-0c510722.pth", 83.616, 224},
    {"convnext_tiny", "V1", "convnext_tiny-983f1562.pth", 82.520, 224},
    {"densenet121", "V1", "densenet121-a639ec97.pth", 74.434, 224},
    {"densenet161", "V1", "densenet161-8d451a50.pth", 77.138, 224},
    {"densenet169", "V1", "densenet169-b2777c0a.pth", 75.600, 224},
    {"densenet201", "V1", "densenet201-c1103571.pth", 76.896, 224},
    {"efficientnet_b0", "V1", "efficientnet_b0_rwightman-7f5810bc.pth", 77.692, 224},
    {"efficientnet_b1", "V1", "efficientnet_b1_rwightman-bac287d4.pth", 78.642, 240},
    {"efficientnet_b1", "V2", "efficientnet_b1-c27df63c.pth", 79.838, 240},
    {"efficientnet_b2", "V1", "efficientnet_b2_rwightman-c35c1473.pth", 80.608, 288},
    {"efficientnet_b3", "V1", "efficientnet_b3_rwightman-b3899882.pth", 82.008, 300},
    {"efficientnet_b4", "V1", "efficientnet_b4_rwightman-23ab8bcd.pth", 83.384, 380},
    {"efficientnet_b5", "V1", "efficientnet_b5_lukemelas-1a07897c.pth", 83.444, 456},
    {"efficientnet_b6", "V1", "efficientnet_b6_lukemelas-24a108a5.pth", 84.008, 528},
    {"efficientnet_b7", "V1", "efficientnet_b7_lukemelas-c5b4e57e.pth", 84.122, 600},
    {"efficientnet_v2_l", "V1", "efficientnet_v2_l-59c71312.pth", 85.808, 480},
    {"efficientnet_v2_m", "V1", "efficientnet_v2_m-dc08266a.pth", 85.112, 480},
    {"efficientnet_v2_s", "V1", "efficientnet_v2_s-dd5fe13b.pth", 84.228, 384},
    {"googlenet", "V1", "googlenet-1378be20.pth", 69.778, 224},
    {"inception_v3", "V1", "inception_v3_google-0cc3c7bd.pth", 77.294, 299},
    {"mnasnet0_5", "V1", "mnasnet0.5_top1_67.823-3ffadce67e.pth", 67.734, 224},
    {"mnasnet0_75", "V1", "mnasnet0_75-7090bc5f.pth", 71.180, 224},
    {"mnasnet1_0", "V1", "mnasnet1.0_top1_73.512-f206786ef8.pth", 73.456, 224},
    {"mnasnet1_3", "V1", "mnasnet1_3-a4c69d6f.pth", 76.506, 224},
    {"mobilenet_v2", "V1", "mobilenet_v2-b0353104.pth", 71.878, 224},
    {"mobilenet_v2", "V2", "mobilenet_v2-7ebf99e0.pth", 72.154, 224},
    {"mobilenet_v3_large", "V1", "mobilenet_v3_large-8738ca79.pth", 74.042, 224},
    {"mobilenet_v3_large", "V2", "mobilenet_v3_large-5c1a4163.pth", 75.274, 224},
    {"mobilenet_v3_small", "V1", "mobilenet_v3_small-047dcff4.pth", 67.668, 224},
    {"regnet_x_16gf", "V1", "regnet_x_16gf-2007eb11.pth", 80.058, 224},
    {"regnet_x_16gf", "V2", "regnet_x_16gf-ba3796d7.pth", 82.716, 224},
    {"regnet_x_1_6gf", "V1", "regnet_x_1_6gf-e3633e7f.pth", 77.040, 224},
    {"regnet_x_1_6gf", "V2", "regnet_x_1_6gf-a12f2b72.pth", 79.668, 224},
    {"regnet_x_32gf", "V1", "regnet_x_32gf-9d47f8d0.pth", 80.622, 224},
    {"regnet_x_32gf", "V2", "regnet_x_32gf-6eb8fdc6.pth", 83.014, 224},
    {"regnet_x_3_2gf", "V1", "regnet_x_3_2gf-f342aeae.pth", 78.364, 224},
    {"regnet_x_3_2gf", "V2", "regnet_x_3_2gf-7071aa85.pth", 81.196, 224},
    {"regnet_x_400mf", "V1", "regnet_x_400mf-adf1edd5.pth", 72.834, 224},
    {"regnet_x_400mf", "V2", "regnet_x_400mf-62229a5f.pth", 74.864, 224},
    {"regnet_x_800mf", "V1", "regnet_x_800mf-ad17e45c.pth", 75.212, 224},
    {"regnet_x_800mf", "V2", "regnet_x_800mf-94a99ebd.pth", 77.522, 224},
    {"regnet_x_8gf", "V1", "regnet_x_8gf-03ceed89.pth", 79.344, 224},
    {"regnet_x_8gf", "V2", "regnet_x_8gf-2b70d774.pth", 81.682, 224},
    {"regnet_y_128gf", "SWAG_E2E_V1", "regnet_y_128gf_swag-c8ce3e52.pth", 88.228, 384},
    {"regnet_y_128gf", "SWAG_LINEAR_V1", "regnet_y_128gf_lc_swag-cbe8ce12.pth", 86.068, 224},
    {"regnet_y_16gf", "SWAG_E2E_V1", "regnet_y_16gf_swag-43afe44d.pth", 86.012, 384},
    {"regnet_y_16gf", "SWAG_LINEAR_V1", "regnet_y_16gf_lc_swag-f3ec0043.pth", 83.976, 224},
    {"regnet_y_16gf", "V1", "regnet_y_16gf-9e6ed7dd.pth", 80.424, 224},
    {"regnet_y_16gf", "V2", "regnet_y_16gf-3e4a00f9.pth", 82.886, 224},
    {"regnet_y_1_6gf", "V1", "regnet_y_1_6gf-b11a554e.pth", 77.950, 224},
    {"regnet_y_1_6gf", "V2", "regnet_y_1_6gf-0d7bc02a.pth", 80.876, 224},
    {"regnet_y_32gf", "SWAG_E2E_V1", "regnet_y_32gf_swag-04fdfa75.pth", 86.838, 384},
    {"regnet_y_32gf", "SWAG_LINEAR_V1", "regnet_y_32gf_lc_swag-e1583746.pth", 84.622, 224},
    {"regnet_y_32gf", "V1", "regnet_y_32gf-4dee3f7a.pth", 80.878, 224},
    {"regnet_y_32gf", "V2", "regnet_y_32gf-8db6d4b5.pth", 83.368, 224},
    {"regnet_y_3_2gf", "V1", "regnet_y_3_2gf-b5a9779c.pth", 78.948, 224},
    {"regnet_y_3_2gf", "V2", "regnet_y_3_2gf-9180c971.pth", 81.982, 224},
    {"regnet_y_400mf", "V1", "regnet_y_400mf-c65dace8.pth", 74.046, 224},
    {"regnet_y_400mf", "V2", "regnet_y_400mf-e6988f5f.pth", 75.804, 224},
    {"regnet_y_800mf", "V1", "regnet_y_800mf-1b27b58c.pth", 76.420, 224},
    {"regnet_y_800mf", "V2", "regnet_y_800mf-58fc7688.pth", 78.828, 224},
    {"regnet_y_8gf", "V1", "regnet_y_8gf-d0d0e4a8.pth", 80.032, 224},
    {"regnet_y_8gf", "V2", "regnet_y_8gf-dc2b1b54.pth", 82.828, 224},
    {"resnet101", "V1", "resnet101-63fe2227.pth", 77.374, 224},
    {"resnet101", "V2", "resnet101-cd907fc2.pth", 81.886, 224},
    {"resnet152", "V1", "resnet152-394f9c45.pth", 78.312, 224},
    {"resnet152", "V2", "resnet152-f82ba261.pth", 82.284, 224},
    {"resnet18", "V1", "resnet18-f37072fd.pth", 69.758, 224},
    {"resnet34", "V1", "resnet34-b627a593.pth", 73.314, 224},
    {"resnet50", "V1", "resnet50-0676ba61.pth", 76.130, 224},
    {"resnet50", "V2", "resnet50-11ad3fa6.pth", 80.858, 224},
    {"resnext101_32x8d", "V1", "resnext101_32x8d-8ba56ff5.pth", 79.312, 224},
    {"resnext101_32x8d", "V2", "resnext101_32x8d-110c445d.pth", 82.834, 224},
    {"resnext101_64x4d", "V1", "resnext101_64x4d-173b62eb.pth", 83.246, 224},
    {"resnext50_32x4d", "V1", "resnext50_32x4d-7cdf4587.pth", 77.618, 224},
    {"resnext50_32x4d", "V2", "resnext50_32x4d-1a0047aa.pth", 81.198, 224},
    {"shufflenet_v2_x0_5", "V1", "shufflenetv2_x0.5-f707e7126e.pth", 60.552, 224},
    {"shufflenet_v2_x1_0", "V1", "shufflenetv2_x1-5666bf0f80.pth", 69.362, 224},
    {"shufflenet_v2_x1_5", "V1", "shufflenetv2_x1_5-3c479a10.pth", 72.996, 224},
    {"shufflenet_v2_x2_0", "V1", "shufflenetv2_x2_0-8be3c8ee.pth", 76.230, 224},
    {"squeezenet1_0", "V1", "squeezenet1_0-b66bff10.pth", 58.092, 224},
    {"squeezenet1_1", "V1", "squeezenet1_1-b8a52dc0.pth", 58.178, 224},
    {"vgg11", "V1", "vgg11-8a719046.pth", 69.020, 224},
    {"vgg11_bn", "V1", "vgg11_bn-6002323d.pth", 70.370, 224},
    {"vgg13", "V1", "vgg13-19584684.pth", 69.928, 224},
    {"vgg13_bn", "V1", "vgg13_bn-abd245e5.pth", 71.586, 224},
    {"vgg16", "V1", "vgg16-397923af.pth", 71.592, 224},
    {"vgg16_bn", "V1", "vgg16_bn-6c64b313.pth", 73.360, 224},
    {"vgg19", "V1", "vgg19-dcbb9e9d.pth", 72.376, 224},
    {"vgg19_bn", "V1", "vgg19_bn-c79401a0.pth", 74.218, 224},
    {"wide_resnet101_2", "V1", "wide_resnet101_2-32ee1156.pth", 78.848, 224},
    {"wide_resnet101_2", "V2", "wide_resnet101_2-d733dc28.pth", 82.510, 224},
    {"wide_resnet50_2", "V1", "wide_resnet50_2-95faca4d.pth", 78.468, 224},
    {"wide_resnet50_2", "V2", "wide_resnet50_2-9ba9bcbe.pth", 81.602, 224},
    {0},
};

const struct published *published_find(const char *arch, const char *training, struct error *err)
{
    char others[128] = "";
    size_t used = 0;
    for (const struct published *row = published_weights; row->arch; row++) {
        if (strcmp(row->arch, arch) != 0)
            continue;
        if (strcmp(row->training, training) == 0)
            return row;
        if (used < sizeof others)
            used += (size_t)snprintf(others + used, sizeof others - used, "%s%s", used ? ", " : "", row->training);
    }
    if (used)
        error_set(err, "torchvision publishes no %s weights of \"%s\", only %s", training, arch, others);
    else
        error_set(err, "torchvision publishes no weights of \"%s\"", arch);
    return NULL;
}

const struct published *published_find_file(const char *arch, const char *file)
{
    for (const struct published *row = published_weights; row->arch; row++)
        if (strcmp(row->arch, arch) == 0 && strcmp(row->file, file) == 0)
            return row;
    return NULL;
}

int published_hash(const char *file, char hash[PUBLISHED_HASH_MAX + 1], struct error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    char shown[256];
    const char *dash = strrchr(file, '-');
    const size_t digits = dash ? strspn(dash + 1, "0123456789abcdef") : 0;
    if (file[strspn(file, letters)] || file[0] == '.')
        return error_set(err, "\"%s\" is not a file name of letters, digits, \".\", \"_\" and \"-\"",
                         text_printable(file, shown, sizeof shown));
    if (digits < HASH_MIN || digits > PUBLISHED_HASH_MAX || dash[1 + digits] != '.')
        return error_set(err,
                         "file name \"%s\" has no SHA-256 at its end as \"resnet18-f37072fd.pth\" has: at least %d "
                         "digits, 0 to 9 and a to f",
                         text_printable(file, shown, sizeof shown), HASH_MIN);
    memcpy(hash, dash + 1, digits);
    hash[digits] = 0;
    return 0;
}
