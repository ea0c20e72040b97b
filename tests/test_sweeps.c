// SPDX-License-Identifier: MIT
//
// Table-driven sweeps: every vector, every port instruction, and MMIO instructions of every length,
// in 64-bit, 32-bit and 16-bit code (hypervisor ABI 5.4, 5.13, 7.2). Lengths are checked against
// Capstone, against the decoder, and by running the instruction.

#include "execute.h"
#include "report_port.h"

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zirconia/decode.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { LONGEST = 15 };

static const zirconia_code_mode_t modes[] = {ZIRCONIA_CODE_64, ZIRCONIA_CODE_32, ZIRCONIA_CODE_16};

// --- Vectors ---

#define ERROR_CODE_VECTORS 0x27d00u // 8, 10 to 14 and 17.

static void check_vector(uint32_t vector) {
    put_code("\xfb\x90\x90\x90"); // sti, and room for the interrupt
    zx_vcpu_state_t state = {.rsp = EXECUTE_STACK, .r10 = NO_VECTOR};
    write_state(&state);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
    if (vector > 20 && vector < 32) {
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        enter_to_end(); // The vector is gone.
        ck_assert_uint_eq(read_state().r10, NO_VECTOR);
        return;
    }
    enter_to_end();
    state = read_state();
    ck_assert_msg(state.r10 == vector, "vector %u gives %llu", vector,
                  (unsigned long long)state.r10);
    // On the stack RIP and CS, an error code before them.
    if (vector < 32 && (ERROR_CODE_VECTORS >> vector & 1) != 0) {
        ck_assert_uint_eq(state.r8, 0);
        ck_assert_uint_ge(state.r9, ENTRY);
    } else {
        ck_assert_uint_ge(state.r8, ENTRY);
        ck_assert_uint_eq(state.r9, 8);
    }
}

START_TEST(every_vector_from_0_to_255_is_what_the_table_says) {
    for (uint32_t vector = 0; vector < 256; vector++) {
        execute_start();
        check_vector(vector);
        guest_close();
    }
}
END_TEST

// A frame of three words, and no error code.
START_TEST(no_vector_has_an_error_code_in_real_mode) {
    start_real("real_vectors");
    for (uint32_t vector = 0; vector < 256; vector++) {
        ck_assert_uint_eq(next_report(), 1);
        if (vector == 2 || (vector > 20 && vector < 32)) { // An NMI would need its IRET.
            vector = vector == 2 ? 3 : 32;
        }
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
        ck_assert_uint_eq(next_report(), 0x7000 - 6);
    }
}
END_TEST

// --- Code in each mode ---

static void start_mode(zirconia_code_mode_t mode) {
    if (mode == ZIRCONIA_CODE_64) {
        execute_start();
        return;
    }
    start_real("execute_legacy");
    enter_to_end();
}

#define LEGACY_SLOT 0xa010u

static void put_in_mode(zirconia_code_mode_t mode, const uint8_t *code, size_t size) {
    if (mode == ZIRCONIA_CODE_64) {
        put_code_bytes((const char *)code, size);
        return;
    }
    // 16-bit code needs the prefix for an offset of 32 bits.
    static const uint8_t back[] = {0x66, 0xea, 0x00, 0x81, 0x00, 0x00, 0x08, 0x00};
    const unsigned skip = mode == ZIRCONIA_CODE_32;
    const uint8_t target[6] = {LEGACY_SLOT & 0xff, LEGACY_SLOT >> 8, 0, 0,
                               mode == ZIRCONIA_CODE_32 ? 0x08 : 0x18};
    uint8_t bytes[32];
    memcpy(bytes, code, size);
    memcpy(bytes + size, back + skip, sizeof back - skip);
    memory_write(LEGACY_SLOT, bytes, size + sizeof back - skip);
    memory_write(0x7f00, target, sizeof target);
}

static uint64_t slot(zirconia_code_mode_t mode) {
    return mode == ZIRCONIA_CODE_64 ? EXECUTE_SLOT : LEGACY_SLOT;
}

// The registers to run it with. 16-bit addresses reach 64 KiB.
#define DEVICE_64 0x200000u
#define DEVICE_LEGACY 0x4000u

static uint64_t device(zirconia_code_mode_t mode) {
    return mode == ZIRCONIA_CODE_64 ? DEVICE_64 : DEVICE_LEGACY;
}

