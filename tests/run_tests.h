// SPDX-License-Identifier: MIT
//
// The main() of a test. Each case runs in a process of its own, on every host: the program runs
// itself again for it. So a case does not find what an earlier one has left behind, does not end
// the others when it crashes, and has a time limit. Nothing is forked for that.
//
// ZIRCONIA_TEST_CASE   the number of the one case to run, as the program tells it to itself
// ZIRCONIA_TEST_WITH   a command, with its options, that runs programs of another processor

#ifndef TESTS_RUN_TESTS_H
#define TESTS_RUN_TESTS_H

#include <check.h>
#include <stddef.h>

// Runs the tests as a suite of that name; returns what main() does.
int run_tests(const char *name, const TTest *const *tests, size_t count);

// Runs a suite that the caller has made, with loops, fixtures or several cases.
int run_suite(Suite *suite);

// --- Check's calls that make a suite, which note what there is ---

TCase *note_tcase(const char *name);
void note_timeout(TCase *tcase, double seconds);
void note_tests(TCase *tcase, const TTest *test, int signal, int start, int end);

#undef tcase_add_test
#undef tcase_add_test_raise_signal
#undef tcase_add_loop_test
#define tcase_create(name) note_tcase(name)
#define tcase_set_timeout(tcase, seconds) note_timeout(tcase, seconds)
#define tcase_add_test(tcase, test) note_tests(tcase, test, 0, 0, 1)
#define tcase_add_test_raise_signal(tcase, test, signal) note_tests(tcase, test, signal, 0, 1)
#define tcase_add_loop_test(tcase, test, start, end) note_tests(tcase, test, 0, start, end)

#endif // TESTS_RUN_TESTS_H
