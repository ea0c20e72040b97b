// SPDX-License-Identifier: MIT
//
// Fields of descriptors.

#include "cli/step/descriptor.h"

#include <inttypes.h>

static uint64_t bits(uint64_t value, unsigned first, unsigned count) {
    return value >> first & (((uint64_t)1 << count) - 1);
}

static bool is_of_system(uint64_t low) {
    return bits(low, 44, 1) == 0;
}

unsigned descriptor_size(uint64_t low, bool long_mode) {
    return long_mode && is_of_system(low) && low != 0 ? 16 : 8;
}

static const char *system_name(unsigned type, bool long_mode) {
    switch (type) {
    case 1:
        return "TSS 16-bit";
    case 2:
        return "LDT";
    case 3:
        return "TSS 16-bit busy";
    case 5:
        return "task gate";
    case 9:
        return long_mode ? "TSS" : "TSS 32-bit";
    case 11:
        return long_mode ? "TSS busy" : "TSS 32-bit busy";
    case 12:
        return "call gate";
    default:
        return "reserved";
    }
}

static void append_code(uint64_t low, struct text *text) {
    const bool is_long = bits(low, 53, 1);
    text_append(text, "code %s%s%s",
                is_long            ? "64-bit"
                : bits(low, 54, 1) ? "32-bit"
                                   : "16-bit",
                bits(low, 41, 1) ? " readable" : "", bits(low, 42, 1) ? " conforming" : "");
}

static void append_data(uint64_t low, struct text *text) {
    text_append(text, "data%s%s%s", bits(low, 54, 1) ? " 32-bit" : " 16-bit",
                bits(low, 41, 1) ? " writable" : "", bits(low, 42, 1) ? " expand-down" : "");
}

void descriptor_text(uint64_t low, uint64_t high, bool long_mode, struct text *text) {
    const unsigned size = descriptor_size(low, long_mode);
    uint64_t base = bits(low, 16, 24) | bits(low, 56, 8) << 24;
    uint64_t limit = bits(low, 0, 16) | bits(low, 48, 4) << 16;
    if (size == 16)
        base |= high << 32;
    if (bits(low, 55, 1))
        limit = limit << 12 | 0xfff;
    if (low == 0) {
        text_append(text, "null");
        return;
    }
    if (is_of_system(low))
        text_append(text, "%s", system_name((unsigned)bits(low, 40, 4), long_mode));
    else
        (bits(low, 43, 1) ? append_code : append_data)(low, text);
    text_append(text, ", DPL %u, base %" PRIx64 ", limit %" PRIx64 "%s", (unsigned)bits(low, 45, 2),
                base, limit, bits(low, 47, 1) ? "" : ", not present");
}

struct gate gate_read(uint64_t low, uint64_t high, bool long_mode) {
    struct gate gate = {
        .present = bits(low, 47, 1),
        .selector = (uint16_t)bits(low, 16, 16),
        .offset = bits(low, 0, 16) | bits(low, 48, 16) << 16,
        .type = (unsigned)bits(low, 40, 4),
        .level = (unsigned)bits(low, 45, 2),
    };
    if (long_mode) {
        gate.offset |= high << 32;
        gate.stack = (unsigned)bits(low, 32, 3);
    }
    return gate;
}

const char *gate_type_name(unsigned type) {
    switch (type) {
    case 5:
        return "task";
    case 6:
        return "interrupt 16";
    case 7:
        return "trap 16";
    case 14:
        return "interrupt";
    case 15:
        return "trap";
    default:
        return "no gate";
    }
}
