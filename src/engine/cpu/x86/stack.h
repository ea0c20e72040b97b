// SPDX-License-Identifier: MIT
//
// Stacks, as instructions and the delivery of vectored events push to and pop from them.

#ifndef ENGINE_CPU_X86_STACK_H
#define ENGINE_CPU_X86_STACK_H

#include "engine/cpu/x86/deliver_mode.h"

struct stack {
    struct segment segment;
    uint64_t pointer;
    unsigned privilege;
    bool flat;            // A stack of 64-bit code: no segment and no limit.
    uint32_t limit_error; // The error code of #SS.
};

// SS:RSP as they are.
struct stack stack_current(const struct cpu *cpu);

// SS:ESP for the privilege, as the task-state segment outside of IA-32e mode has them. `external`
// is the EXT bit of error codes. The accessed bit of its descriptor is set.
bool stack_of_task(struct cpu *cpu, uint32_t external, unsigned privilege, struct stack *stack,
                   struct fault *fault);

// The pointer at this offset of the task-state segment, which has another form in IA-32e mode.
#define TSS_RSP(privilege) (4u + 8u * (privilege))
#define TSS_IST(number) (0x24u + 8u * ((number)-1u))
bool stack_of_long_task(struct cpu *cpu, uint32_t external, uint32_t offset, uint64_t *pointer,
                        struct fault *fault);

// Moves a pointer within what the stack's address size lets change.
uint64_t stack_moved(const struct stack *stack, uint64_t pointer, int64_t distance);

// Pushes words of `size` bytes in this order. Nothing is written unless all can be.
bool stack_push(struct cpu *cpu, struct stack *stack, const uint64_t *words, unsigned count,
                unsigned size, struct fault *fault);

bool stack_pop(struct cpu *cpu, struct stack *stack, uint64_t *words, unsigned count, unsigned size,
               struct fault *fault);

// One word at an offset of the stack segment.
bool stack_read(struct cpu *cpu, const struct stack *stack, uint64_t offset, uint64_t *word,
                unsigned size, struct fault *fault);

// Would a store there succeed?
bool stack_probe(struct cpu *cpu, const struct stack *stack, uint64_t offset, unsigned size,
                 struct fault *fault);

#endif // ENGINE_CPU_X86_STACK_H
