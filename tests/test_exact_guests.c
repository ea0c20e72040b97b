// SPDX-License-Identifier: MIT
//
// Random guests (fuzz/random_guest/random_guest.h) are the same and do the same on every host, with
// every compiler and with each Unicorn: a digest of all that the host saw of fifty at a time. Each
// says on a failure what it came to, for a change that is meant.

#include "random_guest/random_guest.h"
#include "run_tests.h"

#include <check.h>
#include <stdint.h>

enum { SEEDS = 50 }; // For one digest.

// The first is of seeds 1 to 50.
static const uint64_t digests[] = {
    0x343835e2ea10ed64, 0x945a78d9cd220d9c, 0xb9d58feef9d07c9e, 0xb0d274af476879f4,
    0x1038270d504d2f06, 0x0ffb2e503eded0a0, 0xc0190cdd13aee018, 0x3cd4fa152a9160a2,
};

static uint64_t add(uint64_t digest, uint64_t word) {
    digest = (digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ digest >> 29;
}

static uint64_t digest_of(uint64_t seed) {
    struct random_guest_result result;
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(seed >> (8 * i));
    }
    random_guest_run(bytes, sizeof bytes, &result);
    uint64_t digest = add(result.trace, result.entries);
    digest = add(digest, result.packets);
    return add(digest, (uint64_t)result.time);
}

// ---

START_TEST(random_guests_do_the_same_everywhere) {
    const uint64_t first = 1 + (uint64_t)_i * SEEDS;
    uint64_t digest = 0;
    for (uint64_t seed = first; seed < first + SEEDS; seed++) {
        digest = add(digest, digest_of(seed));
    }
    ck_assert_msg(digest == digests[_i], "seeds from %u: 0x%016llx instead of 0x%016llx",
                  (unsigned)first, (unsigned long long)digest, (unsigned long long)digests[_i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exact guests");
    TCase *tcase = tcase_create("seeds");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, random_guests_do_the_same_everywhere, 0,
                        sizeof digests / sizeof digests[0]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
