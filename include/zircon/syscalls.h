// SPDX-License-Identifier: MIT
//
// The calls. A call that is declared here is implemented; those that are not are in
// zircon/syscalls/refused.h, which this includes. Structures are in zircon/syscalls/, the choice of
// era in zircon/syscalls/era.h.
//
// What holds for every call unless its comment says otherwise:
// - Any thread may call, at any time; no call blocks.
// - Handles passed in stay the caller's; handles received are the caller's to close.
// - A handle argument gives ZX_ERR_BAD_HANDLE when the value is no handle, ZX_ERR_WRONG_TYPE when
//   its object is of another type, ZX_ERR_ACCESS_DENIED when it lacks a right, in this order;
//   "handle (RIGHT)" below stands for these three.
// - Errors are listed in the order of the checks: the first that applies is returned.
// - Results are written last. A pointer that cannot be written gives ZX_ERR_INVALID_ARGS, and an
//   object made for it is dropped. A call that fails writes nothing.
// - Calls that make an object can return ZX_ERR_NO_MEMORY.
// - The comment describes 2022 and later. "2018:" tells what the symbol of the 2018 era does
//   differently; beside that, of a handle's checks it makes the one for rights before the one for
//   the type (objects ABI 0.3).

#ifndef ZIRCON_SYSCALLS_H_
#define ZIRCON_SYSCALLS_H_

#include <zircon/syscalls/era.h>
#include <zircon/syscalls/refused.h>
#include <zircon/syscalls/types.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// ---- Guests (hypervisor ABI 3.1, 3.2) ----

// Creates a guest and its guest-physical address space, empty, 2^48 bytes from 0 on. The guest
// lives until its last handle and its last VCPU are gone; the VMAR handle maps memory into it.
// options: 0.
// Errors: resource, no right asked for; ZX_ERR_WRONG_TYPE when its kind is neither ROOT nor SYSTEM;
// ZX_ERR_OUT_OF_RANGE when it is a SYSTEM resource that does not cover the hypervisor's base;
// ZX_ERR_INVALID_ARGS for options; ZX_ERR_NO_MEMORY; ZX_ERR_NOT_SUPPORTED when the engine found in
// this process is not one that guests can run on.
// 2018: options are checked first; a SYSTEM resource elsewhere gives ZX_ERR_WRONG_TYPE; the guest
// handle has MANAGE_PROCESS in place of MANAGE_THREAD, and the VMAR handle no OP_CHILDREN.
ZIRCONIA_EXPORT zx_status_t zx_guest_create(zx_handle_t resource, uint32_t options,
                                            zx_handle_t *guest_handle, zx_handle_t *vmar_handle);

// Sets a trap over [addr, addr + size) of guest-physical bytes (MEM, BELL) or I/O ports (IO). MEM
// and BELL remove whatever is mapped there, and that is not undone when a later check fails. A
// trap stays for the life of the guest. port_handle: a port for BELL, 0 otherwise; the trap keeps
// the port but is no handle to it. key comes back in each packet.
// Errors: guest (WRITE); port (WRITE), unless 0; ZX_ERR_INVALID_ARGS for an unknown kind, a port
// with MEM or IO, or none with BELL; MEM and BELL: ZX_ERR_INVALID_ARGS for an addr or size not in
// whole pages, then for a size of 0 or a range not inside the 2^48 bytes; IO: ZX_ERR_OUT_OF_RANGE
// for a size of 0 or addr + size above 0xFFFF; ZX_ERR_ALREADY_EXISTS when the range meets another
// trap (MEM and BELL count as one space, IO as another); ZX_ERR_NO_MEMORY.
// 2018: after the handles, ZX_ERR_INVALID_ARGS for a size of 0, then ZX_ERR_OUT_OF_RANGE when
// addr + size overflows; ZX_ERR_ALREADY_EXISTS only when another trap starts at the same addr.
ZIRCONIA_EXPORT zx_status_t zx_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr,
                                              size_t size, zx_handle_t port_handle, uint64_t key);

// ---- VCPUs (hypervisor ABI 3.3 to 3.9) ----

// Creates a VCPU that belongs to the calling thread for good: only that thread runs it, or reads
// or writes its state. The first of a guest is the boot processor and starts at entry in long
// mode; every other starts in real mode with CS from entry. options: 0.
// Errors: ZX_ERR_INVALID_ARGS for options; guest (MANAGE_THREAD); ZX_ERR_INVALID_ARGS for an entry
// of 2^48 or more; ZX_ERR_BAD_STATE when the thread has a live VCPU already; ZX_ERR_NO_RESOURCES
// when the guest has 63 VCPUs; ZX_ERR_NO_MEMORY.
// 2018: the right is MANAGE_PROCESS, and a thread may have several VCPUs.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                                           zx_handle_t *out);

// Runs the VCPU until something needs the caller, and tells it in *packet: a memory or I/O trap, or
// a request about other VCPUs, in the layout of 2022 (guest_mem_2022, guest_vcpu_2022). Bells go to
// their port, not here. Owner thread only. Blocks for as long as the guest runs or is halted.
// Errors: vcpu (EXECUTE); ZX_ERR_BAD_STATE on any other thread; then from the run itself, leaving
// the VCPU usable:
//   ZX_ERR_CANCELED       the VCPU was kicked
//   ZX_ERR_NOT_FOUND      no trap for the I/O port; nothing mapped at the guest-physical address
//   ZX_ERR_OUT_OF_RANGE   a guest-physical address of 2^48 or more
//   ZX_ERR_NOT_SUPPORTED  an exit without a handler, triple fault among them; string or repeated
//                         I/O; a read from a bell; a pending vector from 21 to 31
//   ZX_ERR_INVALID_ARGS   a bad value for a control register, XCR0 or the local APIC
//   ZX_ERR_BAD_STATE      state that no processor would enter; a bell whose port has no handles
//   ZX_ERR_INTERNAL       the engine failed, or reported an instruction of more than 15 bytes
//   ZX_ERR_NO_MEMORY
// Last ZX_ERR_INVALID_ARGS when packet cannot be written: the packet is lost.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_enter(zx_handle_t handle, zx_port_packet_t *packet);

