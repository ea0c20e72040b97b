// SPDX-License-Identifier: MIT
//
// The start-up self-check of what the engine assumes about Unicorn's state: it passes with the
// Unicorn in use, and what it found is plausible. Private header: the check has no public face.

#include "engine/cpu/unicorn/layout.h"
#include "run_tests.h"

#include <check.h>

START_TEST(self_check_accepts_the_unicorn_in_use) {
    const struct layout *layout = NULL;
    ck_assert_int_eq(layout_get(&layout), ZX_OK);
    const size_t end = layout->context_size - layout->state;
    const size_t fields[] = {layout->efer,        layout->star,         layout->lstar,
                             layout->cstar,       layout->sfmask,       layout->kernel_gs_base,
                             layout->sysenter_cs, layout->sysenter_esp, layout->sysenter_eip,
                             layout->debug,       layout->error_code,   layout->tsc_aux,
                             layout->xcr0};
    const size_t count = sizeof fields / sizeof fields[0];
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_gt(fields[i], STATE_CR);
        ck_assert_uint_lt(fields[i], end);
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(fields[i], fields[j]);
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

int main(void) {
    const TTest *const tests[] = {
        self_check_accepts_the_unicorn_in_use,
        a_second_call_gives_the_same_answer,
    };
    return run_tests("engine layout", tests, sizeof tests / sizeof tests[0]);
}
