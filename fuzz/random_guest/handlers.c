// SPDX-License-Identifier: MIT
//
// Handlers: without an error code and with one, and of each kind one that goes on at the next place
// of 16 bytes and one that goes on somewhere in the code. The next place is made to lie in the code
// too, in most guests: what lies elsewhere is mostly zeros, which are instructions, and Unicorn
// would translate 512 of them each time.

#include "handlers.h"

#include "code.h"

enum {
    HANDLER_SIZE = 0x80,
    ELSEWHERE = 2 * HANDLER_SIZE, // From one kind to the other.
    ERROR_CODE_VECTORS = 0x27d00, // 8, 10 to 14 and 17.
};

static bool has_error_code(unsigned vector) {
    return vector < 32 && (ERROR_CODE_VECTORS >> vector & 1) != 0;
}

uint32_t handlers_address(uint32_t handlers, unsigned vector) {
    // A fetch that faults would do so at the next place too.
    const bool elsewhere = vector == 14 || vector % 5 == 4;
    return handlers + (has_error_code(vector) ? HANDLER_SIZE : 0) + (elsewhere ? ELSEWHERE : 0);
}

// Through SS, which is good in a handler whatever DS is.
static void put_count(struct code *code, unsigned limit) {
    CODE(code, "\x36\xff"); // inc dword [TAKEN]
    if (code->bits == 64) {
        CODE(code, "\x04\x25");
    } else {
        code_byte(code, 0x05);
    }
    code_number(code, TAKEN, 4);
    CODE(code, "\x36\x83"); // cmp dword [TAKEN], limit
    if (code->bits == 64) {
        CODE(code, "\x3c\x25");
    } else {
        code_byte(code, 0x3d);
    }
    code_number(code, TAKEN, 4);
    code_byte(code, limit);
    CODE(code, "\x76\x04"           // jbe over
               "\xe6\xf4\xeb\xfc"); // end: out 0xf4, al; jmp end
}

static void put_next_place(struct code *code, enum handlers_reach reach) {
    CODE(code, "\x80\x0c\x24\x0f"); // or byte [rsp], 15
    CODE(code, "\xff\x04\x24");     // inc dword [rsp]
    if (reach == HANDLERS_ANYWHERE) {
        return;
    }
    CODE(code, "\x81\x24\x24"); // and dword [rsp], ...
    const uint32_t kept =
        reach == HANDLERS_BASED ? CHAOS_SIZE - 1 : ~0u ^ (MEMORY_SIZE - CHAOS_SIZE);
    code_number(code, kept, 4);
    if (reach == HANDLERS_CODE) {
        CODE(code, "\x81\x0c\x24"); // or dword [rsp], CHAOS
        code_number(code, CHAOS, 4);
    }
}

static void put_handler(struct code *code, bool error_code, bool elsewhere, unsigned limit,
                        enum handlers_reach reach) {
    if (error_code && code->bits == 64) {
        CODE(code, "\x48\x83\xc4\x08"); // add rsp, 8
    } else if (error_code) {
        CODE(code, "\x83\xc4\x04");
    }
    put_count(code, limit);
    if (elsewhere) {
        CODE(code, "\x50\x36\x8b"); // push rax; mov eax, [TAKEN]
        if (code->bits == 64) {
            CODE(code, "\x04\x25");
        } else {
            code_byte(code, 0x05);
        }
        code_number(code, TAKEN, 4);
        CODE(code, "\x69\xc0\xc0\x06\x00\x00\x25"); // imul eax, eax, 0x6c0; and eax, ...
        code_number(code, CHAOS_SIZE - 64, 4);
        code_byte(code, 0x05); // add eax, CHAOS
        code_number(code, CHAOS, 4);
        if (code->bits == 64) {
            CODE(code, "\x48\x89\x44\x24\x08\x58"); // mov [rsp + 8], rax; pop rax
        } else {
            CODE(code, "\x89\x44\x24\x04\x58");
        }
    } else {
        put_next_place(code, reach);
    }
    code_interrupt_return(code);
}

static void put_all(struct image *image, uint32_t at, unsigned bits, unsigned limit,
                    enum handlers_reach reach) {
    for (unsigned i = 0; i < 4; i++) {
        struct code code = {image, at + i * HANDLER_SIZE, at + (i + 1) * HANDLER_SIZE, bits};
        put_handler(&code, (i & 1) != 0, (i & 2) != 0, limit, reach);
    }
}

static void put_real(struct image *image, unsigned limit, bool vectors) {
    struct code code = {image, HANDLERS_REAL, HANDLERS_REAL + HANDLER_SIZE, 16};
    CODE(&code, "\x36\xff\x06\x00\x00"   // inc word [ss:0]: TAKEN
                "\x36\x83\x3e\x00\x00"); // cmp word [ss:0], limit
    code_byte(&code, limit);
    CODE(&code, "\x76\x04\xe6\xf4\xeb\xfc" // jbe over; end: out 0xf4, al; jmp end
                "\x55\x89\xe5"             // push bp; mov bp, sp
                "\x80\x4e\x02\x0f"         // or byte [bp + 2], 15
                "\xff\x46\x02"             // inc word [bp + 2]
                "\x81\x66\x02\xff\x1f"     // and word [bp + 2], CHAOS_SIZE - 1
                "\x5d\xcf");               // pop bp; iret
    for (unsigned i = 0; vectors && i < 256; i++) {
        image_put_number(image, 4 * i, (uint64_t)(HANDLERS_REAL >> 4) << 16, 4);
    }
}

void handlers_put(struct image *image, struct choices *choices, const struct handlers_use *use) {
    const unsigned limit = 4 + choose(choices, 60);
    image_put_number(image, TAKEN, 0, 4);
    const bool anywhere = choose_one_in(choices, 16);
    put_all(image, HANDLERS_64, 64, limit, anywhere ? HANDLERS_ANYWHERE : use->long_mode);
    put_all(image, HANDLERS_32, 32, limit, anywhere ? HANDLERS_ANYWHERE : use->legacy);
    put_real(image, limit, use->real_vectors);
}
