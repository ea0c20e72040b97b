// SPDX-License-Identifier: MIT
//
// Instructions that are carried out by the library and not by the engine (docs/cpu.md), with the
// values of the SDM. tests/test_oracle.c compares those that a program may use with the host's own.

#include "execute.h"
#include "report_port.h"

#define DATA 0x300000u

#define LOAD_XMM "\xf3\x0f\x6f\x03\xf3\x0f\x6f\x4b\x10" // movdqu xmm0, [rbx]; xmm1, [rbx + 16]
#define STORE_XMM "\xf3\x0f\x7f\x03"                    // movdqu [rbx], xmm0

static zx_vcpu_state_t run_with(zx_vcpu_state_t state, const void *data, size_t size) {
    memory_write(DATA, data, size);
    state.rbx = DATA;
    run_code(&state);
    return state;
}

static void expect_data(const void *expected, size_t size) {
    uint8_t actual[64] = {0};
    ck_assert_int_eq(zx_vmo_read(memory, actual, DATA, size), ZX_OK);
    ck_assert_int_eq(memcmp(actual, expected, size), 0);
}

// --- Integer instructions with memory ---

#define WITH_FLAGS "\x57\x9d" // push rdi; popfq

// In memory as in a register, which the engine does.
START_TEST(conditions_are_stored_as_they_are_in_registers) {
    char code[] = WITH_FLAGS "\x0f\x90\xc0\x0f\x90\x03"; // seto al; seto [rbx]
    execute_start();
    for (unsigned flags = 0; flags < 32; flags++) {
        const uint64_t spread =
            (flags & 1) | (flags & 2) << 1 | (flags & 12) << 4 | (flags & 16) << 7;
        for (unsigned condition = 0; condition < 16; condition++) {
            code[3] = code[6] = (char)(0x90 + condition);
            put_code_bytes(code, sizeof code - 1);
            zx_vcpu_state_t state = run_with((zx_vcpu_state_t){.rdi = 2 | spread}, "\xff", 1);
            ck_assert_uint_eq(state.r10, NO_VECTOR);
            expect_data(&state.rax, 1);
        }
    }
    guest_close();
}
END_TEST

// RCL and RCR by CL of AL to RAX, and of as much at RBX: 2 to the power of `size` bytes.
static void rotates_alike(unsigned size, bool right, uint64_t count, bool carry) {
    static const char prefixes[] = "\x90\x66\x90\x48"; // 90 is a NOP.
    const uint64_t value = 0x9234567880f1a3c5;
    const char opcode = (char)(size == 0 ? 0xd2 : 0xd3);
    const char register_form = (char)(right ? 0xd8 : 0xd0);
    const char memory_form = (char)(right ? 0x1b : 0x13);
    const char code[] = {'\x57', '\x9d', prefixes[size], opcode, register_form, '\x9c', '\x5e',
                         '\x57', '\x9d', prefixes[size], opcode, memory_form,   '\x9c', '\x5a'};
    put_code_bytes(code, sizeof code);
    const zx_vcpu_state_t before = {.rdi = 2 | carry, .rax = value, .rcx = count};
    const zx_vcpu_state_t state = run_with(before, &value, sizeof value);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rsi, state.rdx); // The flags.
    expect_data(&state.rax, (size_t)1 << size);
}

START_TEST(rotations_through_the_carry_are_in_memory_as_in_registers) {
    execute_start();
    for (uint64_t count = 0; count < 70; count++) {
        for (unsigned size = 0; size < 4; size++) {
            rotates_alike(size, false, count, count % 3 == 0);
            rotates_alike(size, true, count, count % 3 != 0);
        }
    }
    guest_close();
}
END_TEST

// --- SSE ---

// The engine would take it for PCMPESTRM.
START_TEST(a_comparison_of_strings_with_another_prefix_is_undefined) {
    static const uint8_t zeros[32];
    execute_start();
    put_code(LOAD_XMM "\x66\xf2\x0f\x3a\x60\xc1\x08");
    zx_vcpu_state_t state = {.rax = 0x80000000, .rdx = 0x80000000};
    state = run_with(state, zeros, sizeof zeros);
    ck_assert_uint_eq(state.r10, 6);
    guest_close();
}
END_TEST

