// SPDX-License-Identifier: MIT
//
// Whose turn it is in virtual time when a VCPU is kicked. Private header: through the public ABI
// the order would depend on when the host lets the kicked thread run, which is the point.

#include "engine/turn.h"
#include "run_tests.h"

static struct turn turn;
static struct turn_seat seats[2];

// Two VCPUs that sleep in HLT.
static void put_to_sleep(void) {
    turn_init(&turn);
    turn.by_vpid = true;
    for (unsigned i = 0; i < 2; i++) {
        seats[i].vpid = i + 1;
        platform_semaphore_init(&seats[i].wake);
        turn_join(&turn, &seats[i]);
    }
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
    ck_assert_uint_eq(turn.current, seats[0].vpid);
    end();
}
END_TEST

START_TEST(a_sleeper_that_was_kicked_is_next) {
    put_to_sleep();
    turn_wake(&turn, seats[1].vpid);
    ck_assert(turn_take(&turn, &seats[1], NULL));
    atomic_store(&seats[0].kicked, true);
    turn_give(&turn, TURN_OVER, &seats[1]);
    ck_assert_uint_eq(turn.current, seats[0].vpid);
    end();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        time_does_not_jump_while_a_sleeper_is_kicked,
        a_sleeper_that_was_kicked_is_next,
    };
    return run_tests("turn", tests, sizeof tests / sizeof tests[0]);
}
