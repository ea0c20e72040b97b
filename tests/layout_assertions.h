// SPDX-License-Identifier: MIT
//
// The size of every structure of the public headers and the place of its fields, as static
// assertions: a wrong layout does not compile, on any host. Part of test_layout.c, which includes
// the headers first and is compiled once for each era.

#ifndef LAYOUT_ASSERTIONS_H
#define LAYOUT_ASSERTIONS_H

#define SIZE_IS(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define FIELD_IS(type, field, offset, size)                                                        \
    _Static_assert(offsetof(type, field) == (offset) && sizeof(((type *)0)->field) == (size),      \
                   #type "." #field)

// The plain name of a structure that has several forms is a tag, as that of any other is.
#define TAG_IS(tag) _Static_assert(sizeof(struct tag) == sizeof(tag##_t), "struct " #tag)
TAG_IS(zx_port_packet);
TAG_IS(zx_packet_guest_mem);
TAG_IS(zx_packet_guest_vcpu);
TAG_IS(zx_info_vmo);
TAG_IS(zx_info_maps);
TAG_IS(zx_info_maps_mapping);
TAG_IS(zx_info_task_stats);
TAG_IS(zx_info_kmem_stats);
#if ZIRCONIA_ERA >= 202104
TAG_IS(zx_info_task_runtime);
#endif

// ---- zx_port_packet_t (hypervisor ABI 2.3, objects ABI 4.2) ----

SIZE_IS(zx_port_packet_t, 48);
_Static_assert(_Alignof(zx_port_packet_t) == 8, "alignment of zx_port_packet_t");
FIELD_IS(zx_port_packet_t, key, 0, 8);
FIELD_IS(zx_port_packet_t, type, 8, 4);
FIELD_IS(zx_port_packet_t, status, 12, 4);

FIELD_IS(zx_port_packet_t, user, 16, 32);
FIELD_IS(zx_port_packet_t, user.u64, 16, 32);
FIELD_IS(zx_port_packet_t, user.u32, 16, 32);
FIELD_IS(zx_port_packet_t, user.u16, 16, 32);
FIELD_IS(zx_port_packet_t, user.c8, 16, 32);

FIELD_IS(zx_port_packet_t, signal, 16, 32);
FIELD_IS(zx_port_packet_t, signal.trigger, 16, 4);
FIELD_IS(zx_port_packet_t, signal.observed, 20, 4);
FIELD_IS(zx_port_packet_t, signal.count, 24, 8);
#if ZIRCONIA_ERA < 202104
FIELD_IS(zx_port_packet_t, signal.reserved0, 32, 8);
#else
FIELD_IS(zx_port_packet_t, signal.timestamp, 32, 8);
#endif
FIELD_IS(zx_port_packet_t, signal.reserved1, 40, 8);

FIELD_IS(zx_port_packet_t, interrupt, 16, 32);
FIELD_IS(zx_port_packet_t, interrupt.timestamp, 16, 8);
FIELD_IS(zx_port_packet_t, interrupt.reserved0, 24, 8);
FIELD_IS(zx_port_packet_t, interrupt.reserved2, 40, 8);

FIELD_IS(zx_port_packet_t, guest_bell, 16, 32);
FIELD_IS(zx_port_packet_t, guest_bell.addr, 16, 8);
FIELD_IS(zx_port_packet_t, guest_bell.reserved0, 24, 8);
FIELD_IS(zx_port_packet_t, guest_bell.reserved2, 40, 8);

FIELD_IS(zx_port_packet_t, guest_io, 16, 32);
FIELD_IS(zx_port_packet_t, guest_io.port, 16, 2);
FIELD_IS(zx_port_packet_t, guest_io.access_size, 18, 1);
FIELD_IS(zx_port_packet_t, guest_io.input, 19, 1);
FIELD_IS(zx_port_packet_t, guest_io.u8, 20, 1);
FIELD_IS(zx_port_packet_t, guest_io.u16, 20, 2);
FIELD_IS(zx_port_packet_t, guest_io.u32, 20, 4);
FIELD_IS(zx_port_packet_t, guest_io.data, 20, 4);
FIELD_IS(zx_port_packet_t, guest_io.reserved0, 24, 8);
FIELD_IS(zx_port_packet_t, guest_io.reserved2, 40, 8);

FIELD_IS(zx_port_packet_t, guest_mem_2022, 16, 32);
FIELD_IS(zx_port_packet_t, guest_mem_2022.addr, 16, 8);
FIELD_IS(zx_port_packet_t, guest_mem_2022.cr3, 24, 8);
FIELD_IS(zx_port_packet_t, guest_mem_2022.rip, 32, 8);
FIELD_IS(zx_port_packet_t, guest_mem_2022.instruction_size, 40, 1);
FIELD_IS(zx_port_packet_t, guest_mem_2022.default_operand_size, 41, 1);
FIELD_IS(zx_port_packet_t, guest_mem_2022.reserved, 42, 6);

FIELD_IS(zx_port_packet_t, guest_mem_2018, 16, 32);
FIELD_IS(zx_port_packet_t, guest_mem_2018.addr, 16, 8);
FIELD_IS(zx_port_packet_t, guest_mem_2018.inst_len, 24, 1);
FIELD_IS(zx_port_packet_t, guest_mem_2018.inst_buf, 25, 15);
FIELD_IS(zx_port_packet_t, guest_mem_2018.default_operand_size, 40, 1);
FIELD_IS(zx_port_packet_t, guest_mem_2018.reserved, 41, 7);

FIELD_IS(zx_port_packet_t, guest_vcpu_2022, 16, 32);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.type, 16, 4);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.interrupt.mask, 24, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.interrupt.vector, 32, 1);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.startup.id, 24, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.startup.entry, 32, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.exit.retcode, 24, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2022.reserved, 40, 8);