START_TEST(explicit_lengths_of_strings_saturate) {
    static const uint8_t zeros[32];
    execute_start();
    put_code(LOAD_XMM "\x66\x0f\x3a\x61\xc1\x08"); // pcmpestri xmm0, xmm1, 8
    zx_vcpu_state_t state = {.rax = 0x80000000, .rdx = 0x80000000, .rcx = 99};
    state = run_with(state, zeros, sizeof zeros);
    ck_assert_uint_eq(state.rcx, 0);
    put_code(LOAD_XMM "\x66\x48\x0f\x3a\x61\xc1\x08"); // with REX.W
    state = (zx_vcpu_state_t){.rax = 1ull << 63, .rdx = 0x100000003, .rcx = 99};
    state = run_with(state, zeros, sizeof zeros);
    ck_assert_uint_eq(state.rcx, 0);
    // Without REX.W the second string ends after 3, so what lies behind differs.
    put_code(LOAD_XMM "\x66\x0f\x3a\x61\xc1\x18");
    state = (zx_vcpu_state_t){.rax = 16, .rdx = 0x100000003, .rcx = 99};
    state = run_with(state, zeros, sizeof zeros);
    ck_assert_uint_eq(state.rcx, 3);
    guest_close();
}
END_TEST

START_TEST(a_substring_may_run_off_the_end) {
    execute_start();
    put_code(LOAD_XMM "\x66\x0f\x3a\x63\xc1\x0c"); // pcmpistri xmm0, xmm1, 0xc
    zx_vcpu_state_t state = {.rcx = 99};
    state = run_with(state, "abcd\0\0\0\0\0\0\0\0\0\0\0\0xxxxxxxxxxxxxxab", 32);
    ck_assert_uint_eq(state.rcx, 14);
    put_code(LOAD_XMM "\x66\x0f\x3a\x63\xc1\x4c");
    state = run_with(state, "abcdefghijklmnopbcdefghijklmnopa", 32);
    ck_assert_uint_eq(state.rcx, 15);
    // With the second string in memory, unaligned, and with a mask as the result.
    put_code("\xf3\x0f\x6f\x03\x66\x0f\x3a\x62\x43\x11\x4c" STORE_XMM);
    run_with(state, "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0_xabxxxxxxxxxxxxa", 33);
    static const uint8_t mask[16] = {[1] = 0xff, [15] = 0xff};
    expect_data(mask, sizeof mask);
    guest_close();
}
END_TEST

START_TEST(neighbours_of_a_register_and_itself_are_added) {
    static const uint32_t words[8] = {1, 2, 3, 4};
    static const uint32_t sums[4] = {3, 7, 3, 7};
    static const int16_t differences[4] = {-32768, 1, -32768, 1};
    static const int16_t shorts[4] = {-32768, 1, 3, 2};
    execute_start();
    put_code(LOAD_XMM "\x66\x0f\x38\x02\xc0" STORE_XMM); // phaddd xmm0, xmm0
    run_with((zx_vcpu_state_t){0}, words, sizeof words);
    expect_data(sums, sizeof sums);
    put_code("\x0f\x6f\x13\x0f\x38\x07\xd2\x0f\x7f\x13\x0f\x77"); // phsubsw mm2, mm2
    run_with((zx_vcpu_state_t){0}, shorts, sizeof shorts);
    expect_data(differences, sizeof differences);
    guest_close();
}
END_TEST

START_TEST(neighbours_of_mmx_wait_for_an_x87_exception) {
    static const char code[] = "\x0f\x20\xc0\x24\xf3\x83\xc8\x20\x0f\x22\xc0" // CR0.NE, no EM, TS
                               "\xdb\xe3\x66\xc7\x03\x7e\x03\xd9\x2b"         // fninit; unmask IE
                               "\xd9\xc0"                                     // fld st0, of nothing
                               "\x0f\x38\x02\xd2";                            // phaddd mm2, mm2
    execute_start();
    put_code_bytes(code, sizeof code - 1);
    const zx_vcpu_state_t state = run_with((zx_vcpu_state_t){0}, "\0\0", 2);
    ck_assert_uint_eq(state.r10, 16);
    guest_close();
}
END_TEST