// The run call of 2018 to August 2021: as zx_vcpu_enter(), but the packet has the layout of 2018
// (guest_mem_2018, guest_vcpu_2018). A failure to fetch the instruction bytes that a memory packet
// carries is returned in its place. One symbol in both eras.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_resume(zx_handle_t handle, zx_port_packet_t *packet);

// Makes the run call in progress, or else the next one, return ZX_ERR_CANCELED once. Kicks do not
// add up: one is pending or none. Pending interrupts are untouched. Any thread.
// Errors: vcpu (EXECUTE). From September 2021 on (hypervisor ABI 3.5, 8).
ZIRCONIA_EXPORT zx_status_t zx_vcpu_kick(zx_handle_t handle);

// Makes a vector pending: 2 is the NMI, 0 to 20 exceptions, from 32 on external interrupts. A
// vector already pending is not counted twice. Any thread; wakes a halted VCPU.
// Errors: vcpu (SIGNAL); ZX_ERR_OUT_OF_RANGE for a vector above 255.
// 2018: a vector above 255 is ignored, with ZX_OK.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_interrupt(zx_handle_t handle, uint32_t vector);

// Reads the general registers: kind ZX_VCPU_STATE, zx_vcpu_state_t. Owner thread only.
// Errors: vcpu (READ); ZX_ERR_INVALID_ARGS for another kind or size; ZX_ERR_BAD_STATE on any other
// thread; ZX_ERR_INVALID_ARGS when buffer cannot be written.
// 2018: after the handle, ZX_ERR_INVALID_ARGS for a size above the structure's; ZX_ERR_BAD_STATE
// for the thread; ZX_ERR_INVALID_ARGS for kind or size.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                               size_t buffer_size);

// Writes the general registers (ZX_VCPU_STATE, zx_vcpu_state_t) or answers an input from a port
// (ZX_VCPU_IO, zx_vcpu_io_t). Flags are taken only when bit 1 of rflags is set. Owner thread only.
// Errors: vcpu (WRITE); ZX_ERR_INVALID_ARGS for an unknown kind, then for a size other than the
// structure's, then when buffer cannot be read; ZX_ERR_BAD_STATE on any other thread; ZX_VCPU_IO:
// ZX_ERR_INVALID_ARGS for an access_size other than 1, 2 and 4.
// 2018: after the handle, ZX_ERR_INVALID_ARGS for a size above the larger structure's, then for the
// buffer; ZX_ERR_BAD_STATE for the thread; ZX_ERR_INVALID_ARGS for kind or size; access_size is not
// checked.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_write_state(zx_handle_t handle, uint32_t kind,
                                                const void *buffer, size_t buffer_size);

// ---- Ports (objects ABI 4) ----

// Creates a port. options: 0 or ZX_PORT_BIND_TO_INTERRUPT.
// Errors: ZX_ERR_INVALID_ARGS for options.
// 2018: with the limits of that era (zx_port_queue()).
ZIRCONIA_EXPORT zx_status_t zx_port_create(uint32_t options, zx_handle_t *out);

// Queues a copy of *packet, its type replaced by ZX_PKT_TYPE_USER.
// Errors: port (WRITE); ZX_ERR_INVALID_ARGS when packet cannot be read; ZX_ERR_NO_MEMORY;
// ZX_ERR_SHOULD_WAIT when 4097 packets from this call are queued, or 2049 of this call and of waits
// on a port of the 2018 era, where the packets of further waits are lost.
ZIRCONIA_EXPORT zx_status_t zx_port_queue(zx_handle_t handle, const zx_port_packet_t *packet);

// Takes the oldest packet, waiting for one until deadline (monotonic nanoseconds, absolute). A
// packet that is there is returned whatever the deadline. Blocks. Closing the handle does not end
// a wait in progress.
// Errors: port (READ); ZX_ERR_TIMED_OUT; ZX_ERR_INVALID_ARGS when packet cannot be written: it is
// lost.
ZIRCONIA_EXPORT zx_status_t zx_port_wait(zx_handle_t handle, zx_time_t deadline,
                                         zx_port_packet_t *packet);

// Withdraws the waits that were begun through source with this key on this port, and their packets
// still queued. Packets from zx_port_queue() and from traps are never touched.
// Errors: port (WRITE); source: ZX_ERR_BAD_HANDLE, ZX_ERR_ACCESS_DENIED without WAIT; then
// ZX_ERR_NOT_SUPPORTED when its object has no signals; ZX_ERR_NOT_FOUND.
ZIRCONIA_EXPORT zx_status_t zx_port_cancel(zx_handle_t handle, zx_handle_t source, uint64_t key);

// The same for all sources at once. options: 0.
// Errors: ZX_ERR_INVALID_ARGS for options; port (WRITE); ZX_ERR_NOT_FOUND.
ZIRCONIA_EXPORT zx_status_t zx_port_cancel_key(zx_handle_t handle, uint32_t options, uint64_t key);

// ---- Handles (objects ABI 2) ----

// Closes a handle; ZX_HANDLE_INVALID is ZX_OK and does nothing. No right asked for.
// Errors: ZX_ERR_BAD_HANDLE.
ZIRCONIA_EXPORT zx_status_t zx_handle_close(zx_handle_t handle);

// Closes num_handles handles, all of them even when one fails; ZX_HANDLE_INVALID is skipped.
// Errors: ZX_ERR_INVALID_ARGS when the array cannot be read; ZX_ERR_BAD_HANDLE when any other value
// was no handle, or no longer one.
ZIRCONIA_EXPORT zx_status_t zx_handle_close_many(const zx_handle_t *handles, size_t num_handles);

