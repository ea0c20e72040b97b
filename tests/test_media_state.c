// SPDX-License-Identifier: MIT
//
// MXCSR in a guest: its flags, FTZ and DAZ, and the instructions that save and restore it with the
// x87 and SSE registers (SDM volume 1, sections 10.2.3, 10.5 and 13.4 to 13.9).

#include "execute.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define DATA 0x300000u
#define IMAGE (DATA + 0x40)
#define MXCSR_INITIAL 0x1f80u
#define MXCSR_FTZ 0x8000u
#define MXCSR_DAZ 0x0040u
#define VECTOR_UNDEFINED 6u
#define VECTOR_NO_DEVICE 7u
#define VECTOR_PROTECTION 13u

#define LOAD "\x0f\xae\x13\xf2\x0f\x10\x43\x08"  // ldmxcsr [rbx]; movsd xmm0, [rbx + 8]
#define STORE "\xf2\x0f\x11\x43\x08\x0f\xae\x1b" // movsd [rbx + 8], xmm0; stmxcsr [rbx]

// SSE is on, x87 is there.
static void start(void) {
    execute_start();
    put_code("\x0f\x20\xe0\x0d\x00\x06\x04\x00\x0f\x22\xe0" // CR4.OSFXSR, OSXMMEXCPT, OSXSAVE
             "\x0f\x20\xc0\x24\xf3\x0f\x22\xc0");           // CR0 without EM and TS
    zx_vcpu_state_t state = {.rax = 0};
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
}

struct operands {
    uint32_t mxcsr;
    uint32_t unused;
    uint64_t x;
    uint64_t y;
};

struct calculation {
    const char *text;
    const char *code; // An instruction on XMM0 and [RBX + 16], padded with NOPs.
    struct operands before;
    uint32_t mxcsr;
    uint64_t result;
};

#define DIVSS "\xf3\x0f\x5e\x43\x10\x90\x90\x90"
#define MULSS "\xf3\x0f\x59\x43\x10\x90\x90\x90"
#define MULSD "\xf2\x0f\x59\x43\x10\x90\x90\x90"
#define SUBPS "\x66\x0f\x6e\x4b\x10\x0f\x5c\xc1" // movd xmm1, [rbx + 16]; subps xmm0, xmm1
#define CVTSD2SS "\xf2\x0f\x5a\x43\x10\x90\x90\x90"
#define SQRTSD "\xf2\x0f\x51\x43\x10\x90\x90\x90"
#define CODE_SIZE 8u

#define FTZ (MXCSR_INITIAL | MXCSR_FTZ)

static const struct calculation calculations[] = {
    {"1 / 0", DIVSS, {MXCSR_INITIAL, 0, 0x3f800000, 0}, 0x1f84, 0x7f800000},
    {"0 / 0", DIVSS, {MXCSR_INITIAL, 0, 0, 0}, 0x1f81, 0xffc00000},
    {"1 / 3", DIVSS, {MXCSR_INITIAL, 0, 0x3f800000, 0x40400000}, 0x1fa0, 0x3eaaaaab},
    {"1 / 3 up", DIVSS, {0x5f80, 0, 0x3f800000, 0x40400000}, 0x5fa0, 0x3eaaaaab},
    {"1 / 3 down", DIVSS, {0x3f80, 0, 0x3f800000, 0x40400000}, 0x3fa0, 0x3eaaaaaa},
    {"overflow", MULSS, {MXCSR_INITIAL, 0, 0x7f7fffff, 0x7f7fffff}, 0x1fa8, 0x7f800000},
    {"flags stay", MULSS, {0x1f84, 0, 0x3f800000, 0x3f800000}, 0x1f84, 0x3f800000},
    {"tiny", MULSS, {MXCSR_INITIAL, 0, 0x00800001, 0x3f000000}, 0x1fb0, 0x00400000},
    {"FTZ single", MULSS, {FTZ, 0, 0x00800000, 0x3f000000}, FTZ | 0x30, 0},
    {"FTZ keeps the sign", MULSS, {FTZ, 0, 0x80800000, 0x3f000000}, FTZ | 0x30, 0x80000000},
    {"FTZ double", MULSD, {FTZ, 0, 1ull << 52, 0x3fe0000000000000}, FTZ | 0x30, 0},
    {"FTZ conversion", CVTSD2SS, {FTZ, 0, 0, 0x37a16c262777579c}, FTZ | 0x30, 0},
    {"FTZ difference", SUBPS, {FTZ, 0, 0x00c00000, 0x00800000}, FTZ | 0x30, 0},
    {"DAZ", MULSS, {MXCSR_INITIAL | MXCSR_DAZ, 0, 0x00400000, 0x7f000000}, 0x1fc0, 0},
    {"root of -1", SQRTSD, {MXCSR_INITIAL, 0, 0, 0xbff0000000000000}, 0x1f81, 0xfff8000000000000},
};