FIELD_IS(zx_port_packet_t, guest_vcpu_201807, 16, 32);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.type, 16, 1);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.interrupt.mask, 24, 4);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.interrupt.vector, 28, 1);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.startup.id, 24, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.startup.entry, 32, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_201807.reserved, 40, 8);

FIELD_IS(zx_port_packet_t, guest_vcpu_2018, 16, 32);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.interrupt.mask, 16, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.interrupt.vector, 24, 1);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.startup.id, 16, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.startup.entry, 24, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.type, 32, 1);
FIELD_IS(zx_port_packet_t, guest_vcpu_2018.reserved, 40, 8);

FIELD_IS(zx_port_packet_t, page_request, 16, 32);
FIELD_IS(zx_port_packet_t, page_request.command, 16, 2);
FIELD_IS(zx_port_packet_t, page_request.flags, 18, 2);
FIELD_IS(zx_port_packet_t, page_request.offset, 24, 8);
FIELD_IS(zx_port_packet_t, page_request.length, 32, 8);

// The names without a year are the layout of the era in force.
FIELD_IS(zx_port_packet_t, guest_mem.addr, 16, 8);
#if ZIRCONIA_ERA < 202209
FIELD_IS(zx_port_packet_t, guest_mem.inst_buf, 25, X86_MAX_INST_LEN);
FIELD_IS(zx_port_packet_t, guest_vcpu.type, ZIRCONIA_ERA < 201812 ? 16 : 32, 1);
#else
FIELD_IS(zx_port_packet_t, guest_mem.rip, 32, 8);
FIELD_IS(zx_port_packet_t, guest_vcpu.type, 16, 4);
#endif
#if ZIRCONIA_ERA < 202104
FIELD_IS(zx_port_packet_t, exception.pid, 16, 8);
FIELD_IS(zx_port_packet_t, exception.tid, 24, 8);
FIELD_IS(zx_port_packet_t, exception.reserved1, 40, 8);
#endif

// ---- VCPU state (hypervisor ABI 2.4) ----

