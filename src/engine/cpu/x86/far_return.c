// SPDX-License-Identifier: MIT
//
// Far RET and IRET in protected mode (SDM volume 2), and IRET in real mode with a stack of 32 bits,
// of which the engine takes 16. A return to an outer privilege makes data segments that are too
// privileged for it null; of FS and GS the base stays, which programs of 64-bit code can see and
// the engine forgets. What else the engine gets wrong of IRET is in nmi.c.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/descriptor.h"
#include "engine/cpu/x86/far_code.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/nmi.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/stack.h"
#include "engine/cpu/x86/task_switch.h"

#define OPCODE_IRET 0xcf
#define OPCODE_RET_RELEASING 0xca

struct far_return {
    bool interrupt;    // IRET
    unsigned size;     // The size of the words that are popped.
    uint64_t released; // Bytes of parameters, on both stacks.
    uint64_t rip;
    uint16_t selector;
    uint64_t flags;
    uint64_t stack[2]; // RSP and SS, where they are
    bool has_stack;    // popped with the rest.
};

#define FLAGS_16 (RFLAGS_ARITHMETIC | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT)
#define FLAGS_WIDE (FLAGS_16 | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID)

// The flags after IRET: which of the popped ones count depends on the privilege that it comes from.
static uint64_t returned_flags(const struct cpu *cpu, const struct far_return *far_return) {
    const uint64_t flags = cpu_get(cpu, RFLAGS);
    const unsigned privilege = cpu_privilege(cpu);
    uint64_t taken = far_return->size == 2 ? FLAGS_16 : FLAGS_WIDE;
    taken |= privilege == 0 ? RFLAGS_IOPL_BITS : 0;
    taken |= privilege <= RFLAGS_IOPL(flags) ? RFLAGS_IF : 0;
    return (flags & ~(taken | RFLAGS_RF)) | (far_return->flags & taken);
}

static void drop_segments(struct cpu *cpu, unsigned privilege) {
    static const enum segment_register data[] = {SEGMENT_ES, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS};
    for (unsigned i = 0; i < 4; i++) {
        const struct segment segment = cpu_segment(cpu, data[i]);
        struct segment null = null_segment(0, 0);
        if (segment_is_lost(&segment, privilege)) {
            null.base = data[i] >= SEGMENT_FS && cpu_long_mode(cpu) ? segment.base : 0;
            cpu_set_segment(cpu, data[i], &null);
        }
    }
}

// SS of the outer privilege; in 64-bit code it may be null, but not for ring 3.
static bool load_outer_stack(struct cpu *cpu, uint16_t selector, unsigned privilege,
                             const struct segment *code, struct segment *out, struct fault *fault) {
    const bool to_64 = cpu_long_mode(cpu) && (code->attributes & ATTRIBUTE_LONG) != 0;
    if ((selector & 0xfffcu) == 0 && to_64 && privilege != 3 && (selector & 3u) == privilege) {
        *out = null_segment(selector, privilege);
        return true;
    }
    return load_stack_segment(cpu, selector, privilege, out, fault);
}

static bool check_code(const struct cpu *cpu, const struct far_return *far_return,
                       const struct descriptor *code, struct fault *fault) {
    const uint32_t error_code = far_return->selector & 0xfffcu;
    const unsigned requested = far_return->selector & 3u;
    const unsigned privilege = ATTRIBUTE_DPL(code->words[1]);
    const bool conforming = (code->words[1] & ATTRIBUTE_CONFORMING) != 0;
    if (requested < cpu_privilege(cpu) ||
        (conforming ? privilege > requested : privilege != requested)) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, error_code);
    }
    return (code->words[1] & ATTRIBUTE_PRESENT) != 0 ||
           fault_raise(fault, VECTOR_SEGMENT_NOT_PRESENT, error_code);
}

