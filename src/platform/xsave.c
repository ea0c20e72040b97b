// SPDX-License-Identifier: MIT
//
// Registers between an area of the processor's and the structures of the ABI (objects ABI 6.4).

#include "platform/xsave.h"

#if defined(__x86_64__) || defined(_M_X64)

#include <stddef.h>
#include <string.h>

enum { FXSAVE_MXCSR = 24, FXSAVE_ST = 32, FXSAVE_XMM = 160, XMM_SAVED = 16 };

void xsave_make_plain(unsigned char *area) {
    static const uint16_t control_status_and_tags[] = {0x37f, 0, 0};
    static const uint32_t mxcsr = 0x1f80;
    memcpy(area, control_status_and_tags, sizeof(control_status_and_tags));
    memcpy(area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

// fcw to fdp lie as the processor stores them.
void xsave_read_fp(const struct xsave_place *place, zx_thread_state_fp_regs_t *out) {
    memset(out, 0, sizeof(*out));
    memcpy(out, place->area, offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(out->fdp));
    out->reserved = 0;
    memcpy(out->st, place->area + FXSAVE_ST, sizeof(out->st));
}

void xsave_write_fp(const struct xsave_place *place, const zx_thread_state_fp_regs_t *from) {
    zx_thread_state_fp_regs_t given = *from;
    given.reserved = 0;
    memcpy(place->area, &given, offsetof(zx_thread_state_fp_regs_t, fdp) + sizeof(given.fdp));
    memcpy(place->area + FXSAVE_ST, given.st, sizeof(given.st));
}

// The pieces of the vector registers that a part has.
struct pieces {
    unsigned part;
    unsigned first; // The first register.
    unsigned count; // How many registers.
    unsigned word;  // The first 64-bit word of each.
    unsigned words; // How many words of each.
};

static const struct pieces pieces[] = {
    {XSAVE_AVX, 0, 16, 2, 2},
    {XSAVE_ZMM_HIGH, 0, 16, 4, 4},
    {XSAVE_ZMM_UPPER, 16, 16, 0, 8},
};

enum { PIECES_COUNT = sizeof(pieces) / sizeof(pieces[0]) };

void xsave_read_vector(const struct xsave_place *place, zx_thread_state_vector_regs_t *out) {
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < XMM_SAVED; i++) {
        memcpy(out->zmm[i].v, place->area + FXSAVE_XMM + 16 * i, 16);
    }
    for (size_t p = 0; p < PIECES_COUNT; p++) {
        const unsigned char *from = place->parts[pieces[p].part];
        const size_t size = 8u * pieces[p].words;
        for (size_t i = 0; from != NULL && i < pieces[p].count; i++) {
            memcpy(&out->zmm[pieces[p].first + i].v[pieces[p].word], from + size * i, size);
        }
    }
    if (place->parts[XSAVE_OPMASK] != NULL) {
        memcpy(out->opmask, place->parts[XSAVE_OPMASK], sizeof(out->opmask));
    }
    memcpy(&out->mxcsr, place->area + FXSAVE_MXCSR, sizeof(out->mxcsr));
}

void xsave_write_vector(const struct xsave_place *place,
                        const zx_thread_state_vector_regs_t *from) {
    for (size_t i = 0; i < XMM_SAVED; i++) {
        memcpy(place->area + FXSAVE_XMM + 16 * i, from->zmm[i].v, 16);
    }
    for (size_t p = 0; p < PIECES_COUNT; p++) {
        unsigned char *to = place->parts[pieces[p].part];
        const size_t size = 8u * pieces[p].words;
        for (size_t i = 0; to != NULL && i < pieces[p].count; i++) {
            memcpy(to + size * i, &from->zmm[pieces[p].first + i].v[pieces[p].word], size);
        }
    }
    if (place->parts[XSAVE_OPMASK] != NULL) {
        memcpy(place->parts[XSAVE_OPMASK], from->opmask, sizeof(from->opmask));
    }
    const uint32_t mxcsr = from->mxcsr & MXCSR_WRITABLE;
    memcpy(place->area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

#endif
