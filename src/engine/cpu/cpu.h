// SPDX-License-Identifier: MIT
//
// The processor, as the rest of src/engine/ sees it: run until an exit, read and change its state,
// deliver a vectored event. Below this header lie two layers: x86/, the rules of the architecture,
// and unicorn/, which carries guest code out. No type of the engine below appears here.
//
// What snapshots, debuggers and coverage want beyond a processor is in engine/instruments/.
//
// A machine is what the VCPUs of one guest share: its memory, and the engine on which they take
// turns. Only the holder of the guest's turn may call what is below, but for the functions that say
// "any thread".

#ifndef ENGINE_CPU_CPU_H
#define ENGINE_CPU_CPU_H

#include "decode/instruction.h"
#include "decode/port_access.h"
#include "engine/cpu/x86/cpuid.h"
#include "engine/cpu/x86/msr.h"
#include "engine/cpu/x86/registers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

struct cpu;
struct machine;
struct vmo;

// --- The machine ---

// What a guest-physical page is. The owner answers from the guest's mappings and traps.
struct backing {
    struct vmo *vmo;
    uint64_t vmo_offset; // The page's offset in the VMO.
    // How many bytes before the page, and behind it, are backed by the VMO in the same way, at the
    // offsets that go with them.
    uint64_t before;
    uint64_t behind;
    bool writable;
    bool executable;
};

struct machine_client {
    void *context;
    // False: nothing that the guest may access directly (unmapped, or under a trap).
    bool (*find_page)(void *context, uint64_t guest_physical, struct backing *out);
    uint64_t (*read_tsc)(void *context);
};

zx_status_t machine_create(const struct machine_client *client, struct machine **out);
void machine_destroy(struct machine *machine);

// Makes room for the VMO's pages, of which the one at `vmo_offset` will be at `guest_physical`. It
// keeps its place, with a reference, for the machine's life; what it grows by gets one when it is
// first needed.
zx_status_t machine_add_vmo(struct machine *machine, struct vmo *vmo, uint64_t vmo_offset,
                            uint64_t guest_physical);

// The guest-physical range maps differently from now on: forget what was derived from it.
void machine_unmap(struct machine *machine, uint64_t guest_physical, uint64_t length);

// The host address of a byte of guest-physical memory, good to the end of its page. NULL if nothing
// backs it, if `write` and the mapping is read-only, and without memory for nested tables.
uint8_t *machine_host_address(struct machine *machine, uint64_t guest_physical, bool write);

// A run ends before its next block of guest code while an exit is requested. Any thread.
void machine_request_exit(struct machine *machine);
// From now on: what was asked for is looked at after this.
void machine_clear_exit_request(struct machine *machine);

// How much a machine has done: virtual time (guest_clock.h) is made of it, so that a guest's clock
// depends on nothing but what the guest does. From now on the blocks of guest code that run are
// counted, and the exits and exceptions, which can follow each other for ever without a block in
// between. BAD_STATE where nothing was counted and there has been a VCPU.
zx_status_t machine_count_work(struct machine *machine);

// What was counted so far. Any thread.
uint64_t machine_work(const struct machine *machine);

// An exit is requested when this much work is done, and nothing is counted until it was made. It is
// requested at the limit too, but work is counted on.
void machine_stop_at(struct machine *machine, uint64_t work, uint64_t limit);

// --- A VCPU ---

zx_status_t cpu_create(struct machine *machine, struct cpu **out);
void cpu_destroy(struct cpu *cpu);

// Registers by name. A write derives the modes that follow from it, and forgets translations of
// addresses that it makes old.
uint64_t cpu_get(const struct cpu *cpu, enum cpu_register name);
void cpu_set(struct cpu *cpu, enum cpu_register name, uint64_t value);
struct segment cpu_segment(const struct cpu *cpu, enum segment_register index);
void cpu_set_segment(struct cpu *cpu, enum segment_register index, const struct segment *segment);

// Between these the owner of a VCPU that does not run may read and write its registers without the
// turn. They may lie in the engine, which whoever has the turn needs for others.
void cpu_lock_registers(struct cpu *cpu);
void cpu_unlock_registers(struct cpu *cpu);

// What follows from the registers.
enum code_mode cpu_code_mode(const struct cpu *cpu);

// --- Running ---

enum exit_reason {
    EXIT_REQUESTED, // machine_request_exit()
    EXIT_CPUID,
    EXIT_HLT,
    EXIT_INTERRUPT_WINDOW,
    EXIT_VMCALL,
    EXIT_CONTROL_REGISTER_ACCESS,
    EXIT_IO_INSTRUCTION,
    EXIT_RDMSR,
    EXIT_WRMSR,
    EXIT_EPT_VIOLATION,
    EXIT_XSETBV,
    EXIT_PAUSE,
    EXIT_TRIPLE_FAULT,
    EXIT_EXCEPTION, // No exit: the guest has taken an exception through its IDT.
    EXIT_STEPPED,   // See engine/instruments/breakpoints.h.
    EXIT_BREAKPOINT,
    EXIT_OTHER,  // An instruction that exits and that nobody handles.
    EXIT_FAILED, // The engine failed; the reason is in the log.
};

