// SPDX-License-Identifier: MIT
//
// The calls. Those on memory are in zircon/syscalls/memory_calls.h, those on threads, tasks and
// exceptions in zircon/syscalls/task_calls.h, and those that are not implemented in
// zircon/syscalls/refused.h; this includes all three. Structures are in zircon/syscalls/, of which
// object.h, pci.h and profile.h come along, as in Zircon; the choice of era is in
// zircon/syscalls/era.h.
//
// What holds for every call unless its comment says otherwise:
// - Any thread may call, at any time; no call blocks.
// - Handles passed in stay the caller's; handles received are the caller's to close.
// - A handle argument gives ZX_ERR_BAD_HANDLE when the value is not a handle, ZX_ERR_WRONG_TYPE
//   when its object is of another type, ZX_ERR_ACCESS_DENIED when it lacks a right, in this order.
//   In the lists of errors "handle (TYPE, RIGHT)" stands for these three.
// - Errors are listed in the order of the checks: the first that applies is returned.
// - Results are written last. A pointer that cannot be written gives ZX_ERR_INVALID_ARGS, and an
//   object made for it is dropped. A call that fails writes nothing.
// - Calls that make an object or a handle can return ZX_ERR_NO_MEMORY.
// - The comment describes 2022 and later. "2018:" tells what the eras of 2018 do differently, and
//   "201807:" what that of July alone does (zircon/syscalls/era.h); both check a handle's rights
//   before its type (objects ABI 0.3). What April 2021 does is in docs/abi-notes.md.

#ifndef ZIRCON_SYSCALLS_H_
#define ZIRCON_SYSCALLS_H_

#include <zircon/syscalls/era.h>
#include <zircon/syscalls/memory_calls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/pci.h>
#include <zircon/syscalls/profile.h>
#include <zircon/syscalls/refused.h>
#include <zircon/syscalls/task_calls.h>
#include <zircon/syscalls/types.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// ---- Guests (hypervisor ABI 3.1, 3.2) ----

// Creates a guest and its guest-physical address space, empty, 2^48 bytes from 0 on. The guest
// lives until its last handle and its last VCPU are gone; the VMAR handle maps memory into it.
// options: 0.
// Errors:
//   resource (RESOURCE)
//   ZX_ERR_WRONG_TYPE     when its kind is neither ROOT nor SYSTEM
//   ZX_ERR_OUT_OF_RANGE   when it is a SYSTEM resource that does not cover the hypervisor's base
//   ZX_ERR_INVALID_ARGS   for options other than 0
//   ZX_ERR_NO_MEMORY      when memory is short
//   ZX_ERR_NOT_SUPPORTED  when the engine found in this process is not one that guests can run on,
//                         or the host forbids memory that is writable and executable
// 2018: options are checked first; a SYSTEM resource elsewhere gives ZX_ERR_WRONG_TYPE; the guest
// handle has MANAGE_PROCESS in place of MANAGE_THREAD, and the VMAR handle no OP_CHILDREN.
// 201807: the guest's memory is all of a VMO (READ, WRITE, EXECUTE), which is looked at after the
// resource, from guest-physical 0 on; no VMAR comes back.
#if ZIRCONIA_ERA < 201812
ZIRCONIA_EXPORT zx_status_t zx_guest_create(zx_handle_t resource, uint32_t options,
                                            zx_handle_t physmem_vmo, zx_handle_t *out);
#else
ZIRCONIA_EXPORT zx_status_t zx_guest_create(zx_handle_t resource, uint32_t options,
                                            zx_handle_t *guest_handle, zx_handle_t *vmar_handle);
#endif

