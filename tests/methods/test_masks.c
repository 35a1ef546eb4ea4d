/* tests/methods/test_masks.c - methods that mask the input: against PyTorch, and what must hold between them. */
#include "tests/methods/golden_cases.h"

TEST(iscam_is_that_of_pytorch)
{
    check_cases("methods_masks", "iscam");
}

TEST(sscam_is_that_of_pytorch)
{
    check_cases("methods_masks", "sscam");
}

TEST(occlusion_is_that_of_pytorch)
{
    check_cases("methods_masks", "occlusion");
}

TEST(rise_is_that_of_pytorch)
{
    check_cases("methods_masks", "rise");
}
