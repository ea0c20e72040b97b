// SPDX-License-Identifier: MIT
//
// Whose turn it is: in virtual time when a VCPU is kicked, and where a turn that nobody has is
// still not free. Private header: through the public ABI the order would depend on when the host
// lets which thread run, which is the point.

#include "engine/turn.h"
#include "run_tests.h"

static struct turn turn;
static struct turn_seat seats[2];

static void begin(bool by_vpid) {
    turn_init(&turn);
    turn.by_vpid = by_vpid;
    for (unsigned i = 0; i < 2; i++) {
        seats[i].vpid = i + 1;
        platform_semaphore_init(&seats[i].wake);
        turn_join(&turn, &seats[i]);
    }
}

// Two VCPUs that sleep in HLT.
static void put_to_sleep(void) {
    begin(true);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(turn_take(&turn, &seats[i], NULL));
        turn_sleep(&turn);
        turn_give(&turn, TURN_KEPT, &seats[i]);
    }
}

static void end(void) {
    for (unsigned i = 0; i < 2; i++) {
        turn_leave(&turn, seats[i].vpid);
        platform_semaphore_destroy(&seats[i].wake);
    }
    turn_destroy(&turn);
}

START_TEST(time_does_not_jump_while_a_sleeper_is_kicked) {
    put_to_sleep();
    ck_assert(turn_all_asleep(&turn));
    atomic_store(&seats[0].kicked, true);
    ck_assert(!turn_all_asleep(&turn));
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid);
    end();
}
END_TEST

START_TEST(a_sleeper_that_was_kicked_is_next) {
    put_to_sleep();
    turn_wake(&turn, seats[1].vpid);
    ck_assert(turn_take(&turn, &seats[1], NULL));
    atomic_store(&seats[0].kicked, true);
    turn_give(&turn, TURN_OVER, &seats[1]);
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid);
    end();
}
END_TEST

// --- Taking it at once ---

// Asks for the turn as a kicked VCPU does: gives up where it would have to wait. Among several in
// virtual time the kick would keep it from a turn that is free, too.
static bool takes(struct turn_seat *seat) {
    turn.several = false;
    atomic_store(&seat->kicked, true);
    const bool mine = turn_take(&turn, seat, NULL);
    atomic_store(&seat->kicked, false);
    return mine;
}

static void give(struct turn_seat *seat, enum turn_end end) {
    turn_give(&turn, end, seat);
}

START_TEST(a_free_turn_is_taken_at_once) {
    begin(false);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_KEPT);
    ck_assert(takes(&seats[1]));
    give(&seats[1], TURN_KEPT);
    end();
}
END_TEST

START_TEST(a_turn_is_not_free_while_its_vcpu_is_away) {
    begin(false);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_AWAY);
    ck_assert(!takes(&seats[1]));
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_KEPT);
    end();
}
END_TEST

START_TEST(a_turn_is_not_free_while_somebody_waits) {
    begin(false);
    struct turn_waiter first = {.wake = &seats[1].wake, .seat = &seats[1]};
    seats[1].place = ++turn.places;
    turn.line.vcpus = &first;
    ck_assert(!takes(&seats[0]));
    turn.line.vcpus = NULL;
    seats[0].place = 0;
    struct turn_waiter call = {.wake = &seats[1].wake};
    turn.line.calls = &call;
    ck_assert(!takes(&seats[0]));
    turn.line.calls = NULL;
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_KEPT);
    end();
}
END_TEST

START_TEST(a_turn_of_virtual_time_is_not_for_one_of_several_that_is_kicked) {
    begin(true);
    atomic_store(&seats[0].kicked, true);
    ck_assert(!turn_take(&turn, &seats[0], NULL));
    atomic_store(&seats[0].kicked, false);
    ck_assert(turn_take(&turn, &seats[0], NULL));
    give(&seats[0], TURN_KEPT);
    end();
}
END_TEST

START_TEST(a_turn_of_virtual_time_is_free_for_one_alone) {
    begin(true);
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid);
    ck_assert(!takes(&seats[1]));
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_OVER);
    ck_assert(!takes(&seats[0]));
    ck_assert(takes(&seats[1]));
    give(&seats[1], TURN_KEPT);
    end();
}
END_TEST

