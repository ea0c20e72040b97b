// SPDX-License-Identifier: MIT
//
// A Unicorn that does not fit: guests are refused, and the log names the version and what is wrong
// (hypervisor ABI 3.1, no VMX); and one that is slow, of which users are told. Two functions of
// Unicorn's are replaced here, in front of its own.

#include "refusals.h"
#include "run_tests.h"

#include <string.h>
#include <unicorn/unicorn.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/zirconia.h>

static unsigned version = 2u << 24 | 1u << 16 | 1u << 8;
static size_t context_size = 4096;

unsigned uc_version(unsigned *major, unsigned *minor) {
    if (major != NULL) {
        *major = version >> 24;
    }
    if (minor != NULL) {
        *minor = version >> 16 & 0xff;
    }
    return version;
}

size_t uc_context_size(uc_engine *engine) {
    (void)engine;
    return context_size;
}

static char said[1000];

static void remember(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    (void)level;
    strncat(said, line, sizeof said - strlen(said) - 1);
}

static void expect_refusal(const char *first, const char *second, const char *cause) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_ERROR);
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_ERR_NOT_SUPPORTED);
    }
    listen_to_all();
    expect_cause(zx_guest_create(resource, 0, &guest, &vmar), ZX_ERR_NOT_SUPPORTED, cause);
    ck_assert_msg(strstr(said, first) != NULL && strstr(said, second) != NULL, "%s", said);
}

START_TEST(an_old_unicorn_is_refused_by_its_version) {
    version = 2u << 24 | 0u << 16 | 1u << 8;
    expect_refusal("2.0.1", "too old", "the Unicorn of this process is older than 2.1");
}
END_TEST

START_TEST(a_unicorn_with_another_state_is_refused_by_what_does_not_fit) {
    context_size = 64;
    expect_refusal("2.1.1", "general registers", "the Unicorn of this process does not fit");
}
END_TEST

START_TEST(a_unicorn_with_fast_stores_has_no_note) {
    ck_assert_str_eq(zirconia_engine_note(), "");
}
END_TEST

START_TEST(the_note_of_a_unicorn_with_slow_stores_says_so) {
    version = 2u << 24 | 1u << 16 | 4u << 8;
    ck_assert_ptr_nonnull(strstr(zirconia_engine_note(), "stores to executable pages take 20"));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_old_unicorn_is_refused_by_its_version,
        a_unicorn_with_another_state_is_refused_by_what_does_not_fit,
        a_unicorn_with_fast_stores_has_no_note,
        the_note_of_a_unicorn_with_slow_stores_says_so,
    };
    return run_tests("unfit Unicorn", tests, sizeof tests / sizeof tests[0]);
}
