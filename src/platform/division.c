// SPDX-License-Identifier: MIT
//
// Knowing the places of such divisions, and what x86-64's IDIV does there; see the header.

#include "platform/division.h"

#include <stdatomic.h>
#include <stddef.h>

#if !defined(_WIN32)
#include "platform/posix_context.h"
#else
#define HANDLER_SAFE
#endif

enum { MOST_PLACES = 4 }; // Quotient and remainder may be computed apart.

static atomic_uintptr_t places[MOST_PLACES];
static _Thread_local volatile bool learning HANDLER_SAFE;

void division_learning(bool now) {
    learning = now;
}

static bool is_known(uintptr_t place) {
    for (size_t i = 0; i < MOST_PLACES; i++) {
        if (atomic_load(&places[i]) == place) {
            return true;
        }
    }
    return false;
}

static bool learn(uintptr_t place) {
    for (size_t i = 0; i < MOST_PLACES; i++) {
        if (atomic_load(&places[i]) == 0) {
            atomic_store(&places[i], place);
            return true;
        }
    }
    return false;
}

// What follows the opcode: the ModRM byte, with its SIB byte and displacement (Intel's manual,
// volume 2A, section 2.1.5).
static unsigned operand_length(const uint8_t *modrm) {
    const unsigned mode = modrm[0] >> 6;
    const unsigned base = modrm[0] & 7;
    if (mode == 3) {
        return 1;
    }
    const bool sib = base == 4;
    const bool no_base = mode == 0 && (sib ? modrm[1] & 7 : base) == 5;
    const unsigned displacement = mode == 1 ? 1 : (mode == 2 || no_base ? 4 : 0);
    return 1u + (sib ? 1u : 0u) + displacement;
}

// The length of an IDIV of 32 or 64 bits; 0 of anything else.
static unsigned division_length(const uint8_t *code, bool *wide) {
    const unsigned prefix = (code[0] & 0xf0) == 0x40 ? 1 : 0; // REX
    *wide = prefix != 0 && (code[0] & 8) != 0;
    if (code[prefix] != 0xf7 || (code[prefix + 1] >> 3 & 7) != 7) {
        return 0;
    }
    return prefix + 1 + operand_length(code + prefix + 1);
}

bool division_complete(struct division_registers *registers) {
    const uintptr_t place = (uintptr_t)registers->instruction;
    if (!learning && !is_known(place)) {
        return false;
    }
    bool wide = false;
    const uint8_t *code = (const uint8_t *)place; // NOLINT(performance-no-int-to-ptr)
    const unsigned length = division_length(code, &wide);
    // The dividend is in RDX and RAX. What divides it must be -1: 0 is asked for beforehand.
    const uint64_t lowest = wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    const uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
    if (length == 0 || (registers->rax & mask) != lowest || (registers->rdx & mask) != mask ||
        (learning && !is_known(place) && !learn(place))) {
        return false;
    }
    registers->rax = lowest;
    registers->rdx = 0;
    registers->instruction += length;
    return true;
}
