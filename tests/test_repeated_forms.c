// SPDX-License-Identifier: MIT
//
// Every form of instruction many times in a row. Unicorn's translator has room for 512 temporary
// values in a block and does not look whether it is full; some instructions never give theirs back.
// The code is translated and not run: a division by zero comes first.

#include "execute.h"
#include "report_port.h"
#include "sanitized.h"

#include <stdlib.h>
#include <zirconia/decode.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { REPETITIONS = 508, LONGEST = 15 };

#define LEGACY_SLOT 0xa010u
#define LEGACY_TARGET 0x7f00u

static const zirconia_code_mode_t modes[] = {ZIRCONIA_CODE_64, ZIRCONIA_CODE_32, ZIRCONIA_CODE_16};
static unsigned forms;

static void start_mode(zirconia_code_mode_t mode) {
    if (mode == ZIRCONIA_CODE_64) {
        execute_start();
        return;
    }
    start_real("execute_legacy");
    enter_to_end();
    const uint8_t target[6] = {LEGACY_SLOT & 0xff, LEGACY_SLOT >> 8, 0, 0,
                               mode == ZIRCONIA_CODE_32 ? 0x08 : 0x18};
    memory_write(LEGACY_TARGET, target, sizeof target);
}

static void translate(zirconia_code_mode_t mode, const uint8_t *form, size_t length) {
    static const uint8_t divide_by_zero[] = {0x31, 0xc0, 0xf6, 0xf0}; // xor eax, eax; div al
    uint8_t code[sizeof divide_by_zero + REPETITIONS * LONGEST];
    size_t size = sizeof divide_by_zero;
    memcpy(code, divide_by_zero, size);
    for (unsigned i = 0; i < REPETITIONS; i++, size += length) {
        memcpy(code + size, form, length);
    }
    const bool long_mode = mode == ZIRCONIA_CODE_64;
    memory_write(long_mode ? EXECUTE_SLOT : LEGACY_SLOT, code, size);
    const zx_vcpu_state_t state = {
        .rbp = NO_VECTOR, .r10 = NO_VECTOR, .rsp = long_mode ? EXECUTE_STACK : 0x7000};
    write_state(&state);
    enter_to_end();
    const zx_vcpu_state_t after = read_state();
    ck_assert_uint_eq(long_mode ? after.r10 : after.rbp, 0); // The divide error.
    forms++;
}

// --- The forms ---

struct form {
    uint8_t bytes[2 * LONGEST];
    size_t size;
};

static void append(struct form *form, uint8_t byte) {
    form->bytes[form->size++] = byte;
}

static void try_form(zirconia_code_mode_t mode, const struct form *form) {
    const size_t length = zirconia_instruction_length(form->bytes, sizeof form->bytes, mode);
    if (length != 0) {
        translate(mode, form->bytes, length);
    }
}

static bool is_group(unsigned map, uint8_t opcode) {
    static const uint8_t one_byte[] = {0x80, 0x81, 0x83, 0x8f, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0,
                                       0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff, 0xd8, 0xd9,
                                       0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x8e, 0x8c};
    static const uint8_t map_0f[] = {0x00, 0x01, 0x0d, 0x18, 0x71, 0x72, 0x73,
                                     0xae, 0xba, 0xc7, 0x20, 0x22, 0x21, 0x23};
    return (map == 0 && memchr(one_byte, opcode, sizeof one_byte) != NULL) ||
           (map == 1 && memchr(map_0f, opcode, sizeof map_0f) != NULL);
}

static bool is_floating_point(unsigned map, uint8_t opcode) {
    return map == 0 && (opcode & 0xf8) == 0xd8;
}

// Register and memory operands; for groups, whose opcode goes on in the ModR/M byte, each of them.
static void try_operands(zirconia_code_mode_t mode, unsigned map, uint8_t opcode,
                         const struct form *prefix) {
    const unsigned step = is_floating_point(map, opcode) ? 1 : is_group(map, opcode) ? 8 : 64;
    for (unsigned modrm = 0; modrm < 0x100; modrm += modrm < 0xc0 ? (step < 8 ? 8 : step) : step) {
        if (modrm >= 0x40 && modrm < 0xc0) {
            modrm = 0xc0; // A displacement changes nothing.
        }
        struct form form = *prefix;
        append(&form, (uint8_t)(modrm + (step == 1 ? 0 : 1)));
        try_form(mode, &form);
    }
}

static void try_opcodes(zirconia_code_mode_t mode, unsigned map, const struct form *prefix) {
    static const uint8_t third[] = {0, 0, 0x38, 0x3a};
    for (unsigned opcode = 0; opcode < 0x100; opcode++) {
        struct form form = *prefix;
        if (map > 0) {
            append(&form, 0x0f);
        }
        if (map > 1) {
            append(&form, third[map]);
        }
        append(&form, (uint8_t)opcode);
        try_operands(mode, map, (uint8_t)opcode, &form);
    }
}

// The mode is i % 3; the map i / 3.
START_TEST(every_form_can_stand_508_times_in_a_row) {
    static const uint8_t prefixes[] = {0, 0x66, 0xf2, 0xf3};
    const zirconia_code_mode_t mode = modes[_i % 3];
    start_mode(mode);
    for (unsigned i = 0; i < COUNT_OF(prefixes); i++) {
        for (unsigned wide = 0; wide < (mode == ZIRCONIA_CODE_64 ? 2u : 1u); wide++) {
            struct form prefix = {.size = 0};
            if (prefixes[i] != 0) {
                append(&prefix, prefixes[i]);
            }
            if (wide != 0) {
                append(&prefix, 0x48);
            }
            try_opcodes(mode, (unsigned)_i / 3, &prefix);
        }
    }
    ck_assert_uint_gt(forms, 1000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("repeated_forms");
    TCase *tcase = tcase_create("repeated_forms");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, NULL, guest_close);
    tcase_add_loop_test(tcase, every_form_can_stand_508_times_in_a_row, 0, 12);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
