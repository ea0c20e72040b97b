// SPDX-License-Identifier: MIT
//
// Instructions.

#include "instructions.h"

uint64_t instructions_choose_address(struct choices *choices, unsigned bits) {
    static const uint64_t places[] = {
        DATA,
        DATA,
        DATA + PAGE,
        DATA + 2 * PAGE,
        CHAOS,
        CHAOS + PAGE,
        STACK_0,
        STACK_3,
        WILD,
        WILD + 3 * PAGE,
        WILD + 9 * PAGE,
        ALIAS + CHAOS,
        ALIAS + DATA,
        SELF,
        SELF + 8 * PAGE,
        MEMORY_TRAP,
        BELL_TRAP,
        PAGE_TABLE,
        WILD_TABLE,
        GDT,
        IDT_64,
        TASK_64,
        TASK_32_FIRST,
        0,
        0x900000,
        0x40000000 + DATA,
        0xfffff000,
    };
    uint64_t address = CHOOSE_FROM(choices, places);
    switch (choose(choices, 5)) {
    case 0:
        address += PAGE - 1 - choose(choices, 16); // Over the end of the page.
        break;
    case 1:
        break;
    default:
        address += choose(choices, PAGE);
        break;
    }
    if (bits == 64 && choose_one_in(choices, 16)) {
        static const uint64_t high[] = {0xffff800000000000, 0xffffff8000000000, 0x800000000000,
                                        0xffffffffffff0000};
        address |= CHOOSE_FROM(choices, high);
    }
    return bits == 16 && !choose_one_in(choices, 8) ? address & 0xffff : address;
}

// BX, SI and DI are what 16-bit addresses can be made of.
static unsigned load_pointer(struct code *code, struct choices *choices) {
    static const unsigned pointers[] = {BX, SI, DI};
    const unsigned reg = CHOOSE_FROM(choices, pointers);
    code_load(code, reg, instructions_choose_address(choices, code->bits));
    return reg;
}

static void put_operand(struct code *code, struct choices *choices, unsigned base) {
    static const unsigned narrow[] = {[BX] = 7, [SI] = 4, [DI] = 5};
    const unsigned reg = choose(choices, 8) << 3;
    const unsigned memory = code->bits == 16 ? narrow[base] : base;
    switch (choose(choices, 6)) {
    case 0:
        code_byte(code, 0xc0 | reg | choose(choices, 8));
        break;
    case 1:
        code_byte(code, 0x40 | reg | memory);
        code_byte(code, choose(choices, 256));
        break;
    case 2:
        code_byte(code, choose(choices, 256));
        break;
    default:
        code_byte(code, reg | memory);
        break;
    }
}

static void put_prefixes(struct code *code, struct choices *choices) {
    static const uint8_t prefixes[] = {0x66, 0x66, 0xf2, 0xf3, 0xf3, 0xf0, 0x67,
                                       0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65};
    while (choose_one_in(choices, 3)) {
        code_byte(code, CHOOSE_FROM(choices, prefixes));
    }
    if (code->bits == 64 && choose_one_in(choices, 3)) {
        code_byte(code, choose_one_in(choices, 2) ? 0x48 : 0x40 + choose(choices, 16));
    }
}

void instructions_put_form(struct code *code, struct choices *choices) {
    const unsigned base = load_pointer(code, choices);
    put_prefixes(code, choices);
    switch (choose(choices, 8)) {
    case 0:
    case 1:
        break;
    case 2:
        CODE(code, "\x0f\x38");
        break;
    case 3:
        CODE(code, "\x0f\x3a");
        break;
    case 4:
        code_byte(code, 0xd8 + choose(choices, 8)); // x87: the operand is next.
        put_operand(code, choices, base);
        return;
    default:
        code_byte(code, 0x0f);
        break;
    }
    code_byte(code, choose(choices, 256));
    put_operand(code, choices, base);
    if (choose_one_in(choices, 2)) {
        code_byte(code, choose(choices, 256));
    }
}

struct bytes {
    uint8_t size;
    uint8_t bytes[4];
};