// The stack after the return. RSP gets what the new stack segment's size lets change.
static bool pop_stack(struct cpu *cpu, const struct far_return *far_return,
                      const struct segment *code, struct stack *stack, struct fault *fault) {
    const unsigned privilege = far_return->selector & 3u;
    struct stack outer = {
        .privilege = privilege,
        .pointer = cpu_get(cpu, RSP),
        .flat = cpu_long_mode(cpu) && (code->attributes & ATTRIBUTE_LONG) != 0,
    };
    uint64_t words[2] = {far_return->stack[0], far_return->stack[1]};
    if ((!far_return->has_stack && !stack_pop(cpu, stack, words, 2, far_return->size, fault)) ||
        !load_outer_stack(cpu, (uint16_t)words[1], privilege, code, &outer.segment, fault)) {
        return false;
    }
    const int64_t distance = (int64_t)(words[0] + far_return->released - outer.pointer);
    outer.pointer = stack_moved(&outer, outer.pointer, distance);
    if (!outer.flat && (outer.segment.attributes & ATTRIBUTE_BIG) != 0) {
        outer.pointer = (uint32_t)outer.pointer;
    }
    *stack = outer;
    return true;
}

static bool return_to_segment(struct cpu *cpu, const struct far_return *far_return,
                              struct stack *stack, struct fault *fault) {
    const unsigned privilege = far_return->selector & 3u;
    const bool outer = privilege > cpu_privilege(cpu);
    const bool pops_stack = outer || (far_return->interrupt && cpu_code_64(cpu));
    struct descriptor code;
    if (!far_code_read(cpu, far_return->selector, &code, fault) ||
        !check_code(cpu, far_return, &code, fault)) {
        return false;
    }
    stack->pointer = stack_moved(stack, stack->pointer, (int64_t)far_return->released);
    if ((pops_stack && !pop_stack(cpu, far_return, &code.segment, stack, fault)) ||
        !far_code_contains(cpu, &code.segment, far_return->rip, fault) ||
        !descriptor_loaded(cpu, &code, fault)) {
        return false;
    }
    const uint64_t flags = returned_flags(cpu, far_return);
    cpu_set(cpu, RFLAGS, far_return->interrupt ? flags : cpu_get(cpu, RFLAGS) & ~RFLAGS_RF);
    cpu_set(cpu, RSP, stack->pointer);
    if (pops_stack) {
        cpu_set_segment(cpu, SEGMENT_SS, &stack->segment);
    }
    if (outer) {
        drop_segments(cpu, privilege);
    }
    far_code_enter(cpu, &code.segment, privilege);
    cpu_set(cpu, RIP, far_return->rip);
    return true;
}

// --- To virtual-8086 mode ---

#define VIRTUAL_8086_ATTRIBUTES 0xf300u // Present, DPL 3, writable data, accessed.

static bool return_to_virtual_8086(struct cpu *cpu, const struct far_return *far_return,
                                   struct stack *stack, struct fault *fault) {
    static const enum segment_register order[] = {SEGMENT_SS, SEGMENT_ES, SEGMENT_DS,
                                                  SEGMENT_FS, SEGMENT_GS, SEGMENT_CS};
    uint64_t words[7]; // ESP, SS, ES, DS, FS, GS; and CS
    if (far_return->rip > 0xffff) {
        return fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0);
    }
    if (!stack_pop(cpu, stack, words, 6, 4, fault)) {
        return false;
    }
    words[6] = far_return->selector;
    for (unsigned i = 0; i < 6; i++) {
        const uint16_t selector = (uint16_t)words[1 + i];
        const struct segment segment = {.selector = selector,
                                        .base = (uint64_t)selector << 4,
                                        .limit = 0xffff,
                                        .attributes = VIRTUAL_8086_ATTRIBUTES};
        cpu_set_segment(cpu, order[i], &segment);
    }
    cpu_set(cpu, RSP, words[0]);
    cpu_set(cpu, RIP, far_return->rip);
    cpu_set(cpu, RFLAGS,
            far_return->flags & (FLAGS_WIDE | RFLAGS_IF | RFLAGS_VM | RFLAGS_IOPL_BITS));
    return true;
}

// --- In real mode ---

