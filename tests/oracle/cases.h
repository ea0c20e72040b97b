// SPDX-License-Identifier: MIT
//
// A case of the differential test: a form with the state that it is run in and the state that it
// left. tests/guests/oracle.inc has the same layout and addresses.

#ifndef TESTS_ORACLE_CASES_H
#define TESTS_ORACLE_CASES_H

#include "oracle/forms.h"

#include <stdint.h>

#define ORACLE 0x900000u
#define ORACLE_CODE 0xa00000u  // A slot for each form.
#define ORACLE_CASES 0xb00000u // Cases, to the end of ORACLE_SIZE.
#define ORACLE_SIZE 0x600000u
#define ORACLE_DATA (ORACLE + 0x1000u)

#define CASE_MEMORY 1024u

// FXSAVE's image with REX.W.
struct fx_image {
    uint16_t control, status;
    uint8_t tags; // a bit for each register that is not empty
    uint8_t reserved;
    uint16_t opcode;
    uint64_t instruction, data;
    uint32_t mxcsr, mxcsr_mask;
    struct {
        uint64_t mantissa;
        uint16_t exponent; // and sign
        uint8_t padding[6];
    } st[8];
    uint64_t xmm[16][2];
    uint8_t unused[96];
};

struct oracle_case {
    uint64_t registers[16];
    uint64_t flags;
    uint64_t code;
    uint64_t code_32; // where code is ORACLE_ENTER_32
    uint64_t form;
    uint64_t circumstance;
    uint64_t padding[3];
    struct fx_image fx;
    uint8_t memory[CASE_MEMORY];
    uint64_t out_registers[16];
    uint64_t out_flags;
    uint64_t vector;
    uint64_t error;
    uint64_t out_padding[5];
    struct fx_image out_fx;
    uint8_t tail[128];
};

_Static_assert(sizeof(struct fx_image) == 512, "FXSAVE's image");
_Static_assert(offsetof(struct oracle_case, fx) == 192, "CASE_FX");
_Static_assert(offsetof(struct oracle_case, out_registers) == 1728, "CASE_OUT");
_Static_assert(offsetof(struct oracle_case, vector) == 1864, "CASE_VECTOR");
_Static_assert(offsetof(struct oracle_case, out_fx) == 1920, "CASE_OUT_FX");
_Static_assert(sizeof(struct oracle_case) == 2560, "CASE_SIZE");

#define NO_FAULT UINT64_MAX
#define ORACLE_MAX_CASES ((ORACLE + ORACLE_SIZE - ORACLE_CASES) / sizeof(struct oracle_case))

// In what a state is special. Each form runs in each, in some more often than in others.
enum circumstance {
    PLAIN,     // control registers as after FNINIT, ordinary numbers
    ROUNDING,  // other roundings and precisions
    SPECIAL,   // infinities, NaNs, denormals, unsupported formats
    FLUSH,     // SPECIAL with DAZ or FTZ
    EMPTY,     // x87 registers that are empty, or a push onto one that is not
    UNMASKED,  // exceptions that are not masked
    STICKY,    // exception flags that are set before
    PENDING,   // an x87 exception that waits
    UNALIGNED, // a vector in memory that is not aligned to its size
    BEYOND,    // an MMX register of the maps 0F38 and 0F3A with REX.R, which means nothing
    CIRCUMSTANCES,
};

// The state `number` of a form, at `address`; the same numbers give the same state.
void case_fill(struct oracle_case *filled, const struct form *form, uint64_t number,
               uint64_t address);

// Where the memory operand starts in `memory`.
enum { OPERAND = 128 };
size_t case_operand(const struct form *form);

#endif // TESTS_ORACLE_CASES_H
