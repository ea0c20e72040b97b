// SPDX-License-Identifier: MIT
//
// The start-up self-check of what this library assumes about Unicorn's state: it passes with the
// Unicorn in use, and what it found is plausible. Private header: the check has no public face.

#include "engine/cpu/unicorn/layout.h"
#include "run_tests.h"

#include <check.h>
#include <zirconia/zirconia.h>

START_TEST(self_check_accepts_the_unicorn_in_use) {
    const struct layout *layout = NULL;
    ck_assert_int_eq(layout_get(&layout), ZX_OK);
    const size_t end = layout->context_size - layout->state;
    ck_assert_uint_gt(layout->error_code, STATE_CR);
    ck_assert_uint_lt(layout->error_code, end);
    for (unsigned i = 0; i < PLAIN_REGISTER_COUNT; i++) {
        ck_assert_uint_lt(layout->words[i], end);
        ck_assert_uint_ne(layout->words[i], layout->error_code);
        for (unsigned j = 0; j < i; j++) {
            ck_assert_uint_ne(layout->words[i], layout->words[j]);
        }
    }
}
END_TEST

START_TEST(a_second_call_gives_the_same_answer) {
    const struct layout *first = NULL;
    const struct layout *second = NULL;
    ck_assert_int_eq(layout_get(&first), ZX_OK);
    ck_assert_int_eq(layout_get(&second), ZX_OK);
    ck_assert_ptr_eq(first, second);
}
END_TEST

static unsigned warnings;

static void count_warning(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    (void)line;
    warnings += level == ZIRCONIA_LOG_WARNING ? 1 : 0;
}

START_TEST(what_is_to_be_known_of_the_unicorn_in_use_is_logged_once) {
    const struct layout *layout = NULL;
    zirconia_set_log(count_warning, NULL, ZIRCONIA_LOG_WARNING);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(layout_get(&layout), ZX_OK);
    }
    ck_assert_uint_eq(warnings, zirconia_engine_note()[0] != '\0' ? 1 : 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        self_check_accepts_the_unicorn_in_use,
        a_second_call_gives_the_same_answer,
        what_is_to_be_known_of_the_unicorn_in_use_is_logged_once,
    };
    return run_tests("engine layout", tests, sizeof tests / sizeof tests[0]);
}
