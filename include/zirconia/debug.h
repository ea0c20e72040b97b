// SPDX-License-Identifier: MIT
//
// What a debugger of guests needs: all registers of a VCPU, guest memory by linear and by physical
// address, breakpoints, watchpoints, single steps, and a stop that the guest does not notice. The
// server for gdb (zirconia/gdb.h) is made of these calls, and so may others be.
//
// A run call that ends for a debugger returns ZX_ERR_STOP; zirconia_vcpu_read_stop() says why. The
// next run call goes on as if there had been no stop. Guest memory never holds a breakpoint, and
// nothing here costs a guest that is not debugged.
//
// What a client must know:
//   - Unless a call says otherwise it may be made by any thread, while none of the guest's VCPUs is
//     in zx_vcpu_enter() or zx_vcpu_resume(): else, and of a guest without one, it fails with
//     ZX_ERR_BAD_STATE.
//   - In virtual time (zirconia/virtual_time.h) breakpoints and steps are no work, and divide none:
//     interrupts come where they come without a debugger. Two things differ: code that runs on into
//     a page that is not mapped, where the blocks of code are others; and a stop while a VCPU is
//     halted, behind which it executes its HLT once more.
//   - With several VCPUs, one that steps runs its instruction when its turn comes.

#ifndef ZIRCONIA_DEBUG_H_
#define ZIRCONIA_DEBUG_H_

#include <stddef.h>
#include <stdint.h>

#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// A segment register with its hidden part. In attributes the type begins at bit 8, DPL is at 13,
// present at 15, L at 21, D/B at 22 and G at 23, as in the second doubleword of a descriptor.
typedef struct zirconia_segment {
    uint64_t base;
    uint32_t limit;
    uint32_t attributes;
    uint16_t selector;
    uint16_t padding[3];
} zirconia_segment_t;

// All registers that the architecture names.
typedef struct zirconia_registers {
    uint64_t general[16]; // RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15
    uint64_t rip;
    uint64_t rflags;
    zirconia_segment_t segments[6]; // ES, CS, SS, DS, FS, GS
    zirconia_segment_t ldtr;
    zirconia_segment_t tr;
    zirconia_segment_t gdtr; // Base and limit.
    zirconia_segment_t idtr;
    uint64_t cr0;
    uint64_t cr2;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t xcr0;
    uint64_t efer;
    uint64_t star;
    uint64_t lstar;
    uint64_t fmask;
    uint64_t kernel_gs_base;
    uint64_t sysenter_cs;
    uint64_t sysenter_esp;
    uint64_t sysenter_eip;
    uint64_t pat;
    uint64_t tsc_aux;
    uint64_t dr[4];
    uint64_t dr6;
    uint64_t dr7;
    uint16_t fcw;
    uint16_t fsw;
    uint16_t ftw; // As FXSAVE has it: a bit for each register, 1 when it is not empty.
    uint16_t padding;
    uint32_t mxcsr;
    uint32_t more_padding;
    uint8_t x87[8][16];  // ST0 to ST7, 10 bytes each
    uint8_t xmm[16][16]; // XMM0 to XMM15
} zirconia_registers_t;

// Copies the registers of a VCPU.
// Errors:
//   vcpu (VCPU, READ)
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_read_registers(zx_handle_t vcpu,
                                                         zirconia_registers_t *out);

// Makes them those. A VCPU has no state then that a guest could not bring it into.
// Errors:
//   vcpu (VCPU, WRITE)
//   ZX_ERR_INVALID_ARGS  when registers cannot be read
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_INVALID_ARGS  for state that no VCPU can have
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_write_registers(zx_handle_t vcpu,
                                                          const zirconia_registers_t *registers);

// The guest-physical address that a guest-linear one leads to, through the guest's page tables,
// whoever may access it. It changes nothing, accessed bits least of all.
// Errors:
//   vcpu (VCPU, READ)
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_NOT_FOUND     for an address that is not mapped
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_find_linear(zx_handle_t vcpu, uint64_t linear,
                                                      uint64_t *out);

// An entry of a guest's page table.
typedef struct zirconia_walk_entry {
    uint64_t address; // Where it lies, guest-physical.
    uint64_t value;
    uint64_t covers; // How many bytes of linear addresses lead through it.
} zirconia_walk_entry_t;

// Where a walk through page tables ends.
#define ZIRCONIA_WALK_MAPPED ((uint32_t)0u)      // At a page.
#define ZIRCONIA_WALK_NOT_PRESENT ((uint32_t)1u) // At an entry that is not present.
#define ZIRCONIA_WALK_RESERVED ((uint32_t)2u)    // At an entry with a bit set that must be 0.
#define ZIRCONIA_WALK_NO_TABLE ((uint32_t)3u)    // Before a table that is not in memory.
#define ZIRCONIA_WALK_NOT_CANONICAL ((uint32_t)4u)