// Makes a second handle to the object, with rights that the first has, all of them
// (ZX_RIGHT_SAME_RIGHTS) or a part.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without DUPLICATE; ZX_ERR_INVALID_ARGS for a
// right that the handle lacks; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_handle_duplicate(zx_handle_t handle, zx_rights_t rights,
                                                zx_handle_t *out);

// As zx_handle_duplicate(), but no right is asked for and handle is gone afterwards, after a
// failure too unless that was ZX_ERR_BAD_HANDLE.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_INVALID_ARGS for a right that the handle lacks.
ZIRCONIA_EXPORT zx_status_t zx_handle_replace(zx_handle_t handle, zx_rights_t rights,
                                              zx_handle_t *out);

// ---- Objects (objects ABI 1.9, 3) ----

// Writes what topic tells of the object into buffer: HANDLE_VALID (nothing is written, no right
// asked for), HANDLE_BASIC (no right asked for), and with INSPECT: HANDLE_COUNT, VMAR, RESOURCE,
// VCPU. *actual is
// the number of records written, *avail the number there is; either may be NULL, and both are
// written even when the buffer is too small.
// Errors: ZX_ERR_NOT_SUPPORTED for any other topic; handle (INSPECT); ZX_ERR_BUFFER_TOO_SMALL;
// ZX_ERR_INVALID_ARGS when a pointer cannot be written.
// 2018: HANDLE_BASIC has props.
ZIRCONIA_EXPORT zx_status_t zx_object_get_info(zx_handle_t handle, uint32_t topic, void *buffer,
                                               size_t buffer_size, size_t *actual, size_t *avail);

// Reads a property: ZX_PROP_NAME, exactly ZX_MAX_NAME_LEN bytes, filled up with zeros; all zeros
// for an object without a name. VMOs have names.
// Errors: ZX_ERR_INVALID_ARGS when value is NULL; handle (GET_PROPERTY); ZX_ERR_NOT_SUPPORTED for
// any other property; ZX_ERR_BUFFER_TOO_SMALL; ZX_ERR_INVALID_ARGS when value cannot be written.
// 2018: any other property is ZX_ERR_INVALID_ARGS.
ZIRCONIA_EXPORT zx_status_t zx_object_get_property(zx_handle_t handle, uint32_t property,
                                                   void *value, size_t value_size);

// Sets a property: ZX_PROP_NAME, from value up to the first NUL and at most 31 bytes.
// Errors: ZX_ERR_INVALID_ARGS when value is NULL; handle (SET_PROPERTY); ZX_ERR_NOT_SUPPORTED for
// any other property or an object without a name; ZX_ERR_INVALID_ARGS when value cannot be read.
// 2018: any other property is ZX_ERR_INVALID_ARGS.
ZIRCONIA_EXPORT zx_status_t zx_object_set_property(zx_handle_t handle, uint32_t property,
                                                   const void *value, size_t value_size);

// Clears, then sets signals of an object: the user signals, and SIGNALED of events and eventpairs.
// Errors: handle (SIGNAL) of any type; ZX_ERR_NOT_SUPPORTED when the object has no signals;
// ZX_ERR_INVALID_ARGS for any other signal.
ZIRCONIA_EXPORT zx_status_t zx_object_signal(zx_handle_t handle, uint32_t clear_mask,
                                             uint32_t set_mask);

// The same for the object's peer.
// Errors: handle (SIGNAL_PEER) of any type; ZX_ERR_NOT_SUPPORTED when the type has no peers;
// ZX_ERR_INVALID_ARGS for any other signal; ZX_ERR_PEER_CLOSED when the peer has no handle left.
ZIRCONIA_EXPORT zx_status_t zx_object_signal_peer(zx_handle_t handle, uint32_t clear_mask,
                                                  uint32_t set_mask);

// Waits until the object has any of the signals, or until deadline; what is there already is found
// whatever the deadline. *observed, unless NULL, is all of the object's signals at the moment when
// it had one of these, or at the end; it is written also with the two statuses named first. Blocks.
// Errors: ZX_ERR_TIMED_OUT; ZX_ERR_CANCELED when the handle is closed meanwhile, with
// ZX_SIGNAL_HANDLE_CLOSED observed; before waiting: handle (WAIT) of any type, ZX_ERR_NOT_SUPPORTED
// when the object has no signals; in the end ZX_ERR_INVALID_ARGS when observed cannot be written.
// 2018: *observed is every signal that was seen during the wait.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_one(zx_handle_t handle, zx_signals_t signals,
                                               zx_time_t deadline, zx_signals_t *observed);

// Waits for one of several objects, as zx_object_wait_one(); each item's pending is what that call
// observes. The same handle may occur twice. Without items it sleeps until the deadline. Blocks.
// Errors: ZX_ERR_OUT_OF_RANGE for more than 64 items; ZX_ERR_INVALID_ARGS when items cannot be
// read; those of zx_object_wait_one() for the first item that has one; then its results.
// 2018: at most 16 items, and pending as its *observed.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_many(zx_wait_item_t *items, size_t num_items,
                                                zx_time_t deadline);

// Queues one packet with key on the port as soon as the object has any of the signals, at once if
// it has one: type SIGNAL_ONE, with all of its signals at that moment. The wait ends with the
// packet, with the handle, with the port, or by zx_port_cancel(). options:
// ZX_WAIT_ASYNC_TIMESTAMP (the packet has the time of the match) and ZX_WAIT_ASYNC_EDGE (only a
// signal that goes from 0 to 1 from now on counts).
// Errors: ZX_ERR_INVALID_ARGS for options; port (WRITE); handle (WAIT) of any type;
// ZX_ERR_NOT_SUPPORTED when the object has no signals; ZX_ERR_NO_MEMORY.
// 2018: options are checked last; 0 or ZX_WAIT_ASYNC_REPEATING, with which every change to a state
// with one of the signals queues a SIGNAL_REP packet, or adds its signals to the one still queued.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_async(zx_handle_t handle, zx_handle_t port, uint64_t key,
                                                 zx_signals_t signals, uint32_t options);

