// SPDX-License-Identifier: MIT
//
// The rules of x86 alone, on a processor without an engine: the program links nothing of Unicorn's,
// so the rules cannot depend on it. What guests see of them is in the other tests.

#include "x86_fixture.h"

#include "engine/cpu/x86/debug_registers.h"
#include "engine/cpu/x86/deliver.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/msr_access.h"
#include "engine/cpu/x86/nmi.h"
#include "engine/cpu/x86/port_permission.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/system_call.h"
#include "run_tests.h"

#include <string.h>

static void expect_frame(uint64_t stack, uint64_t rip, uint64_t cs, uint64_t rsp) {
    ck_assert_uint_eq(fake_get64(stack), rip);
    ck_assert_uint_eq(fake_get64(stack + 8), cs);
    ck_assert_uint_eq(fake_get64(stack + 24), rsp);
}

// --- Delivery ---

START_TEST(an_interrupt_pushes_a_frame_and_clears_if) {
    struct cpu *cpu = start();
    set_gate(32, GATE_INNER, 0);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    const struct vectored_event event = {
        .kind = VECTORED_EXTERNAL, .vector = 32, .return_rip = 0x40000};
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), HANDLER);
    ck_assert_uint_eq(cpu_get(cpu, RSP), STACK - 40);
    ck_assert_uint_eq(cpu_get(cpu, RFLAGS), RFLAGS_FIXED);
    expect_frame(STACK - 40, 0x40000, CODE_0, STACK);
    ck_assert_uint_eq(fake_get64(STACK - 24), RFLAGS_FIXED | RFLAGS_IF);
}
END_TEST

START_TEST(a_fault_of_user_code_arrives_on_the_stack_of_the_task) {
    struct cpu *cpu = start();
    set_gate(VECTOR_GENERAL_PROTECTION, GATE_INNER, 0);
    enter_user(cpu);
    ck_assert_int_eq(deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0x18), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RSP), STACK_0 - 48);
    ck_assert_uint_eq(fake_get64(STACK_0 - 48), 0x18);
    expect_frame(STACK_0 - 40, 0x40000, CODE_3, STACK);
    ck_assert_uint_eq(cpu_privilege(cpu), 0);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_SS).selector, 0);
}
END_TEST

// A new VCPU can use what its null selectors stand for.
START_TEST(a_return_to_an_outer_privilege_leaves_no_segment_of_an_inner_one) {
    const struct segment fresh = {.limit = 0xffff, .attributes = 0x9300};
    const struct segment outer = {.selector = 0x23, .limit = 0xffff, .attributes = 0xf300};
    const struct segment inner = {.selector = 0x10, .limit = 0xffff, .attributes = 0x9300};
    const struct segment conforming = {.selector = 0x18, .limit = 0xffff, .attributes = 0x9f00};
    ck_assert(segment_is_lost(&fresh, 3));
    ck_assert(segment_is_lost(&inner, 3));
    ck_assert(!segment_is_lost(&outer, 3));
    ck_assert(!segment_is_lost(&conforming, 3));
}
END_TEST

START_TEST(a_gate_names_a_stack_of_its_own) {
    struct cpu *cpu = start();
    set_gate(VECTOR_NMI, GATE_INNER, 1);
    const struct vectored_event event = {.kind = VECTORED_EXTERNAL, .vector = VECTOR_NMI};
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RSP), STACK_IST - 40);
    ck_assert(nmi_blocked(cpu));
    ck_assert(fake_iret_exiting());
    nmi_end(cpu);
    ck_assert(nmi_returns(cpu));
    ck_assert(fake_iret_exiting()); // In IA-32e mode always.
}
END_TEST

START_TEST(a_software_interrupt_needs_the_gates_permission) {
    struct cpu *cpu = start();
    set_gate(0x80, GATE_INNER, 0);
    set_gate(VECTOR_GENERAL_PROTECTION, GATE_INNER, 0);
    enter_user(cpu);
    struct vectored_event event = {
        .kind = VECTORED_SOFTWARE, .vector = 0x80, .return_rip = 0x40002};
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERED);
    ck_assert_uint_eq(cpu_progress(cpu)->taken.vector, VECTOR_GENERAL_PROTECTION);
    ck_assert_uint_eq(cpu_progress(cpu)->taken.error_code, 0x80 * 8 + 2);
    expect_frame(STACK_0 - 40, 0x40000, CODE_3, STACK); // The fault's own: RIP is at the INT.

    cpu = start();
    set_gate(0x80, GATE_OPEN, 0);
    enter_user(cpu);
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERED);
    expect_frame(STACK_0 - 40, 0x40002, CODE_3, STACK);
}
END_TEST

