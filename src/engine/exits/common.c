// SPDX-License-Identifier: MIT
//
// What several kinds of exit do.

#include "engine/exits/exits.h"
#include "objects/refusal.h"

void exit_advance(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    cpu_set(cpu, RIP, cpu_get(cpu, RIP) + context->exit->instruction_length);
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
}

zx_status_t exit_delivery(struct vcpu *vcpu, enum delivery result) {
    static const struct cpu_exit triple_fault = {.reason = EXIT_TRIPLE_FAULT};
    switch (result) {
    case DELIVERED:
        return ZX_OK;
    case DELIVERY_UNBACKED:
        return refuse(ZX_ERR_NOT_FOUND,
                      "what an event pushes or reads is not mapped for the guest");
    case DELIVERY_TRIPLE_FAULT:
        observe_exit(vcpu, &triple_fault);
        triple_fault_tell(vcpu);
        return refuse(ZX_ERR_NOT_SUPPORTED, TRIPLE_FAULT_CAUSE);
    default:
        return refuse(ZX_ERR_NOT_SUPPORTED, "an event goes through a task gate");
    }
}

zx_status_t exit_complete(struct exit_context *context, const uint64_t *result) {
    return exit_delivery(context->vcpu, cpu_complete(context->vcpu->cpu, context->exit, result));
}

zx_status_t exit_general_protection(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const struct vectored_event event = {
        .kind = VECTORED_EXCEPTION,
        .vector = VECTOR_GENERAL_PROTECTION,
        .return_rip = cpu_get(cpu, RIP),
    };
    const enum delivery result = deliver_vectored_event(cpu, &event);
    if (result == DELIVERED) {
        const struct cpu_exit exit = {.reason = EXIT_EXCEPTION,
                                      .vector = VECTOR_GENERAL_PROTECTION};
        observe_exception(context->vcpu, &exit);
    }
    return exit_delivery(context->vcpu, result);
}