// Sets a trap over [addr, addr + size) of guest-physical bytes (MEM, BELL) or I/O ports (IO). MEM
// and BELL remove whatever is mapped there, and that is not undone when a later check fails. A
// trap stays for the life of the guest. port_handle: a port for BELL, 0 otherwise; the trap keeps
// the port but is no handle to it. key comes back in each packet.
// Errors:
//   handle (GUEST, WRITE)
//   port_handle (PORT, WRITE), unless 0
//   ZX_ERR_INVALID_ARGS    for an unknown kind, for a port with MEM or IO, and for BELL without one
//   ZX_ERR_INVALID_ARGS    MEM and BELL: for an addr or size not in whole pages
//   ZX_ERR_INVALID_ARGS    MEM and BELL: for a size of 0 or a range that does not lie inside the
//                          2^48 bytes
//   ZX_ERR_OUT_OF_RANGE    IO: for a size of 0 or addr + size above 0xFFFF
//   ZX_ERR_ALREADY_EXISTS  when the range meets another trap (MEM and BELL count as one space, IO
//                          as another)
//   ZX_ERR_NO_MEMORY       when memory is short
// 2018: after the handles, ZX_ERR_INVALID_ARGS for a size of 0, then ZX_ERR_OUT_OF_RANGE when
// addr + size overflows; ZX_ERR_ALREADY_EXISTS only when another trap starts at the same addr.
ZIRCONIA_EXPORT zx_status_t zx_guest_set_trap(zx_handle_t handle, uint32_t kind, zx_vaddr_t addr,
                                              size_t size, zx_handle_t port_handle, uint64_t key);

// ---- VCPUs (hypervisor ABI 3.3 to 3.9) ----

// Creates a VCPU that belongs to the calling thread for good: only that thread runs it, or reads
// or writes its state. The first of a guest is the boot processor and starts at entry in long
// mode; every other starts in real mode with CS from entry. options: 0.
// Errors:
//   ZX_ERR_INVALID_ARGS   for options other than 0
//   guest (GUEST, MANAGE_THREAD)
//   ZX_ERR_INVALID_ARGS   for an entry of 2^48 or more
//   ZX_ERR_BAD_STATE      when the thread has a live VCPU already
//   ZX_ERR_NO_MEMORY      the guest's first, which makes its engine: when memory is short
//   ZX_ERR_NOT_SUPPORTED  the guest's first: when guests cannot run here, as zx_guest_create() says
//   ZX_ERR_NO_RESOURCES   when the guest has 63 VCPUs
//   ZX_ERR_NO_MEMORY      when memory is short
// 2018: the right is MANAGE_PROCESS, and a thread may have several VCPUs.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                                           zx_handle_t *out);

// Runs the VCPU until something needs the caller, and tells it in *packet: a memory or I/O trap, or
// a request about other VCPUs, in the layout of 2022 (guest_mem_2022, guest_vcpu_2022). Bells go to
// their port, not here. Owner thread only. Blocks for as long as the guest runs or is halted. The
// errors of the run leave the VCPU usable: ZX_ERR_CANCELED and those that follow it.
// Errors:
//   handle (VCPU, EXECUTE)
//   ZX_ERR_BAD_STATE      on any other thread
//   ZX_ERR_TIMED_OUT      when the budget of zirconia_guest_set_budget() is spent
//   ZX_ERR_STOP           when the VCPU has stopped for a debugger (zirconia/debug.h)
//   ZX_ERR_CANCELED       when the VCPU was kicked
//   ZX_ERR_NOT_FOUND      for an I/O port without a trap, and for a guest-physical address where
//                         nothing is mapped
//   ZX_ERR_ACCESS_DENIED  for an access that the mapping does not permit
//   ZX_ERR_OUT_OF_RANGE   for a guest-physical address of 2^48 or more
//   ZX_ERR_NOT_SUPPORTED  for an exit without a handler, a triple fault among them, for string or
//                         repeated I/O, for a read from a bell, and for a pending vector from 21 to
//                         31
//   ZX_ERR_INVALID_ARGS   for a bad value for a control register, XCR0 or the local APIC
//   ZX_ERR_BAD_STATE      for state that no processor would enter, and for a bell whose port has no
//                         handles
//   ZX_ERR_INTERNAL       when the engine failed, or reported an instruction of more than 15 bytes
//   ZX_ERR_NO_MEMORY      when memory is short
//   ZX_ERR_INVALID_ARGS   when packet cannot be written: it is lost
ZIRCONIA_EXPORT zx_status_t zx_vcpu_enter(zx_handle_t handle, zx_port_packet_t *packet);

