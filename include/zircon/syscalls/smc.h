// SPDX-License-Identifier: MIT
//
// What zx_smc_call() passes: the secure monitor of an arm64 machine, which a guest here does not
// have. The call is refused (zircon/syscalls/refused.h).

#ifndef ZIRCON_SYSCALLS_SMC_H_
#define ZIRCON_SYSCALLS_SMC_H_

#include <zircon/types.h>

#if ZIRCONIA_ERA >= 202104
#define ARM_SMC_SERVICE_CALL_NUM_SIP_SERVICE_BASE 0x02
#define ARM_SMC_SERVICE_CALL_NUM_SIP_SERVICE_LENGTH 0x01
#endif
#define ARM_SMC_SERVICE_CALL_NUM_TRUSTED_OS_BASE 0x32
#define ARM_SMC_SERVICE_CALL_NUM_TRUSTED_OS_LENGTH 0xe
#define ARM_SMC_SERVICE_CALL_NUM_MAX 0x3f
#define ARM_SMC_SERVICE_CALL_NUM_MASK 0x3f
#define ARM_SMC_SERVICE_CALL_NUM_SHIFT 24
#define ARM_SMC_GET_SERVICE_CALL_NUM_FROM_FUNC_ID(func_id)                                         \
    (((func_id) >> ARM_SMC_SERVICE_CALL_NUM_SHIFT) & ARM_SMC_SERVICE_CALL_NUM_MASK)

typedef struct zx_smc_parameters {
    uint32_t func_id;
    uint8_t padding1[4];
    uint64_t arg1;
    uint64_t arg2;
    uint64_t arg3;
    uint64_t arg4;
    uint64_t arg5;
    uint64_t arg6;
    uint16_t client_id;
    uint16_t secure_os_id;
    uint8_t padding2[4];
} zx_smc_parameters_t;

typedef struct zx_smc_result {
    uint64_t arg0;
    uint64_t arg1;
    uint64_t arg2;
    uint64_t arg3;
#if ZIRCONIA_ERA >= 202104
    uint64_t arg6;
#endif
} zx_smc_result_t;

#endif // ZIRCON_SYSCALLS_SMC_H_
