// SPDX-License-Identifier: MIT
//
// The library's timer thread: order, re-arming, and what cancelling promises.

#include "objects/timer_queue.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ENTRY_COUNT = 500 };
#define MILLISECOND INT64_C(1000000)
#define NEVER INT64_MAX

static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_UNRANKED);
static struct platform_condition changed;

struct counted {
    struct timer_entry entry;
    unsigned count;
    int64_t when;
};

// All of this under `lock`.
static struct counted *fired[ENTRY_COUNT];
static unsigned fired_count;

static void note(struct timer_entry *entry) {
    struct counted *counted = (struct counted *)entry;
    platform_mutex_lock(&lock);
    counted->count++;
    counted->when = platform_monotonic();
    if (fired_count < ENTRY_COUNT) {
        fired[fired_count] = counted;
    }
    fired_count++;
    platform_condition_broadcast(&changed);
    platform_mutex_unlock(&lock);
}

static void await_fired(unsigned count) {
    platform_mutex_lock(&lock);
    while (fired_count < count) {
        platform_condition_wait(&changed, &lock);
    }
    platform_mutex_unlock(&lock);
}

static void set_up(void) {
    ck_assert(timer_queue_prepare());
    platform_condition_init(&changed);
    fired_count = 0;
}

START_TEST(a_deadline_fires_once_and_never_early) {
    struct counted counted = {.entry.fire = note};
    const int64_t deadline = platform_monotonic() + 5 * MILLISECOND;
    timer_queue_arm(&counted.entry, deadline);
    await_fired(1);
    timer_queue_cancel(&counted.entry);
    ck_assert_uint_eq(counted.count, 1);
    ck_assert_int_ge(counted.when, deadline);
}
END_TEST

START_TEST(a_passed_deadline_fires_at_once) {
    struct counted counted = {.entry.fire = note};
    timer_queue_arm(&counted.entry, INT64_MIN);
    await_fired(1);
    timer_queue_cancel(&counted.entry);
}
END_TEST

START_TEST(deadlines_fire_in_their_order_whatever_the_order_of_arming) {
    static struct counted all[ENTRY_COUNT];
    const int64_t start = platform_monotonic() + 50 * MILLISECOND;
    unsigned expected = 0;
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        all[i].entry.fire = note;
        timer_queue_arm(&all[i].entry, start + i * 7919 % ENTRY_COUNT * 1000);
    }
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        if (i % 3 == 0) {
            timer_queue_cancel(&all[i].entry);
        } else {
            expected++;
        }
    }
    await_fired(expected);
    platform_mutex_lock(&lock);
    for (unsigned i = 1; i < expected; i++) {
        ck_assert_int_le(fired[i - 1]->entry.deadline, fired[i]->entry.deadline);
    }
    platform_mutex_unlock(&lock);
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        ck_assert_uint_eq(all[i].count, i % 3 == 0 ? 0 : 1);
    }
}
END_TEST

// False where the thread was away for so long that the first deadline may have come.
static bool arm_again(struct counted *counted, struct counted *later, int64_t wait) {
    const int64_t deadline = platform_monotonic() + wait;
    timer_queue_arm(&later->entry, deadline + wait);
    timer_queue_arm(&counted->entry, deadline);
    timer_queue_arm(&counted->entry, NEVER);
    return platform_monotonic() < deadline;
}

START_TEST(arming_again_moves_the_deadline) {
    struct counted counted = {.entry.fire = note};
    struct counted later = {.entry.fire = note};
    int64_t wait = 5 * MILLISECOND;
    while (!arm_again(&counted, &later, wait)) {
        timer_queue_cancel(&counted.entry);
        timer_queue_cancel(&later.entry);
        fired_count = counted.count = later.count = 0;
        wait *= 2;
    }
    await_fired(1);
    platform_mutex_lock(&lock);
    ck_assert_ptr_eq(fired[0], &later);
    platform_mutex_unlock(&lock);
    timer_queue_arm(&counted.entry, 0);
    await_fired(2);
    timer_queue_cancel(&counted.entry);
    ck_assert_uint_eq(counted.count, 1);
}
END_TEST

