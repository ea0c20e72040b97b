// SPDX-License-Identifier: MIT
//
// Descriptors. Places in the code are of 64 bytes: a gate leads to the start of one.

#include "descriptors.h"

#include "handlers.h"

#define SEGMENT(base, limit, attributes)                                                           \
    ((uint64_t)((limit)&0xffff) | (uint64_t)((base)&0xffffff) << 16 |                              \
     (uint64_t)(attributes) << 40 | (uint64_t)((limit) >> 16 & 0xf) << 48 |                        \
     (uint64_t)((base) >> 24) << 56)
#define GATE(selector, offset, attributes)                                                         \
    ((uint64_t)((offset)&0xffff) | (uint64_t)(selector) << 16 | (uint64_t)(attributes) << 40 |     \
     (uint64_t)((offset) >> 16 & 0xffff) << 48)

// Attributes: type, S, DPL and P in the low byte; AVL, L, D and G from bit 12 on.
enum {
    ATTRIBUTES_TASK = 0x89,
    ATTRIBUTES_TASK_16 = 0x81,
    ATTRIBUTES_LOCAL = 0x82,
    ATTRIBUTES_CALL = 0xec,
    ATTRIBUTES_CALL_16 = 0xe4,
    ATTRIBUTES_TASK_GATE = 0xe5,
    ATTRIBUTES_INTERRUPT = 0xee,
    ATTRIBUTES_TRAP = 0xef,
    ATTRIBUTES_KERNEL_INTERRUPT = 0x8e,
};

static const struct {
    uint16_t selector;
    uint64_t descriptor;
} global_table[] = {
    {CODE_0, SEGMENT(0, 0, 0x209b)},
    {DATA_0, SEGMENT(0, 0xfffff, 0xc093)},
    {CODE_32_3, SEGMENT(0, 0xfffff, 0xc0fb)},
    {DATA_3, SEGMENT(0, 0xfffff, 0xc0f3)},
    {CODE_3, SEGMENT(0, 0xfffff, 0xa0fb)},
    {TASK_WIDE, SEGMENT(TASK_64, 0x67, ATTRIBUTES_TASK)},
    {TASK_WIDE + 8, 0}, // The upper half in long mode, here and below.
    {CODE_32_0, SEGMENT(0, 0xfffff, 0xc09b)},
    {CODE_16_0, SEGMENT(CHAOS, 0xffff, 0x009b)},
    {LOCAL_WIDE, SEGMENT(LDT, LDT_SIZE - 1, ATTRIBUTES_LOCAL)},
    {LOCAL_WIDE + 8, 0},
    {GATE_WIDE, GATE(CODE_0, CHAOS + 0x400, ATTRIBUTES_CALL)},
    {GATE_WIDE + 8, 0},
    {GATE_32, GATE(CODE_32_0, CHAOS + 0x800, ATTRIBUTES_CALL)},
    {GATE_16, GATE(CODE_16_0, 0xc00, ATTRIBUTES_CALL_16)},
    {TASK_GATE, GATE(TASK_SECOND, 0, ATTRIBUTES_TASK_GATE)},
    {TASK_FIRST, SEGMENT(TASK_32_FIRST, 0x67, ATTRIBUTES_TASK)},
    {TASK_SECOND, SEGMENT(TASK_32_SECOND, 0x67, ATTRIBUTES_TASK)},
    {CODE_CONFORMING, SEGMENT(0, 0xfffff, 0xc09f)},
    {DATA_DOWN, SEGMENT(0, 0x40, 0xc097)},
    {CODE_ABSENT, SEGMENT(0, 0xfffff, 0xc01b)},
    {TASK_NARROW, SEGMENT(TASK_16, 0x2b, ATTRIBUTES_TASK_16)},
    {DATA_16, SEGMENT(DATA, 0xffff, 0x00f3)},
};

uint64_t descriptors_choose(struct choices *choices) {
    const size_t count = sizeof global_table / sizeof global_table[0];
    uint64_t value = global_table[choose(choices, (uint32_t)count)].descriptor;
    if (choose_one_in(choices, 2)) {
        value ^= 1ull << (40 + choose(choices, 16)); // Its attributes.
    }
    if (choose_one_in(choices, 4)) {
        value ^= 1ull << choose(choices, 64);
    }
    return choose_one_in(choices, 20) ? choose_bits(choices, 8) : value;
}

uint16_t descriptors_choose_selector(struct choices *choices) {
    if (choose_one_in(choices, 12)) {
        return (uint16_t)choose_bits(choices, 2);
    }
    const uint16_t place = (uint16_t)(8 * choose(choices, GDT_SIZE / 8));
    const uint16_t local = choose_one_in(choices, 8) ? 4 : 0;
    const uint16_t requested = choose_one_in(choices, 2) ? 3 : (uint16_t)choose(choices, 4);
    return (uint16_t)(place | local | (choose_one_in(choices, 2) ? requested : 0));
}

static void put_segments(struct image *image, struct choices *choices) {
    for (size_t i = 0; i < sizeof global_table / sizeof global_table[0]; i++) {
        image_put_number(image, GDT + global_table[i].selector, global_table[i].descriptor, 8);
    }
    for (uint32_t i = RANDOM_SELECTORS; i < GDT_SIZE; i += 8) {
        image_put_number(image, GDT + i, descriptors_choose(choices), 8);
    }
    for (uint32_t i = 0; i < LDT_SIZE; i += 8) {
        image_put_number(image, LDT + i, descriptors_choose(choices), 8);
    }
    for (uint32_t count = choose_one_in(choices, 4) ? choose(choices, 4) : 0; count > 0; count--) {
        const uint32_t place = GDT + 8 * (1 + choose(choices, GDT_SIZE / 8 - 1));
        image_put_number(image, place, descriptors_choose(choices), 8);
    }
}

