// SPDX-License-Identifier: MIT
//
// Interrupts and their delivery (hypervisor ABI 7): which vector is next, what holds it back, and
// what the guest's handler finds.

#include "execute.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zircon/process.h>
#include <zirconia/virtual_time.h>

#define STACK_0 0x80000u
#define STACK_TSS 0x90000u
#define FRAME_SIZE 40u
#define RFLAGS_IF 0x200u

// The cases of guests/interrupts.asm.
enum { ON, OFF, SHADOW_STI, SHADOW_STACK, SHADOW_LOAD, ON_USER };

static void start(uint64_t which) {
    guest_start_case("interrupts", which);
    enter_to_end();
}

static void interrupt(uint32_t vector) {
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
}

// The next run ends in the handler of that vector, which has interrupted the program itself.
static zx_vcpu_state_t taken(uint64_t vector) {
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, vector);
    ck_assert_uint_eq(state.r10, 0x08);
    ck_assert_uint_eq(state.r12, STACK_0);
    return state;
}

// The next run ends in the program: nothing is taken before RBX reaches `count`.
static void not_taken(uint64_t count) {
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, count);
    ck_assert_uint_eq(read_state().rsp, STACK_0);
}

// --- Delivery ---

START_TEST(an_interrupt_at_supervisor_level_returns_there) {
    start(ON);
    interrupt(32);
    const zx_vcpu_state_t state = taken(32);
    ck_assert_uint_eq(state.r8, NO_ERROR_CODE);
    ck_assert_uint_ne(state.r11 & RFLAGS_IF, 0);
    ck_assert_uint_eq(state.rbx, 0);
    not_taken(1);
}
END_TEST

START_TEST(an_interrupt_at_user_level_returns_there) {
    guest_start("interrupt_user");
    interrupt(32);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 32);
    ck_assert_uint_eq(state.rbx & 3, 3);
    ck_assert_uint_eq(state.rdx & 3, 3);
}
END_TEST

static void *interrupt_later(void *unused) {
    ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(20))), ZX_OK);
    interrupt(32);
    return unused;
}

START_TEST(an_interrupt_reaches_user_code_that_never_exits) {
    pthread_t thread;
    start(ON_USER);
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, NULL), 0);
    enter_to_end();
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, 32);
    ck_assert_uint_eq(state.r10 & 3, 3);
    ck_assert_uint_eq(state.r13, 0x23);
    ck_assert_uint_eq(state.rdi, STACK_TSS - FRAME_SIZE);
}
END_TEST

START_TEST(every_external_vector_is_delivered_as_itself) {
    start(ON);
    for (uint32_t vector = 32; vector <= 255; vector++) {
        interrupt(vector);
        ck_assert_uint_eq(taken(vector).r8, NO_ERROR_CODE);
        not_taken(vector - 31);
    }
}
END_TEST

START_TEST(an_exception_from_the_client_has_error_code_0_where_it_has_one) {
    static const struct {
        uint32_t vector;
        uint64_t error_code;
    } exceptions[] = {
        {0, NO_ERROR_CODE},
        {1, NO_ERROR_CODE},
        {5, NO_ERROR_CODE},
        {6, NO_ERROR_CODE},
        {7, NO_ERROR_CODE},
        {8, 0},
        {9, NO_ERROR_CODE},
        {10, 0},
        {11, 0},
        {12, 0},
        {13, 0},
        {14, 0},
        {16, NO_ERROR_CODE},
        {17, 0},
        {18, NO_ERROR_CODE},
        {19, NO_ERROR_CODE},
        {20, NO_ERROR_CODE},
    };
    start(ON);
    for (uint32_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        interrupt(exceptions[i].vector);
        const zx_vcpu_state_t state = taken(exceptions[i].vector);
        ck_assert_uint_eq(state.r8, exceptions[i].error_code);
        ck_assert_uint_eq(state.r14, 0xdead0000); // CR2 keeps its value.
        not_taken(i + 1);
    }
}
END_TEST

START_TEST(reserved_vectors_are_not_supported_and_are_gone_then) {
    start(ON);
    for (uint32_t vector = 21; vector <= 31; vector++) {
        interrupt(vector);
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        not_taken(vector - 20);
    }
}
END_TEST

// --- Which is next (7.3) ---

START_TEST(the_highest_external_vector_is_first_and_none_is_lost) {
    start(ON);
    interrupt(33);
    interrupt(200);
    interrupt(32);
    taken(200);
    taken(33);
    taken(32);
    not_taken(1);
}
END_TEST

START_TEST(vectors_that_wait_together_all_reach_a_guest_that_never_exits) {
    guest_start("several_vectors");
    enter_to_end();
    interrupt(40);
    interrupt(60);
    interrupt(50);
    enter_to_end();
    ck_assert_uint_eq(read_state().rcx, (60u << 8 | 50u) << 8 | 40u);
}
END_TEST

