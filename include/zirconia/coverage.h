// SPDX-License-Identifier: MIT
//
// Coverage of guest code, for fuzzers: which blocks run, which follow each other, and what is
// compared with what. It needs nothing of the guest: no source, no symbols, no recompilation.
//
// A block begins where control comes from elsewhere: behind an instruction that ends one (a branch,
// taken or not, a return, INT, and what changes the processor's mode), at the handler of an
// exception or interrupt, and where a run begins. It goes on through exits, page faults of
// guest-physical memory, kicks and budgets, wherever the library itself divides it. So the figures
// are those of what the guest did, the same on every host, in virtual time or without, and whether
// anything was translated before or not. A repeated string instruction that goes on is a block of
// its own for each repetition behind the first.
//
// Addresses are linear: RIP plus the base of CS. Different code at one linear address, in two
// address spaces, is one.
//
// What a client must know:
//   - An edge is of one VCPU; all VCPUs of a guest count in one map.
//   - When an interrupt comes is a matter of the host's time, unless time is virtual
//     (zirconia/virtual_time.h). Two runs of a guest with a timer differ without it.
//   - A VCPU's sequence of blocks begins anew, with a block that none precedes, when coverage is
//     turned on, and with each snapshot that is taken or restored. So all runs from one snapshot
//     begin alike.
//   - Guests without coverage pay nothing. With it each block costs a few nanoseconds, within the
//     ranges or not. A call that turns it on or off drops the guest's translations where they must
//     change, so make it before the guest runs, or seldom.

#ifndef ZIRCONIA_COVERAGE_H_
#define ZIRCONIA_COVERAGE_H_

#include <stddef.h>
#include <stdint.h>

#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// Options of a map. Without BLOCKS a byte counts edges: pairs of a block and the one before it.
#define ZIRCONIA_COVERAGE_BLOCKS ((uint32_t)1u << 0)

// How large a map may be; a power of two.
#define ZIRCONIA_COVERAGE_SIZE_MIN ((size_t)64)
#define ZIRCONIA_COVERAGE_SIZE_MAX ((size_t)1 << 24)

// Stands for the block before one that none precedes.
#define ZIRCONIA_COVERAGE_NOWHERE UINT64_MAX

// Counts the edges, or blocks, of the guest's code in the map, from now on. The map replaces an
// earlier one; NULL with a size of 0 ends counting. Each byte counts what falls on it, up to 255.
// This call zeroes the map. From then on the client may read it, zero it, and hand it to a fuzzer:
// to libFuzzer as an array in the section __libfuzzer_extra_counters, to AFL++ as a part of its
// shared memory (docs/fuzzing.md).
//
// The threads of all VCPUs that run write to the client's memory without further checks: it must
// remain mapped and writable until the call that ends counting has returned, or the guest is gone.
// One map may serve several guests; counts may be lost when two run at once.
// Any thread.
// Errors:
//   guest (GUEST, INSPECT)
//   ZX_ERR_INVALID_ARGS  for other options
//   ZX_ERR_INVALID_ARGS  for a size that is not a power of two from ZIRCONIA_COVERAGE_SIZE_MIN to
//                        ZIRCONIA_COVERAGE_SIZE_MAX, and for 0 with a map
//   ZX_ERR_INVALID_ARGS  when map cannot be written
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_coverage(zx_handle_t guest, uint32_t options,
                                                        uint8_t *map, size_t size);

// The place in a map of this size, with these options, of the block that begins at the linear
// address `to` and follows the one that begins at `from`, or ZIRCONIA_COVERAGE_NOWHERE. 0 for
// another size. Another version of the library may have other places. Any thread.
ZIRCONIA_EXPORT size_t zirconia_coverage_place(uint32_t options, size_t size, uint64_t from,
                                               uint64_t to);

// The linear addresses from first to last, both included.
typedef struct zirconia_address_range {
    uint64_t first;
    uint64_t last;
} zirconia_address_range_t;

#define ZIRCONIA_COVERAGE_RANGES_MAX ((size_t)16)

// Restricts coverage and comparisons to code in these ranges, from now on; without a range all code
// counts. Blocks that begin elsewhere are passed over: an edge leads from the last block inside of
// the ranges to the next one inside.
// Any thread.
// Errors:
//   guest (GUEST, INSPECT)
//   ZX_ERR_OUT_OF_RANGE  for more than ZIRCONIA_COVERAGE_RANGES_MAX
//   ZX_ERR_INVALID_ARGS  when ranges cannot be read
//   ZX_ERR_INVALID_ARGS  for a range whose last address is below its first
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_coverage_ranges(
    zx_handle_t guest, const zirconia_address_range_t *ranges, size_t count);

// Receives the operands of one comparison: those of a CMP, CMPS or SCAS at that linear address, of
// 1, 2, 4 or 8 bytes, zero-extended. It runs on the VCPU's thread, inside of the run call, in the
// middle of guest code: several at once when VCPUs of several guests run. Of this library it may
// call zx_vcpu_kick() and nothing else, and it must return.
typedef void (*zirconia_comparison_t)(void *context, uint64_t address, uint64_t left,
                                      uint64_t right, size_t size);

// Sends the comparisons of the guest's code to the callback from now on, together with context. It
// replaces an earlier callback, which is not called any more when this returns; NULL ends it. Any
// thread.
// Errors:
//   guest (GUEST, INSPECT)
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_comparisons(zx_handle_t guest,
                                                           zirconia_comparison_t compared,
                                                           void *context);

ZIRCONIA_END_C

#endif // ZIRCONIA_COVERAGE_H_