START_TEST(a_dot_product_is_summed_in_pairs) {
    static const float values[8] = {1, 1, 1e30f, -1e30f, 1, 1, 1, 1};
    static const float product[4] = {2, 0, 0, 2};
    execute_start();
    put_code(LOAD_XMM "\x66\x0f\x3a\x40\xc1\xf9" STORE_XMM); // dpps xmm0, xmm1, 0xf9
    run_with((zx_vcpu_state_t){0}, values, sizeof values);
    expect_data(product, sizeof product);
    put_code("\x66\x0f\x3a\x40\x43\x08\xff"); // From an address that is not aligned.
    const zx_vcpu_state_t state = run_with((zx_vcpu_state_t){0}, values, sizeof values);
    ck_assert_uint_eq(state.r10, 13);
    guest_close();
}
END_TEST

// A trapped page and the one before, by an operand that lies in both: an exit, and nothing changed.
START_TEST(an_operand_that_is_trapped_exits) {
    execute_start();
    put_code("\x66\x0f\x3a\x63\x03\x0c"); // pcmpistri xmm0, [rbx], 0xc
    zx_vcpu_state_t state = {.rbx = EXIT_PAGE - 8, .rcx = 99, .rsp = EXECUTE_STACK};
    write_state(&state);
    zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 6);
    ck_assert_uint_eq(packet.guest_mem.rip, EXECUTE_SLOT);
    ck_assert_uint_eq(read_state().rcx, 99);
    guest_close();
}
END_TEST

// --- Integer instructions ---

#define NEG_FLAGS(value, expected)                                                                 \
    do {                                                                                           \
        const uint64_t value_ = (value);                                                           \
        zx_vcpu_state_t state_ = run_with((zx_vcpu_state_t){0}, &value_, sizeof value_);           \
        ck_assert_uint_eq(state_.rax & 0x8d5, expected);                                           \
    } while (0)

START_TEST(locked_negation_sets_the_flags_of_its_result) {
    static const uint32_t result[2] = {(uint32_t)-5, 7};
    execute_start();
    put_code("\xf0\xf7\x1b\x9c\x58"); // lock neg dword [rbx]; pushfq; pop rax
    NEG_FLAGS(0x700000005, 0x91);
    expect_data(result, sizeof result);
    NEG_FLAGS(0, 0x44);
    NEG_FLAGS(0x80000000, 0x885);
    put_code("\xf0\xf6\x1b\x9c\x58");
    NEG_FLAGS(0x80, 0x881);
    put_code("\xf0\x48\xf7\x1b\x9c\x58");
    NEG_FLAGS(1, 0x95);
    guest_close();
}
END_TEST

START_TEST(an_immediate_is_moved_whatever_rex_r_says) {
    static const uint8_t before[16] = {[0 ... 15] = 0xee};
    static const uint8_t after[16] = {0xee, 0x11, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
                                      0x11, 0x22, 0x33, 0x84, 0xff, 0xff, 0xff, 0xff};
    execute_start();
    put_code("\x44\xc6\x43\x01\x11"                  // mov byte [rbx + 1], 0x11
             "\x4c\xc7\x43\x08\x11\x22\x33\x84"      // mov qword [rbx + 8], -0x7bccddef
             "\x44\xc6\xc6\x12\x44\xc7\xc0\x1\0\0\0" // mov sil, 0x12; mov eax, 1
             "\x66\x45\xc7\xc1\x34\x12");            // mov r9w, 0x1234
    zx_vcpu_state_t state = {.rax = UINT64_MAX, .rsi = UINT64_MAX, .r9 = UINT64_MAX};
    state = run_with(state, before, sizeof before);
    expect_data(after, sizeof after);
    ck_assert_uint_eq(state.rax, 1);
    ck_assert_uint_eq(state.rsi, 0xffffffffffffff12);
    ck_assert_uint_eq(state.r9, 0xffffffffffff1234);
    guest_close();
}
END_TEST

