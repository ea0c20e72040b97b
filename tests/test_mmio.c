// SPDX-License-Identifier: MIT
//
// zirconia/decode.h as a VMM uses it: each known form decoded and completed, what is refused, the
// errors in order, and disassembly. Includes public headers only.

#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zirconia/decode.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// Flags by Intel's names.
enum { CF = 0x1, WRITTEN = 0x2, PF = 0x4, AF = 0x10, ZF = 0x40, SF = 0x80, DF = 0x400, OF = 0x800 };

// A register's place in zx_vcpu_state_t, by its encoding.
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, RFLAGS = 16, REGISTERS };

enum { READ = ZIRCONIA_MMIO_READ, WRITE = ZIRCONIA_MMIO_WRITE, BOTH = ZIRCONIA_MMIO_READ_WRITE };

// The state before each instruction. CF and OF are set to see who keeps them.
static const uint64_t initial[REGISTERS] = {
    [RAX] = 0x8877665544332211, [RCX] = 0x0123456789ABCDEF, [RDX] = 0xFFFFFFFFFFFFFFFF,
    [RBX] = 0x0000000000005A05, [RBP] = 0x1111111111111111, [RSI] = 0x00000001FFFFFFFF,
    [RDI] = 0x0000000100000000, [R8] = 0xFEDCBA9876543210,  [RFLAGS] = CF | OF,
};

static size_t parse_bytes(const char *text, uint8_t bytes[static 64]) {
    size_t count = 0;
    char *end = NULL;
    for (; *text != '\0'; text = *end == ' ' ? end + 1 : end)
        bytes[count++] = (uint8_t)strtoul(text, &end, 16);
    return count;
}

struct mmio_case {
    zirconia_code_mode_t mode;
    const char *bytes;
    zirconia_mmio_operation_t operation;
    int direction;
    uint8_t size;
    uint64_t device;
    uint64_t stored; // when the direction has WRITE
    int changed;     // a register that changes, or -1
    uint64_t becomes;
    uint64_t rflags; // afterwards; 0 means as before
};

#define M16 ZIRCONIA_CODE_16
#define M32 ZIRCONIA_CODE_32
#define M64 ZIRCONIA_CODE_64
#define OP(name) ZIRCONIA_MMIO_##name

