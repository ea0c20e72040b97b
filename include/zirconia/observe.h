// SPDX-License-Identifier: MIT
//
// What the ABI does not tell: every exit of a guest as it happens, those that the library handles
// by itself among them, and how many there were of each kind and how long they took. For tools and
// for people who debug a guest. A VMM needs none of it, and nothing here changes what a guest sees.

#ifndef ZIRCONIA_OBSERVE_H_
#define ZIRCONIA_OBSERVE_H_

#include <stddef.h>
#include <stdint.h>

#include <zircon/types.h>
#include <zirconia/decode.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// The kinds of exits, by the names of Zircon's own trace where it has one. The last three are not
// exits: they tell what the library delivers to the guest through its IDT, or fails to deliver.
// Behind a delivery_failed comes the event that is delivered in its place, or another
// delivery_failed, and in the end perhaps a triple_fault. New kinds are added at the end.
// What qualification[] holds, 0 where nothing is said:
//
//                            [0]                     [1]                   [2]
//   cpuid                    leaf                    subleaf
//   control_register_access  register's number       value to be written, 0 for a read
//   io_instruction           port                    access size, bytes    1 for an input
//   rdmsr                    MSR
//   wrmsr                    MSR                     value to be written
//   ept_violation            guest-physical address  1 read, 2 write, 3 both, 4 fetch
//   vmcall                   RAX
//   xsetbv                   register's number       value to be written
//   interrupt_injected       vector
//   exception                vector                  error code            CR2, for vector 14
//   delivery_failed          vector                  error code            CR2, for vector 14
#define ZIRCONIA_EXIT_KINDS(X)                                                                     \
    X(CPUID, cpuid)                                                                                \
    X(HLT, hlt)                                                                                    \
    X(CONTROL_REGISTER_ACCESS, control_register_access)                                            \
    X(IO_INSTRUCTION, io_instruction)                                                              \
    X(RDMSR, rdmsr)                                                                                \
    X(WRMSR, wrmsr)                                                                                \
    X(EPT_VIOLATION, ept_violation)                                                                \
    X(INTERRUPT_WINDOW, interrupt_window)                                                          \
    X(VMCALL, vmcall)                                                                              \
    X(XSETBV, xsetbv)                                                                              \
    X(PAUSE, pause)                                                                                \
    X(TRIPLE_FAULT, triple_fault)                                                                  \
    X(INTERRUPT_INJECTED, interrupt_injected)                                                      \
    X(EXCEPTION, exception)                                                                        \
    X(DELIVERY_FAILED, delivery_failed)

#define ZIRCONIA_EXIT_KIND_CONSTANT(constant, name) ZIRCONIA_EXIT_##constant,
typedef enum zirconia_exit_kind {
    ZIRCONIA_EXIT_KINDS(ZIRCONIA_EXIT_KIND_CONSTANT) ZIRCONIA_EXIT_KIND_COUNT
} zirconia_exit_kind_t;
#undef ZIRCONIA_EXIT_KIND_CONSTANT

// One exit, as it was before the library did anything about it.
typedef struct zirconia_exit {
    zirconia_exit_kind_t kind;
    zirconia_code_mode_t mode; // of the code at rip
    uint64_t vcpu;             // local APIC id: 0 is the boot processor
    uint64_t rip;              // of the instruction that exits, or of the next one to run
    uint64_t cr3;
    uint64_t qualification[3]; // see the table above
    // The instruction at rip: its bytes and how many they are, 1 to 15. 0 when the exit does not
    // come from an instruction, or when the instruction could not be fetched.
    uint8_t instruction_size;
    uint8_t instruction[15];
    // When it began, in nanoseconds of the guest's time: virtual time, or the host's monotonic
    // clock. On one VCPU it never goes back, unless a snapshot is restored.
    int64_t time;
    // When the last exit before it on this VCPU ended, in the guest's time: the guest has run
    // since. 0 while that exit has not ended, and where the observer was told of none.
    int64_t resumed;
} zirconia_exit_t;

// Receives one exit, valid during the callback only. It runs on the VCPU's thread, inside the run
// call: several at once when several VCPUs run. Of this library it may call zx_vcpu_kick() and
// zx_vcpu_interrupt(), zx_vcpu_read_state() of the VCPU that exits, and what
// include/zirconia/decode.h declares, and nothing else.
typedef void (*zirconia_exit_observer_t)(void *context, const zirconia_exit_t *exit);

// Sends every exit of the guest's VCPUs to observer from now on, together with context, in place of
// any observer before; NULL ends it. An observer that was replaced while a VCPU runs may be called
// once more. Guests without an observer pay nothing for it. Any thread.
// Errors:
//   guest (GUEST, INSPECT)
ZIRCONIA_EXPORT zx_status_t zirconia_guest_observe(zx_handle_t guest,
                                                   zirconia_exit_observer_t observer,
                                                   void *context);

// Receives the end of an exit: the VCPU with this local APIC id is about to run guest code again.
// It runs and may call what a zirconia_exit_observer_t does and may.
typedef void (*zirconia_entry_observer_t)(void *context, uint64_t vcpu);

// Calls observer, together with context, whenever an exit that the guest's exit observer was told
// of has ended, in place of any observer before; NULL ends it. What the library did about the exit
// is done then, and if the run call returned, what its caller did, and a vector is delivered.
// Without an exit observer nothing is told. An observer that was replaced while a VCPU runs may be
// called once more. Any thread.
//
// Errors:
//   guest (GUEST, INSPECT)
ZIRCONIA_EXPORT zx_status_t zirconia_guest_observe_entries(zx_handle_t guest,
                                                           zirconia_entry_observer_t observer,
                                                           void *context);

// What a guest's exits of one kind came to. An exit lasts until the guest runs again, what the
// caller of the run call does in between included; the wait of a HLT counts. The time is taken only
// while the guest has an observer, even one that does nothing: clocks are slow beside exits.
typedef struct zirconia_exit_statistics {
    uint64_t count;
    uint64_t nanoseconds;
} zirconia_exit_statistics_t;

// Writes the figures since the guest was created, all VCPUs together, into out[0] to
// out[kinds - 1], the place being the zirconia_exit_kind_t. A client passes its own
// ZIRCONIA_EXIT_KIND_COUNT: places beyond what this library knows are zeroed. The figures of a
// guest that is running may be of slightly different moments. Any thread.
// Errors:
//   guest (GUEST, INSPECT)
//   ZX_ERR_INVALID_ARGS  when out cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_statistics(zx_handle_t guest,
                                                      zirconia_exit_statistics_t *out,
                                                      size_t kinds);

// The name in the list above ("cpuid", ...), or "unknown" for any other number. Never NULL; the
// string is static. Any thread.
ZIRCONIA_EXPORT const char *zirconia_exit_kind_name(zirconia_exit_kind_t kind);

ZIRCONIA_END_C

#endif // ZIRCONIA_OBSERVE_H_
