// SPDX-License-Identifier: MIT
//
// The devices of compare.asm on the library and on bare Unicorn, as on QEMU: a serial port, which
// is this process's standard input and output, an I/O APIC's first register, and nothing else.

#ifndef BENCH_COMPARE_PORTS_H
#define BENCH_COMPARE_PORTS_H

#include <stdint.h>

// The guest; its first byte is where it is entered in 64-bit mode.
#define COMPARE_MEMORY_SIZE 0x4000000u
#define COMPARE_ENTRY 0x100000u
#define COMPARE_IMAGE_MAX 0x20000u

#define COMPARE_SERIAL 0x3f8u
#define COMPARE_SERIAL_SIZE 8u
#define COMPARE_KNOWN_PORT 0x80u
#define COMPARE_UNKNOWN_PORT 0x230u
#define COMPARE_IOAPIC 0xfec00000u
#define COMPARE_IOAPIC_SIZE 0x1000u

// Prints the reason and ends the process.
_Noreturn void compare_fail(const char *what, const char *detail);

// Reads the file into COMPARE_IMAGE_MAX bytes; returns its size.
uint64_t compare_read_image(const char *path, uint8_t *image);

// A byte at a port. Both end the process when the other end of the serial port is gone.
uint8_t compare_input(uint32_t port);
void compare_output(uint32_t port, uint8_t value);

#endif // BENCH_COMPARE_PORTS_H