static void put_calculation(const struct calculation *calculation) {
    char code[sizeof LOAD + CODE_SIZE + sizeof STORE];
    size_t size = 0;
    memcpy(code, LOAD, sizeof LOAD - 1);
    size += sizeof LOAD - 1;
    memcpy(code + size, calculation->code, CODE_SIZE);
    size += CODE_SIZE;
    memcpy(code + size, STORE, sizeof STORE - 1);
    put_code_bytes(code, size + sizeof STORE - 1);
}

START_TEST(arithmetic_sets_the_flags_of_mxcsr_and_flushes_as_it_says) {
    start();
    for (size_t i = 0; i < COUNT_OF(calculations); i++) {
        const struct calculation *calculation = &calculations[i];
        zx_vcpu_state_t state = {.rbx = DATA};
        memory_write(DATA, &calculation->before, sizeof calculation->before);
        put_calculation(calculation);
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
        ck_assert_msg((uint32_t)memory_u64(DATA) == calculation->mxcsr, "%s: MXCSR %#x",
                      calculation->text, (unsigned)memory_u64(DATA));
        ck_assert_msg(memory_u64(DATA + 8) == calculation->result, "%s: %#llx", calculation->text,
                      (unsigned long long)memory_u64(DATA + 8));
    }
}
END_TEST

static uint64_t run_at(uint64_t address, uint64_t components) {
    zx_vcpu_state_t state = {.rbx = address, .rax = components};
    run_code(&state);
    return state.r10;
}

// An image with a byte that tells of its place in each register.
static void fill_image(uint8_t image[576]) {
    memset(image, 0, 576);
    for (unsigned i = 0; i < 8; i++) {
        memset(image + 32 + (size_t)i * 16, 0x11 * (int)i, 10);
    }
    for (unsigned i = 0; i < 16; i++) {
        memset(image + 160 + (size_t)i * 16, 0xa0 + (int)i, 16);
    }
    image[0] = 0x7f; // FCW: round up, double precision
    image[1] = 0x0a;
    image[3] = 0x28; // FSW: TOP is 5.
    image[4] = 0x5a;
    image[24] = 0xa5; // MXCSR
    image[25] = 0x5f;
    image[28] = 0xff; // Its mask
    image[29] = 0xff;
}

static const char *const save_codes[] = {"\x0f\xae\x03", "\x48\x0f\xae\x03", "\x0f\xae\x23",
                                         "\x0f\xae\x33"}; // fxsave, fxsave64, xsave, xsaveopt
static const char *const load_codes[] = {"\x0f\xae\x0b", "\x48\x0f\xae\x0b", "\x0f\xae\x2b",
                                         "\x0f\xae\x2b"}; // fxrstor, fxrstor64, xrstor

START_TEST(what_is_restored_is_saved_again) {
    uint8_t image[576];
    uint8_t saved[576];
    start();
    for (size_t i = 0; i < COUNT_OF(save_codes); i++) {
        const bool extended = i >= 2;
        const size_t length = i == 1 ? 4 : 3;
        fill_image(image);
        image[512] = extended ? 3 : 0;
        memory_write(IMAGE, image, sizeof image);
        put_code_bytes(load_codes[i], length);
        ck_assert_uint_eq(run_at(IMAGE, 3), NO_VECTOR);
        memset(saved, 0, sizeof saved);
        memory_write(IMAGE, saved, sizeof saved);
        put_code_bytes(save_codes[i], length);
        ck_assert_uint_eq(run_at(IMAGE, 3), NO_VECTOR);
        ck_assert_int_eq(zx_vmo_read(memory, saved, IMAGE, sizeof saved), ZX_OK);
        ck_assert_mem_eq(saved, image, sizeof saved);
    }
}
END_TEST

