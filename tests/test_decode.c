// SPDX-License-Identifier: MIT
//
// Instruction decoding: lengths against a list and against Capstone, port instructions, and the
// answers to memory traps. The scan is tested in test_scan.c.

#include <capstone/capstone.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <zirconia/decode.h>

#include "code_bytes.h"
#include "decode/instruction.h"
#include "decode/port_access.h"
#include "run_tests.h"

// ---- Lengths ----

struct code_line {
    enum code_mode mode;
    const char *bytes;
};

// One whole instruction each.
static const struct code_line whole_instructions[] = {
    {CODE_64, "90"},                                   // nop
    {CODE_64, "f3 0f 1e fa"},                          // endbr64
    {CODE_64, "0f 1f 84 00 00 00 00 00"},              // nop dword [rax+rax+0]
    {CODE_64, "66 2e 0f 1f 84 00 00 00 00 00"},        // nop word cs:[rax+rax+0]
    {CODE_64, "66 66 66 2e 0f 1f 84 00 00 00 00 00"},  // longer still
    {CODE_64, "0f 01 f8"},                             // swapgs
    {CODE_64, "0f 01 ca"},                             // clac
    {CODE_64, "0f 01 f9"},                             // rdtscp
    {CODE_64, "0f 01 3b"},                             // invlpg [rbx]
    {CODE_64, "0f 22 d8"},                             // mov cr3, rax
    {CODE_64, "0f 20 04"},                             // mov rsp, cr0: mod is ignored
    {CODE_64, "0f ae f0"},                             // mfence
    {CODE_64, "48 0f ae 27"},                          // xsave64 [rdi]
    {CODE_64, "48 0f c7 27"},                          // xsavec64 [rdi]
    {CODE_64, "f3 48 0f ae d8"},                       // wrgsbase rax
    {CODE_64, "f0 48 0f c7 0e"},                       // lock cmpxchg16b [rsi]
    {CODE_64, "48 cf"},                                // iretq
    {CODE_64, "48 0f 07"},                             // sysretq
    {CODE_64, "0f 0b"},                                // ud2
    {CODE_64, "f3 48 a5"},                             // rep movsq
    {CODE_64, "48 b8 01 02 03 04 05 06 07 08"},        // mov rax, imm64
    {CODE_64, "66 b8 01 02"},                          // mov ax, imm16
    {CODE_64, "48 66 b8 01 02"},                       // REX before a prefix does not count
    {CODE_64, "48 a1 01 02 03 04 05 06 07 08"},        // mov rax, [abs64]
    {CODE_64, "67 a1 01 02 03 04"},                    // mov eax, [abs32]
    {CODE_64, "c8 10 00 01"},                          // enter
    {CODE_64, "48 8b 05 01 02 03 04"},                 // mov rax, [rip+disp32]
    {CODE_64, "48 8b 04 25 01 02 03 04"},              // mov rax, [abs32]
    {CODE_64, "f7 03 01 02 03 04"},                    // test [rbx], imm32
    {CODE_64, "f7 13"},                                // not [rbx]
    {CODE_64, "f6 03 01"},                             // test byte [rbx], imm8
    {CODE_64, "66 69 c0 01 02"},                       // imul ax, ax, imm16
    {CODE_64, "66 e8 01 02 03 04"},                    // call rel32: the prefix is ignored
    {CODE_64, "66 0f 84 01 02 03 04"},                 // jz rel32, likewise
    {CODE_64, "f2 0f 38 f0 c1"},                       // crc32 eax, cl
    {CODE_64, "66 0f 38 00 c1"},                       // pshufb
    {CODE_64, "66 0f 3a 0f c1 08"},                    // palignr
    {CODE_64, "66 0f 78 c1 04 08"},                    // extrq
    {CODE_64, "c5 f8 77"},                             // vzeroupper
    {CODE_64, "c4 e2 70 f2 c2"},                       // andn
    {CODE_64, "c5 f9 70 c1 1b"},                       // vpshufd
    {CODE_64, "c4 e3 79 0f c1 08"},                    // vpalignr
    {CODE_64, "62 f1 7c 48 58 40 01"},                 // vaddps zmm
    {CODE_64, "62 f3 75 48 25 c2 ff"},                 // vpternlogd
    {CODE_64, "f0 65 67 48 81 84 24 1 2 3 4 5 6 7 8"}, // 15 bytes
    {CODE_32, "40"},                                   // inc eax
    {CODE_32, "62 03"},                                // bound
    {CODE_32, "c5 03"},                                // lds
    {CODE_32, "c5 f8 77"},                             // vzeroupper
    {CODE_32, "ea 01 02 03 04 08 00"},                 // jmp far
    {CODE_32, "a1 01 02 03 04"},                       // mov eax, [abs32]
    {CODE_32, "67 8b 46 01"},                          // mov eax, [bp+1]
    {CODE_32, "8b 04 25 01 02 03 04"},                 // mov eax, [abs32] by SIB
    {CODE_16, "ea 01 02 00 f0"},                       // jmp far
    {CODE_16, "8b 0e 01 02"},                          // mov cx, [disp16]
    {CODE_16, "8b 86 01 02"},                          // mov ax, [bp+disp16]
    {CODE_16, "66 b8 01 02 03 04"},                    // mov eax, imm32
    {CODE_16, "67 66 8b 04 25 01 02 03 04"},           // mov eax, [abs32]
    {CODE_16, "0f 01 16 01 02"},                       // lgdt [disp16]
    {CODE_16, "e9 01 02"},                             // jmp rel16
};

