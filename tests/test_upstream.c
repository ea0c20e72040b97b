// SPDX-License-Identifier: MIT
//
// What Zircon's own tests of the hypervisor assert (hypervisor ABI 11.2) and no other file here
// does: tests/coverage/hypervisor.csv, section 11.2, names the tests of the rest.

#include "execute.h"

#include <stdlib.h>
#include <zircon/syscalls/object.h>

START_TEST(a_guest_reloads_cr3_sets_its_gs_base_and_runs_cpuid) {
    execute_start();
    put_code("\x0f\x20\xd8\x0f\x22\xd8"     // mov rax, cr3; mov cr3, rax
             "\xb9\x01\x01\x00\xc0\x31\xc0" // mov ecx, 0xc0000101; xor eax, eax
             "\xba\x01\x00\x00\x00\x0f\x30" // mov edx, 1; wrmsr
             "\xf3\x48\x0f\xae\xcd\x31\xc0" // rdgsbase rbp; xor eax, eax
             "\x0f\xa2");                   // cpuid
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rbp, 0x100000000);
    ck_assert_uint_eq(state.rbx, 0x756e6547); // "Genu"
}
END_TEST

START_TEST(the_state_has_exactly_the_flags_that_the_guest_set) {
    execute_start();
    put_code("\x68\x01\x00\x04\x00\x9d"); // push 0x40001; popfq
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_uint_eq(state.rflags, 0x40001); // AC and CF.
}
END_TEST

START_TEST(a_guest_may_turn_osfxsr_off_and_on) {
    execute_start();
    put_code("\x0f\x20\xe0\x80\xe4\xfd\x0f\x22\xe0"       // mov rax, cr4; and ah, ~2; mov cr4, rax
             "\x80\xcc\x02\x0f\x22\xe0"                   // or ah, 2; mov cr4, rax
             "\x66\x48\x0f\x6e\xc3\x66\x48\x0f\x7e\xc1"); // movq xmm0, rbx; movq rcx, xmm0
    zx_vcpu_state_t state = {.rbx = 0x89abcdef01234567};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rcx, 0x89abcdef01234567);
}
END_TEST

#define PAGE 0x300000u

START_TEST(the_protection_of_guest_memory_can_be_changed) {
    execute_start();
    put_code("\x89\x03"); // mov [rbx], eax
    zx_vcpu_state_t state = {.rbx = PAGE, .rax = 1};
    run_code(&state);
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ, PAGE, 0x1000), ZX_OK);
    state.rax = 2;
    state.r10 = NO_VECTOR;
    write_state(&state);
    enter_fails(ZX_ERR_ACCESS_DENIED);
    ck_assert_uint_eq(memory_u64(PAGE), 1);
    ck_assert_int_eq(zx_vmar_protect(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, PAGE, 0x1000),
                     ZX_OK);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(PAGE), 2);
}
END_TEST

START_TEST(guest_physical_memory_is_2_to_the_48_bytes_from_0_on) {
    zx_info_vmar_t info = {1, 1};
    guest_open();
    ck_assert_int_eq(zx_object_get_info(vmar, ZX_INFO_VMAR, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.base, 0);
    ck_assert_uint_eq(info.len, 0x1000000000000);
}
END_TEST

#define XAPIC_ID 0xfee00020u

START_TEST(the_window_of_the_xapic_is_ordinary_memory) {
    const uint64_t fourth_gib = 0xc0000000 | 0x87;
    const uint64_t value = 0x1122334455667788;
    zx_vaddr_t address = 0;
    execute_start();
    memory_write(0x1018, &fourth_gib, sizeof fourth_gib);
    put_code("\x48\x8b\x03"); // mov rax, [rbx]
    zx_vcpu_state_t state = {.rbx = XAPIC_ID, .rsp = EXECUTE_STACK, .r10 = NO_VECTOR};
    write_state(&state);
    enter_fails(ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ, XAPIC_ID & ~0xfffull,
                                 memory, PAGE, 0x1000, &address),
                     ZX_OK);
    memory_write(PAGE + 0x20, &value, sizeof value);
    enter_to_end();
    ck_assert_uint_eq(read_state().rax, value);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_guest_reloads_cr3_sets_its_gs_base_and_runs_cpuid,
        the_state_has_exactly_the_flags_that_the_guest_set,
        a_guest_may_turn_osfxsr_off_and_on,
        the_protection_of_guest_memory_can_be_changed,
        guest_physical_memory_is_2_to_the_48_bytes_from_0_on,
        the_window_of_the_xapic_is_ordinary_memory,
    };
    return run_tests("upstream", tests, sizeof tests / sizeof tests[0]);
}
