// SPDX-License-Identifier: MIT
//
// Events are delivered through memory as it is at that moment: what was found out for one is not
// used for the next after the guest, its page tables or its client have changed it.

#include "guest_fixture.h"

// The places in the list of walks.asm.
enum change { REMAP, REMAP_BY_CLIENT, BREAK_ON_CODE, REMAP_CODE };

enum { ROUNDS = 100 };

#define IDT 0x70000u
#define OTHER_IDT 0x71000u

// Linear 0 to 0x1fffff by pages.
static void map_by_pages(void) {
    const uint64_t level_three = 0x2000 | 7;
    const uint64_t level_two = 0x3000 | 7;
    memory_write(0x1000, &level_three, sizeof level_three);
    memory_write(0x2000, &level_two, sizeof level_two);
    for (uint64_t i = 0; i < 512; i++) {
        const uint64_t page = i << 12 | 7;
        const uint64_t large = i << 21 | 0x87;
        memory_write(0x3000 + 8 * i, &page, sizeof page);
        if (i > 0) {
            memory_write(0x2000 + 8 * i, &large, sizeof large);
        }
    }
}

static void start(enum change change) {
    guest_start("walks");
    map_by_pages();
    const zx_vcpu_state_t state = {.rsi = change, .rcx = ROUNDS};
    write_state(&state);
}

START_TEST(an_idt_that_the_guest_maps_elsewhere_is_read_there) {
    start(REMAP);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, ROUNDS * 0x101);
}
END_TEST

START_TEST(an_idt_that_the_client_maps_other_memory_under_is_read_there) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC_OVERWRITE | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    uint64_t expected = 1;
    start(REMAP_BY_CLIENT);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, expected);
    for (unsigned i = 1; i < ROUNDS; i++) {
        zx_vaddr_t address = 0;
        const uint64_t offset = i % 2 == 0 ? IDT : OTHER_IDT;
        expected += i % 2 == 0 ? 1 : 0x100;
        ck_assert_int_eq(zx_vmar_map(vmar, options, IDT, memory, offset, 0x1000, &address), ZX_OK);
        enter_to_end();
        ck_assert_uint_eq(read_state().rbx, expected);
    }
}
END_TEST

// The page that the frame goes to is guarded once code in it has run, and the store must be seen.
START_TEST(a_frame_pushed_over_code_is_what_runs_then) {
    start(BREAK_ON_CODE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, ROUNDS * (2 + 5));
}
END_TEST

// What was translated and what is mapped now are both right until the address is invalidated, also
// where the library is called for one of them.
START_TEST(code_that_was_remapped_and_not_invalidated_is_old_or_new) {
    start(REMAP_CODE);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_idt_that_the_guest_maps_elsewhere_is_read_there,
        an_idt_that_the_client_maps_other_memory_under_is_read_there,
        a_frame_pushed_over_code_is_what_runs_then,
        code_that_was_remapped_and_not_invalidated_is_old_or_new,
    };
    return run_tests("walks", tests, sizeof tests / sizeof tests[0]);
}