static const struct code_line no_instructions[] = {
    {CODE_64, "06"},                                              // push es
    {CODE_64, "ea 01 02 03 04 05 06"},                            // jmp far
    {CODE_64, "0f 04"},                                           //
    {CODE_64, "0f 24 c0"},                                        // mov of a test register
    {CODE_64, "66 c5 f8 77"},                                     // a prefix before VEX
    {CODE_64, "48 c5 f8 77"},                                     // REX before VEX
    {CODE_64, "c4 e0 79 0f c1"},                                  // VEX map 0
    {CODE_64, "62 f1 78 48 58 c0"},                               // EVEX without its fixed bit
    {CODE_32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90"}, // 16 bytes
};

START_TEST(length_of_known_instructions) {
    uint8_t bytes[64];
    struct instruction instruction;
    const struct code_line *line = &whole_instructions[_i];
    size_t length = parse_bytes(line->bytes, bytes);

    memset(bytes + length, 0xCC, 16);
    ck_assert_msg(instruction_length(bytes, length + 16, line->mode) == length, "%s", line->bytes);
    ck_assert_uint_eq(instruction_length(bytes, length, line->mode), length);
    ck_assert_uint_eq(zirconia_instruction_length(bytes, length, (zirconia_code_mode_t)line->mode),
                      length);
    for (size_t size = 0; size < length; size++) {
        ck_assert_msg(decode_instruction(bytes, size, line->mode, &instruction) ==
                          INSTRUCTION_TRUNCATED,
                      "%s cut to %zu", line->bytes, size);
        ck_assert_uint_eq(instruction_length(bytes, size, line->mode), 0);
    }
}
END_TEST

START_TEST(length_of_undefined_instructions) {
    uint8_t bytes[64];
    struct instruction instruction;
    const struct code_line *line = &no_instructions[_i];
    size_t length = parse_bytes(line->bytes, bytes);

    memset(bytes + length, 0, 16);
    const enum instruction_result result =
        decode_instruction(bytes, length + 16, line->mode, &instruction);
    ck_assert_msg(
        result == (length > INSTRUCTION_MAX_LENGTH ? INSTRUCTION_TOO_LONG : INSTRUCTION_UNDEFINED),
        "%s", line->bytes);
}
END_TEST

START_TEST(immediates_are_sign_extended) {
    uint8_t bytes[64];
    const zx_vcpu_state_t state = {0};
    zirconia_mmio_access_t access;
    size_t length = parse_bytes("48 c7 03 00 00 00 80", bytes);

    ck_assert_int_eq(zirconia_mmio_decode(bytes, length, ZIRCONIA_CODE_64, &state, &access), ZX_OK);
    ck_assert_uint_eq(access.value, 0xFFFFFFFF80000000u);
    length = parse_bytes("83 03 7f", bytes);
    ck_assert_int_eq(zirconia_mmio_decode(bytes, length, ZIRCONIA_CODE_64, &state, &access), ZX_OK);
    ck_assert_uint_eq(access.value, 0x7F);
}
END_TEST

// Fills 16 bytes with up to four prefixes, an opcode of any map, and noise; returns where the
// opcode is. Prefixes come in an order that processors and disassemblers agree about.
static size_t random_instruction(uint64_t *seed, enum code_mode mode, uint8_t bytes[16]) {
    static const uint8_t segments[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    static const uint8_t repeats[] = {0xF2, 0xF3};
    size_t at = 0;

    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)next_random(seed);
    if (next_random(seed) % 4 == 0)
        bytes[at++] = 0xF0;
    if (next_random(seed) % 4 == 0)
        bytes[at++] = segments[next_random(seed) % COUNT_OF(segments)];
    if (next_random(seed) % 4 == 0)
        bytes[at++] = 0x67;
    if (next_random(seed) % 4 == 0)
        bytes[at++] = next_random(seed) % 2 ? 0x66 : repeats[next_random(seed) % 2];
    if (mode == CODE_64 && next_random(seed) % 2 == 0)
        bytes[at++] = (uint8_t)(0x40 | (next_random(seed) & 0xF));
    size_t opcode = at;
    switch (next_random(seed) % 8) {
    case 0:
    case 1:
    case 2:
        bytes[at] = 0x0F;
        break;
    case 3:
        bytes[at] = 0x0F;
        bytes[at + 1] = next_random(seed) % 2 ? 0x38 : 0x3A;
        break;
    case 4: // as long as can be: SIB, displacement and immediate
        bytes[at] = next_random(seed) % 2 ? 0x81 : 0xC7;
        bytes[at + 1] = 0x84;
        break;
    default:
        break;
    }
    return opcode;
}

// Encodings where Capstone 4 or 5 is wrong, or where makers of processors differ and the engine's
// has to be followed. `opcode` is where the first opcode byte is.
static bool lengths_may_differ(const uint8_t *bytes, size_t opcode, enum code_mode mode) {
    uint8_t first = bytes[opcode];
    uint8_t second = bytes[opcode + 1];
    bool prefixed = opcode != 0;
    bool is_prefix = first == 0x66 || first == 0x67 || first == 0xF0 || first == 0xF2 ||
                     first == 0xF3 || (first & 0xFE) == 0x64 || (first & 0xE7) == 0x26 ||
                     (mode == CODE_64 && (first & 0xF0) == 0x40);
    bool is_vex = first == 0xC4 || first == 0xC5;

    if (is_prefix || first == 0x62 || (is_vex && prefixed)) // EVEX: Capstone 4 is unsound
        return true;
    if (first == 0x0F) // UD0, UD1, VMREAD and EXTRQ, PadLock, near jumps
        return second == 0xFF || second == 0xB9 || second == 0x78 || (second & 0xFE) == 0xA6 ||
               (prefixed && mode == CODE_64 && (second & 0xF0) == 0x80);
    if (first == 0x8F) // XOP
        return true;
    return prefixed && mode == CODE_64 &&
           (first == 0xE8 || first == 0xE9 || first == 0xC2 || first == 0xCA || first == 0x68);
}

START_TEST(lengths_agree_with_capstone) {
    static const enum code_mode modes[] = {CODE_16, CODE_32, CODE_64};
    static const cs_mode capstone_modes[] = {CS_MODE_16, CS_MODE_32, CS_MODE_64};
    uint64_t seed = 0x9E3779B97F4A7C15u;
    unsigned seen[16] = {0};
    csh handle;

    ck_assert_int_eq(cs_open(CS_ARCH_X86, capstone_modes[_i], &handle), CS_ERR_OK);
    cs_insn *found = cs_malloc(handle);
    ck_assert_ptr_nonnull(found);
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t bytes[16];
        size_t opcode = random_instruction(&seed, modes[_i], bytes);
        const uint8_t *next = bytes;
        size_t left = sizeof(bytes);
        uint64_t address = 0;
        if (lengths_may_differ(bytes, opcode, modes[_i]) ||
            !cs_disasm_iter(handle, &next, &left, &address, found))
            continue;
        unsigned length = instruction_length(bytes, sizeof(bytes), modes[_i]);
        ck_assert_msg(length == found->size, "%02x %02x %02x %02x %02x %02x: %u, Capstone %u (%s)",
                      bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], length,
                      (unsigned)found->size, found->mnemonic);
        seen[length]++;
    }
    for (unsigned length = 1; length <= (modes[_i] == CODE_64 ? 15u : 13u); length++)
        ck_assert_msg(seen[length] > 0, "no instruction of %u bytes in mode %d", length,
                      (int)modes[_i]);
    cs_free(found, 1);
    (void)cs_close(&handle);
}
END_TEST

