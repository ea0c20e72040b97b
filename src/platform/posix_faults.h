// SPDX-License-Identifier: MIT
//
// The handlers of the signals that faults raise, which the copy of client memory shares with the
// exceptions of client threads.

#ifndef PLATFORM_POSIX_FAULTS_H
#define PLATFORM_POSIX_FAULTS_H

#include <signal.h>
#include <stdbool.h>

// Takes over SIGSEGV and SIGBUS. Repeated, it changes nothing.
void posix_faults_take_memory_signals(void);

// A thread's variables may be allocated when it first touches one of the library's, which on macOS
// the system does, and which a handler must not do: the fault may have come in the allocator. So
// handlers look at them only in a thread that has touched them itself and said so.
void posix_faults_concern_thread(void);
bool posix_faults_know_thread(void);

// The copy's, of a fault: leaves the handler if it is that of a copy in progress, or returns true
// for the handler to return.
bool posix_copy_recover(const siginfo_t *info, void *context);

#endif // PLATFORM_POSIX_FAULTS_H