START_TEST(a_fault_in_delivery_becomes_a_double_fault_and_then_a_triple_fault) {
    struct cpu *cpu = start();
    set_gate(VECTOR_DOUBLE_FAULT, GATE_INNER, 0);
    ck_assert_int_eq(deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0), DELIVERED);
    ck_assert_uint_eq(cpu_progress(cpu)->taken.vector, VECTOR_DOUBLE_FAULT);
    cpu = start();
    ck_assert_int_eq(deliver_fault(cpu, VECTOR_GENERAL_PROTECTION, 0), DELIVERY_TRIPLE_FAULT);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40000);
}
END_TEST

START_TEST(a_frame_without_memory_changes_nothing_and_names_the_place) {
    struct cpu *cpu = start();
    set_gate(32, GATE_INNER, 0);
    fake_take_page_away(STACK - 1);
    const struct vectored_event event = {.kind = VECTORED_EXTERNAL, .vector = 32};
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERY_UNBACKED);
    ck_assert_uint_eq(cpu_progress(cpu)->unbacked & ~0xfffull, (STACK - 1) & ~0xfffu);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40000);
    ck_assert_uint_eq(cpu_get(cpu, RSP), STACK);
}
END_TEST

START_TEST(real_mode_takes_its_handler_from_the_vector_table) {
    struct cpu *cpu = fake_cpu();
    const uint16_t vector[2] = {0x1234, 0x2000};
    memcpy(fake_memory() + 4 * 0x21, vector, sizeof vector);
    cpu_set(cpu, RSP, 0x8000);
    cpu_set(cpu, RIP, 0x100);
    const struct vectored_event event = {
        .kind = VECTORED_SOFTWARE, .vector = 0x21, .return_rip = 0x102};
    ck_assert_int_eq(deliver_vectored_event(cpu, &event), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x1234);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).base, 0x20000);
    ck_assert_uint_eq(cpu_get(cpu, RSP), 0x7ffa);
    ck_assert_uint_eq(fake_get64(0x7ffa) & 0xffffffff, 0x102);
}
END_TEST

START_TEST(the_end_of_an_instruction_traps_if_the_program_steps) {
    struct cpu *cpu = start();
    set_gate(VECTOR_DEBUG, GATE_INNER, 0);
    ck_assert_int_eq(deliver_completion(cpu, 3), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40003);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_TF);
    ck_assert_int_eq(deliver_completion(cpu, 2), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), HANDLER);
    ck_assert_uint_eq(cpu_get(cpu, DR6), DR6_FIXED | DR6_BS);
    ck_assert_uint_eq(fake_get64(STACK - 40), 0x40005);
}
END_TEST

START_TEST(what_can_be_taken_depends_on_if_and_the_shadow) {
    struct cpu *cpu = start();
    ck_assert_int_eq(cpu_ready_for(cpu, 32), READY_IN_WINDOW);
    ck_assert_int_eq(cpu_ready_for(cpu, VECTOR_NMI), READY);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    ck_assert_int_eq(cpu_ready_for(cpu, 32), READY);
    cpu_set(cpu, INTERRUPT_SHADOW, 1);
    ck_assert_int_eq(cpu_ready_for(cpu, 32), READY_IN_WINDOW);
    ck_assert_int_eq(cpu_ready_for(cpu, VECTOR_NMI), READY_IN_WINDOW);
}
END_TEST

// --- Registers ---

