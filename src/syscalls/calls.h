// SPDX-License-Identifier: MIT
//
// The functions behind the exported calls. They run behind the door (tasks/door.h), are given the
// objects that their handles name, and may end with ZX_ERR_INTERNAL_INTR_RETRY, which makes the
// entry look up the same handles and call them again once the thread may go on. The exported names
// are in entry.c.

#ifndef SYSCALLS_CALLS_H
#define SYSCALLS_CALLS_H

#include "objects/era.h"
#include "syscalls/table.h"

#include <zircon/syscalls.h>
#include <zircon/types.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/decode.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>

struct object;
struct vmo;
struct vmar;
struct port;
struct timer;
struct thread;
struct guest;
struct vcpu;
struct snapshot;

// A handle that was looked up. The object stays until the call is done.
struct held {
    struct object *object;
    zx_handle_t value;
    zx_rights_t rights;
};

// The parameter that a body gets for a parameter of the call: for a handle the object, by its type.
#define RECEIVE(parameter) RECEIVE_##parameter
#define RECEIVE_OBJECT(name, type, right) STRUCT_##type *name
#define RECEIVE_OPTIONAL_OBJECT RECEIVE_OBJECT
#define RECEIVE_HELD(name, type, right) const struct held *name
#define RECEIVE_HANDLE DECLARE_HANDLE
#define RECEIVE_OPTIONAL_HANDLE DECLARE_HANDLE
#define RECEIVE_VALUE DECLARE_VALUE
#define RECEIVE_NAMED DECLARE_NAMED
#define RECEIVE_READS DECLARE_READS
#define RECEIVE_WRITES DECLARE_WRITES
#define RECEIVE_MAY_WRITE DECLARE_MAY_WRITE
#define RECEIVE_READS_ARRAY DECLARE_READS_ARRAY
#define RECEIVE_WRITES_ARRAY DECLARE_WRITES_ARRAY
#define RECEIVE_CHANGES_ARRAY DECLARE_CHANGES_ARRAY
#define RECEIVE_IGNORES DECLARE_IGNORES

#define STRUCT_ANY struct object
#define STRUCT_EXCEPTION struct object
#define STRUCT_VMO struct vmo
#define STRUCT_VMAR struct vmar
#define STRUCT_PORT struct port
#define STRUCT_TIMER struct timer
#define STRUCT_THREAD struct thread
#define STRUCT_GUEST struct guest
#define STRUCT_VCPU struct vcpu
#define STRUCT_SNAPSHOT struct snapshot

#define BODY_ALONE(body, parameters) zx_status_t body(EACH(RECEIVE, parameters));
#define BODY_OF_ERA(body, parameters)                                                              \
    zx_status_t body(const struct era *era, EACH(RECEIVE, parameters));
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    IF_SAME_##eras(BODY_ALONE, BODY_OF_ERA, body, parameters)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef CALL
#undef REFUSED
#undef BODY_ALONE
#undef BODY_OF_ERA

void sys_cprng_draw(void *buffer, size_t buffer_size);
uint32_t sys_system_get_num_cpus(void);
uint64_t sys_system_get_physmem(void);
zx_handle_t sys_vmar_root_self(void);
zx_handle_t sys_thread_self(void);
zx_handle_t sys_thread_handle(uintptr_t host_thread);
zx_handle_t sys_process_self(void);
zx_handle_t sys_job_default(void);

#endif // SYSCALLS_CALLS_H