struct cpu_exit {
    enum exit_reason reason;
    // REQUESTED and STEPPED, where work is counted: in the middle of a block. What depends on how
    // much was done waits for its end.
    bool divides_block;
    uint8_t instruction_length; // 0 when not known.
    uint8_t instruction[15];
    struct instruction decoded; // Valid when the length is known.
    struct port_access port;    // IO_INSTRUCTION
    uint16_t status_word;       // CONTROL_REGISTER_ACCESS: what LMSW is to load.
    uint64_t guest_physical;    // EPT_VIOLATION
    bool read;                  // EPT_VIOLATION; with `write`: the operand was to be modified.
    bool write;                 // EPT_VIOLATION
    bool fetch;                 // EPT_VIOLATION
    bool starved;               // EPT_VIOLATION: a page of the guest's, but the host has no memory.
    uint8_t vector;             // EXCEPTION
    uint32_t error_code;        // EXCEPTION
};

enum run_next {
    RUN_ON,    // Enter the guest, unless an exit is requested.
    RUN_LEAVE, // Leave the guest and ask again about the same exit.
    RUN_END,
};

struct run_client {
    void *context;
    // What follows an exit. `inside`: the engine below is inside the guest still, so that the
    // guest's turn cannot be given up, and RUN_LEAVE may be said. It has left where an exit was
    // requested before this one.
    enum run_next (*handle)(void *context, const struct cpu_exit *exit, bool inside);
    // Answers CPUID by RAX and RCX in the middle of guest code, without an exit, where the engine
    // below can do that, and changes nothing but RAX, RBX, RCX and RDX. Without `exit` it does
    // nothing and returns false if it is to be told about the exit. NULL: CPUID makes exits.
    bool (*answer_cpuid)(void *context, const struct cpu_exit *exit);
};

// Asks the client, with EXIT_REQUESTED, whether to enter the guest, and then at each exit.
void cpu_run(struct cpu *cpu, const struct run_client *client);

// --- Vectored events ---

enum vectored_event_kind {
    VECTORED_EXTERNAL, // An external interrupt or NMI.
    VECTORED_EXCEPTION,
    VECTORED_SOFTWARE, // INT n, INT3, INTO: the gate's DPL is checked.
};

struct vectored_event {
    enum vectored_event_kind kind;
    uint8_t vector;
    uint32_t error_code; // The error code of an exception that has one.
    uint64_t return_rip;
};

enum delivery {
    DELIVERED,
    DELIVERY_TRIPLE_FAULT,
    DELIVERY_UNSUPPORTED,      // A task gate.
    DELIVERY_UNBACKED,         // It needs guest-physical memory that is not there.
    DELIVERY_OPERAND_UNBACKED, // The instruction itself does, before it has had any effect.
};

// Through the guest's vector table. Faults on the way are delivered in the event's place: first the
// fault, then a double fault, then the verdict is a triple fault. Without DELIVERED, RIP stays.
enum delivery deliver_vectored_event(struct cpu *cpu, const struct vectored_event *event);

// An attempt that failed: the event, and the fault that came of it.
struct failed_delivery {
    struct vectored_event event;
    uint64_t address; // CR2, when the event is a page fault.
    uint8_t fault;
    uint32_t fault_error_code;
    uint64_t fault_address; // When the fault is a page fault.
};

// An external or a benign event, a contributory exception, a page fault, a double fault: no other
// chain is longer.
enum { FAILED_DELIVERIES = 4 };

// The failed deliveries before the last event was delivered or failed: how many, and which.
size_t cpu_failed_deliveries(const struct cpu *cpu, const struct failed_delivery **out);

// The exit's instruction was carried out, but for the store of the low 16 bits of `result` to its
// operand in memory, or of as many as it has to a register; NULL if there is nothing to store. RIP
// goes past it, and a single-step trap follows if the program asked for one.
enum delivery cpu_complete(struct cpu *cpu, const struct cpu_exit *exit, const uint64_t *result);

// Can this external vector or NMI be taken now?
enum readiness {
    READY,
    READY_IN_WINDOW,  // An interrupt window must be asked for.
    READY_AFTER_IRET, // An NMI must wait for the IRET of an NMI's handler, behind which an exit
                      // follows.
};
enum readiness cpu_ready_for(const struct cpu *cpu, uint8_t vector);

// An exit before the next instruction that could be interrupted.
void cpu_set_window_exiting(struct cpu *cpu, bool on);

// --- The engine below ---

struct engine_description {
    const char *version; // For people, as "2.1.1".
    const char *note;    // What its users should know of it, or "".
};

// The note is of how the engine is used, once there was a machine. Any thread.
struct engine_description engine_describe(void);

#endif // ENGINE_CPU_CPU_H
