// SPDX-License-Identifier: MIT
//
// Boot code.

#include "boot.h"

#include "code.h"

#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_FMASK 0xc0000084

#define CR0_PROTECTED 0x11ull
#define CR0_PAGING 0x80010011ull
#define CR4_BASE 0x10600ull // FSGSBASE, OSFXSR and OSXMMEXCPT.
#define CR4_PAE 0x20ull
#define CR4_PSE 0x10ull
#define CR4_PGE 0x80ull
#define CR4_PCE 0x100ull
#define CR4_OSXSAVE 0x40000ull

enum {
    FLAGS_FIXED = 2,
    FLAGS_TRAP = 0x100,
    FLAGS_INTERRUPT = 0x200,
    FLAGS_IOPL = 0x3000,
    FLAGS_NESTED = 0x4000,
    FLAGS_VIRTUAL_8086 = 0x20000,
    PROTECTED_PART = 0x100, // Behind ENTRY_REAL.
};

unsigned boot_bits(enum boot_mode mode) {
    switch (mode) {
    case BOOT_LONG_KERNEL:
    case BOOT_LONG_USER:
        return 64;
    case BOOT_COMPATIBILITY_16:
    case BOOT_REAL:
    case BOOT_PROTECTED_16:
    case BOOT_VIRTUAL_8086:
        return 16;
    default:
        return 32;
    }
}

uint32_t boot_entry(enum boot_mode mode) {
    return mode < BOOT_LONG_MODES ? ENTRY_LONG : ENTRY_REAL;
}

static uint64_t choose_flags(struct choices *choices) {
    static const uint64_t bits[] = {FLAGS_TRAP, FLAGS_NESTED, 0x40000, 0x10000, 0x400, 0x200000};
    uint64_t flags = FLAGS_FIXED;
    flags |= choose_one_in(choices, 3) ? 0 : FLAGS_INTERRUPT;
    flags |= choose_one_in(choices, 2) ? FLAGS_IOPL : 0;
    if (choose_one_in(choices, 8)) {
        flags |= CHOOSE_FROM(choices, bits);
    }
    return flags;
}

static uint64_t choose_cr4(struct choices *choices) {
    static const uint64_t bits[] = {CR4_PSE, CR4_PGE, CR4_PCE, CR4_OSXSAVE, 0};
    const uint64_t first = CHOOSE_FROM(choices, bits);
    return CR4_BASE | first | CHOOSE_FROM(choices, bits);
}

static void put_data_segments(struct code *code, unsigned selector) {
    code_load(code, AX, selector);
    CODE(code, "\x8e\xd8\x8e\xc0\x8e\xe0\x8e\xe8"); // DS, ES, FS, GS
}

static void put_system_calls(struct code *code, struct choices *choices) {
    const uint64_t place = CHAOS + 64 * choose(choices, CHAOS_SIZE / 64);
    code_set_msr(code, MSR_STAR, (uint64_t)(CODE_32_3 | 3) << 48 | (uint64_t)CODE_0 << 32 | place);
    code_set_msr(code, MSR_LSTAR, place);
    code_set_msr(code, MSR_CSTAR, place);
    code_set_msr(code, MSR_FMASK, choose_one_in(choices, 2) ? FLAGS_INTERRUPT : 0);
    code_set_msr(code, MSR_SYSENTER_CS, code->bits == 64 ? CODE_0 : CODE_32_0);
    code_set_msr(code, MSR_SYSENTER_ESP, STACK_0 - 0x1800);
    code_set_msr(code, MSR_SYSENTER_EIP, place);
}

// A frame for IRET that leads to the start of the code.
static void put_start(struct code *code, struct choices *choices, unsigned selector,
                      uint32_t instruction) {
    const unsigned level = selector & 3;
    if (code->bits == 64 || level != 0) {
        code_push(code, level == 0 ? DATA_0 : DATA_3 | 3);
        code_push(code, level == 0 ? STACK_0 : STACK_3);
    }
    code_push(code, choose_flags(choices));
    code_push(code, selector);
    code_push(code, instruction);
    code_interrupt_return(code);
}

// --- From long mode ---