// What the entries allow together.
#define ZIRCONIA_WALK_WRITABLE ((uint32_t)1u << 0)
#define ZIRCONIA_WALK_USER ((uint32_t)1u << 1)
#define ZIRCONIA_WALK_EXECUTABLE ((uint32_t)1u << 2)

#define ZIRCONIA_WALK_ENTRIES_MAX ((size_t)4)

typedef struct zirconia_walk {
    uint32_t result;
    uint32_t entry_count; // From the root on. The last entry is the one at which the walk ends.
    uint32_t entry_size;  // 8 or 4 bytes; 0 where paging is off.
    uint32_t rights;
    uint64_t physical; // MAPPED: where it leads. NO_TABLE: where the next entry would be.
    zirconia_walk_entry_t entries[ZIRCONIA_WALK_ENTRIES_MAX];
} zirconia_walk_t;

// Walks through the guest's page tables for a linear address, as zirconia_vcpu_find_linear() does,
// and tells of each entry. A walk that fails is told too, by the result.
// Errors:
//   vcpu (VCPU, READ)
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_walk_linear(zx_handle_t vcpu, uint64_t linear,
                                                      zirconia_walk_t *out);

// What lies at a guest-physical address: flags, of which none may be set. A trap hides what is
// mapped.
#define ZIRCONIA_PHYSICAL_MAPPED ((uint32_t)1u << 0)
#define ZIRCONIA_PHYSICAL_TRAP ((uint32_t)1u << 1) // A trap of kind MEM.
#define ZIRCONIA_PHYSICAL_BELL ((uint32_t)1u << 2)

typedef struct zirconia_physical {
    uint32_t kind;
    uint32_t permissions; // MAPPED: ZX_VM_PERM_ flags of the mapping.
    zx_koid_t vmo_koid;   // MAPPED: the VMO, and the address's offset in it.
    uint64_t vmo_offset;
    uint64_t trap_key;
    uint64_t trap_base;
    uint64_t trap_size;
    // The entry of the nested page tables that leads there, as the engine has it, and how many
    // bytes it leads to; 0 while there is none. Entries are made when they are first needed.
    uint64_t nested_entry;
    uint64_t nested_size;
    // Where this process has the byte, or NULL. It is the library's, and moves.
    const void *host;
} zirconia_physical_t;

// Tells what the guest finds at a guest-physical address, and where the host has it.
// Errors:
//   guest (GUEST, INSPECT)
//   ZX_ERR_OUT_OF_RANGE  for an address of 2^48 or more
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_find_physical(zx_handle_t guest, uint64_t address,
                                                         zirconia_physical_t *out);

// Whether the VCPU can take an interrupt now.
#define ZIRCONIA_INTERRUPTS_OPEN ((uint32_t)1u << 0)        // Any external vector.
#define ZIRCONIA_INTERRUPTS_SHADOW ((uint32_t)1u << 1)      // Not yet, behind STI or MOV SS.
#define ZIRCONIA_INTERRUPTS_NMI_BLOCKED ((uint32_t)1u << 2) // No NMI before the next IRET.

#define ZIRCONIA_INTERRUPTS_NONE UINT32_MAX

// The interrupts of a VCPU, and its local APIC's timer.
typedef struct zirconia_interrupts {
    uint64_t pending[4]; // Vectors that wait: vector n is bit n % 64 of pending[n / 64].
    uint32_t next;       // The vector that is delivered next; ZIRCONIA_INTERRUPTS_NONE.
    uint32_t flags;
    uint32_t lvt_timer; // Registers, as the guest has written them.
    uint32_t initial_count;
    uint32_t divide;
    uint32_t padding;
    int64_t timer_left; // Nanoseconds of the guest's time; INT64_MAX when the timer stands still.
} zirconia_interrupts_t;

// Copies what waits to be delivered to a VCPU. What wakes it does not show here before it does.
// Errors:
//   vcpu (VCPU, READ)
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_read_interrupts(zx_handle_t vcpu,
                                                          zirconia_interrupts_t *out);

// Copies guest-physical memory.
// Errors:
//   guest (GUEST, INSPECT)
//   ZX_ERR_OUT_OF_RANGE  for a range that does not end below 2^48
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_NOT_FOUND     for memory that is not mapped, or under a trap
//   ZX_ERR_INVALID_ARGS  when buffer cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_read_memory(zx_handle_t guest, uint64_t address,
                                                       void *buffer, size_t size);

// Stores to guest-physical memory, of which the first part may be stored when it fails.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_OUT_OF_RANGE  for a range that does not end below 2^48
//   ZX_ERR_INVALID_ARGS  when buffer cannot be read
//   ZX_ERR_BAD_STATE     when the guest has no VCPU, or one is in a run call
//   ZX_ERR_NOT_FOUND     for memory that is not mapped, or read-only, or under a trap
ZIRCONIA_EXPORT zx_status_t zirconia_guest_write_memory(zx_handle_t guest, uint64_t address,
                                                        const void *buffer, size_t size);

