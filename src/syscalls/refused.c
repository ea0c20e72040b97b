// SPDX-License-Identifier: MIT
//
// The calls of zircon/syscalls/refused.h. What they would work on does not exist here, so there is
// nothing to do but to tell a bad handle from a good one.

#include "objects/handle_table.h"
#include "tasks/gate.h"

#include <zircon/syscalls.h>

// Parameters are named as in the header, and most are not used.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

static zx_status_t refuse(zx_handle_t handle, zx_obj_type_t type) {
    struct object *object = NULL;
    gate_enter();
    zx_status_t status = handle_lookup(handle, type, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        object_unref(object);
        status = ZX_ERR_NOT_SUPPORTED;
    }
    gate_leave();
    return status;
}

// Looks at one of its parameters, a handle to an object of this type (NONE for any), or at none.
#define REFUSED_ON(name, type, handle, parameters)                                                 \
    zx_status_t name parameters {                                                                  \
        return refuse(handle, type);                                                               \
    }
#define REFUSED(name, parameters)                                                                  \
    zx_status_t name parameters {                                                                  \
        return ZX_ERR_NOT_SUPPORTED;                                                               \
    }

// NOLINTBEGIN(misc-unused-parameters): the prototypes are the clients'.

REFUSED_ON(zx_channel_call, ZX_OBJ_TYPE_CHANNEL, handle,
           (zx_handle_t handle, uint32_t options, zx_time_t deadline,
            const zx_channel_call_args_t *args, uint32_t *actual_bytes, uint32_t *actual_handles))
REFUSED_ON(zx_channel_call_etc, ZX_OBJ_TYPE_CHANNEL, handle,
           (zx_handle_t handle, uint32_t options, zx_time_t deadline,
            zx_channel_call_etc_args_t *args, uint32_t *actual_bytes, uint32_t *actual_handles))
REFUSED(zx_channel_create, (uint32_t options, zx_handle_t *out0, zx_handle_t *out1))
REFUSED_ON(zx_channel_read_etc, ZX_OBJ_TYPE_CHANNEL, handle,
           (zx_handle_t handle, uint32_t options, void *bytes, zx_handle_info_t *handles,
            uint32_t num_bytes, uint32_t num_handles, uint32_t *actual_bytes,
            uint32_t *actual_handles))
REFUSED_ON(zx_channel_write, ZX_OBJ_TYPE_CHANNEL, handle,
           (zx_handle_t handle, uint32_t options, const void *bytes, uint32_t num_bytes,
            const zx_handle_t *handles, uint32_t num_handles))
REFUSED_ON(zx_channel_write_etc, ZX_OBJ_TYPE_CHANNEL, handle,
           (zx_handle_t handle, uint32_t options, const void *bytes, uint32_t num_bytes,
            zx_handle_disposition_t *handles, uint32_t num_handles))
REFUSED_ON(zx_socket_accept, ZX_OBJ_TYPE_SOCKET, handle,
           (zx_handle_t handle, zx_handle_t *out_socket))
REFUSED(zx_socket_create, (uint32_t options, zx_handle_t *out0, zx_handle_t *out1))
REFUSED_ON(zx_socket_read, ZX_OBJ_TYPE_SOCKET, handle,
           (zx_handle_t handle, uint32_t options, void *buffer, size_t buffer_size, size_t *actual))
REFUSED_ON(zx_socket_set_disposition, ZX_OBJ_TYPE_SOCKET, handle,
           (zx_handle_t handle, uint32_t disposition, uint32_t disposition_peer))
REFUSED_ON(zx_socket_share, ZX_OBJ_TYPE_SOCKET, handle,
           (zx_handle_t handle, zx_handle_t socket_to_share))
REFUSED_ON(zx_socket_shutdown, ZX_OBJ_TYPE_SOCKET, handle, (zx_handle_t handle, uint32_t options))
REFUSED_ON(zx_socket_write, ZX_OBJ_TYPE_SOCKET, handle,
           (zx_handle_t handle, uint32_t options, const void *buffer, size_t buffer_size,
            size_t *actual))
REFUSED(zx_fifo_create, (size_t elem_count, size_t elem_size, uint32_t options, zx_handle_t *out0,
                         zx_handle_t *out1))
