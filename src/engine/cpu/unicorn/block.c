// SPDX-License-Identifier: MIT
//
// Reading a block ahead; see the header.

#include "engine/cpu/unicorn/block.h"

#include "engine/cpu/unicorn/cuts.h"
#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/run.h"
#include "engine/cpu/unicorn/weight.h"
#include "engine/cpu/x86/replaced.h"

#include <string.h>

#define PAGE_SIZE 0x1000u

// Unicorn's translator begins no instruction beyond this many bytes of a block.
#define BLOCK_LIMIT (PAGE_SIZE - 32)

// The code of a block, in one page or two of the window.
struct reader {
    const uint8_t *bytes; // In the first page, and
    size_t room;          // how many there are before its end.
    const uint8_t *next;  // The second page; NULL where it is not known.
    enum code_mode mode;
    unsigned conditions;
};

// An instruction that lies in both pages.
static enum instruction_result decode_across(const struct reader *reader, size_t offset,
                                             struct instruction *out) {
    uint8_t bytes[2 * INSTRUCTION_MAX_LENGTH];
    const size_t left = reader->room - offset;
    memcpy(bytes, reader->bytes + offset, left);
    memcpy(bytes + left, reader->next, INSTRUCTION_MAX_LENGTH);
    return decode_instruction(bytes, left + INSTRUCTION_MAX_LENGTH, reader->mode, out);
}

static enum instruction_result decode_at(const struct reader *reader, size_t offset,
                                         struct instruction *out) {
    if (offset >= reader->room) {
        return reader->next == NULL ? INSTRUCTION_TRUNCATED
                                    : decode_instruction(reader->next + (offset - reader->room),
                                                         INSTRUCTION_MAX_LENGTH, reader->mode, out);
    }
    const enum instruction_result result =
        decode_instruction(reader->bytes + offset, reader->room - offset, reader->mode, out);
    if (result != INSTRUCTION_TRUNCATED || reader->next == NULL) {
        return result;
    }
    return decode_across(reader, offset, out);
}

// Of an instruction that was read, so there is a next page if it reaches into one.
static uint8_t byte_at(const struct reader *reader, size_t offset) {
    if (offset < reader->room) {
        return reader->bytes[offset];
    }
    return reader->next != NULL ? reader->next[offset - reader->room] : 0;
}

static void note(struct machine *machine, const struct reader *reader,
                 const struct instruction *instruction) {
    const struct block *block = &machine->block;
    uint8_t bytes[INSTRUCTION_MAX_LENGTH];
    for (size_t i = 0; i < instruction->length; i++) {
        bytes[i] = byte_at(reader, block->read + i);
    }
    cuts_note(&machine->cuts, block->pc + block->read, reader->mode, block->cut, instruction,
              bytes);
}

// Reads to the block's end: an instruction that ends it, or that it must end before, or one that
// Unicorn finds a fault with by itself.
static void read_ahead(struct machine *machine, const struct reader *reader) {
    struct block *block = &machine->block;
    unsigned weight = 0;
    unsigned counted = 0;
    bool flags_stored = true;
    while (block->read < BLOCK_LIMIT) {
        struct instruction instruction;
        const enum instruction_result result = decode_at(reader, block->read, &instruction);
        if (result == INSTRUCTION_TRUNCATED || result == INSTRUCTION_TOO_LONG) {
            block->read += INSTRUCTION_MAX_LENGTH + 1;
            return;
        }
        if (result == INSTRUCTION_UNDEFINED) {
            block->cut = CUT_INVALID_OPCODE;
            return;
        }
        weight += instruction_weight(&instruction);
        if (counted++ < BLOCK_MOST_INSTRUCTIONS) {
            machine->lent->host_bytes += instruction_host_bytes(&instruction);
        }
        const bool too_early = !flags_stored && takes_stored_flags(&instruction);
        block->cut = weight > WEIGHT_LIMIT || too_early
                         ? CUT_BOUND
                         : cut_before(&instruction, reader->mode, reader->conditions);
        if (block->cut != CUT_NONE) {
            note(machine, reader, &instruction);
            return;
        }
        flags_stored = flags_stored && keeps_flags(&instruction);
        block->read += instruction.length;
        if (ends_block(&instruction)) {
            return;
        }
    }
}

void block_begin(struct machine *machine, uint64_t offset) {
    struct cpu *cpu = machine->run->cpu;
    struct block *block = &machine->block;
    cpu_open(cpu);
    block->under_way = true;
    block->pc = cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP);
    block->pages[0] = offset / PAGE_SIZE;
    block->pages[1] = block->crossed_pc == block->pc ? block->crossed_to : NO_WINDOW_PAGE;
    block->first = offset % PAGE_SIZE;
    block->read = 0;
    block->cut = CUT_NONE;
    machine->lent->host_bytes += BLOCK_HOST_BYTES;
    struct reader reader = {
        .bytes = machine->window + offset,
        .room = PAGE_SIZE - block->first,
        .mode = cpu_code_mode(cpu),
        .conditions = replaced_conditions(cpu),
    };
    code_pages_translated(machine, block->pages[0]);
    if (block->pages[1] != NO_WINDOW_PAGE) {
        code_pages_translated(machine, block->pages[1]);
        reader.next = machine->window + block->pages[1] * PAGE_SIZE;
    }
    read_ahead(machine, &reader);
    cpu->open = false;
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