START_TEST(a_model_specific_register_refuses_what_the_manual_says) {
    struct cpu *cpu = start();
    static const struct {
        uint32_t number;
        uint64_t value;
        enum msr_access result;
    } cases[] = {
        {IA32_LSTAR, 1ull << 47, MSR_REFUSED},        {IA32_LSTAR, 0xffff800000000000, MSR_DONE},
        {IA32_FMASK, 1ull << 32, MSR_REFUSED},        {IA32_FMASK, 0x4700, MSR_DONE},
        {IA32_PAT, 0x0007040600070402, MSR_REFUSED},  {IA32_PAT, 0x0007040600070406, MSR_DONE},
        {IA32_GS_BASE, 0x8000000000000, MSR_REFUSED}, {IA32_EFER, 0, MSR_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cpu_set(cpu, RCX, cases[i].number);
        cpu_set(cpu, RAX, (uint32_t)cases[i].value);
        cpu_set(cpu, RDX, cases[i].value >> 32);
        ck_assert_int_eq(msr_write(cpu), cases[i].result);
    }
    ck_assert_uint_eq(cpu_get(cpu, LSTAR), 0xffff800000000000);
    ck_assert_uint_eq(cpu_get(cpu, FMASK), 0x4700);
}
END_TEST

START_TEST(a_model_specific_register_reads_as_it_was_written) {
    static const uint32_t numbers[] = {
        IA32_SYSENTER_CS, IA32_SYSENTER_ESP, IA32_SYSENTER_EIP, IA32_STAR,    IA32_LSTAR,
        IA32_FMASK,       IA32_FS_BASE,      IA32_GS_BASE,      IA32_TSC_AUX, IA32_KERNEL_GS_BASE};
    struct cpu *cpu = start();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cpu_set(cpu, RCX, numbers[i]);
        cpu_set(cpu, RAX, 0x1230 + i);
        cpu_set(cpu, RDX, 0);
        ck_assert_int_eq(msr_write(cpu), MSR_DONE);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cpu_set(cpu, RCX, numbers[i]);
        cpu_set(cpu, RDX, 1);
        ck_assert_int_eq(msr_read(cpu), MSR_DONE);
        ck_assert_uint_eq(cpu_get(cpu, RAX), 0x1230 + i);
        ck_assert_uint_eq(cpu_get(cpu, RDX), 0);
    }
    cpu_set(cpu, RCX, IA32_EFER);
    ck_assert_int_eq(msr_read(cpu), MSR_OTHER);
}
END_TEST

static struct instruction decoded(const char *bytes, size_t size) {
    struct instruction instruction;
    ck_assert_int_eq(decode_instruction((const uint8_t *)bytes, size, CODE_64, &instruction),
                     INSTRUCTION_OK);
    return instruction;
}

START_TEST(a_debug_register_keeps_its_fixed_bits) {
    struct cpu *cpu = start();
    const struct instruction write = decoded("\x0f\x23\xf8", 3); // MOV DR7, RAX
    cpu_set(cpu, RAX, 0xffffffff);
    ck_assert_int_eq(debug_register_move(cpu, &write), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, DR7), 0xffff27ff);
    // With DR7.GD, the next access is a #DB, which has no gate here.
    ck_assert_int_eq(debug_register_move(cpu, &write), DELIVERY_TRIPLE_FAULT);
    ck_assert_uint_eq(cpu_get(cpu, DR6) & DR6_BD, DR6_BD);
}
END_TEST

START_TEST(syscall_and_sysret_go_there_and_back) {
    struct cpu *cpu = start();
    const struct instruction syscall = decoded("\x0f\x05", 2);
    const struct instruction sysret = decoded("\x48\x0f\x07", 3);
    enter_user(cpu);
    cpu_set(cpu, STAR, (uint64_t)(0x18 | 3) << 48 | (uint64_t)CODE_0 << 32);
    cpu_set(cpu, LSTAR, HANDLER);
    cpu_set(cpu, FMASK, RFLAGS_IF);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_IF | RFLAGS_CF);
    ck_assert_int_eq(system_call(cpu, &syscall), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), HANDLER);
    ck_assert_uint_eq(cpu_get(cpu, RCX), 0x40002);
    ck_assert_uint_eq(cpu_get(cpu, RFLAGS), RFLAGS_FIXED | RFLAGS_CF);
    ck_assert_uint_eq(cpu_privilege(cpu), 0);
    ck_assert_int_eq(system_call(cpu, &sysret), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40002);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).selector, CODE_3);
    ck_assert_uint_eq(cpu_get(cpu, RFLAGS), RFLAGS_FIXED | RFLAGS_IF | RFLAGS_CF);
    ck_assert_uint_eq(cpu_privilege(cpu), 3);
}
END_TEST

