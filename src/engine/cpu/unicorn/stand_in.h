// SPDX-License-Identifier: MIT
//
// Stand-ins: while Unicorn translates, it is shown another instruction in place of one that it
// would carry out in its own way or not in the middle of a block. RDTSC is shown as an IN, for
// which there is a hook; others as a SYSCALL. Memory does not change: they are put into the copy of
// the code that Unicorn is shown (code_copy.h).

#ifndef ENGINE_CPU_UNICORN_STAND_IN_H
#define ENGINE_CPU_UNICORN_STAND_IN_H

#include "decode/instruction.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The ports of the INs: no other IN ever reaches the engine (decode/scan.h).
enum stand_in_port {
    STAND_IN_RDTSC = 0x31,
    STAND_IN_RDTSCP = 0xf9,
};

enum { STAND_IN_LONGEST = 3, CALL_LENGTH = 3, JUMP_LENGTH = 2, STAND_INS_PER_BLOCK = 8 };

// The places in a page of a block's instructions that others stand in for.
struct stand_ins {
    unsigned count;
    struct stand_in_site {
        uint16_t offset;
        uint8_t length;
        bool ends_block;                 // Without its stand-in the block would go on.
        uint8_t bytes[STAND_IN_LONGEST]; // The bytes to be shown.
    } sites[STAND_INS_PER_BLOCK];
};

// As what a call of the library can stand in for the instruction, in 64-bit code. The call is a
// SYSCALL, for which there is a hook, which may change all of the state, and behind which the block
// ends. All calls are of one length, also where the instruction is shorter and what comes next is
// hidden. What the hook leaves as RIP is counted from there: Unicorn adds that length.
enum callable {
    CALLABLE_NONE,
    CALLABLE_CONTROL_REGISTER, // CLTS, and MOV of CR0 and to CR4.
    CALLABLE_CPUID,
    CALLABLE_INTERRUPT, // INT3 and INT n.
    CALLABLE_IRET,
    CALLABLE_PAUSE,
    CALLABLE_PORT_ACCESS, // IN and OUT.
    CALLABLE_RDMSR,
    CALLABLE_SYSTEM_CALL, // SYSCALL and SYSRET.
    CALLABLE_WRMSR,
    CALLABLE_XSETBV,
};
enum callable callable_as(const struct instruction *instruction);

// Adds a call at this offset in its page, all of which is in that page. False when there is no
// room.
bool stand_ins_add_call(struct stand_ins *stand_ins, size_t offset);

// Adds, at this offset in its page, a jump to itself: the block ends there, and the next begins,
// with the instruction that is there. As above.
bool stand_ins_add_jump(struct stand_ins *stand_ins, size_t offset);

// Adds an instruction at this offset in its page, all of which is in that page, if another can
// stand in for it.
void stand_ins_add(struct stand_ins *stand_ins, const struct instruction *instruction,
                   size_t offset);

// Puts them into a copy of the page.
void stand_ins_put(const struct stand_ins *stand_ins, uint8_t *page);

// Must the block not be translated without one of them?
bool stand_ins_end_block(const struct stand_ins *stand_ins);

#endif // ENGINE_CPU_UNICORN_STAND_IN_H
