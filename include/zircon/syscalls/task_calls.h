// SPDX-License-Identifier: MIT
//
// The calls on threads, tasks and exceptions. zircon/syscalls.h includes this, and what it says of
// every call and of the eras holds here too. Registers are in zircon/syscalls/debug.h, reports
// of exceptions in zircon/syscalls/exception.h.

#ifndef ZIRCON_SYSCALLS_TASK_CALLS_H_
#define ZIRCON_SYSCALLS_TASK_CALLS_H_

#include <zircon/syscalls/era.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// ---- Threads (objects ABI 6) ----

// Creates a thread of the process, which does nothing before it is started. name is cut after 31
// bytes or at its first NUL. options: 0.
// Errors:
//   ZX_ERR_INVALID_ARGS  for options other than 0
//   ZX_ERR_INVALID_ARGS  when name cannot be read
//   process (PROCESS, MANAGE_THREAD)
//   ZX_ERR_NO_MEMORY     when memory is short
// 2018: MANAGE_THREAD or WRITE.
ZIRCONIA_EXPORT zx_status_t zx_thread_create(zx_handle_t process, const char *name,
                                             size_t name_size, uint32_t options, zx_handle_t *out);

// Starts a thread at thread_entry with that stack pointer and two arguments, as a function would
// find them; every other register is 0. The function must not return: there is nothing to return
// to. ZX_THREAD_RUNNING is asserted when this returns.
// Errors:
//   handle (THREAD, MANAGE_THREAD)
//   ZX_ERR_INVALID_ARGS   for an entry that is no address of a program, but for 0, where it faults
//   ZX_ERR_NOT_SUPPORTED  on hosts other than Linux and macOS (x86-64, arm64) and Windows (x86-64)
//   ZX_ERR_BAD_STATE      when the thread was started before
//   ZX_ERR_NO_MEMORY      when memory is short
// 2018: MANAGE_THREAD or WRITE; the entry is not looked at.
ZIRCONIA_EXPORT zx_status_t zx_thread_start(zx_handle_t handle, zx_vaddr_t thread_entry,
                                            zx_vaddr_t stack, uintptr_t arg1, uintptr_t arg2);

// Reads registers of a thread that is suspended or in an exception: kind ZX_THREAD_STATE_ and its
// structure (zircon/syscalls/debug.h). A longer buffer is fine.
// Errors:
//   handle (THREAD, READ)
//   ZX_ERR_INVALID_ARGS      for an unknown kind
//   ZX_ERR_BUFFER_TOO_SMALL  when buffer_size is less than the structure
//   ZX_ERR_BAD_STATE         when the thread is neither suspended nor in an exception
//   ZX_ERR_NOT_SUPPORTED     for another fs_base, in a synthetic exception, on hosts other than
//                            Linux and macOS (x86-64, arm64) and Windows (x86-64), and for debug
//                            registers on arm64 and where the host forbids ptrace
//   ZX_ERR_NO_MEMORY         when memory is short
//   ZX_ERR_INVALID_ARGS      when buffer cannot be written
// 2018: the general registers have no bases.
ZIRCONIA_EXPORT zx_status_t zx_thread_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                                 size_t buffer_size);

// Writes registers, as zx_thread_read_state() reads them. Of rflags only what a program may change
// is taken.
// Errors:
//   handle (THREAD, WRITE)
//   ZX_ERR_INVALID_ARGS      for an unknown kind
//   ZX_ERR_BUFFER_TOO_SMALL  when buffer_size is less than the structure
//   ZX_ERR_INVALID_ARGS      when buffer cannot be read
//   ZX_ERR_BAD_STATE         when the thread is neither suspended nor in an exception
//   ZX_ERR_NOT_SUPPORTED     for another fs_base, in a synthetic exception, on hosts other than
//                            Linux and macOS (x86-64, arm64) and Windows (x86-64), and for debug
//                            registers on arm64 and where the host forbids ptrace
//   ZX_ERR_NO_MEMORY         when memory is short
//   ZX_ERR_INVALID_ARGS      for an address that no program can have, for reserved bits of DR7, for
//                            a breakpoint that the host lacks, and for a single step other than 0
//                            and 1
// 2018: the general registers have no bases; ZX_ERR_INVALID_ARGS for a longer buffer. RIP is
// checked only where the thread is stopped in a call.
ZIRCONIA_EXPORT zx_status_t zx_thread_write_state(zx_handle_t handle, uint32_t kind,
                                                  const void *buffer, size_t buffer_size);

// Ends the calling thread. Does not return.
ZIRCONIA_EXPORT void zx_thread_exit(void) __NO_RETURN;

