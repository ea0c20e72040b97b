// SPDX-License-Identifier: MIT
//
// The start-up self-check of what the engine assumes about Unicorn's state: it passes with the
// Unicorn in use, and what it found is plausible. Private header: the check has no public face.

#include "engine/cpu/layout.h"

#include <check.h>
#include <stdlib.h>

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
    Suite *suite = suite_create("engine layout");
    TCase *tcase = tcase_create("self-check");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, self_check_accepts_the_unicorn_in_use);
    tcase_add_test(tcase, a_second_call_gives_the_same_answer);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