static const struct mmio_case cases[] = {
    // Loads: width, extension, high bytes, REX.
    {M64, "8b 0b", OP(LOAD), READ, 4, 0xDEADBEEF80000001, 0, RCX, 0x80000001, 0},
    {M64, "48 8b 0b", OP(LOAD), READ, 8, 0xDEADBEEF80000001, 0, RCX, 0xDEADBEEF80000001, 0},
    {M64, "66 8b 0b", OP(LOAD), READ, 2, 0xABCD0042, 0, RCX, 0x0123456789AB0042, 0},
    {M64, "8a 0b", OP(LOAD), READ, 1, 0xAB42, 0, RCX, 0x0123456789ABCD42, 0},
    {M64, "8a 2b", OP(LOAD), READ, 1, 0x42, 0, RCX, 0x0123456789AB42EF, 0},
    {M64, "40 8a 2b", OP(LOAD), READ, 1, 0x42, 0, RBP, 0x1111111111111142, 0},
    {M64, "44 8a 03", OP(LOAD), READ, 1, 0x42, 0, R8, 0xFEDCBA9876543242, 0},
    {M64, "44 8b 05 00 00 00 00", OP(LOAD), READ, 4, 0x42, 0, R8, 0x42, 0},
    {M64, "48 66 8b 0b", OP(LOAD), READ, 2, 0x42, 0, RCX, 0x0123456789AB0042, 0},
    {M64, "a1 0 0 0 0 0 0 0 0", OP(LOAD), READ, 4, 0x42, 0, RAX, 0x42, 0},
    {M64, "67 a0 0 0 0 0", OP(LOAD), READ, 1, 0x42, 0, RAX, 0x8877665544332242, 0},
    {M64, "0f b6 0b", OP(LOAD), READ, 1, 0xFF81, 0, RCX, 0x81, 0},
    {M64, "66 0f b6 0b", OP(LOAD), READ, 1, 0x81, 0, RCX, 0x0123456789AB0081, 0},
    {M64, "0f b7 0b", OP(LOAD), READ, 2, 0xFFFF8001, 0, RCX, 0x8001, 0},
    {M64, "0f be 0b", OP(LOAD), READ, 1, 0x81, 0, RCX, 0xFFFFFF81, 0},
    {M64, "66 0f be 0b", OP(LOAD), READ, 1, 0x81, 0, RCX, 0x0123456789ABFF81, 0},
    {M64, "48 0f be 0b", OP(LOAD), READ, 1, 0x81, 0, RCX, 0xFFFFFFFFFFFFFF81, 0},
    {M64, "0f be 2b", OP(LOAD), READ, 1, 0x7F, 0, RBP, 0x7F, 0},
    {M64, "48 0f bf 0b", OP(LOAD), READ, 2, 0x8001, 0, RCX, 0xFFFFFFFFFFFF8001, 0},
    {M64, "48 63 0b", OP(LOAD), READ, 4, 0x80000001, 0, RCX, 0xFFFFFFFF80000001, 0},
    {M32, "8b 0b", OP(LOAD), READ, 4, 0x42, 0, RCX, 0x42, 0},
    {M32, "a1 0 0 0 0", OP(LOAD), READ, 4, 0x42, 0, RAX, 0x42, 0},
    {M16, "8b 0f", OP(LOAD), READ, 2, 0x42, 0, RCX, 0x0123456789AB0042, 0},
    {M16, "66 8b 0f", OP(LOAD), READ, 4, 0x42, 0, RCX, 0x42, 0},
    {M16, "a1 0 0", OP(LOAD), READ, 2, 0x42, 0, RAX, 0x8877665544330042, 0},
    // Stores.
    {M64, "89 0b", OP(STORE), WRITE, 4, 0, 0x89ABCDEF, -1, 0, 0},
    {M64, "48 89 0b", OP(STORE), WRITE, 8, 0, 0x0123456789ABCDEF, -1, 0, 0},
    {M64, "66 89 0b", OP(STORE), WRITE, 2, 0, 0xCDEF, -1, 0, 0},
    {M64, "88 0b", OP(STORE), WRITE, 1, 0, 0xEF, -1, 0, 0},
    {M64, "88 2b", OP(STORE), WRITE, 1, 0, 0xCD, -1, 0, 0},
    {M64, "44 88 03", OP(STORE), WRITE, 1, 0, 0x10, -1, 0, 0},
    {M64, "c7 03 0 0 0 80", OP(STORE), WRITE, 4, 0, 0x80000000, -1, 0, 0},
    {M64, "48 c7 03 0 0 0 80", OP(STORE), WRITE, 8, 0, 0xFFFFFFFF80000000, -1, 0, 0},
    {M64, "66 c7 03 34 12", OP(STORE), WRITE, 2, 0, 0x1234, -1, 0, 0},
    {M64, "c6 03 ff", OP(STORE), WRITE, 1, 0, 0xFF, -1, 0, 0},
    {M64, "48 c7 04 25 0 f0 ff 0 0 0 0 0", OP(STORE), WRITE, 8, 0, 0, -1, 0, 0},
    {M64, "48 a3 0 0 0 0 0 0 0 0", OP(STORE), WRITE, 8, 0, 0x8877665544332211, -1, 0, 0},
    {M64, "a2 0 0 0 0 0 0 0 0", OP(STORE), WRITE, 1, 0, 0x11, -1, 0, 0},
    {M64, "48 0f c3 0b", OP(STORE), WRITE, 8, 0, 0x0123456789ABCDEF, -1, 0, 0},
    {M16, "0f c3 0f", OP(STORE), WRITE, 4, 0, 0x89ABCDEF, -1, 0, 0},
    {M16, "c7 07 34 12", OP(STORE), WRITE, 2, 0, 0x1234, -1, 0, 0},
    // String instructions.
    {M64, "aa", OP(STORE), WRITE, 1, 0, 0x11, RDI, 0x100000001, 0},
    {M64, "48 ab", OP(STORE), WRITE, 8, 0, 0x8877665544332211, RDI, 0x100000008, 0},
    {M64, "67 ab", OP(STORE), WRITE, 4, 0, 0x44332211, RDI, 0x4, 0},
    {M16, "ab", OP(STORE), WRITE, 2, 0, 0x2211, RDI, 0x100000002, 0},
    {M64, "ae", OP(COMPARE), READ, 1, 0x11, 0, RDI, 0x100000001, ZF | PF | WRITTEN},
    // Memory as the destination.
    {M64, "01 0b", OP(ADD), BOTH, 4, 1, 0x89ABCDF0, -1, 0, SF | AF | PF | WRITTEN},
    {M64, "00 03", OP(ADD), BOTH, 1, 0xEF, 0, -1, 0, ZF | AF | PF | CF | WRITTEN},
    {M64, "83 03 ff", OP(ADD), BOTH, 4, 0, 0xFFFFFFFF, -1, 0, SF | PF | WRITTEN},
    {M64, "48 81 03 0 0 0 80", OP(ADD), BOTH, 8, 0, 0xFFFFFFFF80000000, -1, 0, SF | PF | WRITTEN},
    {M64, "83 13 00", OP(ADC), BOTH, 4, 0x7FFFFFFF, 0x80000000, -1, 0, SF | OF | AF | PF | WRITTEN},
    {M64, "83 1b 00", OP(SBB), BOTH, 4, 0, 0xFFFFFFFF, -1, 0, SF | CF | AF | PF | WRITTEN},
    {M64, "83 2b 01", OP(SUB), BOTH, 4, 0x80000000, 0x7FFFFFFF, -1, 0, OF | AF | PF | WRITTEN},
    {M64, "66 81 23 0f 0", OP(AND), BOTH, 2, 0xFFF0, 0, -1, 0, ZF | PF | WRITTEN},
    {M64, "f0 83 0b 01", OP(OR), BOTH, 4, 0x80, 0x81, -1, 0, PF | WRITTEN},
    {M64, "30 2b", OP(XOR), BOTH, 1, 0xCC, 0x01, -1, 0, WRITTEN},
    {M64, "f7 13", OP(NOT), BOTH, 4, 0x0F, 0xFFFFFFF0, -1, 0, 0},
    {M64, "f7 1b", OP(NEGATE), BOTH, 4, 1, 0xFFFFFFFF, -1, 0, SF | CF | AF | PF | WRITTEN},
    {M64, "ff 03", OP(INCREMENT), BOTH, 4, 0x7FFFFFFF, 0x80000000, -1, 0,
     CF | SF | OF | AF | PF | WRITTEN},
    {M64, "fe 0b", OP(DECREMENT), BOTH, 1, 1, 0, -1, 0, CF | ZF | PF | WRITTEN},
    {M64, "0f ba 2b 1f", OP(BIT_SET), BOTH, 4, 0, 0x80000000, -1, 0, OF | WRITTEN},
    {M64, "0f b3 0b", OP(BIT_RESET), BOTH, 4, 0x8000, 0, -1, 0, CF | OF | WRITTEN},
    {M64, "48 0f bb 0b", OP(BIT_COMPLEMENT), BOTH, 8, 0, 0x800000000000, -1, 0, OF | WRITTEN},
    {M64, "0f ba 23 23", OP(BIT_TEST), READ, 4, 8, 0, -1, 0, CF | OF | WRITTEN},
    {M64, "0f a3 0b", OP(BIT_TEST), READ, 4, 0, 0, -1, 0, OF | WRITTEN},
    // A register as the destination.
    {M64, "03 0b", OP(ADD), READ, 4, 0x11, 0, RCX, 0x89ABCE00, SF | AF | PF | WRITTEN},
    {M64, "2a 2b", OP(SUB), READ, 1, 0xCC, 0, RCX, 0x0123456789AB01EF, WRITTEN},
    {M64, "23 1b", OP(AND), READ, 4, 0xF, 0, RBX, 5, PF | WRITTEN},
    // Compare and test.
    {M64, "3b 0b", OP(COMPARE), READ, 4, 0x89ABCDEF, 0, -1, 0, ZF | PF | WRITTEN},
    {M64, "3a 03", OP(COMPARE), READ, 1, 0x12, 0, -1, 0, CF | SF | PF | AF | WRITTEN},
    {M64, "38 03", OP(COMPARE), READ, 1, 0x12, 0, -1, 0, WRITTEN},
    {M64, "48 83 3b ff", OP(COMPARE), READ, 8, ~UINT64_C(0), 0, -1, 0, ZF | PF | WRITTEN},
    {M64, "85 13", OP(TEST), READ, 4, 0x80000000, 0, -1, 0, SF | PF | WRITTEN},
    {M64, "f6 03 10", OP(TEST), READ, 1, 0x0F, 0, -1, 0, ZF | PF | WRITTEN},
    {M16, "f7 07 0 80", OP(TEST), READ, 2, 0x8000, 0, -1, 0, SF | PF | WRITTEN},
    // Exchanges.
    {M64, "87 0b", OP(EXCHANGE), BOTH, 4, 0x42, 0x89ABCDEF, RCX, 0x42, 0},
    {M64, "86 2b", OP(EXCHANGE), BOTH, 1, 0x42, 0xCD, RCX, 0x0123456789AB42EF, 0},
    {M64, "f0 0f c1 0b", OP(EXCHANGE_ADD), BOTH, 4, 1, 0x89ABCDF0, RCX, 1, SF | AF | PF | WRITTEN},
    {M64, "0f b1 0b", OP(COMPARE_EXCHANGE), BOTH, 4, 0x44332211, 0x89ABCDEF, -1, 0,
     ZF | PF | WRITTEN},
    {M64, "0f b1 0b", OP(COMPARE_EXCHANGE), BOTH, 4, 0x44332210, 0x44332210, RAX, 0x44332210,
     WRITTEN},
    {M64, "0f b0 0b", OP(COMPARE_EXCHANGE), BOTH, 1, 0x10, 0x10, RAX, 0x8877665544332210, WRITTEN},
    // MOVSXD that has nothing to extend.
    {M64, "63 0b", OP(LOAD), READ, 4, 0x80000001, 0, RCX, 0x80000001, 0},
    {M64, "66 63 0b", OP(LOAD), READ, 2, 0x8001, 0, RCX, 0x0123456789AB8001, 0},
    {M64, "66 48 63 0b", OP(LOAD), READ, 4, 0x80000001, 0, RCX, 0xFFFFFFFF80000001, 0},
    // Second encodings of an instruction.
    {M32, "82 03 ff", OP(ADD), BOTH, 1, 2, 1, -1, 0, CF | AF | WRITTEN},
    {M64, "f6 0b 10", OP(TEST), READ, 1, 0x0F, 0, -1, 0, ZF | PF | WRITTEN},
    {M64, "48 f7 0b 0 0 0 80", OP(TEST), READ, 8, 1ull << 63, 0, -1, 0, SF | PF | WRITTEN},
    // Prefixes that the processor overrides, repeats or ignores.
    {M64, "66 48 89 0b", OP(STORE), WRITE, 8, 0, 0x0123456789ABCDEF, -1, 0, 0},
    {M64, "66 48 c7 03 0 0 0 80", OP(STORE), WRITE, 8, 0, 0xFFFFFFFF80000000, -1, 0, 0},
    {M64, "66 48 a1 0 0 0 0 0 0 0 0", OP(LOAD), READ, 8, 0x42, 0, RAX, 0x42, 0},
    {M64, "48 66 8b 0b", OP(LOAD), READ, 2, 0x42, 0, RCX, 0x0123456789AB0042, 0},
    {M64, "66 66 66 89 0b", OP(STORE), WRITE, 2, 0, 0xCDEF, -1, 0, 0},
    {M64, "f2 89 0b", OP(STORE), WRITE, 4, 0, 0x89ABCDEF, -1, 0, 0},
    {M64, "f3 0f b6 0b", OP(LOAD), READ, 1, 0x99, 0, RCX, 0x99, 0},
    {M64, "f3 f0 83 0b 01", OP(OR), BOTH, 4, 0x80, 0x81, -1, 0, PF | WRITTEN},
    {M64, "f0 89 0b", OP(STORE), WRITE, 4, 0, 0x89ABCDEF, -1, 0, 0},
    {M64, "64 2e 65 8a 0b", OP(LOAD), READ, 1, 0x42, 0, RCX, 0x0123456789ABCD42, 0},
    {M64, "67 67 ae", OP(COMPARE), READ, 1, 0x11, 0, RDI, 0x1, ZF | PF | WRITTEN},
    {M16, "66 67 ab", OP(STORE), WRITE, 4, 0, 0x44332211, RDI, 0x4, 0},
    {M32, "67 aa", OP(STORE), WRITE, 1, 0, 0x11, RDI, 0x100000001, 0},
};

