// SPDX-License-Identifier: MIT
//
// Coverage of guest code (zirconia/coverage.h).

#include "engine/guest.h"
#include "objects/refusal.h"
#include "syscalls/syscalls.h"

#include <string.h>

static bool is_size(size_t size) {
    return size >= ZIRCONIA_COVERAGE_SIZE_MIN && size <= ZIRCONIA_COVERAGE_SIZE_MAX &&
           (size & (size - 1)) == 0;
}

static zx_status_t zero(uint8_t *map, size_t size) {
    static const uint8_t zeros[0x10000];
    zx_status_t status = ZX_OK;
    for (size_t done = 0; done < size && status == ZX_OK; done += sizeof zeros) {
        const size_t left = size - done;
        status =
            copy_to_client(client_at(map, done), zeros, left < sizeof zeros ? left : sizeof zeros);
    }
    return status;
}

zx_status_t sys_guest_set_coverage(struct guest *guest, uint32_t options, uint8_t *map,
                                   size_t size) {
    const bool ends = map == NULL && size == 0;
    if ((options & ~ZIRCONIA_COVERAGE_BLOCKS) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    if (!ends && !is_size(size)) {
        return refuse_value(ZX_ERR_INVALID_ARGS,
                            "size % is not a power of two in the range for maps", size);
    }
    const zx_status_t status = ends ? ZX_OK : zero(map, size);
    if (status != ZX_OK) {
        return status;
    }
    turn_take_call(&guest->turn);
    guest->coverage.map = map;
    guest->coverage.size = size;
    guest->coverage.blocks = (options & ZIRCONIA_COVERAGE_BLOCKS) != 0;
    machine_set_coverage(guest->machine, &guest->coverage);
    turn_give_call(&guest->turn);
    return ZX_OK;
}

zx_status_t sys_guest_set_coverage_ranges(struct guest *guest,
                                          const zirconia_address_range_t *ranges, size_t count) {
    zirconia_address_range_t own[ZIRCONIA_COVERAGE_RANGES_MAX];
    if (count > ZIRCONIA_COVERAGE_RANGES_MAX) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "count % is above %", count,
                             ZIRCONIA_COVERAGE_RANGES_MAX);
    }
    const zx_status_t status = copy_from_client(own, ranges, count * sizeof own[0]);
    if (status != ZX_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (own[i].first > own[i].last) {
            return refuse_values(ZX_ERR_INVALID_ARGS, "a range from % to % ends before it begins",
                                 own[i].first, own[i].last);
        }
    }
    turn_take_call(&guest->turn);
    memcpy(guest->coverage.ranges, own, count * sizeof own[0]);
    guest->coverage.range_count = count;
    machine_set_coverage(guest->machine, &guest->coverage);
    turn_give_call(&guest->turn);
    return ZX_OK;
}

zx_status_t sys_guest_set_comparisons(struct guest *guest, zirconia_comparison_t compared,
                                      void *context) {
    turn_take_call(&guest->turn);
    guest->coverage.compared = compared;
    guest->coverage.context = context;
    machine_set_coverage(guest->machine, &guest->coverage);
    turn_give_call(&guest->turn);
    return ZX_OK;
}