SIZE_IS(zx_vcpu_state_t, 136);
FIELD_IS(zx_vcpu_state_t, rax, 0, 8);
FIELD_IS(zx_vcpu_state_t, rcx, 8, 8);
FIELD_IS(zx_vcpu_state_t, rdx, 16, 8);
FIELD_IS(zx_vcpu_state_t, rbx, 24, 8);
FIELD_IS(zx_vcpu_state_t, rsp, 32, 8);
FIELD_IS(zx_vcpu_state_t, rbp, 40, 8);
FIELD_IS(zx_vcpu_state_t, rsi, 48, 8);
FIELD_IS(zx_vcpu_state_t, rdi, 56, 8);
FIELD_IS(zx_vcpu_state_t, r8, 64, 8);
FIELD_IS(zx_vcpu_state_t, r9, 72, 8);
FIELD_IS(zx_vcpu_state_t, r10, 80, 8);
FIELD_IS(zx_vcpu_state_t, r11, 88, 8);
FIELD_IS(zx_vcpu_state_t, r12, 96, 8);
FIELD_IS(zx_vcpu_state_t, r13, 104, 8);
FIELD_IS(zx_vcpu_state_t, r14, 112, 8);
FIELD_IS(zx_vcpu_state_t, r15, 120, 8);
FIELD_IS(zx_vcpu_state_t, rflags, 128, 8);

SIZE_IS(zx_vcpu_io_t, 8);
FIELD_IS(zx_vcpu_io_t, access_size, 0, 1);
FIELD_IS(zx_vcpu_io_t, padding1, 1, 3);
FIELD_IS(zx_vcpu_io_t, u8, 4, 1);
FIELD_IS(zx_vcpu_io_t, u16, 4, 2);
FIELD_IS(zx_vcpu_io_t, u32, 4, 4);
FIELD_IS(zx_vcpu_io_t, data, 4, 4);

// ---- zx_object_get_info() records (objects ABI 1.9) ----

SIZE_IS(zx_info_handle_basic_t, 32);
FIELD_IS(zx_info_handle_basic_t, koid, 0, 8);
FIELD_IS(zx_info_handle_basic_t, rights, 8, 4);
FIELD_IS(zx_info_handle_basic_t, type, 12, 4);
FIELD_IS(zx_info_handle_basic_t, related_koid, 16, 8);
#if ZIRCONIA_ERA < 202104
FIELD_IS(zx_info_handle_basic_t, props, 24, 4);
#else
FIELD_IS(zx_info_handle_basic_t, reserved, 24, 4);
#endif
SIZE_IS(zx_info_handle_count_t, 4);
SIZE_IS(zx_info_vcpu_t, 4);
SIZE_IS(zx_wait_item_t, 12);
FIELD_IS(zx_wait_item_t, waitfor, 4, 4);
FIELD_IS(zx_wait_item_t, pending, 8, 4);

// Records with addresses of the host, whose layout follows its pointers: 16 bytes on 64 bits.
SIZE_IS(zx_info_vmar_t, sizeof(uintptr_t) + sizeof(size_t));
FIELD_IS(zx_info_vmar_t, len, sizeof(uintptr_t), sizeof(size_t));
FIELD_IS(zx_info_resource_t, base, 8, 8);
FIELD_IS(zx_info_resource_t, size, 16, sizeof(size_t));
FIELD_IS(zx_info_resource_t, name, 16 + sizeof(size_t), 32);

FIELD_IS(zx_info_thread_t, state, 0, 4);
FIELD_IS(zx_info_process_t, return_code, 0, 8);
FIELD_IS(zx_info_thread_stats_t, total_runtime, 0, 8);
#if ZIRCONIA_ERA < 202104
SIZE_IS(zx_info_thread_t, 8);
FIELD_IS(zx_info_thread_t, wait_exception_port_type, 4, 4);
SIZE_IS(zx_info_thread_stats_t, 8);
#else
SIZE_IS(zx_info_thread_t, 72);
FIELD_IS(zx_info_thread_t, wait_exception_channel_type, 4, 4);
FIELD_IS(zx_info_thread_t, cpu_affinity_mask, 8, 64);
SIZE_IS(zx_info_thread_stats_t, 16);
FIELD_IS(zx_info_thread_stats_t, last_scheduled_cpu, 8, 4);
#endif

