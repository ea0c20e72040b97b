// SPDX-License-Identifier: MIT
//
// The functions behind the exported calls. They run inside the gate (tasks/gate.h) and may end with
// ZX_ERR_INTERNAL_INTR_RETRY, which makes the entry call them again with the same arguments once
// the thread may go on. The exported names are in entry.c.

#ifndef SYSCALLS_CALLS_H
#define SYSCALLS_CALLS_H

#include "objects/era.h"
#include "syscalls/table.h"

#include <zircon/syscalls.h>
#include <zircon/types.h>
#include <zirconia/decode.h>

#define BODY_ALONE(body, parameters) zx_status_t body(EACH(DECLARE, parameters));
#define BODY_OF_ERA(body, parameters)                                                              \
    zx_status_t body(const struct era *era, EACH(DECLARE, parameters));
#define BODY_SAME BODY_ALONE
#define BODY_TO_201807 BODY_OF_ERA
#define BODY_TO_2018 BODY_OF_ERA
#define BODY_FROM_2018 BODY_OF_ERA
#define BODY_FROM_201812 BODY_OF_ERA
#define BODY_ALL BODY_OF_ERA
#define CALL(eras, name, body, blocks, section, parameters, errors) BODY_##eras(body, parameters)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef CALL
#undef REFUSED
#undef BODY_ALONE
#undef BODY_OF_ERA
#undef BODY_SAME
#undef BODY_TO_201807
#undef BODY_TO_2018
#undef BODY_FROM_2018
#undef BODY_FROM_201812
#undef BODY_ALL

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
