// SPDX-License-Identifier: MIT
//
// The client of the worked example: a VMM's memory of a guest, in slots. Each is a VMO that is
// mapped; taking pages away may cut one in two.

#ifndef MEMORY_H_
#define MEMORY_H_

#include <stdint.h>
#include <zircon/types.h>

enum { MEMORY_PAGES = 64, MEMORY_SLOTS = 8, PAGE = 4096 };

// Pages of zeros. ZX_ERR_ALREADY_EXISTS when some are there, ZX_ERR_NO_RESOURCES without a slot.
zx_status_t memory_add(zx_handle_t vmar, uint32_t page, uint32_t pages);

// Removes the pages of the range that are there.
zx_status_t memory_remove(zx_handle_t vmar, uint32_t page, uint32_t pages);

// The first byte of a page; ZX_ERR_NOT_FOUND when the page is not there.
zx_status_t memory_write(uint32_t page, uint8_t value);
zx_status_t memory_read(uint32_t page, uint8_t *value);

#endif // MEMORY_H_