static void note_and_arm(struct timer_entry *entry) {
    timer_queue_arm(entry, platform_monotonic() + MILLISECOND / 10);
    note(entry);
}

START_TEST(an_entry_may_arm_itself) {
    struct counted counted = {.entry.fire = note_and_arm};
    timer_queue_arm(&counted.entry, 0);
    await_fired(20);
    timer_queue_cancel(&counted.entry);
    const unsigned count = counted.count;
    struct counted other = {.entry.fire = note};
    timer_queue_arm(&other.entry, platform_monotonic() + 2 * MILLISECOND);
    await_fired(count + 1);
    timer_queue_cancel(&other.entry);
    ck_assert_uint_eq(counted.count, count);
}
END_TEST

static atomic_bool entered;
static atomic_bool left;

static void take_long(struct timer_entry *entry) {
    (void)entry;
    atomic_store(&entered, true);
    platform_sleep_until(platform_monotonic() + 20 * MILLISECOND);
    atomic_store(&left, true);
}

START_TEST(cancelling_waits_for_a_callback_that_runs) {
    struct timer_entry entry = {.fire = take_long};
    timer_queue_arm(&entry, 0);
    while (!atomic_load(&entered)) {
        platform_yield();
    }
    timer_queue_cancel(&entry);
    ck_assert(atomic_load(&left));
}
END_TEST

static void note_and_free(struct timer_entry *entry) {
    timer_queue_cancel(entry);
    free(entry);
    platform_mutex_lock(&lock);
    fired_count++;
    platform_condition_broadcast(&changed);
    platform_mutex_unlock(&lock);
}

START_TEST(a_callback_may_cancel_and_free_its_own_entry) {
    for (unsigned i = 0; i < 100; i++) {
        struct timer_entry *entry = calloc(1, sizeof *entry);
        ck_assert_ptr_nonnull(entry);
        entry->fire = note_and_free;
        timer_queue_arm(entry, 0);
    }
    await_fired(100);
}
END_TEST

static void *arm_and_cancel(void *argument) {
    struct counted own = {.entry.fire = note};
    for (unsigned i = 0; i < 2000; i++) {
        timer_queue_arm(&own.entry, platform_monotonic() + (i % 3) * 1000);
        timer_queue_arm(argument, platform_monotonic() + (i % 5) * 1000);
        timer_queue_cancel(&own.entry);
        const unsigned count = own.count; // No lock: nothing else may touch it now.
        ck_assert_uint_le(count, i + 1);
    }
    return NULL;
}

START_TEST(threads_may_arm_and_cancel_at_once) {
    struct counted shared = {.entry.fire = note};
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, arm_and_cancel, &shared.entry), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    timer_queue_cancel(&shared.entry);
    // On a busy host none may have fired. Whatever the threads did, one that is left alone does.
    const unsigned so_far = fired_count;
    timer_queue_arm(&shared.entry, 0);
    await_fired(so_far + 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("timer_queue");
    TCase *tcase = tcase_create("timer_queue");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, a_deadline_fires_once_and_never_early);
    tcase_add_test(tcase, a_passed_deadline_fires_at_once);
    tcase_add_test(tcase, deadlines_fire_in_their_order_whatever_the_order_of_arming);
    tcase_add_test(tcase, arming_again_moves_the_deadline);
    tcase_add_test(tcase, an_entry_may_arm_itself);
    tcase_add_test(tcase, cancelling_waits_for_a_callback_that_runs);
    tcase_add_test(tcase, a_callback_may_cancel_and_free_its_own_entry);
    tcase_add_test(tcase, threads_may_arm_and_cancel_at_once);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
