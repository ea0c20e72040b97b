// SPDX-License-Identifier: MIT
//
// Guests that strain what the engine trusts (docs/engine-hazards.md): loops that only a kick ends,
// operands and tables at the limits of what there is, and whole families of instructions on the
// oddest contents. The host lives, and the guest gets what a processor gives it.

#include "guest_fixture.h"
#include "other_thread.h"

#include <stdatomic.h>
#include <stdbool.h>

// The places in the list of hazards.asm.
enum {
    ENDLESS_COUNT = 17,
    SAVE_UNALIGNED = ENDLESS_COUNT,
    SAVE_NOT_CANONICAL,
    SAVE_LEGACY_UNALIGNED,
    RESTORE_UNKNOWN,
    RESTORE_COMPACTED,
    RESTORE_RESERVED,
    EXCHANGE_UNALIGNED,
    JUMP_NOT_CANONICAL,
    END_OF_CANONICAL,
    END_OF_SPACE,
    TABLE_NOT_CANONICAL,
    SELECTORS,
    FLOATING_POINT,
    SHIFTS,
    RESERVED_BITS,
    TABLE_IN_HOLE,
    ROOT_IN_HOLE,
    ROOT_TOO_HIGH,
    TABLE_OF_ITSELF,
    TABLE_IN_TRAP,
    OPERAND_AT_END,
    FLOATING_WAIT,
    STALE_FLAGS,
    FIRST_STORES,
};

enum { IOPL = 0x3000, VIRTUAL_8086 = 0x20000 };
enum { GENERAL_PROTECTION = 13, FLOATING_POINT_ERROR = 16, KICKS = 20 };

static atomic_bool over;

START_TEST(a_loop_without_end_is_ended_by_a_kick) {
    zx_port_packet_t packet;
    guest_start_case("hazards", (uint64_t)_i);
    const pthread_t kicker = start_thread(kick_until, &over);
    for (int i = 0; i < KICKS; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    }
    atomic_store(&over, true);
    join_thread(kicker);
}
END_TEST

static const struct {
    int which;
    uint64_t vector;
} exceptions[] = {
    {SAVE_UNALIGNED, GENERAL_PROTECTION},        {SAVE_NOT_CANONICAL, GENERAL_PROTECTION},
    {SAVE_LEGACY_UNALIGNED, GENERAL_PROTECTION}, {RESTORE_UNKNOWN, GENERAL_PROTECTION},
    {RESTORE_COMPACTED, GENERAL_PROTECTION},     {RESTORE_RESERVED, GENERAL_PROTECTION},
    {EXCHANGE_UNALIGNED, GENERAL_PROTECTION},    {JUMP_NOT_CANONICAL, GENERAL_PROTECTION},
    {END_OF_CANONICAL, GENERAL_PROTECTION},      {FLOATING_WAIT, FLOATING_POINT_ERROR},
};

START_TEST(an_operand_beyond_what_there_is_is_the_guests_exception) {
    guest_start_case("hazards", (uint64_t)exceptions[_i].which);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, exceptions[_i].vector);
}
END_TEST

// The engine adds the source of the flags up with the rest of RFLAGS, whatever it is.
START_TEST(the_source_of_the_flags_gives_no_privilege) {
    guest_start_case("hazards", STALE_FLAGS);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, GENERAL_PROTECTION);
    ck_assert_uint_eq(state.r11 & (IOPL | VIRTUAL_8086), 0);
}
END_TEST

static const int whole[] = {SELECTORS,       FLOATING_POINT, SHIFTS,      RESERVED_BITS,
                            TABLE_OF_ITSELF, OPERAND_AT_END, FIRST_STORES};

START_TEST(a_family_of_instructions_runs_to_its_end) {
    guest_start_case("hazards", (uint64_t)whole[_i]);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, UINT64_MAX);
}
END_TEST

// What the run call then says is the business of test_faults.c.
static const int absent[] = {TABLE_IN_HOLE, ROOT_IN_HOLE, ROOT_TOO_HIGH,
                             TABLE_IN_TRAP, END_OF_SPACE, TABLE_NOT_CANONICAL};

START_TEST(a_table_that_is_not_there_ends_the_run_and_no_more) {
    zx_port_packet_t packet;
    guest_start_case("hazards", (uint64_t)absent[_i]);
    for (int i = 0; i < KICKS; i++) {
        ck_assert_int_ne(zx_vcpu_enter(vcpu, &packet), ZX_ERR_INTERNAL);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards");
    TCase *tests = tcase_create("hazards");
    tcase_add_loop_test(tests, a_loop_without_end_is_ended_by_a_kick, 0, ENDLESS_COUNT);
    tcase_add_loop_test(tests, an_operand_beyond_what_there_is_is_the_guests_exception, 0,
                        sizeof exceptions / sizeof exceptions[0]);
    tcase_add_test(tests, the_source_of_the_flags_gives_no_privilege);
    tcase_add_loop_test(tests, a_family_of_instructions_runs_to_its_end, 0,
                        sizeof whole / sizeof whole[0]);
    tcase_add_loop_test(tests, a_table_that_is_not_there_ends_the_run_and_no_more, 0,
                        sizeof absent / sizeof absent[0]);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
