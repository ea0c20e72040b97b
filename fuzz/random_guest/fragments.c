// SPDX-License-Identifier: MIT
//
// Pieces of code.

#include "fragments.h"

#include "descriptors.h"
#include "instructions.h"
#include "page_tables.h"

static uint32_t choose_place(struct choices *choices) {
    return CHAOS + 16 * choose(choices, CHAOS_SIZE / 16);
}

// --- Paging ---

static void put_control_register(struct code *code, struct choices *choices) {
    static const uint64_t cr0[] = {0x80010011, 0x80000011, 0x11,       0x10,       0x80050033,
                                   0x8001001d, 0xe0010011, 0x80010001, 0x100000011};
    static const uint64_t cr3[] = {PML4,      SECOND_PML4, PAE_PDPT,          LEGACY_DIRECTORY,
                                   DIRECTORY, WILD_TABLE,  MEMORY_TRAP,       CHAOS,
                                   0x900000,  1ull << 40,  SECOND_PML4 | 0x18};
    static const uint64_t cr4[] = {0x10620,  0x106a0,  0x106b0, 0x10600, 0x10610, 0x620,
                                   0x110620, 0x310620, 0x50620, 0x2000,  0x107e8, 0x1001};
    switch (choose(choices, 8)) {
    case 0:
    case 1:
        code_set_control(code, 0, CHOOSE_FROM(choices, cr0));
        break;
    case 2:
    case 3:
        code_set_control(code, 4, CHOOSE_FROM(choices, cr4));
        break;
    case 4:
        code_load(code, AX, choose_bits(choices, 4)); // mov crN or drN, anything
        code_byte(code, 0x0f);
        code_byte(code, 0x20 + choose(choices, 4));
        code_byte(code, 0xc0 | choose(choices, 64));
        break;
    default:
        code_set_control(code, 3, CHOOSE_FROM(choices, cr3));
        break;
    }
}

static void put_invalidation(struct code *code, uint64_t address) {
    code_load(code, BX, address);
    CODE(code, "\x0f\x01\x3b"); // invlpg [rbx], or [bp + di]
}

static void put_table_change(struct code *code, struct choices *choices) {
    const uint32_t place = page_tables_choose_place(choices);
    const uint64_t entry = page_tables_choose_entry(choices);
    code_store(code, place, (uint32_t)entry, 4);
    if (choose_one_in(choices, 2)) {
        code_store(code, place + 4, (uint32_t)(entry >> 32), 4);
    }
    if (choose_one_in(choices, 2)) {
        put_invalidation(code, WILD + (uint64_t)PAGE * choose(choices, 16));
    }
}

// Changes an entry, flushes and touches the page, many times.
static void put_storm(struct code *code, struct choices *choices) {
    const uint32_t index = choose(choices, 16);
    const uint32_t table =
        choose_one_in(choices, 2) ? WILD_TABLE + 8 * index : LEGACY_WILD_TABLE + 4 * index;
    code_load(code, CX, 2 + choose(choices, 40));
    const uint32_t start = code->at;
    for (unsigned i = 0; i < 2; i++) {
        code_store(code, table, (uint32_t)page_tables_choose_entry(choices), 4);
        put_invalidation(code, WILD + (uint64_t)PAGE * index);
        CODE(code, "\x8b\x03"); // mov eax, [rbx]
    }
    CODE(code, "\xff\xc9\x75"); // dec ecx; jnz start
    code_byte(code, (start - code->at - 1) & 0xff);
}

// --- Model-specific registers ---

static void put_msr(struct code *code, struct choices *choices) {
    static const uint32_t numbers[] = {
        0xc0000080, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100,
        0xc0000101, 0xc0000102, 0xc0000103, 0x174,      0x175,      0x176,      0x1b,
        0x277,      0x10,       0x6e0,      0x830,      0x832,      0x838,      0x83e,
        0x80b,      0x80f,      0x83f,      0x1a0,      0x2ff,      0x200,      0x250,
        0x1d9,      0xc0010117, 0xc0010114, 0x4b564d00, 0x4b564d01, 0x11,       0x12,
    };
    static const uint64_t values[] = {0,
                                      1,
                                      0x500,
                                      0x900,
                                      0xd00,
                                      0xd01,
                                      0x1500,
                                      0xfee00c00,
                                      0x400,
                                      0x10040,
                                      0x20040,
                                      0x20,
                                      0x1000,
                                      0x4500,
                                      DATA | 1,
                                      0xffff800000000000,
                                      0x800000000000,
                                      CHAOS};
    const uint32_t msr = CHOOSE_FROM(choices, numbers);
    uint64_t value = CHOOSE_FROM(choices, values);
    if (choose_one_in(choices, 6)) {
        value = choose_bits(choices, 8);
    }
    code_set_msr(code, msr, value);
    if (choose_one_in(choices, 2)) {
        CODE(code, "\x0f\x32"); // rdmsr
    }
}

