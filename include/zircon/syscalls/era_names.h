// SPDX-License-Identifier: MIT
//
// The usual names of the calls that differ from era to era, in a file that chose an era
// (zircon/syscalls/era.h).
// Made from src/syscalls/calls.inc: change that, and build the target `generate`.

// clang-format off

#ifndef ZIRCON_SYSCALLS_ERA_NAMES_H_
#define ZIRCON_SYSCALLS_ERA_NAMES_H_

#define zx_object_get_info ZIRCONIA_OF_ERA(object_get_info)
#define zx_object_get_property ZIRCONIA_OF_ERA(object_get_property)
#define zx_object_set_property ZIRCONIA_OF_ERA(object_set_property)
#define zx_object_wait_one ZIRCONIA_OF_ERA(object_wait_one)
#define zx_object_wait_many ZIRCONIA_OF_ERA(object_wait_many)
#define zx_object_wait_async ZIRCONIA_OF_ERA(object_wait_async)
#define zx_event_create ZIRCONIA_OF_ERA(event_create)
#define zx_eventpair_create ZIRCONIA_OF_ERA(eventpair_create)
#define zx_timer_create ZIRCONIA_OF_ERA(timer_create)
#define zx_timer_set ZIRCONIA_OF_ERA(timer_set)
#define zx_timer_cancel ZIRCONIA_OF_ERA(timer_cancel)
#define zx_port_create ZIRCONIA_OF_ERA(port_create)
#define zx_port_queue ZIRCONIA_OF_ERA(port_queue)
#define zx_port_wait ZIRCONIA_OF_ERA(port_wait)
#define zx_port_cancel ZIRCONIA_OF_ERA(port_cancel)
#define zx_vmo_create ZIRCONIA_OF_ERA(vmo_create)
#define zx_vmo_read ZIRCONIA_OF_ERA(vmo_read)
#define zx_vmo_write ZIRCONIA_OF_ERA(vmo_write)
#define zx_vmo_set_size ZIRCONIA_OF_ERA(vmo_set_size)
#define zx_vmo_op_range ZIRCONIA_OF_ERA(vmo_op_range)
#define zx_vmo_set_cache_policy ZIRCONIA_OF_ERA(vmo_set_cache_policy)
#define zx_vmo_clone ZIRCONIA_OF_ERA(vmo_clone)
#define zx_vmar_map ZIRCONIA_OF_ERA(vmar_map)
#define zx_vmar_unmap ZIRCONIA_OF_ERA(vmar_unmap)
#define zx_vmar_protect ZIRCONIA_OF_ERA(vmar_protect)
#define zx_vmar_allocate ZIRCONIA_OF_ERA(vmar_allocate)
#define zx_guest_create ZIRCONIA_OF_ERA(guest_create)
#define zx_guest_set_trap ZIRCONIA_OF_ERA(guest_set_trap)
#define zx_vcpu_create ZIRCONIA_OF_ERA(vcpu_create)
#define zx_vcpu_resume ZIRCONIA_OF_ERA(vcpu_resume)
#define zx_vcpu_interrupt ZIRCONIA_OF_ERA(vcpu_interrupt)
#define zx_vcpu_read_state ZIRCONIA_OF_ERA(vcpu_read_state)
#define zx_vcpu_write_state ZIRCONIA_OF_ERA(vcpu_write_state)
#define zx_nanosleep ZIRCONIA_OF_ERA(nanosleep)
#define zx_thread_create ZIRCONIA_OF_ERA(thread_create)
#define zx_thread_start ZIRCONIA_OF_ERA(thread_start)
#define zx_task_suspend ZIRCONIA_OF_ERA(task_suspend)
#define zx_task_suspend_token ZIRCONIA_OF_ERA(task_suspend_token)
#define zx_thread_read_state ZIRCONIA_OF_ERA(thread_read_state)
#define zx_thread_write_state ZIRCONIA_OF_ERA(thread_write_state)
#define zx_task_bind_exception_port ZIRCONIA_OF_ERA(task_bind_exception_port)
#define zx_profile_create ZIRCONIA_OF_ERA(profile_create)
#define zx_pager_create_vmo ZIRCONIA_OF_ERA(pager_create_vmo)
#define zx_debug_read ZIRCONIA_OF_ERA(debug_read)

#endif // ZIRCON_SYSCALLS_ERA_NAMES_H_