// ---- Events (objects ABI 3.1) ----

// Creates an event, an object that is nothing but its signals, all clear. options: 0.
// Errors: ZX_ERR_INVALID_ARGS for options.
ZIRCONIA_EXPORT zx_status_t zx_event_create(uint32_t options, zx_handle_t *out);

// Creates two events that are each other's peers. When one has no handle left, the other gets
// ZX_EVENTPAIR_PEER_CLOSED. options: 0.
// Errors: ZX_ERR_NOT_SUPPORTED for options.
ZIRCONIA_EXPORT zx_status_t zx_eventpair_create(uint32_t options, zx_handle_t *out0,
                                                zx_handle_t *out1);

// ---- Timers (objects ABI 1.7, 3.6) ----

// Creates a timer. options: one of ZX_TIMER_SLACK_, which make no difference here.
// Errors: ZX_ERR_INVALID_ARGS for options, or for a clock other than ZX_CLOCK_MONOTONIC.
ZIRCONIA_EXPORT zx_status_t zx_timer_create(uint32_t options, zx_clock_t clock_id,
                                            zx_handle_t *out);

// Clears ZX_TIMER_SIGNALED and sets it again when deadline has passed, never before; at once for a
// deadline in the past. Replaces the deadline set before.
// Errors: ZX_ERR_OUT_OF_RANGE for a negative slack; timer (WRITE).
ZIRCONIA_EXPORT zx_status_t zx_timer_set(zx_handle_t handle, zx_time_t deadline,
                                         zx_duration_t slack);

// Forgets the deadline and clears ZX_TIMER_SIGNALED.
// Errors: timer (WRITE).
ZIRCONIA_EXPORT zx_status_t zx_timer_cancel(zx_handle_t handle);

// ---- Virtual memory objects (objects ABI 5.1) ----

// Creates a VMO of size bytes, rounded up to whole pages, that reads as zero. Memory is taken when
// a page is first touched. options: 0 or ZX_VMO_RESIZABLE.
// Errors: ZX_ERR_INVALID_ARGS for options; ZX_ERR_OUT_OF_RANGE for a size that cannot be rounded
// up; ZX_ERR_NO_MEMORY.
// 2018: options 0 or ZX_VMO_NON_RESIZABLE, a VMO without an option is resizable, and the handle
// has EXECUTE.
ZIRCONIA_EXPORT zx_status_t zx_vmo_create(uint64_t size, uint32_t options, zx_handle_t *out);

// Copies buffer_size bytes from offset on out of the VMO.
// Errors: VMO (READ); ZX_ERR_OUT_OF_RANGE when the range does not lie inside; ZX_ERR_INVALID_ARGS
// when buffer cannot be written, a part of which may have been.
ZIRCONIA_EXPORT zx_status_t zx_vmo_read(zx_handle_t handle, void *buffer, uint64_t offset,
                                        size_t buffer_size);

// Copies buffer_size bytes into the VMO. A guest that runs from it sees changed instructions.
// Errors: VMO (WRITE); ZX_ERR_OUT_OF_RANGE when the range does not lie inside; ZX_ERR_INVALID_ARGS
// when buffer cannot be read.
ZIRCONIA_EXPORT zx_status_t zx_vmo_write(zx_handle_t handle, const void *buffer, uint64_t offset,
                                         size_t buffer_size);

// The VMO's size in bytes, in whole pages. No right asked for.
ZIRCONIA_EXPORT zx_status_t zx_vmo_get_size(zx_handle_t handle, uint64_t *size);

// Changes the size, rounded up to whole pages. What is cut off is out of reach of mappings when the
// call returns, in guests too; what is added reads as zero, and mappings of it begin to work.
// Errors: VMO (WRITE, and RESIZE if it is resizable); ZX_ERR_UNAVAILABLE when it is not;
// ZX_ERR_OUT_OF_RANGE for a size that cannot be rounded up; ZX_ERR_NO_MEMORY.
// 2018: RESIZE is not asked for.
ZIRCONIA_EXPORT zx_status_t zx_vmo_set_size(zx_handle_t handle, uint64_t size);

// One of ZX_VMO_OP_ on a range. DECOMMIT (whole pages) and ZERO make it zero. COMMIT, DONT_NEED,
// ALWAYS_NEED and the cache operations only check: pages come when they are touched, and caches are
// coherent. COMMIT, DECOMMIT, ZERO and the two hints take what there is of a range that begins
// inside the VMO or at its end. buffer and buffer_size are not used.
// Errors: VMO (WRITE for COMMIT, DECOMMIT, ZERO, CACHE_INVALIDATE, READ for the other cache
// operations and the hints); ZX_ERR_INVALID_ARGS for an unknown op, before the right;
// ZX_ERR_NOT_SUPPORTED for LOCK, TRY_LOCK, UNLOCK; cache operations: ZX_ERR_INVALID_ARGS for a size
// of 0, ZX_ERR_OUT_OF_RANGE for a range not inside; the others: ZX_ERR_INVALID_ARGS when DECOMMIT
// is not given whole pages, ZX_ERR_BAD_STATE for ZERO of a VMO that is not cached,
// ZX_ERR_OUT_OF_RANGE for an offset beyond the end; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmo_op_range(zx_handle_t handle, uint32_t op, uint64_t offset,
                                            uint64_t size, void *buffer, size_t buffer_size);

// Sets the caching of later mappings (ZX_CACHE_POLICY_), which shows in nothing but that
// zx_vmo_read() and zx_vmo_write() refuse what is not CACHED.
// Errors: ZX_ERR_INVALID_ARGS for an unknown policy; VMO (MAP); ZX_ERR_BAD_STATE when the VMO was
// ever written, committed or mapped, or has a parent or a child.
ZIRCONIA_EXPORT zx_status_t zx_vmo_set_cache_policy(zx_handle_t handle, uint32_t cache_policy);

