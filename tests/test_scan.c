// SPDX-License-Identifier: MIT
//
// The scan of a block for instructions that the engine must stop before: single ones, and random
// code against a walk without the scan's filter.

#include "code_bytes.h"
#include "decode/scan.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>

struct scan_case {
    enum code_mode mode;
    const char *bytes;
    enum scan_result result;
    size_t offset;
    unsigned length;
};

static const struct scan_case scan_cases[] = {
    {CODE_64, "90 ec", SCAN_INTERCEPT, 1, 1},             // in al, dx
    {CODE_64, "e4 60", SCAN_INTERCEPT, 0, 2},             // in al, 0x60
    {CODE_64, "48 89 d8 66 e7 10", SCAN_INTERCEPT, 3, 3}, // out 0x10, ax
    {CODE_64, "90 90 f3 6c", SCAN_INTERCEPT, 2, 2},       // rep insb
    {CODE_64, "67 66 6f", SCAN_INTERCEPT, 0, 3},          // outsw
    {CODE_64, "0f 05", SCAN_INTERCEPT, 0, 2},             // syscall
    {CODE_64, "48 0f 05", SCAN_INTERCEPT, 0, 3},          // with a useless prefix
    {CODE_64, "c5 f8 05", SCAN_INTERCEPT, 0, 3},          // the engine would run it
    {CODE_64, "90 0f 34", SCAN_INTERCEPT, 1, 2},          // sysenter
    {CODE_64, "48 0f 35", SCAN_INTERCEPT, 0, 3},          // sysexit
    {CODE_64, "0f 01 d1", SCAN_INTERCEPT, 0, 3},          // xsetbv
    {CODE_64, "0f 01 d0", SCAN_NONE, 0, 0},               // xgetbv
    {CODE_64, "48 83 ec 28 c3", SCAN_NONE, 0, 0},         // sub rsp, 0x28
    {CODE_64, "b8 0f 05 0f 34 c3", SCAN_NONE, 0, 0},      // in an immediate
    {CODE_64, "b8 ec ec ec ec ee", SCAN_INTERCEPT, 5, 1}, // behind one
    {CODE_64, "ee ec", SCAN_INTERCEPT, 0, 1},             // the first of two
    {CODE_64, "f0 ff 03", SCAN_NONE, 0, 0},               // lock inc dword [rbx]
    {CODE_64, "90 f0 ff c3", SCAN_INTERCEPT, 1, 3},       // lock inc ebx
    {CODE_64, "f0 8b 03", SCAN_INTERCEPT, 0, 3},          // lock mov eax, [rbx]
    {CODE_64, "90 c5 f4 58 c2", SCAN_INTERCEPT, 1, 4},    // vaddps ymm0, ymm1, ymm2
    {CODE_32, "c5 03", SCAN_NONE, 0, 0},                  // lds eax, [ebx]
    {CODE_64, "48 0f c7 f0", SCAN_INTERCEPT, 0, 4},       // rdrand rax
    {CODE_64, "48 0f c7 0b", SCAN_NONE, 0, 0},            // cmpxchg16b [rbx]
    {CODE_64, "06 ec", SCAN_UNDECODABLE, 0, 0},           //
    {CODE_32, "06 ec", SCAN_INTERCEPT, 1, 1},             // push es
    {CODE_16, "b8 01 02 ec", SCAN_INTERCEPT, 3, 1},       // mov ax, imm16
    {CODE_32, "b8 01 02 ec", SCAN_TRUNCATED, 0, 0},       //
    {CODE_64, "90 0f", SCAN_TRUNCATED, 1, 0},             //
    {CODE_64, "90 f3 48", SCAN_TRUNCATED, 1, 0},          //
    {CODE_64, "e4", SCAN_TRUNCATED, 0, 0},                //
    {CODE_64, "", SCAN_NONE, 0, 0},
};

START_TEST(scan_finds_instructions) {
    uint8_t bytes[64];
    const struct scan_case *expected = &scan_cases[_i];
    size_t size = parse_bytes(expected->bytes, bytes);
    struct code_scan scan = scan_code(bytes, size, expected->mode, false);

    ck_assert_msg(scan.result == expected->result, "%s: %d", expected->bytes, (int)scan.result);
    ck_assert_uint_eq(scan.offset, expected->offset);
    ck_assert_uint_eq(scan.length, expected->length);
}
END_TEST

START_TEST(scan_finds_far_transfers_only_where_asked) {
    static const char *const far[] = {
        "9a 01 02 03 04 05 06", "ea 01 02 03 04 05 06", "ff 18", "ff 6c 24 04", "cf", "66 cf"};
    static const char *const near[] = {"ff d0", "ff 10", "ff 20", "ff 30", "e8 01 02 03 04"};
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        size_t size = parse_bytes(far[i], bytes);
        ck_assert_int_eq(scan_code(bytes, size, CODE_32, true).result, SCAN_INTERCEPT);
        ck_assert_int_eq(scan_code(bytes, size, CODE_32, false).result, SCAN_NONE);
    }
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        size_t size = parse_bytes(near[i], bytes);
        ck_assert_int_eq(scan_code(bytes, size, CODE_32, true).result, SCAN_NONE);
    }
}
END_TEST

