/*
 * tests/test.h - what every test includes. A test is TEST(claim) { ... }: a function whose name is a claim; the build
 * finds it. Tests run in the project's root folder.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(name) \
    void name(void **state); \
    void name(__attribute__((unused)) void **state)

#endif
