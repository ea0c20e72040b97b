; Interrupts that wait for their window while the client has the VCPU. Each ends in a handler that
; stores the registers from 0x20000 on in the encoding's order (RSP, RIP and RFLAGS those of the
; frame, the flags at 0x20080 and RIP at 0x20088), ends the run, and returns. At 0x20090 is where the
; interrupt is expected.
%include "common.inc"
    bits 64
    org 0x10000
    mov r14, rsi
    load_tables
%macro gate 1
    mov eax, handler
    mov [abs table_idt + 16 * %1], ax
    shr eax, 16
    mov [abs table_idt + 16 * %1 + 6], ax
%endmacro
    gate 2
    gate 0x40
    gate 0x41
    mov rsi, r14
    select_case closed, shadow_of_sti, shadow_of_load, in_handler

%macro expect 1
    mov qword [abs 0x20090], %1
%endmacro

; The second OUT is made with the window asked for already. STI opens it behind the instruction that
; follows.
closed:
    expect .open
    out 0x10, al
    out 0x10, al
    nop
    sti
    nop
.open:
    jmp $

; Twice an access to a port without a trap, which the run call refuses, then with one.
shadow_of_sti:
    expect .open
    sti
    in al, 0x30
.open:
    jmp $
shadow_of_load:
    expect .open
    mov eax, DATA_0
    sti
    nop
    mov ss, eax
    in al, 0x30
.open:
    jmp $

; The second vector waits for the return from the first one's handler.
in_handler:
    expect .open
    sti
    out 0x10, al
.open:
    jmp $

handler:
    mov [abs 0x20000], rax
    mov rax, [rsp]
    mov [abs 0x20088], rax
    mov rax, [rsp + 16]
    mov [abs 0x20080], rax
    mov rax, [rsp + 24]
    mov [abs 0x20020], rax
    mov rax, [abs 0x20000]
%macro store 2
    mov [abs 0x20000 + 8 * %1], %2
%endmacro
    store 1, rcx
    store 2, rdx
    store 3, rbx
    store 5, rbp
    store 6, rsi
    store 7, rdi
    store 8, r8
    store 9, r9
    store 10, r10
    store 11, r11
    store 12, r12
    store 13, r13
    store 14, r14
    store 15, r15
    done
    iretq
on_vector:
    mov qword [abs 0x20088], -1 ; No event but those.
    done
    tables