static bool is_locked_wrongly(const struct instruction *instruction) {
    static const struct {
        enum opcode_map map;
        uint8_t first, last, groups; // A bit for each that has the prefix.
    } lockable[] = {
        {MAP_ONE_BYTE, 0x00, 0x01, 0xFF}, {MAP_ONE_BYTE, 0x08, 0x09, 0xFF},
        {MAP_ONE_BYTE, 0x10, 0x11, 0xFF}, {MAP_ONE_BYTE, 0x18, 0x19, 0xFF},
        {MAP_ONE_BYTE, 0x20, 0x21, 0xFF}, {MAP_ONE_BYTE, 0x28, 0x29, 0xFF},
        {MAP_ONE_BYTE, 0x30, 0x31, 0xFF}, {MAP_ONE_BYTE, 0x80, 0x83, 0x7F},
        {MAP_ONE_BYTE, 0x86, 0x87, 0xFF}, {MAP_ONE_BYTE, 0xF6, 0xF7, 0x0C},
        {MAP_ONE_BYTE, 0xFE, 0xFF, 0x03}, {MAP_0F, 0xAB, 0xAB, 0xFF},
        {MAP_0F, 0xB0, 0xB1, 0xFF},       {MAP_0F, 0xB3, 0xB3, 0xFF},
        {MAP_0F, 0xBA, 0xBA, 0xE0},       {MAP_0F, 0xBB, 0xBB, 0xFF},
        {MAP_0F, 0xC0, 0xC1, 0xFF},       {MAP_0F, 0xC7, 0xC7, 0x02},
    };
    bool permitted = false;
    for (size_t i = 0; i < sizeof lockable / sizeof lockable[0]; i++)
        permitted |= instruction->map == lockable[i].map && !instruction->vex &&
                     instruction->has_modrm && instruction->modrm < 0xC0 &&
                     instruction->opcode >= lockable[i].first &&
                     instruction->opcode <= lockable[i].last &&
                     (lockable[i].groups >> (instruction->modrm >> 3 & 7) & 1) != 0;
    return instruction->lock && !permitted;
}

static bool is_not_advertised(const struct instruction *instruction) {
    const bool repeated = instruction->repeat_equal || instruction->repeat_not_equal;
    const uint8_t opcode = instruction->opcode;
    const bool extended_mmx =
        (instruction->rex & 4) != 0 && !repeated && !instruction->operand_prefix;
    if (instruction->map == MAP_0F38)
        return opcode == 0xF6 || (extended_mmx && opcode < 0x20);
    if (instruction->map == MAP_0F3A)
        return extended_mmx && opcode == 0x0F;
    return instruction->map == MAP_0F &&
           ((opcode >= 0x71 && opcode <= 0x73 && instruction->modrm < 0xC0) ||
            (opcode == 0x2B && repeated) || (opcode == 0xC7 && instruction->modrm >= 0xF0) ||
            ((opcode == 0x78 || opcode == 0x79) &&
             (instruction->operand_prefix || instruction->repeat_not_equal)));
}

// The same answer without the filter, from Intel's opcode list.
static bool is_wanted(const struct instruction *instruction) {
    static const uint8_t one_byte[] = {0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED,
                                       0xEE, 0xEF, 0x6C, 0x6D, 0x6E, 0x6F};
    static const uint8_t two_byte[] = {0x05, 0x07, 0x34, 0x35};

    if (is_locked_wrongly(instruction))
        return true;
    if (instruction->vex || is_not_advertised(instruction))
        return true;
    if (instruction->map == MAP_ONE_BYTE)
        return memchr(one_byte, instruction->opcode, sizeof(one_byte)) != NULL;
    if (instruction->map != MAP_0F)
        return false;
    return memchr(two_byte, instruction->opcode, sizeof(two_byte)) != NULL ||
           (instruction->opcode == 0x01 && instruction->modrm == 0xD1);
}

START_TEST(scan_agrees_with_a_plain_walk) {
    static const enum code_mode modes[] = {CODE_16, CODE_32, CODE_64};
    uint64_t seed = 0xD1B54A32D192ED03u;
    unsigned intercepts = 0;

    for (unsigned round = 0; round < 100000; round++) {
        uint8_t bytes[40];
        struct instruction instruction;
        enum code_mode mode = modes[round % 3];
        size_t size = 1 + next_random(&seed) % sizeof(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)next_random(&seed);
        size_t at = 0;
        enum instruction_result result = INSTRUCTION_OK;
        bool wanted = false;
        while (at < size && !wanted) {
            result = decode_instruction(bytes + at, size - at, mode, &instruction);
            if (result != INSTRUCTION_OK)
                break;
            wanted = is_wanted(&instruction);
            at += wanted ? 0u : instruction.length;
        }
        struct code_scan scan = scan_code(bytes, size, mode, false);
        ck_assert_int_eq(scan.result == SCAN_INTERCEPT, wanted);
        if (scan.result != SCAN_NONE)
            ck_assert_uint_eq(scan.offset, at);
        if (scan.result == SCAN_UNDECODABLE)
            ck_assert_int_eq(result, INSTRUCTION_UNDEFINED);
        intercepts += wanted;
    }
    ck_assert_uint_gt(intercepts, 1000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scan");
    TCase *tcase = tcase_create("scan");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, scan_finds_instructions, 0, COUNT_OF(scan_cases));
    tcase_add_test(tcase, scan_finds_far_transfers_only_where_asked);
    tcase_add_test(tcase, scan_agrees_with_a_plain_walk);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
