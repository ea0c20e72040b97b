// SPDX-License-Identifier: MIT
//
// Images of guest memory: a copy of each page that holds anything. One that is taken on top of
// another shares what is alike with it, and knows what is not, so that going from one to the other
// costs what differs.

#ifndef ENGINE_CPU_UNICORN_MACHINE_IMAGE_H
#define ENGINE_CPU_UNICORN_MACHINE_IMAGE_H

#include "engine/instruments/machine_image.h"

#include <stddef.h>
#include <stdint.h>

struct memory;

zx_status_t image_take(struct memory *memory, const struct image_range *ranges, size_t count,
                       struct image_options options, struct machine_image **out);

zx_status_t image_empty(struct memory *memory, const struct image_range *ranges, size_t count,
                        struct image_options options, struct machine_image **out);

zx_status_t image_apply(struct memory *memory, struct machine_image *image);

void memory_note_store(struct memory *memory, uint64_t guest_physical, uint64_t length);

#endif // ENGINE_CPU_UNICORN_MACHINE_IMAGE_H
