// SPDX-License-Identifier: MIT
//
// What a platform_context is on Windows: the registers that Windows has for a stopped thread, or
// those that it found at a fault.

#ifndef PLATFORM_WINDOWS_CONTEXT_H
#define PLATFORM_WINDOWS_CONTEXT_H

#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0A00
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

#include "platform/threads.h"

#include <stdatomic.h>
#include <windows.h>

#if defined(__x86_64__) || defined(_M_X64)
#define WINDOWS_CONTEXT_REGISTERS 1
#ifndef CONTEXT_XSTATE // Older headers lack it.
#define CONTEXT_XSTATE (CONTEXT_AMD64 | 0x40)
#endif
#endif

struct platform_context {
    CONTEXT *host;
    DWORD thread; // Windows's number of the thread.
    uint64_t gs_base;
};

// What Windows keeps of the calling thread.
static inline NT_TIB *windows_thread_block(void) {
#if defined(__x86_64__)
    NT_TIB *block = NULL; // GCC takes NtCurrentTeb() for an access to a null pointer.
    __asm__("movq %%gs:0x30, %0" : "=r"(block));
    return block;
#else
    return (NT_TIB *)NtCurrentTeb();
#endif
}

// On the thread whose registers they are.
static inline struct platform_context windows_context(CONTEXT *host) {
    return (struct platform_context){
        .host = host,
        .thread = GetCurrentThreadId(),
        .gs_base = (uint64_t)(uintptr_t)windows_thread_block(),
    };
}

// A thread that can be stopped, from platform_thread_self() to platform_thread_forget().
struct windows_thread {
    HANDLE handle;
    DWORD id;
    // Stopped, or in a handler of ours: who wants to stop it sets `again`, and it looks.
    atomic_bool busy;
    atomic_bool again;
    // Where it runs while it is stopped, since the client's stack may have no room: `context` is at
    // its upper end.
    unsigned char *stack;
    CONTEXT *context;
};

enum { WINDOWS_STOP_STACK = 1 << 16 };

// The calling thread's; NULL when it cannot be stopped.
struct windows_thread *windows_own_thread(void);

// Around a handler of faults on the calling thread, which is not stopped inside; leave is told what
// enter returned. It stops the thread if that was wanted meanwhile, and returns whether it did: the
// registers are then those to go on with.
bool windows_handler_enter(void);
bool windows_handler_leave(bool was_busy, CONTEXT *registers);

// Windows calls the file that the library is in, for faults and ends of threads, for as long as the
// process lives, so it must not be unloaded.
void windows_stay_loaded(void);

// Whether the calling thread is in client code on a stack of the client's.
bool windows_is_away(void);

#endif // PLATFORM_WINDOWS_CONTEXT_H