// The run call of 2018 to August 2021: as zx_vcpu_enter(), but the packet has the layout of 2018
// (guest_mem_2018, guest_vcpu_2018). A failure to fetch the instruction bytes that a memory packet
// carries is returned in its place. Blocks. One symbol in both eras.
// Errors:
//   handle (VCPU, EXECUTE)
//   ZX_ERR_BAD_STATE      on any other thread
//   ZX_ERR_TIMED_OUT      when the budget of zirconia_guest_set_budget() is spent
//   ZX_ERR_STOP           when the VCPU has stopped for a debugger (zirconia/debug.h)
//   ZX_ERR_CANCELED       when the VCPU was kicked
//   ZX_ERR_NOT_FOUND      for an I/O port without a trap, and for a guest-physical address where
//                         nothing is mapped
//   ZX_ERR_ACCESS_DENIED  for an access that the mapping does not permit
//   ZX_ERR_OUT_OF_RANGE   for a guest-physical address of 2^48 or more
//   ZX_ERR_NOT_SUPPORTED  for an exit without a handler, a triple fault among them, for string or
//                         repeated I/O, for a read from a bell, and for a pending vector from 21 to
//                         31
//   ZX_ERR_INVALID_ARGS   for a bad value for a control register, XCR0 or the local APIC
//   ZX_ERR_BAD_STATE      for state that no processor would enter, and for a bell whose port has no
//                         handles
//   ZX_ERR_INTERNAL       when the engine failed, or reported an instruction of more than 15 bytes
//   ZX_ERR_NO_MEMORY      when memory is short
//   ZX_ERR_INVALID_ARGS   when packet cannot be written: it is lost
ZIRCONIA_EXPORT zx_status_t zx_vcpu_resume(zx_handle_t handle, zx_port_packet_t *packet);

// Makes the run call in progress, or else the next one, return ZX_ERR_CANCELED once. Kicks do not
// add up: one is pending or none. Pending interrupts are untouched. It ends a halt, and a wait for
// the other VCPUs of the guest. It does not end the wait of a VCPU that rings a full bell: that
// goes on until the port is read, the packet is sent, and then the call returns ZX_ERR_CANCELED.
// Any thread. On hosts with POSIX semaphores (not macOS) a signal handler may call it as well,
// whatever it has interrupted, and errno is left alone; no other call may be made there. From
// September 2021 on (hypervisor ABI 3.5, 8).
// Errors:
//   handle (VCPU, EXECUTE)
ZIRCONIA_EXPORT zx_status_t zx_vcpu_kick(zx_handle_t handle);

// Makes a vector pending: 2 is the NMI, 0 to 20 exceptions, from 32 on external interrupts. A
// vector already pending is not counted twice. Any thread; wakes a halted VCPU.
// Errors:
//   handle (VCPU, SIGNAL)
//   ZX_ERR_OUT_OF_RANGE  for a vector above 255
// 2018: a vector above 255 is ignored, with ZX_OK.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_interrupt(zx_handle_t handle, uint32_t vector);

// Reads the general registers: kind ZX_VCPU_STATE, zx_vcpu_state_t. Owner thread only.
// Errors:
//   handle (VCPU, READ)
//   ZX_ERR_INVALID_ARGS  for another kind or size
//   ZX_ERR_BAD_STATE     on any other thread
//   ZX_ERR_INVALID_ARGS  when buffer cannot be written
// 2018: after the handle, ZX_ERR_INVALID_ARGS for a size above the structure's; ZX_ERR_BAD_STATE
// for the thread; ZX_ERR_INVALID_ARGS for kind or size.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                               size_t buffer_size);