// Ends the host process with the low bits of retcode that the host takes. Does not return.
ZIRCONIA_EXPORT void zx_process_exit(int64_t retcode) __NO_RETURN;

// Makes a handle to a started thread of the process by its koid, with rights that the process's
// handle has, all of them (ZX_RIGHT_SAME_RIGHTS) or a part; of a job, to its process.
// Errors:
//   handle (any type, ENUMERATE)
//   ZX_ERR_ACCESS_DENIED  for a right that the handle lacks
//   ZX_ERR_WRONG_TYPE     for anything but the process and its job
//   ZX_ERR_NOT_FOUND      when there is no such child
ZIRCONIA_EXPORT zx_status_t zx_object_get_child(zx_handle_t handle, zx_koid_t koid,
                                                zx_rights_t rights, zx_handle_t *out);

// ---- Tasks (objects ABI 6.3, 7) ----

// Ends a thread, without another instruction of its own; ZX_TASK_TERMINATED tells when. A thread
// that was not started stays as it is. The process, or its job, is the host process.
// Errors:
//   handle (any type, DESTROY)
//   ZX_ERR_WRONG_TYPE  for anything but a thread, the process and its job
ZIRCONIA_EXPORT zx_status_t zx_task_kill(zx_handle_t handle);

// Suspends a thread until zx_task_resume(). Repeated, it is one suspension. The thread stops soon:
// ZX_THREAD_SUSPENDED tells when. zx_task_suspend() of July 2018, and of a file that defines
// ZIRCONIA_ABI_2018. It fails as zx_task_suspend() of later years does, but the calling thread may
// suspend itself, the process is ZX_ERR_WRONG_TYPE, and a thread that was not started is
// ZX_ERR_BAD_STATE.
#ifdef ZIRCONIA_SUSPENDS_ALONE
ZIRCONIA_EXPORT zx_status_t zx_task_suspend(zx_handle_t handle);
#endif

// Suspends a thread until the last handle to *token is closed; it goes on when it has no token
// left. The thread stops soon: ZX_THREAD_SUSPENDED tells when. One that was not started will stop
// before its first instruction.
// Errors:
//   handle (any type, WRITE)
//   ZX_ERR_WRONG_TYPE     for anything but a thread and the process
//   ZX_ERR_NOT_SUPPORTED  for the calling thread, and for the process, which is the caller's own
//   ZX_ERR_BAD_STATE      when the thread is dying or dead
//   ZX_ERR_NO_MEMORY      when memory is short
#ifndef ZIRCONIA_SUSPENDS_ALONE
ZIRCONIA_EXPORT zx_status_t zx_task_suspend(zx_handle_t handle, zx_handle_t *token);
#endif

// zx_task_suspend() of 2022 by its older name.
// Errors:
//   handle (THREAD, WRITE)
//   ZX_ERR_WRONG_TYPE     for anything but a thread and the process
//   ZX_ERR_NOT_SUPPORTED  for the calling thread, and for the process, which is the caller's own
//   ZX_ERR_BAD_STATE      when the thread is dying or dead
//   ZX_ERR_NO_MEMORY      when memory is short
// 201807: ZX_ERR_BAD_STATE for a thread that was not started; the calling thread may suspend
// itself; the process is ZX_ERR_WRONG_TYPE. So with ZIRCONIA_ABI_2018, too.
ZIRCONIA_EXPORT zx_status_t zx_task_suspend_token(zx_handle_t handle, zx_handle_t *token);

// Ends what zx_task_suspend() of 2018 began (options 0), whether the thread has stopped by then or
// not; tokens hold it still. Or answers the exception that the thread waits in:
// ZX_RESUME_EXCEPTION lets it go on where it was, ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT asks the
// next handler. One symbol in all eras; no right is asked for.
// Errors:
//   ZX_ERR_INVALID_ARGS  for other options
//   handle (THREAD)
//   ZX_ERR_BAD_STATE     when the thread was not started or is dying or dead, or is in no exception
//                        that is to be answered
ZIRCONIA_EXPORT zx_status_t zx_task_resume(zx_handle_t handle, uint32_t options);

// ---- Exceptions (objects ABI 8) ----
//
// A fault of the client's code becomes an exception when a handler is bound for it. Handlers are
// asked in this order: the process's debugger, the thread's, the process's, the job's. A thread is
// in its exception until a handler lets it go on. If none does, what the host does with the fault
// follows.

