// SPDX-License-Identifier: MIT
//
// What the log tells of a call that fails: one cause, and no other.

#ifndef TESTS_REFUSALS_H
#define TESTS_REFUSALS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/types.h>
#include <zirconia/zirconia.h>

enum { LINE_SIZE = 2048 };

static char last_line[LINE_SIZE];

static inline void keep(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    if (level == ZIRCONIA_LOG_DEBUG) {
        strncpy(last_line, line, sizeof last_line - 1);
    }
    if (getenv("ZIRCONIA_LOG") != NULL) { // The test `reasons` reads along.
        fprintf(stderr, "zirconia: %s\n", line);
    }
}

// The line ends with `cause`, and says nothing else behind the status.
static inline void expect_cause(zx_status_t status, zx_status_t expected, const char *cause) {
    ck_assert_int_eq(status, expected);
    const char *result = strstr(last_line, ") = ZX_ERR_");
    ck_assert_msg(result != NULL, "%s", last_line);
    const char *told = strstr(result, ": ");
    ck_assert_msg(told != NULL, "%s", last_line);
    ck_assert_str_eq(told + 2, cause);
    last_line[0] = '\0';
}

static inline void listen_to_all(void) {
    zirconia_set_log(keep, NULL, ZIRCONIA_LOG_DEBUG);
}

#endif // TESTS_REFUSALS_H
