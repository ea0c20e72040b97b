// SPDX-License-Identifier: MIT
//
// The calls on virtual memory: objects that hold it and regions that it is mapped into, the
// process's own or a guest's. zircon/syscalls.h includes this, and what it says of every call and
// of the eras holds here too. Options are in zircon/types.h.

#ifndef ZIRCON_SYSCALLS_MEMORY_CALLS_H_
#define ZIRCON_SYSCALLS_MEMORY_CALLS_H_

#include <zircon/syscalls/era.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// ---- Virtual memory objects (objects ABI 5.1) ----

// Creates a VMO of size bytes, rounded up to whole pages, that reads as zero. Memory is taken when
// a page is first touched. options: 0 or ZX_VMO_RESIZABLE.
// Errors:
//   ZX_ERR_INVALID_ARGS  for other options
//   ZX_ERR_OUT_OF_RANGE  for a size that cannot be rounded up
//   ZX_ERR_NO_MEMORY     when memory is short
// 2018: options 0 or ZX_VMO_NON_RESIZABLE, a VMO without an option is resizable, and the handle
// has EXECUTE.
ZIRCONIA_EXPORT zx_status_t zx_vmo_create(uint64_t size, uint32_t options, zx_handle_t *out);

// Copies buffer_size bytes from offset on out of the VMO.
// Errors:
//   handle (VMO, READ)
//   ZX_ERR_BAD_STATE      when the VMO is not cached
//   ZX_ERR_OUT_OF_RANGE   when the range does not lie inside
//   ZX_ERR_INVALID_ARGS   when buffer cannot be written, a part of which may have been
//   ZX_ERR_ACCESS_DENIED  when buffer cannot be written because it lies in a mapping without WRITE
// 2018: ZX_ERR_INVALID_ARGS there too.
ZIRCONIA_EXPORT zx_status_t zx_vmo_read(zx_handle_t handle, void *buffer, uint64_t offset,
                                        size_t buffer_size);

// Copies buffer_size bytes into the VMO. A guest that runs from it sees changed instructions.
// Errors:
//   handle (VMO, WRITE)
//   ZX_ERR_BAD_STATE      when the VMO is not cached
//   ZX_ERR_OUT_OF_RANGE   when the range does not lie inside
//   ZX_ERR_INVALID_ARGS   when buffer cannot be read
//   ZX_ERR_ACCESS_DENIED  when buffer cannot be read because it lies in a mapping without READ
// 2018: ZX_ERR_INVALID_ARGS there too.
ZIRCONIA_EXPORT zx_status_t zx_vmo_write(zx_handle_t handle, const void *buffer, uint64_t offset,
                                         size_t buffer_size);

// Writes the VMO's size in bytes, always whole pages. No right asked for.
// Errors:
//   handle (VMO)
ZIRCONIA_EXPORT zx_status_t zx_vmo_get_size(zx_handle_t handle, uint64_t *size);

// Changes the size, rounded up to whole pages, and makes size the size of the content. What is cut
// off is out of reach of mappings when the call returns, in guests too; what is added reads as
// zero, as does the rest of the last page, and mappings of it begin to work.
// Errors:
//   handle (VMO, WRITE, and RESIZE if it is resizable)
//   ZX_ERR_UNAVAILABLE   when the VMO cannot be resized
//   ZX_ERR_OUT_OF_RANGE  for a size that cannot be rounded up
//   ZX_ERR_INVALID_ARGS  when it would reach beyond 2^64 in a VMO that it descends from
//   ZX_ERR_NO_MEMORY     when memory is short
// 2018: RESIZE is not asked for, and the last page stays as it is.
ZIRCONIA_EXPORT zx_status_t zx_vmo_set_size(zx_handle_t handle, uint64_t size);

// Does one of ZX_VMO_OP_ to a range. DECOMMIT and ZERO make it zero. COMMIT, DONT_NEED, ALWAYS_NEED
// and the cache operations only check: pages come when they are touched, and caches are coherent.
// COMMIT, DECOMMIT, ZERO and the two hints are clipped to the end of the VMO. buffer and
// buffer_size are not used.
// Errors:
//   handle (VMO)
//   ZX_ERR_INVALID_ARGS   for an unknown op
//   ZX_ERR_ACCESS_DENIED  when the handle lacks the right that op asks for
//   ZX_ERR_NOT_SUPPORTED  for LOCK, TRY_LOCK and UNLOCK
//   ZX_ERR_INVALID_ARGS   cache operations: for a size of 0
//   ZX_ERR_OUT_OF_RANGE   cache operations: for a range that does not lie inside
//   ZX_ERR_BAD_STATE      ZERO: when the VMO is not cached
//   ZX_ERR_OUT_OF_RANGE   the others: for an offset beyond the end
//   ZX_ERR_NOT_SUPPORTED  DECOMMIT, unless nothing of the range lies inside: for a copy of a VMO,
//                         and for a VMO that has copies
//   ZX_ERR_INVALID_ARGS   DECOMMIT: for anything but whole pages
//   ZX_ERR_NO_MEMORY      when memory is short
// 2018: DECOMMIT takes every page that its range touches, of copies too.
ZIRCONIA_EXPORT zx_status_t zx_vmo_op_range(zx_handle_t handle, uint32_t op, uint64_t offset,
                                            uint64_t size, void *buffer, size_t buffer_size);