static zx_vcpu_state_t initial_state(zirconia_code_mode_t mode) {
    zx_vcpu_state_t state = {.rax = 0x44332211, .rcx = 5, .rdx = 0x77};
    state.rbx = state.rdi = state.rsi = device(mode);
    state.rsp = mode == ZIRCONIA_CODE_64 ? EXECUTE_STACK : 0x7000;
    state.r10 = NO_VECTOR;
    return state;
}

static void expect_no_vector(zirconia_code_mode_t mode) {
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(mode == ZIRCONIA_CODE_64 ? state.r10 : state.rbp,
                      mode == ZIRCONIA_CODE_64 ? NO_VECTOR : 0);
}

// --- Ports ---

struct port_case {
    zirconia_code_mode_t mode; // 0: all
    const char *bytes;
    size_t length;
    uint8_t size; // 0: the default of the mode
    bool input;
};

static const struct port_case port_cases[] = {
    {0, "\xe4\x77", 2, 1, true},
    {0, "\xe5\x77", 2, 0, true},
    {0, "\xe6\x77", 2, 1, false},
    {0, "\xe7\x77", 2, 0, false},
    {0, "\xec", 1, 1, true},
    {0, "\xed", 1, 0, true},
    {0, "\xee", 1, 1, false},
    {0, "\xef", 1, 0, false},
    {ZIRCONIA_CODE_64, "\x66\xed", 2, 2, true},
    {ZIRCONIA_CODE_32, "\x66\xed", 2, 2, true},
    {ZIRCONIA_CODE_16, "\x66\xed", 2, 4, true},
    {ZIRCONIA_CODE_64, "\x66\xef", 2, 2, false},
    {ZIRCONIA_CODE_32, "\x66\xef", 2, 2, false},
    {ZIRCONIA_CODE_16, "\x66\xef", 2, 4, false},
    {ZIRCONIA_CODE_64, "\x66\xe5\x77", 3, 2, true},
    {ZIRCONIA_CODE_64, "\x66\xe7\x77", 3, 2, false},
    {ZIRCONIA_CODE_64, "\x48\xed", 2, 4, true}, // REX.W makes no port of 64 bits.
    {ZIRCONIA_CODE_64, "\x48\xef", 2, 4, false},
    {ZIRCONIA_CODE_64, "\x66\x48\xed", 3, 4, true},
    {0, "\x66\xee", 2, 1, false},
    {0, "\x67\xec", 2, 1, true},
};

static void check_port(zirconia_code_mode_t mode, const struct port_case *port) {
    const uint8_t fallback = mode == ZIRCONIA_CODE_16 ? 2 : 4;
    const uint8_t size = port->size != 0 ? port->size : fallback;
    const uint32_t mask = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
    const zx_vcpu_state_t state = initial_state(mode);
    zx_port_packet_t expected;
    start_packet(&expected, 9, ZX_PKT_TYPE_GUEST_IO);
    put_in_mode(mode, (const uint8_t *)port->bytes, port->length);
    write_state(&state);
    const zx_port_packet_t packet = enter();
    expected.guest_io.port = 0x77;
    expected.guest_io.access_size = size;
    expected.guest_io.input = port->input;
    expected.guest_io.u32 = port->input ? 0 : 0x44332211 & mask;
    ck_assert_mem_eq(&packet, &expected, sizeof packet);
    const zx_vcpu_io_t io = {.access_size = size, .u32 = 0x99aabbcc};
    if (port->input) {
        ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
    }
    enter_to_end();
    expect_no_vector(mode);
    const uint64_t loaded = (0x44332211 & ~mask) | (0x99aabbcc & mask);
    ck_assert_uint_eq(read_state().rax, port->input ? loaded : 0x44332211);
}

START_TEST(every_port_instruction_has_its_width_in_every_mode) {
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        start_mode(modes[i]);
        trap(ZX_GUEST_TRAP_IO, 0x77, 1, ZX_HANDLE_INVALID, 9);
        for (size_t j = 0; j < COUNT_OF(port_cases); j++) {
            if (port_cases[j].mode == 0 || port_cases[j].mode == modes[i]) {
                check_port(modes[i], &port_cases[j]);
            }
        }
        guest_close();
    }
}
END_TEST

// --- Instructions on memory ---

struct memory_case {
    zirconia_code_mode_t mode;
    const char *bytes;
    uint8_t length;
};

#define M64 ZIRCONIA_CODE_64
#define M32 ZIRCONIA_CODE_32
#define M16 ZIRCONIA_CODE_16