static void put_gates(struct image *image, struct choices *choices) {
    for (unsigned vector = 0; vector < 256; vector++) {
        const uint32_t wide = handlers_address(HANDLERS_64, vector);
        const uint32_t narrow = handlers_address(HANDLERS_32, vector);
        const unsigned attributes = vector % 3 == 0 ? ATTRIBUTES_TRAP : ATTRIBUTES_INTERRUPT;
        image_put_number(image, IDT_64 + 16 * vector, GATE(CODE_0, wide, attributes), 8);
        image_put_number(image, IDT_64 + 16 * vector + 8, 0, 8);
        image_put_number(image, IDT_32 + 8 * vector, GATE(CODE_32_0, narrow, attributes), 8);
    }
    for (uint32_t count = choose_one_in(choices, 3) ? 1 + choose(choices, 6) : 0; count > 0;
         count--) {
        const unsigned vector = choose(choices, choose_one_in(choices, 2) ? 256 : 32);
        static const unsigned kinds[] = {ATTRIBUTES_TASK_GATE, ATTRIBUTES_KERNEL_INTERRUPT,
                                         ATTRIBUTES_CALL, ATTRIBUTES_TRAP};
        const uint64_t interrupt_stack = choose_one_in(choices, 4) ? choose(choices, 8) : 0;
        const uint32_t offset = CHAOS + 64 * choose(choices, CHAOS_SIZE / 64);
        const uint16_t selector = descriptors_choose_selector(choices);
        const unsigned kind = CHOOSE_FROM(choices, kinds);
        const uint64_t gate = interrupt_stack << 32 | GATE(selector, offset, kind);
        image_put_number(image, IDT_64 + 16 * vector, gate, 8);
        image_put_number(image, IDT_32 + 8 * vector, gate, 8);
    }
}

static void put_task_64(struct image *image, struct choices *choices) {
    image_put_number(image, TASK_64 + 4, STACK_0 - 0x1000, 8);
    image_put_number(image, TASK_64 + 12, STACK_0 - 0x2000, 8);
    image_put_number(image, TASK_64 + 20, STACK_0 - 0x2800, 8);
    for (unsigned i = 0; i < 7; i++) {
        image_put_number(image, TASK_64 + 36 + 8 * i, STACK_INTERRUPT, 8);
    }
    if (choose_one_in(choices, 8)) {
        const uint32_t place = TASK_64 + 4 + 8 * choose(choices, 11);
        image_put_number(image, place, choose_bits(choices, 8), 8);
    }
    image_put_number(image, TASK_64 + 0x66, 0x68, 2);
}

// Offsets in the 32-bit task state.
enum {
    TASK_LINK = 0,
    TASK_STACK_0 = 4,
    TASK_STACK_SELECTOR_0 = 8,
    TASK_CR3 = 0x1c,
    TASK_EIP = 0x20,
    TASK_EFLAGS = 0x24,
    TASK_ESP = 0x38,
    TASK_ES = 0x48,
    TASK_LDT = 0x60,
    TASK_TRAP = 0x64,
    TASK_MAP = 0x66,
};

static void put_task_32(struct image *image, struct choices *choices, uint32_t at) {
    static const uint16_t selectors[] = {DATA_0, CODE_32_0, DATA_0, DATA_0, DATA_0, DATA_0};
    image_put_number(image, at + TASK_STACK_0, STACK_0 - 0x1000, 4);
    image_put_number(image, at + TASK_STACK_SELECTOR_0, DATA_0, 2);
    image_put_number(image, at + TASK_CR3, choose_one_in(choices, 2) ? LEGACY_DIRECTORY : PAE_PDPT,
                     4);
    image_put_number(image, at + TASK_EIP, CHAOS + 64 * choose(choices, CHAOS_SIZE / 64), 4);
    image_put_number(image, at + TASK_EFLAGS, 2, 4);
    image_put_number(image, at + TASK_ESP, STACK_0 - 0x3000, 4);
    for (unsigned i = 0; i < 6; i++) {
        image_put_number(image, at + TASK_ES + 4 * i, selectors[i], 2);
    }
    image_put_number(image, at + TASK_LDT, LOCAL_WIDE, 2);
    image_put_number(image, at + TASK_MAP, 0x68, 2);
    if (choose_one_in(choices, 4)) {
        const uint32_t place = at + 4 * choose(choices, 26);
        image_put_number(image, place, choose_bits(choices, 4), 4);
    }
}

static void put_task_16(struct image *image) {
    static const uint16_t words[] = {0, 0x8000,  DATA_0,    0,       0,       0,      0, 0x40,
                                     2, 0,       0,         0,       0,       0x7000, 0, 0,
                                     0, DATA_16, CODE_16_0, DATA_16, DATA_16, 0};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        image_put_number(image, TASK_16 + 2 * i, words[i], 2);
    }
}

static void put_pointer(struct image *image, uint32_t at, uint32_t limit, uint32_t base) {
    image_put_number(image, at, limit, 2);
    image_put_number(image, at + 2, base, 8);
}

void descriptors_put(struct image *image, struct choices *choices) {
    put_segments(image, choices);
    put_gates(image, choices);
    put_task_64(image, choices);
    put_task_32(image, choices, TASK_32_FIRST);
    put_task_32(image, choices, TASK_32_SECOND);
    put_task_16(image);
    put_pointer(image, POINTERS, GDT_SIZE - 1, GDT);
    put_pointer(image, POINTERS + 16, 0xfff, IDT_64);
    put_pointer(image, POINTERS + 32, 0x7ff, IDT_32);
}