static bool return_in_real_mode(struct cpu *cpu, const struct far_return *far_return,
                                struct fault *fault) {
    const uint64_t taken =
        (far_return->size == 2 ? FLAGS_16 : FLAGS_WIDE) | RFLAGS_IF | RFLAGS_IOPL_BITS;
    struct stack stack = stack_current(cpu);
    struct segment code = cpu_segment(cpu, SEGMENT_CS);
    uint64_t words[3]; // EIP, CS, EFLAGS
    if (!stack_pop(cpu, &stack, words, 3, far_return->size, fault) ||
        !far_code_contains(cpu, &code, words[0], fault)) {
        return false;
    }
    code.selector = (uint16_t)words[1];
    code.base = (uint64_t)code.selector << 4;
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set(cpu, RSP, stack.pointer);
    cpu_set(cpu, RIP, words[0]);
    cpu_set(cpu, RFLAGS, (cpu_get(cpu, RFLAGS) & ~(taken | RFLAGS_RF)) | (words[2] & taken));
    return true;
}

// --- The instructions ---

// In 64-bit code IRET pops five words, the last two behind checks of the first three. In one page
// no access can fail after the first, so they are popped at once.
static bool pop_frame(struct cpu *cpu, struct far_return *far_return, struct stack *stack,
                      struct fault *fault) {
    uint64_t words[5] = {0};
    const uint64_t last = stack->pointer + sizeof words - 1;
    far_return->has_stack = far_return->interrupt && far_return->size == 8 && stack->flat &&
                            (stack->pointer ^ last) >> 12 == 0;
    const unsigned count = far_return->has_stack ? 5 : far_return->interrupt ? 3 : 2;
    if (!stack_pop(cpu, stack, words, count, far_return->size, fault)) {
        return false;
    }
    far_return->rip = words[0];
    far_return->selector = (uint16_t)words[1];
    far_return->flags = words[2];
    far_return->stack[0] = words[3];
    far_return->stack[1] = words[4];
    return true;
}

static bool carry_out(struct cpu *cpu, struct far_return *far_return, struct fault *fault) {
    struct stack stack = stack_current(cpu);
    if ((cpu_get(cpu, CR0) & CR0_PE) == 0) {
        return return_in_real_mode(cpu, far_return, fault);
    }
    if (far_return->interrupt && (cpu_system_flags(cpu) & RFLAGS_NT) != 0) {
        return cpu_long_mode(cpu) ? fault_raise(fault, VECTOR_GENERAL_PROTECTION, 0)
                                  : task_switch_back(cpu, fault);
    }
    if (!pop_frame(cpu, far_return, &stack, fault)) {
        return false;
    }
    if ((far_return->flags & RFLAGS_VM) != 0 && far_return->size == 4 && cpu_privilege(cpu) == 0 &&
        !cpu_long_mode(cpu)) {
        return return_to_virtual_8086(cpu, far_return, &stack, fault);
    }
    return return_to_segment(cpu, far_return, &stack, fault);
}

// An IRET ends the handler of an NMI also where it faults (SDM volume 3C, section 27.2.3); one
// whose memory is not there comes again.
static enum delivery fail(struct cpu *cpu, const struct far_return *far_return,
                          const struct fault *fault) {
    const enum delivery result = fault_deliver(cpu, fault);
    if (far_return->interrupt && result == DELIVERED) {
        nmi_returned(cpu);
    }
    return result;
}

// The single-step trap of a return looks at TF as it was before.
enum delivery replaced_far_return(struct cpu *cpu, const struct instruction *instruction,
                                  const uint8_t *bytes) {
    const uint8_t *immediate = bytes + instruction->immediate_offset;
    const bool releases = instruction->opcode == OPCODE_RET_RELEASING;
    const bool steps = (cpu_system_flags(cpu) & RFLAGS_TF) != 0;
    struct far_return far_return = {
        .interrupt = instruction->opcode == OPCODE_IRET,
        .size = instruction->operand_size,
        .released = releases ? immediate[0] | (unsigned)immediate[1] << 8 : 0,
    };
    struct fault fault;
    if (!carry_out(cpu, &far_return, &fault)) {
        return fail(cpu, &far_return, &fault);
    }
    if (far_return.interrupt) {
        nmi_returned(cpu);
    }
    cpu_set(cpu, INTERRUPT_SHADOW, 0);
    return steps ? deliver_single_step(cpu) : DELIVERED;
}