// Each touches the device's first page. RBX, RSI and RDI are its address, RCX is 5.
static const struct memory_case memory_cases[] = {
    {M64, "\xaa", 1},                                      // stosb
    {M64, "\xac", 1},                                      // lodsb
    {M64, "\x88\x07", 2},                                  // mov [rdi], al
    {M64, "\x8a\x07", 2},                                  // mov al, [rdi]
    {M64, "\x48\xab", 2},                                  // stosq
    {M64, "\x48\x8b\x03", 3},                              // mov rax, [rbx]
    {M64, "\x0f\xb6\x07", 3},                              // movzx eax, byte [rdi]
    {M64, "\x0f\xc3\x07", 3},                              // movnti [rdi], eax
    {M64, "\xc6\x07\x12", 3},                              // mov byte [rdi], 0x12
    {M64, "\x83\x03\x01", 3},                              // add dword [rbx], 1
    {M64, "\x48\x89\x47\x10", 4},                          // mov [rdi + 16], rax
    {M64, "\xf0\x0f\xb1\x0f", 4},                          // lock cmpxchg [rdi], ecx
    {M64, "\x0f\xba\x27\x03", 4},                          // bt dword [rdi], 3
    {M64, "\x66\xc7\x07\x34\x12", 5},                      // mov word [rdi], 0x1234
    {M64, "\x48\x0f\xbe\x44\x0f\x01", 6},                  // movsx rax, byte [rdi + rcx + 1]
    {M64, "\xc7\x07\x01\x02\x03\x04", 6},                  // mov dword [rdi], imm32
    {M64, "\x8b\x87\x10\x00\x00\x00", 6},                  // mov eax, [rdi + disp32]
    {M64, "\x89\x04\x25\x10\x00\x20\x00", 7},              // mov [0x200010], eax
    {M64, "\xc7\x47\x10\x01\x02\x03\x04", 7},              // mov dword [rdi + 16], imm32
    {M64, "\xf0\x48\x0f\xba\x6f\x10\x05", 7},              // lock bts qword [rdi + 16], 5
    {M64, "\x48\xf7\x44\x0f\x01\x01\x02\x03\x04", 9},      // test qword [rdi+rcx+1], imm32
    {M64, "\xa2\x10\x00\x20\x00\x00\x00\x00\x00", 9},      // mov [moffs64], al
    {M64, "\x48\xa1\x10\x00\x20\x00\x00\x00\x00\x00", 10}, // mov rax, [moffs64]
    {M64, "\x81\x87\x10\x00\x00\x00\x01\x02\x03\x04", 10}, // add dword [rdi+disp32], imm32
    {M64, "\x48\xc7\x04\x25\x10\x00\x20\x00\x01\x02\x03\x04", 12},     // mov qword [abs], imm32
    {M64, "\xf0\x48\x81\x84\x0f\x10\x00\x00\x00\x01\x02\x03\x04", 13}, // lock add, SIB, imm32
    {M32, "\xaa", 1},
    {M32, "\x88\x07", 2},
    {M32, "\x66\x89\x07", 3},
    {M32, "\x0f\xb7\x03", 3},
    {M32, "\x67\x8a\x05", 3}, // mov al, [di]
    {M32, "\xf0\x0f\xc1\x0f", 4},
    {M32, "\xa1\x10\x40\x00\x00", 5},
    {M32, "\xc7\x07\x01\x02\x03\x04", 6},
    {M32, "\x89\x84\x0f\x10\x00\x00\x00", 7},
    {M32, "\x81\x05\x10\x40\x00\x00\x01\x02\x03\x04", 10},
    {M32, "\xf0\x81\x84\x0f\x10\x00\x00\x00\x01\x02\x03\x04", 12},
    {M16, "\xaa", 1},
    {M16, "\x88\x05", 2}, // mov [di], al
    {M16, "\x66\x8b\x07", 3},
    {M16, "\x88\x47\x10", 3}, // mov [bx + 16], al
    {M16, "\xa1\x10\x40", 3},
    {M16, "\xc7\x07\x34\x12", 4},
    {M16, "\xf7\x06\x10\x40\x34\x12", 6}, // test word [disp16], imm16
    {M16, "\x66\xc7\x87\x10\x00\x01\x02\x03\x04", 9},
    {M16, "\x67\x66\xc7\x87\x10\x00\x00\x00\x01\x02\x03\x04", 12},
};

