// SPDX-License-Identifier: MIT
//
// Random guests (fuzz/random_guest/random_guest.h), a seed each: every one of them ends in an exit,
// an error, or a kick when its time is over, and never harms the host. The environment says more:
//   ZIRCONIA_TEST_SEEDS  how many (a soak has a million)
//   ZIRCONIA_TEST_SEED   the first one
//   ZIRCONIA_TEST_TELL   one line a seed: what became of it
//   ZIRCONIA_TEST_DUMP   a file for the first seed's memory

#include "random_guest/random_guest.h"
#include "run_tests.h"
#include "sanitized.h"
#include "usage.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_SIZE = 8 };

static void put_seed(uint64_t seed, uint8_t *bytes) {
    for (unsigned i = 0; i < SEED_SIZE; i++) {
        bytes[i] = (uint8_t)(seed >> (8 * i));
    }
}

static struct random_guest_result run_seed(uint64_t seed) {
    struct random_guest_result result;
    uint8_t bytes[SEED_SIZE];
    put_seed(seed, bytes);
    random_guest_run(bytes, sizeof bytes, &result);
    return result;
}

static struct random_guest_result run_seed_recorded(uint64_t seed,
                                                    struct random_guest_record *record) {
    struct random_guest_result result;
    uint8_t bytes[SEED_SIZE];
    put_seed(seed, bytes);
    random_guest_run_recorded(bytes, sizeof bytes, &result, record);
    return result;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

// The largest guests and the allocator's fragments come late in a long run.
#define MOST_GROWTH (64u << 20 >> 12)

static void check_flat(const struct usage *before, const struct usage *after) {
    ck_assert_uint_eq(after->descriptors, before->descriptors);
    ck_assert_uint_eq(after->threads, before->threads);
    if (!SANITIZED) { // A sanitizer keeps what is freed.
        ck_assert_msg(after->pages <= before->pages + MOST_GROWTH, "%lu pages, and %lu before",
                      after->pages, before->pages);
    }
}

// ---

START_TEST(random_code_never_harms_the_host) {
    const uint64_t first = from_environment("ZIRCONIA_TEST_SEED", 1);
    const uint64_t count = from_environment("ZIRCONIA_TEST_SEEDS", 5000);
    const bool tell = getenv("ZIRCONIA_TEST_TELL") != NULL;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    struct usage before = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (seed == first + count / 4) {
            before = usage_now();
        }
        if (tell) {
            printf("seed %llu: ", (unsigned long long)seed);
            fflush(stdout);
        }
        const struct random_guest_result result = run_seed(seed);
        if (tell) {
            printf("trace %016llx, %u entries, %u packets, %lld ns\n",
                   (unsigned long long)result.trace, result.entries, result.packets,
                   (long long)result.time);
        }
    }
    const struct usage after = usage_now();
    if (count > 100) {
        check_flat(&before, &after);
    }
}
END_TEST

START_TEST(a_seed_does_the_same_every_time) {
    const uint64_t first = from_environment("ZIRCONIA_TEST_SEED", 1);
    for (uint64_t seed = first; seed < first + 1000; seed++) {
        const struct random_guest_result one = run_seed(seed);
        const struct random_guest_result other = run_seed(seed);
        ck_assert_msg(one.trace == other.trace && one.time == other.time,
                      "seed %llu differs the second time", (unsigned long long)seed);
    }
}
END_TEST

// --- All of what a seed does ---

enum { BUSY = 1200 }; // Bytes of a VCPU in the record: some eight exits.

static size_t edges_of(const struct random_guest_record *record) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof record->coverage; i++) {
        count += record->coverage[i] != 0;
    }
    return count;
}

// The one of some hundred guests whose code has most edges, where each of its VCPUs is busy.
static uint64_t find_busy_seed(unsigned vcpus, struct random_guest_record *record) {
    uint64_t found = 0;
    size_t most = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        const struct random_guest_result result = run_seed_recorded(seed, record);
        const bool busy = record->parts[0].size > BUSY && record->parts[vcpus - 1].size > BUSY;
        if (result.vcpus == vcpus && busy && edges_of(record) > most) {
            most = edges_of(record);
            found = seed;
        }
    }
    return found;
}

// The coverage of the guest's code, and every exit with its time, byte for byte, whatever guests
// the engines have served in between. With coverage a guest does what it does without.
static void run_again_and_again(unsigned vcpus) {
    static struct random_guest_record first;
    static struct random_guest_record again;
    const uint64_t seed = find_busy_seed(vcpus, &again);
    const struct random_guest_result plain = run_seed(seed);
    run_seed_recorded(seed, &first);
    ck_assert_uint_gt(edges_of(&first), 20);
    for (unsigned i = 1; i < 1000; i++) {
        const struct random_guest_result result = run_seed_recorded(seed, &again);
        ck_assert_msg(random_guest_is_same(&first, &again), "seed %llu differs in run %u",
                      (unsigned long long)seed, i);
        ck_assert_uint_eq(result.trace, plain.trace);
        ck_assert_int_eq(result.time, plain.time);
        run_seed(i);
    }
    random_guest_forget(&first);
    random_guest_forget(&again);
}

