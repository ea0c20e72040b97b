// SPDX-License-Identifier: MIT
//
// Copies of how much a machine has done, for snapshots.

#ifndef ENGINE_INSTRUMENTS_WORK_IMAGE_H
#define ENGINE_INSTRUMENTS_WORK_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

// What was counted, and where the guest is in the block that was counted last: what it begins in
// the middle of that is no work.
struct work_image {
    uint64_t done;
    uint64_t idle_exits; // Exits that are no work, since the last work.
    uint64_t block;      // Where the block begins.
    uint64_t block_size; // 0: the guest is in no block.
    uint64_t resumes_at; // With `resumes`: where the rest of the block begins.
    bool resumes;
};
void machine_take_work(const struct machine *machine, struct work_image *image);
void machine_restore_work(struct machine *machine, const struct work_image *image);

// Whether the copy, from a file, is of a block that there can be.
bool work_image_is_sound(const struct work_image *image);

#endif // ENGINE_INSTRUMENTS_WORK_IMAGE_H