static void check_form(const struct mmio_case *expected) {
    uint8_t bytes[64];
    size_t length = parse_bytes(expected->bytes, bytes);
    zx_vcpu_state_t state;
    uint64_t after[REGISTERS];
    zirconia_mmio_access_t access;
    uint64_t stored = 0x5555;

    memcpy(&state, initial, sizeof(state));
    memcpy(after, initial, sizeof(after));
    if (expected->changed >= 0)
        after[expected->changed] = expected->becomes;
    if (expected->rflags != 0)
        after[RFLAGS] = expected->rflags;

    ck_assert_int_eq(zirconia_mmio_decode(bytes, length, expected->mode, &state, &access), ZX_OK);
    ck_assert_msg(access.instruction_length == length, "%s", expected->bytes);
    ck_assert_msg(access.operation == expected->operation, "%s", expected->bytes);
    ck_assert_msg((int)access.direction == expected->direction, "%s", expected->bytes);
    ck_assert_msg(access.size == expected->size, "%s", expected->bytes);
    ck_assert_msg(memcmp(&state, initial, sizeof(state)) == 0, "decoding changed the state");

    ck_assert_int_eq(zirconia_mmio_complete(&access, expected->device, &state, &stored), ZX_OK);
    uint64_t result[REGISTERS];
    memcpy(result, &state, sizeof(result));
    for (int i = 0; i < REGISTERS; i++)
        ck_assert_msg(result[i] == after[i], "%s: register %d is %#llx, not %#llx", expected->bytes,
                      i, (unsigned long long)result[i], (unsigned long long)after[i]);
    ck_assert_msg(stored == expected->stored, "%s: stored %#llx", expected->bytes,
                  (unsigned long long)stored);
    if (expected->operation == ZIRCONIA_MMIO_STORE)
        ck_assert_uint_eq(access.value, expected->stored);
}

