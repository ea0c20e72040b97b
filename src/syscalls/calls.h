// SPDX-License-Identifier: MIT
//
// The functions behind the exported calls. They run inside the gate (tasks/gate.h) and may end with
// ZX_ERR_INTERNAL_INTR_RETRY, which makes the entry call them again with the same arguments once
// the thread may go on. The exported names are in entry.c.

#ifndef SYSCALLS_CALLS_H
#define SYSCALLS_CALLS_H

#include <zircon/syscalls.h>
#include <zircon/types.h>
#include <zirconia/decode.h>

#define CALL(name, body, parameters, arguments) zx_status_t body parameters;
#define BLOCKING_CALL CALL
#include "syscalls/calls.inc"
#undef CALL
#undef BLOCKING_CALL

zx_status_t sys_vcpu_kick(zx_handle_t handle);
void sys_cprng_draw(void *buffer, size_t buffer_size);
uint32_t sys_system_get_num_cpus(void);
uint64_t sys_system_get_physmem(void);
zx_handle_t sys_vmar_root_self(void);
zx_handle_t sys_thread_self(void);
zx_handle_t sys_thread_handle(uintptr_t host_thread);
zx_handle_t sys_process_self(void);
zx_handle_t sys_job_default(void);

#endif // SYSCALLS_CALLS_H