// Sets the caching of later mappings (ZX_CACHE_POLICY_), which shows in nothing but that
// zx_vmo_read() and zx_vmo_write() refuse what is not CACHED.
// Errors:
//   ZX_ERR_INVALID_ARGS  for an unknown policy
//   handle (VMO, MAP)
//   ZX_ERR_BAD_STATE     when the VMO is mapped, is or has a child, or has committed pages and is
//                        not cached
// 2018: ZX_ERR_BAD_STATE for committed pages whatever the policy is.
ZIRCONIA_EXPORT zx_status_t zx_vmo_set_cache_policy(zx_handle_t handle, uint32_t cache_policy);

// Makes a VMO from size bytes of another from offset on. SNAPSHOT and SNAPSHOT_AT_LEAST_ON_WRITE: a
// copy, zeros beyond the parent's end; the handle has the parent handle's rights and WRITE, without
// EXECUTE. SLICE: the same memory, of a parent that cannot be resized; the parent handle's rights.
// RESIZABLE (copies only) adds RESIZE, NO_WRITE takes WRITE away. The parent's ZERO_CHILDREN signal
// is clear while it has children.
// Errors:
//   handle (VMO, DUPLICATE and READ)
//   ZX_ERR_INVALID_ARGS   for other options
//   ZX_ERR_NOT_SUPPORTED  for REFERENCE
//   ZX_ERR_INVALID_ARGS   for an offset not in whole pages
//   ZX_ERR_OUT_OF_RANGE   for a size that cannot be rounded up
//   ZX_ERR_INVALID_ARGS   SLICE: for a range that does not lie inside
//   ZX_ERR_NOT_SUPPORTED  SLICE: for a resizable parent
//   ZX_ERR_INVALID_ARGS   a copy: when it would reach beyond 2^64 in a VMO that it descends from
//   ZX_ERR_BAD_STATE      a copy: for a parent that is not cached
//   ZX_ERR_NO_MEMORY      when memory is short
ZIRCONIA_EXPORT zx_status_t zx_vmo_create_child(zx_handle_t handle, uint32_t options,
                                                uint64_t offset, uint64_t size, zx_handle_t *out);

// Makes a child of a VMO, by the call of 2018. options: ZX_VMO_CLONE_COPY_ON_WRITE, a clone, which
// can be resized unless ZX_VMO_CLONE_NON_RESIZEABLE is given too. It shows what is written to the
// parent until it is written itself, page by page. The handle has the parent handle's rights and
// WRITE.
// Errors:
//   handle (VMO, DUPLICATE and READ)
//   ZX_ERR_INVALID_ARGS  for other options
//   ZX_ERR_INVALID_ARGS  for an offset not in whole pages
//   ZX_ERR_OUT_OF_RANGE  for a size that cannot be rounded up, or too large for the offset
//   ZX_ERR_BAD_STATE     for a parent that is not cached
//   ZX_ERR_NO_MEMORY     when memory is short
ZIRCONIA_EXPORT zx_status_t zx_vmo_clone(zx_handle_t handle, uint32_t options, uint64_t offset,
                                         uint64_t size, zx_handle_t *out);

// Replaces handle by one that has EXECUTE as well, which a mapping that a guest executes from asks
// for. vmex: 0, or a SYSTEM resource that covers ZX_RSRC_SYSTEM_VMEX_BASE. handle is gone
// afterwards, whatever the result, and no right on it is asked for.
// Errors:
//   ZX_ERR_BAD_HANDLE    when handle is not a handle
//   vmex (RESOURCE), unless 0
//   ZX_ERR_WRONG_TYPE    when vmex is not of kind SYSTEM
//   ZX_ERR_OUT_OF_RANGE  when vmex does not cover that base
//   ZX_ERR_WRONG_TYPE    when handle is not a handle to a VMO
//   ZX_ERR_NO_MEMORY     when memory is short
ZIRCONIA_EXPORT zx_status_t zx_vmo_replace_as_executable(zx_handle_t handle, zx_handle_t vmex,
                                                         zx_handle_t *out);