START_TEST(known_forms) {
    check_form(&cases[_i]);
}
END_TEST

// Instructions that were read before may be kept: `_i` different ones take turns.
START_TEST(forms_that_come_back) {
    for (size_t first = 0; first + (size_t)_i <= COUNT_OF(cases); first += (size_t)_i) {
        for (size_t turn = 0; turn < 3 * (size_t)_i; turn++)
            check_form(&cases[first + turn % (size_t)_i]);
    }
}
END_TEST

START_TEST(a_form_that_comes_back_has_the_registers_of_its_time) {
    const uint8_t store[] = {0x89, 0x0b}; // mov [rbx], ecx
    zx_vcpu_state_t state = {0};
    zirconia_mmio_access_t access;

    for (uint64_t value = 1; value < 20; value++) {
        state.rcx = value;
        ck_assert_int_eq(zirconia_mmio_decode(store, 2, M64, &state, &access), ZX_OK);
        ck_assert_uint_eq(access.value, value);
    }
}
END_TEST

START_TEST(a_jump_that_comes_back_elsewhere_goes_elsewhere) {
    const uint8_t jump[] = {0xeb, 0xfe};
    char text[40];
    char expected[40];

    for (uint64_t address = 0x1000; address < 0x20000; address += 0x1000) {
        ck_assert_int_eq(zirconia_disassemble(jump, 2, M64, address, text, sizeof(text), NULL),
                         ZX_OK);
        snprintf(expected, sizeof(expected), "jmp 0x%llx", (unsigned long long)address);
        ck_assert_str_eq(text, expected);
    }
}
END_TEST