REFUSED_ON(zx_fifo_read, ZX_OBJ_TYPE_FIFO, handle,
           (zx_handle_t handle, size_t elem_size, void *data, size_t count, size_t *actual_count))
REFUSED_ON(zx_fifo_write, ZX_OBJ_TYPE_FIFO, handle,
           (zx_handle_t handle, size_t elem_size, const void *data, size_t count,
            size_t *actual_count))
REFUSED_ON(zx_stream_create, ZX_OBJ_TYPE_VMO, vmo,
           (uint32_t options, zx_handle_t vmo, zx_off_t seek, zx_handle_t *out_stream))
REFUSED_ON(zx_stream_readv, ZX_OBJ_TYPE_STREAM, handle,
           (zx_handle_t handle, uint32_t options, zx_iovec_t *vector, size_t num_vector,
            size_t *actual))
REFUSED_ON(zx_stream_readv_at, ZX_OBJ_TYPE_STREAM, handle,
           (zx_handle_t handle, uint32_t options, zx_off_t offset, zx_iovec_t *vector,
            size_t num_vector, size_t *actual))
REFUSED_ON(zx_stream_seek, ZX_OBJ_TYPE_STREAM, handle,
           (zx_handle_t handle, zx_stream_seek_origin_t whence, int64_t offset, zx_off_t *out_seek))
REFUSED_ON(zx_stream_writev, ZX_OBJ_TYPE_STREAM, handle,
           (zx_handle_t handle, uint32_t options, const zx_iovec_t *vector, size_t num_vector,
            size_t *actual))
REFUSED_ON(zx_stream_writev_at, ZX_OBJ_TYPE_STREAM, handle,
           (zx_handle_t handle, uint32_t options, zx_off_t offset, const zx_iovec_t *vector,
            size_t num_vector, size_t *actual))
REFUSED_ON(zx_process_create, ZX_OBJ_TYPE_JOB, job,
           (zx_handle_t job, const char *name, size_t name_size, uint32_t options,
            zx_handle_t *proc_handle, zx_handle_t *vmar_handle))
REFUSED_ON(zx_process_create_shared, ZX_OBJ_TYPE_PROCESS, shared_proc,
           (zx_handle_t shared_proc, uint32_t options, const char *name, size_t name_size,
            zx_handle_t *proc_handle, zx_handle_t *restricted_vmar_handle))
REFUSED_ON(zx_process_read_memory, ZX_OBJ_TYPE_PROCESS, handle,
           (zx_handle_t handle, zx_vaddr_t vaddr, void *buffer, size_t buffer_size, size_t *actual))
REFUSED_ON(zx_process_start, ZX_OBJ_TYPE_PROCESS, handle,
           (zx_handle_t handle, zx_handle_t thread, zx_vaddr_t entry, zx_vaddr_t stack,
            zx_handle_t arg1, uintptr_t arg2))
REFUSED_ON(zx_process_write_memory, ZX_OBJ_TYPE_PROCESS, handle,
           (zx_handle_t handle, zx_vaddr_t vaddr, const void *buffer, size_t buffer_size,
            size_t *actual))
REFUSED_ON(zx_job_create, ZX_OBJ_TYPE_JOB, parent_job,
           (zx_handle_t parent_job, uint32_t options, zx_handle_t *out))
REFUSED_ON(zx_job_set_critical, ZX_OBJ_TYPE_JOB, job,
           (zx_handle_t job, uint32_t options, zx_handle_t process))
REFUSED_ON(zx_job_set_policy, ZX_OBJ_TYPE_JOB, handle,
           (zx_handle_t handle, uint32_t options, uint32_t topic, const void *policy,
            uint32_t count))
REFUSED_ON(zirconia_2018_profile_create, ZX_OBJ_TYPE_JOB, root_job,
           (zx_handle_t root_job, const zx_profile_info_t *profile, zx_handle_t *out))
REFUSED_ON(zx_profile_create, ZX_OBJ_TYPE_JOB, root_job,
           (zx_handle_t root_job, uint32_t options, const zx_profile_info_t *profile,
            zx_handle_t *out))