// Makes a VMO from size bytes of another from offset on. SNAPSHOT and SNAPSHOT_AT_LEAST_ON_WRITE: a
// copy, zeros beyond the parent's end; the handle has the parent handle's rights and WRITE, without
// EXECUTE. SLICE: the same memory, of a parent that cannot be resized; the parent handle's rights.
// RESIZABLE (copies only) adds RESIZE, NO_WRITE takes WRITE away. The parent's ZERO_CHILDREN signal
// is clear while it has children.
// Errors: VMO (DUPLICATE and READ); ZX_ERR_INVALID_ARGS for options; ZX_ERR_NOT_SUPPORTED for
// REFERENCE; ZX_ERR_INVALID_ARGS for an offset not in whole pages; ZX_ERR_OUT_OF_RANGE for a size
// that cannot be rounded up; SLICE: ZX_ERR_NOT_SUPPORTED for a resizable parent,
// ZX_ERR_INVALID_ARGS for a range not inside; ZX_ERR_NO_MEMORY, also for a child in the 257th
// generation.
ZIRCONIA_EXPORT zx_status_t zx_vmo_create_child(zx_handle_t handle, uint32_t options,
                                                uint64_t offset, uint64_t size, zx_handle_t *out);

// The same of 2018. options: ZX_VMO_CLONE_COPY_ON_WRITE, a copy, which can be resized unless
// ZX_VMO_CLONE_NON_RESIZEABLE is given too. The handle has the parent handle's rights and WRITE.
// Errors: VMO (DUPLICATE and READ); ZX_ERR_INVALID_ARGS for options, then for an offset not in
// whole pages; ZX_ERR_OUT_OF_RANGE for a size that cannot be rounded up; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmo_clone(zx_handle_t handle, uint32_t options, uint64_t offset,
                                         uint64_t size, zx_handle_t *out);

// Replaces handle by one that has EXECUTE as well, which a mapping that a guest executes from asks
// for. vmex: 0, or a SYSTEM resource that covers ZX_RSRC_SYSTEM_VMEX_BASE. handle is gone
// afterwards, whatever the result, and no right on it is asked for.
// Errors: ZX_ERR_BAD_HANDLE when handle is no handle, or none to a VMO; vmex, unless 0:
// ZX_ERR_BAD_HANDLE, ZX_ERR_WRONG_TYPE when it is no SYSTEM resource, ZX_ERR_OUT_OF_RANGE when it
// does not cover that base; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmo_replace_as_executable(zx_handle_t handle, zx_handle_t vmex,
                                                         zx_handle_t *out);

// ---- Virtual memory address regions (objects ABI 5.2 to 5.7; hypervisor ABI 10) ----

// Maps len bytes of a VMO (rounded up to whole pages) from vmo_offset on into the region: the
// process's own (zx_vmar_root_self()) or a guest's. With ZX_VM_SPECIFIC at vmar_offset bytes from
// the region's base, otherwise where there is room. *mapped_addr is the address, guest-physical in
// a guest's region. The mapping keeps the VMO. Waits for a VCPU of the guest to stop.
// Errors: VMAR and then VMO: ZX_ERR_BAD_HANDLE, ZX_ERR_WRONG_TYPE; ZX_ERR_ACCESS_DENIED when the
// VMO handle lacks MAP; ZX_ERR_INVALID_ARGS for WRITE or EXECUTE without READ, for MAP_RANGE with
// SPECIFIC_OVERWRITE, and for CAN_MAP options; ZX_ERR_ACCESS_DENIED when either handle lacks a
// permission asked for; ZX_ERR_INVALID_ARGS for unknown options; ZX_ERR_NOT_SUPPORTED for
// REQUIRE_NON_RESIZABLE and a resizable VMO; ZX_ERR_INVALID_ARGS for a vmo_offset not in whole
// pages; ZX_ERR_BAD_STATE when the region is gone; ZX_ERR_INVALID_ARGS for a len of 0, an offset
// without SPECIFIC, a range not inside the region or not in whole pages; ZX_ERR_ALREADY_EXISTS when
// a SPECIFIC range is occupied; ZX_ERR_INVALID_ARGS when a SPECIFIC_OVERWRITE range meets a region;
// ZX_ERR_NO_MEMORY when there is no room.
// 2018: a SPECIFIC range that is occupied gives ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmar_map(zx_handle_t handle, zx_vm_option_t options,
                                        size_t vmar_offset, zx_handle_t vmo, uint64_t vmo_offset,
                                        size_t len, zx_vaddr_t *mapped_addr);

// Removes whatever is mapped in [addr, addr + len), len rounded up to whole pages; holes are fine,
// a mapping that is cut stays outside of the range, and regions inside of it are destroyed. A guest
// sees it at once.
// Errors: VMAR, no right asked for; ZX_ERR_INVALID_ARGS for an addr not in whole pages or a len of
// 0; ZX_ERR_BAD_STATE when the region is gone; ZX_ERR_INVALID_ARGS for a range not inside it, for
// one that cuts a region in it, and for one that covers such a region when the handle lacks
// OP_CHILDREN.
// 2018: OP_CHILDREN is not asked for.
ZIRCONIA_EXPORT zx_status_t zx_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr, size_t len);

// Gives [addr, addr + len), len rounded up to whole pages, other permissions: ZX_VM_PERM_ bits or
// none. A guest sees it at once.
// Errors: VMAR (READ, WRITE, EXECUTE as asked for); ZX_ERR_INVALID_ARGS for WRITE or EXECUTE
// without READ, other options, an addr not in whole pages, a len of 0; ZX_ERR_BAD_STATE when the
// region is gone; ZX_ERR_INVALID_ARGS for a range not inside it; ZX_ERR_NOT_FOUND for a hole in it;
// ZX_ERR_INVALID_ARGS for a region in it; ZX_ERR_ACCESS_DENIED for a permission that the handles
// with which it was mapped did not have in common; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmar_protect(zx_handle_t handle, zx_vm_option_t options,
                                            zx_vaddr_t addr, size_t len);