// Binds a port to a thread, the process or its job, so that their exceptions come as packets with
// key, or unbinds it if port is ZX_HANDLE_INVALID. options: ZX_EXCEPTION_PORT_DEBUGGER, not for a
// thread; when unbinding also ZX_EXCEPTION_PORT_UNBIND_QUIETLY, with which threads that wait for
// this handler wait on instead of asking the next one. A call of 2018, one symbol in all eras; no
// right is asked for.
// Errors:
//   ZX_ERR_INVALID_ARGS   for other options
//   port (PORT), unless 0
//   handle (any type)
//   ZX_ERR_WRONG_TYPE     for anything but a thread, the process and its job
//   ZX_ERR_INVALID_ARGS   for the debugger of a thread
//   ZX_ERR_NOT_FOUND      bind: when the thread is dead
//   ZX_ERR_NOT_SUPPORTED  bind: on a host where the library cannot catch faults
//   ZX_ERR_ALREADY_BOUND  bind: when a handler is bound there already
//   ZX_ERR_NO_MEMORY      bind: when memory is short
//   ZX_ERR_BAD_STATE      unbind: when nothing is bound
ZIRCONIA_EXPORT zx_status_t zx_task_bind_exception_port(zx_handle_t handle, zx_handle_t port,
                                                        uint64_t key, uint32_t options);

// Answers the exception that the thread waits in with that port: options 0 lets it go on,
// ZX_RESUME_TRY_NEXT asks the next handler. A call of 2018, one symbol in all eras; no right is
// asked for.
// Errors:
//   handle (THREAD)
//   port (PORT)
//   ZX_ERR_INVALID_ARGS   for other options
//   ZX_ERR_BAD_STATE      when the thread waits for no answer
//   ZX_ERR_ACCESS_DENIED  when it waits for another port's
ZIRCONIA_EXPORT zx_status_t zx_task_resume_from_exception(zx_handle_t handle, zx_handle_t port,
                                                          uint32_t options);

// Makes the channel that exceptions of a thread, the process or its job come through, until it is
// closed: messages of one zx_exception_info_t and one exception object. Closing the last handle to
// that object is the answer, as its properties ZX_PROP_EXCEPTION_STATE and, for a debugger,
// ZX_PROP_EXCEPTION_STRATEGY say. options: ZX_EXCEPTION_CHANNEL_DEBUGGER, not for a thread.
// Errors:
//   ZX_ERR_INVALID_ARGS   for other options
//   handle (any type, INSPECT, DUPLICATE, TRANSFER and MANAGE_THREAD)
//   ZX_ERR_WRONG_TYPE     for anything but a thread, the process and its job
//   ZX_ERR_INVALID_ARGS   for the debugger of a thread
//   ZX_ERR_ACCESS_DENIED  the process and its job: when the handle lacks ENUMERATE
//   ZX_ERR_BAD_STATE      when the thread is dying or dead
//   ZX_ERR_NOT_SUPPORTED  on a host where the library cannot catch faults
//   ZX_ERR_NO_MEMORY      when memory is short
//   ZX_ERR_ALREADY_BOUND  when a handler is bound there already
ZIRCONIA_EXPORT zx_status_t zx_task_create_exception_channel(zx_handle_t handle, uint32_t options,
                                                             zx_handle_t *out);

// Reads the oldest message of an exception channel, the only kind of channel there is. options: 0
// or ZX_CHANNEL_READ_MAY_DISCARD, with which a message that does not fit is passed on to the next
// handler.
// Errors:
//   ZX_ERR_INVALID_ARGS      for other options
//   handle (CHANNEL, READ)
//   ZX_ERR_SHOULD_WAIT       when there is no message
//   ZX_ERR_PEER_CLOSED       when there is no message and the task is dead
//   ZX_ERR_BUFFER_TOO_SMALL  when the message does not fit, with the counts written
//   ZX_ERR_INVALID_ARGS      when a result cannot be written, and the message is lost
ZIRCONIA_EXPORT zx_status_t zx_channel_read(zx_handle_t handle, uint32_t options, void *bytes,
                                            zx_handle_t *handles, uint32_t num_bytes,
                                            uint32_t num_handles, uint32_t *actual_bytes,
                                            uint32_t *actual_handles);

// Makes a handle to the thread in the exception, with the rights of the handle that the channel was
// created with. No right is asked for.
// Errors:
//   handle (EXCEPTION)
ZIRCONIA_EXPORT zx_status_t zx_exception_get_thread(zx_handle_t handle, zx_handle_t *out);

// Makes a handle to the process of that thread, as zx_exception_get_thread() does.
// Errors:
//   handle (EXCEPTION)
//   ZX_ERR_ACCESS_DENIED  when the channel is a thread's
ZIRCONIA_EXPORT zx_status_t zx_exception_get_process(zx_handle_t handle, zx_handle_t *out);

ZIRCONIA_END_C

#endif // ZIRCON_SYSCALLS_TASK_CALLS_H_
