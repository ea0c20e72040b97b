// SPDX-License-Identifier: MIT
//
// The frame of a signal on Linux for arm64: what is not in the machine context is in records behind
// it, each with a magic number and its size.

#define _GNU_SOURCE // The members of mcontext_t

#include "platform/posix_frame.h"

#if defined(__aarch64__)

#include <asm/sigcontext.h>
#include <stddef.h>
#include <string.h>

void posix_context_capture(struct platform_context *context) {
    __asm__("mrs %0, tpidr_el0" : "=r"(context->fs_base));
}

void posix_context_apply(const struct platform_context *context) {
    (void)context;
}

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

struct posix_trap posix_frame_trap(const ucontext_t *context) {
    const struct esr_context *record = find_record(context, ESR_MAGIC, sizeof(struct esr_context));
    return (struct posix_trap){
        .code = record != NULL ? record->esr : 0,
        .address = context->uc_mcontext.fault_address,
    };
}

static struct fpsimd_context *vectors(const ucontext_t *context) {
    return find_record(context, FPSIMD_MAGIC, sizeof(struct fpsimd_context));
}

void posix_frame_read_vectors(const ucontext_t *context, zx_thread_state_vector_regs_t *out) {
    const struct fpsimd_context *record = vectors(context);
    if (record != NULL) {
        out->fpcr = record->fpcr;
        out->fpsr = record->fpsr;
        memcpy(out->v, record->vregs, sizeof(out->v));
    }
}

// The registers of SVE begin with these. Linux takes those of the other record then, and QEMU does
// not.
static void write_scalable(const ucontext_t *context, const zx_thread_state_vector_regs_t *from) {
    unsigned char *record = find_record(context, SVE_MAGIC, sizeof(struct sve_context));
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

void posix_frame_write_vectors(ucontext_t *context, const zx_thread_state_vector_regs_t *from) {
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
