// SPDX-License-Identifier: MIT
//
// What the calls on exception ports and on exception channels share.

#ifndef SYSCALLS_EXCEPTION_H
#define SYSCALLS_EXCEPTION_H

#include "tasks/exception_binding.h"

// The slot of a task. WRONG_TYPE; INVALID_ARGS for the debugger of a thread, because threads have
// none.
zx_status_t find_exception_slot(struct object *object, bool debugger,
                                struct exception_binding ***out);

#endif // SYSCALLS_EXCEPTION_H
