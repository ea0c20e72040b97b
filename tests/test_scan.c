// SPDX-License-Identifier: MIT
//
// Which instructions blocks are cut before, and which end them.

#include "code_bytes.h"
#include "decode/replaced_form.h"
#include "decode/scan.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>

struct cut_case {
    enum code_mode mode;
    const char *bytes;
    enum cut cut;
};

static const struct cut_case cut_cases[] = {
    {CODE_64, "ec", CUT_PORT_ACCESS},             // in al, dx
    {CODE_64, "e4 60", CUT_PORT_ACCESS},          // in al, 0x60
    {CODE_64, "66 e7 10", CUT_PORT_ACCESS},       // out 0x10, ax
    {CODE_64, "f3 6c", CUT_PORT_ACCESS},          // rep insb
    {CODE_64, "67 66 6f", CUT_PORT_ACCESS},       // outsw
    {CODE_64, "0f 05", CUT_SYSTEM_CALL},          // syscall
    {CODE_64, "48 0f 05", CUT_SYSTEM_CALL},       // with a useless prefix
    {CODE_64, "0f 34", CUT_SYSTEM_CALL},          // sysenter
    {CODE_64, "48 0f 35", CUT_SYSTEM_CALL},       // sysexit
    {CODE_64, "48 0f 07", CUT_SYSTEM_CALL},       // sysret
    {CODE_64, "0f 01 d1", CUT_XSETBV},            //
    {CODE_64, "0f 01 d0", CUT_NONE},              // xgetbv
    {CODE_64, "48 83 ec 28", CUT_NONE},           // sub rsp, 0x28
    {CODE_64, "f4", CUT_NONE},                    // hlt: exits by itself
    {CODE_64, "c5 f8 05", CUT_INVALID_OPCODE},    // the engine would run it
    {CODE_64, "f0 ff 03", CUT_NONE},              // lock inc dword [rbx]
    {CODE_64, "f0 ff c3", CUT_INVALID_OPCODE},    // lock inc ebx
    {CODE_64, "f0 8b 03", CUT_INVALID_OPCODE},    // lock mov eax, [rbx]
    {CODE_64, "f0 0f ab c8", CUT_INVALID_OPCODE}, // lock bts eax, ecx
    {CODE_64, "f0 0f ab 08", CUT_NONE},           // lock bts [rax], ecx
    {CODE_64, "c5 f4 58 c2", CUT_INVALID_OPCODE}, // vaddps ymm0, ymm1, ymm2
    {CODE_32, "c5 03", CUT_NONE},                 // lds eax, [ebx]
    {CODE_64, "48 0f c7 f0", CUT_INVALID_OPCODE}, // rdrand rax
    {CODE_64, "0f 50 08", CUT_INVALID_OPCODE},    // movmskps ecx, [rax]
    {CODE_64, "f3 0f d6 08", CUT_INVALID_OPCODE}, // movq2dq xmm1, [rax]
    {CODE_64, "66 0f d6 08", CUT_NONE},           // movq [rax], xmm1
    {CODE_64, "66 0f 12 c1", CUT_INVALID_OPCODE}, // movlpd xmm0, xmm1
    {CODE_64, "0f 12 c1", CUT_NONE},              // movhlps xmm0, xmm1
    {CODE_64, "66 0f c3 03", CUT_INVALID_OPCODE}, // movnti, with a prefix
    {CODE_64, "0f c3 03", CUT_NONE},              // movnti [rbx], eax
    {CODE_64, "40 9f", CUT_REPLACED},             // lahf, with rex
    {CODE_64, "9f", CUT_NONE},                    // lahf
    {CODE_64, "66 0f 3a 61 c1 08", CUT_REPLACED}, // pcmpestri xmm0, xmm1, 8
    {CODE_64, "66 f2 0f 3a 61 c1 08", CUT_INVALID_OPCODE},
    {CODE_64, "66 f2 0f 38 f1 c1", CUT_NONE},     // crc32 eax, cx
    {CODE_64, "66 0f 3a 63 c1 0c", CUT_REPLACED}, // pcmpistri xmm0, xmm1, 0xc
    {CODE_64, "66 0f 3a 63 c1 08", CUT_NONE},     // in another mode
    {CODE_64, "66 0f 38 02 c0", CUT_REPLACED},    // phaddd xmm0, xmm0
    {CODE_64, "66 41 0f 38 02 c0", CUT_NONE},     // phaddd xmm0, xmm8
    {CODE_64, "f0 f7 1b", CUT_REPLACED},          // lock neg dword [rbx]
    {CODE_64, "66 e9 00 00 00 00", CUT_REPLACED}, // jmp, with a prefix that is ignored
    {CODE_32, "66 e9 00 00", CUT_NONE},           //
    {CODE_64, "48 0f c7 0b", CUT_NONE},           // cmpxchg16b [rbx]
};