// --- Code ---

static uint64_t code_alias(struct choices *choices, uint32_t place) {
    static const uint32_t windows[] = {0, 0, ALIAS, 0x40000000};
    return place + CHOOSE_FROM(choices, windows);
}

static void put_patch(struct code *code, struct choices *choices) {
    static const uint32_t values[] = {0x90909090, 0xf4, 0xcc, 0xc3, 0x0b0f, 0xee, 0x050f, 0xfeeb};
    const bool near_by = choose_one_in(choices, 2);
    const uint32_t place = near_by ? code->at + 8 + choose(choices, 24) : choose_place(choices);
    const unsigned size = 1u << choose(choices, 3);
    const uint64_t alias = code_alias(choices, place);
    code_store(code, (uint32_t)alias, CHOOSE_FROM(choices, values), size);
    if (choose_one_in(choices, 4)) {
        CODE(code, "\x0f\xa2"); // cpuid
    }
}

// A loop that writes its own page, or the page behind it.
static void put_patch_loop(struct code *code, struct choices *choices) {
    code_load(code, CX, 2 + choose(choices, 60));
    const uint32_t start = code->at;
    const uint32_t place = (code->at & ~0xfffu) + choose(choices, 2 * PAGE);
    code_store(code, (uint32_t)code_alias(choices, place), 0x90, 1);
    CODE(code, "\xff\xc9\x75"); // dec ecx; jnz start
    code_byte(code, (start - code->at - 1) & 0xff);
}

static void put_jump(struct code *code, struct choices *choices) {
    const uint32_t place = choose_place(choices);
    if (code->bits == 16) {
        code_byte(code, 0xe9);
        code_number(code, place - (code->at + 2), 2);
        return;
    }
    code_load(code, AX,
              choose_one_in(choices, 4) ? instructions_choose_address(choices, code->bits)
                                        : code_alias(choices, place));
    CODE(code, "\xff");
    code_byte(code, choose_one_in(choices, 2) ? 0xe0 : 0xd0); // jmp or call
}

static void put_backward(struct code *code, struct choices *choices) {
    static const uint8_t jumps[] = {0xeb, 0x74, 0x75, 0x72, 0x7c, 0xe2, 0xe0, 0xe3};
    code_byte(code, CHOOSE_FROM(choices, jumps));
    code_byte(code, 0xf0 - 16 * choose(choices, 6));
}

// --- Transfers between segments ---

static uint32_t choose_target(struct code *code, struct choices *choices) {
    const bool based = code->bits == 16 && choose_one_in(choices, 2); // The segment is, at CHAOS.
    return choose_place(choices) - (based ? CHAOS : 0);
}

static void put_far_pointer(struct code *code, struct choices *choices) {
    const uint32_t pointer = DATA + 0x100;
    code_store(code, pointer, choose_target(code, choices), 4);
    code_store(code, pointer + 4, descriptors_choose_selector(choices), 2);
    code_load(code, BX, pointer);
    if (code->bits == 64 && choose_one_in(choices, 3)) {
        code_byte(code, 0x48);
    }
    code_byte(code, 0xff);
    code_byte(code, choose_one_in(choices, 2) ? 0x1b : 0x2b); // call or jmp far [rbx]
}

static void put_far_immediate(struct code *code, struct choices *choices) {
    code_operand_32(code);
    code_byte(code, choose_one_in(choices, 2) ? 0x9a : 0xea); // #UD in 64-bit code.
    code_number(code, choose_target(code, choices), 4);
    code_number(code, descriptors_choose_selector(choices), 2);
}

static void put_frame(struct code *code, struct choices *choices) {
    static const uint64_t flags[] = {2, 0x202, 0x302, 0x4002, 0x20202, 0x10202, 0x3202, 0x40202};
    const bool interrupt = choose_one_in(choices, 2);
    if (choose_one_in(choices, 4)) {
        code_push(code, DATA >> 4); // Virtual-8086 mode's.
        code_push(code, DATA >> 4);
        code_push(code, DATA >> 4);
        code_push(code, DATA >> 4);
    }
    code_push(code, choose_one_in(choices, 3) ? descriptors_choose_selector(choices) : DATA_3 | 3);
    code_push(code, choose_one_in(choices, 4) ? instructions_choose_address(choices, code->bits)
                                              : STACK_3);
    if (interrupt) {
        code_push(code, CHOOSE_FROM(choices, flags));
    }
    code_push(code, choose_one_in(choices, 2) ? descriptors_choose_selector(choices)
                    : code->bits == 64        ? CODE_3 | 3
                                              : CODE_32_3 | 3);
    code_push(code, choose_target(code, choices));
    if (interrupt) {
        code_interrupt_return(code);
    } else {
        code_far_return(code);
    }
}

