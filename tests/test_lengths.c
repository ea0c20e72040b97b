// SPDX-License-Identifier: MIT
//
// The length decoder against Unicorn's translator, in every opcode, with each kind of operand: a
// block is made to end where the decoder says that the instruction does. What is cut before is left
// out: the engine never sees it.

#include "decode/scan.h"
#include "engine/cpu/x86/replaced.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <unicorn/unicorn.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CODE 0x1000u
#define CR4_FOR_SSE 0x40600u // OSFXSR, OSXMMEXCPT, OSXSAVE

static const struct {
    enum code_mode mode;
    uc_mode unicorn;
} modes[] = {{CODE_64, UC_MODE_64}, {CODE_32, UC_MODE_32}, {CODE_16, UC_MODE_16}};

static uc_engine *engine;
static unsigned forms;

static void check(uc_err error) {
    ck_assert_msg(error == UC_ERR_OK, "%s", uc_strerror(error));
}

// AddressSanitizer asks for this. Unicorn leaks 32 bytes with each engine, and these engines are
// the test's own.
// NOLINTBEGIN(bugprone-reserved-identifier)
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "detect_leaks=0";
}
// NOLINTEND(bugprone-reserved-identifier)

static void engine_open(uc_mode mode) {
    uint64_t none = 0;
    uint64_t cr4 = CR4_FOR_SSE;
    check(uc_open(UC_ARCH_X86, mode, &engine));
    check(uc_ctl_set_cpu_model(engine, UC_CPU_X86_EPYC));
    check(uc_ctl_set_tcg_buffer_size(engine, 1u << 30));
    check(uc_mem_map(engine, CODE, 0x1000, UC_PROT_ALL));
    check(uc_ctl_exits_enable(engine));
    check(uc_ctl_set_exits(engine, &none, 0));
    check(uc_reg_write(engine, UC_X86_REG_CR4, &cr4));
}

// uc_ctl_request_cache() without its shift into the sign bit: two arguments, read and written.
static uc_tb translate(uint64_t end) {
    const unsigned control = (unsigned)UC_CTL_TB_REQUEST_CACHE | 2u << 26 | 3u << 30;
    uc_tb block = {.pc = 0};
    check(uc_ctl_set_exits(engine, &end, 1));
    check(uc_ctl(engine, (uc_control_type)control, (uint64_t)CODE, &block));
    check(uc_ctl_remove_cache(engine, CODE, CODE + 1));
    return block;
}

static void compare(enum code_mode mode, const uint8_t *bytes, size_t size) {
    struct instruction instruction;
    if (decode_instruction(bytes, size, mode, &instruction) != INSTRUCTION_OK ||
        cut_before(&instruction, mode, REPLACED_IF_PROTECTED | REPLACED_IF_LONG) != CUT_NONE) {
        return;
    }
    check(uc_mem_write(engine, CODE, bytes, size));
    const uc_tb block = translate(CODE + instruction.length);
    forms++;
    // The engine finds it undefined: that ends a block too.
    if (block.icount == 1 && !ends_block(&instruction)) {
        return;
    }
    ck_assert_msg(block.size == instruction.length && block.icount <= 2,
                  "%d bits, %02x %02x %02x %02x %02x: %u bytes, %u instructions, not %u", (int)mode,
                  bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], block.size, block.icount,
                  instruction.length);
}

struct form {
    uint8_t bytes[32];
    size_t size;
};

static void append(struct form *form, uint8_t byte) {
    form->bytes[form->size++] = byte;
}

// Each ModR/M byte with a short, a long and no displacement, a SIB byte, and a register.
static void compare_operands(enum code_mode mode, const struct form *opcode) {
    static const uint8_t operands[] = {0x01, 0x04, 0x05, 0x06, 0x41, 0x44, 0x81, 0x84, 0xc1};
    for (size_t i = 0; i < COUNT_OF(operands); i++) {
        for (unsigned group = 0; group < 8; group++) {
            struct form form = *opcode;
            append(&form, (uint8_t)(operands[i] | group << 3));
            append(&form, 0x25); // A SIB byte with a displacement.
            while (form.size < 16) {
                append(&form, 0x90);
            }
            append(&form, 0xeb);
            append(&form, 0xfe);
            compare(mode, form.bytes, form.size);
        }
    }
}

static void compare_opcodes(enum code_mode mode, const struct form *prefix) {
    static const uint8_t escapes[][2] = {{0, 0}, {0x0f, 0}, {0x0f, 0x38}, {0x0f, 0x3a}};
    for (size_t map = 0; map < COUNT_OF(escapes); map++) {
        for (unsigned opcode = 0; opcode < 0x100; opcode++) {
            struct form form = *prefix;
            for (size_t i = 0; i < 2 && escapes[map][i] != 0; i++) {
                append(&form, escapes[map][i]);
            }
            append(&form, (uint8_t)opcode);
            compare_operands(mode, &form);
        }
    }
}

START_TEST(every_encoding_has_the_length_that_the_engine_gives_it) {
    static const uint8_t prefixes[] = {0, 0x66, 0xf2, 0xf3, 0x67, 0x48};
    const enum code_mode mode = modes[_i].mode;
    engine_open(modes[_i].unicorn);
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct form prefix = {.size = 0};
        if (prefixes[i] != 0) {
            append(&prefix, prefixes[i]);
        }
        compare_opcodes(mode, &prefix);
    }
    check(uc_close(engine));
    ck_assert_uint_gt(forms, 50000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lengths");
    TCase *tcase = tcase_create("lengths");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, every_encoding_has_the_length_that_the_engine_gives_it, 0,
                        COUNT_OF(modes));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