static void put_long(struct image *image, struct choices *choices, enum boot_mode mode,
                     uint32_t start) {
    static const unsigned selectors[BOOT_LONG_MODES] = {CODE_0, CODE_3 | 3, CODE_32_0,
                                                        CODE_32_3 | 3, CODE_16_0};
    struct code code = {image, ENTRY_LONG, ENTRY_LONG + PAGE, 64};
    code_load(&code, SP, STACK_0);
    CODE(&code, "\x0f\x01\x14\x25"); // lgdt [POINTERS]
    code_number(&code, POINTERS, 4);
    CODE(&code, "\x0f\x01\x1c\x25"); // lidt [POINTERS + 16]
    code_number(&code, POINTERS + 16, 4);
    code_load(&code, AX, TASK_WIDE);
    CODE(&code, "\x0f\x00\xd8"); // ltr ax
    code_load(&code, AX, LOCAL_WIDE);
    CODE(&code, "\x0f\x00\xd0"); // lldt ax
    put_data_segments(&code, DATA_0);
    code_set_control(&code, 4, choose_cr4(choices) | CR4_PAE);
    if (choose_one_in(choices, 2)) {
        code_set_control(&code, 3, SECOND_PML4);
    }
    if (choose_one_in(choices, 4)) {
        put_system_calls(&code, choices);
    }
    put_start(&code, choices, selectors[mode], start + (mode == BOOT_COMPATIBILITY_16 ? 0 : CHAOS));
}

// --- From real mode ---

static void put_virtual_8086(struct code *code, struct choices *choices, uint32_t start) {
    static const unsigned frame[] = {DATA >> 4, DATA >> 4,   DATA >> 4,
                                     DATA >> 4, STACKS >> 4, 0x9000};
    for (unsigned i = 0; i < sizeof frame / sizeof frame[0]; i++) {
        code_push(code, frame[i]); // GS, FS, DS, ES, SS, ESP
    }
    code_push(code, FLAGS_VIRTUAL_8086 | choose_flags(choices));
    code_push(code, CHAOS >> 4);
    code_push(code, start);
    code_interrupt_return(code);
}

static void put_paging(struct code *code, struct choices *choices) {
    const unsigned kind = choose(choices, 3);
    if (kind == 0) {
        return;
    }
    code_set_control(code, 4, choose_cr4(choices) | (kind == 1 ? CR4_PAE : CR4_PSE));
    code_set_control(code, 3, kind == 1 ? PAE_PDPT : LEGACY_DIRECTORY);
    code_set_control(code, 0, CR0_PAGING);
}

static void put_protected(struct image *image, struct choices *choices, enum boot_mode mode,
                          uint32_t start) {
    struct code code = {image, ENTRY_REAL + PROTECTED_PART, ENTRY_REAL + PAGE, 32};
    put_data_segments(&code, DATA_0);
    CODE(&code, "\x8e\xd0"); // mov ss, ax
    code_load(&code, SP, STACK_0);
    code_load(&code, AX, TASK_FIRST);
    CODE(&code, "\x0f\x00\xd8"); // ltr ax
    code_load(&code, AX, LOCAL_WIDE);
    CODE(&code, "\x0f\x00\xd0"); // lldt ax
    if (choose_one_in(choices, 4)) {
        put_system_calls(&code, choices);
    }
    put_paging(&code, choices);
    switch (mode) {
    case BOOT_PROTECTED_USER:
        put_start(&code, choices, CODE_32_3 | 3, CHAOS + start);
        break;
    case BOOT_PROTECTED_16:
        put_start(&code, choices, CODE_16_0, start);
        break;
    case BOOT_VIRTUAL_8086:
        put_virtual_8086(&code, choices, start);
        break;
    default:
        put_start(&code, choices, CODE_32_0, CHAOS + start);
        break;
    }
}

static void put_real(struct image *image, enum boot_mode mode, uint32_t start) {
    struct code code = {image, ENTRY_REAL, ENTRY_REAL + PROTECTED_PART, 16};
    CODE(&code, "\x31\xc0\x8e\xd8\x8e\xc0\xb8"); // DS = ES = 0; mov ax, STACKS >> 4
    code_number(&code, STACKS >> 4, 2);
    CODE(&code, "\x8e\xd0\xbc\x00\x80"); // mov ss, ax; mov sp, 0x8000
    if (mode == BOOT_REAL) {
        CODE(&code, "\xfb\xea"); // sti; jmp CHAOS >> 4:start
        code_number(&code, start, 2);
        code_number(&code, CHAOS >> 4, 2);
        return;
    }
    CODE(&code, "\x66\x0f\x01\x16\x00\xf0"   // o32 lgdt [POINTERS]
                "\x66\x0f\x01\x1e\x20\xf0"); // o32 lidt [POINTERS + 32]
    code_set_control(&code, 0, CR0_PROTECTED);
    CODE(&code, "\x66\xea"); // jmp dword CODE_32_0:...
    code_number(&code, ENTRY_REAL + PROTECTED_PART, 4);
    code_number(&code, CODE_32_0, 2);
}

void boot_put(struct image *image, struct choices *choices, enum boot_mode mode, uint32_t start) {
    if (mode < BOOT_LONG_MODES) {
        put_long(image, choices, mode, start);
        return;
    }
    put_real(image, mode, start);
    if (mode != BOOT_REAL) {
        put_protected(image, choices, mode, start);
    }
}
