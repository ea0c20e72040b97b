; What a debugger steps over. At LISTS each case has the address of its list: where RIP is before its
; first instruction and behind each step, up to 0.
%include "common.inc"
    bits 64
    org 0x10000
LISTS   equ 0x18000
BELL    equ 0x400000            ; A bell.
TRAPPED equ 0xffe000            ; A MEM trap.
PORT    equ 0x10                ; Trapped.
DATA    equ 0x300000
FAR_AWAY equ 0x7f0000000000

start:
    load_tables
    select_case straight, exits, events, halted, watched

straight:
.a: mov eax, 1
.b: jmp .d
.c: ud2
.d: call .function
.e: push rax
.f: pop rbx
.g: mov ecx, 2
    mov edi, DATA
.h: rep stosb
.i: pushfq
.j: popfq
.k: sti
.l: nop
.m: cli
.n: mov ss, [abs zero]
.o: nop
.p: lea rsi, [.p]
.q: jz .r
.r: fld1
.s: faddp st1, st0
.t: movaps xmm0, xmm1
.u: jmp end
.function:
    ret

exits:
.a: cpuid
.b: mov edx, PORT
.c: out dx, al
.d: in al, dx
.e: mov [abs BELL], eax
.f: mov eax, [abs TRAPPED]
.g: mov rax, cr0
.h: mov cr0, rax
.i: mov ecx, 0xc0000080
.j: rdmsr
.k: wrmsr
.l: rdtsc
.m: xor ecx, ecx
.n: swapgs
.o: pause
.p: jmp end

events:
.a: ud2
    mov rbx, FAR_AWAY
.b: mov al, [rbx]
.c: int 0x50
.d: jmp end

; The test interrupts it before it goes on, and behind its HLT.
halted:
.a: sti
.b: nop
.c: hlt
.d: cli
.e: jmp end

watched:
    mov ecx, 3
.a: mov [abs DATA + 8], ecx
    inc byte [abs DATA]
    mov byte [abs DATA + 0x10], 1
    dec ecx
    jnz .a
    push rcx
.b: jmp end

end:
    done

; UD2 and the page fault are passed over. At the vectors of the other steps nothing is done.
on_vector:
    cmp eax, 6
    jne .other
.undefined:
    add qword [rsp], 2
    iretq
.other:
    cmp eax, 14
    jne .return
    add rsp, 8
    add qword [rsp], 2
.return:
    iretq

    align 8
zero:
    dq DATA_0

    tables

    times LISTS - 0x10000 - ($ - $$) db 0
    dq .straight, .exits, .events, .halted
.straight:
    dq straight.a, straight.b, straight.d, straight.function, straight.e, straight.f, straight.g
    dq straight.g + 5, straight.h, straight.h, straight.h, straight.i
    dq straight.j, straight.k, straight.l, straight.m, straight.n, straight.o, straight.p
    dq straight.q, straight.r, straight.s, straight.t, straight.u, end, 0
.exits:
    dq exits.a, exits.b, exits.c, exits.d, exits.e, exits.f, exits.g, exits.h, exits.i, exits.j
    dq exits.k, exits.l, exits.m, exits.n, exits.o, exits.p, end, 0
.events:
    dq events.a, table_stubs + 6 * 16, -1, events.b, table_stubs + 14 * 16, -1
    dq events.c, table_stubs + 0x50 * 16, -1, events.d, end, 0
.halted:
    dq halted.a, halted.b, halted.c, 0