static enum cut cut_of(const char *text, enum code_mode mode, unsigned conditions) {
    uint8_t bytes[64];
    struct instruction instruction;
    const size_t size = parse_bytes(text, bytes);
    ck_assert_int_eq(decode_instruction(bytes, size, mode, &instruction), INSTRUCTION_OK);
    return cut_before(&instruction, mode, conditions);
}

START_TEST(blocks_are_cut_before_what_the_engine_cannot_intercept) {
    const struct cut_case *expected = &cut_cases[_i];
    const enum cut cut = cut_of(expected->bytes, expected->mode, 0);
    ck_assert_msg(cut == expected->cut, "%s: %d", expected->bytes, (int)cut);
}
END_TEST

#define FAR_TRANSFERS (REPLACED_IF_PROTECTED | REPLACED_IF_LEGACY)

START_TEST(blocks_are_cut_before_far_transfers_only_where_asked) {
    static const char *const far[] = {"9a 01 02 03 04 05 06",
                                      "ea 01 02 03 04 05 06",
                                      "ff 18",
                                      "ff 6c 24 04",
                                      "cf",
                                      "66 cf",
                                      "cb"};
    static const char *const near[] = {"ff d0", "ff 10", "ff 20", "ff 30", "e8 01 02 03 04"};
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        ck_assert_int_eq(cut_of(far[i], CODE_32, FAR_TRANSFERS), CUT_REPLACED);
        ck_assert_int_eq(cut_of(far[i], CODE_32, 0), CUT_NONE);
    }
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        ck_assert_int_eq(cut_of(near[i], CODE_32, FAR_TRANSFERS), CUT_NONE);
    }
}
END_TEST