static const struct bytes delicate[] = {
    {1, {0x9c}},                   // pushf
    {1, {0x9d}},                   // popf
    {3, {0x0f, 0x00, 0xc0}},       // sldt ax
    {3, {0x0f, 0x00, 0xc8}},       // str ax
    {3, {0x0f, 0x00, 0xd0}},       // lldt ax
    {3, {0x0f, 0x00, 0xd8}},       // ltr ax
    {3, {0x0f, 0x00, 0xe0}},       // verr ax
    {3, {0x0f, 0x00, 0xe8}},       // verw ax
    {3, {0x0f, 0x02, 0xc0}},       // lar ax, ax
    {3, {0x0f, 0x03, 0xc0}},       // lsl ax, ax
    {2, {0x63, 0xc0}},             // arpl, movsxd
    {3, {0x0f, 0x01, 0x07}},       // sgdt
    {3, {0x0f, 0x01, 0x0f}},       // sidt
    {3, {0x0f, 0x01, 0x17}},       // lgdt
    {3, {0x0f, 0x01, 0x1f}},       // lidt
    {3, {0x0f, 0x01, 0xe0}},       // smsw ax
    {3, {0x0f, 0x01, 0xf0}},       // lmsw ax
    {3, {0x0f, 0x01, 0x3b}},       // invlpg [rbx]
    {3, {0x0f, 0x01, 0xf8}},       // swapgs
    {3, {0x0f, 0x01, 0xf9}},       // rdtscp
    {3, {0x0f, 0x01, 0xc1}},       // vmcall
    {3, {0x0f, 0x01, 0xd9}},       // vmmcall
    {3, {0x0f, 0x01, 0xd8}},       // vmrun
    {3, {0x0f, 0x01, 0xda}},       // vmload
    {3, {0x0f, 0x01, 0xdc}},       // stgi
    {3, {0x0f, 0x01, 0xd0}},       // xgetbv
    {3, {0x0f, 0x01, 0xd1}},       // xsetbv
    {3, {0x0f, 0x01, 0xc8}},       // monitor
    {2, {0x0f, 0x05}},             // syscall
    {2, {0x0f, 0x07}},             // sysret
    {2, {0x0f, 0x34}},             // sysenter
    {2, {0x0f, 0x35}},             // sysexit
    {2, {0x0f, 0x06}},             // clts
    {2, {0x0f, 0x08}},             // invd
    {2, {0x0f, 0x0b}},             // ud2
    {2, {0x0f, 0xa2}},             // cpuid
    {2, {0x0f, 0x31}},             // rdtsc
    {2, {0x0f, 0x33}},             // rdpmc
    {2, {0x0f, 0x30}},             // wrmsr
    {2, {0x0f, 0x32}},             // rdmsr
    {2, {0x0f, 0xaa}},             // rsm
    {3, {0x0f, 0x20, 0xc0}},       // mov eax, cr0
    {3, {0x0f, 0x20, 0xd8}},       // mov eax, cr3
    {3, {0x0f, 0x22, 0xc0}},       // mov cr0, eax
    {4, {0x44, 0x0f, 0x22, 0xc0}}, // mov cr8, eax
    {3, {0x0f, 0x23, 0xf8}},       // mov dr7, eax
    {3, {0x0f, 0x21, 0xf0}},       // mov eax, dr6
    {1, {0xcc}},                   // int3
    {1, {0xce}},                   // into
    {1, {0xf1}},                   // int1
    {2, {0xcd, 0x80}},             // int 0x80
    {1, {0xf4}},                   // hlt
    {1, {0xfa}},                   // cli
    {1, {0xfb}},                   // sti
    {2, {0xf3, 0x90}},             // pause
    {1, {0xcb}},                   // retf
    {1, {0xcf}},                   // iret
    {2, {0x48, 0xcf}},             // iretq
    {2, {0xff, 0x1b}},             // call far [rbx]
    {2, {0xff, 0x2b}},             // jmp far [rbx]
    {4, {0xc8, 0x10, 0x00, 0x1f}}, // enter
    {1, {0xc9}},                   // leave
    {2, {0x8e, 0xd0}},             // mov ss, ax
    {2, {0x8e, 0xd8}},             // mov ds, ax
    {3, {0x0f, 0xb2, 0x23}},       // lss sp, [rbx]
    {2, {0x0f, 0xa1}},             // pop fs
    {3, {0x0f, 0xc7, 0x0b}},       // cmpxchg8b [rbx]
    {4, {0x48, 0x0f, 0xc7, 0x0b}}, // cmpxchg16b [rbx]
    {4, {0xf0, 0x0f, 0xab, 0x03}}, // lock bts [rbx], eax
    {3, {0xf0, 0xf7, 0x1b}},       // lock neg [rbx]
    {4, {0xf3, 0x0f, 0xc7, 0xf0}}, // rdpid
    {3, {0x0f, 0xae, 0x03}},       // fxsave
    {3, {0x0f, 0xae, 0x0b}},       // fxrstor
    {3, {0x0f, 0xae, 0x13}},       // ldmxcsr
    {3, {0x0f, 0xae, 0x23}},       // xsave
    {3, {0x0f, 0xae, 0x2b}},       // xrstor
    {4, {0xf3, 0x0f, 0xae, 0xd0}}, // wrfsbase
    {3, {0x0f, 0xae, 0x3b}},       // clflush
    {2, {0xd9, 0x33}},             // fnstenv
    {2, {0xd9, 0x23}},             // fldenv
    {2, {0xdd, 0x33}},             // fnsave
    {2, {0xdb, 0x2b}},             // fld m80
    {2, {0xdf, 0x33}},             // fbstp
    {2, {0xd9, 0xf8}},             // fprem
    {2, {0xd9, 0xfe}},             // fsin
    {2, {0xd9, 0xf4}},             // fxtract
    {2, {0xd9, 0x2b}},             // fldcw
    {1, {0x9b}},                   // fwait
    {2, {0x0f, 0x77}},             // emms
    {3, {0x0f, 0x50, 0x03}},       // movmskps with memory
    {4, {0xf2, 0x0f, 0xd6, 0x03}}, // movdq2q with memory
    {4, {0x66, 0x0f, 0xf7, 0xc1}}, // maskmovdqu
    {4, {0xc5, 0xf8, 0x77, 0x90}}, // vzeroupper
    {4, {0x62, 0xf1, 0x7c, 0x48}}, // EVEX, or BOUND
    {1, {0xec}},                   // in al, dx
    {1, {0xef}},                   // out dx, eax
    {2, {0xe4, 0x10}},             // in al, 0x10
    {2, {0xe7, 0x10}},             // out 0x10, eax
    {1, {0xd7}},                   // xlat
    {1, {0xd6}},                   // salc
    {2, {0xd4, 0x00}},             // aam 0
    {2, {0xe3, 0xfe}},             // jrcxz, to itself
};