// Writes the general registers (ZX_VCPU_STATE, zx_vcpu_state_t) or answers an input from a port
// (ZX_VCPU_IO, zx_vcpu_io_t). Flags are taken only when bit 1 of rflags is set. Owner thread only.
// Errors:
//   handle (VCPU, WRITE)
//   ZX_ERR_INVALID_ARGS  for an unknown kind
//   ZX_ERR_INVALID_ARGS  for a size other than the structure's
//   ZX_ERR_INVALID_ARGS  when buffer cannot be read
//   ZX_ERR_BAD_STATE     on any other thread
//   ZX_ERR_INVALID_ARGS  ZX_VCPU_IO: for an access_size other than 1, 2 and 4
// 2018: after the handle, ZX_ERR_INVALID_ARGS for a size above the larger structure's, then for the
// buffer; ZX_ERR_BAD_STATE for the thread; ZX_ERR_INVALID_ARGS for kind or size; access_size is not
// checked.
ZIRCONIA_EXPORT zx_status_t zx_vcpu_write_state(zx_handle_t handle, uint32_t kind,
                                                const void *buffer, size_t buffer_size);

// ---- Ports (objects ABI 4) ----

// Creates a port. options: 0 or ZX_PORT_BIND_TO_INTERRUPT.
// Errors:
//   ZX_ERR_INVALID_ARGS  for other options
// 2018: with the limits of that era (zx_port_queue()).
ZIRCONIA_EXPORT zx_status_t zx_port_create(uint32_t options, zx_handle_t *out);

// Queues a copy of *packet, its type replaced by ZX_PKT_TYPE_USER.
// Errors:
//   handle (PORT, WRITE)
//   ZX_ERR_INVALID_ARGS  when packet cannot be read
//   ZX_ERR_NO_MEMORY     when memory is short
//   ZX_ERR_SHOULD_WAIT   when 4097 packets from this call are queued, or 2049 of this call and of
//                        waits on a port of the 2018 era, where the packets of further waits are
//                        lost
ZIRCONIA_EXPORT zx_status_t zx_port_queue(zx_handle_t handle, const zx_port_packet_t *packet);

// Takes the oldest packet, waiting for one until deadline (monotonic nanoseconds, absolute). A
// packet that is there is returned whatever the deadline. Blocks. Closing the handle does not end
// a wait in progress.
// Errors:
//   handle (PORT, READ)
//   ZX_ERR_TIMED_OUT     when the deadline passes first
//   ZX_ERR_INVALID_ARGS  when packet cannot be written: it is lost
ZIRCONIA_EXPORT zx_status_t zx_port_wait(zx_handle_t handle, zx_time_t deadline,
                                         zx_port_packet_t *packet);

// Withdraws the waits that were begun through source with this key on this port, and their packets
// still queued. Packets from zx_port_queue() and from traps are never touched.
// Errors:
//   handle (PORT, WRITE)
//   source (any type, WAIT)
//   ZX_ERR_NOT_SUPPORTED  when the source has no signals
//   ZX_ERR_NOT_FOUND      when there is no such wait and no such packet
ZIRCONIA_EXPORT zx_status_t zx_port_cancel(zx_handle_t handle, zx_handle_t source, uint64_t key);

// As zx_port_cancel(), for all sources at once. options: 0.
// Errors:
//   ZX_ERR_INVALID_ARGS  for options other than 0
//   handle (PORT, WRITE)
//   ZX_ERR_NOT_FOUND     when there is no such wait and no such packet
ZIRCONIA_EXPORT zx_status_t zx_port_cancel_key(zx_handle_t handle, uint32_t options, uint64_t key);

// ---- Handles (objects ABI 2) ----