#if ZIRCONIA_ERA < 202209
SIZE_IS(zx_info_process_t, 16);
FIELD_IS(zx_info_process_t, started, 8, 1);
FIELD_IS(zx_info_process_t, exited, 9, 1);
FIELD_IS(zx_info_process_t, debugger_attached, 10, 1);
#else
SIZE_IS(zx_info_process_t, 24);
FIELD_IS(zx_info_process_t, start_time, 8, 8);
FIELD_IS(zx_info_process_t, flags, 16, 4);
#endif

// ---- Exceptions and registers of host threads (objects ABI 6.4, 8.2, 8.9) ----

FIELD_IS(zx_exception_report_t, header.size, 0, 4);
FIELD_IS(zx_exception_report_t, header.type, 4, 4);
FIELD_IS(zx_exception_report_t, context.arch.u.x86_64.vector, 8, 8);
FIELD_IS(zx_exception_report_t, context.arch.u.x86_64.err_code, 16, 8);
FIELD_IS(zx_exception_report_t, context.arch.u.x86_64.cr2, 24, 8);
#if defined(__aarch64__) || defined(_M_ARM64)
FIELD_IS(zx_exception_report_t, context.arch.u.arm_64.esr, 8, 4);
FIELD_IS(zx_exception_report_t, context.arch.u.arm_64.far, 16, 8);
FIELD_IS(zx_thread_state_general_regs_t, lr, 240, 8);
FIELD_IS(zx_thread_state_general_regs_t, sp, 248, 8);
FIELD_IS(zx_thread_state_general_regs_t, pc, 256, 8);
FIELD_IS(zx_thread_state_general_regs_t, cpsr, 264, 8);
#if ZIRCONIA_ERA < 202104
SIZE_IS(zx_thread_state_general_regs_t, 272);
#else
SIZE_IS(zx_thread_state_general_regs_t, 280);
#endif
SIZE_IS(zx_thread_state_fp_regs_t, 4);
SIZE_IS(zx_thread_state_vector_regs_t, 520);
FIELD_IS(zx_thread_state_vector_regs_t, fpsr, 4, 4);
FIELD_IS(zx_thread_state_vector_regs_t, v, 8, 512);
#else
FIELD_IS(zx_thread_state_general_regs_t, rbx, 8, 8);
FIELD_IS(zx_thread_state_general_regs_t, rsp, 56, 8);
FIELD_IS(zx_thread_state_general_regs_t, r15, 120, 8);
FIELD_IS(zx_thread_state_general_regs_t, rip, 128, 8);
FIELD_IS(zx_thread_state_general_regs_t, rflags, 136, 8);
SIZE_IS(zx_thread_state_fp_regs_t, 160);
FIELD_IS(zx_thread_state_fp_regs_t, ftw, 4, 1);
FIELD_IS(zx_thread_state_fp_regs_t, fop, 6, 2);
FIELD_IS(zx_thread_state_fp_regs_t, fip, 8, 8);
FIELD_IS(zx_thread_state_fp_regs_t, st, 32, 128);
SIZE_IS(zx_thread_state_vector_regs_t, 2120);
SIZE_IS(zx_x87_register_t, 16);
FIELD_IS(zx_x87_register_t, high, 8, 8);
SIZE_IS(zx_zmm_register_t, 64);
FIELD_IS(zx_thread_state_vector_regs_t, opmask, 2048, 64);
FIELD_IS(zx_thread_state_vector_regs_t, mxcsr, 2112, 4);
#if ZIRCONIA_ERA < 202104
SIZE_IS(zx_thread_state_general_regs_t, 144);
#else
SIZE_IS(zx_thread_state_general_regs_t, 160);
FIELD_IS(zx_thread_state_general_regs_t, gs_base, 152, 8);
#endif
#endif
FIELD_IS(zx_thread_state_debug_regs_t, dr6, 32, 8);
FIELD_IS(zx_thread_state_debug_regs_t, dr7, 40, 8);
#if ZIRCONIA_ERA < 202104
SIZE_IS(zx_exception_report_t, 32);
SIZE_IS(zx_thread_state_debug_regs_t, 64);
#else
SIZE_IS(zx_exception_report_t, 40);
FIELD_IS(zx_exception_report_t, context.synth_code, 32, 4);
FIELD_IS(zx_exception_report_t, context.synth_data, 36, 4);
SIZE_IS(zx_exception_info_t, 24);
FIELD_IS(zx_exception_info_t, tid, 8, 8);
FIELD_IS(zx_exception_info_t, type, 16, 4);
SIZE_IS(zx_thread_state_debug_regs_t, 48);
#endif