// ---- Port instructions ----

struct port_case {
    enum code_mode mode;
    const char *bytes;
    struct port_access expected;
};

static const struct port_case port_cases[] = {
    {CODE_64,
     "e4 60",
     {.input = true,
      .immediate_port = true,
      .port_immediate = 0x60,
      .access_size = 1,
      .length = 2,
      .address_size = 8,
      .segment = OVERRIDE_NONE}},
    {CODE_64,
     "66 e7 80",
     {.immediate_port = true,
      .port_immediate = 0x80,
      .access_size = 2,
      .length = 3,
      .address_size = 8,
      .segment = OVERRIDE_NONE}},
    {CODE_64,
     "48 ed",
     {.input = true, .access_size = 4, .length = 2, .address_size = 8, .segment = OVERRIDE_NONE}},
    {CODE_16, "ef", {.access_size = 2, .length = 1, .address_size = 2, .segment = OVERRIDE_NONE}},
    {CODE_16,
     "66 ef",
     {.access_size = 4, .length = 2, .address_size = 2, .segment = OVERRIDE_NONE}},
    {CODE_32, "ee", {.access_size = 1, .length = 1, .address_size = 4, .segment = OVERRIDE_NONE}},
    {CODE_64,
     "f3 67 6d",
     {.input = true,
      .string = true,
      .repeat = true,
      .access_size = 4,
      .length = 3,
      .address_size = 4,
      .segment = OVERRIDE_NONE}},
    {CODE_32,
     "64 6e",
     {.string = true, .access_size = 1, .length = 2, .address_size = 4, .segment = OVERRIDE_FS}},
    {CODE_32,
     "f2 26 6f",
     {.string = true,
      .repeat = true,
      .access_size = 4,
      .length = 3,
      .address_size = 4,
      .segment = OVERRIDE_ES}},
};