// ---- Virtual memory address regions (objects ABI 5.2 to 5.7; hypervisor ABI 10) ----

// Maps len bytes of a VMO (rounded up to whole pages) from vmo_offset on into the region: the
// process's own (zx_vmar_root_self()) or a guest's. With ZX_VM_SPECIFIC at vmar_offset bytes from
// the region's base, otherwise where there is room. *mapped_addr is the address, guest-physical in
// a guest's region. The mapping keeps the VMO. Waits for a VCPU of the guest to stop.
// Errors:
//   handle (VMAR)
//   vmo (VMO)
//   ZX_ERR_ACCESS_DENIED   when the handle of the VMO lacks MAP
//   ZX_ERR_INVALID_ARGS    for WRITE or EXECUTE without READ, for MAP_RANGE with
//                          SPECIFIC_OVERWRITE, and for CAN_MAP options
//   ZX_ERR_ACCESS_DENIED   when either handle lacks a permission that is asked for (READ, WRITE,
//                          EXECUTE)
//   ZX_ERR_INVALID_ARGS    for unknown options
//   ZX_ERR_NOT_SUPPORTED   for REQUIRE_NON_RESIZABLE and a resizable VMO
//   ZX_ERR_ACCESS_DENIED   for a permission that the region cannot map
//   ZX_ERR_INVALID_ARGS    for a vmo_offset not in whole pages
//   ZX_ERR_OUT_OF_RANGE    for a len that cannot be rounded up, or too large for vmo_offset
//   ZX_ERR_BAD_STATE       when the region is destroyed
//   ZX_ERR_INVALID_ARGS    for a len of 0
//   ZX_ERR_INVALID_ARGS    for an offset without SPECIFIC or an upper limit, and for one not in
//                          whole pages
//   ZX_ERR_ACCESS_DENIED   for SPECIFIC or an upper limit in a region without CAN_MAP_SPECIFIC
//   ZX_ERR_INVALID_ARGS    for a range that does not lie inside the region or below the limit
//   ZX_ERR_ALREADY_EXISTS  when a SPECIFIC range is occupied
//   ZX_ERR_INVALID_ARGS    when a SPECIFIC_OVERWRITE range meets a region
//   ZX_ERR_NO_RESOURCES    when there is no room
//   ZX_ERR_NO_MEMORY       when memory is short
// 2018: a SPECIFIC range that is occupied and no room give ZX_ERR_NO_MEMORY, a len or offset that
// is out of range ZX_ERR_INVALID_ARGS. 201807: the options come last but for the results.
#if ZIRCONIA_ERA < 201812
ZIRCONIA_EXPORT zx_status_t zx_vmar_map(zx_handle_t handle, size_t vmar_offset, zx_handle_t vmo,
                                        uint64_t vmo_offset, size_t len, zx_vm_option_t options,
                                        zx_vaddr_t *mapped_addr);
#else
ZIRCONIA_EXPORT zx_status_t zx_vmar_map(zx_handle_t handle, zx_vm_option_t options,
                                        size_t vmar_offset, zx_handle_t vmo, uint64_t vmo_offset,
                                        size_t len, zx_vaddr_t *mapped_addr);
#endif

// Removes whatever is mapped in [addr, addr + len), len rounded up to whole pages; holes are fine,
// a mapping that is cut stays outside of the range, and regions inside of it are destroyed. A guest
// sees it at once.
// Errors:
//   handle (VMAR)
//   ZX_ERR_INVALID_ARGS  for an addr not in whole pages, and for a len of 0
//   ZX_ERR_BAD_STATE     when the region is destroyed
//   ZX_ERR_INVALID_ARGS  for a range that does not lie inside the region
//   ZX_ERR_INVALID_ARGS  for a range that cuts a region inside of this one
//   ZX_ERR_INVALID_ARGS  for a range that covers a region inside of this one when the handle lacks
//                        OP_CHILDREN
// 2018: OP_CHILDREN is not asked for.
ZIRCONIA_EXPORT zx_status_t zx_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr, size_t len);

// Gives [addr, addr + len), len rounded up to whole pages, other permissions: ZX_VM_PERM_ bits or
// none. A guest sees it at once.
// Errors:
//   handle (VMAR, READ, WRITE, EXECUTE as asked for)
//   ZX_ERR_INVALID_ARGS   for WRITE or EXECUTE without READ, for other options, for an addr not in
//                         whole pages, and for a len of 0
//   ZX_ERR_BAD_STATE      when the region is destroyed
//   ZX_ERR_INVALID_ARGS   for a range that does not lie inside the region
//   ZX_ERR_NOT_FOUND      when a hole comes first in the range
//   ZX_ERR_INVALID_ARGS   when a region inside of this one comes first in the range, or next after
//                         a hole that is not where the range begins
//   ZX_ERR_ACCESS_DENIED  when a mapping comes first whose handles did not have the permission in
//                         common
//   ZX_ERR_NO_MEMORY      when memory is short
// 201807: the options come last but for the results.
#if ZIRCONIA_ERA < 201812
ZIRCONIA_EXPORT zx_status_t zx_vmar_protect(zx_handle_t handle, zx_vaddr_t addr, size_t len,
                                            zx_vm_option_t options);