START_TEST(components_that_were_not_saved_are_restored_to_their_start) {
    uint8_t image[576];
    uint8_t saved[576] = {0};
    start();
    fill_image(image);
    put_code("\x0f\xae\x2b"); // xrstor [rbx], XSTATE_BV = 3 and then 0
    image[512] = 3;
    memory_write(IMAGE, image, sizeof image);
    ck_assert_uint_eq(run_at(IMAGE, 3), NO_VECTOR);
    image[512] = 0;
    memory_write(IMAGE, image, sizeof image);
    ck_assert_uint_eq(run_at(IMAGE, 3), NO_VECTOR);
    memory_write(IMAGE, saved, sizeof saved);
    put_code("\x0f\xae\x23"); // xsave [rbx]
    ck_assert_uint_eq(run_at(IMAGE, 3), NO_VECTOR);
    ck_assert_uint_eq(memory_u64(IMAGE) & 0xffffffffffff, 0x37f); // All registers are empty.
    ck_assert_uint_eq((uint32_t)memory_u64(IMAGE + 24), 0x5fa5);  // MXCSR is always loaded.
    ck_assert_uint_eq(memory_u64(IMAGE + 160), 0);
    ck_assert_uint_eq(memory_u64(IMAGE + 512), 3);
}
END_TEST

START_TEST(an_x87_control_word_that_is_restored_is_in_force) {
    uint8_t image[576];
    static const double three = 3.0;
    start();
    fill_image(image);
    image[4] = 0x4a; // Room for one more.
    memory_write(IMAGE, image, sizeof image);
    memory_write(DATA, &three, sizeof three);
    // fxrstor [rbx + 0x40]; fld1; fdiv qword [rbx]; fstp qword [rbx + 8]
    put_code("\x0f\xae\x4b\x40\xd9\xe8\xdc\x33\xdd\x5b\x08");
    ck_assert_uint_eq(run_at(DATA, 0), NO_VECTOR);
    ck_assert_uint_eq(memory_u64(DATA + 8), 0x3fd5555555555556); // Rounded up
}
END_TEST

START_TEST(bad_images_and_addresses_are_refused) {
    static const uint32_t reserved = 0x10000;
    uint8_t image[576];
    start();
    memory_write(DATA, &reserved, sizeof reserved);
    put_code("\x0f\xae\x13"); // ldmxcsr [rbx]
    ck_assert_uint_eq(run_at(DATA, 0), VECTOR_PROTECTION);
    fill_image(image);
    image[26] = 1;
    memory_write(IMAGE, image, sizeof image);
    put_code("\x0f\xae\x0b"); // fxrstor [rbx]
    ck_assert_uint_eq(run_at(IMAGE, 0), VECTOR_PROTECTION);
    ck_assert_uint_eq(run_at(IMAGE + 8, 0), VECTOR_PROTECTION);
    put_code("\x0f\xae\x03"); // fxsave [rbx]
    ck_assert_uint_eq(run_at(IMAGE + 8, 0), VECTOR_PROTECTION);
    put_code("\x0f\xae\x23"); // xsave [rbx]
    ck_assert_uint_eq(run_at(IMAGE + 32, 3), VECTOR_PROTECTION);
    fill_image(image);
    image[512] = 4; // A component that XCR0 does not have
    memory_write(IMAGE, image, sizeof image);
    put_code("\x0f\xae\x2b"); // xrstor [rbx]
    ck_assert_uint_eq(run_at(IMAGE, 3), VECTOR_PROTECTION);
    image[512] = 3;
    image[527] = 0x80; // A compacted image
    memory_write(IMAGE, image, sizeof image);
    ck_assert_uint_eq(run_at(IMAGE, 3), VECTOR_PROTECTION);
}
END_TEST

START_TEST(what_is_switched_off_is_not_to_be_had) {
    start();
    put_code("\x0f\x20\xc0\x0c\x08\x0f\x22\xc0\x0f\xae\x1b"); // CR0.TS; stmxcsr [rbx]
    ck_assert_uint_eq(run_at(DATA, 0), VECTOR_NO_DEVICE);
    put_code("\x0f\xae\x03"); // fxsave [rbx]
    ck_assert_uint_eq(run_at(DATA, 0), VECTOR_NO_DEVICE);
    put_code("\x0f\x20\xe0\x25\xff\xfd\xfb\xff\x0f\x22\xe0\x0f\xae\x1b"); // CR4 without OSFXSR
    ck_assert_uint_eq(run_at(DATA, 0), VECTOR_UNDEFINED);
    put_code("\x0f\xae\x23"); // xsave [rbx], without OSXSAVE
    ck_assert_uint_eq(run_at(DATA, 3), VECTOR_UNDEFINED);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        arithmetic_sets_the_flags_of_mxcsr_and_flushes_as_it_says,
        what_is_restored_is_saved_again,
        components_that_were_not_saved_are_restored_to_their_start,
        an_x87_control_word_that_is_restored_is_in_force,
        bad_images_and_addresses_are_refused,
        what_is_switched_off_is_not_to_be_had,
    };
    return run_tests("media state", tests, sizeof tests / sizeof tests[0]);
}
