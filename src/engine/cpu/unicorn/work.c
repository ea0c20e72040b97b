// SPDX-License-Identifier: MIT
//
// Counting work.

#include "engine/cpu/unicorn/work.h"

#define MOST_IDLE_EXITS 100 // Ten times what any instruction of a sane guest needs.

static uint64_t done(const struct work *work) {
    return atomic_load_explicit(&work->done, memory_order_relaxed);
}

void work_look(struct work *work) {
    if (done(work) >= work->stop_at || done(work) >= work->limit) {
        work_end(work);
    }
}

// Not beyond the moment at which the guest is to leave: what it still does before it has left may
// depend on when other threads ask for exits.
void work_count(struct work *work) {
    const uint64_t before = done(work);
    work->idle_exits = 0;
    if (before < work->stop_at) {
        atomic_store_explicit(&work->done, before + 1, memory_order_relaxed);
    }
}

bool work_is_new_block(const struct work *work, uint64_t address) {
    return !work->resumes || work->resumes_at != address;
}

void work_count_block(struct work *work, uint64_t address, uint32_t size) {
    if (work_is_new_block(work, address)) {
        work->block = address;
        work->block_size = size;
        work_count(work);
    }
    work->resumes = false;
    work->divided = false;
}

void work_resume(struct work *work, uint64_t address) {
    work->resumes = work->counts && address - work->block < work->block_size;
    work->resumes_at = address;
}

void work_divide(struct work *work, uint64_t address, uint64_t size) {
    work->block_size = size;
    work_resume(work, address);
    work->divided = work->resumes;
}

bool work_is_divided(const struct work *work, uint64_t address) {
    return work->divided && work->resumes && work->resumes_at == address;
}

void work_break_block(struct work *work) {
    work->resumes = false;
    work->divided = false;
    work->block_size = 0;
}

bool work_block_may_cross(const struct work *work) {
    return !work->counts || ((work->block + work->block_size - 1) ^ work->block) >> 12 != 0;
}

uint64_t work_block_end(const struct work *work, uint64_t address) {
    return work_is_new_block(work, address) ? UINT64_MAX : work->block + work->block_size;
}

void work_count_idle(struct work *work) {
    if (work->counts && ++work->idle_exits >= MOST_IDLE_EXITS) {
        work_count(work);
        work_look(work);
    }
}