// Closes a handle; ZX_HANDLE_INVALID is ZX_OK and does nothing. No right asked for.
// Errors:
//   ZX_ERR_BAD_HANDLE  for a value that is not a handle
ZIRCONIA_EXPORT zx_status_t zx_handle_close(zx_handle_t handle);

// Closes num_handles handles, all of them even when one fails; ZX_HANDLE_INVALID is skipped.
// Errors:
//   ZX_ERR_INVALID_ARGS  when the array cannot be read
//   ZX_ERR_BAD_HANDLE    when a value other than ZX_HANDLE_INVALID is not a handle, or occurs twice
ZIRCONIA_EXPORT zx_status_t zx_handle_close_many(const zx_handle_t *handles, size_t num_handles);

// Makes a second handle to the object, with rights that the first has, all of them
// (ZX_RIGHT_SAME_RIGHTS) or a part.
// Errors:
//   handle (any type, DUPLICATE)
//   ZX_ERR_INVALID_ARGS  for a right that the handle lacks
//   ZX_ERR_NO_MEMORY     when memory is short
ZIRCONIA_EXPORT zx_status_t zx_handle_duplicate(zx_handle_t handle, zx_rights_t rights,
                                                zx_handle_t *out);

// As zx_handle_duplicate(), but no right is asked for and handle is gone afterwards, after a
// failure too unless that was ZX_ERR_BAD_HANDLE.
// Errors:
//   handle (any type)
//   ZX_ERR_INVALID_ARGS  for a right that the handle lacks
ZIRCONIA_EXPORT zx_status_t zx_handle_replace(zx_handle_t handle, zx_rights_t rights,
                                              zx_handle_t *out);

// ---- Objects (objects ABI 1.9, 3) ----

// Writes what topic tells of the object into buffer. No right asked for: HANDLE_VALID (nothing is
// written), HANDLE_BASIC, VMO. With INSPECT: HANDLE_COUNT, VMAR, RESOURCE, VCPU, THREAD,
// THREAD_STATS, PROCESS, PROCESS_HANDLE_STATS, TASK_STATS, TASK_RUNTIME, JOB, TIMER, and
// THREAD_EXCEPTION_REPORT of a thread in an exception; as many records as there is room for of
// PROCESS_MAPS, the process's space, its regions and what this library has mapped in them, and of
// PROCESS_VMOS, the VMOs that handles name and then those of mappings. With ENUMERATE the koids, as
// many as there is room for, of PROCESS_THREADS, JOB_CHILDREN, JOB_PROCESSES. With INSPECT,
// MANAGE_PROCESS and MANAGE_THREAD the handles of HANDLE_TABLE, as many as there is room for. With
// a SYSTEM resource that covers ZX_RSRC_SYSTEM_INFO_BASE: GUEST_STATS, a record for each processor.
// *actual is the number of records written, *avail the number there is; either may be NULL, and
// both are written even when the buffer is too small. Older versions of a record are answered as
// well.
// Errors:
//   ZX_ERR_NOT_SUPPORTED     for a topic that is not named above
//   handle (any type, the right that the topic asks for)
//   ZX_ERR_WRONG_TYPE        for an object of another type than the topic tells of
//   ZX_ERR_OUT_OF_RANGE      GUEST_STATS: for another SYSTEM resource
//   ZX_ERR_BAD_STATE         THREAD_STATS: for a thread that has ended
//   ZX_ERR_BAD_STATE         THREAD_EXCEPTION_REPORT: when the thread is in no exception
//   ZX_ERR_BAD_STATE         PROCESS_MAPS and PROCESS_VMOS: when the root region is destroyed
//   ZX_ERR_NO_MEMORY         PROCESS_MAPS and PROCESS_VMOS: when memory is short
//   ZX_ERR_BUFFER_TOO_SMALL  when the only record does not fit
//   ZX_ERR_INVALID_ARGS      when a pointer cannot be written
// 2018: HANDLE_BASIC has props; VMO, THREAD, THREAD_STATS, PROCESS and THREAD_EXCEPTION_REPORT have
// other records; TASK_RUNTIME, JOB, TIMER, HANDLE_TABLE and GUEST_STATS are ZX_ERR_NOT_SUPPORTED;
// PROCESS_MAPS and PROCESS_VMOS of the own process are ZX_ERR_ACCESS_DENIED.
ZIRCONIA_EXPORT zx_status_t zx_object_get_info(zx_handle_t handle, uint32_t topic, void *buffer,
                                               size_t buffer_size, size_t *actual, size_t *avail);

