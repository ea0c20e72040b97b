// SPDX-License-Identifier: MIT
//
// Counting work.

#include "engine/cpu/unicorn/work.h"

#define NOWHERE UINT64_MAX
#define MOST_BLOCK_SIZE 0x1000 // Unicorn's blocks are shorter.
#define MOST_IDLE_EXITS 100    // Ten times what any instruction of a sane guest needs.

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
    work->ends = NOWHERE;
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
        work->whole = 0;
        work_count(work);
    }
    work->resumes = false;
    work->cut = NOWHERE;
    work->ends = address + size;
}

bool work_may_go_on(const struct work *work, uint64_t address) {
    return work->ends == address && address != work->block && work_is_new_block(work, address);
}

void work_go_on(struct work *work, uint64_t address) {
    if (address - work->block < work->whole) {
        work->block_size = work->whole;
        work->resumes = true;
        work->resumes_at = address;
    } else {
        work->ends = NOWHERE;
    }
}

bool work_overruns(struct work *work, uint64_t address, uint32_t size) {
    if (work_is_new_block(work, address) || address - work->block + size <= work->block_size ||
        work->cut == address) {
        return false;
    }
    work->cut = address;
    return true;
}

void work_leave_block(struct work *work, uint64_t address) {
    work->ends = work->ends == address ? address : NOWHERE;
    work->whole = 0; // The instruction may have changed the code.
}

void work_forget_end(struct work *work) {
    work->ends = NOWHERE;
}

void work_resume(struct work *work, uint64_t address) {
    work->resumes = work->counts && address - work->block < work->block_size;
    work->resumes_at = address;
}

void work_divide(struct work *work, uint64_t address, uint64_t size) {
    work->block_size = size;
    work_resume(work, address);
}

bool work_is_divided(const struct work *work, uint64_t address) {
    return work->resumes && work->resumes_at == address;
}

void work_rest(struct work *work, uint64_t address) {
    if (!work_is_divided(work, address)) {
        work->resumes = false;
        work->block_size = 0;
        work_leave_block(work, address);
    }
}

void work_break_block(struct work *work) {
    work->resumes = false;
    work->block_size = 0;
    work->ends = NOWHERE;
}

bool work_block_may_cross(const struct work *work) {
    return !work->counts || ((work->block + work->block_size - 1) ^ work->block) >> 12 != 0;
}

uint64_t work_block_end(const struct work *work, uint64_t address) {
    return work_is_new_block(work, address) ? UINT64_MAX : work->block + work->block_size;
}

void work_count_idle(struct work *work) {
    if (work->counts && ++work->idle_exits >= MOST_IDLE_EXITS) {
        work_break_block(work); // A guest is not left in the middle of one.
        work_count(work);
        work_look(work);
    }
}

// --- Snapshots ---

void work_take(const struct work *work, struct work_image *image) {
    *image = (struct work_image){
        .done = done(work),
        .idle_exits = work->idle_exits,
        .block = work->block,
        .block_size = work->block_size,
        .resumes_at = work->resumes ? work->resumes_at : work->block,
        .resumes = work->resumes,
    };
}

void work_restore(struct work *work, const struct work_image *image) {
    atomic_store_explicit(&work->done, image->done, memory_order_relaxed);
    work->idle_exits = (unsigned)image->idle_exits;
    work->block = image->block;
    work->block_size = image->block_size;
    work->whole = 0;
    work->resumes_at = image->resumes_at;
    work->resumes = image->resumes;
    work->cut = NOWHERE;
    work->ends = NOWHERE;
}

bool work_image_is_sound(const struct work_image *image) {
    const uint64_t offset = image->resumes_at - image->block;
    return image->idle_exits < MOST_IDLE_EXITS && image->block_size <= MOST_BLOCK_SIZE &&
           (image->resumes ? offset < image->block_size : offset == 0);
}
