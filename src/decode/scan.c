// SPDX-License-Identifier: MIT
//
// Which instructions the engine must stop before, and which end a block in any case.

#include "decode/scan.h"

#include "decode/read_modify_write.h"
#include "decode/replaced_form.h"

static bool is_port_opcode(uint8_t byte) {
    bool in_or_out = (byte & 0xF4) == 0xE4;        // E4-E7, EC-EF
    bool string_in_or_out = (byte & 0xFC) == 0x6C; // 6C-6F
    return in_or_out || string_in_or_out;
}

// LOCK is for some instructions alone, and only where they store to memory. The engine ignores it
// before any other.
static bool is_lock_refused(const struct instruction *instruction) {
    return instruction->lock && !is_lockable(instruction);
}

// Instructions of MMX registers in the maps 0F38 and 0F3A. A processor ignores REX.R before them;
// the engine takes it for part of the number and writes behind the eighth register.
static bool is_mmx_beyond_end(const struct instruction *instruction) {
    const bool mmx = !instruction->operand_prefix && !instruction->repeat_equal &&
                     !instruction->repeat_not_equal;
    const bool extended = mmx && (instruction->rex & 4) != 0;
    if (instruction->map == MAP_0F3A)
        return extended && instruction->opcode == 0x0F; // PALIGNR
    return extended && instruction->map == MAP_0F38 && instruction->opcode < 0x20;
}

// In the maps 0F38 and 0F3A no instruction but CRC32 has both 66 and F2 or F3. The engine overlooks
// F2 and F3 there, and runs what 66 alone makes of the opcode.
static bool is_prefixed_twice(const struct instruction *instruction) {
    const bool repeats = instruction->repeat_equal || instruction->repeat_not_equal;
    if (!instruction->operand_prefix || !repeats)
        return false;
    if (instruction->map == MAP_0F38)
        return instruction->repeat_equal || (instruction->opcode & 0xFE) != 0xF0;
    return instruction->map == MAP_0F3A;
}

static unsigned group_of(const struct instruction *instruction) {
    return (instruction->modrm >> 3) & 7;
}

// CLFLUSHOPT.
static bool is_flush_optimized(const struct instruction *instruction) {
    return instruction->operand_prefix && group_of(instruction) == 7;
}

// INCSSP; UMONITOR, UMWAIT and TPAUSE. The engine takes them for LFENCE and MFENCE.
static bool is_waiting_or_shadow_stack(const struct instruction *instruction) {
    const bool repeats = instruction->repeat_equal || instruction->repeat_not_equal;
    return group_of(instruction) == 5   ? instruction->repeat_equal
           : group_of(instruction) == 6 ? repeats || instruction->operand_prefix
                                        : false;
}

// Instructions that the engine runs and that the processor of this library, by its CPUID, does not
// have. A random number would make runs differ, and with VEX the engine runs something else.
static bool is_unknown(const struct instruction *instruction) {
    const unsigned group = group_of(instruction);
    const bool memory = instruction->modrm < 0xC0;
    switch ((unsigned)instruction->map << 8 | instruction->opcode) {
    case MAP_ONE_BYTE << 8 | 0x8F: // XOP, which begins as a POP would
    case MAP_ONE_BYTE << 8 | 0xC6: // XABORT
    case MAP_ONE_BYTE << 8 | 0xC7: // XBEGIN
        return group != 0;
    // MOVLPD and MOVHPD of registers, MOVNTI with a prefix: the engine has no such check.
    case MAP_0F << 8 | 0x12:
    case MAP_0F << 8 | 0x16:
        return !memory && instruction->operand_prefix;
    case MAP_0F << 8 | 0xC3:
        return instruction->operand_prefix || instruction->repeat_equal ||
               instruction->repeat_not_equal;
    case MAP_0F << 8 | 0x2B: // MOVNTSS, MOVNTSD
        return instruction->repeat_equal || instruction->repeat_not_equal;
    // Opcodes without a memory form. The engine overlooks the bytes that address memory, and takes
    // them for the next instruction.
    case MAP_0F << 8 | 0x50: // MOVMSKPS, MOVMSKPD
    case MAP_0F << 8 | 0x71: // Shifts by an immediate.
    case MAP_0F << 8 | 0x72:
    case MAP_0F << 8 | 0x73:
        return memory;
    case MAP_0F << 8 | 0xD6: // MOVQ2DQ and MOVDQ2Q, likewise
        return memory && (instruction->repeat_equal || instruction->repeat_not_equal);
    case MAP_0F << 8 | 0x78: // EXTRQ, INSERTQ
    case MAP_0F << 8 | 0x79:
        return instruction->operand_prefix || instruction->repeat_not_equal;
    case MAP_0F << 8 | 0xAE:
        return memory ? is_flush_optimized(instruction) : is_waiting_or_shadow_stack(instruction);
    case MAP_0F << 8 | 0xC7: // RDRAND, RDSEED
        return instruction->modrm >= 0xF0;
    case MAP_0F38 << 8 | 0xF0: // MOVBE; with F2, CRC32
    case MAP_0F38 << 8 | 0xF1:
        return !memory && !instruction->repeat_not_equal;
    case MAP_0F38 << 8 | 0xF6: // ADCX, ADOX
        return true;
    default:
        return false;
    }
}