// With a REX prefix the engine takes SPL for AH, as other instructions do.
START_TEST(flags_go_through_ah_whatever_rex_says) {
    static const char loads[] = WITH_FLAGS "\x40\x9f"; // lahf
    static const char stores[] = "\x4d\x9e\x9c\x5e";   // sahf; pushf; pop rsi
    execute_start();
    for (uint64_t flags = 0; flags < 256; flags++) {
        const uint64_t kept = (flags & 0xd5) | 2;
        put_code_bytes(loads, sizeof loads - 1);
        zx_vcpu_state_t state = {.rdi = 0x800 | kept, .rax = UINT64_MAX};
        run_code(&state);
        ck_assert_uint_eq(state.rax, 0xffffffffffff00ff | kept << 8);
        ck_assert_uint_eq(state.rsp, EXECUTE_STACK);
        put_code_bytes(stores, sizeof stores - 1);
        state = (zx_vcpu_state_t){.rax = flags << 8, .rsi = 0};
        run_code(&state);
        ck_assert_uint_eq(state.rsi & 0xff, kept);
        ck_assert_uint_eq(state.rax, flags << 8);
    }
    guest_close();
}
END_TEST

START_TEST(what_is_not_offered_is_an_invalid_opcode) {
    static const char *const codes[] = {
        "\x0f\x38\xf0\xc0", "\x0f\x38\xf1\xc3", "\x66\x0f\xae\x3b", "\x66\x0f\x12\xc1",
        "\x66\x0f\x16\xc1", "\x66\x0f\xc3\x03", "\xf3\x0f\xc3\x03", "\xf2\x0f\xc3\x03",
    };
    execute_start();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        put_code_bytes(codes[i], 4);
        zx_vcpu_state_t state = {.rbx = DATA};
        run_code(&state);
        ck_assert_uint_eq(state.r10, 6);
    }
    guest_close();
}
END_TEST

START_TEST(enter_checks_the_last_stack_pointer) {
    execute_start();
    put_code("\xc8\x10\x00\x02\xc9"); // enter 16, 2; leave
    zx_vcpu_state_t state = {.rbp = DATA};
    memory_write(DATA - 8, "outer...", 8);
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rbp, DATA);
    ck_assert_uint_eq(memory_u64(EXECUTE_STACK - 8), DATA);
    ck_assert_uint_eq(memory_u64(EXECUTE_STACK - 24), EXECUTE_STACK - 8);
    // The last stack pointer is in a trapped page: an exit, and nothing changed.
    trap(ZX_GUEST_TRAP_MEM, 0x500000, 0x1000, ZX_HANDLE_INVALID, 7);
    put_code("\xc8\x00\x18\x00"); // enter 0x1800, 0
    state = (zx_vcpu_state_t){.rbp = DATA, .rsp = 0x502000};
    write_state(&state);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, 0x5007f8);
    ck_assert_uint_eq(read_state().rsp, 0x502000);
    ck_assert_uint_eq(memory_u64(0x501ff8), 0);
    guest_close();
}
END_TEST

// Each ends with RAX = 1 only if it is as long, goes and pops as an Intel processor's. The stack
// has the address of the slot's byte 16.
static const struct {
    const char *name, *bytes;
    size_t size;
} prefixed_branches[] = {
#define BRANCH(name, bytes)                                                                        \
    { name, bytes, sizeof(bytes) - 1 }
    BRANCH("call rel32", "\x66\xe8\x03\0\0\0\x0f\x0b\x90\x5b\xb0\x01"),
    BRANCH("jmp rel32", "\x66\xe9\x02\0\0\0\x0f\x0b\xb0\x01"),
    BRANCH("jmp rel8", "\x66\xeb\x02\x0f\x0b\xb0\x01"),
    BRANCH("jz rel32", "\x48\x85\xe4\x66\x0f\x84\x02\0\0\0\xb0\x01\x90"),
    BRANCH("jnz rel32", "\x48\x85\xe4\x66\x0f\x85\x02\0\0\0\x0f\x0b\xb0\x01"),
    BRANCH("jnz rel8", "\x48\x85\xe4\x66\x75\x02\x0f\x0b\xb0\x01"),
    BRANCH("loop", "\x66\xe2\x02\x0f\x0b\xb0\x01"),
    BRANCH("jmp rdx", "\x66\xff\xe2\x0f\x0b\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90"
                      "\xb0\x01"),
    BRANCH("ret", "\x52\x66\xc3\x0f\x0b\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xb0\x01"),
    BRANCH("ret 0", "\x52\x66\xc2\0\0\x0f\x0b\x90\x90\x90\x90\x90\x90\x90\x90\x90\xb0\x01"),
};

