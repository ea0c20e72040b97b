// SPDX-License-Identifier: MIT
//
// How libFuzzer changes an input: by whole operations, so that what follows a change still means
// what it did. Bytes that are added or lost, as libFuzzer does by itself, would shift all behind
// them. It knows nothing of what the operations are.

#include <stddef.h>
#include <string.h>

#include "operation.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned seed);

static uint32_t state;

static uint32_t below(size_t limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return limit > 0 ? state % (uint32_t)limit : 0;
}

static void start(unsigned seed) {
    state = seed * 2654435761u + 1;
    state = state != 0 ? state : 1;
}

static size_t count_in(size_t size) {
    const size_t count = size / sizeof(operation_t);
    return count < MOST_OPERATIONS ? count : MOST_OPERATIONS;
}

static operation_t make(void) {
    return (operation_t){(uint8_t)below(OPERATION_KINDS), (uint8_t)below(256), (uint8_t)below(256)};
}

static size_t insert(operation_t *list, size_t count, const operation_t *operation) {
    const size_t place = below(count + 1);
    const operation_t copy = *operation; // It may lie in the list.
    memmove(list + place + 1, list + place, (count - place) * sizeof *list);
    list[place] = copy;
    return count + 1;
}

static size_t take(operation_t *list, size_t count) {
    const size_t place = below(count);
    memmove(list + place, list + place + 1, (count - place - 1) * sizeof *list);
    return count - 1;
}

static void change(operation_t *operation) {
    const operation_t other = make();
    switch (below(4)) {
    case 0:
        operation->kind = other.kind;
        break;
    case 1:
        operation->page = other.page;
        break;
    case 2:
        operation->value = other.value;
        break;
    default:
        operation->page = (uint8_t)(operation->page + (below(2) == 0 ? 1 : -1));
    }
}

static size_t mutate(operation_t *list, size_t count, size_t most) {
    const uint32_t choice = below(5);
    if (count == 0 || (choice < 2 && count < most)) {
        const operation_t made = make();
        return insert(list, count, &made);
    }
    if (choice == 2 && count < most) {
        return insert(list, count, &list[below(count)]);
    }
    if (choice == 3 && count > 1) {
        return take(list, count);
    }
    change(&list[below(count)]);
    return count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    operation_t list[MOST_OPERATIONS + 1];
    const size_t most = count_in(max_size);
    size_t count = count_in(size);
    start(seed);
    if (most == 0) {
        return size;
    }
    memcpy(list, data, count * sizeof *list);
    for (uint32_t changes = 1 + below(4); changes > 0; changes--) {
        count = mutate(list, count, most);
    }
    memcpy(data, list, count * sizeof *list);
    return count * sizeof *list;
}

// The beginning of one and the end of the other.
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned seed) {
    start(seed);
    const size_t most = count_in(max_size);
    const size_t first = below((count_in(size1) < most ? count_in(size1) : most) + 1);
    size_t rest = below(count_in(size2) + 1);
    const size_t from = count_in(size2) - rest;
    rest = first + rest < most ? rest : most - first;
    memcpy(out, data1, first * sizeof(operation_t));
    memcpy(out + first * sizeof(operation_t), data2 + from * sizeof(operation_t),
           rest * sizeof(operation_t));
    return (first + rest) * sizeof(operation_t);
}