START_TEST(the_port_bitmap_decides_for_user_code) {
    struct cpu *cpu = start();
    enum delivery refusal = DELIVERED;
    ck_assert(port_permitted(cpu, 0x60, 1, &refusal));
    enter_user(cpu);
    const struct segment tss = {.base = TSS, .limit = 0x100, .attributes = 0x8b00};
    cpu_set_segment(cpu, SEGMENT_TR, &tss);
    fake_memory()[TSS + 0x66] = 0x68;
    fake_memory()[TSS + 0x68 + 0x60 / 8] = 0x02; // Port 0x61.
    ck_assert(port_permitted(cpu, 0x60, 1, &refusal));
    ck_assert(!port_permitted(cpu, 0x61, 1, &refusal));
    ck_assert_int_eq(refusal, DELIVERY_TRIPLE_FAULT); // The #GP has no gate.
    ck_assert(!port_permitted(cpu, 0x60, 2, &refusal));
}
END_TEST

// --- Intercepts ---

// The instruction at RIP, with a gate for every vector.
static struct cpu *start_at(const char *bytes, size_t size) {
    struct cpu *cpu = start();
    for (unsigned vector = 0; vector < 64; vector++) {
        set_gate(vector, GATE_OPEN, 0);
    }
    memcpy(fake_memory() + cpu_get(cpu, RIP), bytes, size);
    cpu_progress(cpu)->taken.any = false;
    return cpu;
}

static const struct {
    const char *bytes;
    size_t size;
    enum exit_reason reason; // EXIT_EXCEPTION when the vector is delivered.
    uint8_t vector;
    uint64_t rip; // In the frame.
} opcodes[] = {
    {"\x0f\x01\xc1", 3, EXIT_VMCALL, 0, 0},
    {"\x66\x0f\x01\xc1", 4, EXIT_EXCEPTION, VECTOR_INVALID_OPCODE, 0x40000},
    {"\x0f\x01\xc2", 3, EXIT_OTHER, 0, 0}, // VMLAUNCH
    {"\xf1", 1, EXIT_EXCEPTION, VECTOR_DEBUG, 0x40001},
    {"\x0f\x0b", 2, EXIT_EXCEPTION, VECTOR_INVALID_OPCODE, 0x40000},
};

START_TEST(an_undefined_opcode_may_be_a_call_of_the_hypervisor) {
    for (size_t i = 0; i < sizeof opcodes / sizeof opcodes[0]; i++) {
        struct cpu *cpu = start_at(opcodes[i].bytes, opcodes[i].size);
        struct cpu_exit exit = {0};
        const bool exits = intercept_invalid_opcode(cpu, &exit);
        ck_assert_int_eq(exit.reason, opcodes[i].reason);
        ck_assert_int_eq(exits, exit.reason != EXIT_EXCEPTION);
        if (!exits) {
            ck_assert_uint_eq(exit.vector, opcodes[i].vector);
            ck_assert_uint_eq(fake_get64(STACK - 40), opcodes[i].rip);
        }
    }
}
END_TEST

START_TEST(an_interrupt_of_the_programs_own_returns_behind_it) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\xcd\x30", 2);
    ck_assert(!intercept_software_interrupt(cpu, &exit));
    ck_assert_uint_eq(exit.vector, 0x30);
    expect_frame(STACK - 40, 0x40002, CODE_0, STACK);
    cpu = start_at("\xcc", 1);
    ck_assert(!intercept_software_interrupt(cpu, &exit));
    ck_assert_uint_eq(exit.vector, VECTOR_BREAKPOINT);
    expect_frame(STACK - 40, 0x40001, CODE_0, STACK);
}
END_TEST

START_TEST(what_does_not_exit_is_carried_out) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\x0f\x01\xf9", 3);
    cpu_set(cpu, TSC_AUX, 7);
    ck_assert(!intercept_time_stamp(cpu, 0x123456789, &exit));
    ck_assert_uint_eq(cpu_get(cpu, RAX), 0x23456789);
    ck_assert_uint_eq(cpu_get(cpu, RDX), 1);
    ck_assert_uint_eq(cpu_get(cpu, RCX), 7);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40003);
    cpu = start_at("\x0f\x09", 2); // WBINVD
    ck_assert(!intercept_wbinvd(cpu, &exit));
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40002);
    cpu = start_at("\x0f\x08", 2); // INVD
    ck_assert(intercept_wbinvd(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_OTHER);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x40000);
}
END_TEST