static void put_interrupt(struct code *code, struct choices *choices) {
    code_byte(code, 0xcd);
    code_byte(code, choose_one_in(choices, 2) ? choose(choices, 32) : choose(choices, 256));
}

static void put_segment_load(struct code *code, struct choices *choices) {
    code_load(code, AX, descriptors_choose_selector(choices));
    switch (choose(choices, 5)) {
    case 0:
        CODE(code, "\x0f\x00");
        code_byte(code, 0xc0 | choose(choices, 6) << 3); // sldt to verw ax
        break;
    case 1:
        code_byte(code, 0x0f);
        code_byte(code, 2 + choose(choices, 2)); // lar, lsl eax, ax
        code_byte(code, 0xc0);
        break;
    default:
        code_byte(code, 0x8e);
        code_byte(code, 0xc0 | choose(choices, 6) << 3); // mov sreg, ax
        break;
    }
}

static void put_descriptor_change(struct code *code, struct choices *choices) {
    static const uint32_t tables[] = {GDT, GDT, LDT, IDT_64, IDT_32, TASK_32_FIRST, TASK_64};
    const uint32_t table = CHOOSE_FROM(choices, tables);
    const uint32_t place = table + 8 * choose(choices, 32);
    const uint64_t descriptor = descriptors_choose(choices);
    code_store(code, place, (uint32_t)descriptor, 4);
    code_store(code, place + 4, (uint32_t)(descriptor >> 32), 4);
}

static void put_table_load(struct code *code, struct choices *choices) {
    code_load(code, BX,
              choose_one_in(choices, 3) ? instructions_choose_address(choices, code->bits)
                                        : POINTERS + 16 * choose(choices, 3));
    CODE(code, "\x0f\x01");
    code_byte(code, (2 + choose(choices, 2)) << 3 | (code->bits == 16 ? 7u : 3u)); // lgdt or lidt
}

// --- The world outside ---

static void put_port(struct code *code, struct choices *choices) {
    static const uint8_t ports[] = {0xec, 0xed, 0xee, 0xef};
    code_load(code, DX, choose(choices, choose_one_in(choices, 4) ? 0x10000 : PORTS));
    for (unsigned count = 1 + choose(choices, 3); count > 0; count--) {
        code_byte(code, CHOOSE_FROM(choices, ports));
    }
}

static void put_trap_access(struct code *code, struct choices *choices) {
    static const uint8_t accesses[] = {0x8b, 0x89, 0x8a, 0x88, 0x87, 0x01, 0xff, 0x63};
    const uint32_t page = choose_one_in(choices, 2) ? MEMORY_TRAP : BELL_TRAP;
    code_load(code, BX, page + choose(choices, PAGE));
    if (code->bits == 16) {
        code_byte(code, 0x67); // [ebx]
    }
    code_byte(code, CHOOSE_FROM(choices, accesses));
    code_byte(code, 0x03 | choose(choices, 8) << 3);
}

static void put_random_bytes(struct code *code, struct choices *choices) {
    for (unsigned count = 1 + choose(choices, 24); count > 0; count--) {
        code_byte(code, choose(choices, 256));
    }
}

// ---

typedef void (*fragment)(struct code *code, struct choices *choices);

// The more often a piece stands here, the likelier it is.
static const fragment fragments[] = {
    instructions_put_form,
    instructions_put_form,
    instructions_put_form,
    instructions_put_form,
    instructions_put_form,
    instructions_put_form,
    instructions_put_delicate,
    instructions_put_delicate,
    instructions_put_delicate,
    instructions_put_string,
    instructions_put_string,
    instructions_put_limits,
    put_control_register,
    put_table_change,
    put_table_change,
    put_storm,
    put_msr,
    put_msr,
    put_patch,
    put_patch,
    put_patch_loop,
    put_jump,
    put_backward,
    put_far_pointer,
    put_far_immediate,
    put_frame,
    put_interrupt,
    put_segment_load,
    put_segment_load,
    put_descriptor_change,
    put_table_load,
    put_port,
    put_trap_access,
    put_random_bytes,
};

// To the next place. Most often with a jump, so that a block has one piece or two: what Unicorn
// takes to translate a guest's blocks is nearly all that the guest takes.
static void put_end(struct code *code, struct choices *choices) {
    const unsigned left = -code->at % 16;
    if (left >= 2 && !choose_one_in(choices, 4)) {
        code_byte(code, 0xeb);
        code_byte(code, left - 2);
    }
    code_align(code, 16);
}

void fragments_put(struct code *code, struct choices *choices) {
    const bool has_run = choose_one_in(choices, 64);
    while (code->at < code->end) {
        if (has_run && choose_one_in(choices, 16)) {
            instructions_put_run(code, choices);
        } else {
            CHOOSE_FROM(choices, fragments)(code, choices);
        }
        put_end(code, choices);
    }
}