START_TEST(near_branches_ignore_an_operand_size_prefix) {
    execute_start();
    for (size_t i = 0; i < sizeof prefixed_branches / sizeof prefixed_branches[0]; i++) {
        zx_vcpu_state_t state = {.rcx = 2, .rdx = EXECUTE_SLOT + 16};
        put_code_bytes(prefixed_branches[i].bytes, prefixed_branches[i].size);
        run_code(&state);
        ck_assert_msg(state.r10 == NO_VECTOR && state.rax == 1 && state.rsp == EXECUTE_STACK,
                      "%s: vector %lld, RAX %#llx, RSP %#llx", prefixed_branches[i].name,
                      (long long)state.r10, (unsigned long long)state.rax,
                      (unsigned long long)state.rsp);
    }
    guest_close();
}
END_TEST

START_TEST(a_return_releases_up_to_65535_bytes) {
    execute_start();
    put_code(
        "\x52\xc2\xf0\xff\x0f\x0b\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xb0\x01"); // ret 0xfff0
    zx_vcpu_state_t state = {.rdx = EXECUTE_SLOT + 16};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rsp, EXECUTE_STACK + 0xfff0);
    state = (zx_vcpu_state_t){.rdx = 1ull << 63};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 13);
    guest_close();
}
END_TEST

// --- Segments ---

#define TABLE (DATA + 0x100)

// LGDT [RBX] of a table with one system descriptor at 0x38, then the instruction.
static uint64_t vector_of(const char *code, size_t size, uint16_t selector,
                          const uint32_t high[4]) {
    uint8_t bytes[32] = "\x0f\x01\x13"; // lgdt [rbx]
    const uint64_t table[9] = {0,
                               0x00209b0000000000,
                               0x0000930000000000,
                               0,
                               0x00cff3000000ffff,
                               0,
                               0,
                               high[0] | (uint64_t)high[1] << 32,
                               high[2] | (uint64_t)high[3] << 32};
    uint8_t pointer[10] = {sizeof table - 1};
    const uint64_t base = TABLE;
    memcpy(bytes + 3, code, size);
    memcpy(pointer + 2, &base, sizeof base);
    memory_write(TABLE, table, sizeof table);
    put_code_bytes((const char *)bytes, size + 3);
    zx_vcpu_state_t state = {.rax = selector};
    state = run_with(state, pointer, sizeof pointer);
    ck_assert(state.r10 == NO_VECTOR || (state.r8 & 0xffff) == (selector & 0xfffcu));
    return state.r10;
}

#define VECTOR_OF(code, selector, ...)                                                             \
    vector_of(code, sizeof(code) - 1, selector, (const uint32_t[4]){__VA_ARGS__})
#define LTR_AX "\x0f\x00\xd8"
#define LLDT_AX "\x0f\x00\xd0"