START_TEST(a_port_access_exits_where_it_is_permitted) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\xe5\x10", 2); // IN EAX, 10h
    ck_assert(intercept_decode(cpu, &exit));
    ck_assert(intercept_port_access(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_IO_INSTRUCTION);
    ck_assert_uint_eq(exit.port.access_size, 4);
    ck_assert_uint_eq(exit.port.port_immediate, 0x10);
    enter_user(cpu);
    fake_memory()[TSS + 0x66] = 0x68; // A bitmap behind the limit.
    ck_assert(!intercept_port_access(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_EXCEPTION);
    ck_assert_uint_eq(exit.vector, VECTOR_GENERAL_PROTECTION);
}
END_TEST

START_TEST(an_operand_of_a_control_register_must_be_there_before_it_exits) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\x0f\x01\x20", 3); // SMSW [RAX]
    cpu_set(cpu, RAX, 0x50000);
    ck_assert(intercept_control_register(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_CONTROL_REGISTER_ACCESS);
    fake_take_page_away(0x50000);
    ck_assert(intercept_control_register(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_EPT_VIOLATION);
    ck_assert_uint_eq(exit.guest_physical, 0x50000);
    ck_assert(exit.write && !exit.read && !exit.fetch);
}
END_TEST

START_TEST(what_lmsw_is_to_load_is_told_with_its_exit) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\x0f\x01\x30", 3); // LMSW [RAX]
    cpu_set(cpu, RAX, 0x50000);
    fake_put64(0x50000, 0xabcd1234);
    ck_assert(intercept_control_register(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_CONTROL_REGISTER_ACCESS);
    ck_assert_uint_eq(exit.status_word, 0x1234);
    fake_take_page_away(0x50000);
    ck_assert(intercept_control_register(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_EPT_VIOLATION);
    ck_assert(exit.read && !exit.write && !exit.fetch);
    cpu = start_at("\x0f\x01\xf0", 3); // LMSW AX
    cpu_set(cpu, RAX, 0x56789);
    ck_assert(intercept_control_register(cpu, &exit));
    ck_assert_uint_eq(exit.status_word, 0x6789);
}
END_TEST

START_TEST(xsetbv_of_user_code_faults_and_does_not_exit) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\x0f\x01\xd1", 3);
    ck_assert(intercept_xsetbv(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_XSETBV);
    enter_user(cpu);
    ck_assert(!intercept_xsetbv(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_EXCEPTION);
    ck_assert_uint_eq(exit.vector, VECTOR_GENERAL_PROTECTION);
}
END_TEST

// --- Returns ---

// Whether it faults or not, an IRET is the end of an NMI's handler; but it is not there yet if its
// frame has no memory, and comes again.
START_TEST(an_iret_that_faults_lets_the_next_nmi_in) {
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_at("\x48\xcf", 2);
    set_gate(VECTOR_GENERAL_PROTECTION, GATE_INNER, 0);
    fake_put64(STACK + 8, 0); // No code segment.
    nmi_block(cpu);
    ck_assert(!intercept_iret(cpu, &exit));
    ck_assert_uint_eq(exit.vector, VECTOR_GENERAL_PROTECTION);
    ck_assert_uint_eq(cpu_get(cpu, RIP), HANDLER);
    ck_assert(!nmi_blocked(cpu));

    cpu = start_at("\x48\xcf", 2);
    nmi_block(cpu);
    fake_take_page_away(STACK);
    ck_assert(intercept_iret(cpu, &exit));
    ck_assert_int_eq(exit.reason, EXIT_EPT_VIOLATION);
    ck_assert(nmi_blocked(cpu));
}
END_TEST

// 32-bit code at CPL 0 without paging, at an IRET; the #GP has a gate of 32 bits.
static struct cpu *start_iret_32(uint32_t rip, uint32_t flags) {
    struct cpu *cpu = start_at("\xcf", 1);
    const struct segment code = {.selector = CODE_0, .limit = ~0u, .attributes = 0xc09b00};
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, CR0, CR0_PE | CR0_ET);
    cpu_set(cpu, EFER, 0);
    fake_put64(GDT + CODE_0, 0x00cf9b000000ffff);
    fake_put64(IDT + 8ull * VECTOR_GENERAL_PROTECTION,
               (HANDLER & 0xffff) | CODE_0 << 16 |
                   (uint64_t)(GATE_INNER | (HANDLER & 0xffff0000u)) << 32);
    const uint32_t frame[] = {rip, 0x100, flags, 0x2000, 0x300, 1, 2, 3, 4};
    memcpy(fake_memory() + STACK, frame, sizeof frame);
    return cpu;
}

START_TEST(an_iret_goes_to_no_offset_that_virtual_8086_mode_does_not_have) {
    const uint32_t flags = RFLAGS_FIXED | (uint32_t)RFLAGS_VM;
    struct cpu_exit exit = {0};
    struct cpu *cpu = start_iret_32(0xffff, flags);
    ck_assert(!intercept_iret(cpu, &exit));
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0xffff);
    ck_assert_uint_eq(cpu_get(cpu, RSP), 0x2000);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).base, 0x1000);
    ck_assert_uint_eq(cpu_privilege(cpu), 3);

    cpu = start_iret_32(0x10000, flags);
    ck_assert(!intercept_iret(cpu, &exit));
    ck_assert_uint_eq(exit.vector, VECTOR_GENERAL_PROTECTION);
    ck_assert_uint_eq(exit.error_code, 0);
    ck_assert_uint_eq(cpu_get(cpu, RIP), HANDLER);
    ck_assert_uint_eq(cpu_get(cpu, RSP), STACK - 16);
    ck_assert_uint_eq(cpu_privilege(cpu), 0);
}
END_TEST

