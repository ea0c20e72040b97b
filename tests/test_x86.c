// SPDX-License-Identifier: MIT
//
// The rules of x86 alone, on a processor without an engine: the program links nothing of Unicorn's,
// so the rules cannot depend on it. What guests see of them is in the other tests.

#include "fake_cpu.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/debug_registers.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/msr_write.h"
#include "engine/cpu/x86/nmi.h"
#include "engine/cpu/x86/port_permission.h"
#include "engine/cpu/x86/system_call.h"
#include "engine/cpu/x86/walk_cache.h"
#include "run_tests.h"

#include <string.h>

#define GDT 0x10000u
#define IDT 0x11000u
#define TSS 0x12000u
#define HANDLER 0x20000u
#define STACK 0x30000u
#define STACK_0 0x38000u
#define STACK_IST 0x3c000u
#define CODE_0 8u
#define DATA_3 (0x20u | 3u)
#define CODE_3 (0x28u | 3u)
#define GATE_OPEN 0xee00u  // Interrupt gate for everybody.
#define GATE_INNER 0x8e00u // Interrupt gate for CPL 0.

static void set_gate(unsigned vector, uint32_t type, unsigned stack) {
    fake_put64(IDT + 16 * vector, (HANDLER & 0xffff) | CODE_0 << 16 |
                                      (uint64_t)(type | stack | (HANDLER & 0xffff0000u)) << 32);
}

// 64-bit code at CPL 0 with RIP 0x40000, tables and a stack; no gate is present.
static struct cpu *start(void) {
    struct cpu *cpu = fake_cpu();
    fake_enter_long_mode(cpu);
    fake_put64(GDT + CODE_0, 0x00209b0000000000);
    const struct segment gdt = {.base = GDT, .limit = 0x3f};
    const struct segment idt = {.base = IDT, .limit = 0xfff};
    const struct segment tss = {.selector = 0x30, .base = TSS, .limit = 0x67, .attributes = 0x8b00};
    cpu_set_segment(cpu, SEGMENT_GDTR, &gdt);
    cpu_set_segment(cpu, SEGMENT_IDTR, &idt);
    cpu_set_segment(cpu, SEGMENT_TR, &tss);
    fake_put64(TSS + 4, STACK_0);
    fake_put64(TSS + 0x24, STACK_IST);
    cpu_set(cpu, RIP, 0x40000);
    cpu_set(cpu, RSP, STACK);
    return cpu;
}

static void enter_user(struct cpu *cpu) {
    const struct segment code = {.selector = CODE_3, .limit = ~0u, .attributes = 0xa0fb00};
    const struct segment data = {.selector = DATA_3, .limit = ~0u, .attributes = 0xc0f300};
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set_segment(cpu, SEGMENT_SS, &data);
}

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
    ck_assert(!fake_iret_exiting());
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

// --- Linear addresses: entries of the page directory at 0x3000, error codes of the SDM ---

START_TEST(a_walk_faults_with_the_manuals_error_code) {
    static const struct {
        uint64_t entry;
        enum access access;
        enum access_mode mode;
        uint32_t error_code;
    } cases[] = {
        {0, ACCESS_READ, ACCESS_AS_SUPERVISOR, 0},      {0, ACCESS_WRITE, ACCESS_AS_USER, 6},
        {0x85, ACCESS_WRITE, ACCESS_AS_SUPERVISOR, 3},  {0x83, ACCESS_READ, ACCESS_AS_USER, 5},
        {0x2087, ACCESS_READ, ACCESS_AS_SUPERVISOR, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cpu *cpu = start();
        struct access_fault fault = {0};
        uint64_t value = 0;
        fake_put64(0x3008, cases[i].entry);
        const uint64_t linear = 0x200000;
        const enum access_result result =
            cases[i].access == ACCESS_WRITE
                ? linear_write_as(cpu, cases[i].mode, linear, &value, 8, &fault)
                : linear_read_as(cpu, cases[i].mode, linear, &value, 8, &fault);
        ck_assert_int_eq(result, ACCESS_PAGE_FAULT);
        ck_assert_uint_eq(fault.address, linear);
        ck_assert_uint_eq(fault.error_code, cases[i].error_code);
    }
}
END_TEST

START_TEST(a_walk_marks_what_it_used) {
    struct cpu *cpu = start();
    struct access_fault fault;
    uint64_t value = 1;
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SUPERVISOR, 0x50000, &value, 8, &fault),
                     ACCESS_DONE);
    ck_assert_uint_eq(fake_get64(0x50000), 1);
    ck_assert_uint_eq(fake_get64(0x1000), 0x2027);
    ck_assert_uint_eq(fake_get64(0x3000), 0xe7);
}
END_TEST

// What a walk found is kept; each of these makes it wrong, and the next walk must know.

#define LOW 0x50000u  // Linear and physical.
#define HIGH 0xd0000u // Where other tables lead.