static bool is_refused(const struct instruction *instruction) {
    return instruction->vex || is_lock_refused(instruction) || is_unknown(instruction) ||
           is_mmx_beyond_end(instruction) || is_prefixed_twice(instruction);
}

static enum cut cut_before_0f(const struct instruction *instruction) {
    switch (instruction->opcode) {
    case 0x05:
    case 0x07:
    case 0x34:
    case 0x35:
        return CUT_SYSTEM_CALL;
    case 0x01:
        return instruction->modrm == 0xD1 ? CUT_XSETBV : CUT_NONE;
    default:
        return CUT_NONE;
    }
}

enum cut cut_before(const struct instruction *instruction, enum code_mode mode,
                    unsigned conditions) {
    if (is_refused(instruction))
        return CUT_INVALID_OPCODE;
    if (replaced_form(instruction, mode, conditions) != REPLACED_NONE)
        return CUT_REPLACED;
    if (instruction->map == MAP_ONE_BYTE)
        return is_port_opcode(instruction->opcode) ? CUT_PORT_ACCESS : CUT_NONE;
    return instruction->map == MAP_0F ? cut_before_0f(instruction) : CUT_NONE;
}

// Group 5: CALL and JMP.
static bool is_branch_of_group_5(const struct instruction *instruction) {
    const unsigned group = group_of(instruction);
    return instruction->opcode == 0xFF && group >= 2 && group <= 5;
}

bool ends_block(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    if (instruction->map == MAP_0F)
        return (opcode & 0xF0) == 0x80; // Jcc
    if (instruction->map != MAP_ONE_BYTE)
        return false;
    const bool jumps = (opcode & 0xF0) == 0x70 || (opcode & 0xFC) == 0xE0; // Jcc; LOOP, JCXZ
    const bool direct = opcode >= 0xE8 && opcode <= 0xEB;                  // CALL, JMP
    const bool returns = (opcode & 0xFE) == 0xC2 || (opcode & 0xFE) == 0xCA;
    const bool interrupts = opcode == 0xCC || opcode == 0xCD || opcode == 0xCF || opcode == 0xF4;
    return jumps || direct || returns || interrupts || is_branch_of_group_5(instruction);
}

static bool is_repeated_string(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    const bool string = (opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF);
    return string && (instruction->repeat_equal || instruction->repeat_not_equal);
}

// A load of SS always does, of ES, CS and DS where the code has 32 bits or 64.
static bool ends_by_segment(unsigned segment, enum code_mode mode) {
    return segment == 2 || (segment < 4 && mode != CODE_16);
}

static bool ends_engine_block_0f(const struct instruction *instruction, enum code_mode mode) {
    const unsigned group = group_of(instruction);
    switch (instruction->opcode) {
    case 0x01: // LMSW, INVLPG
        return group == 6 || (group == 7 && instruction->modrm < 0xC0);
    case 0x06: // CLTS
    case 0x22: // MOV to a control register, and to a debug register
    case 0x23:
        return true;
    case 0xAE: // XRSTOR
        return group == 5 && instruction->modrm < 0xC0;
    case 0xB2: // LSS
        return ends_by_segment(2, mode);
    default:
        return false;
    }
}

