// SPDX-License-Identifier: MIT
//
// What the harness needs of a device. Put calls of your own device's code behind it.

#ifndef DEVICE_H_
#define DEVICE_H_

#include <stdint.h>

// Where the device is: registers in memory, in one page, and ports.
#define DEVICE_MEMORY UINT32_C(0xe0000000)
#define DEVICE_MEMORY_SIZE 0x20u
#define DEVICE_PORT 0x300u
#define DEVICE_PORTS 2u

// The state in which every input finds the device.
void device_reset(void);

// Accesses of 1, 2, 4 or 8 bytes at an offset from DEVICE_MEMORY.
uint64_t device_read(uint32_t offset, uint8_t size);
void device_write(uint32_t offset, uint8_t size, uint64_t value);

// Accesses of 1, 2 or 4 bytes at an offset from DEVICE_PORT.
uint32_t device_input(uint16_t offset, uint8_t size);
void device_output(uint16_t offset, uint8_t size, uint32_t value);

#endif // DEVICE_H_