// Reads a property: ZX_PROP_NAME, exactly ZX_MAX_NAME_LEN bytes, filled up with zeros; all zeros
// for an object without a name. VMOs, threads, the process and its job have names. Of an exception
// ZX_PROP_EXCEPTION_STATE and ZX_PROP_EXCEPTION_STRATEGY, a uint32_t each. Of a VMO
// ZX_PROP_VMO_CONTENT_SIZE, a uint64_t: the size that it was made with or that was set last.
// Errors:
//   ZX_ERR_INVALID_ARGS      when value is NULL
//   handle (any type, GET_PROPERTY)
//   ZX_ERR_NOT_SUPPORTED     for any other property
//   ZX_ERR_BUFFER_TOO_SMALL  when value_size is less than the property has
//   ZX_ERR_WRONG_TYPE        the properties of exceptions and VMOs: for another object
//   ZX_ERR_INVALID_ARGS      when value cannot be written
// 2018: any property but the name is ZX_ERR_INVALID_ARGS.
ZIRCONIA_EXPORT zx_status_t zx_object_get_property(zx_handle_t handle, uint32_t property,
                                                   void *value, size_t value_size);

// Sets a property: ZX_PROP_NAME, from value up to the first NUL and at most 31 bytes, or an
// exception's ZX_PROP_EXCEPTION_STATE (zx_task_create_exception_channel()) or
// ZX_PROP_EXCEPTION_STRATEGY, or a VMO's ZX_PROP_VMO_CONTENT_SIZE, which may be more than the VMO
// has; if it is less, what is beyond it is made zero.
// Errors:
//   ZX_ERR_INVALID_ARGS      when value is NULL
//   handle (any type, SET_PROPERTY)
//   ZX_ERR_NOT_SUPPORTED     for any other property, and for the name of an object that has none
//   ZX_ERR_BUFFER_TOO_SMALL  the properties of exceptions and VMOs: for less than the number
//   ZX_ERR_WRONG_TYPE        the properties of exceptions and VMOs: for another object
//   ZX_ERR_BAD_STATE         ZX_PROP_EXCEPTION_STRATEGY: unless the thread waits for its debugger
//   ZX_ERR_INVALID_ARGS      when value cannot be read
//   ZX_ERR_INVALID_ARGS      for a number that is not one of ZX_EXCEPTION_STATE_ or _STRATEGY_
//   ZX_ERR_NO_MEMORY         ZX_PROP_VMO_CONTENT_SIZE: when memory is short
// 2018: any property but the name is ZX_ERR_INVALID_ARGS.
ZIRCONIA_EXPORT zx_status_t zx_object_set_property(zx_handle_t handle, uint32_t property,
                                                   const void *value, size_t value_size);

// Clears, then sets signals of an object: the user signals, and SIGNALED of events and eventpairs.
// Errors:
//   handle (any type, SIGNAL)
//   ZX_ERR_NOT_SUPPORTED  when the object has no signals
//   ZX_ERR_INVALID_ARGS   for a signal that is not the client's to change
ZIRCONIA_EXPORT zx_status_t zx_object_signal(zx_handle_t handle, uint32_t clear_mask,
                                             uint32_t set_mask);