static void put_delicate(struct code *code, const struct bytes *one) {
    code_bytes(code, one->bytes, one->size);
}

void instructions_put_delicate(struct code *code, struct choices *choices) {
    code_load(code, BX, instructions_choose_address(choices, code->bits));
    if (choose_one_in(choices, 2)) {
        code_load(code, AX, choose_bits(choices, choose_one_in(choices, 2) ? 1 : 4));
    }
    put_delicate(code, &CHOOSE_FROM(choices, delicate));
}

void instructions_put_run(struct code *code, struct choices *choices) {
    struct bytes one = CHOOSE_FROM(choices, delicate);
    if (choose_one_in(choices, 2)) {
        one.size = (uint8_t)(2 + choose(choices, 3));
        one.bytes[0] = choose_one_in(choices, 3) ? (uint8_t)(0xd8 + choose(choices, 8)) : 0x0f;
        one.bytes[1] = (uint8_t)choose(choices, 256);
        one.bytes[2] = (uint8_t)(choose_one_in(choices, 2) ? 0xc0 | choose(choices, 64) : 3);
    }
    code_load(code, BX, DATA + 0x800);
    for (unsigned count = 1 + choose(choices, 2u << choose(choices, 9)); count > 0; count--) {
        put_delicate(code, &one);
    }
}

void instructions_put_string(struct code *code, struct choices *choices) {
    static const uint8_t strings[] = {0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6,
                                      0xa7, 0xae, 0xaf, 0x6c, 0x6d, 0x6e, 0x6f};
    code_load(code, SI, instructions_choose_address(choices, code->bits));
    code_load(code, DI, instructions_choose_address(choices, code->bits));
    code_load(code, CX, choose_one_in(choices, 8) ? choose_bits(choices, 4) : choose(choices, 512));
    if (choose_one_in(choices, 2)) {
        code_load(code, DX, choose(choices, 2 * PORTS));
    }
    code_byte(code, choose_one_in(choices, 4) ? 0xfd : 0xfc);
    if (choose_one_in(choices, 4)) {
        code_byte(code, 0x67);
    }
    if (!choose_one_in(choices, 4)) {
        code_byte(code, 0xf2 + choose(choices, 2));
    }
    if (code->bits == 64 && choose_one_in(choices, 2)) {
        code_byte(code, 0x48);
    }
    code_byte(code, CHOOSE_FROM(choices, strings));
}

void instructions_put_limits(struct code *code, struct choices *choices) {
    static const uint64_t limits[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000000000000000, 0xffffffffffffffff};
    code_load(code, AX, CHOOSE_FROM(choices, limits));
    code_load(code, DX, CHOOSE_FROM(choices, limits));
    code_load(code, CX, CHOOSE_FROM(choices, limits));
    if (choose_one_in(choices, 2)) {
        CODE(code, "\x66\x0f\x3a"); // pcmpXstrX xmm0, xmm?, imm8
        code_byte(code, 0x60 + choose(choices, 4));
        code_byte(code, 0xc0 + choose(choices, 8));
        code_byte(code, choose(choices, 256));
        return;
    }
    if (code->bits == 64 && choose_one_in(choices, 2)) {
        code_byte(code, 0x48);
    }
    code_byte(code, 0xf6 + choose(choices, 2));
    code_byte(code, 0xe0 + choose(choices, 32)); // mul, imul, div, idiv
}