START_TEST(loads_of_system_segments_are_checked) {
    execute_start();
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0, 0x67, 0x8900, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 3, 0x67, 0x8900, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x38, 0x67, 0x8900, 0, 0), NO_VECTOR);
    ck_assert_uint_eq(memory_u64(TABLE + 0x38) >> 40, 0x8b); // Busy now.
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x38, 0x67, 0x8b00, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x38, 0x67, 0x8100, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x38, 0x67, 0x0900, 0, 0), 11);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x38, 0x67, 0x8900, 0x8000, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x3c, 0x67, 0x8900, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LTR_AX, 0x40, 0x67, 0x8900, 0, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LLDT_AX, 0, 0, 0x8200, 0, 0), NO_VECTOR);
    ck_assert_uint_eq(VECTOR_OF(LLDT_AX, 0x38, 0xff, 0x8200, 0, 0), NO_VECTOR);
    ck_assert_uint_eq(VECTOR_OF(LLDT_AX, 0x38, 0xff, 0x8200, 0xffff0000, 0), 13);
    ck_assert_uint_eq(VECTOR_OF(LLDT_AX, 0x38, 0xff, 0x8900, 0, 0), 13);
    guest_close();
}
END_TEST

// LGDT or LIDT of what lies at RBX.
static uint64_t vector_of_table(const char *code, uint64_t base, uint16_t limit) {
    uint8_t pointer[10];
    memcpy(pointer, &limit, sizeof limit);
    memcpy(pointer + sizeof limit, &base, sizeof base);
    put_code_bytes(code, 3);
    return run_with((zx_vcpu_state_t){0}, pointer, sizeof pointer).r10;
}

#define LGDT "\x0f\x01\x13" // lgdt [rbx]
#define SGDT "\x0f\x01\x03" // sgdt [rbx]
#define LIDT "\x0f\x01\x1b"

START_TEST(a_descriptor_table_has_a_canonical_address) {
    static const uint64_t bases[] = {0x800000000000, 0xffff7fffffffffff, 1ull << 63};
    execute_start();
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        ck_assert_uint_eq(vector_of_table(LGDT, bases[i], 0x67), 13);
        ck_assert_uint_eq(vector_of_table(LIDT, bases[i], 0xfff), 13);
    }
    ck_assert_uint_eq(vector_of_table(LGDT, 0xffff800000000000, 0x1234), NO_VECTOR);
    ck_assert_uint_eq(vector_of_table(SGDT, 0, 0), NO_VECTOR);
    expect_data("\x34\x12\0\0\0\0\0\x80\xff\xff", 10);
    guest_close();
}
END_TEST

START_TEST(a_prefetch_of_a_register_does_nothing) {
    execute_start();
    put_code("\x0f\x18\xc8\x0f\x0d\xca\x0f\x18\xff"); // prefetcht0 eax; prefetchw edx; 0f 18 /7
    zx_vcpu_state_t state = {.rax = 5};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq(state.rax, 5);
    guest_close();
}
END_TEST

START_TEST(a_null_stack_segment_needs_the_privilege_in_its_selector) {
    execute_start();
    for (unsigned selector = 0; selector < 4; selector++) {
        put_code("\x8e\xd0\x8c\xd0"); // mov ss, ax; mov ax, ss
        zx_vcpu_state_t state = {.rax = selector};
        run_code(&state);
        ck_assert_uint_eq(state.r10, selector == 0 ? NO_VECTOR : 13);
    }
    guest_close();
}
END_TEST

// --- Far transfers ---

#define INNER_STACK 0x90000u // STACK_TSS of common.inc

START_TEST(call_gates_of_long_mode_change_the_stack) {
    start_long("call_gate_long");
    uint32_t from_kernel[6];
    for (size_t i = 0; i < 6; i++) {
        from_kernel[i] = next_report();
    }
    ck_assert_uint_eq(from_kernel[1], 0x80000 - 16);
    ck_assert_uint_eq(from_kernel[3], 0x08);
    EXPECT_REPORTS(0x80000);
    EXPECT_REPORTS(0, INNER_STACK - 32, 0, 0x2b, 0x60000, 0x23);
    EXPECT_REPORTS(0x2b, 0x23, 0x60000);
    EXPECT_REPORTS(13, 0x08); // JMP
    EXPECT_REPORTS(13, 0x60, 11, 0x70, 13, 0x10, 13, 0x90, 13, 0x40, 13, 0, 13, 0, 13, 0xc0);
    guest_close();
}
END_TEST