bool ends_engine_block(const struct instruction *instruction, enum code_mode mode) {
    if (instruction->map == MAP_0F) {
        return ends_engine_block_0f(instruction, mode);
    }
    if (instruction->map != MAP_ONE_BYTE) {
        return false;
    }
    switch (instruction->opcode) {
    case 0x07: // POP ES, SS and DS
    case 0x17:
    case 0x1F:
        return ends_by_segment(instruction->opcode >> 3, mode);
    case 0x8E: // MOV to a segment register
        return ends_by_segment(group_of(instruction), mode);
    case 0x9D: // POPF
    case 0xFB: // STI
        return true;
    default:
        return is_repeated_string(instruction);
    }
}

bool takes_stored_flags(const struct instruction *instruction) {
    return instruction->map == MAP_0F && instruction->opcode == 0xC7 &&
           ((instruction->modrm >> 3) & 7) == 1;
}

static bool keeps_flags_one_byte(uint8_t opcode) {
    const bool pushes_or_pops = (opcode & 0xF0) == 0x50 || opcode == 0x68 || opcode == 0x6A;
    const bool moves = (opcode & 0xFC) == 0x88 || (opcode & 0xFC) == 0xA0 ||
                       (opcode & 0xF0) == 0xB0 || (opcode & 0xFE) == 0xC6;
    const bool exchanges = (opcode & 0xFE) == 0x86 || (opcode & 0xF8) == 0x90; // NOP among them
    return pushes_or_pops || moves || exchanges || opcode == 0x8D;             // LEA
}

static bool keeps_flags_0f(uint8_t opcode) {
    const bool extends = (opcode & 0xF6) == 0xB6;                 // MOVZX, MOVSX
    const bool hints = (opcode & 0xF8) == 0x18 || opcode == 0x0D; // NOP, ENDBR, PREFETCH
    const bool vector = (opcode & 0xFE) == 0x10 || (opcode & 0xFE) == 0x28 || // MOVUPS, MOVAPS
                        opcode == 0x6F || opcode == 0x7F || opcode == 0xD6;   // MOVDQA, MOVQ
    return extends || hints || vector || (opcode & 0xF8) == 0xC8;             // BSWAP
}

bool keeps_flags(const struct instruction *instruction) {
    switch (instruction->map) {
    case MAP_ONE_BYTE:
        return keeps_flags_one_byte(instruction->opcode);
    case MAP_0F:
        return keeps_flags_0f(instruction->opcode);
    default:
        return false;
    }
}

// ADD, OR, AND, SUB, XOR and CMP, with and without an immediate. ADC and SBB make the carry first.
static bool is_plain_arithmetic(const struct instruction *instruction, unsigned *operation) {
    const uint8_t opcode = instruction->opcode;
    const bool immediate = (opcode & 0xFC) == 0x80;
    *operation = immediate ? group_of(instruction) : opcode >> 3;
    return (immediate || (opcode < 0x40 && (opcode & 7) < 6)) && *operation != 2 && *operation != 3;
}

static bool is_test(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    return (opcode & 0xFE) == 0x84 || (opcode & 0xFE) == 0xA8 ||
           ((opcode & 0xFE) == 0xF6 && group_of(instruction) < 2);
}

enum known_flags known_flags_behind(enum known_flags known, const struct instruction *instruction) {
    enum { SUBTRACT = 5, COMPARE = 7 };
    unsigned operation;
    if (instruction->map == MAP_ONE_BYTE && !instruction->lock) {
        if (is_plain_arithmetic(instruction, &operation)) {
            return operation == SUBTRACT || operation == COMPARE ? FLAGS_OF_DIFFERENCE
                                                                 : FLAGS_OF_RESULT;
        }
        if (is_test(instruction)) {
            return FLAGS_OF_RESULT;
        }
    }
    return keeps_flags(instruction) || sets_by_known_flags(known, instruction) ? known
                                                                               : FLAGS_UNKNOWN;
}

// Z and S follow from the result; BE, L and LE from the operands.
bool sets_by_known_flags(enum known_flags known, const struct instruction *instruction) {
    if (instruction->map != MAP_0F || (instruction->opcode & 0xF0) != 0x90 || instruction->vex ||
        instruction->lock) {
        return false;
    }
    switch (instruction->opcode >> 1 & 7) {
    case 2:
    case 4:
        return known != FLAGS_UNKNOWN;
    case 3:
    case 6:
    case 7:
        return known == FLAGS_OF_DIFFERENCE;
    default:
        return false;
    }
}
