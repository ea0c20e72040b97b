// SPDX-License-Identifier: MIT
//
// Calls on objects that this library does not model: see zircon/syscalls/refused.h.
// Made from src/syscalls/calls.inc: change that, and build the target `generate`.

// clang-format off

#ifndef ZIRCON_SYSCALLS_REFUSED_CALLS_H_
#define ZIRCON_SYSCALLS_REFUSED_CALLS_H_

ZIRCONIA_EXPORT zx_status_t zx_channel_call(zx_handle_t handle, uint32_t options, zx_time_t deadline, const zx_channel_call_args_t *args, uint32_t *actual_bytes, uint32_t *actual_handles);
ZIRCONIA_EXPORT zx_status_t zx_channel_call_etc(zx_handle_t handle, uint32_t options, zx_time_t deadline, zx_channel_call_etc_args_t *args, uint32_t *actual_bytes, uint32_t *actual_handles);
ZIRCONIA_EXPORT zx_status_t zx_channel_create(uint32_t options, zx_handle_t *out0, zx_handle_t *out1);
ZIRCONIA_EXPORT zx_status_t zx_channel_read_etc(zx_handle_t handle, uint32_t options, void *bytes, zx_handle_info_t *handles, uint32_t num_bytes, uint32_t num_handles, uint32_t *actual_bytes, uint32_t *actual_handles);
ZIRCONIA_EXPORT zx_status_t zx_channel_write(zx_handle_t handle, uint32_t options, const void *bytes, uint32_t num_bytes, const zx_handle_t *handles, uint32_t num_handles);
ZIRCONIA_EXPORT zx_status_t zx_channel_write_etc(zx_handle_t handle, uint32_t options, const void *bytes, uint32_t num_bytes, zx_handle_disposition_t *handles, uint32_t num_handles);
ZIRCONIA_EXPORT zx_status_t zx_socket_accept(zx_handle_t handle, zx_handle_t *out_socket);
ZIRCONIA_EXPORT zx_status_t zx_socket_create(uint32_t options, zx_handle_t *out0, zx_handle_t *out1);
ZIRCONIA_EXPORT zx_status_t zx_socket_read(zx_handle_t handle, uint32_t options, void *buffer, size_t buffer_size, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_socket_set_disposition(zx_handle_t handle, uint32_t disposition, uint32_t disposition_peer);
ZIRCONIA_EXPORT zx_status_t zx_socket_share(zx_handle_t handle, zx_handle_t socket_to_share);
ZIRCONIA_EXPORT zx_status_t zx_socket_shutdown(zx_handle_t handle, uint32_t options);
ZIRCONIA_EXPORT zx_status_t zx_socket_write(zx_handle_t handle, uint32_t options, const void *buffer, size_t buffer_size, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_fifo_create(size_t elem_count, size_t elem_size, uint32_t options, zx_handle_t *out0, zx_handle_t *out1);
ZIRCONIA_EXPORT zx_status_t zx_fifo_read(zx_handle_t handle, size_t elem_size, void *data, size_t count, size_t *actual_count);
ZIRCONIA_EXPORT zx_status_t zx_fifo_write(zx_handle_t handle, size_t elem_size, const void *data, size_t count, size_t *actual_count);
ZIRCONIA_EXPORT zx_status_t zx_stream_create(uint32_t options, zx_handle_t vmo, zx_off_t seek, zx_handle_t *out_stream);
ZIRCONIA_EXPORT zx_status_t zx_stream_readv(zx_handle_t handle, uint32_t options, zx_iovec_t *vector, size_t num_vector, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_stream_readv_at(zx_handle_t handle, uint32_t options, zx_off_t offset, zx_iovec_t *vector, size_t num_vector, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_stream_seek(zx_handle_t handle, zx_stream_seek_origin_t whence, int64_t offset, zx_off_t *out_seek);
ZIRCONIA_EXPORT zx_status_t zx_stream_writev(zx_handle_t handle, uint32_t options, const zx_iovec_t *vector, size_t num_vector, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_stream_writev_at(zx_handle_t handle, uint32_t options, zx_off_t offset, const zx_iovec_t *vector, size_t num_vector, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_process_create(zx_handle_t job, const char *name, size_t name_size, uint32_t options, zx_handle_t *proc_handle, zx_handle_t *vmar_handle);
ZIRCONIA_EXPORT zx_status_t zx_process_create_shared(zx_handle_t shared_proc, uint32_t options, const char *name, size_t name_size, zx_handle_t *proc_handle, zx_handle_t *restricted_vmar_handle);
ZIRCONIA_EXPORT zx_status_t zx_process_read_memory(zx_handle_t handle, zx_vaddr_t vaddr, void *buffer, size_t buffer_size, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_process_start(zx_handle_t handle, zx_handle_t thread, zx_vaddr_t entry, zx_vaddr_t stack, zx_handle_t arg1, uintptr_t arg2);
ZIRCONIA_EXPORT zx_status_t zx_process_write_memory(zx_handle_t handle, zx_vaddr_t vaddr, const void *buffer, size_t buffer_size, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_job_create(zx_handle_t parent_job, uint32_t options, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_job_set_critical(zx_handle_t job, uint32_t options, zx_handle_t process);
ZIRCONIA_EXPORT zx_status_t zx_job_set_policy(zx_handle_t handle, uint32_t options, uint32_t topic, const void *policy, uint32_t count);
#if ZIRCONIA_ERA < 202104
ZIRCONIA_EXPORT zx_status_t zx_profile_create(zx_handle_t root_job, const zx_profile_info_t *profile, zx_handle_t *out);
#endif
#if ZIRCONIA_ERA >= 202104
ZIRCONIA_EXPORT zx_status_t zx_profile_create(zx_handle_t root_job, uint32_t options, const zx_profile_info_t *profile, zx_handle_t *out);
#endif
ZIRCONIA_EXPORT zx_status_t zx_object_get_cookie(zx_handle_t handle, zx_handle_t scope, uint64_t *cookie);
ZIRCONIA_EXPORT zx_status_t zx_object_set_cookie(zx_handle_t handle, zx_handle_t scope, uint64_t cookie);
ZIRCONIA_EXPORT zx_status_t zx_object_set_profile(zx_handle_t handle, zx_handle_t profile, uint32_t options);
ZIRCONIA_EXPORT zx_status_t zx_thread_set_priority(int32_t priority);
ZIRCONIA_EXPORT zx_status_t zx_futex_get_owner(const zx_futex_t *value_ptr, zx_koid_t *koid);
ZIRCONIA_EXPORT zx_status_t zx_futex_requeue(const zx_futex_t *value_ptr, uint32_t wake_count, int32_t current_value, const zx_futex_t *requeue_ptr, uint32_t requeue_count, zx_handle_t new_requeue_owner);
ZIRCONIA_EXPORT zx_status_t zx_futex_requeue_single_owner(const zx_futex_t *value_ptr, int32_t current_value, const zx_futex_t *requeue_ptr, uint32_t requeue_count, zx_handle_t new_requeue_owner);
ZIRCONIA_EXPORT zx_status_t zx_futex_wait(const zx_futex_t *value_ptr, int32_t current_value, zx_handle_t new_futex_owner, zx_time_t deadline);
ZIRCONIA_EXPORT zx_status_t zx_futex_wake(const zx_futex_t *value_ptr, uint32_t wake_count);
ZIRCONIA_EXPORT zx_status_t zx_futex_wake_single_owner(const zx_futex_t *value_ptr);
ZIRCONIA_EXPORT zx_status_t zx_clock_adjust(zx_handle_t handle, zx_clock_t clock_id, int64_t offset);
ZIRCONIA_EXPORT zx_status_t zx_clock_create(uint64_t options, const void *args, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_clock_get_details(zx_handle_t handle, uint64_t options, void *details);
ZIRCONIA_EXPORT zx_status_t zx_clock_read(zx_handle_t handle, zx_time_t *now);
ZIRCONIA_EXPORT zx_status_t zx_clock_update(zx_handle_t handle, uint64_t options, const void *args);
ZIRCONIA_EXPORT zx_status_t zx_vmo_create_contiguous(zx_handle_t bti, size_t size, uint32_t alignment_log2, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_vmo_create_physical(zx_handle_t resource, zx_paddr_t paddr, size_t size, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_pager_create(uint32_t options, zx_handle_t *out_pager);
#if ZIRCONIA_ERA < 202104
ZIRCONIA_EXPORT zx_status_t zx_pager_create_vmo(zx_handle_t pager, zx_handle_t port, uint64_t key, uint64_t size, uint32_t options, zx_handle_t *out);
#endif
#if ZIRCONIA_ERA >= 202104
ZIRCONIA_EXPORT zx_status_t zx_pager_create_vmo(zx_handle_t pager, uint32_t options, zx_handle_t port, uint64_t key, uint64_t size, zx_handle_t *out);
#endif
ZIRCONIA_EXPORT zx_status_t zx_pager_detach_vmo(zx_handle_t pager, zx_handle_t vmo);
ZIRCONIA_EXPORT zx_status_t zx_pager_op_range(zx_handle_t pager, uint32_t op, zx_handle_t pager_vmo, uint64_t offset, uint64_t length, uint64_t data);
ZIRCONIA_EXPORT zx_status_t zx_pager_query_dirty_ranges(zx_handle_t pager, zx_handle_t pager_vmo, uint64_t offset, uint64_t length, void *buffer, size_t buffer_size, size_t *actual, size_t *avail);
ZIRCONIA_EXPORT zx_status_t zx_pager_query_vmo_stats(zx_handle_t pager, zx_handle_t pager_vmo, uint32_t options, void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_pager_supply_pages(zx_handle_t pager, zx_handle_t pager_vmo, uint64_t offset, uint64_t length, zx_handle_t aux_vmo, uint64_t aux_offset);
ZIRCONIA_EXPORT zx_status_t zx_debuglog_create(zx_handle_t resource, uint32_t options, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_debuglog_read(zx_handle_t handle, uint32_t options, void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_debuglog_write(zx_handle_t handle, uint32_t options, const void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_log_read(zx_handle_t handle, uint32_t len, void *buffer, uint32_t options);
ZIRCONIA_EXPORT zx_status_t zx_log_write(zx_handle_t handle, uint32_t len, const void *buffer, uint32_t options);
#if ZIRCONIA_ERA < 202104
ZIRCONIA_EXPORT zx_status_t zx_debug_read(zx_handle_t handle, char *buffer, size_t *buffer_size);
#endif
#if ZIRCONIA_ERA >= 202104
ZIRCONIA_EXPORT zx_status_t zx_debug_read(zx_handle_t handle, char *buffer, size_t buffer_size, size_t *actual);
#endif
ZIRCONIA_EXPORT zx_status_t zx_debug_send_command(zx_handle_t resource, const char *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_ktrace_control(zx_handle_t handle, uint32_t action, uint32_t options, void *ptr);
ZIRCONIA_EXPORT zx_status_t zx_ktrace_read(zx_handle_t handle, void *data, uint32_t offset, size_t data_size, size_t *actual);
ZIRCONIA_EXPORT zx_status_t zx_ktrace_write(zx_handle_t handle, uint32_t id, uint32_t arg0, uint32_t arg1);
ZIRCONIA_EXPORT zx_status_t zx_mtrace_control(zx_handle_t handle, uint32_t kind, uint32_t action, uint32_t options, void *ptr, size_t ptr_size);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_ack(zx_handle_t handle);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_bind(zx_handle_t handle, zx_handle_t port_handle, uint64_t key, uint32_t options);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_bind_vcpu(zx_handle_t handle, zx_handle_t vcpu, uint32_t options);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_create(zx_handle_t src_obj, uint32_t src_num, uint32_t options, zx_handle_t *out_handle);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_destroy(zx_handle_t handle);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_trigger(zx_handle_t handle, uint32_t options, zx_time_t timestamp);
ZIRCONIA_EXPORT zx_status_t zx_interrupt_wait(zx_handle_t handle, zx_time_t *out_timestamp);
ZIRCONIA_EXPORT zx_status_t zx_msi_allocate(zx_handle_t handle, uint32_t count, zx_handle_t *out_allocation);
ZIRCONIA_EXPORT zx_status_t zx_msi_create(zx_handle_t handle, uint32_t options, uint32_t msi_id, zx_handle_t vmo, size_t vmo_offset, zx_handle_t *out_interrupt);
ZIRCONIA_EXPORT zx_status_t zx_ioports_release(zx_handle_t resource, uint16_t io_addr, uint32_t len);
ZIRCONIA_EXPORT zx_status_t zx_ioports_request(zx_handle_t resource, uint16_t io_addr, uint32_t len);
ZIRCONIA_EXPORT zx_status_t zx_iommu_create(zx_handle_t resource, uint32_t type, const void *desc, size_t desc_size, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_bti_create(zx_handle_t iommu, uint32_t options, uint64_t bti_id, zx_handle_t *out);
ZIRCONIA_EXPORT zx_status_t zx_bti_pin(zx_handle_t handle, uint32_t options, zx_handle_t vmo, uint64_t offset, uint64_t size, zx_paddr_t *addrs, size_t addrs_count, zx_handle_t *pmt);
ZIRCONIA_EXPORT zx_status_t zx_bti_release_quarantine(zx_handle_t handle);
ZIRCONIA_EXPORT zx_status_t zx_pmt_unpin(zx_handle_t handle);
ZIRCONIA_EXPORT zx_status_t zx_pci_add_subtract_io_range(zx_handle_t handle, uint32_t mmio, uint64_t base, uint64_t len, uint32_t add);
ZIRCONIA_EXPORT zx_status_t zx_pci_cfg_pio_rw(zx_handle_t handle, uint8_t bus, uint8_t dev, uint8_t func, uint8_t offset, uint32_t *val, size_t width, uint32_t write);
ZIRCONIA_EXPORT zx_status_t zx_pci_config_read(zx_handle_t handle, uint16_t offset, size_t width, uint32_t *out_val);
ZIRCONIA_EXPORT zx_status_t zx_pci_config_write(zx_handle_t handle, uint16_t offset, size_t width, uint32_t val);
ZIRCONIA_EXPORT zx_status_t zx_pci_enable_bus_master(zx_handle_t handle, uint32_t enable);
ZIRCONIA_EXPORT zx_status_t zx_pci_get_bar(zx_handle_t handle, uint32_t bar_num, zx_pci_bar_t *out_bar, zx_handle_t *out_handle);
ZIRCONIA_EXPORT zx_status_t zx_pci_get_nth_device(zx_handle_t handle, uint32_t index, zx_pcie_device_info_t *out_info, zx_handle_t *out_handle);
ZIRCONIA_EXPORT zx_status_t zx_pci_init(zx_handle_t handle, const zx_pci_init_arg_t *init_buf, uint32_t len);
ZIRCONIA_EXPORT zx_status_t zx_pci_map_interrupt(zx_handle_t handle, int32_t which_irq, zx_handle_t *out_handle);
ZIRCONIA_EXPORT zx_status_t zx_pci_query_irq_mode(zx_handle_t handle, uint32_t mode, uint32_t *out_max_irqs);
ZIRCONIA_EXPORT zx_status_t zx_pci_reset_device(zx_handle_t handle);
ZIRCONIA_EXPORT zx_status_t zx_pci_set_irq_mode(zx_handle_t handle, uint32_t mode, uint32_t requested_irq_count);
ZIRCONIA_EXPORT zx_status_t zx_pc_firmware_tables(zx_handle_t handle, zx_paddr_t *acpi_rsdp, zx_paddr_t *smbios);
ZIRCONIA_EXPORT zx_status_t zx_smc_call(zx_handle_t handle, const zx_smc_parameters_t *parameters, zx_smc_result_t *out_smc_result);
ZIRCONIA_EXPORT zx_status_t zx_framebuffer_get_info(zx_handle_t resource, uint32_t *format, uint32_t *width, uint32_t *height, uint32_t *stride);
ZIRCONIA_EXPORT zx_status_t zx_framebuffer_set_range(zx_handle_t resource, zx_handle_t vmo, uint32_t len, uint32_t format, uint32_t width, uint32_t height, uint32_t stride);
ZIRCONIA_EXPORT zx_status_t zx_resource_create(zx_handle_t parent_rsrc, uint32_t options, uint64_t base, size_t size, const char *name, size_t name_size, zx_handle_t *resource_out);
ZIRCONIA_EXPORT zx_status_t zx_system_get_event(zx_handle_t root_job, uint32_t kind, zx_handle_t *event);
ZIRCONIA_EXPORT zx_status_t zx_system_get_performance_info(zx_handle_t resource, uint32_t topic, size_t count, void *info, size_t *output_count);
ZIRCONIA_EXPORT zx_status_t zx_system_mexec(zx_handle_t resource, zx_handle_t kernel_vmo, zx_handle_t bootimage_vmo);
ZIRCONIA_EXPORT zx_status_t zx_system_mexec_payload_get(zx_handle_t resource, void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_system_powerctl(zx_handle_t resource, uint32_t cmd, const zx_system_powerctl_arg_t *arg);
ZIRCONIA_EXPORT zx_status_t zx_system_set_performance_info(zx_handle_t resource, uint32_t topic, const void *info, size_t count);
ZIRCONIA_EXPORT zx_status_t zx_cprng_add_entropy(const void *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_debug_write(const char *buffer, size_t buffer_size);
ZIRCONIA_EXPORT zx_status_t zx_system_get_features(uint32_t kind, uint32_t *features);

#endif // ZIRCON_SYSCALLS_REFUSED_CALLS_H_
