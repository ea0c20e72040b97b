// SPDX-License-Identifier: MIT
//
// The formats of SDM volume 3A, section 3.4.5.

#include "engine/cpu/x86/descriptor.h"

struct segment segment_from_descriptor(uint16_t selector, const uint32_t words[2]) {
    const uint32_t limit = (words[0] & 0xffffu) | (words[1] & 0xf0000u);
    const bool pages = (words[1] & ATTRIBUTE_GRANULARITY) != 0;
    return (struct segment){
        .selector = selector,
        .base = words[0] >> 16 | (words[1] & 0xffu) << 16 | (words[1] & 0xff000000u),
        .limit = pages ? limit << 12 | 0xfffu : limit,
        .attributes = (words[1] & 0x00f0ff00u) | ATTRIBUTE_ACCESSED,
    };
}

bool descriptor_address(const struct cpu *cpu, uint16_t selector, uint64_t *linear) {
    const struct segment table =
        cpu_segment(cpu, (selector & 4) != 0 ? SEGMENT_LDTR : SEGMENT_GDTR);
    *linear = table.base + (selector & 0xfff8u);
    return (selector | 7u) <= table.limit;
}

bool segment_contains(const struct segment *segment, uint64_t offset, uint32_t size) {
    const uint64_t last = offset + size - 1;
    const uint32_t kind = ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN;
    if ((segment->attributes & kind) == (ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_EXPAND_DOWN)) {
        const bool big = (segment->attributes & ATTRIBUTE_BIG) != 0;
        return offset > segment->limit && last <= (big ? 0xffffffffu : 0xffffu);
    }
    return last <= segment->limit;
}

bool segment_is_lost(const struct segment *segment, unsigned privilege) {
    const bool null = (segment->selector & 0xfffcu) == 0;
    const uint32_t conforming = ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING;
    return null || (ATTRIBUTE_DPL(segment->attributes) < privilege &&
                    (segment->attributes & conforming) != conforming);
}
