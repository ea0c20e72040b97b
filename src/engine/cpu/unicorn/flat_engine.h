// SPDX-License-Identifier: MIT
// A Unicorn engine with this library's physical memory map, before any guest: a hidden region for
// the control block, and an arena in which guest memory and its page tables appear. What follows
// VMRUN sees none of it except through nested page tables.
#ifndef ZIRCONIA_ENGINE_CPU_FLAT_ENGINE_H
#define ZIRCONIA_ENGINE_CPU_FLAT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <unicorn/unicorn.h>
#include <zircon/types.h>

// Unicorn's nested walk accepts physical addresses of 40 bits; both regions lie below that.
#define HIDDEN_BASE (1ull << 39)
#define HIDDEN_SIZE 0x20000u
#define ARENA_BASE (HIDDEN_BASE + (1ull << 30))
#define ARENA_SIZE (1ull << 38)

// Pages of the hidden region, from its start.
enum hidden_offset {
    HIDDEN_LAUNCH_CODE = 0x0000,
    HIDDEN_VMCB = 0x1000,
    HIDDEN_HOST_SAVE = 0x2000,
    HIDDEN_MSR_BITMAP = 0x4000, // two pages
    HIDDEN_CODE_COPY = 0x8000,  // two pages
};

// XCR0 after the launch: x87 and SSE, all that the engine has.
#define FLAT_ENGINE_XCR0 3u

// The page attribute table after the launch: Zircon's (hypervisor ABI 4.1).
#define FLAT_ENGINE_PAT 0x0107040600070406ull

// What Unicorn keeps translated code in, and about what else it allocates for an engine.
#define FLAT_ENGINE_CODE_SIZE (64u << 20)
#define FLAT_ENGINE_OTHER_SIZE (16u << 20)

// Whether the host has what an engine takes: Unicorn ends the process where it does not. With a
// line in the log, ZX_ERR_NO_MEMORY, or ZX_ERR_NOT_SUPPORTED where pages that are both writable and
// executable are forbidden.
zx_status_t flat_engine_ask(void);

// Opens an engine, having asked. `hidden` backs the hidden region and `arena` (may be NULL: no
// arena) is the host address that stands for ARENA_BASE; both stay the caller's.
zx_status_t flat_engine_open(uint8_t *hidden, uint8_t *arena, uc_engine **out);

// Closes one, now or once no other is open (flat_engine.c says why).
void flat_engine_close(uc_engine *engine);

// Whether some wait for the end of just so many others.
bool flat_engine_some_wait_for(unsigned count);

// Starts SVM guest mode with the control block in the hidden region, whose state must have IF set.
// Returns stopped before the guest's first instruction, with RFLAGS.IF clear. `save`, if not NULL,
// receives the state as it was on arrival. `announces`, if not NULL, becomes true where a hook has
// been told of a translation, as it will be of all others: Unicorn tells of each that comes after
// the end of some block, which those before VMRUN have.
zx_status_t flat_engine_launch(uc_engine *engine, uint8_t *hidden, uc_context *save,
                               bool *announces);

// Logs what Unicorn says of `error` and turns it into a status; UC_ERR_OK gives ZX_OK.
zx_status_t flat_engine_check(uc_err error, const char *what);

#endif