// --- Who goes first ---

// A waiter behind the VCPU that is away. The turn is free as soon as none is away.
static struct turn_waiter stand(struct turn_seat *seat) {
    seat->place = ++turn.places;
    seat->since = platform_monotonic();
    return (struct turn_waiter){.wake = &seat->wake, .seat = seat};
}

START_TEST(one_that_an_interrupt_came_for_goes_before_the_one_that_is_away) {
    begin(false);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_AWAY);
    struct turn_waiter other = stand(&seats[1]);
    turn.line.vcpus = &other;
    turn_hurry(&turn, &seats[1]);
    ck_assert(!turn.away);
    ck_assert(!takes(&seats[0]));
    turn.line.vcpus = NULL;
    ck_assert(takes(&seats[1]));
    give(&seats[1], TURN_KEPT);
    end();
}
END_TEST

START_TEST(one_that_others_went_before_keeps_its_place) {
    begin(false);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_AWAY);
    struct turn_waiter other = stand(&seats[1]);
    turn.line.vcpus = &other;
    turn_hurry(&turn, &seats[1]);
    seats[1].hurried = false; // The VCPU has run, and waits again.
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_KEPT);
    turn.line.vcpus = NULL;
    end();
}
END_TEST

START_TEST(nobody_goes_first_where_another_has_waited_for_long) {
    begin(false);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_AWAY);
    struct turn_seat third = {.vpid = 3};
    platform_semaphore_init(&third.wake);
    struct turn_waiter other = stand(&seats[1]);
    struct turn_waiter patient = stand(&third);
    third.since -= 100000000; // ns
    turn.line.vcpus = &other;
    other.next = &patient;
    turn_hurry(&turn, &seats[1]);
    ck_assert(turn.away);
    turn.line.vcpus = NULL;
    platform_semaphore_destroy(&third.wake);
    end();
}
END_TEST

// --- Virtual time: the same ---

START_TEST(in_virtual_time_too_and_the_rest_of_the_time_slice_comes_back) {
    begin(true);
    ck_assert(takes(&seats[0]));
    give(&seats[0], TURN_AWAY);
    turn_hurry(&turn, &seats[1]);
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid); // Until it comes back.
    rotation_yield(&turn.rotation);
    ck_assert_uint_eq(turn.rotation.current, seats[1].vpid);
    ck_assert(takes(&seats[1]));
    ck_assert(rotation_pause(&turn.rotation));
    rotation_yield(&turn.rotation);
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid);
    give(&seats[1], TURN_KEPT);
    ck_assert(takes(&seats[0]));
    ck_assert(!rotation_pause(&turn.rotation));
    give(&seats[0], TURN_KEPT);
    end();
}
END_TEST

START_TEST(one_that_went_first_and_sleeps_gives_the_rest_back) {
    begin(true);
    turn_hurry(&turn, &seats[1]);
    rotation_yield(&turn.rotation);
    ck_assert(takes(&seats[1]));
    turn_sleep(&turn);
    ck_assert_uint_eq(turn.rotation.current, seats[0].vpid);
    give(&seats[1], TURN_KEPT);
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        time_does_not_jump_while_a_sleeper_is_kicked,
        a_sleeper_that_was_kicked_is_next,
        a_free_turn_is_taken_at_once,
        a_turn_is_not_free_while_its_vcpu_is_away,
        a_turn_is_not_free_while_somebody_waits,
        a_turn_of_virtual_time_is_not_for_one_of_several_that_is_kicked,
        a_turn_of_virtual_time_is_free_for_one_alone,
        one_that_an_interrupt_came_for_goes_before_the_one_that_is_away,
        one_that_others_went_before_keeps_its_place,
        nobody_goes_first_where_another_has_waited_for_long,
        in_virtual_time_too_and_the_rest_of_the_time_slice_comes_back,
        one_that_went_first_and_sleeps_gives_the_rest_back,
    };
    return run_tests("turn", tests, sizeof tests / sizeof tests[0]);
}
