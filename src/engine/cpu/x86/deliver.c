// SPDX-License-Identifier: MIT
//
// Which mode delivers, and what follows a fault in the attempt.

#include "engine/cpu/x86/deliver.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/deliver_mode.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/nmi.h"

static bool attempt(struct cpu *cpu, const struct vectored_event *event, struct fault *fault) {
    if (cpu_long_mode(cpu)) {
        return deliver_long(cpu, event, fault);
    }
    if ((cpu_get(cpu, CR0) & CR0_PE) != 0) {
        return deliver_legacy(cpu, event, fault);
    }
    return deliver_real(cpu, event, fault);
}

static bool contributory(uint8_t vector) {
    return vector == VECTOR_DIVIDE_ERROR ||
           (vector >= VECTOR_INVALID_TSS && vector <= VECTOR_GENERAL_PROTECTION);
}

// SDM volume 3A, table 6-5.
static bool makes_double_fault(const struct vectored_event *first, uint8_t second) {
    if (first->kind != VECTORED_EXCEPTION) {
        return false;
    }
    if (first->vector == VECTOR_PAGE_FAULT) {
        return contributory(second) || second == VECTOR_PAGE_FAULT;
    }
    return contributory(first->vector) && contributory(second);
}

static void note_failure(struct cpu *cpu, const struct vectored_event *event,
                         const struct fault *fault) {
    struct cpu_progress *progress = cpu_progress(cpu);
    if (progress->failed_count == FAILED_DELIVERIES) {
        return;
    }
    progress->failed[progress->failed_count++] = (struct failed_delivery){
        .event = *event,
        .address = cpu_get(cpu, CR2),
        .fault = fault->vector,
        .fault_error_code = fault->error_code,
        .fault_address = fault->address,
    };
}

size_t cpu_failed_deliveries(const struct cpu *cpu, const struct failed_delivery **out) {
    const struct cpu_progress *progress = cpu_progress_of(cpu);
    *out = progress->failed;
    return progress->failed_count;
}

enum delivery deliver_vectored_event(struct cpu *cpu, const struct vectored_event *event) {
    struct vectored_event next = *event;
    struct fault fault = {0};
    cpu_progress(cpu)->failed_count = 0;
    cpu_settle_flags(cpu);
    while (!attempt(cpu, &next, &fault)) {
        if (fault.verdict != DELIVERED) {
            return fault.verdict;
        }
        note_failure(cpu, &next, &fault);
        if (next.kind == VECTORED_EXCEPTION && next.vector == VECTOR_DOUBLE_FAULT) {
            return DELIVERY_TRIPLE_FAULT;
        }
        const bool twice = makes_double_fault(&next, fault.vector);
        if (fault.vector ==
            VECTOR_PAGE_FAULT) { // CR2 changes even when the page fault becomes a double fault.
            cpu_set(cpu, CR2, fault.address);
        }
        next = (struct vectored_event){
            .kind = VECTORED_EXCEPTION,
            .vector = twice ? VECTOR_DOUBLE_FAULT : fault.vector,
            .error_code = twice ? 0 : fault.error_code,
            .return_rip = cpu_get(cpu, RIP),
        };
    }
    if (next.kind == VECTORED_EXTERNAL && next.vector == VECTOR_NMI) {
        nmi_block(cpu);
    }
    cpu_progress(cpu)->taken = (struct taken_event){true, next.vector, next.error_code};
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
    return DELIVERED;
}

enum readiness cpu_ready_for(const struct cpu *cpu, uint8_t vector) {
    if (vector == VECTOR_NMI && nmi_blocked(cpu)) {
        return READY_AFTER_IRET;
    }
    const bool open = vector == VECTOR_NMI || (cpu_system_flags(cpu) & RFLAGS_IF) != 0;
    return open && cpu_get(cpu, INTERRUPT_SHADOW) == 0 ? READY : READY_IN_WINDOW;
}

enum delivery deliver_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code) {
    const struct vectored_event event = {
        .kind = VECTORED_EXCEPTION,
        .vector = vector,
        .error_code = error_code,
        .return_rip = cpu_get(cpu, RIP),
    };
    return deliver_vectored_event(cpu, &event);
}

enum delivery deliver_single_step(struct cpu *cpu) {
    cpu_set(cpu, DR6, cpu_get(cpu, DR6) | DR6_BS);
    return deliver_fault(cpu, VECTOR_DEBUG, 0);
}

enum delivery deliver_completion(struct cpu *cpu, uint8_t length) {
    const uint64_t rip = cpu_get(cpu, RIP) + length;
    const uint64_t flags = cpu_system_flags(cpu);
    cpu_set(cpu, RIP, cpu_code_64(cpu) ? rip : (uint32_t)rip);
    if ((flags & RFLAGS_RF) != 0) {
        cpu_set(cpu, RFLAGS, cpu_get(cpu, RFLAGS) & ~RFLAGS_RF);
    }
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
    return (flags & RFLAGS_TF) != 0 ? deliver_single_step(cpu) : DELIVERED;
}

enum delivery deliver_arrival(struct cpu *cpu, uint64_t rip, uint64_t flags) {
    cpu_set(cpu, RIP, rip);
    cpu_set(cpu, RFLAGS, flags & ~RFLAGS_RF);
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
    return (flags & RFLAGS_TF) != 0 ? deliver_single_step(cpu) : DELIVERED;
}

enum delivery deliver_unbacked(struct cpu *cpu, uint64_t guest_physical) {
    cpu_progress(cpu)->unbacked = guest_physical;
    return DELIVERY_UNBACKED;
}

enum delivery deliver_operand_unbacked(struct cpu *cpu, uint64_t guest_physical, bool write) {
    cpu_progress(cpu)->unbacked = guest_physical;
    cpu_progress(cpu)->unbacked_write = write;
    return DELIVERY_OPERAND_UNBACKED;
}

enum delivery fault_deliver(struct cpu *cpu, const struct fault *fault) {
    if (fault->verdict == DELIVERY_UNBACKED) {
        return deliver_operand_unbacked(cpu, cpu_progress(cpu)->unbacked, fault->write);
    }
    if (fault->verdict != DELIVERED) {
        return fault->verdict;
    }
    if (fault->vector == VECTOR_PAGE_FAULT) {
        cpu_set(cpu, CR2, fault->address);
    }
    return deliver_fault(cpu, fault->vector, fault->error_code);
}