// As zx_object_signal(), for the object's peer.
// Errors:
//   handle (any type, SIGNAL_PEER)
//   ZX_ERR_NOT_SUPPORTED  when the type has no peers
//   ZX_ERR_INVALID_ARGS   for a signal that is not the client's to change
//   ZX_ERR_PEER_CLOSED    when the peer has no handle left
ZIRCONIA_EXPORT zx_status_t zx_object_signal_peer(zx_handle_t handle, uint32_t clear_mask,
                                                  uint32_t set_mask);

// Waits until the object has any of the signals, or until deadline; a signal that is there already
// is found whatever the deadline is. *observed, unless NULL, is all of the object's signals at the
// moment when it had one of these, or at the end; it is written also with ZX_ERR_TIMED_OUT and
// ZX_ERR_CANCELED. Blocks.
// Errors:
//   handle (any type, WAIT)
//   ZX_ERR_NOT_SUPPORTED  when the object has no signals
//   ZX_ERR_TIMED_OUT      when the deadline passes first
//   ZX_ERR_CANCELED       when the handle is closed meanwhile, with ZX_SIGNAL_HANDLE_CLOSED
//                         observed
//   ZX_ERR_INVALID_ARGS   when observed cannot be written
// 2018: *observed is every signal that was seen during the wait.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_one(zx_handle_t handle, zx_signals_t signals,
                                               zx_time_t deadline, zx_signals_t *observed);

// Waits for one of several objects, as zx_object_wait_one(); each item's pending is what that call
// observes. The same handle may occur twice. Without items it sleeps until the deadline. Blocks.
// Errors:
//   ZX_ERR_OUT_OF_RANGE   for more than 64 items
//   ZX_ERR_INVALID_ARGS   when items cannot be read
//   ZX_ERR_BAD_HANDLE     for the first item that has an error: when its handle is not valid
//   ZX_ERR_ACCESS_DENIED  for the first item that has an error: when its handle lacks WAIT
//   ZX_ERR_NOT_SUPPORTED  for the first item that has an error: when its object has no signals
//   ZX_ERR_TIMED_OUT      when the deadline passes first
//   ZX_ERR_CANCELED       when the handle of an item is closed meanwhile
//   ZX_ERR_INVALID_ARGS   when items cannot be written
// 2018: at most 16 items, and pending as its *observed.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_many(zx_wait_item_t *items, size_t num_items,
                                                zx_time_t deadline);

// Queues one packet with key on the port as soon as the object has any of the signals, at once if
// it has one: type SIGNAL_ONE, with all of its signals at that moment. The wait ends with the
// packet, with the handle, with the port, or by zx_port_cancel(). options:
// ZX_WAIT_ASYNC_TIMESTAMP (the packet has the time of the match) and ZX_WAIT_ASYNC_EDGE (only a
// signal that goes from 0 to 1 from now on counts).
// Errors:
//   ZX_ERR_INVALID_ARGS   for other options
//   port (PORT, WRITE)
//   handle (any type, WAIT)
//   ZX_ERR_NOT_SUPPORTED  when the object has no signals
//   ZX_ERR_NO_MEMORY      when memory is short
// 2018: options are checked last; 0 or ZX_WAIT_ASYNC_REPEATING, with which every change to a state
// with one of the signals queues a SIGNAL_REP packet, or adds its signals to the one still queued.
ZIRCONIA_EXPORT zx_status_t zx_object_wait_async(zx_handle_t handle, zx_handle_t port, uint64_t key,
                                                 zx_signals_t signals, uint32_t options);

// ---- Events (objects ABI 3.1) ----

// Creates an event, an object that is nothing but its signals, all clear. options: 0.
// Errors:
//   ZX_ERR_INVALID_ARGS  for options other than 0
ZIRCONIA_EXPORT zx_status_t zx_event_create(uint32_t options, zx_handle_t *out);