static enum access_result read_low(struct cpu *cpu, enum access_mode mode, uint64_t *value) {
    struct access_fault fault;
    return linear_read_as(cpu, mode, LOW, value, sizeof *value, &fault);
}

static void expect_low(struct cpu *cpu, uint64_t expected) {
    uint64_t value = 0;
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_DONE);
    ck_assert_uint_eq(value, expected);
}

// By a page of 4 KiB. The entries for it at 0x1000, 0x2000, 0x3000 and 0x4000, others at 0x5000 to
// 0x8000.
static struct cpu *start_with_pages(void) {
    struct cpu *cpu = start();
    const uint64_t index = LOW >> 12;
    for (uint64_t table = 0; table < 2; table++) {
        for (uint64_t level = 0; level < 3; level++) {
            fake_put64(0x1000 + 0x4000 * table + 0x1000 * level,
                       (0x2000 + 0x4000 * table + 0x1000 * level) | 7);
        }
        fake_put64(0x4000 + 0x4000 * table + 8 * index, (table == 0 ? LOW : HIGH) | 7);
    }
    fake_put64(LOW, 1);
    fake_put64(HIGH, 2);
    expect_low(cpu, 1);
    return cpu;
}

START_TEST(a_changed_entry_is_seen_at_each_level) {
    static const uint64_t entries[] = {0x1000, 0x2000, 0x3000, 0x4000 + 8 * (LOW >> 12)};
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct cpu *cpu = start_with_pages();
        const uint64_t before = fake_get64(entries[i]);
        fake_put64(entries[i], fake_get64(entries[i] + 0x4000));
        expect_low(cpu, 2);
        fake_put64(entries[i], before);
        expect_low(cpu, 1);
        uint64_t value = 0;
        fake_put64(entries[i], before & ~1ull);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
        fake_put64(entries[i], before & ~4ull);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_DONE);
    }
}
END_TEST

START_TEST(a_changed_register_is_seen_by_the_next_walk) {
    uint64_t value = 0;
    struct access_fault fault;
    struct cpu *cpu = start_with_pages();
    cpu_set(cpu, CR3, 0x5000);
    expect_low(cpu, 2);
    cpu_set(cpu, CR3, 0x1000);
    expect_low(cpu, 1);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) & ~CR0_PG);
    fake_put64(0x3000, 0);
    expect_low(cpu, 1);

    cpu = start_with_pages(); // SMAP, and AC.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    cpu_set(cpu, CR4, CR4_PAE | CR4_SMAP);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_PAGE_FAULT);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_AC);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_PAGE_FAULT);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_PAGE_FAULT);

    cpu = start_with_pages(); // Without NXE, NX is a reserved bit.
    fake_put64(0x3000, 1ull << 63 | 0x4007);
    expect_low(cpu, 1);
    cpu_set(cpu, EFER, EFER_LME | EFER_LMA);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);

    cpu = start_with_pages(); // WP.
    fake_put64(0x3000, 0x4005);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) & ~CR0_WP);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SYSTEM, LOW, &value, 8, &fault), ACCESS_DONE);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) | CR0_WP);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SYSTEM, LOW, &value, 8, &fault),
                     ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(who_accesses_and_how_is_seen_by_the_next_walk) {
    struct cpu *cpu = start_with_pages();
    struct access_fault fault;
    uint64_t value = 0;
    fake_put64(0x3000, 0x4003); // For supervisors.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
    fake_put64(0x3000, 0x4005); // For loads.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_DONE);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_USER, LOW, &value, 8, &fault),
                     ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(a_walk_is_found_by_all_of_its_key) {
    const struct walk_key key = {1, 2, 3, 4, 5, 6, 7};
    uint8_t page = 0;
    const struct cached_walk walk = {.key = key, .host = &page};
    ck_assert_ptr_eq(cached_walk_host(&walk, &key), &page);
    for (size_t i = 0; i < 7; i++) {
        struct walk_key other = key;
        uint64_t *const words[] = {&other.page, &other.cr0,  &other.cr3,
                                   &other.cr4,  &other.efer, &other.changes};
        if (i < 6) {
            ++*words[i];
        } else {
            other.kind++;
        }
        ck_assert_ptr_null(cached_walk_host(&walk, &other));
    }
}
END_TEST

// There are more pages than walks are kept of.
START_TEST(walks_to_other_pages_are_not_mixed_up) {
    struct cpu *cpu = start();
    struct access_fault fault;
    for (uint64_t address = 0x40000; address < FAKE_MEMORY_SIZE; address += 0x1000) {
        fake_put64(address, address);
    }
    for (uint64_t address = 0x40000; address < FAKE_MEMORY_SIZE; address += 0x1000) {
        for (uint64_t other = 0x40000; other < FAKE_MEMORY_SIZE; other += 0x11000) {
            uint64_t value = 0;
            ck_assert_int_eq(linear_read(cpu, address, &value, 8, &fault), ACCESS_DONE);
            ck_assert_uint_eq(value, address);
            ck_assert_int_eq(linear_read(cpu, other, &value, 8, &fault), ACCESS_DONE);
            ck_assert_uint_eq(value, other);
        }
    }
}
END_TEST

START_TEST(memory_that_has_gone_is_seen_by_the_next_walk) {
    static const uint64_t pages[] = {0x1000, 0x2000, 0x3000, 0x4000, LOW};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct cpu *cpu = start_with_pages();
        uint64_t value = 0;
        fake_take_page_away(pages[i]);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_NESTED_FAULT);
    }
}
END_TEST