#else
ZIRCONIA_EXPORT zx_status_t zx_vmar_protect(zx_handle_t handle, zx_vm_option_t options,
                                            zx_vaddr_t addr, size_t len);
#endif

// Does one of ZX_VMAR_OP_ to what is mapped in [address, address + size), size rounded up to whole
// pages, mapping by mapping: COMMIT, DECOMMIT, DONT_NEED and ALWAYS_NEED as zx_vmo_op_range() does
// it to the VMO. MAP_RANGE only checks: pages come when they are touched.
// Errors:
//   handle (VMAR)
//   ZX_ERR_INVALID_ARGS   for another op, for a buffer, which none of them has a use for, for a
//                         size of 0, and for an address not in whole pages
//   ZX_ERR_OUT_OF_RANGE   for a range that does not lie inside the region
//   ZX_ERR_BAD_STATE      when the region is destroyed
//   ZX_ERR_BAD_STATE      for a hole, behind which nothing is done
//   ZX_ERR_INVALID_ARGS   COMMIT and DECOMMIT: for what is mapped in a region inside of this one
//   ZX_ERR_ACCESS_DENIED  COMMIT and DECOMMIT: for a mapping that could not be made writable
//   ZX_ERR_NOT_SUPPORTED  DECOMMIT: for a copy of a VMO, and for a VMO that has copies
//   ZX_ERR_OUT_OF_RANGE   for a mapping that goes on beyond the end of its VMO
//   ZX_ERR_NO_MEMORY      when memory is short
ZIRCONIA_EXPORT zx_status_t zx_vmar_op_range(zx_handle_t handle, uint32_t op, zx_vaddr_t address,
                                             size_t size, void *buffer, size_t buffer_size);

// Makes a region of size bytes inside of another: with ZX_VM_SPECIFIC at offset, otherwise where
// there is room. options: also the ZX_VM_CAN_MAP_ bits of the new region, COMPACT, an alignment,
// OFFSET_IS_UPPER_LIMIT. It stays after its last handle is closed, for as long as the parent does.
// Errors:
//   parent_vmar (VMAR, READ, WRITE, EXECUTE for each CAN_MAP)
//   ZX_ERR_INVALID_ARGS    for other options, and for a size of 0 or not in whole pages
//   ZX_ERR_ACCESS_DENIED   for a CAN_MAP that the parent lacks
//   ZX_ERR_BAD_STATE       when the parent is destroyed
//   ZX_ERR_INVALID_ARGS    for an offset without SPECIFIC or an upper limit, and for one not in
//                          whole pages
//   ZX_ERR_ACCESS_DENIED   for SPECIFIC or an upper limit in a region without CAN_MAP_SPECIFIC
//   ZX_ERR_INVALID_ARGS    for a range that does not lie inside the region or below the limit
//   ZX_ERR_ALREADY_EXISTS  when a SPECIFIC range is occupied
//   ZX_ERR_NO_RESOURCES    when there is no room
//   ZX_ERR_NO_MEMORY       when memory is short
// 2018: a SPECIFIC range that is occupied and no room give ZX_ERR_NO_MEMORY.
// 201807: the options come last but for the results.
#if ZIRCONIA_ERA < 201812
ZIRCONIA_EXPORT zx_status_t zx_vmar_allocate(zx_handle_t parent_vmar, size_t offset, size_t size,
                                             zx_vm_option_t options, zx_handle_t *child_vmar,
                                             zx_vaddr_t *child_addr);
#else
ZIRCONIA_EXPORT zx_status_t zx_vmar_allocate(zx_handle_t parent_vmar, zx_vm_option_t options,
                                             size_t offset, size_t size, zx_handle_t *child_vmar,
                                             zx_vaddr_t *child_addr);
#endif

// Destroys a region with all that is mapped and allocated in it; every later call on it or on a
// region in it is ZX_ERR_BAD_STATE.
// Errors:
//   handle (VMAR)
//   ZX_ERR_BAD_STATE  when the region is destroyed already
ZIRCONIA_EXPORT zx_status_t zx_vmar_destroy(zx_handle_t handle);

ZIRCONIA_END_C

#endif // ZIRCON_SYSCALLS_MEMORY_CALLS_H_