// ---- What the refused calls on clocks pass ----

SIZE_IS(zx_clock_create_args_v1_t, 8);
SIZE_IS(zx_clock_details_v1_t, 112);
FIELD_IS(zx_clock_details_v1_t, mono_to_synthetic, 40, 24);
FIELD_IS(zx_clock_details_v1_t, generation_counter, 104, 4);
SIZE_IS(zx_clock_update_args_v1_t, 24);
FIELD_IS(zx_clock_update_args_v1_t, value, 8, 8);
SIZE_IS(zx_clock_update_args_v2_t, 32);
FIELD_IS(zx_clock_update_args_v2_t, rate_adjust, 0, 4);
FIELD_IS(zx_clock_update_args_v2_t, synthetic_value, 8, 8);
FIELD_IS(zx_clock_update_args_v2_t, reference_value, 16, 8);
FIELD_IS(zx_clock_update_args_v2_t, error_bound, 24, 8);

// ---- What is not modelled, and records in all their versions ----
//
// Sizes, and of each structure the fields before which there is padding, and the last.

SIZE_IS(zx_handle_info_t, 16);
FIELD_IS(zx_handle_info_t, unused, 12, 4);
SIZE_IS(zx_handle_disposition_t, 20);
FIELD_IS(zx_handle_disposition_t, result, 16, 4);
SIZE_IS(zx_channel_call_args_t, 48);
FIELD_IS(zx_channel_call_args_t, rd_num_handles, 44, 4);
SIZE_IS(zx_channel_call_etc_args_t, 48);
FIELD_IS(zx_channel_call_etc_args_t, rd_num_handles, 44, 4);
SIZE_IS(zx_channel_iovec_t, 16);
FIELD_IS(zx_channel_iovec_t, reserved, 12, 4);
SIZE_IS(zx_iovec_t, 16);
FIELD_IS(zx_iovec_t, capacity, 8, 8);
SIZE_IS(zx_info_process_handle_stats_t, 256);
SIZE_IS(zx_info_cpu_stats_t, 120);
FIELD_IS(zx_info_cpu_stats_t, generic_ipis, 112, 8);
SIZE_IS(zx_info_socket_t, 48);
FIELD_IS(zx_info_socket_t, rx_buf_max, 8, 8);
FIELD_IS(zx_info_socket_t, tx_buf_size, 40, 8);
SIZE_IS(zirconia_2018_info_vmo_t, 112);
FIELD_IS(zirconia_2018_info_vmo_t, committed_bytes, 88, 8);
FIELD_IS(zirconia_2018_info_vmo_t, cache_policy, 104, 4);
SIZE_IS(zx_info_vmo_v1_t, 104);
FIELD_IS(zx_info_vmo_v1_t, committed_bytes, 88, 8);
FIELD_IS(zx_info_vmo_v1_t, cache_policy, 100, 4);
SIZE_IS(zx_info_vmo_v2_t, 120);
FIELD_IS(zx_info_vmo_v2_t, committed_bytes, 88, 8);
FIELD_IS(zx_info_vmo_v2_t, committed_change_events, 112, 8);
SIZE_IS(zx_info_vmo_v3_t, 128);
FIELD_IS(zx_info_vmo_v3_t, committed_bytes, 88, 8);
FIELD_IS(zx_info_vmo_v3_t, populated_bytes, 120, 8);
SIZE_IS(zx_info_vmo_v4_t, 176);
FIELD_IS(zx_info_vmo_v4_t, committed_bytes, 88, 8);
FIELD_IS(zx_info_vmo_v4_t, populated_fractional_scaled_bytes, 168, 8);
SIZE_IS(zx_info_maps_mapping_v1_t, 32);
FIELD_IS(zx_info_maps_mapping_v1_t, vmo_koid, 8, 8);
FIELD_IS(zx_info_maps_mapping_v1_t, committed_pages, 24, 8);
SIZE_IS(zx_info_maps_mapping_v2_t, 40);
FIELD_IS(zx_info_maps_mapping_v2_t, vmo_koid, 8, 8);
FIELD_IS(zx_info_maps_mapping_v2_t, populated_pages, 32, 8);
SIZE_IS(zx_info_maps_mapping_v3_t, 88);
FIELD_IS(zx_info_maps_mapping_v3_t, vmo_koid, 8, 8);
FIELD_IS(zx_info_maps_mapping_v3_t, populated_fractional_scaled_bytes, 80, 8);
SIZE_IS(zx_info_maps_v1_t, 96);
FIELD_IS(zx_info_maps_v1_t, u, 64, 32);
SIZE_IS(zx_info_maps_v2_t, 104);
FIELD_IS(zx_info_maps_v2_t, u, 64, 40);
SIZE_IS(zx_info_maps_v3_t, 152);
FIELD_IS(zx_info_maps_v3_t, u, 64, 88);
SIZE_IS(zx_info_task_stats_v1_t, 32);
FIELD_IS(zx_info_task_stats_v1_t, mem_scaled_shared_bytes, 24, 8);
SIZE_IS(zx_info_task_stats_v2_t, 40);
FIELD_IS(zx_info_task_stats_v2_t, mem_fractional_scaled_shared_bytes, 32, 8);
SIZE_IS(zx_info_kmem_stats_v1_t, 72);
FIELD_IS(zx_info_kmem_stats_v1_t, other_bytes, 64, 8);
SIZE_IS(zx_info_kmem_stats_v2_t, 152);
FIELD_IS(zx_info_kmem_stats_v2_t, vmo_discardable_unlocked_bytes, 144, 8);
SIZE_IS(zx_clock_rate_t, 8);
FIELD_IS(zx_clock_rate_t, reference_ticks, 4, 4);
SIZE_IS(zx_clock_transformation_t, 24);
FIELD_IS(zx_clock_transformation_t, rate, 16, 8);
SIZE_IS(zx_x86_64_exc_data_t, 24);
FIELD_IS(zx_x86_64_exc_data_t, cr2, 16, 8);
SIZE_IS(zx_exception_header_t, 8);
FIELD_IS(zx_exception_header_t, type, 4, 4);
SIZE_IS(zx_iommu_desc_dummy_t, 1);
SIZE_IS(zx_iommu_desc_intel_scope_t, 8);
FIELD_IS(zx_iommu_desc_intel_scope_t, dev_func, 3, 5);
SIZE_IS(zx_iommu_desc_intel_reserved_memory_t, 24);
FIELD_IS(zx_iommu_desc_intel_reserved_memory_t, _reserved, 17, 7);
SIZE_IS(zx_iommu_desc_intel_t, 16);
FIELD_IS(zx_iommu_desc_intel_t, _reserved, 14, 2);
SIZE_IS(zx_pci_bar_t, 24);
FIELD_IS(zx_pci_bar_t, size, 8, 8);
SIZE_IS(zx_pcie_device_info_t, 12);
FIELD_IS(zx_pcie_device_info_t, func_id, 10, 1);
SIZE_IS(zx_policy_basic_t, 8);
FIELD_IS(zx_policy_basic_t, policy, 4, 4);
SIZE_IS(zx_sched_deadline_params_t, 24);
FIELD_IS(zx_sched_deadline_params_t, period, 16, 8);
SIZE_IS(zx_smc_parameters_t, 64);
FIELD_IS(zx_smc_parameters_t, arg1, 8, 8);
FIELD_IS(zx_smc_parameters_t, secure_os_id, 58, 2);
SIZE_IS(zx_system_powerctl_arg_t, 12);
#if ZIRCONIA_ERA < 202104
SIZE_IS(zx_info_bti_t, 16);
FIELD_IS(zx_info_bti_t, aspace_size, 8, 8);
SIZE_IS(zx_arm64_exc_data_t, 16);
FIELD_IS(zx_arm64_exc_data_t, far, 8, 8);
SIZE_IS(zx_exception_context_t, 24);
SIZE_IS(zx_pci_init_arg_t, 4616);
FIELD_IS(zx_pci_init_arg_t, addr_window_count, 4612, 4);
SIZE_IS(zx_profile_scheduler_t, 16);
FIELD_IS(zx_profile_scheduler_t, quantum, 12, 4);
SIZE_IS(zx_profile_info_t, 20);
SIZE_IS(zx_smc_result_t, 32);
FIELD_IS(zx_smc_result_t, arg3, 24, 8);
SIZE_IS(zx_info_vmo_t, 112);
#else
SIZE_IS(zx_info_handle_extended_t, 40);
FIELD_IS(zx_info_handle_extended_t, peer_owner_koid, 32, 8);
SIZE_IS(zx_cpu_set_t, 64);
SIZE_IS(zx_info_job_t, 16);
FIELD_IS(zx_info_job_t, debugger_attached, 10, 1);
SIZE_IS(zx_info_timer_t, 24);
FIELD_IS(zx_info_timer_t, slack, 16, 8);
SIZE_IS(zx_info_task_runtime_v1_t, 16);
FIELD_IS(zx_info_task_runtime_v1_t, queue_time, 8, 8);
SIZE_IS(zx_info_task_runtime_v2_t, 32);
FIELD_IS(zx_info_task_runtime_v2_t, lock_contention_time, 24, 8);
SIZE_IS(zx_x86_64_info_guest_stats_t, 120);
FIELD_IS(zx_x86_64_info_guest_stats_t, vmcall_instructions, 112, 8);
SIZE_IS(zx_arm64_info_guest_stats_t, 72);
FIELD_IS(zx_arm64_info_guest_stats_t, interrupts, 64, 8);
SIZE_IS(zx_info_bti_t, 32);
FIELD_IS(zx_info_bti_t, quarantine_count, 24, 8);
SIZE_IS(zx_info_stream_t, 24);
FIELD_IS(zx_info_stream_t, seek, 8, 8);
FIELD_IS(zx_info_stream_t, content_size, 16, 8);
SIZE_IS(zx_info_msi_t, 24);
FIELD_IS(zx_info_msi_t, interrupt_count, 20, 4);
SIZE_IS(zx_arm64_exc_data_t, 24);
FIELD_IS(zx_arm64_exc_data_t, far, 8, 8);
SIZE_IS(zx_exception_context_t, 32);
FIELD_IS(zx_exception_context_t, synth_data, 28, 4);
SIZE_IS(zx_arm64_exc_data_v1_t, 16);
FIELD_IS(zx_arm64_exc_data_v1_t, far, 8, 8);
SIZE_IS(zx_exception_context_v1_t, 24);
SIZE_IS(zx_exception_report_v1_t, 32);
FIELD_IS(zx_exception_report_v1_t, context, 8, 24);
SIZE_IS(zx_pci_init_arg_t, 5896);
FIELD_IS(zx_pci_init_arg_t, addr_window_count, 5892, 4);
SIZE_IS(zx_policy_basic_v1_t, 8);
FIELD_IS(zx_policy_basic_v1_t, policy, 4, 4);
SIZE_IS(zx_policy_basic_v2_t, 12);
FIELD_IS(zx_policy_basic_v2_t, flags, 8, 4);
SIZE_IS(zx_policy_timer_slack_t, 16);
FIELD_IS(zx_policy_timer_slack_t, default_mode, 8, 4);
SIZE_IS(zx_profile_info_t, 96);
FIELD_IS(zx_profile_info_t, cpu_affinity_mask, 32, 64);
SIZE_IS(zx_smc_result_t, 40);
FIELD_IS(zx_smc_result_t, arg6, 32, 8);
SIZE_IS(zx_cpu_performance_scale_t, 8);
FIELD_IS(zx_cpu_performance_scale_t, fractional_part, 4, 4);
SIZE_IS(zx_cpu_performance_info_t, 12);
FIELD_IS(zx_cpu_performance_info_t, performance_scale, 4, 8);
SIZE_IS(zx_cpu_perf_limit_t, 24);
FIELD_IS(zx_cpu_perf_limit_t, max, 16, 8);
SIZE_IS(zx_info_guest_stats_t, 120);
#endif
#if ZIRCONIA_ERA < 202209
SIZE_IS(zx_log_record_t, 32);
FIELD_IS(zx_log_record_t, datalen, 4, 2);
FIELD_IS(zx_log_record_t, tid, 24, 8);
SIZE_IS(zx_info_maps_t, 96);
SIZE_IS(zx_info_maps_mapping_t, 32);
SIZE_IS(zx_info_task_stats_t, 32);
SIZE_IS(zx_info_kmem_stats_t, 72);
#else
SIZE_IS(zx_info_kmem_stats_extended_t, 120);
FIELD_IS(zx_info_kmem_stats_extended_t, vmo_reclaim_disabled_bytes, 112, 8);
SIZE_IS(zx_log_record_t, 40);
FIELD_IS(zx_log_record_t, datalen, 12, 2);
FIELD_IS(zx_log_record_t, tid, 32, 8);
SIZE_IS(zx_info_task_runtime_t, 32);
FIELD_IS(zx_info_task_runtime_t, lock_contention_time, 24, 8);
SIZE_IS(zx_info_vmo_t, 176);
SIZE_IS(zx_info_maps_t, 152);
SIZE_IS(zx_info_maps_mapping_t, 88);
SIZE_IS(zx_info_task_stats_t, 40);
SIZE_IS(zx_info_kmem_stats_t, 152);
#endif
#if ZIRCONIA_ERA >= 202104
SIZE_IS(zx_pager_vmo_stats_t, 4);
SIZE_IS(zx_vmo_dirty_range_t, 24);
FIELD_IS(zx_vmo_dirty_range_t, offset, 0, 8);
FIELD_IS(zx_vmo_dirty_range_t, length, 8, 8);
FIELD_IS(zx_vmo_dirty_range_t, options, 16, 8);
#endif
#if ZIRCONIA_ERA >= 202104 && ZIRCONIA_ERA < 202209
SIZE_IS(zx_info_kmem_stats_extended_t, 112);
SIZE_IS(zx_info_task_runtime_t, 16);
SIZE_IS(zx_info_vmo_t, 120);
#endif

// ---- Scalars (objects ABI 1.1) ----

SIZE_IS(zx_handle_t, 4);
SIZE_IS(zx_status_t, 4);
SIZE_IS(zx_rights_t, 4);
SIZE_IS(zx_signals_t, 4);
SIZE_IS(zx_obj_type_t, 4);
SIZE_IS(zx_koid_t, 8);
SIZE_IS(zx_time_t, 8);
_Static_assert((zx_status_t)-1 < 0, "statuses are signed");
_Static_assert(((zx_time_t)-1 < (zx_time_t)1) == (ZIRCONIA_ERA >= 201812),
               "times are signed, in July 2018 not");

// ---- This library's own ----

SIZE_IS(zirconia_address_range_t, 16);
FIELD_IS(zirconia_address_range_t, first, 0, 8);
FIELD_IS(zirconia_address_range_t, last, 8, 8);

#endif // LAYOUT_ASSERTIONS_H
