// SPDX-License-Identifier: MIT
//
// The table of replaced instructions.

#include "engine/cpu/x86/replaced.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/mode.h"

unsigned replaced_conditions(const struct cpu *cpu) {
    const uint64_t flags = cpu_system_flags(cpu);
    unsigned conditions = (flags & RFLAGS_RF) != 0 ? REPLACED_IF_RESUME : 0;
    if ((cpu_get(cpu, CR0) & CR0_PE) == 0) {
        const bool big = (cpu_segment(cpu, SEGMENT_SS).attributes & ATTRIBUTE_BIG) != 0;
        conditions |= big ? REPLACED_IF_BIG_REAL : 0;
    } else if ((flags & RFLAGS_VM) == 0) {
        conditions |= REPLACED_IF_PROTECTED;
        conditions |= cpu_long_mode(cpu) ? REPLACED_IF_LONG : REPLACED_IF_LEGACY;
    }
    return conditions;
}

unsigned replaced_conditions_at_cut(const struct cpu *cpu) {
    return replaced_conditions(cpu) | REPLACED_IF_RESUME;
}

static replaced_function *const functions[REPLACED_FORM_COUNT] = {
    [REPLACED_COMPARE_STRINGS] = replaced_compare_strings,
    [REPLACED_HORIZONTAL] = replaced_horizontal,
    [REPLACED_DOT_PRODUCT] = replaced_dot_product,
    [REPLACED_LOCK_NEG] = replaced_lock_neg,
    [REPLACED_MOVE_IMMEDIATE] = replaced_move_immediate,
    [REPLACED_FLAGS_OF_AH] = replaced_flags_of_ah,
    [REPLACED_SET_CONDITION] = replaced_set_condition,
    [REPLACED_ROTATE_CARRY] = replaced_rotate_carry,
    [REPLACED_ENTER] = replaced_enter,
    [REPLACED_LLDT] = replaced_lldt,
    [REPLACED_LTR] = replaced_ltr,
    [REPLACED_TABLE_REGISTER] = replaced_table_register,
    [REPLACED_HINT] = replaced_hint,
    [REPLACED_FAR_TRANSFER] = replaced_far_transfer,
    [REPLACED_FAR_RETURN] = replaced_far_return,
    [REPLACED_LOAD_SEGMENT] = replaced_load_segment,
    [REPLACED_NEAR_BRANCH] = replaced_near_branch,
    [REPLACED_NEAR_RETURN] = replaced_near_return,
    [REPLACED_PUSHF] = replaced_pushf,
    [REPLACED_X87] = replaced_x87,
    [REPLACED_X87_STORE] = replaced_x87_store,
    [REPLACED_X87_STATE] = replaced_x87_state,
    [REPLACED_WAIT] = replaced_wait,
    [REPLACED_MEDIA_STATE] = replaced_media_state,
};

enum delivery replaced_execute(struct cpu *cpu, const struct instruction *instruction,
                               const uint8_t *bytes) {
    const enum replaced_form form =
        replaced_form(instruction, cpu_code_mode(cpu), replaced_conditions_at_cut(cpu));
    return form == REPLACED_NONE ? DELIVERED : functions[form](cpu, instruction, bytes);
}