REFUSED_ON(zx_object_get_cookie, ZX_OBJ_TYPE_NONE, handle,
           (zx_handle_t handle, zx_handle_t scope, uint64_t *cookie))
REFUSED_ON(zx_object_set_cookie, ZX_OBJ_TYPE_NONE, handle,
           (zx_handle_t handle, zx_handle_t scope, uint64_t cookie))
REFUSED_ON(zx_object_set_profile, ZX_OBJ_TYPE_NONE, handle,
           (zx_handle_t handle, zx_handle_t profile, uint32_t options))
REFUSED(zx_futex_get_owner, (const zx_futex_t *value_ptr, zx_koid_t *koid))
REFUSED(zx_futex_requeue,
        (const zx_futex_t *value_ptr, uint32_t wake_count, zx_futex_t current_value,
         const zx_futex_t *requeue_ptr, uint32_t requeue_count, zx_handle_t new_requeue_owner))
REFUSED(zx_futex_requeue_single_owner,
        (const zx_futex_t *value_ptr, zx_futex_t current_value, const zx_futex_t *requeue_ptr,
         uint32_t requeue_count, zx_handle_t new_requeue_owner))
REFUSED(zx_futex_wait, (const zx_futex_t *value_ptr, zx_futex_t current_value,
                        zx_handle_t new_futex_owner, zx_time_t deadline))
REFUSED(zx_futex_wake, (const zx_futex_t *value_ptr, uint32_t wake_count))
REFUSED(zx_futex_wake_single_owner, (const zx_futex_t *value_ptr))
REFUSED_ON(zx_clock_adjust, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, zx_clock_t clock_id, int64_t offset))
REFUSED(zx_clock_create, (uint64_t options, const void *args, zx_handle_t *out))
REFUSED_ON(zx_clock_get_details, ZX_OBJ_TYPE_CLOCK, handle,
           (zx_handle_t handle, uint64_t options, void *details))
REFUSED_ON(zx_clock_read, ZX_OBJ_TYPE_CLOCK, handle, (zx_handle_t handle, zx_time_t *now))
REFUSED_ON(zx_clock_update, ZX_OBJ_TYPE_CLOCK, handle,
           (zx_handle_t handle, uint64_t options, const void *args))
REFUSED_ON(zx_vmo_create_contiguous, ZX_OBJ_TYPE_BTI, bti,
           (zx_handle_t bti, size_t size, uint32_t alignment_log2, zx_handle_t *out))
REFUSED_ON(zx_vmo_create_physical, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, zx_paddr_t paddr, size_t size, zx_handle_t *out))
REFUSED_ON(zx_vmar_op_range, ZX_OBJ_TYPE_VMAR, handle,
           (zx_handle_t handle, uint32_t op, zx_vaddr_t address, size_t size, void *buffer,
            size_t buffer_size))
REFUSED(zx_pager_create, (uint32_t options, zx_handle_t *out_pager))
REFUSED_ON(zirconia_2018_pager_create_vmo, ZX_OBJ_TYPE_PAGER, pager,
           (zx_handle_t pager, zx_handle_t port, uint64_t key, uint64_t size, uint32_t options,
            zx_handle_t *out))
REFUSED_ON(zx_pager_create_vmo, ZX_OBJ_TYPE_PAGER, pager,
           (zx_handle_t pager, uint32_t options, zx_handle_t port, uint64_t key, uint64_t size,
            zx_handle_t *out))
REFUSED_ON(zx_pager_detach_vmo, ZX_OBJ_TYPE_PAGER, pager, (zx_handle_t pager, zx_handle_t vmo))
REFUSED_ON(zx_pager_op_range, ZX_OBJ_TYPE_PAGER, pager,
           (zx_handle_t pager, uint32_t op, zx_handle_t pager_vmo, uint64_t offset, uint64_t length,
            uint64_t data))
REFUSED_ON(zx_pager_supply_pages, ZX_OBJ_TYPE_PAGER, pager,
           (zx_handle_t pager, zx_handle_t pager_vmo, uint64_t offset, uint64_t length,
            zx_handle_t aux_vmo, uint64_t aux_offset))