START_TEST(a_vector_that_is_pending_twice_is_taken_once) {
    start(ON);
    interrupt(32);
    interrupt(32);
    taken(32);
    not_taken(1);
    not_taken(2);
}
END_TEST

START_TEST(an_external_vector_is_before_exceptions_and_they_are_forgotten) {
    start(ON);
    not_taken(1);
    interrupt(16);
    interrupt(32);
    taken(32);
    not_taken(2);
    not_taken(3);
}
END_TEST

START_TEST(the_highest_exception_is_first_and_the_others_are_forgotten) {
    start(ON);
    interrupt(5);
    interrupt(16);
    interrupt(0);
    taken(16);
    not_taken(1);
    not_taken(2);
}
END_TEST

START_TEST(a_non_maskable_interrupt_is_before_all_and_external_vectors_stay) {
    start(ON);
    not_taken(1);
    interrupt(32);
    interrupt(2);
    taken(2);
    taken(32);
    not_taken(2);
}
END_TEST

START_TEST(an_external_vector_that_waits_hides_an_exception) {
    start(OFF);
    interrupt(16);
    interrupt(32);
    not_taken(1);
    ck_assert_uint_eq(taken(32).rbx, 2);
    not_taken(3);
}
END_TEST

// --- What holds them back (7.2) ---

START_TEST(an_external_vector_waits_for_interrupts_to_be_on) {
    start(OFF);
    interrupt(32);
    not_taken(1);
    ck_assert_uint_eq(taken(32).rbx, 2);
    not_taken(3);
}
END_TEST

START_TEST(a_non_maskable_interrupt_does_not_wait_for_interrupts_to_be_on) {
    start(OFF);
    interrupt(2);
    const zx_vcpu_state_t state = taken(2);
    ck_assert_uint_eq(state.rbx, 0);
    ck_assert_uint_eq(state.r11 & RFLAGS_IF, 0);
    not_taken(1);
}
END_TEST

START_TEST(an_exception_does_not_wait_for_interrupts_to_be_on) {
    start(OFF);
    interrupt(16);
    const zx_vcpu_state_t state = taken(16);
    ck_assert_uint_eq(state.rbx, 0);
    ck_assert_uint_eq(state.r8, NO_ERROR_CODE);
    not_taken(1);
}
END_TEST

// The guest counts handlers begun in R15 and ended in RBX, and ends two runs in each.
static void waits_for_the_handler_to_return(uint32_t first, uint32_t second) {
    guest_start("nmi");
    enter_to_end();
    interrupt(first);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, first);
    interrupt(second);
    enter_to_end();
    ck_assert_uint_eq(read_state().r15, 1);
    ck_assert_uint_eq(read_state().rbx, 0);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, second);
    ck_assert_uint_eq(read_state().r15, 2);
    ck_assert_uint_eq(read_state().rbx, 1);
    guest_close();
}

START_TEST(an_interrupt_waits_for_the_return_from_a_handler) {
    waits_for_the_handler_to_return(32, 33);
    waits_for_the_handler_to_return(33, 33);
    waits_for_the_handler_to_return(2, 32);
}
END_TEST

START_TEST(sti_holds_interrupts_back_for_one_instruction) {
    start(SHADOW_STI);
    interrupt(32);
    const zx_vcpu_state_t state = taken(32);
    ck_assert_uint_eq(state.r9, state.rbx);
}
END_TEST

static void stack_switch_holds_back(uint32_t vector) {
    start(SHADOW_STACK);
    enter_fails(ZX_ERR_NOT_FOUND);
    interrupt(vector);
    enter_fails(ZX_ERR_NOT_FOUND);
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_uint_eq(enter().type, ZX_PKT_TYPE_GUEST_IO);
    const zx_vcpu_state_t state = taken(vector);
    ck_assert_uint_eq(state.r9, state.rbx);
    guest_close();
}

START_TEST(mov_ss_holds_interrupts_back_for_one_instruction) {
    stack_switch_holds_back(32);
}
END_TEST

START_TEST(mov_ss_holds_non_maskable_interrupts_back_too) {
    stack_switch_holds_back(2);
}
END_TEST

START_TEST(mov_ss_holds_interrupts_back_over_an_error_of_the_run_call) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    zx_vaddr_t address = 0;
    start(SHADOW_LOAD);
    enter_fails(ZX_ERR_NOT_FOUND);
    interrupt(32);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0x2000000, memory, 0, 0x1000, &address), ZX_OK);
    const zx_vcpu_state_t state = taken(32);
    ck_assert_uint_eq(state.r9, state.rbx);
}
END_TEST

// --- STI and HLT against a racing interrupt ---

enum { RACES = 1000 };

// Where the guest says that it is about to sleep.
static _Atomic uint32_t *about_to_sleep;

static void map_about_to_sleep(void) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 0x50000, 0x1000, &address),
                     ZX_OK);
    about_to_sleep = (_Atomic uint32_t *)address;
}