START_TEST(call_gates_of_protected_mode_copy_parameters) {
    start_real("call_gate_legacy");
    const uint32_t to_itself = next_report();
    ck_assert_uint_eq(to_itself >> 16, 0x08);
    EXPECT_REPORTS(0x7000);
    EXPECT_REPORTS(0x6000 - 24, 0, 0x2b, 0x22222222, 0x11111111, 0x5000 - 8, 0x33);
    EXPECT_REPORTS(0x2b, 0x5000);
    EXPECT_REPORTS(0x6000 - 12, 0x33334444, 0x4ffc | 0x33 << 16);
    EXPECT_REPORTS(0x5000, 11, 0x80, 13, 0x88);
    guest_close();
}
END_TEST

START_TEST(a_call_gate_works_with_the_task_register_of_reset) {
    start_real("call_gate_reset");
    EXPECT_REPORTS(0x6000 - 16, 0x08, 0x33);
    guest_close();
}
END_TEST

START_TEST(returns_to_an_outer_privilege_keep_the_bases_of_fs_and_gs) {
    start_long("far_return");
    EXPECT_REPORTS(0, 0, 0, 0x456000, 0x123000, 0x7f);
    EXPECT_REPORTS(0x60000, 0, 0, 0, 0x456000, 0x123000, 0x7f);
    EXPECT_REPORTS(0x23, 0x23, 0, 0x456000, 0x123000, 0x7f);
    EXPECT_REPORTS(0, 0, 0, 0x456000, 0x123000, 0x7f);
    EXPECT_REPORTS(0, 0, 0, 0x456000, 0x123000, 0x7f);
    EXPECT_REPORTS(13, 0x10, 13, 0x10);
    guest_close();
}
END_TEST

START_TEST(an_iret_of_64_bit_code_uses_all_of_rsp_and_faults_where_it_is) {
    start_long("iret_long");
    EXPECT_REPORTS(0x80000, 0x08, 0x10);   // IRETD, at SS without its D bit.
    EXPECT_REPORTS(13, 0, 1, 13, 0x78, 1); // A RIP that is not canonical; an absent segment.
    EXPECT_REPORTS(14, 0, 1);              // A frame half of which is not present.
    EXPECT_REPORTS(13, 0x78, 1);           // Half a frame again, and an absent segment.
    guest_close();
}
END_TEST

// --- RFLAGS.RF ---

START_TEST(a_pushed_resume_flag_is_clear) {
    start_long("resume_flag");
    EXPECT_REPORTS(2, 2);
    guest_close();
    start_real("resume_flag_real");
    EXPECT_REPORTS(2, 2);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_comparison_of_strings_with_another_prefix_is_undefined,
        explicit_lengths_of_strings_saturate,
        a_substring_may_run_off_the_end,
        neighbours_of_a_register_and_itself_are_added,
        neighbours_of_mmx_wait_for_an_x87_exception,
        a_dot_product_is_summed_in_pairs,
        an_operand_that_is_trapped_exits,
        conditions_are_stored_as_they_are_in_registers,
        rotations_through_the_carry_are_in_memory_as_in_registers,
        locked_negation_sets_the_flags_of_its_result,
        an_immediate_is_moved_whatever_rex_r_says,
        flags_go_through_ah_whatever_rex_says,
        what_is_not_offered_is_an_invalid_opcode,
        enter_checks_the_last_stack_pointer,
        near_branches_ignore_an_operand_size_prefix,
        a_return_releases_up_to_65535_bytes,
        loads_of_system_segments_are_checked,
        a_descriptor_table_has_a_canonical_address,
        a_prefetch_of_a_register_does_nothing,
        a_null_stack_segment_needs_the_privilege_in_its_selector,
        call_gates_of_long_mode_change_the_stack,
        call_gates_of_protected_mode_copy_parameters,
        a_call_gate_works_with_the_task_register_of_reset,
        returns_to_an_outer_privilege_keep_the_bases_of_fs_and_gs,
        an_iret_of_64_bit_code_uses_all_of_rsp_and_faults_where_it_is,
        a_pushed_resume_flag_is_clear,
    };
    return run_tests("replaced", tests, sizeof tests / sizeof tests[0]);
}
