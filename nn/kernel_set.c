/* nn/kernel_set.c - chooses the set of kernels: the best that the processor can run, or the one of a name. */
#include "nn/kernels/kernels.h"

#include <string.h>

#define SETS_MAX 3

extern const struct kernel_set kernels_portable, kernels_avx2, kernels_avx512, kernels_neon;

/* The sets that this processor can run, best first; ends with NULL. */
static const struct kernel_set *const *sets_here(void)
{
#if defined(__x86_64__)
    static const struct kernel_set *const sets[] = {&kernels_avx512, &kernels_avx2, &kernels_portable, NULL};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd"))
        return sets;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") ? sets + 1
                                                                                                             : sets + 2;
#elif defined(__aarch64__)
    static const struct kernel_set *const sets[] = {&kernels_neon, NULL};
    return sets;
#else
    static const struct kernel_set *const sets[] = {&kernels_portable, NULL};
    return sets;
#endif
}

const struct kernel_set *kernel_set(const char *name)
{
    const struct kernel_set *const *set = sets_here();
    while (name && strcmp(name, "auto") != 0 && *set && strcmp((*set)->name, name) != 0)
        set++;
    return *set;
}

const char *const *kernel_set_names(void)
{
    static const char *names[SETS_MAX + 1];
    const struct kernel_set *const *sets = sets_here();
    for (int i = 0; sets[i]; i++)
        names[i] = sets[i]->name;
    return names;
}