// Creates two events that are each other's peers. When one has no handle left, the other gets
// ZX_EVENTPAIR_PEER_CLOSED. options: 0.
// Errors:
//   ZX_ERR_NOT_SUPPORTED  for options other than 0
ZIRCONIA_EXPORT zx_status_t zx_eventpair_create(uint32_t options, zx_handle_t *out0,
                                                zx_handle_t *out1);

// ---- Timers (objects ABI 1.7, 3.6) ----

// Creates a timer. options: one of ZX_TIMER_SLACK_, which make no difference here.
// Errors:
//   ZX_ERR_INVALID_ARGS  for other options, or for a clock other than ZX_CLOCK_MONOTONIC
ZIRCONIA_EXPORT zx_status_t zx_timer_create(uint32_t options, zx_clock_t clock_id,
                                            zx_handle_t *out);

// Clears ZX_TIMER_SIGNALED and sets it again when deadline has passed, never before; at once for a
// deadline in the past. Replaces the deadline set before.
// Errors:
//   ZX_ERR_OUT_OF_RANGE  for a negative slack
//   handle (TIMER, WRITE)
ZIRCONIA_EXPORT zx_status_t zx_timer_set(zx_handle_t handle, zx_time_t deadline,
                                         zx_duration_t slack);

// Forgets the deadline and clears ZX_TIMER_SIGNALED.
// Errors:
//   handle (TIMER, WRITE)
ZIRCONIA_EXPORT zx_status_t zx_timer_cancel(zx_handle_t handle);

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

// The monotonic clock, by a call of 2018. Any other clock is 0.
ZIRCONIA_EXPORT zx_time_t zx_clock_get(zx_clock_t clock_id);

// The monotonic clock, by the later call of 2018.
// Errors:
//   ZX_ERR_NOT_SUPPORTED  for the other clocks of Zircon
//   ZX_ERR_INVALID_ARGS   for clocks that never were
ZIRCONIA_EXPORT zx_status_t zx_clock_get_new(zx_clock_t clock_id, zx_time_t *out);

// ---- The system ----

// 4096: the ABI's page, whatever the host's is.
ZIRCONIA_EXPORT uint32_t zx_system_get_page_size(void);

// The host's processors, its memory in bytes, and a length that no cache line of it exceeds.
ZIRCONIA_EXPORT uint32_t zx_system_get_num_cpus(void);
ZIRCONIA_EXPORT uint64_t zx_system_get_physmem(void);
ZIRCONIA_EXPORT uint32_t zx_system_get_dcache_line_size(void);

// Makes what was stored to [addr, addr + size) what instruction fetches find there (INSN); caches
// of data (DATA, INVALIDATE) are coherent and stay as they are. options: ZX_CACHE_FLUSH_ bits.
// Errors:
//   ZX_ERR_INVALID_ARGS  for unknown options, for neither INSN nor DATA, and for INVALIDATE without
//                        DATA
ZIRCONIA_EXPORT zx_status_t zx_cache_flush(const void *addr, size_t size, uint32_t options);

// The string of zirconia_version().
ZIRCONIA_EXPORT zx_string_view_t zx_system_get_version_string(void);

// Writes the string of zirconia_version() with its NUL, by the call of 2018.
// Errors:
//   ZX_ERR_BUFFER_TOO_SMALL  when it does not fit with its NUL
ZIRCONIA_EXPORT zx_status_t zx_system_get_version(char *version, size_t version_size);

// Fills buffer from the host's random generator; stops at a byte that cannot be written.
ZIRCONIA_EXPORT void zx_cprng_draw(void *buffer, size_t buffer_size);

#ifndef ZIRCONIA_OF_ERA
#include <zircon/syscalls/era_calls.h>
ZIRCONIA_EXPORT zx_time_t zirconia_201807_deadline_after(zx_duration_t nanoseconds);
#endif

ZIRCONIA_END_C

#endif // ZIRCON_SYSCALLS_H_
