// SPDX-License-Identifier: MIT
//
// Reading a block ahead; see the header.

#include "engine/cpu/unicorn/block.h"

#include "decode/replaced_form.h"
#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/cuts.h"
#include "engine/cpu/unicorn/weight.h"
#include "engine/cpu/unicorn/x87_blocks.h"
#include "engine/instruments/breakpoints.h"

#include <string.h>

#define PAGE_SIZE 0x1000u

// Unicorn's translator begins no instruction beyond this many bytes of a block.
#define BLOCK_LIMIT (PAGE_SIZE - 32)

struct reader {
    struct block_code code;
    size_t room; // Bytes before the end of the first page
};

// An instruction that lies in both pages.
static enum instruction_result decode_across(const struct reader *reader, size_t offset,
                                             struct instruction *out) {
    uint8_t bytes[2 * INSTRUCTION_MAX_LENGTH];
    const size_t left = reader->room - offset;
    memcpy(bytes, reader->code.bytes + offset, left);
    memcpy(bytes + left, reader->code.next, INSTRUCTION_MAX_LENGTH);
    return decode_instruction(bytes, left + INSTRUCTION_MAX_LENGTH, reader->code.mode, out);
}

static enum instruction_result decode_at(const struct reader *reader, size_t offset,
                                         struct instruction *out) {
    if (offset >= reader->room) {
        return reader->code.next == NULL
                   ? INSTRUCTION_TRUNCATED
                   : decode_instruction(reader->code.next + (offset - reader->room),
                                        INSTRUCTION_MAX_LENGTH, reader->code.mode, out);
    }
    const enum instruction_result result = decode_instruction(
        reader->code.bytes + offset, reader->room - offset, reader->code.mode, out);
    if (result != INSTRUCTION_TRUNCATED || reader->code.next == NULL) {
        return result;
    }
    return decode_across(reader, offset, out);
}

// A byte of an instruction that was read, so there is a next page if it reaches into one.
static uint8_t byte_at(const struct reader *reader, size_t offset) {
    if (offset < reader->room) {
        return reader->code.bytes[offset];
    }
    return reader->code.next != NULL ? reader->code.next[offset - reader->room] : 0;
}

static void note(const struct block *block, const struct reader *reader,
                 const struct instruction *instruction, struct cuts *cuts) {
    uint8_t bytes[INSTRUCTION_MAX_LENGTH];
    if (cuts == NULL) {
        return;
    }
    for (size_t i = 0; i < instruction->length; i++) {
        bytes[i] = byte_at(reader, block->read + i);
    }
    cuts_note(cuts, block->pc + block->read, reader->code.mode, block->cut, instruction, bytes);
}

// What has been read so far.
struct sum {
    unsigned weight;
    unsigned instructions;
    bool flags_stored; // In the state, where an instruction may take them from.
    enum known_flags known_flags;
};

// Must the block end before the next instruction for what lies outside of its code?
static bool is_divided_here(const struct block *block, const struct reader *reader,
                            const struct sum *sum) {
    const struct block_code *code = &reader->code;
    const uint64_t pc = block->pc + block->read;
    const uint64_t linear = code->mode == CODE_64 ? pc : (uint32_t)pc;
    return pc == code->end || breakpoints_contain(code->breakpoints, linear) ||
           (code->is_short && sum->instructions == code->most);
}

static enum cut cut_for_code(const struct reader *reader, const struct sum *sum,
                             const struct instruction *instruction) {
    return reader->code.knows_flags && sets_by_known_flags(sum->known_flags, instruction)
               ? CUT_NONE
               : cut_before(instruction, reader->code.mode, reader->code.conditions);
}

// Why the block must end before the instruction.
static enum cut cut_for(const struct block *block, const struct reader *reader,
                        const struct sum *sum, const struct instruction *instruction) {
    const bool too_early = !sum->flags_stored && takes_stored_flags(instruction);
    const bool full =
        sum->weight > WEIGHT_LIMIT || sum->instructions == reader->code.most ||
        block->host_bytes + instruction_host_bytes(instruction) > reader->code.most_host_bytes;
    return full || too_early || is_divided_here(block, reader, sum)
               ? CUT_BOUND
               : cut_for_code(reader, sum, instruction);
}

// Would the same code go on here another time? RF is set before one instruction only.
static bool is_end_for_once(const struct block *block, const struct reader *reader,
                            const struct sum *sum, const struct instruction *instruction) {
    const struct block_code *code = &reader->code;
    const unsigned lasting = code->conditions & ~(unsigned)REPLACED_IF_RESUME;
    return block->cut == CUT_REPLACED
               ? cut_before(instruction, code->mode, lasting) == CUT_NONE
               : block->cut == CUT_BOUND && is_divided_here(block, reader, sum);
}

// The place in the arena of the instruction that comes next.
static uint64_t place_of_next(const struct block *block) {
    const uint64_t offset = block->first + block->read;
    return offset < PAGE_SIZE ? block->pages[0] * PAGE_SIZE + offset
                              : block->pages[1] * PAGE_SIZE + (offset - PAGE_SIZE);
}

// Must the block end because of the register stack? If not, the instruction's part in what the
// block wants of that is added.
static bool divided_before(struct block *block, const struct x87_blocks *blocks,
                           const struct instruction *instruction) {
    const struct x87_use use = x87_use(instruction);
    if (use.kind == X87_UNUSED) {
        return false;
    }
    if (x87_track_divides(&block->track, &use)) {
        return true;
    }
    if (blocks != NULL && block->read > 0 && x87_blocks_divided(blocks, place_of_next(block))) {
        block->divided = true;
        return true;
    }
    x87_track_add(&block->track, &use);
    block->x87 = true;
    return false;
}

