// SPDX-License-Identifier: MIT
//
// The two eras of the ABI in one library. Declarations are those of 2022 and later; a file that
// defines ZIRCONIA_ABI_2018 before its first include of a zircon/ header gets those of late 2018
// instead. What differs in layout is in port.h, object.h, debug.h and exception.h; what differs in
// constants beside each constant.
//
// The calls below differ in behaviour only: in the order of checks, the rights asked for and
// given, or the answer to the same arguments; the three that are refused differ in parameters. In
// the 2018 era each name is a macro for a symbol of its own, so that files of both eras can be
// linked into one program. All other calls are one symbol with one behaviour; zx_vcpu_resume() and
// zx_vcpu_enter() keep their own packet layouts.

#ifndef ZIRCON_SYSCALLS_ERA_H_
#define ZIRCON_SYSCALLS_ERA_H_

#ifdef ZIRCONIA_ABI_2018
#define zx_guest_create zirconia_2018_guest_create
#define zx_guest_set_trap zirconia_2018_guest_set_trap
#define zx_debug_read zirconia_2018_debug_read
#define zx_pager_create_vmo zirconia_2018_pager_create_vmo
#define zx_profile_create zirconia_2018_profile_create
#define zx_vcpu_create zirconia_2018_vcpu_create
#define zx_vcpu_interrupt zirconia_2018_vcpu_interrupt
#define zx_vcpu_read_state zirconia_2018_vcpu_read_state
#define zx_vcpu_write_state zirconia_2018_vcpu_write_state
#define zx_object_get_info zirconia_2018_object_get_info
#define zx_object_get_property zirconia_2018_object_get_property
#define zx_object_set_property zirconia_2018_object_set_property
#define zx_object_wait_async zirconia_2018_object_wait_async
#define zx_object_wait_many zirconia_2018_object_wait_many
#define zx_object_wait_one zirconia_2018_object_wait_one
#define zx_port_cancel zirconia_2018_port_cancel
#define zx_port_create zirconia_2018_port_create
#define zx_port_queue zirconia_2018_port_queue
#define zx_port_wait zirconia_2018_port_wait
#define zx_task_suspend zirconia_2018_task_suspend
#define zx_task_suspend_token zirconia_2018_task_suspend_token
#define zx_thread_create zirconia_2018_thread_create
#define zx_thread_read_state zirconia_2018_thread_read_state
#define zx_thread_start zirconia_2018_thread_start
#define zx_thread_write_state zirconia_2018_thread_write_state
#define zx_vmo_create zirconia_2018_vmo_create
#define zx_vmo_op_range zirconia_2018_vmo_op_range
#define zx_vmo_read zirconia_2018_vmo_read
#define zx_vmo_set_cache_policy zirconia_2018_vmo_set_cache_policy
#define zx_vmo_set_size zirconia_2018_vmo_set_size
#define zx_vmo_write zirconia_2018_vmo_write
#define zx_vmar_allocate zirconia_2018_vmar_allocate
#define zx_vmar_map zirconia_2018_vmar_map
#define zx_vmar_unmap zirconia_2018_vmar_unmap
#endif

#endif // ZIRCON_SYSCALLS_ERA_H_