// Makes a region of size bytes inside of another: with ZX_VM_SPECIFIC at offset, otherwise where
// there is room. options: also the ZX_VM_CAN_MAP_ bits that it shall have, COMPACT, an alignment,
// OFFSET_IS_UPPER_LIMIT. It stays after its last handle is closed, for as long as the parent does.
// Errors: VMAR (READ, WRITE, EXECUTE for each CAN_MAP); ZX_ERR_INVALID_ARGS for other options or a
// size of 0 or not in whole pages; ZX_ERR_ACCESS_DENIED for a CAN_MAP that the parent lacks;
// ZX_ERR_BAD_STATE when the parent is gone; then as zx_vmar_map() from "an offset without SPECIFIC"
// on.
// 2018: a SPECIFIC range that is occupied gives ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_vmar_allocate(zx_handle_t parent_vmar, zx_vm_option_t options,
                                             size_t offset, size_t size, zx_handle_t *child_vmar,
                                             zx_vaddr_t *child_addr);

// Takes out a region with all that is mapped and allocated in it; every later call on it or on a
// region in it is ZX_ERR_BAD_STATE.
// Errors: VMAR, no right asked for; ZX_ERR_BAD_STATE when it is gone already.
ZIRCONIA_EXPORT zx_status_t zx_vmar_destroy(zx_handle_t handle);

// ---- Threads (objects ABI 6) ----

// Creates a thread of the process, which does nothing before it is started. name is cut after 31
// bytes or at its first NUL. options: 0.
// Errors: ZX_ERR_INVALID_ARGS for options, then when name cannot be read; process
// (MANAGE_THREAD), rights before type.
// 2018: MANAGE_THREAD or WRITE.
ZIRCONIA_EXPORT zx_status_t zx_thread_create(zx_handle_t process, const char *name,
                                             size_t name_size, uint32_t options, zx_handle_t *out);

// Starts a thread at thread_entry with that stack pointer and two arguments, as a function would
// find them; every other register is 0. The function must not return: there is nothing to return
// to. ZX_THREAD_RUNNING is asserted when this returns.
// Errors: thread (MANAGE_THREAD), rights before type; ZX_ERR_INVALID_ARGS for an entry that is no
// address of a program; ZX_ERR_NOT_SUPPORTED on hosts other than Linux on x86-64; ZX_ERR_BAD_STATE
// when it was started before; ZX_ERR_NO_MEMORY.
// 2018: MANAGE_THREAD or WRITE; the entry is not looked at.
ZIRCONIA_EXPORT zx_status_t zx_thread_start(zx_handle_t handle, zx_vaddr_t thread_entry,
                                            zx_vaddr_t stack, uintptr_t arg1, uintptr_t arg2);

// Reads or writes registers of a thread that is suspended or in an exception: kind
// ZX_THREAD_STATE_ and its structure (zircon/syscalls/debug.h). Of rflags only what a program may
// change is taken. A longer buffer is fine.
// Errors: thread (READ or WRITE), rights before type; ZX_ERR_INVALID_ARGS for an unknown kind;
// ZX_ERR_BUFFER_TOO_SMALL; write: ZX_ERR_INVALID_ARGS when buffer cannot be read; ZX_ERR_BAD_STATE
// when the thread is neither; ZX_ERR_NOT_SUPPORTED for debug registers, for another fs_base, in a
// synthetic exception, and on hosts other than Linux on x86-64; write: ZX_ERR_INVALID_ARGS for an
// address that no program can have, or a single step other than 0 and 1.
// 2018: the general registers have no bases; write: ZX_ERR_INVALID_ARGS for a longer buffer.
ZIRCONIA_EXPORT zx_status_t zx_thread_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                                 size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_thread_write_state(zx_handle_t handle, uint32_t kind,
                                                  const void *buffer, size_t buffer_size);

// Ends the calling thread. Does not return.
ZIRCONIA_EXPORT void zx_thread_exit(void) __NO_RETURN;

// Ends the host process with the low bits of retcode that the host takes. Does not return.
ZIRCONIA_EXPORT void zx_process_exit(int64_t retcode) __NO_RETURN;

// Makes a handle to a started thread of the process by its koid, with rights that the process's
// handle has, all of them (ZX_RIGHT_SAME_RIGHTS) or a part; of a job, to its process.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without ENUMERATE, or for a right that the handle
// lacks; ZX_ERR_WRONG_TYPE; ZX_ERR_NOT_FOUND.
ZIRCONIA_EXPORT zx_status_t zx_object_get_child(zx_handle_t handle, zx_koid_t koid,
                                                zx_rights_t rights, zx_handle_t *out);

// ---- Tasks (objects ABI 6.3, 7) ----

// Ends a thread, without another instruction of its own; ZX_TASK_TERMINATED tells when. A thread
// that was not started stays as it is. The process, or its job, is the host process.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without DESTROY; ZX_ERR_WRONG_TYPE.
ZIRCONIA_EXPORT zx_status_t zx_task_kill(zx_handle_t handle);

// What zx_task_suspend() is in the 2018 era, with one parameter.
// Suspends a thread until zx_task_resume(). Repeated, it is one suspension. The thread stops soon:
// ZX_THREAD_SUSPENDED tells when.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without WRITE; ZX_ERR_WRONG_TYPE;
// ZX_ERR_BAD_STATE when the thread was not started or is dying or dead.
ZIRCONIA_EXPORT zx_status_t zirconia_2018_task_suspend(zx_handle_t handle);

#ifndef ZIRCONIA_ABI_2018

