; Adds its own immediate, which it changes in each of 10,000 turns, so that EAX is the sum of 1 to
; 10,000; the store is right before the instruction that it changes. Then a store to the very next
; byte of code, a REP STOSB over code that follows, and a CALL that pushes onto its own page.
%include "common.inc"
    bits 64
    org 0x10000
    xor eax, eax
    xor ecx, ecx
.again:
    inc ecx
    mov [rel .patched + 1], ecx
.patched:
    add eax, strict dword 0
    cmp ecx, 10000
    jne .again
    mov byte [rel .opcode], 0x90        ; NOP in place of UD2's first byte
.opcode:
    db 0x0f
    nop
    mov ebx, eax
    mov al, 0x90
    lea rdi, [rel .filled]
    mov ecx, 8
    rep stosb
.filled:
    times 8 db 0xcc
    lea rsp, [rel .stack]
    call .called
    done
    align 8
    dq 0
.stack:
.called:
    ret
