// SPDX-License-Identifier: MIT
//
// When a run is to end: at once, or when so much has been done. Blocks of guest code are work, and
// exits and exceptions, which can follow each other for ever without a block in between.

#ifndef ENGINE_CPU_UNICORN_WORK_H
#define ENGINE_CPU_UNICORN_WORK_H

#include "engine/cpu/unicorn/exit_request.h"
#include "engine/instruments/work_image.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct work {
    bool counts;
    atomic_ullong done;
    unsigned idle_exits; // Exits that are no work, since the last work.
    uint64_t stop_at; // An exit is requested when so much is done, and work beyond is not counted.
    uint64_t limit;   // An exit is requested when so much is done, and work beyond is counted.
    uint64_t block;   // The address of the last block that was counted.
    uint64_t block_size; // The size of the last block that was counted.
    uint64_t whole;      // The size of that block translated whole, or 0 while it is not known.
    uint64_t resumes_at; // Where the block goes on after a pause that is no work, if `resumes`.
    bool resumes;
    uint64_t cut;  // Where the rest of a block went on too long, since a block has run.
    uint64_t ends; // The end of the last block that ran, where nothing has happened since.
    struct exit_request request;
};

static inline bool work_is_to_end(const struct work *work) {
    return exit_request_made(&work->request);
}

// From inside the run; others use exit_request_make().
static inline void work_end(struct work *work) {
    exit_request_make_inside(&work->request);
}

// Requests an exit if it is time.
void work_look(struct work *work);

// Another piece of work is done.
void work_count(struct work *work);

// Whether a block that is about to run is not the rest of one that was counted before
// work_resume().
bool work_is_new_block(const struct work *work, uint64_t address);

// Whether the block there may be the rest of the one that was counted last, which was translated in
// parts.
bool work_may_go_on(const struct work *work, uint64_t address);

// Notes whether the block there is that rest, by `whole`.
void work_go_on(struct work *work, uint64_t address);

// Whether the rest of a block, which has this size as it was translated once, goes on beyond the
// block. It is to be translated anew, which is tried once.
bool work_overruns(struct work *work, uint64_t address, uint32_t size);

// The block runs.
void work_count_block(struct work *work, uint64_t address, uint32_t size);

// The instruction there is to run again, because now its page is there: if it is in the block that
// was counted last, what it begins is the rest of that block, and the guest does not leave before
// it. So how much a guest has worked does not depend on what it has touched before.
void work_resume(struct work *work, uint64_t address);

// A debugger has divided the block that was counted last, and looks at the guest before the
// instruction there. `size` is that of the block undivided.
void work_divide(struct work *work, uint64_t address, uint64_t size);

// Whether the guest is there in the middle of the block that was counted last, which goes on before
// anything that depends on how much was done.
bool work_is_divided(const struct work *work, uint64_t address);

// The guest has been left before the instruction there. Unless that is in the middle of the block
// that was counted last, what it needs before it runs is none of that block's business.
void work_rest(struct work *work, uint64_t address);

// What follows an exit is a block of its own, also where it is in the one that was counted last.
void work_break_block(struct work *work);

// Whether the block that runs may have code in two pages. Where blocks are counted it is known
// exactly: the guest is to do the same whether a page behind its block is watched or not.
bool work_block_may_cross(const struct work *work);

// The instruction there has a raw exit: unless it lies behind the last block, that block has not
// run to its end.
void work_leave_block(struct work *work, uint64_t address);

// What follows is no rest of the last block.
void work_forget_end(struct work *work);

// Where the block that begins there must end, so that blocks are the same as without a pause;
// UINT64_MAX where that is not to be seen.
uint64_t work_block_end(const struct work *work, uint64_t address);

// For snapshots.
void work_take(const struct work *work, struct work_image *image);
void work_restore(struct work *work, const struct work_image *image);

// What an instruction needs before it runs (its tables, its page, a step) is no work, and a guest
// may contrive that there is no end to it.
void work_count_idle(struct work *work);

#endif // ENGINE_CPU_UNICORN_WORK_H