// Suspends a thread until the last handle to *token is closed; it goes on when it has no token
// left. The thread stops soon: ZX_THREAD_SUSPENDED tells when. One that was not started will stop
// before its first instruction.
// Errors: ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without WRITE; ZX_ERR_WRONG_TYPE;
// ZX_ERR_NOT_SUPPORTED for the calling thread, and for the process, which is the caller's own;
// ZX_ERR_BAD_STATE when it is dying or dead; ZX_ERR_NO_MEMORY.
ZIRCONIA_EXPORT zx_status_t zx_task_suspend(zx_handle_t handle, zx_handle_t *token);

#endif

// zx_task_suspend() of 2022 by its older name.
// 2018: ZX_ERR_BAD_STATE for a thread that was not started; the calling thread may suspend itself;
// the process is ZX_ERR_WRONG_TYPE.
ZIRCONIA_EXPORT zx_status_t zx_task_suspend_token(zx_handle_t handle, zx_handle_t *token);

// Ends what zx_task_suspend() of 2018 began (options 0), whether the thread has stopped by then or
// not; tokens hold it still. Or answers the exception that the thread waits in:
// ZX_RESUME_EXCEPTION lets it go on where it was, ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT asks the
// next handler. One symbol in both eras; no right is asked for.
// Errors: ZX_ERR_INVALID_ARGS for options; ZX_ERR_BAD_HANDLE; ZX_ERR_WRONG_TYPE; ZX_ERR_BAD_STATE
// when the thread was not started or is dying or dead, or is in no exception that is to be
// answered.
ZIRCONIA_EXPORT zx_status_t zx_task_resume(zx_handle_t handle, uint32_t options);

// ---- Exceptions (objects ABI 8) ----
//
// A fault of the client's code becomes an exception when a handler is bound that it can be told to:
// the process's debugger, the thread, the process, the job, in this order. A thread is in its
// exception until a handler lets it go on. If none does, what the host does with the fault follows.

// Has exceptions of a thread, the process or its job told by packets with key on the port, or no
// longer if port is ZX_HANDLE_INVALID. options: ZX_EXCEPTION_PORT_DEBUGGER, not for a thread; to
// unbind also ZX_EXCEPTION_PORT_UNBIND_QUIETLY, with which threads that wait for this handler wait
// on instead of asking the next one. 2018's; one symbol in both eras; no right is asked for.
// Errors: ZX_ERR_INVALID_ARGS for options; port and then handle: ZX_ERR_BAD_HANDLE,
// ZX_ERR_WRONG_TYPE; ZX_ERR_INVALID_ARGS for the debugger of a thread; bind: ZX_ERR_NOT_FOUND when
// the thread is dead, ZX_ERR_ALREADY_BOUND, ZX_ERR_NO_MEMORY; unbind: ZX_ERR_BAD_STATE when nothing
// is bound.
ZIRCONIA_EXPORT zx_status_t zx_task_bind_exception_port(zx_handle_t handle, zx_handle_t port,
                                                        uint64_t key, uint32_t options);

// Answers the exception that the thread waits in with that port: options 0 lets it go on,
// ZX_RESUME_TRY_NEXT asks the next handler. As above.
// Errors: thread, then port: ZX_ERR_BAD_HANDLE, ZX_ERR_WRONG_TYPE; ZX_ERR_INVALID_ARGS for options;
// ZX_ERR_BAD_STATE when the thread waits for no answer; ZX_ERR_ACCESS_DENIED when it waits for
// another port's.
ZIRCONIA_EXPORT zx_status_t zx_task_resume_from_exception(zx_handle_t handle, zx_handle_t port,
                                                          uint32_t options);

// Makes the channel that exceptions of a thread, the process or its job come through, until it is
// closed: messages of one zx_exception_info_t and one exception object. Closing the last handle to
// that object is the answer, as its properties ZX_PROP_EXCEPTION_STATE and, for a debugger,
// ZX_PROP_EXCEPTION_STRATEGY say. options: ZX_EXCEPTION_CHANNEL_DEBUGGER, not for a thread.
// Errors: ZX_ERR_INVALID_ARGS for options; ZX_ERR_BAD_HANDLE; ZX_ERR_ACCESS_DENIED without INSPECT,
// DUPLICATE, TRANSFER and MANAGE_THREAD; ZX_ERR_WRONG_TYPE; ZX_ERR_INVALID_ARGS for the debugger of
// a thread; process and job: ZX_ERR_ACCESS_DENIED without ENUMERATE; ZX_ERR_BAD_STATE when the
// thread is dying or dead; ZX_ERR_NO_MEMORY; ZX_ERR_ALREADY_BOUND.
ZIRCONIA_EXPORT zx_status_t zx_task_create_exception_channel(zx_handle_t handle, uint32_t options,
                                                             zx_handle_t *out);

// Reads the oldest message of an exception channel, the only kind of channel there is. options: 0
// or ZX_CHANNEL_READ_MAY_DISCARD, with which a message that does not fit is passed on to the next
// handler.
// Errors: ZX_ERR_INVALID_ARGS for options; channel (READ); ZX_ERR_SHOULD_WAIT, or
// ZX_ERR_PEER_CLOSED when the task is dead, when there is no message; ZX_ERR_BUFFER_TOO_SMALL, with
// the counts written; ZX_ERR_INVALID_ARGS when a result cannot be written, and the message is lost.
ZIRCONIA_EXPORT zx_status_t zx_channel_read(zx_handle_t handle, uint32_t options, void *bytes,
                                            zx_handle_t *handles, uint32_t num_bytes,
                                            uint32_t num_handles, uint32_t *actual_bytes,
                                            uint32_t *actual_handles);

