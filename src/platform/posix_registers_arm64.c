// SPDX-License-Identifier: MIT
//
// Registers in the frame of a signal, on Linux for arm64: general ones in the machine context, the
// others in records behind it, each with a magic number and its size.

#define _GNU_SOURCE // The members of mcontext_t

#include "platform/posix_registers_arm64.h"

#if defined(POSIX_CONTEXT_REGISTERS) && defined(__aarch64__)

#include "platform/registers.h"

#include <asm/sigcontext.h>
#include <stddef.h>
#include <string.h>

// PSTATE's condition flags; the rest is the host's.
#define CONDITION_FLAGS UINT64_C(0xf0000000)

enum { GENERAL_COUNT = 30, LINK = 30 };

bool platform_has_registers(void) {
    return true;
}

void posix_context_capture(struct platform_context *context) {
    __asm__("mrs %0, tpidr_el0" : "=r"(context->fs_base));
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

// --- The records ---

// NULL where the frame does not have it.
static void *find_record(const ucontext_t *context, uint32_t magic, size_t size) {
    const mcontext_t *machine = &context->uc_mcontext;
    const unsigned char *const records = machine->__reserved;
    size_t at = 0;
    while (at + sizeof(struct _aarch64_ctx) <= sizeof(machine->__reserved)) {
        struct _aarch64_ctx head;
        memcpy(&head, records + at, sizeof(head));
        if (head.magic == magic && head.size >= size) {
            return (void *)(uintptr_t)(records + at);
        }
        if (head.magic == 0 || head.size < sizeof(head)) {
            return NULL;
        }
        at += head.size;
    }
    return NULL;
}

uint64_t posix_fault_syndrome(const ucontext_t *context) {
    const struct esr_context *record = find_record(context, ESR_MAGIC, sizeof(struct esr_context));
    return record != NULL ? record->esr : 0;
}

static struct fpsimd_context *vectors(const struct platform_context *context) {
    return find_record(context->host, FPSIMD_MAGIC, sizeof(struct fpsimd_context));
}

// --- General registers ---

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    const mcontext_t *machine = &context->host->uc_mcontext;
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        out->r[i] = machine->regs[i];
    }
    out->lr = machine->regs[LINK];
    out->sp = machine->sp;
    out->pc = machine->pc;
    out->cpsr = machine->pstate;
    out->tpidr = context->fs_base;
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    if (from->tpidr != context->fs_base) {
        return false;
    }
    mcontext_t *machine = &context->host->uc_mcontext;
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        machine->regs[i] = from->r[i];
    }
    machine->regs[LINK] = from->lr;
    machine->sp = from->sp;
    machine->pc = from->pc;
    machine->pstate = (machine->pstate & ~CONDITION_FLAGS) | (from->cpsr & CONDITION_FLAGS);
    return true;
}

// Linux lets only another process step a thread.
bool platform_read_single_step(const struct platform_context *context) {
    (void)context;
    return false;
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    (void)context;
    return !on;
}

bool platform_set_resume_flag(struct platform_context *context, bool on) {
    (void)context;
    (void)on;
    return false;
}

// --- Floating point and vectors ---

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    (void)context;
    memset(out, 0, sizeof(*out));
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    (void)context;
    (void)from;
}

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    memset(out, 0, sizeof(*out));
    const struct fpsimd_context *record = vectors(context);
    if (record != NULL) {
        out->fpcr = record->fpcr;
        out->fpsr = record->fpsr;
        memcpy(out->v, record->vregs, sizeof(out->v));
    }
}

// The registers of SVE begin with these. Linux takes those of the other record then, and QEMU does
// not.
static void write_scalable(const struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    unsigned char *record = find_record(context->host, SVE_MAGIC, sizeof(struct sve_context));
    if (record == NULL) {
        return;
    }
    struct sve_context head;
    memcpy(&head, record, sizeof(head));
    const size_t sixteens = sve_vq_from_vl(head.vl); // How many times 16 bytes a register has.
    if (head.head.size < SVE_SIG_CONTEXT_SIZE(sixteens)) {
        return; // Without registers: the thread has used none of them.
    }
    for (size_t i = 0; i < sizeof(from->v) / sizeof(from->v[0]); i++) {
        memcpy(record + SVE_SIG_ZREG_OFFSET(sixteens, i), &from->v[i], sizeof(from->v[i]));
    }
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    struct fpsimd_context *record = vectors(context);
    if (record != NULL) {
        record->fpcr = from->fpcr;
        record->fpsr = from->fpsr;
        memcpy(record->vregs, from->v, sizeof(from->v));
        write_scalable(context, from);
    }
}

_Static_assert(sizeof(((zx_thread_state_vector_regs_t *)0)->v) ==
                   sizeof(((struct fpsimd_context *)0)->vregs),
               "32 registers of 16 bytes");

#endif
