// SPDX-License-Identifier: MIT
//
// What the main() of a test does.

#ifndef TESTS_RUN_TESTS_H
#define TESTS_RUN_TESTS_H

#include <check.h>
#include <stddef.h>

// Runs the tests as a suite of that name; returns what main() does.
int run_tests(const char *name, const TTest *const *tests, size_t count);

// Runs a suite that the caller has made, with loops, fixtures or several cases.
int run_suite(Suite *suite);

#endif // TESTS_RUN_TESTS_H
