// SPDX-License-Identifier: MIT
//
// Counting blocks and edges.

#include "engine/cpu/unicorn/coverage.h"

#include "decode/instruction.h"

// --- Places in a map ---

static uint32_t hash(uint64_t address) {
    return (uint32_t)((address * 0x9e3779b97f4a7c15u) >> 32);
}

// Gives an edge and the edge back different places, and loops to one block a place for each block.
static uint32_t previous_of(uint64_t address) {
    return address == ZIRCONIA_COVERAGE_NOWHERE ? 0 : hash(address) >> 1;
}

size_t zirconia_coverage_place(uint32_t options, size_t size, uint64_t from, uint64_t to) {
    const bool blocks = (options & ZIRCONIA_COVERAGE_BLOCKS) != 0;
    if (size < ZIRCONIA_COVERAGE_SIZE_MIN || (size & (size - 1)) != 0 ||
        size > ZIRCONIA_COVERAGE_SIZE_MAX) {
        return 0;
    }
    return (hash(to) ^ (blocks ? 0 : previous_of(from))) & (size - 1);
}

// --- Counting ---

void coverage_begin(struct coverage_place *place) {
    *place = (struct coverage_place){.era = place->era};
}

void coverage_run(struct coverage *coverage, struct coverage_place *place) {
    if (place->era != coverage->era) {
        place->era = coverage->era;
        coverage_begin(place);
    }
    coverage->place = place;
}

bool coverage_has(const struct coverage *coverage, uint64_t address) {
    for (size_t i = 0; i < coverage->wish.range_count; i++) {
        const zirconia_address_range_t *range = &coverage->wish.ranges[i];
        if (address >= range->first && address <= range->last) {
            return true;
        }
    }
    return coverage->wish.range_count == 0;
}

static inline void count(struct coverage *coverage, struct coverage_place *place,
                         uint64_t address) {
    if (coverage->wish.map == NULL ||
        (coverage->wish.range_count > 0 && !coverage_has(coverage, address))) {
        return;
    }
    const uint32_t current = hash(address);
    uint8_t *counter = &coverage->wish.map[(current ^ place->previous) & (coverage->wish.size - 1)];
    *counter = (uint8_t)(*counter + (*counter != UINT8_MAX));
    place->previous = coverage->wish.blocks ? 0 : current >> 1;
}

// Whether the block that begins there is the rest of a block that a raw exit has divided. A
// handler, for example, lies neither there nor just behind.
static bool is_rest(const struct coverage_place *place, uint64_t address) {
    return place->goes_on && address - place->went_out <= INSTRUCTION_MAX_LENGTH;
}

bool coverage_may_go_on(const struct coverage *coverage, uint64_t address) {
    const struct coverage_place *place = coverage->place;
    return place->size > 0 && place->block + place->size == address;
}

void coverage_go_on(struct coverage *coverage, uint64_t address) {
    coverage->place->goes_on = true;
    coverage->place->went_out = address;
}

void coverage_block(struct coverage *coverage, uint64_t address, uint32_t size) {
    struct coverage_place *place = coverage->place;
    if (!is_rest(place, address)) {
        count(coverage, place, address);
    }
    place->goes_on = false;
    place->block = address;
    place->size = size;
}

// --- Comparisons ---

void coverage_compare(const struct coverage *coverage, uint64_t address, uint64_t left,
                      uint64_t right, unsigned bits) {
    const uint64_t mask = UINT64_MAX >> (64 - bits);
    if (coverage->wish.compared != NULL && coverage_has(coverage, address)) {
        coverage->wish.compared(coverage->wish.context, address, left & mask, right & mask,
                                bits / 8);
    }
}