START_TEST(an_iret_of_real_mode_takes_32_bits_of_a_big_stack) {
    const struct segment big = {.limit = ~0u, .attributes = 0xc09300};
    const struct segment code = {.limit = 0xffff, .attributes = 0x9f00};
    struct cpu_exit exit = {0};
    const uint16_t frame[] = {0x1234, 0x2000, RFLAGS_IF | RFLAGS_CF};
    struct cpu *cpu = fake_cpu();
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set_segment(cpu, SEGMENT_SS, &big);
    cpu_set(cpu, RSP, 0x30000);
    memcpy(fake_memory() + 0x30000, frame, sizeof frame);
    fake_memory()[0] = 0xcf;
    ck_assert_uint_eq(replaced_conditions(cpu), REPLACED_IF_BIG_REAL);
    ck_assert(intercept_decode(cpu, &exit));
    ck_assert_int_eq(replaced_execute(cpu, &exit.decoded, exit.instruction), DELIVERED);
    ck_assert_uint_eq(cpu_get(cpu, RIP), 0x1234);
    ck_assert_uint_eq(cpu_get(cpu, RSP), 0x30006);
    ck_assert_uint_eq(cpu_get(cpu, RFLAGS) & ~RFLAGS_FIXED, RFLAGS_IF | RFLAGS_CF);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).selector, 0x2000);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).base, 0x20000);
    ck_assert_uint_eq(cpu_segment(cpu, SEGMENT_CS).limit, 0xffff);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        an_interrupt_pushes_a_frame_and_clears_if,
        a_fault_of_user_code_arrives_on_the_stack_of_the_task,
        a_return_to_an_outer_privilege_leaves_no_segment_of_an_inner_one,
        a_gate_names_a_stack_of_its_own,
        a_software_interrupt_needs_the_gates_permission,
        a_fault_in_delivery_becomes_a_double_fault_and_then_a_triple_fault,
        a_frame_without_memory_changes_nothing_and_names_the_place,
        real_mode_takes_its_handler_from_the_vector_table,
        the_end_of_an_instruction_traps_if_the_program_steps,
        what_can_be_taken_depends_on_if_and_the_shadow,
        a_model_specific_register_refuses_what_the_manual_says,
        a_model_specific_register_reads_as_it_was_written,
        a_debug_register_keeps_its_fixed_bits,
        syscall_and_sysret_go_there_and_back,
        the_port_bitmap_decides_for_user_code,
        an_undefined_opcode_may_be_a_call_of_the_hypervisor,
        an_interrupt_of_the_programs_own_returns_behind_it,
        what_does_not_exit_is_carried_out,
        a_port_access_exits_where_it_is_permitted,
        an_operand_of_a_control_register_must_be_there_before_it_exits,
        what_lmsw_is_to_load_is_told_with_its_exit,
        xsetbv_of_user_code_faults_and_does_not_exit,
        an_iret_that_faults_lets_the_next_nmi_in,
        an_iret_goes_to_no_offset_that_virtual_8086_mode_does_not_have,
        an_iret_of_real_mode_takes_32_bits_of_a_big_stack,
    };
    return run_tests("x86", tests, sizeof tests / sizeof tests[0]);
}