REFUSED(zx_debuglog_create, (zx_handle_t resource, uint32_t options, zx_handle_t *out))
REFUSED_ON(zx_debuglog_read, ZX_OBJ_TYPE_DEBUGLOG, handle,
           (zx_handle_t handle, uint32_t options, void *buffer, size_t buffer_size))
REFUSED_ON(zx_debuglog_write, ZX_OBJ_TYPE_DEBUGLOG, handle,
           (zx_handle_t handle, uint32_t options, const void *buffer, size_t buffer_size))
REFUSED_ON(zx_log_read, ZX_OBJ_TYPE_DEBUGLOG, handle,
           (zx_handle_t handle, uint32_t len, void *buffer, uint32_t options))
REFUSED_ON(zx_log_write, ZX_OBJ_TYPE_DEBUGLOG, handle,
           (zx_handle_t handle, uint32_t len, const void *buffer, uint32_t options))
REFUSED_ON(zirconia_2018_debug_read, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, char *buffer, size_t *buffer_size))
REFUSED_ON(zx_debug_read, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, char *buffer, size_t buffer_size, size_t *actual))
REFUSED_ON(zx_debug_send_command, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, const char *buffer, size_t buffer_size))
REFUSED_ON(zx_ktrace_control, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t action, uint32_t options, void *ptr))
REFUSED_ON(zx_ktrace_read, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, void *data, uint32_t offset, size_t data_size, size_t *actual))
REFUSED_ON(zx_ktrace_write, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t id, uint32_t arg0, uint32_t arg1))
REFUSED_ON(zx_mtrace_control, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t kind, uint32_t action, uint32_t options, void *ptr,
            size_t ptr_size))
REFUSED_ON(zx_interrupt_ack, ZX_OBJ_TYPE_INTERRUPT, handle, (zx_handle_t handle))
REFUSED_ON(zx_interrupt_bind, ZX_OBJ_TYPE_INTERRUPT, handle,
           (zx_handle_t handle, zx_handle_t port_handle, uint64_t key, uint32_t options))
REFUSED_ON(zx_interrupt_bind_vcpu, ZX_OBJ_TYPE_INTERRUPT, handle,
           (zx_handle_t handle, zx_handle_t vcpu, uint32_t options))
REFUSED_ON(zx_interrupt_create, ZX_OBJ_TYPE_RESOURCE, src_obj,
           (zx_handle_t src_obj, uint32_t src_num, uint32_t options, zx_handle_t *out_handle))
REFUSED_ON(zx_interrupt_destroy, ZX_OBJ_TYPE_INTERRUPT, handle, (zx_handle_t handle))
REFUSED_ON(zx_interrupt_trigger, ZX_OBJ_TYPE_INTERRUPT, handle,
           (zx_handle_t handle, uint32_t options, zx_time_t timestamp))
REFUSED_ON(zx_interrupt_wait, ZX_OBJ_TYPE_INTERRUPT, handle,
           (zx_handle_t handle, zx_time_t *out_timestamp))
REFUSED_ON(zx_msi_allocate, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t count, zx_handle_t *out_allocation))
REFUSED_ON(zx_msi_create, ZX_OBJ_TYPE_MSI, handle,
           (zx_handle_t handle, uint32_t options, uint32_t msi_id, zx_handle_t vmo,
            size_t vmo_offset, zx_handle_t *out_interrupt))
REFUSED_ON(zx_ioports_release, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint16_t io_addr, uint32_t len))
REFUSED_ON(zx_ioports_request, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint16_t io_addr, uint32_t len))
REFUSED_ON(zx_iommu_create, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint32_t type, const void *desc, size_t desc_size,
            zx_handle_t *out))
REFUSED_ON(zx_bti_create, ZX_OBJ_TYPE_IOMMU, iommu,
           (zx_handle_t iommu, uint32_t options, uint64_t bti_id, zx_handle_t *out))
REFUSED_ON(zx_bti_pin, ZX_OBJ_TYPE_BTI, handle,
           (zx_handle_t handle, uint32_t options, zx_handle_t vmo, uint64_t offset, uint64_t size,
            zx_paddr_t *addrs, size_t addrs_count, zx_handle_t *pmt))