static void *race(void *unused) {
    for (unsigned i = 0; i < RACES; i++) {
        while (atomic_exchange(about_to_sleep, 0) == 0) {
        }
        for (volatile unsigned delay = 0; delay < i % 97 * 4; delay++) {
        }
        interrupt(32);
    }
    return unused;
}

// One that is taken between STI and HLT, or is forgotten by HLT, leaves the guest asleep for ever.
START_TEST(an_interrupt_that_races_with_sti_and_hlt_is_never_lost) {
    pthread_t thread;
    guest_start("halt_race");
    enter_to_end();
    map_about_to_sleep();
    ck_assert_int_eq(pthread_create(&thread, NULL, race, NULL), 0);
    for (unsigned i = 0; i < RACES; i++) {
        enter_to_end();
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(a_non_maskable_interrupt_waits_for_the_return_from_another) {
    waits_for_the_handler_to_return(2, 2);
}
END_TEST

// The stack is where the guest has no memory until the client maps some.
static void comes_with_its_stack(uint32_t vector) {
    const uint64_t page = 2 * MEMORY_SIZE;
    zx_vaddr_t mapped = 0;
    execute_start();
    put_code("\xfb\x90\x90"); // sti
    const zx_vcpu_state_t state = {.r10 = NO_VECTOR, .rsp = page + 0x1000};
    write_state(&state);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
    enter_fails(ZX_ERR_NOT_FOUND);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC, page,
                                 memory, 0x500000, 0x1000, &mapped),
                     ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(read_state().r10, vector);
    guest_close();
}

START_TEST(an_event_whose_frame_has_no_memory_comes_once_it_has) {
    comes_with_its_stack(2);
    comes_with_its_stack(7);
    comes_with_its_stack(0x40);
}
END_TEST

// --- Calls from outside ---

static void open_windows(void) {
    guest_open();
    guest_load("interrupt_windows", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

// Returns the time-stamp counter, in virtual time.
static uint64_t enter_to_end_of_windows(void) {
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 20000);
    return read_state().rax;
}

static atomic_bool over;
static atomic_uint calls;

// Each call has the guest leave for a moment.
static void *call_until_over(void *unused) {
    (void)unused;
    while (!atomic_load(&over)) {
        zx_vaddr_t address = 0;
        const zx_status_t status =
            zx_vmar_map(vmar, ZX_VM_PERM_READ, 0, memory, 0, 0x1000, &address);
        ck_assert(status == ZX_OK && zx_vmar_unmap(vmar, address, 0x1000) == ZX_OK);
        atomic_fetch_add(&calls, 2);
    }
    return NULL;
}

START_TEST(calls_from_outside_do_not_change_when_interrupts_come_in_virtual_time) {
    open_windows();
    const uint64_t time = enter_to_end_of_windows();
    guest_close();
    for (unsigned seen = 0; seen < 5000; seen += atomic_load(&calls)) {
        pthread_t thread;
        atomic_store(&over, false);
        atomic_store(&calls, 0);
        open_windows();
        ck_assert_int_eq(pthread_create(&thread, NULL, call_until_over, NULL), 0);
        const uint64_t again = enter_to_end_of_windows();
        atomic_store(&over, true);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_uint_eq(again, time);
        guest_close();
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_interrupt_at_supervisor_level_returns_there,
        an_interrupt_at_user_level_returns_there,
        an_interrupt_reaches_user_code_that_never_exits,
        every_external_vector_is_delivered_as_itself,
        an_exception_from_the_client_has_error_code_0_where_it_has_one,
        reserved_vectors_are_not_supported_and_are_gone_then,
        the_highest_external_vector_is_first_and_none_is_lost,
        vectors_that_wait_together_all_reach_a_guest_that_never_exits,
        a_vector_that_is_pending_twice_is_taken_once,
        an_external_vector_is_before_exceptions_and_they_are_forgotten,
        the_highest_exception_is_first_and_the_others_are_forgotten,
        a_non_maskable_interrupt_is_before_all_and_external_vectors_stay,
        an_external_vector_that_waits_hides_an_exception,
        an_external_vector_waits_for_interrupts_to_be_on,
        a_non_maskable_interrupt_does_not_wait_for_interrupts_to_be_on,
        an_exception_does_not_wait_for_interrupts_to_be_on,
        an_interrupt_waits_for_the_return_from_a_handler,
        sti_holds_interrupts_back_for_one_instruction,
        mov_ss_holds_interrupts_back_for_one_instruction,
        mov_ss_holds_non_maskable_interrupts_back_too,
        mov_ss_holds_interrupts_back_over_an_error_of_the_run_call,
        an_interrupt_that_races_with_sti_and_hlt_is_never_lost,
        a_non_maskable_interrupt_waits_for_the_return_from_another,
        an_event_whose_frame_has_no_memory_comes_once_it_has,
        calls_from_outside_do_not_change_when_interrupts_come_in_virtual_time,
    };
    return run_tests("interrupts", tests, sizeof tests / sizeof tests[0]);
}