// MOV register, [rbx].
static size_t load_of(unsigned number, unsigned size, bool rex, uint8_t *bytes) {
    size_t at = 0;
    if (size == 2)
        bytes[at++] = 0x66;
    if (rex)
        bytes[at++] = (uint8_t)(0x40 | (size == 8 ? 8 : 0) | (number >= 8 ? 4 : 0));
    bytes[at++] = size == 1 ? 0x8A : 0x8B;
    bytes[at++] = (uint8_t)((number & 7) << 3 | 3);
    return at;
}

START_TEST(every_register_has_its_number_in_every_size) {
    const bool rex = _i & 1;
    const zx_vcpu_state_t state = {0};
    for (unsigned size = 1; size <= (rex ? 8u : 4u); size *= 2) {
        for (unsigned number = 0; number < (rex ? 16u : 8u); number++) {
            const bool high = size == 1 && !rex && number >= 4;
            uint8_t bytes[8];
            zirconia_mmio_access_t access;
            size_t length = load_of(number, size, rex, bytes);
            ck_assert_int_eq(zirconia_mmio_decode(bytes, length, M64, &state, &access), ZX_OK);
            ck_assert_uint_eq(access.register_number, high ? number - 4 : number);
            ck_assert_uint_eq(access.register_size, size);
            ck_assert_int_eq(access.high_byte, high);
        }
    }
}
END_TEST

