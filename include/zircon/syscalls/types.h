// SPDX-License-Identifier: MIT
//
// Structures that the prototypes of the calls point to, declared but not defined. A client that
// looks into one includes the header of its family: port.h, pci.h, profile.h, smc.h or system.h.

#ifndef ZIRCON_SYSCALLS_TYPES_H_
#define ZIRCON_SYSCALLS_TYPES_H_

typedef struct zx_pci_bar zx_pci_bar_t;
typedef struct zx_pci_init_arg zx_pci_init_arg_t;
typedef struct zx_pcie_device_info zx_pcie_device_info_t;
typedef struct zx_port_packet zx_port_packet_t;
typedef struct zx_profile_info zx_profile_info_t;
typedef struct zx_smc_parameters zx_smc_parameters_t;
typedef struct zx_smc_result zx_smc_result_t;
typedef struct zx_system_powerctl_arg zx_system_powerctl_arg_t;
typedef union zx_rrec zx_rrec_t; // Zircon does not define it either.

#endif // ZIRCON_SYSCALLS_TYPES_H_
