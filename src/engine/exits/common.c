// SPDX-License-Identifier: MIT
//
// What several kinds of exit do.

#include "engine/cpu/deliver.h"
#include "engine/exits/exits.h"

void exit_advance(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    cpu_set_rip(cpu, cpu_rip(cpu) + context->exit->instruction_length);
    cpu_clear_interrupt_shadow(cpu);
}

zx_status_t exit_general_protection(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const struct event event = {
        .kind = EVENT_EXCEPTION,
        .vector = VECTOR_GENERAL_PROTECTION,
        .has_error_code = true,
        .return_rip = cpu_rip(cpu),
    };
    return deliver_event(cpu, &event) == DELIVERED ? ZX_ERR_NEXT : ZX_ERR_NOT_SUPPORTED;
}
