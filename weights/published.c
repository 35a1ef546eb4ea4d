/* weights/published.c - torchvision's table of weights (torchvision/models, WeightsEnum). */
#include "weights/published.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define HASH_MIN 8

/* efficientnet_b0: the file's name since torchvision 0.16.1; the older name did not contain its SHA-256 */
const struct published published_weights[] = {
    {"alexnet", "V1", "alexnet-owt-7be5be79.pth", 56.522},
    {"densenet121", "V1", "densenet121-a639ec97.pth", 74.434},
    {"efficientnet_b0", "V1", "efficientnet_b0_rwightman-7f5810bc.pth", 77.692},
    {"googlenet", "V1", "googlenet-1378be20.pth", 69.778},
    {"mobilenet_v2", "V1", "mobilenet_v2-b0353104.pth", 71.878},
    {"mobilenet_v2", "V2", "mobilenet_v2-7ebf99e0.pth", 72.154},
    {"mobilenet_v3_large", "V1", "mobilenet_v3_large-8738ca79.pth", 74.042},
    {"mobilenet_v3_large", "V2", "mobilenet_v3_large-5c1a4163.pth", 75.274},
    {"mobilenet_v3_small", "V1", "mobilenet_v3_small-047dcff4.pth", 67.668},
    {"resnet101", "V1", "resnet101-63fe2227.pth", 77.374},
    {"resnet101", "V2", "resnet101-cd907fc2.pth", 81.886},
    {"resnet152", "V1", "resnet152-394f9c45.pth", 78.312},
    {"resnet152", "V2", "resnet152-f82ba261.pth", 82.284},
    {"resnet18", "V1", "resnet18-f37072fd.pth", 69.758},
    {"resnet34", "V1", "resnet34-b627a593.pth", 73.314},
    {"resnet50", "V1", "resnet50-0676ba61.pth", 76.130},
    {"resnet50", "V2", "resnet50-11ad3fa6.pth", 80.858},
    {"resnext101_32x8d", "V1", "resnext101_32x8d-8ba56ff5.pth", 79.312},
    {"resnext101_32x8d", "V2", "resnext101_32x8d-110c445d.pth", 82.834},
    {"resnext50_32x4d", "V1", "resnext50_32x4d-7cdf4587.pth", 77.618},
    {"resnext50_32x4d", "V2", "resnext50_32x4d-1a0047aa.pth", 81.198},
    {"squeezenet1_0", "V1", "squeezenet1_0-b66bff10.pth", 58.092},
    {"squeezenet1_1", "V1", "squeezenet1_1-b8a52dc0.pth", 58.178},
    {"vgg11", "V1", "vgg11-8a719046.pth", 69.020},
    {"vgg11_bn", "V1", "vgg11_bn-6002323d.pth", 70.370},
    {"vgg13", "V1", "vgg13-19584684.pth", 69.928},
    {"vgg13_bn", "V1", "vgg13_bn-abd245e5.pth", 71.586},
    {"vgg16", "V1", "vgg16-397923af.pth", 71.592},
    {"vgg16_bn", "V1", "vgg16_bn-6c64b313.pth", 73.360},
    {"vgg19", "V1", "vgg19-dcbb9e9d.pth", 72.376},
    {"vgg19_bn", "V1", "vgg19_bn-c79401a0.pth", 74.218},
    {"wide_resnet50_2", "V1", "wide_resnet50_2-95faca4d.pth", 78.468},
    {"wide_resnet50_2", "V2", "wide_resnet50_2-9ba9bcbe.pth", 81.602},
    {0},
};

const struct published *published_find(const char *arch, const char *training, struct error *err)
{
    const struct published *other = NULL;
    for (const struct published *row = published_weights; row->arch; row++) {
        if (strcmp(row->arch, arch) != 0)
            continue;
        if (strcmp(row->training, training) == 0)
            return row;
        other = row;
    }
    if (other)
        error_set(err, "torchvision publishes no %s weights of \"%s\", only %s", training, arch, other->training);
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