START_TEST(port_instructions) {
    uint8_t bytes[64];
    struct port_access access;
    const struct port_access *expected = &port_cases[_i].expected;
    size_t size = parse_bytes(port_cases[_i].bytes, bytes);

    ck_assert(decode_port_access(bytes, size, port_cases[_i].mode, &access));
    ck_assert_int_eq(access.input, expected->input);
    ck_assert_int_eq(access.string, expected->string);
    ck_assert_int_eq(access.repeat, expected->repeat);
    ck_assert_int_eq(access.immediate_port, expected->immediate_port);
    ck_assert_uint_eq(access.port_immediate, expected->port_immediate);
    ck_assert_uint_eq(access.access_size, expected->access_size);
    ck_assert_uint_eq(access.length, expected->length);
    ck_assert_uint_eq(access.address_size, expected->address_size);
    ck_assert_int_eq(access.segment, expected->segment);
    ck_assert(!decode_port_access(bytes, size - 1, port_cases[_i].mode, &access));
}
END_TEST

START_TEST(other_instructions_are_no_port_instructions) {
    static const char *const others[] = {"90",          "0f 6c c0", "0f ed c0",
                                         "c5 f1 ed c0", "06",       "e8 00"};
    uint8_t bytes[64];
    struct port_access access;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        size_t size = parse_bytes(others[i], bytes);
        ck_assert_msg(!decode_port_access(bytes, size, CODE_64, &access), "%s", others[i]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("decode");
    TCase *tcase = tcase_create("instructions");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, length_of_known_instructions, 0, COUNT_OF(whole_instructions));
    tcase_add_loop_test(tcase, length_of_undefined_instructions, 0, COUNT_OF(no_instructions));
    tcase_add_test(tcase, immediates_are_sign_extended);
    tcase_add_loop_test(tcase, lengths_agree_with_capstone, 0, 3);
    tcase_add_loop_test(tcase, port_instructions, 0, COUNT_OF(port_cases));
    tcase_add_test(tcase, other_instructions_are_no_port_instructions);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