START_TEST(blocks_end_after_branches) {
    static const char *const branches[] = {
        "70 00", "e3 00", "e8 00 00 00 00",    "eb 00", "c3",    "c2 08 00", "cb", "cc", "cd 80",
        "cf",    "f4",    "0f 80 00 00 00 00", "ff d0", "ff 20", "ff 18"};
    static const char *const others[] = {"90",    "ce",    "ff 30",   "ff c0",
                                         "0f a2", "0f 0b", "0f 90 c0"};
    uint8_t bytes[64];
    struct instruction instruction;
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++) {
        decode_instruction(bytes, parse_bytes(branches[i], bytes), CODE_32, &instruction);
        ck_assert_msg(ends_block(&instruction), "%s", branches[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        decode_instruction(bytes, parse_bytes(others[i], bytes), CODE_32, &instruction);
        ck_assert_msg(!ends_block(&instruction), "%s", others[i]);
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
    const bool memory = instruction->modrm < 0xC0;
    const unsigned group = instruction->modrm >> 3 & 7;
    const bool movbe = opcode == 0xF0 || opcode == 0xF1;
    if (instruction->map == MAP_0F38)
        return opcode == 0xF6 || (extended_mmx && opcode < 0x20) ||
               (movbe && !memory && !instruction->repeat_not_equal);
    if (instruction->map == MAP_0F3A)
        return extended_mmx && opcode == 0x0F;
    if (instruction->map == MAP_ONE_BYTE)
        return (opcode == 0x8F || opcode == 0xC6 || opcode == 0xC7) && group != 0;
    if (instruction->map == MAP_0F && opcode == 0xAE && !memory)
        return (group == 5 && instruction->repeat_equal) ||
               (group == 6 && (repeated || instruction->operand_prefix));
    return instruction->map == MAP_0F &&
           ((((opcode >= 0x71 && opcode <= 0x73) || opcode == 0x50 ||
              (opcode == 0xD6 && repeated)) &&
             instruction->modrm < 0xC0) ||
            (opcode == 0xAE && instruction->operand_prefix && memory && group == 7) ||
            (opcode == 0x2B && repeated) || (opcode == 0xC7 && instruction->modrm >= 0xF0) ||
            ((opcode == 0x78 || opcode == 0x79) &&
             (instruction->operand_prefix || instruction->repeat_not_equal)));
}

// What the scan should answer, by Intel's opcode list.
static bool is_crc32(const struct instruction *instruction) {
    return instruction->map == MAP_0F38 && (instruction->opcode | 1) == 0xF1 &&
           instruction->repeat_not_equal;
}

static bool has_both_prefixes(const struct instruction *instruction) {
    return (instruction->map == MAP_0F38 || instruction->map == MAP_0F3A) &&
           instruction->operand_prefix &&
           (instruction->repeat_equal || instruction->repeat_not_equal);
}

static bool is_wanted(const struct instruction *instruction) {
    static const uint8_t one_byte[] = {0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED,
                                       0xEE, 0xEF, 0x6C, 0x6D, 0x6E, 0x6F};
    static const uint8_t two_byte[] = {0x05, 0x07, 0x34, 0x35};

    if (is_locked_wrongly(instruction))
        return true;
    if (instruction->vex || is_not_advertised(instruction))
        return true;
    if (has_both_prefixes(instruction))
        return !is_crc32(instruction);
    if (instruction->map == MAP_ONE_BYTE)
        return memchr(one_byte, instruction->opcode, sizeof(one_byte)) != NULL;
    if (instruction->map != MAP_0F)
        return false;
    return memchr(two_byte, instruction->opcode, sizeof(two_byte)) != NULL ||
           (instruction->opcode == 0x01 && instruction->modrm == 0xD1);
}

// As a processor has them, whatever the order.
START_TEST(two_prefixes_make_no_instruction_but_crc32) {
    static const uint8_t prefixes[][2] = {{0x66, 0xf2}, {0xf2, 0x66}, {0x66, 0xf3}, {0xf3, 0x66}};
    for (unsigned form = 0; form < 4 * 2 * 256; form++) {
        const uint8_t *prefix = prefixes[form % 4];
        const uint8_t map = form / 4 % 2 == 0 ? 0x38 : 0x3a;
        const uint8_t opcode = (uint8_t)(form / 8);
        const uint8_t bytes[] = {prefix[0], prefix[1], 0x0f, map, opcode, 0xc1, 8};
        struct instruction instruction;
        if (decode_instruction(bytes, sizeof bytes, CODE_64, &instruction) == INSTRUCTION_OK) {
            const bool refused = cut_before(&instruction, CODE_64, 0) == CUT_INVALID_OPCODE;
            ck_assert_msg(refused != is_crc32(&instruction), "0f %02x %02x", map, opcode);
        }
    }
}
END_TEST

START_TEST(cuts_agree_with_the_opcode_list) {
    static const enum code_mode modes[] = {CODE_16, CODE_32, CODE_64};
    uint64_t seed = 0xD1B54A32D192ED03u;
    unsigned cuts = 0;

    for (unsigned round = 0; round < 1000000; round++) {
        uint8_t bytes[INSTRUCTION_MAX_LENGTH];
        struct instruction instruction;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)next_random(&seed);
        const enum code_mode mode = modes[round % 3];
        if (decode_instruction(bytes, sizeof bytes, mode, &instruction) != INSTRUCTION_OK)
            continue;
        const enum cut cause = cut_before(&instruction, mode, 0);
        const bool cut = cause != CUT_NONE && cause != CUT_REPLACED;
        ck_assert_int_eq(cut, is_wanted(&instruction));
        cuts += cut;
    }
    ck_assert_uint_gt(cuts, 1000);
}
END_TEST

// The last instruction of each is a SETcc.
static const struct {
    const char *code;
    bool left; // Whether it is left to the engine.
} conditions[] = {
    {"0f 95 03", false},                     // setne [rbx]
    {"39 d8 0f 95 03", true},                // cmp eax, ebx
    {"48 85 c0 0f 98 03", true},             // test rax, rax; sets
    {"83 f8 05 0f 9e 03", true},             // cmp eax, 5; setle
    {"29 d8 0f 97 03", true},                // sub eax, ebx; seta
    {"01 d8 0f 97 03", false},               // add eax, ebx
    {"09 d8 0f 9c 03", false},               // or eax, ebx; setl
    {"39 d8 0f 90 03", false},               // seto
    {"39 d8 0f 9a 03", false},               // setp
    {"39 d8 8b 03 8d 40 05 0f 94 03", true}, // cmp; mov; lea; sete
    {"39 d8 0f 94 03 0f 9f 43 01", true},    // cmp; sete; setg
    {"39 d8 d1 e0 0f 94 03", false},         // cmp; shl eax, 1
    {"39 d8 0f 45 c8 0f 94 03", false},      // cmp; cmovne ecx, eax
    {"11 d8 0f 94 03", false},               // adc eax, ebx
    {"83 d8 05 0f 94 03", false},            // sbb eax, 5
    {"f0 01 03 0f 94 03", false},            // lock add [rbx], eax
    {"a8 01 0f 95 03", true},                // test al, 1
    {"f6 c2 80 0f 95 03", true},             // test dl, 0x80
    {"f6 d2 0f 95 03", false},               // not dl
    {"f7 da 0f 95 03", false},               // neg edx
    {"39 d8 f0 0f 95 03", false},            // lock setne
    {"39 d8 0f af c3 0f 95 03", false},      // imul eax, ebx
    {"39 d8 0f 38 f6 03 0f 95 03", false},   // no instruction of a map that is known
};

START_TEST(conditions_are_stored_by_flags_that_the_engine_knows) {
    uint8_t bytes[64];
    const size_t size = parse_bytes(conditions[_i].code, bytes);
    enum known_flags known = FLAGS_UNKNOWN;
    bool left = false;
    for (size_t at = 0; at < size;) {
        struct instruction instruction;
        ck_assert_int_eq(decode_instruction(bytes + at, size - at, CODE_64, &instruction),
                         INSTRUCTION_OK);
        left = sets_by_known_flags(known, &instruction);
        known = known_flags_behind(known, &instruction);
        at += instruction.length;
    }
    ck_assert_int_eq(left, conditions[_i].left);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scan");
    TCase *tcase = tcase_create("scan");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, blocks_are_cut_before_what_the_engine_cannot_intercept, 0,
                        COUNT_OF(cut_cases));
    tcase_add_test(tcase, blocks_are_cut_before_far_transfers_only_where_asked);
    tcase_add_test(tcase, blocks_end_after_branches);
    tcase_add_loop_test(tcase, conditions_are_stored_by_flags_that_the_engine_knows, 0,
                        COUNT_OF(conditions));
    tcase_add_test(tcase, two_prefixes_make_no_instruction_but_crc32);
    tcase_add_test(tcase, cuts_agree_with_the_opcode_list);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
