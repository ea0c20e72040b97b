// SPDX-License-Identifier: MIT
// Little-endian access to a virtual machine control block.
#include "engine/cpu/unicorn/vmcb.h"

static void set_bytes(uint8_t *vmcb, unsigned offset, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        vmcb[offset + i] = (uint8_t)(value >> (8 * i));
    }
}

void vmcb_set16(uint8_t *vmcb, enum vmcb_offset offset, uint16_t value) {
    set_bytes(vmcb, offset, value, 2);
}

void vmcb_set32(uint8_t *vmcb, enum vmcb_offset offset, uint32_t value) {
    set_bytes(vmcb, offset, value, 4);
}

void vmcb_set64(uint8_t *vmcb, enum vmcb_offset offset, uint64_t value) {
    set_bytes(vmcb, offset, value, 8);
}

uint64_t vmcb_get64(const uint8_t *vmcb, enum vmcb_offset offset) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)vmcb[offset + i] << (8 * i);
    }
    return value;
}

void vmcb_set_segment(uint8_t *vmcb, enum vmcb_offset offset, const struct segment *segment) {
    // The block packs a descriptor's attribute bits 8..15 and 20..23 into twelve bits.
    uint32_t attributes = segment->attributes;
    set_bytes(vmcb, offset, segment->selector, 2);
    set_bytes(vmcb, offset + 2u, (attributes >> 8 & 0xffu) | (attributes >> 12 & 0xf00u), 2);
    set_bytes(vmcb, offset + 4u, segment->limit, 4);
    set_bytes(vmcb, offset + 8u, segment->base, 8);
}
