; The other VCPU, in real mode, runs a loop that only ends when the boot processor has changed an
; instruction in it: the opcode of a jump.
%include "common.inc"
STARTED  equ 0x8000
    bits 64
    org 0x10000
.wait:
    pause
    cmp byte [abs STARTED], 0
    je .wait
    mov byte [abs changed], 0x90        ; NOP, NOP in place of JMP
    mov byte [abs changed + 1], 0x90
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
    mov byte [STARTED], 1
again_16:
    inc eax
changed:
    jmp short again_16
    out 0x11, al
    hlt
