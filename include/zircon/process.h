// SPDX-License-Identifier: MIT
//
// Handles to the calling program's own objects, which a C runtime keeps on Zircon.

#ifndef ZIRCON_PROCESS_H_
#define ZIRCON_PROCESS_H_

#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// The process's root VMAR, in which zx_vmar_map() makes VMOs visible to the program itself. The
// same value at every call, with default rights; the library owns it, so the caller must not close
// it (objects ABI 6.2). ZX_HANDLE_INVALID only while there is no memory to make it. Any thread.
ZIRCONIA_EXPORT zx_handle_t zx_vmar_root_self(void);

// Handles to the calling thread, the process, and the job that the process is in, which the library
// owns like that of zx_vmar_root_self(). A thread's handle is gone with the thread. The process is
// the host's; its job holds nothing else.
ZIRCONIA_EXPORT zx_handle_t zx_thread_self(void);
ZIRCONIA_EXPORT zx_handle_t zx_process_self(void);
ZIRCONIA_EXPORT zx_handle_t zx_job_default(void);

// What zx_thread_self() returns in that thread; zircon/threads.h has it by Zircon's names.
// host_thread: its pthread_t, on Windows what GetThreadId() returns for it. ZX_HANDLE_INVALID for a
// thread that has not made a call yet or has ended, and without memory.
ZIRCONIA_EXPORT zx_handle_t zirconia_thread_handle(uintptr_t host_thread);

ZIRCONIA_END_C

#endif // ZIRCON_PROCESS_H_
