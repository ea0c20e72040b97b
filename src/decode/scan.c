// SPDX-License-Identifier: MIT
//
// The scan for instructions that the engine must stop before: a filter on single bytes, then, only
// when a byte looks like one of them, a walk over the instructions from the start.

#include "decode/scan.h"

static bool is_port_opcode(uint8_t byte) {
    bool in_or_out = (byte & 0xF4) == 0xE4;        // E4-E7, EC-EF
    bool string_in_or_out = (byte & 0xFC) == 0x6C; // 6C-6F
    return in_or_out || string_in_or_out;
}

static bool is_system_opcode(uint8_t byte) {
    return byte == 0x05 || byte == 0x07 || byte == 0x34 || byte == 0x35 || byte == 0x01;
}

// In the 0F map: what is_unknown() looks at.
static bool is_half_known_opcode(uint8_t byte) {
    return byte == 0x2B || byte == 0x38 || byte == 0x3A || (byte >= 0x71 && byte <= 0x73) ||
           byte == 0x78 || byte == 0x79 || byte == 0xC7;
}

// LOCK, VEX and EVEX.
static bool is_rare_prefix(uint8_t byte) {
    return byte == 0xF0 || byte == 0xC4 || byte == 0xC5 || byte == 0x62;
}

static bool is_prefix(uint8_t byte) {
    return (byte & 0xE7) == 0x26 || (byte & 0xFC) == 0x64 || byte == 0xF0 || byte == 0xF2 ||
           byte == 0xF3 || (byte & 0xF0) == 0x40;
}

static bool is_far_opcode(uint8_t byte) {
    return byte == 0x9A || byte == 0xEA || byte == 0xCF || byte == 0xFF;
}

// Can there be one of the instructions, whole or cut off by the end?
static bool is_suspicious(const uint8_t *bytes, size_t size, bool far_transfers) {
    for (size_t i = 0; i < size; i++) {
        if (is_port_opcode(bytes[i]) || is_rare_prefix(bytes[i]) ||
            (far_transfers && is_far_opcode(bytes[i])))
            return true;
        if (bytes[i] == 0x0F &&
            (i + 1 == size || is_system_opcode(bytes[i + 1]) || is_half_known_opcode(bytes[i + 1])))
            return true;
    }
    return size != 0 && is_prefix(bytes[size - 1]);
}

bool is_far_transfer(const struct instruction *instruction) {
    if (instruction->map != MAP_ONE_BYTE || !is_far_opcode(instruction->opcode))
        return false;
    unsigned group = (instruction->modrm >> 3) & 7;
    bool in_memory = instruction->modrm < 0xC0 && (group == 3 || group == 5);
    return instruction->opcode != 0xFF || in_memory;
}

// By the opcode and what extends it: ADD to XOR, NOT, NEG, INC, DEC, XCHG.
static bool is_lockable_one_byte(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
        return group != 7; // CMP
    case 0x86:
    case 0x87:
        return true;
    case 0xF6:
    case 0xF7:
        return group == 2 || group == 3;
    case 0xFE:
    case 0xFF:
        return group < 2;
    default:
        return opcode < 0x38 && (opcode & 6) == 0;
    }
}

// BTS, BTR, BTC, CMPXCHG, XADD, CMPXCHG8B and 16B.
static bool is_lockable_0f(uint8_t opcode, unsigned group) {
    switch (opcode) {
    case 0xAB:
    case 0xB0:
    case 0xB1:
    case 0xB3:
    case 0xBB:
    case 0xC0:
    case 0xC1:
        return true;
    case 0xBA:
        return group > 4;
    case 0xC7:
        return group == 1;
    default:
        return false;
    }
}

// LOCK is for some instructions alone, and only where they store to memory. The engine ignores it
// before any other.
static bool is_lock_refused(const struct instruction *instruction) {
    unsigned group = (instruction->modrm >> 3) & 7;
    if (!instruction->lock)
        return false;
    if (!instruction->has_modrm || instruction->modrm >= 0xC0 || instruction->vex)
        return true;
    if (instruction->map == MAP_ONE_BYTE)
        return !is_lockable_one_byte(instruction->opcode, group);
    return instruction->map != MAP_0F || !is_lockable_0f(instruction->opcode, group);
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

// Instructions that the engine runs and that the processor of this library, by its CPUID, does not
// have. A random number would make runs differ, and with VEX the engine runs something else.
static bool is_unknown(const struct instruction *instruction) {
    switch ((unsigned)instruction->map << 8 | instruction->opcode) {
    case MAP_0F << 8 | 0x2B: // MOVNTSS, MOVNTSD
        return instruction->repeat_equal || instruction->repeat_not_equal;
    case MAP_0F << 8 | 0x71: // Shifts by an immediate, of registers: in memory the engine overlooks
    case MAP_0F << 8 | 0x72: // what addresses it, and takes that for the next instruction.
    case MAP_0F << 8 | 0x73:
        return instruction->modrm < 0xC0;
    case MAP_0F << 8 | 0x78: // EXTRQ, INSERTQ
    case MAP_0F << 8 | 0x79:
        return instruction->operand_prefix || instruction->repeat_not_equal;
    case MAP_0F << 8 | 0xC7: // RDRAND, RDSEED
        return instruction->modrm >= 0xF0;
    case MAP_0F38 << 8 | 0xF6: // ADCX, ADOX
        return true;
    default:
        return false;
    }
}

bool is_refused(const struct instruction *instruction) {
    return instruction->vex || is_lock_refused(instruction) || is_unknown(instruction) ||
           is_mmx_beyond_end(instruction);
}

static bool is_intercepted(const struct instruction *instruction) {
    if (is_refused(instruction))
        return true;
    if (instruction->map == MAP_ONE_BYTE)
        return is_port_opcode(instruction->opcode);
    if (instruction->map != MAP_0F || !is_system_opcode(instruction->opcode))
        return false;
    return instruction->opcode != 0x01 || instruction->modrm == 0xD1; // XSETBV in its group
}

struct code_scan scan_code(const uint8_t *bytes, size_t size, enum code_mode mode,
                           bool far_transfers) {
    struct code_scan scan = {.result = SCAN_NONE};
    struct instruction instruction;

    if (!is_suspicious(bytes, size, far_transfers))
        return scan;
    while (scan.offset < size) {
        switch (decode_instruction(bytes + scan.offset, size - scan.offset, mode, &instruction)) {
        case INSTRUCTION_TRUNCATED:
            scan.result = SCAN_TRUNCATED;
            return scan;
        case INSTRUCTION_UNDEFINED:
            scan.result = SCAN_UNDECODABLE;
            return scan;
        case INSTRUCTION_OK:
            break;
        }
        if (is_intercepted(&instruction) || (far_transfers && is_far_transfer(&instruction))) {
            scan.result = SCAN_INTERCEPT;
            scan.length = instruction.length;
            return scan;
        }
        scan.offset += instruction.length;
    }
    scan.offset = 0;
    return scan;
}