// Decodes in each mode in turn, as the guests of several VCPUs would. The threads begin together:
// theirs are the first instructions of the process that Capstone sees.
enum { DECODING_THREADS = 4 };
static atomic_int decoding;

static void *decode_many(void *context) {
    const uint8_t *store = context;
    static const zirconia_code_mode_t modes[] = {M16, M32, M64};
    zx_vcpu_state_t state;
    memcpy(&state, initial, sizeof(state));
    atomic_fetch_add(&decoding, 1);
    while (atomic_load(&decoding) < DECODING_THREADS)
        sched_yield();
    for (int round = 0; round < 3000; round++) {
        const zirconia_code_mode_t mode = modes[round % 3];
        zirconia_mmio_access_t access;
        char text[64];
        if (zirconia_mmio_decode(store, 3, mode, &state, &access) != ZX_OK ||
            access.value != store[2] || access.size != 1 || access.instruction_length != 3)
            return context;
        if (zirconia_disassemble(store, 3, mode, 0, text, sizeof(text), NULL) != ZX_OK ||
            strncmp(text, "mov byte ptr [", 14) != 0)
            return context;
    }
    return NULL;
}

START_TEST(threads_decode_at_the_same_time) {
    static uint8_t stores[4][3] = {{0xC6, 7, 1}, {0xC6, 7, 2}, {0xC6, 7, 3}, {0xC6, 7, 4}};
    pthread_t threads[DECODING_THREADS];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, decode_many, stores[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *failed = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

START_TEST(direction_flag_steps_down) {
    const uint8_t lods[] = {0x66, 0xAD};
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;

    memcpy(&state, initial, sizeof(state));
    state.rflags = DF;
    ck_assert_int_eq(zirconia_mmio_decode(lods, sizeof(lods), M64, &state, &access), ZX_OK);
    ck_assert_int_eq(access.direction, ZIRCONIA_MMIO_READ);
    ck_assert_int_eq(zirconia_mmio_complete(&access, 0x4242, &state, NULL), ZX_OK);
    ck_assert_uint_eq(state.rax, 0x8877665544334242u);
    ck_assert_uint_eq(state.rsi, 0x1FFFFFFFDu);
    ck_assert_uint_eq(state.rflags, DF);
}
END_TEST

struct refusal {
    zirconia_code_mode_t mode;
    const char *bytes;
    zx_status_t status;
};

static const struct refusal refusals[] = {
    {M64, "", ZX_ERR_BUFFER_TOO_SMALL},
    {M64, "48", ZX_ERR_BUFFER_TOO_SMALL},
    {M64, "8b 83 00 00 00", ZX_ERR_BUFFER_TOO_SMALL},
    {M64, "06", ZX_ERR_NOT_SUPPORTED},            // no instruction
    {M64, "89 c8", ZX_ERR_NOT_SUPPORTED},         // registers only
    {M64, "b8 0 0 0 0", ZX_ERR_NOT_SUPPORTED},    //
    {M64, "f3 aa", ZX_ERR_NOT_SUPPORTED},         // rep stosb
    {M64, "f2 ae", ZX_ERR_NOT_SUPPORTED},         // repne scasb
    {M64, "a4", ZX_ERR_NOT_SUPPORTED},            // movsb
    {M64, "a7", ZX_ERR_NOT_SUPPORTED},            // cmpsd
    {M64, "ff 33", ZX_ERR_NOT_SUPPORTED},         // push [rbx]
    {M64, "ff 13", ZX_ERR_NOT_SUPPORTED},         // call [rbx]
    {M64, "8f 03", ZX_ERR_NOT_SUPPORTED},         // pop [rbx]
    {M64, "8c 03", ZX_ERR_NOT_SUPPORTED},         // mov [rbx], es
    {M64, "c7 0b 0 0 0 0", ZX_ERR_NOT_SUPPORTED}, // a group without this member
    {M64, "f7 23", ZX_ERR_NOT_SUPPORTED},         // mul [rbx]
    {M64, "d1 23", ZX_ERR_NOT_SUPPORTED},         // shl [rbx]
    {M64, "0f ba 1b 00", ZX_ERR_NOT_SUPPORTED},   // a group without this member
    {M64, "0f 11 03", ZX_ERR_NOT_SUPPORTED},      // movups
    {M64, "8e 03", ZX_ERR_NOT_SUPPORTED},         // mov es, [rbx]
    {M64, "f3 67 48 ab", ZX_ERR_NOT_SUPPORTED},   // rep stosq
    {M64, "66 0f c3 0b", ZX_ERR_NOT_SUPPORTED},   // movnti has no 16-bit form
    {M64, "66 48 0f c3 0b", ZX_ERR_NOT_SUPPORTED},
    {M64, "c5 f8 c3 0b", ZX_ERR_NOT_SUPPORTED}, // nor a VEX form
    {M64, "0f 38 f0 0b", ZX_ERR_NOT_SUPPORTED}, // movbe
    {M64, "0f c7 0b", ZX_ERR_NOT_SUPPORTED},    // cmpxchg8b
    {M64, "dd 03", ZX_ERR_NOT_SUPPORTED},       // fld
    {M32, "63 03", ZX_ERR_NOT_SUPPORTED},       // arpl
};

START_TEST(refused_instructions) {
    uint8_t bytes[64];
    size_t size = parse_bytes(refusals[_i].bytes, bytes);
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;

    memset(&state, 0, sizeof(state));
    memset(&access, 0, sizeof(access));
    zx_status_t status = zirconia_mmio_decode(bytes, size, refusals[_i].mode, &state, &access);
    ck_assert_msg(status == refusals[_i].status, "%s: %d", refusals[_i].bytes, status);
    ck_assert_uint_eq(access.instruction_length, 0);
    ck_assert_uint_eq(access.size, 0);
    ck_assert_int_eq(access.direction, 0);
}
END_TEST

START_TEST(decode_arguments) {
    const uint8_t store[] = {0x89, 0x0B};
    const uint8_t nothing[] = {0x06};
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;

    memset(&state, 0, sizeof(state));
    ck_assert_int_eq(zirconia_mmio_decode(NULL, 2, M64, &state, &access), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_mmio_decode(store, 2, M64, NULL, &access), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_mmio_decode(store, 2, M64, &state, NULL), ZX_ERR_INVALID_ARGS);
    // The mode is looked at before the bytes are.
    ck_assert_int_eq(zirconia_mmio_decode(nothing, 1, (zirconia_code_mode_t)8, &state, &access),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_mmio_decode(store, 1, M64, &state, &access), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(zirconia_instruction_length(NULL, 2, M64), 0);
    ck_assert_uint_eq(zirconia_instruction_length(store, 2, (zirconia_code_mode_t)0), 0);
}
END_TEST

START_TEST(complete_arguments) {
    const uint8_t store[] = {0x89, 0x0B};
    const uint8_t bit_set[] = {0x0F, 0xAB, 0x0B};
    zx_vcpu_state_t state;
    zirconia_mmio_access_t good;
    zirconia_mmio_access_t bad;
    uint64_t stored = 0;

    memset(&state, 0, sizeof(state));
    ck_assert_int_eq(zirconia_mmio_decode(store, 2, M64, &state, &good), ZX_OK);
    ck_assert_int_eq(zirconia_mmio_complete(NULL, 0, &state, &stored), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_mmio_complete(&good, 0, NULL, &stored), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_mmio_complete(&good, 0, &state, NULL), ZX_ERR_INVALID_ARGS);

#define REFUSES(change)                                                                            \
    bad = good;                                                                                    \
    bad.change;                                                                                    \
    ck_assert_int_eq(zirconia_mmio_complete(&bad, 0, &state, &stored), ZX_ERR_INVALID_ARGS)
    REFUSES(size = 3);
    REFUSES(size = 0);
    REFUSES(register_size = 5);
    REFUSES(register_number = 16);
    REFUSES(index_register = 16);
    REFUSES(index_size = 1);
    REFUSES(direction = (zirconia_mmio_direction_t)0);
    REFUSES(operation = (zirconia_mmio_operation_t)(ZIRCONIA_MMIO_BIT_COMPLEMENT + 1));
    ck_assert_int_eq(zirconia_mmio_decode(bit_set, 3, M64, &state, &good), ZX_OK);
    REFUSES(value = 32);
}
END_TEST

START_TEST(disassembly) {
    static const struct {
        zirconia_code_mode_t mode;
        const char *bytes;
        const char *text;
    } lines[] = {
        {M64, "48 89 0b", "mov qword ptr [rbx], rcx"},
        {M64, "eb fe", "jmp 0x1000"},
        {M64, "f4", "hlt"},
        {M32, "40", "inc eax"},
        {M16, "89 07", "mov word ptr [bx], ax"},
        {M64, "f3 0f 1e fa", "endbr64"},
        {M64, "c5 f8 05", ".byte 0xc5, 0xf8, 0x05"},
    };
    uint8_t bytes[64];
    char text[64];
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        size_t size = parse_bytes(lines[i].bytes, bytes);
        bytes[size] = 0x90;
        ck_assert_int_eq(zirconia_disassemble(bytes, size + 1, lines[i].mode, 0x1000, text,
                                              sizeof(text), &length),
                         ZX_OK);
        ck_assert_str_eq(text, lines[i].text);
        ck_assert_uint_eq(length, size);
    }
}
END_TEST

START_TEST(disassembly_arguments) {
    const uint8_t bytes[] = {0xC5, 0xF8, 0x05};
    const uint8_t nothing[] = {0x06};
    char text[40] = "kept";
    size_t length = 77;

    ck_assert_int_eq(zirconia_disassemble(NULL, 1, M64, 0, text, 40, &length), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_disassemble(bytes, 3, M64, 0, NULL, 40, &length),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_disassemble(bytes, 3, M64, 0, text, 0, &length), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_disassemble(bytes, 3, (zirconia_code_mode_t)1, 0, text, 40, &length),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_disassemble(bytes, 2, M64, 0, text, 40, &length),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zirconia_disassemble(nothing, 1, M64, 0, text, 40, &length),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_str_eq(text, "kept");
    ck_assert_uint_eq(length, 77);
    for (size_t size = 1; size < sizeof(text); size++) {
        memset(text, 'x', sizeof(text));
        ck_assert_int_eq(zirconia_disassemble(bytes, 3, M64, 0, text, size, NULL), ZX_OK);
        size_t whole = strlen(".byte 0xc5, 0xf8, 0x05");
        ck_assert_uint_eq(strlen(text), size - 1 < whole ? size - 1 : whole);
        ck_assert_int_eq(text[size], 'x');
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("mmio");
    TCase *tcase = tcase_create("decode");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, known_forms, 0, COUNT_OF(cases));
    tcase_add_loop_test(tcase, forms_that_come_back, 1, 20);
    tcase_add_test(tcase, a_form_that_comes_back_has_the_registers_of_its_time);
    tcase_add_test(tcase, a_jump_that_comes_back_elsewhere_goes_elsewhere);
    tcase_add_loop_test(tcase, every_register_has_its_number_in_every_size, 0, 2);
    tcase_add_test(tcase, threads_decode_at_the_same_time);
    tcase_add_test(tcase, direction_flag_steps_down);
    tcase_add_loop_test(tcase, refused_instructions, 0, COUNT_OF(refusals));
    tcase_add_test(tcase, decode_arguments);
    tcase_add_test(tcase, complete_arguments);
    tcase_add_test(tcase, disassembly);
    tcase_add_test(tcase, disassembly_arguments);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