static void check_length_alone(csh capstone, const struct memory_case *tried, const uint8_t *bytes,
                               size_t length, const zx_vcpu_state_t *state) {
    zirconia_mmio_access_t access;
    cs_insn *instruction = NULL;
    ck_assert_uint_eq(zirconia_instruction_length(bytes, length, tried->mode), length);
    ck_assert_int_eq(zirconia_mmio_decode(bytes, length, tried->mode, state, &access), ZX_OK);
    ck_assert_uint_eq(access.instruction_length, length);
    ck_assert_uint_eq(cs_disasm(capstone, bytes, length, 0, 1, &instruction), 1);
    ck_assert_uint_eq(instruction->size, length);
    cs_free(instruction, 1);
}

static void check_length_by_running(const struct memory_case *tried, const uint8_t *bytes,
                                    size_t length, const zx_vcpu_state_t *state) {
    put_in_mode(tried->mode, bytes, length);
    write_state(state);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.key, 9);
    ck_assert_uint_eq(packet.guest_mem.addr & ~0xfffull, device(tried->mode));
    ck_assert_uint_eq(packet.guest_mem.rip, slot(tried->mode));
    ck_assert_uint_eq(packet.guest_mem.instruction_size, length);
    ck_assert_uint_eq(packet.guest_mem.default_operand_size, tried->mode == M16 ? 2 : 4);
    enter_to_end(); // The guest went on exactly behind the instruction.
    expect_no_vector(tried->mode);
}

// Pads with prefixes that change nothing: DS's, before all others.
static void check_paddings(csh capstone, const struct memory_case *tried, bool *seen) {
    const zx_vcpu_state_t state = initial_state(tried->mode);
    for (size_t length = tried->length; length <= LONGEST; length++) {
        uint8_t bytes[LONGEST];
        memset(bytes, 0x3e, sizeof bytes);
        memcpy(bytes + length - tried->length, tried->bytes, tried->length);
        check_length_alone(capstone, tried, bytes, length, &state);
        check_length_by_running(tried, bytes, length, &state);
        seen[length] = true;
    }
}

static void check_mode(zirconia_code_mode_t mode, cs_mode capstone_mode) {
    bool seen[LONGEST + 1] = {true};
    csh capstone;
    ck_assert_int_eq(cs_open(CS_ARCH_X86, capstone_mode, &capstone), CS_ERR_OK);
    start_mode(mode);
    trap(ZX_GUEST_TRAP_MEM, device(mode), 0x1000, ZX_HANDLE_INVALID, 9);
    for (size_t i = 0; i < COUNT_OF(memory_cases); i++) {
        if (memory_cases[i].mode == mode) {
            check_paddings(capstone, &memory_cases[i], seen);
        }
    }
    for (size_t length = 0; length <= LONGEST; length++) {
        ck_assert_msg(seen[length], "no instruction of %zu bytes", length);
    }
    ck_assert_int_eq(cs_close(&capstone), CS_ERR_OK);
    guest_close();
}

START_TEST(memory_instructions_of_every_length_tell_it_in_every_mode) {
    static const cs_mode capstone_modes[] = {CS_MODE_64, CS_MODE_32, CS_MODE_16};
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        check_mode(modes[i], capstone_modes[i]);
    }
}
END_TEST

START_TEST(an_instruction_of_16_bytes_is_a_general_protection_fault) {
    uint8_t bytes[LONGEST + 1];
    memset(bytes, 0x3e, sizeof bytes);
    memcpy(bytes + LONGEST - 1, "\x88\x07", 2);
    execute_start();
    trap(ZX_GUEST_TRAP_MEM, DEVICE_64, 0x1000, ZX_HANDLE_INVALID, 9);
    put_in_mode(ZIRCONIA_CODE_64, bytes, sizeof bytes);
    zx_vcpu_state_t state = initial_state(ZIRCONIA_CODE_64);
    run_code(&state);
    ck_assert_uint_eq(state.r10, 13);
    ck_assert_uint_eq(state.r8, 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        every_vector_from_0_to_255_is_what_the_table_says,
        no_vector_has_an_error_code_in_real_mode,
        every_port_instruction_has_its_width_in_every_mode,
        memory_instructions_of_every_length_tell_it_in_every_mode,
        an_instruction_of_16_bytes_is_a_general_protection_fault,
    };
    return run_tests("sweeps", tests, sizeof tests / sizeof tests[0]);
}
