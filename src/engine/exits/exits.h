// SPDX-License-Identifier: MIT
//
// One function for each kind of VM exit, doing what Zircon's kernel does with it (hypervisor ABI
// 5). All run on the owner thread with the guest's turn and the state open.

#ifndef ENGINE_EXITS_EXITS_H
#define ENGINE_EXITS_EXITS_H

#include "engine/cpu/cpu.h"
#include "engine/vcpu.h"

// Handlers return as Zircon's do. ZX_OK: the guest goes on. ZX_ERR_NEXT: the run call returns ZX_OK
// with `packet`. Anything else: the run call returns that error, without a packet.
struct exit_context {
    struct vcpu *vcpu;
    const struct cpu_exit *exit;
    enum packet_layout layout;
    zx_port_packet_t *packet;
    struct blocking *blocking; // The thread's, NULL where it is not to be interrupted.
    bool has_turn;             // Kept by vcpu_stop.h.
    zx_status_t status;        // The last one; the loop ends when it is not ZX_OK.
};

zx_status_t exit_cpuid(struct exit_context *context);
bool exit_cpuid_inside(void *exit_context, const struct cpu_exit *exit); // See run_client.
zx_status_t exit_control_register_access(struct exit_context *context);
zx_status_t exit_ept_violation(struct exit_context *context);
zx_status_t exit_hlt(struct exit_context *context);
zx_status_t exit_io_instruction(struct exit_context *context);
zx_status_t exit_pause(struct exit_context *context);
zx_status_t exit_rdmsr(struct exit_context *context);
zx_status_t exit_wrmsr(struct exit_context *context);
zx_status_t exit_vmcall(struct exit_context *context);
zx_status_t exit_xsetbv(struct exit_context *context);

// What an access to a control register is told by: the register's number, and the value to be
// written.
void control_register_qualify(const struct vcpu *vcpu, const struct cpu_exit *exit,
                              uint64_t out[2]);

// "Advance" of hypervisor ABI 5: RIP behind the instruction, and no shadow.
void exit_advance(struct exit_context *context);

// The instruction was carried out, as a processor that makes no exit for it would; what of it is
// still to be stored is as cpu_complete() says.
zx_status_t exit_complete(struct exit_context *context, const uint64_t *result);

// One line in the log, where somebody listens: of an event that could not be delivered, and of a
// run that ends with an error.
#define TRIPLE_FAULT_CAUSE "a triple fault"
void triple_fault_tell(const struct vcpu *vcpu);
void bad_end_tell(const struct exit_context *context, zx_status_t status);

// What a handler returns after it delivered a vectored event to the guest.
zx_status_t exit_delivery(struct vcpu *vcpu, enum delivery result);

// What Zircon's kernel raises itself for some accesses, #GP(0); RIP stays.
zx_status_t exit_general_protection(struct exit_context *context);

#endif // ENGINE_EXITS_EXITS_H