// Whether a call can take the place of the cut: of instructions that are cut for what they are.
static bool may_be_called(enum cut cut) {
    return cut == CUT_NONE || cut == CUT_PORT_ACCESS || cut == CUT_SYSTEM_CALL || cut == CUT_XSETBV;
}

// True where the library is called for the instruction, with which the block ends.
static bool ends_with_call(struct block *block, const struct reader *reader,
                           const struct instruction *instruction, struct cuts *cuts) {
    if (!reader->code.calls || !may_be_called(block->cut) ||
        callable_as(instruction) == CALLABLE_NONE || block->read + CALL_LENGTH > reader->room ||
        !stand_ins_add_call(&block->stand_ins, block->first + block->read)) {
        return false;
    }
    block->cut = CUT_CALL;
    note(block, reader, instruction, cuts);
    block->cut = CUT_NONE;
    block->host_bytes += instruction_host_bytes(instruction);
    block->read += CALL_LENGTH;
    return true;
}

// True where a jump leads from here, where the block has become long enough, to the next block,
// which begins here: Unicorn goes from one to the other without an exit. Where Unicorn ends a block
// by itself it would not come to the jump.
static bool ends_with_jump(struct block *block, const struct reader *reader,
                           const struct sum *sum) {
    if (!reader->code.joins || block->cut != CUT_BOUND || block->read == 0 ||
        is_divided_here(block, reader, sum) || sum->instructions == BLOCK_MOST_INSTRUCTIONS ||
        block->read + JUMP_LENGTH > reader->room ||
        !stand_ins_add_jump(&block->stand_ins, block->first + block->read)) {
        return false;
    }
    block->cut = CUT_NONE;
    block->read += JUMP_LENGTH;
    return true;
}

// False at the block's end.
static bool read_one(struct block *block, const struct reader *reader, struct sum *sum,
                     struct cuts *cuts) {
    struct instruction instruction;
    const enum instruction_result result = decode_at(reader, block->read, &instruction);
    if (result == INSTRUCTION_TRUNCATED || result == INSTRUCTION_TOO_LONG) {
        block->read += INSTRUCTION_MAX_LENGTH + 1;
        return false;
    }
    if (result == INSTRUCTION_UNDEFINED) {
        block->cut = CUT_INVALID_OPCODE;
        return false;
    }
    sum->weight += instruction_weight(&instruction);
    block->cut = cut_for(block, reader, sum, &instruction);
    block->divided = is_end_for_once(block, reader, sum, &instruction);
    if (ends_with_jump(block, reader, sum) || ends_with_call(block, reader, &instruction, cuts)) {
        return false;
    }
    if (block->cut == CUT_NONE && divided_before(block, reader->code.x87, &instruction)) {
        block->cut = CUT_BOUND;
    }
    if (block->cut != CUT_NONE) {
        note(block, reader, &instruction, cuts);
        return false;
    }
    if (reader->code.stand_ins && block->read + instruction.length <= reader->room) {
        stand_ins_add(&block->stand_ins, &instruction, block->first + block->read);
    }
    sum->instructions++;
    block->host_bytes += instruction_host_bytes(&instruction);
    sum->flags_stored = sum->flags_stored && keeps_flags(&instruction);
    sum->known_flags = known_flags_behind(sum->known_flags, &instruction);
    block->read += instruction.length;
    return !ends_block(&instruction) &&
           !(reader->code.measures && ends_engine_block(&instruction, reader->code.mode));
}

void block_begin(struct block *block, uint64_t pc, uint64_t offset) {
    block->under_way = true;
    block->pc = pc;
    block->pages[0] = offset / PAGE_SIZE;
    block->pages[1] = block->crossed_pc == pc ? block->crossed_to : NO_ARENA_PAGE;
    block->first = offset % PAGE_SIZE;
    block->read = 0;
    block->cut = CUT_NONE;
    block->divided = false;
    block->x87 = false;
    block->stand_ins.count = 0;
    block->track = (struct x87_track){0};
    block->host_bytes = BLOCK_HOST_BYTES;
}

void block_read_ahead(struct block *block, const struct block_code *code, struct cuts *cuts) {
    const struct reader reader = {.code = *code, .room = PAGE_SIZE - block->first};
    struct sum sum = {.flags_stored = true};
    while (block->read < BLOCK_LIMIT && read_one(block, &reader, &sum, cuts)) {
    }
}

// Bytes are compared with what was read from their end: Unicorn may fetch several at once, the
// first of which lie before those that it needs.
bool block_contains(const struct block *block, uint64_t offset) {
    const uint64_t end = block->first + block->read;
    const uint64_t page = offset / PAGE_SIZE;
    return (page == block->pages[0] && offset % PAGE_SIZE < end) ||
           (page == block->pages[1] && PAGE_SIZE + offset % PAGE_SIZE < end);
}

bool block_crosses(struct block *block, uint64_t offset) {
    const uint64_t page = offset / PAGE_SIZE;
    if (offset % PAGE_SIZE != 0 || block->first + block->read < PAGE_SIZE ||
        (block->crossed_pc == block->pc && block->pages[1] == page)) {
        return false;
    }
    block->crossed_pc = block->pc;
    block->crossed_to = page;
    return true;
}