START_TEST(each_walk_marks_again_what_was_cleared) {
    static const uint64_t entries[] = {0x1000, 0x2000, 0x3000, 0x4000 + 8 * (LOW >> 12)};
    struct cpu *cpu = start_with_pages();
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        const uint64_t before = fake_get64(entries[i]);
        ck_assert_uint_eq(before & 0x60, 0x20);
        fake_put64(entries[i], before & ~0x20ull);
        expect_low(cpu, 1);
        ck_assert_uint_eq(fake_get64(entries[i]), before);
    }
    uint64_t value = 3;
    struct access_fault fault;
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_USER, LOW, &value, 8, &fault), ACCESS_DONE);
    ck_assert_uint_eq(fake_get64(entries[3]) & 0x60, 0x60); // A store is another walk than a load.
    expect_low(cpu, 3);
}
END_TEST

START_TEST(entries_of_four_bytes_are_compared_by_themselves) {
    struct cpu *cpu = fake_cpu();
    cpu_set(cpu, CR0, CR0_PE | CR0_PG | CR0_ET);
    cpu_set(cpu, CR3, 0x1000);
    fake_put64(0x1000, 0x2007);
    const uint64_t entry = 0x2000 + 4 * (LOW >> 12);
    fake_put64(entry, LOW | 7);
    fake_put64(LOW, 1);
    fake_put64(HIGH, 2);
    expect_low(cpu, 1);
    fake_put64(entry, HIGH | 7);
    expect_low(cpu, 2);
    fake_put64(0x1000, 0x3007);
    uint64_t value = 0;
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(an_address_that_is_not_canonical_is_no_page_fault) {
    struct cpu *cpu = start();
    struct access_fault fault;
    uint64_t value = 0;
    ck_assert_int_eq(linear_read(cpu, 1ull << 47, &value, 8, &fault), ACCESS_NOT_CANONICAL);
}
END_TEST

// --- Registers ---

START_TEST(a_model_specific_register_refuses_what_the_manual_says) {
    struct cpu *cpu = start();
    static const struct {
        uint32_t number;
        uint64_t value;
        enum msr_write result;
    } cases[] = {
        {IA32_LSTAR, 1ull << 47, MSR_REFUSED},        {IA32_LSTAR, 0xffff800000000000, MSR_WRITTEN},
        {IA32_FMASK, 1ull << 32, MSR_REFUSED},        {IA32_FMASK, 0x4700, MSR_WRITTEN},
        {IA32_PAT, 0x0007040600070402, MSR_REFUSED},  {IA32_PAT, 0x0007040600070406, MSR_WRITTEN},
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

int main(void) {
    const TTest *const tests[] = {
        an_interrupt_pushes_a_frame_and_clears_if,
        a_fault_of_user_code_arrives_on_the_stack_of_the_task,
        a_gate_names_a_stack_of_its_own,
        a_software_interrupt_needs_the_gates_permission,
        a_fault_in_delivery_becomes_a_double_fault_and_then_a_triple_fault,
        a_frame_without_memory_changes_nothing_and_names_the_place,
        real_mode_takes_its_handler_from_the_vector_table,
        the_end_of_an_instruction_traps_if_the_program_steps,
        what_can_be_taken_depends_on_if_and_the_shadow,
        a_walk_faults_with_the_manuals_error_code,
        a_walk_marks_what_it_used,
        a_changed_entry_is_seen_at_each_level,
        a_changed_register_is_seen_by_the_next_walk,
        who_accesses_and_how_is_seen_by_the_next_walk,
        a_walk_is_found_by_all_of_its_key,
        walks_to_other_pages_are_not_mixed_up,
        memory_that_has_gone_is_seen_by_the_next_walk,
        each_walk_marks_again_what_was_cleared,
        entries_of_four_bytes_are_compared_by_themselves,
        an_address_that_is_not_canonical_is_no_page_fault,
        a_model_specific_register_refuses_what_the_manual_says,
        a_debug_register_keeps_its_fixed_bits,
        syscall_and_sysret_go_there_and_back,
        the_port_bitmap_decides_for_user_code,
        an_undefined_opcode_may_be_a_call_of_the_hypervisor,
        an_interrupt_of_the_programs_own_returns_behind_it,
        what_does_not_exit_is_carried_out,
        a_port_access_exits_where_it_is_permitted,
        an_operand_of_a_control_register_must_be_there_before_it_exits,
    };
    return run_tests("x86", tests, sizeof tests / sizeof tests[0]);
}