#define ZIRCONIA_BREAKPOINTS_MAX ((size_t)1024)

// From now on run calls end before an instruction that begins at one of these linear addresses, in
// place of those before; with 0, at none, which may be said at any time. A run call that begins at
// one ends there at once: step over it. Stepping VCPUs do not stop at breakpoints.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_OUT_OF_RANGE  for more than ZIRCONIA_BREAKPOINTS_MAX
//   ZX_ERR_INVALID_ARGS  when addresses cannot be read
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_BAD_STATE     for more than 0 when the guest has no VCPU, or one is in a run call
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_breakpoints(zx_handle_t guest,
                                                           const uint64_t *addresses, size_t count);

// What of an instruction, or of the delivery of an interrupt, a watchpoint is met by.
#define ZIRCONIA_WATCH_CHANGE ((uint32_t)0u) // Its memory has other contents, whoever stored there.
#define ZIRCONIA_WATCH_READ ((uint32_t)1u)   // It reads there.
#define ZIRCONIA_WATCH_ACCESS ((uint32_t)2u) // It reads or writes there.

// Guest-physical memory, of 1 to 8 bytes.
typedef struct zirconia_watchpoint {
    uint64_t address;
    uint64_t size;
    uint32_t kind;
    uint32_t padding;
} zirconia_watchpoint_t;

#define ZIRCONIA_WATCHPOINTS_MAX ((size_t)16)

// From now on run calls end behind an instruction, or the delivery of an interrupt, that meets one
// of these; in place of those before; with 0, none, which may be said at any time. Reads of code,
// of page tables and of descriptors are no reads of the instruction's. Meanwhile the guest runs
// instruction by instruction, a hundred times as slow.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_OUT_OF_RANGE  for more than ZIRCONIA_WATCHPOINTS_MAX
//   ZX_ERR_INVALID_ARGS  when watchpoints cannot be read
//   ZX_ERR_INVALID_ARGS  for a watchpoint of another kind, or not of 1 to 8 bytes below 2^48
//   ZX_ERR_BAD_STATE     for more than 0 when the guest has no VCPU, or one is in a run call
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_watchpoints(zx_handle_t guest,
                                                           const zirconia_watchpoint_t *watchpoints,
                                                           size_t count);

// From now on each run call of the VCPU carries out one instruction; with 0, which may be said at
// any time, as many as there are.
// One that makes an exit which returns a packet, or an error, ends the run call with that. One that
// raises an exception has been stepped over with its delivery. An interrupt that is delivered is a
// step of its own: the handler's first instruction is the next. Of a repeated string instruction
// one iteration is a step, as it is for the processor. HLT is stepped over once the VCPU wakes.
// Errors:
//   vcpu (VCPU, WRITE)
//   ZX_ERR_INVALID_ARGS  for a number above 1
//   ZX_ERR_BAD_STATE     for more than 0 when the guest has no VCPU, or one is in a run call
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_set_stepping(zx_handle_t vcpu, uint32_t stepping);

// Has the VCPU's run call end with ZX_ERR_STOP, or else its next one. The guest does not notice: a
// halted VCPU is halted still. Any thread, at any time.
// Errors:
//   vcpu (VCPU, EXECUTE)
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_stop(zx_handle_t vcpu);

// Why a run call ended with ZX_ERR_STOP.
#define ZIRCONIA_STOP_NONE ((uint32_t)0u)       // None did yet.
#define ZIRCONIA_STOP_REQUEST ((uint32_t)1u)    // zirconia_vcpu_stop()
#define ZIRCONIA_STOP_STEP ((uint32_t)2u)       // The step is done.
#define ZIRCONIA_STOP_BREAKPOINT ((uint32_t)3u) // RIP is at one.
#define ZIRCONIA_STOP_WATCHPOINT ((uint32_t)4u) // One of ZIRCONIA_WATCH_CHANGE.
#define ZIRCONIA_STOP_ACCESS ((uint32_t)5u)     // A watchpoint of the other kinds.

typedef struct zirconia_stop {
    uint32_t cause;
    uint32_t padding;
    uint64_t address; // The first byte of the watchpoint.
    uint64_t work;    // In virtual time, what the guest has done by now.
} zirconia_stop_t;

// The cause of the VCPU's last ZX_ERR_STOP, while it is in no run call itself.
// Errors:
//   vcpu (VCPU, READ)
//   ZX_ERR_BAD_STATE     when the VCPU is in a run call
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_vcpu_read_stop(zx_handle_t vcpu, zirconia_stop_t *out);

ZIRCONIA_END_C

#endif // ZIRCONIA_DEBUG_H_