REFUSED_ON(zx_bti_release_quarantine, ZX_OBJ_TYPE_BTI, handle, (zx_handle_t handle))
REFUSED_ON(zx_pmt_unpin, ZX_OBJ_TYPE_PMT, handle, (zx_handle_t handle))
REFUSED_ON(zx_pci_add_subtract_io_range, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t mmio, uint64_t base, uint64_t len, uint32_t add))
REFUSED_ON(zx_pci_cfg_pio_rw, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint8_t bus, uint8_t dev, uint8_t func, uint8_t offset,
            uint32_t *val, size_t width, uint32_t write))
REFUSED_ON(zx_pci_config_read, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint16_t offset, size_t width, uint32_t *out_val))
REFUSED_ON(zx_pci_config_write, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint16_t offset, size_t width, uint32_t val))
REFUSED_ON(zx_pci_enable_bus_master, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint32_t enable))
REFUSED_ON(zx_pci_get_bar, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint32_t bar_num, zx_pci_bar_t *out_bar, zx_handle_t *out_handle))
REFUSED_ON(zx_pci_get_nth_device, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, uint32_t index, zx_pcie_device_info_t *out_info,
            zx_handle_t *out_handle))
REFUSED_ON(zx_pci_init, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, const zx_pci_init_arg_t *init_buf, uint32_t len))
REFUSED_ON(zx_pci_map_interrupt, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, int32_t which_irq, zx_handle_t *out_handle))
REFUSED_ON(zx_pci_query_irq_mode, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint32_t mode, uint32_t *out_max_irqs))
REFUSED_ON(zx_pci_reset_device, ZX_OBJ_TYPE_PCI_DEVICE, handle, (zx_handle_t handle))
REFUSED_ON(zx_pci_set_irq_mode, ZX_OBJ_TYPE_PCI_DEVICE, handle,
           (zx_handle_t handle, uint32_t mode, uint32_t requested_irq_count))
REFUSED_ON(zx_pc_firmware_tables, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, zx_paddr_t *acpi_rsdp, zx_paddr_t *smbios))
REFUSED_ON(zx_smc_call, ZX_OBJ_TYPE_RESOURCE, handle,
           (zx_handle_t handle, const zx_smc_parameters_t *parameters,
            zx_smc_result_t *out_smc_result))
REFUSED_ON(zx_framebuffer_get_info, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint32_t *format, uint32_t *width, uint32_t *height,
            uint32_t *stride))
REFUSED_ON(zx_framebuffer_set_range, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, zx_handle_t vmo, uint32_t len, uint32_t format, uint32_t width,
            uint32_t height, uint32_t stride))
REFUSED_ON(zx_resource_create, ZX_OBJ_TYPE_RESOURCE, parent_rsrc,
           (zx_handle_t parent_rsrc, uint32_t options, uint64_t base, size_t size, const char *name,
            size_t name_size, zx_handle_t *resource_out))
REFUSED_ON(zx_system_get_event, ZX_OBJ_TYPE_JOB, root_job,
           (zx_handle_t root_job, uint32_t kind, zx_handle_t *event))
REFUSED_ON(zx_system_get_performance_info, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint32_t topic, size_t count, void *info, size_t *output_count))
REFUSED_ON(zx_system_mexec, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, zx_handle_t kernel_vmo, zx_handle_t bootimage_vmo))
REFUSED_ON(zx_system_mexec_payload_get, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, void *buffer, size_t buffer_size))
REFUSED_ON(zx_system_powerctl, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint32_t cmd, const zx_system_powerctl_arg_t *arg))
REFUSED_ON(zx_system_set_performance_info, ZX_OBJ_TYPE_RESOURCE, resource,
           (zx_handle_t resource, uint32_t topic, const void *info, size_t count))
REFUSED(zx_cache_flush, (const void *addr, size_t size, uint32_t options))
REFUSED(zx_cprng_add_entropy, (const void *buffer, size_t buffer_size))
REFUSED(zx_debug_write, (const char *buffer, size_t buffer_size))
REFUSED(zx_system_get_features, (uint32_t kind, uint32_t *features))

// NOLINTEND(misc-unused-parameters)