// Makes a handle to the thread in the exception, or to its process, with the rights of the handle
// that the channel was created with. No right is asked for.
// Errors: exception; process: ZX_ERR_ACCESS_DENIED when the channel is a thread's.
ZIRCONIA_EXPORT zx_status_t zx_exception_get_thread(zx_handle_t handle, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_exception_get_process(zx_handle_t handle, zx_handle_t *out);

// ---- Time (objects ABI 3.6) ----

// Nanoseconds of the host's monotonic clock.
ZIRCONIA_EXPORT zx_time_t zx_clock_get_monotonic(void);

// The monotonic time nanoseconds from now, held at ZX_TIME_INFINITE and ZX_TIME_INFINITE_PAST.
ZIRCONIA_EXPORT zx_time_t zx_deadline_after(zx_duration_t nanoseconds);

// Sleeps until deadline, absolute; one in the past returns at once, 0 yields. Always ZX_OK. Blocks.
ZIRCONIA_EXPORT zx_status_t zx_nanosleep(zx_time_t deadline);

// A counter of the host that never goes back, and its frequency.
ZIRCONIA_EXPORT zx_ticks_t zx_ticks_get(void);
ZIRCONIA_EXPORT zx_ticks_t zx_ticks_per_second(void);

// The monotonic clock as 2018 read it. Other clocks: 0; ZX_ERR_NOT_SUPPORTED for those of Zircon
// and ZX_ERR_INVALID_ARGS for those that never were.
ZIRCONIA_EXPORT zx_time_t zx_clock_get(zx_clock_t clock_id);
ZIRCONIA_EXPORT zx_status_t zx_clock_get_new(zx_clock_t clock_id, zx_time_t *out);

// ---- The system ----

// 4096: the ABI's page, whatever the host's is.
ZIRCONIA_EXPORT uint32_t zx_system_get_page_size(void);

// The host's processors, its memory in bytes, and a length that no cache line of it exceeds.
ZIRCONIA_EXPORT uint32_t zx_system_get_num_cpus(void);
ZIRCONIA_EXPORT uint64_t zx_system_get_physmem(void);
ZIRCONIA_EXPORT uint32_t zx_system_get_dcache_line_size(void);

// zirconia_version(). The second is of 2018: ZX_ERR_BUFFER_TOO_SMALL when it does not fit with its
// NUL.
ZIRCONIA_EXPORT zx_string_view_t zx_system_get_version_string(void);
ZIRCONIA_EXPORT zx_status_t zx_system_get_version(char *version, size_t version_size);

// Fills buffer from the host's random generator; stops at a byte that cannot be written.
ZIRCONIA_EXPORT void zx_cprng_draw(void *buffer, size_t buffer_size);

#ifndef ZIRCONIA_ABI_2018

// ---- The 2018 era's symbols ----
//
// What the calls above mean to a file that defines ZIRCONIA_ABI_2018, which calls them by the
// usual names.

ZIRCONIA_EXPORT zx_status_t zirconia_2018_guest_create(zx_handle_t resource, uint32_t options,
                                                       zx_handle_t *guest_handle,
                                                       zx_handle_t *vmar_handle);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_guest_set_trap(zx_handle_t handle, uint32_t kind,
                                                         zx_vaddr_t addr, size_t size,
                                                         zx_handle_t port_handle, uint64_t key);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vcpu_create(zx_handle_t guest, uint32_t options,
                                                      zx_vaddr_t entry, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vcpu_interrupt(zx_handle_t handle, uint32_t vector);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vcpu_read_state(zx_handle_t handle, uint32_t kind,
                                                          void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vcpu_write_state(zx_handle_t handle, uint32_t kind,
                                                           const void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_get_info(zx_handle_t handle, uint32_t topic,
                                                          void *buffer, size_t buffer_size,
                                                          size_t *actual, size_t *avail);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_get_property(zx_handle_t handle, uint32_t property,
                                                              void *value, size_t value_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_set_property(zx_handle_t handle, uint32_t property,
                                                              const void *value, size_t value_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_wait_one(zx_handle_t handle, zx_signals_t signals,
                                                          zx_time_t deadline,
                                                          zx_signals_t *observed);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_wait_many(zx_wait_item_t *items, size_t num_items,
                                                           zx_time_t deadline);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_object_wait_async(zx_handle_t handle, zx_handle_t port,
                                                            uint64_t key, zx_signals_t signals,
                                                            uint32_t options);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_port_create(uint32_t options, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_port_queue(zx_handle_t handle,
                                                     const zx_port_packet_t *packet);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_port_wait(zx_handle_t handle, zx_time_t deadline,
                                                    zx_port_packet_t *packet);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_port_cancel(zx_handle_t handle, zx_handle_t source,
                                                      uint64_t key);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_task_suspend_token(zx_handle_t handle,
                                                             zx_handle_t *token);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_thread_create(zx_handle_t process, const char *name,
                                                        size_t name_size, uint32_t options,
                                                        zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_thread_start(zx_handle_t handle, zx_vaddr_t thread_entry,
                                                       zx_vaddr_t stack, uintptr_t arg1,
                                                       uintptr_t arg2);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_thread_read_state(zx_handle_t handle, uint32_t kind,
                                                            void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_thread_write_state(zx_handle_t handle, uint32_t kind,
                                                             const void *buffer,
                                                             size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vmo_create(uint64_t size, uint32_t options,
                                                     zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vmo_set_size(zx_handle_t handle, uint64_t size);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vmar_allocate(zx_handle_t parent_vmar,
                                                        zx_vm_option_t options, size_t offset,
                                                        size_t size, zx_handle_t *child_vmar,
                                                        zx_vaddr_t *child_addr);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vmar_unmap(zx_handle_t handle, zx_vaddr_t addr,
                                                     size_t len);
ZIRCONIA_EXPORT zx_status_t zirconia_2018_vmar_map(zx_handle_t handle, zx_vm_option_t options,
                                                   size_t vmar_offset, zx_handle_t vmo,
                                                   uint64_t vmo_offset, size_t len,
                                                   zx_vaddr_t *mapped_addr);
#endif

ZIRCONIA_END_C

#endif // ZIRCON_SYSCALLS_H_