START_TEST(a_thousand_runs_of_a_seed_are_the_same) {
    run_again_and_again((unsigned)_i);
}
END_TEST

// On a guest that goes from one life to the next, and with others in between, a seed does what it
// does on a guest of its own.
static bool is_same_when_kept(uint64_t seed) {
    uint8_t bytes[SEED_SIZE];
    struct random_guest_result kept;
    put_seed(seed, bytes);
    random_guest_run_kept(bytes, sizeof bytes, &kept);
    const struct random_guest_result own = run_seed(seed);
    return kept.trace == own.trace && kept.time == own.time && kept.entries == own.entries;
}

START_TEST(a_seed_does_the_same_on_a_kept_guest) {
    const uint64_t first = from_environment("ZIRCONIA_TEST_SEED", 1);
    const uint64_t count = from_environment("ZIRCONIA_TEST_SEEDS", 1000);
    for (uint64_t seed = first; seed < first + count; seed++) {
        ck_assert_msg(is_same_when_kept(seed), "seed %llu differs on a kept guest",
                      (unsigned long long)seed);
    }
}
END_TEST

// What the first of two guests leaves is learnt of its code: blocks of x87 instructions, and code
// that stores to its own page. The second has page tables that change while the TLB has entries
// from before, which tell when the library has left the engine.
START_TEST(a_kept_guest_knows_nothing_of_earlier_code) {
    static const uint64_t seeds[][2] = {{2883, 2912}, {1683, 1693}};
    ck_assert(is_same_when_kept(seeds[_i][0]));
    ck_assert(is_same_when_kept(seeds[_i][1]));
}
END_TEST

// Behind each restore the engine has kept more of what it has translated, and the guest has touched
// more of its pages. docs/fuzzing.md says why 2 of 12,444 lives differ.
#define ONE_DIFFERENT_IN 3000u // Seeds

START_TEST(a_seed_does_the_same_from_a_snapshot) {
    const uint64_t first = from_environment("ZIRCONIA_TEST_SEED", 1);
    const uint64_t count = from_environment("ZIRCONIA_TEST_SEEDS", 1000);
    unsigned repeated = 0;
    unsigned different = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        uint8_t bytes[SEED_SIZE];
        bool same = false;
        put_seed(seed, bytes);
        repeated += random_guest_repeat(bytes, sizeof bytes, 3, &same) == 3;
        if (!same) {
            printf("seed %llu differs from the snapshot\n", (unsigned long long)seed);
            different++;
        }
    }
    ck_assert_uint_le(different, 1 + count / ONE_DIFFERENT_IN);
    ck_assert_uint_gt(repeated, count / 4);
}
END_TEST

static void dump(const char *path) {
    uint8_t bytes[8];
    const uint64_t seed = from_environment("ZIRCONIA_TEST_SEED", 1);
    memcpy(bytes, &seed, sizeof bytes);
    if (!random_guest_dump(bytes, sizeof bytes, path)) {
        fprintf(stderr, "cannot write %s\n", path);
    }
}

static Suite *suite_of_seeds(void) {
    Suite *suite = suite_create("bad guests");
    TCase *soak = tcase_create("soak");
    tcase_set_timeout(soak, getenv("ZIRCONIA_TEST_SEEDS") != NULL ? 0 : 120);
    tcase_add_test(soak, random_code_never_harms_the_host);
    suite_add_tcase(suite, soak);
    TCase *again = tcase_create("again");
    tcase_set_timeout(again, 120);
    tcase_add_test(again, a_seed_does_the_same_every_time);
    tcase_add_loop_test(again, a_thousand_runs_of_a_seed_are_the_same, 1, 3); // VCPUs
    suite_add_tcase(suite, again);
    TCase *snapshots = tcase_create("snapshots");
    tcase_set_timeout(snapshots, getenv("ZIRCONIA_TEST_SEEDS") != NULL ? 0 : 120);
    tcase_add_test(snapshots, a_seed_does_the_same_from_a_snapshot);
    tcase_add_test(snapshots, a_seed_does_the_same_on_a_kept_guest);
    tcase_add_loop_test(snapshots, a_kept_guest_knows_nothing_of_earlier_code, 0, 2);
    suite_add_tcase(suite, snapshots);
    return suite;
}

int main(void) {
    if (getenv("ZIRCONIA_TEST_DUMP") != NULL) {
        dump(getenv("ZIRCONIA_TEST_DUMP"));
    }
    const int result = run_suite(suite_of_seeds());
    if (result != EXIT_SUCCESS) {
        printf("with ZIRCONIA_TEST_TELL=1 the last seed that is told is the one that failed\n");
    }
    return result;
}
