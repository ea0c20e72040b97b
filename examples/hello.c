// SPDX-License-Identifier: MIT
//
// A guest in freestanding C, with no C library and no operating system below it. Built with the
// command in README it is an ELF file that `zirconia run` loads and enters as it is, in 64-bit mode
// and with a stack. It prints through a serial port and ends through the tool's exit port.

enum {
    SERIAL_DATA = 0x3f8,
    SERIAL_LINE_STATUS = 0x3fd,
    TRANSMITTER_EMPTY = 0x20,
    EXIT_PORT = 0xf4,
};

static inline void write_port(unsigned short port, unsigned char value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline unsigned char read_port(unsigned short port) {
    unsigned char value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static void print(const char *text) {
    for (; *text != '\0'; text++) {
        while ((read_port(SERIAL_LINE_STATUS) & TRANSMITTER_EMPTY) == 0) {
        }
        write_port(SERIAL_DATA, (unsigned char)*text);
    }
}

static void print_number(unsigned long number) {
    char digits[21];
    char *first = &digits[20];

    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(first);
}

// The entry. It may not return: there is nothing to return to.
_Noreturn void _start(void);

_Noreturn void _start(void) {
    unsigned long sum = 0;

    for (unsigned long i = 1; i <= 1000; i++)
        sum += i;
    print("Hello from C. The numbers from 1 to 1000 add up to ");
    print_number(sum);
    print(".\n");

    write_port(EXIT_PORT, sum == 500500 ? 0 : 1);
    for (;;)
        __asm__ volatile("hlt");
}
